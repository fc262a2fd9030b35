// Both logs side by side, made up: what stands on one side only is found, and what is the gateway's own is not.
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { LogLine } from '../../../cli/audit/csvlog.ts'
import { Reconciler } from '../../../cli/audit/reconcile.ts'
import type { AuditEntry } from '../../../shared/audit/entry.ts'
import { intent, outcome } from '../../audit/sample.ts'

const session = '01j8zq4v6ma8k0p2r5t7w9y1b3'
const at = (seconds: number) => new Date(Date.parse('2026-11-25T12:00:00.000Z') + seconds * 1000).toISOString()

let next = 0
function line(message: string, fields: Partial<LogLine> = {}): LogLine {
  next++
  const usual = { time: at(30), user: 'hoop_app', database: 'clinic', backend: 'b1', severity: 'LOG', query: '' }
  return { ...usual, application: `hoop/${session}`, message, line: next, ...fields }
}

function asked(index: number, text: string, fields: { step?: 'prepare' | 'execute', partOf?: string, time?: string } = {}): AuditEntry {
  const facts = intent(text) as Extract<AuditEntry, { kind: 'statement.intent' }>
  const hash = (of: string) => createHash('sha256').update(of).digest('hex')
  const { step = 'execute', partOf } = fields
  const statement = { ...facts.statement, sha256: hash(text), step, ...(partOf === undefined ? {} : { partOf: hash(partOf) }) }
  return { ...facts, statement, version: 1, index, origin: 'o', time: fields.time ?? at(30), monotonic: '0', boot: 'b' } as AuditEntry
}

function ended(index: number, of: number): AuditEntry {
  return { ...outcome(of), version: 1, index, origin: 'o', time: at(30), monotonic: '0', boot: 'b' } as AuditEntry
}

/** The database's log covers a minute. */
const nobody = { application: '', backend: 'x', user: '' }
const edges = [line('connection received', { time: at(0), ...nobody }), line('checkpoint starting', { time: at(60), ...nobody })]

function reconcile(lines: readonly LogLine[], entries: readonly AuditEntry[]) {
  const reconciler = new Reconciler()
  for (const one of [...edges, ...lines]) reconciler.line(one)
  for (const one of entries) reconciler.entry(one)
  return reconciler.result()
}

const nothing = { total: 0, items: [] }

test('what is on both sides matches, by either protocol, and with durations', () => {
  const lines = [line('statement: SELECT 1'), line('duration: 0.1 ms'), line('execute <unnamed>: SELECT 2'), line('execute fetch from c: SELECT 2'), line('duration: 12.5 ms  statement: SELECT 3')]
  const entries = ['SELECT 1', 'SELECT 2', 'SELECT 2', 'SELECT 3'].flatMap((text, i) => [asked(i * 2, text), ended(i * 2 + 1, i * 2)])
  const none = { databaseOnly: nothing, logOnly: nothing, past: nothing }
  expect(reconcile(lines, entries)).toMatchObject({ matched: 4, gateway: 0, ...none, from: at(0), to: at(60) })
})

describe('only in the database\'s log', () => {
  test('a statement that no entry has', () => {
    const { databaseOnly } = reconcile([line('statement: SELECT 1'), line('statement: DELETE FROM patients')], [asked(0, 'SELECT 1'), ended(1, 0)])
    expect(databaseOnly).toMatchObject({ total: 1, items: [{ verb: 'DELETE', session, who: 'hoop_app', times: 1 }] })
    expect(JSON.stringify(databaseOnly)).not.toContain('patients')
  })

  test('one that ran more often than it was permitted', () => {
    expect(reconcile([1, 2, 3].map(() => line('statement: SELECT 1')), [asked(0, 'SELECT 1'), ended(1, 0)]).databaseOnly).toMatchObject({ total: 2, items: [{ times: 2 }] })
  })

  test('one on a connection that renamed itself', () => {
    const lines = [line('connection authorized'), line('statement: DROP TABLE a', { application: 'psql' })]
    expect(reconcile(lines, []).databaseOnly).toMatchObject({ total: 1, items: [{ session, verb: 'DROP' }] })
  })

  test('one that is marked as the gateway\'s and does not only look', () => {
    expect(reconcile([line('statement: /* hoop */ DELETE FROM a'), line('execute <unnamed>: /* hoop */ SELECT 1')], [])).toMatchObject({ gateway: 1, databaseOnly: { total: 1 } })
  })

  test.each([
    '/* hoop */ SELECT 1; DELETE FROM a',
    '/* hoop */ WITH gone AS (DELETE FROM a RETURNING *) SELECT * FROM gone',
    '/* hoop */ EXPLAIN (FORMAT JSON) SELECT 1; DROP TABLE a',
    '/* hoop */ EXPLAIN (ANALYZE) DELETE FROM a',
    '/* hoop */ SELECT \';\'; TRUNCATE a',
    '/* HOOP */ SELECT 1',
    ' /* hoop */ SELECT 1'
  ])('%s', (text) => {
    expect(reconcile([line(`statement: ${text}`)], [])).toMatchObject({ gateway: 0, databaseOnly: { total: 1 } })
  })

  test.each([
    '/* hoop */ SAVEPOINT s; SELECT \'; DELETE FROM a\'; ROLLBACK TO s',
    '/* hoop */ EXPLAIN (FORMAT JSON) DELETE FROM a WHERE b = \'x;y\'',
    '/* hoop */ WITH a AS (SELECT "delete" FROM b) SELECT * FROM a',
    '/* hoop */ ROLLBACK'
  ])('not %s', (text) => {
    expect(reconcile([line(`statement: ${text}`)], [])).toMatchObject({ gateway: 1, databaseOnly: nothing })
  })

  test('one that only failed', () => {
    expect(reconcile([line('permission denied', { severity: 'ERROR', query: 'SELECT * FROM secret' })], []).databaseOnly.total).toBe(1)
  })
})

