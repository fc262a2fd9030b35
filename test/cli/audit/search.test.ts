// Who looks for what in a log finds it, with how it ended.
import { describe, expect, test } from 'vitest'
import { decisionOf, matcher, type Filter } from '../../../cli/audit/search.ts'
import { Stories } from '../../../cli/audit/statements.ts'
import type { AuditEntry, EntryFacts } from '../../../shared/audit/entry.ts'
import { intent, outcome } from '../../audit/sample.ts'

type Intent = Extract<EntryFacts, { kind: 'statement.intent' }>

function stamped(facts: EntryFacts, index = 0, time = '2026-11-25T12:00:00.000Z'): AuditEntry {
  return { ...facts, version: 1, index, origin: 'o', time, monotonic: '0', boot: 'b' } as AuditEntry
}
const base = intent() as Intent
const entry = stamped({
  ...base,
  actor: { ...base.actor, onBehalfOf: { issuer: 'i', subject: 'u-7', email: 'Bob@example.com' } },
  statement: { ...base.statement, exposure: { why: [], flags: ['lookup public.patients.email, public."odd name".x'], masked: ['public.patients.ssn'], clear: [{ rule: 'PHI', columns: ['clinic.staff.ssn'] }] } }
})
const refused = stamped({ ...base, kind: 'decision', decision: { ...base.decision, action: 'deny' }, statement: { ...base.statement, exposure: { why: ['rows depend on s ~~ … (public.patients.dob)'], flags: [], masked: [], clear: [] } } })

describe('finds', () => {
  test.each<[Filter]>([
    [{}],
    [{ person: 'ada@example.com' }],
    [{ person: 'ADA@example.com' }],
    [{ person: 'u-1042' }],
    [{ person: 'bob@example.com' }],
    [{ relation: 'patients' }],
    [{ relation: 'public.patients' }],
    [{ relation: 'prod.public.patients' }],
    [{ column: 'patients.ssn' }],
    [{ column: 'ssn' }],
    [{ column: 'public.patients.email' }],
    [{ column: 'public."odd name".x' }],
    [{ column: 'clinic.staff.ssn' }],
    [{ target: 'prod-db', decision: 'allowed' }],
    [{ session: '01j8zq4v6ma8k0p2r5t7w9y1b3' }],
    [{ since: '2026-11-25T12:00:00.000Z', until: '2026-11-25T12:00:00.001Z' }],
    [{ kinds: ['statement.intent'] }]
  ])('%j', (filter) => {
    expect(matcher(filter)(entry)).toBe(true)
  })

  test('a refusal by the column that was its reason', () => {
    expect(matcher({ column: 'patients.dob', decision: 'denied' })(refused)).toBe(true)
  })
})

describe('does not find', () => {
  test.each<[Filter]>([
    [{ person: 'ada' }],
    [{ relation: 'ents' }],
    [{ column: 'patients.dob' }],
    [{ column: 'sn' }],
    [{ decision: 'held' }],
    [{ decision: 'denied' }],
    [{ target: 'prod' }],
    [{ until: '2026-11-25T12:00:00.000Z' }],
    [{ since: '2026-11-25T12:00:00.001Z' }],
    [{ kinds: ['login'] }]
  ])('%j', (filter) => {
    expect(matcher(filter)(entry)).toBe(false)
  })

  test('outcomes, unless asked for', () => {
    const ended = stamped(outcome(0), 1)
    expect(matcher({})(ended)).toBe(false)
    expect(matcher({ kinds: ['outcome'] })(ended)).toBe(true)
  })
})

test('a statement that was held and approved is told as held', () => {
  expect(decisionOf(stamped({ ...base, decision: { ...base.decision, action: 'hold', review: 'r' } }))).toBe('held')
})

describe('with how it ended', () => {
  const told = (entries: readonly AuditEntry[]) => {
    const stories = new Stories()
    const pieces = entries.map((one) => stories.take(one, one.kind === 'statement.intent').map(({ entry: { index }, outcome: end }) => `${index}${end === undefined ? '' : `:${end.status}`}`))
    return [...pieces, stories.rest().map(({ entry: { index } }) => `${index} open`)]
  }

  test('in the order they were asked, whatever ended first', () => {
    const entries = [stamped(intent(), 0), stamped(intent(), 1), stamped(outcome(1), 2), stamped(outcome(0), 3), stamped(intent(), 4)]
    expect(told(entries)).toEqual([[], [], [], ['0:ok', '1:ok'], [], ['4 open']])
  })

  test('one that never ends does not keep the others in memory', () => {
    const stories = new Stories()
    let given = 0
    const many = 30_000
    given += stories.take(stamped(intent(), 0), true).length
    for (let i = 1; i <= many; i++) {
      given += stories.take(stamped(intent(), i * 2), true).length
      given += stories.take(stamped(outcome(i * 2), i * 2 + 1), false).length
    }
    expect(given).toBeGreaterThan(0)
    expect(given + stories.rest().length).toBe(many + 1)
  })
})
