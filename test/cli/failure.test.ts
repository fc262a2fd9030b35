import { expect, test } from 'vitest'
import { failureFrom } from '../../cli/failure.ts'
import { GatewayError, type ErrorCode } from '../../shared/errors.ts'

test.each<[ErrorCode, number]>([
  ['denied', 1],
  ['review_rejected', 1],
  ['review_pending', 8],
  ['review_expired', 2],
  ['cancelled', 2],
  ['unauthenticated', 4],
  ['forbidden', 1],
  ['not_found', 1],
  ['target_unknown', 1],
  ['target_unreachable', 1],
  ['protocol_violation', 1],
  ['limit_exceeded', 1],
  ['audit_unavailable', 1],
  ['session_ended', 1],
  ['gateway_unreachable', 1],
  ['config_invalid', 1],
  ['usage', 64],
  ['internal', 1]
])('%s ends with %i', (code, exitCode) => {
  expect(failureFrom(new GatewayError(code, 'what went wrong', { hint: 'hoop login' }), false)).toEqual({
    lines: ['error: what went wrong', 'hint: hoop login'],
    exitCode
  })
})

test('a bug is told without its text or stack', () => {
  const { lines, exitCode } = failureFrom(new TypeError('secret is not a function'), false)
  expect(exitCode).toBe(1)
  expect(lines.join('\n')).not.toMatch(/secret|\bat /)
  expect(lines[1]).toContain('--debug')
})

test('with --debug, stack and causes are told', () => {
  const cause = new Error('ECONNREFUSED 127.0.0.1')
  const { lines } = failureFrom(new GatewayError('gateway_unreachable', 'cannot be reached', { cause }), true)
  expect(lines.join('\n')).toMatch(/error: cannot be reached[\s\S]*failure\.test[\s\S]*ECONNREFUSED/)
})

test('what is thrown and no error at all is a bug too', () => {
  expect(failureFrom('text', false)).toMatchObject({ exitCode: 1 })
  expect(failureFrom(undefined, true)).toMatchObject({ exitCode: 1 })
})
