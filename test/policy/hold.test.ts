import { describe, expect, test } from 'vitest'
import { access, type Moment } from '../../server/policy/access.ts'
import { compile } from '../../server/policy/decide.ts'
import { within, type Hours } from '../../server/policy/hours.ts'
import { parsePolicy, policySchema } from '../../server/policy/rules.ts'
import type { Decision, Effect, Principal, StatementFlag, StatementOperation, Target } from '../../shared/model.ts'

const alice: Principal = { issuer: 'https://idp.test', subject: 'alice', groups: ['engineers'], kind: 'human' }
const prod: Target = { name: 'prod-db', protocol: 'postgres', address: 'db:5432', tls: 'disable', labels: { env: 'prod' } }
const reads = { name: 'reads', effects: ['read'], then: 'allow' }
const held = { name: 'writes wait', effects: ['write'], then: 'hold', approvers: { group: 'dba' } }

const policyOf = (...rules: unknown[]) => parsePolicy(policySchema.parse(rules))

type More = Partial<Moment> & { readonly step?: StatementOperation['step'], readonly flags?: readonly StatementFlag[], readonly relations?: readonly string[] }

function decide(rules: readonly unknown[], effects: readonly Effect[], more: More = {}): Decision {
  const { now = 0, estimatedRows, step = 'execute', flags = [], relations = ['public.visits'] } = more
  const operation: StatementOperation = {
    kind: 'statement',
    step,
    text: 'x',
    sha256: 'x',
    parameters: [],
    functions: [],
    verb: 'X',
    effects,
    flags,
    relations
  }
  return compile(policyOf(...rules), alice, prod)(operation, { now, ...(estimatedRows === undefined ? {} : { estimatedRows }) })
}

const outcome = (decision: Decision) => `${decision.action} by ${decision.rule}`

describe('a policy that holds', () => {
  test.each<[string, unknown, RegExp]>([
    ['without approvers', { ...held, approvers: undefined }, /holds, but names no approvers/],
    ['with a reason for refusals', { ...held, reason: 'no' }, /for refusals only/],
    ['a timeout of nothing', { ...held, timeout: '0s' }, /at least 10 s/],
    ['a timeout of days', { ...held, timeout: '48h' }, /at most 24 h/],
    ['a timeout that is no duration', { ...held, timeout: 'soon' }, /a duration: 30s, 15m, 4h/],
    ['approvers on an allowance', { ...reads, approvers: { group: 'dba' } }, /has "approvers", which goes with "then: hold" only/],
    ['rowsAbove on a refusal', { name: 'x', then: 'deny', rowsAbove: 5 }, /has "rowsAbove"/],
    ['an opening without window', { name: 'x', on: 'open', then: 'hold', approvers: { group: 'dba' } }, /give it a window, such as 4h/],
    ['an opening with effects', { ...held, on: 'open', window: '1h' }, /there are no effects yet/],
    ['a window on statements', { ...held, window: '1h' }, /goes with "on: open" only/],
    ['hours in no zone', { ...held, hours: { from: '18:00', to: '08:00', zone: 'Europe/Nowhere' } }, /a time zone such as/],
    ['hours that are none', { ...held, hours: { from: '25:00', to: '08:00' } }, /a time such as 18:00/],
    ['hours from a time to itself', { ...held, hours: { from: '08:00', to: '08:00' } }, /the same time/]
  ])('%s is refused', (_, rule, expected) => {
    expect(() => policyOf(rule)).toThrow(expected)
  })
})

describe('a hold', () => {
  test.each<[string, readonly unknown[], readonly Effect[], string]>([
    ['holds what it matches', [reads, held], ['write'], 'hold by writes wait'],
    ['leaves the rest alone', [reads, held], ['read'], 'allow by reads'],
    ['covers only its own effects: a read beside needs its own rule', [held], ['write', 'read'], 'deny by built-in: nothing allows it'],
    ['and with that rule the whole waits', [reads, held], ['write', 'read'], 'hold by writes wait'],
    ['is stronger than an allowance', [reads, held, { name: 'all', effects: ['write'], then: 'allow' }], ['write'], 'hold by writes wait'],
    ['is weaker than a refusal', [held, { name: 'never', effects: ['write'], then: 'deny' }], ['write'], 'deny by never'],
    ['adds up with others', [held, { ...held, name: 'too' }], ['write'], 'hold by writes wait + too'],
    ['without effects holds everything', [reads, { name: 'all', then: 'hold', approvers: { group: 'dba' } }], ['read'], 'hold by all']
  ])('%s', (_, rules, effects, expected) => {
    expect(outcome(decide(rules, effects))).toBe(expected)
  })

  test.each<[StatementOperation['step'], readonly Effect[], string]>([
    ['prepare', ['write'], 'allow by writes wait: not run yet'],
    ['bind', ['write'], 'allow by writes wait: not run yet'],
    ['execute', ['write'], 'hold by writes wait'],
    ['prepare', ['write', 'unknown'], 'allow by writes wait + unknown waits: not run yet'],
    ['bind', ['write', 'unknown'], 'hold by writes wait + unknown waits']
  ])('asks people when something is to run: %s of %j: %s', (step, effects, expected) => {
    expect(outcome(decide([held, { ...held, name: 'unknown waits', effects: ['unknown'] }], effects, { step }))).toBe(expected)
  })

  test('matches a relation the search path may mean', () => {
    const rules = [reads, { ...held, effects: ['read'], relations: 'public.visits' }]
    expect(decide(rules, ['read'], { relations: ['visits'] }).action).toBe('hold')
    expect(decide(rules, ['read'], { relations: ['staff'] }).action).toBe('allow')
  })

  test('adds the terms of several rules up to the strictest', () => {
    const decision = decide([
      { ...held, approvers: [{ group: 'dba', count: 2 }, { group: 'security' }], timeout: '1h', requesterReason: true, breakGlass: ['oncall', 'leads'] },
      { ...held, name: 'too', approvers: { group: 'dba' }, timeout: '30m', approverReason: true, breakGlass: ['oncall'] }
    ], ['write'])
    expect(decision).toMatchObject({
      terms: {
        places: [{ group: 'dba', count: 2 }, { group: 'security', count: 1 }],
        timeoutSeconds: 1800,
        requesterReason: true,
        approverReason: true,
        breakGlass: ['oncall']
      }
    })
  })

  test('lets nobody break the glass unless every rule lets them', () => {
    expect(decide([{ ...held, breakGlass: ['oncall'] }, { ...held, name: 'too' }], ['write'])).toMatchObject({ terms: { breakGlass: [] } })
  })

  test('waits a quarter of an hour unless told otherwise', () => {
    expect(decide([held], ['write'])).toMatchObject({ terms: { timeoutSeconds: 900 } })
  })
})