test('an error line that repeats its statement does not count it again', () => {
  const lines = [line('statement: SELECT 1/0'), line('division by zero', { severity: 'ERROR', query: 'SELECT 1/0' })]
  expect(reconcile(lines, [asked(0, 'SELECT 1/0')])).toMatchObject({ matched: 1, databaseOnly: nothing })
})

test('a text that only the server\'s parser saw matches its error', () => {
  expect(reconcile([line('syntax error', { severity: 'ERROR', query: 'SELEC' })], [asked(0, 'SELEC', { step: 'prepare' })])).toMatchObject({ matched: 1, databaseOnly: nothing })
})

test('a string of several statements is one line', () => {
  const entries = [0, 2].flatMap((i) => [asked(i, `SELECT ${i}`, { partOf: 'SELECT 1; SELECT 2' }), ended(i + 1, i)])
  expect(reconcile([line('statement: SELECT 1; SELECT 2')], entries)).toMatchObject({ matched: 1, databaseOnly: nothing, logOnly: nothing })
})

describe('only in the audit log', () => {
  test('a statement that ended well and is not there', () => {
    expect(reconcile([], [asked(4, 'SELECT 1'), ended(5, 4)]).logOnly).toMatchObject({ total: 1, items: [{ at: 4, who: 'ada@example.com' }] })
  })

  test.each([
    ['failed', [asked(4, 'SELECT 1')]],
    ['was only prepared', [asked(4, 'SELECT 1', { step: 'prepare' }), ended(5, 4)]],
    ['lies outside the time of the database\'s log', [asked(4, 'SELECT 1', { time: at(600) }), ended(5, 4)]],
    ['lies at its edge, where clocks decide', [asked(4, 'SELECT 1', { time: at(58) }), ended(5, 4)]]
  ])('not one that %s', (_, entries) => {
    expect(reconcile([], entries).logOnly).toEqual(nothing)
  })
})

describe('past the gateway', () => {
  test('a role the gateway uses, on a connection that is not its', () => {
    const lines = [line('statement: SELECT 1'), line('statement: SELECT ssn FROM patients', { backend: 'b2', application: 'psql' })]
    expect(reconcile(lines, [asked(0, 'SELECT 1')]).past).toMatchObject({ total: 1, items: [{ session: 'psql', verb: 'SELECT' }] })
  })

  test('not other roles, nor the gateway\'s connections that only look at the catalog', () => {
    const lines = [
      line('statement: SELECT 1'),
      line('statement: SELECT 2', { backend: 'b3', application: 'psql', user: 'dba' }),
      line('execute <unnamed>: /* hoop */ SELECT 3', { backend: 'b4', application: 'hoop/catalog' })
    ]
    expect(reconcile(lines, [asked(0, 'SELECT 1')]).past).toEqual(nothing)
  })

  test('but one that only says it is such a connection', () => {
    const lines = [line('statement: SELECT 1'), line('statement: SELECT ssn FROM patients', { backend: 'b4', application: 'hoop/catalog' })]
    expect(reconcile(lines, [asked(0, 'SELECT 1')]).past.total).toBe(1)
  })

  test('counted as such however much other roles do', () => {
    const own = (n: number) => line(`statement: SELECT ${n}`, { backend: 'b2', application: 'psql' })
    const others = Array.from({ length: 11_000 }, (_, n) => line(`statement: SELECT ${n}`, { backend: 'b3', application: 'cron', user: 'dba' }))
    const catalog = Array.from({ length: 11_000 }, () => line('execute <unnamed>: /* hoop */ SELECT 3', { backend: 'b4', application: 'hoop/catalog' }))
    const { past } = reconcile([line('statement: SELECT 1'), ...others, ...catalog, own(1), own(2)], [asked(0, 'SELECT 1')])
    expect(past).toMatchObject({ total: 2, items: [{ session: 'psql' }, { session: 'psql' }] })
  })

  test('of many the first are listed, and all are counted', () => {
    const many = Array.from({ length: 1_500 }, (_, n) => line(`statement: SELECT ${n}`, { backend: 'b2', application: 'psql' }))
    const { past } = reconcile([line('statement: SELECT 1'), ...many], [asked(0, 'SELECT 1')])
    expect(past.total).toBe(1_500)
    expect(past.items).toHaveLength(1_000)
  })
})

test('entries are wanted from a little before the database\'s log on', () => {
  const reconciler = new Reconciler()
  for (const one of edges) reconciler.line(one)
  expect(reconciler.since).toBe(at(-5))
})
