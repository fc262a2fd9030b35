import { expect, test } from 'vitest'
import type { Context } from '../../../cli/context.ts'
import { afterText, vote, type VoteFlags } from '../../../cli/reviews/vote.ts'
import type { ReviewDetail } from '../../../shared/api.ts'
import { GatewayError } from '../../../shared/errors.ts'
import { detail, reviewNow } from '../../support/reviews.ts'

const { terms, id } = detail()
const own = { mine: true, mayDecide: true, terms: { ...terms, breakGlass: ['oncall'] } }

/** Where there is no terminal: whatever is asked fails with what was to be typed. */
function cast(changes: Partial<ReviewDetail>, approve: boolean, flags: VoteFlags): Promise<void> {
  const review = detail(changes)
  const context = {
    terminal: { interactive: false, ask: async (_: string, hint: string) => { throw new GatewayError('usage', 'asked', { hint }) } },
    gateway: async () => ({ review: async () => review }),
    now: () => reviewNow
  } as unknown as Context
  return vote(context, id, approve, flags)
}

test.each<[string, Partial<ReviewDetail>, boolean, VoteFlags, string]>([
  ['one\'s own cannot be approved, and breaks the glass by this', own, true, { reason: 'x' }, `--break-glass --reason "..."`],
  ['one\'s own cannot be rejected, and is taken back by this', own, false, { reason: 'x' }, `to take it back: hoop reviews withdraw ${id}`],
  ['others decide one\'s own where the rule has no glass', { mine: true, mayDecide: false }, true, {}, 'members of dba may'],
  ['a glass is broken with a reason', own, true, { breakGlass: true }, `give one: hoop reviews approve ${id} --break-glass --reason "..."`],
  ['what wants a reason is approved with one', { terms: { ...terms, approverReason: true } }, true, {}, `give one: hoop reviews approve ${id} --reason "..."`]
])('%s', async (_, changes, approve, flags, hint) => {
  await expect(cast(changes, approve, flags)).rejects.toMatchObject({ hint: expect.stringContaining(hint) })
})

test('what whoever asked has to explain first is not approved before', async () => {
  const wanting = { terms: { ...terms, requesterReason: true, approverReason: true } }
  await expect(cast(wanting, true, {})).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('has not said why') })
  await expect(cast(wanting, false, {})).rejects.toMatchObject({ message: 'asked' })
})

test('a broken glass is not called an approval', () => {
  const votes = [{ by: 'ann@example.com', approve: true, breakGlass: true, reason: 'fire', at: '2026-03-10T12:00:00Z' }]
  expect(afterText(detail({ state: 'approved', votes }), true)).toContain('is released')
  expect(afterText(detail({ state: 'approved' }), true)).toBe(`${id} is approved: it may run now, once`)
})

test('approved access is told with how long it is for', () => {
  const access = { kind: 'access', state: 'approved', statements: [], terms: { ...terms, windowSeconds: 600 } } as const
  expect(afterText(detail(access), true)).toBe(`${id} is approved: prod-db may be opened for 10 min`)
})