describe('rowsAbove', () => {
  const many = { ...held, rowsAbove: 100 }
  const allow = { name: 'writes', effects: ['write'], then: 'allow' }

  test('asks for an estimate before it decides', () => {
    expect(decide([allow, many], ['write'])).toMatchObject({ action: 'hold', terms: { rowsAbove: 100 } })
  })
  test.each<[number | null, string]>([[100, 'allow by writes'], [101, 'hold by writes wait'], [null, 'hold by writes wait']])('with an estimate of %s: %s', (estimatedRows, expected) => {
    const decision = decide([allow, many], ['write'], { estimatedRows })
    expect(outcome(decision)).toBe(expected)
    expect(decision).not.toHaveProperty('terms.rowsAbove')
  })
  test('does not matter where another rule holds anyway', () => {
    expect(decide([allow, many, { ...held, name: 'all writes' }], ['write'])).not.toHaveProperty('terms.rowsAbove')
  })
})

describe('hours', () => {
  const at = (iso: string) => Date.parse(iso)
  test.each<[Hours, string, boolean]>([
    [{ from: '08:00', to: '18:00', zone: 'UTC' }, '2026-11-25T08:00:00Z', true],
    [{ from: '08:00', to: '18:00', zone: 'UTC' }, '2026-11-25T17:59:59Z', true],
    [{ from: '08:00', to: '18:00', zone: 'UTC' }, '2026-11-25T18:00:00Z', false],
    [{ from: '18:00', to: '08:00', zone: 'UTC' }, '2026-11-25T03:00:00Z', true],
    [{ from: '18:00', to: '08:00', zone: 'UTC' }, '2026-11-25T12:00:00Z', false],
    [{ from: '08:00', to: '18:00', zone: 'Europe/Berlin' }, '2026-07-01T06:30:00Z', true],
    [{ from: '08:00', to: '18:00', zone: 'Europe/Berlin' }, '2026-12-01T06:30:00Z', false],
    // 2026-11-27 is a Friday; its night belongs to it.
    [{ from: '18:00', to: '08:00', zone: 'UTC', days: ['fri'] }, '2026-11-28T03:00:00Z', true],
    [{ from: '18:00', to: '08:00', zone: 'UTC', days: ['fri'] }, '2026-11-27T03:00:00Z', false],
    [{ from: '00:00', to: '23:59', zone: 'UTC', days: ['sat', 'sun'] }, '2026-11-29T12:00:00Z', true]
  ])('%j at %s: %s', (hours, moment, expected) => {
    expect(within(hours)(at(moment))).toBe(expected)
  })

  test('a rule holds only within them', () => {
    const rules = [{ name: 'writes', effects: ['write'], then: 'allow' }, { ...held, hours: { from: '18:00', to: '08:00' } }]
    expect(outcome(decide(rules, ['write'], { now: at('2026-11-25T20:00:00Z') }))).toBe('hold by writes wait')
    expect(outcome(decide(rules, ['write'], { now: at('2026-11-25T12:00:00Z') }))).toBe('allow by writes')
  })
})

describe('opening a target', () => {
  const opening = { name: 'prod is reviewed', on: 'open', targets: { env: 'prod' }, then: 'hold', approvers: { group: 'leads' }, window: '4h' }

  test('is held by its own rules, and says for how long it opens', () => {
    expect(access(policyOf(reads, opening), alice, prod, { now: 0 })).toMatchObject({
      action: 'hold',
      rule: 'prod is reviewed',
      terms: { windowSeconds: 14400, places: [{ group: 'leads', count: 1 }] }
    })
  })
  test('does not hold the statements there', () => {
    expect(outcome(decide([reads, opening], ['read']))).toBe('allow by reads')
  })
  test('closes what is open when its hours begin', () => {
    const rules = [reads, { name: 'night', on: 'open', then: 'deny', reason: 'closed at night', hours: { from: '22:00', to: '06:00' } }]
    expect(decide(rules, ['read'], { now: Date.parse('2026-11-25T23:00:00Z') })).toMatchObject({ action: 'deny', rule: 'night' })
    expect(decide(rules, ['read'], { now: Date.parse('2026-11-25T12:00:00Z') }).action).toBe('allow')
  })
  test('a hold on statements opens the target too: there is something to ask for', () => {
    expect(access(policyOf(held), alice, prod, { now: 0 }).action).toBe('allow')
  })
})
