import { describe, expect, test } from 'vitest'
import { parsePolicy, policySchema } from '../../server/policy/rules.ts'
import { createReplay, type Side } from '../../server/policy/replay.ts'
import type { Actor, AuditEntry, StatementFacts } from '../../shared/audit/entry.ts'
import type { Target } from '../../shared/model.ts'

const alice: Actor = { issuer: 'https://idp.example', subject: 'alice', email: 'alice@example.com', groups: ['engineers'], kind: 'human' }
const target: Target = { name: 'prod-db', protocol: 'postgres', address: 'db:5432', tls: 'verify-full', labels: { env: 'prod' } }

function side(rules: readonly unknown[], targets: readonly Target[] = [target]): Side {
  return { policy: parsePolicy(policySchema.parse(rules)), target: (name) => targets.find((known) => known.name === name) }
}

const reads = { name: 'reads', effects: ['read'], then: 'allow' }
const writes = { name: 'writes', effects: ['write'], then: 'allow' }
const noWrites = { name: 'no writes', effects: ['write'], then: 'deny' }

function facts(verb: string, effects: StatementFacts['effects'], relations: readonly string[] = ['visits']): StatementFacts {
  return { step: 'execute', verb, redacted: `${verb} ...`, sha256: verb, length: 10, parameters: 0, effects, relations, flags: [] }
}

let index = 0
function entry(statement: StatementFacts, more: { review?: string, kind?: 'statement.intent' | 'decision', actor?: Actor, time?: string, target?: string } = {}): AuditEntry {
  const { review, kind = 'statement.intent', actor = alice, time = '2026-03-02T10:00:00.000Z', target: name = 'prod-db' } = more
  return {
    kind,
    session: 's',
    connection: 1,
    actor,
    target: { name, protocol: 'postgres', address: 'db:5432' },
    statement,
    decision: { action: 'allow', rule: 'reads', policy: 'x', ...(review === undefined ? {} : { review }) },
    version: 1,
    index: index++,
    origin: 'gw',
    time,
    monotonic: '1',
    boot: 'b'
  }
}

function replayed(before: Side, after: Side, entries: readonly AuditEntry[]) {
  const replay = createReplay(before, after)
  replay.take(entries)
  return replay.end()
}

describe('decisions that another policy would change', () => {
  const log = [entry(facts('SELECT', ['read'])), entry(facts('DELETE', ['write'])), entry(facts('DELETE', ['write']), { time: '2026-03-03T10:00:00.000Z' })]

  test('none, by the same one', () => {
    expect(replayed(side([reads, writes]), side([reads, writes]), log)).toEqual({ statements: 3, changed: 0, changes: [], warnings: [] })
  })

  test('are told once for statements that are alike', () => {
    expect(replayed(side([reads, writes]), side([reads, noWrites]), log)).toEqual({
      statements: 3,
      changed: 2,
      changes: [{
        count: 2,
        last: '2026-03-03T10:00:00.000Z',
        who: 'alice@example.com',
        target: 'prod-db',
        statement: 'DELETE ...',
        before: { action: 'allow', rule: 'writes' },
        after: { action: 'deny', rule: 'no writes' }
      }],
      warnings: []
    })
  })

  test('are another person\'s own, and another group\'s', () => {
    const bob = { ...alice, subject: 'bob', email: 'bob@example.com', groups: [] }
    const only = side([{ ...writes, who: { group: 'engineers' } }, reads])
    const { changes } = replayed(side([reads, writes]), only, [...log, entry(facts('DELETE', ['write']), { actor: bob })])
    expect(changes.map(({ who, count }) => [who, count])).toEqual([['bob@example.com', 1]])
  })

  test('what was held counts once, whether it was released or refused', () => {
    const held: AuditEntry = { ...entry(facts('DELETE', ['write'])), kind: 'review.held', review: 'r', statements: [facts('DELETE', ['write'])], binding: '', asked: [], expiresAt: '' } as unknown as AuditEntry
    const released = entry(facts('DELETE', ['write']), { review: 'r' })
    expect(replayed(side([reads, writes]), side([reads]), [held, released])).toMatchObject({ statements: 1, changed: 1 })
  })

  test('a target that is configured no more lets nothing run', () => {
    expect(replayed(side([reads]), side([reads], []), [log[0]!]).changes[0]!.after).toEqual({ action: 'deny', rule: 'built-in: no such target' })
  })

  test('hours are those at which it was asked', () => {
    const nights = { name: 'nights', effects: ['write'], hours: { zone: 'UTC', days: ['mon'], from: '09:00', to: '11:00' }, then: 'deny' }
    const { changes } = replayed(side([reads, writes]), side([reads, writes, nights]), log)
    expect(changes.map(({ count, last }) => [count, last])).toEqual([[1, '2026-03-02T10:00:00.000Z']])
  })
})

test('says what the log cannot tell', () => {
  const callers = { name: 'no dblink', functions: 'dblink*', then: 'deny' }
  const { warnings } = replayed(side([reads]), side([reads, callers]), [])
  expect(warnings).toEqual(['the log does not name functions, so rules that do were taken not to match: "no dblink"'])
})
