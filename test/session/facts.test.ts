import { describe, expect, test } from 'vitest'
import { Facts } from '../../server/session/facts.ts'
import { canonical } from '../../shared/audit/canonical.ts'
import type { StatementOperation } from '../../shared/model.ts'

const operation: StatementOperation = {
  kind: 'statement',
  step: 'execute',
  text: 'select name from patients where id = $1',
  redacted: 'select name from patients where id = $1',
  sha256: '3f786850e387550fdab836ed7e6dc881de23001b3f786850e387550fdab836ed',
  parameters: [Buffer.from('1')],
  effects: ['read'],
  relations: ['patients'],
  functions: [],
  flags: [],
  verb: 'SELECT'
}
const exposure = { action: 'allow', why: [], flags: [], masked: ['public.patients.name'], clear: [] } as const

describe('facts of a statement', () => {
  test.each<[string, Partial<StatementOperation>]>([
    ['step', { step: 'bind' }],
    ['hash', { sha256: 'other' }],
    ['number of parameters', { parameters: [] }],
    ['effects', { effects: ['write'] }],
    ['relations', { relations: ['visits'] }],
    ['flags', { flags: ['locks'] }],
    ['verb', { verb: 'INSERT' }],
    ['redacted text', { redacted: 'select ?' }],
    ['exposure', { exposure }]
  ])('are others for another %s, however often the first was asked for', (_, change) => {
    const facts = new Facts()
    for (let i = 0; i < 3; i++) facts.statement(operation)
    expect(facts.statement({ ...operation, ...change })).toEqual(new Facts().statement({ ...operation, ...change }))
    expect(facts.statement({ ...operation, ...change })).not.toEqual(facts.statement(operation))
    expect(facts.statement(operation)).toEqual(new Facts().statement(operation))
  })

  test('are the same object for the same statement with other values', () => {
    const facts = new Facts()
    expect(facts.statement({ ...operation, parameters: [Buffer.from('2')] })).toBe(facts.statement(operation))
  })

  test('are text the log takes, wherever long names of columns are cut', () => {
    const name = `${'x'.repeat(199)}😀`
    const facts = new Facts().statement({ ...operation, exposure: { action: 'allow', why: [name], flags: [], masked: [name], clear: [{ rule: 'clear', columns: [name] }] } })
    expect(facts.exposure).toEqual({ why: ['x'.repeat(199)], flags: [], masked: ['x'.repeat(199)], clear: [{ rule: 'clear', columns: ['x'.repeat(199)] }] })
    expect(() => canonical(facts)).not.toThrow()
  })

  test('are remembered for so many statements at once', () => {
    const facts = new Facts()
    const first = facts.statement(operation)
    for (let i = 0; i < 99; i++) facts.statement({ ...operation, sha256: String(i) })
    expect(facts.statement(operation)).toBe(first)
    facts.statement({ ...operation, sha256: 'one more' })
    expect(facts.statement(operation)).not.toBe(first)
    expect(facts.statement(operation)).toEqual(first)
  })
})

describe('facts of a decision to allow', () => {
  test('are one object as long as rule and policy are the same', () => {
    const facts = new Facts()
    const first = facts.allowed('engineers read', 'policy 1')
    expect(first).toEqual({ action: 'allow', rule: 'engineers read', policy: 'policy 1' })
    expect(facts.allowed('engineers read', 'policy 1')).toBe(first)
    expect(facts.allowed('engineers write', 'policy 1')).toEqual({ action: 'allow', rule: 'engineers write', policy: 'policy 1' })
    expect(facts.allowed('engineers read', 'policy 2')).toEqual({ action: 'allow', rule: 'engineers read', policy: 'policy 2' })
  })
})
