import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Activity } from '../../server/session/activity.ts'
import type { ConnectionActivity } from '../../shared/events.ts'
import type { Operation, StatementOperation } from '../../shared/model.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const statement = (redacted: string, more: Partial<StatementOperation> = {}): Operation =>
  ({ kind: 'statement', redacted, verb: 'SELECT', ...more } as StatementOperation)
const masking = (...masked: string[]) => ({ exposure: { action: 'allow', why: [], flags: [], masked, clear: [] } }) as const

function started() {
  const told: (readonly ConnectionActivity[])[] = []
  const clock = { now: 1_000, heard: true }
  const activity = new Activity({ tell: (connections) => told.push(connections), heard: () => clock.heard, elapsed: () => clock.now })
  const pass = (milliseconds: number) => {
    clock.now += milliseconds
    vi.advanceTimersByTime(milliseconds)
  }
  return { activity, told, clock, pass }
}

test('without anybody who listens nothing is told, and no timer runs', () => {
  const { activity, told, clock, pass } = started()
  clock.heard = false
  activity.opened(1)
  activity.permitted(1, [statement('SELECT ?')], [7])
  expect(vi.getTimerCount()).toBe(0)
  pass(5_000)
  expect(told).toEqual([])
})

test('what is not known of is passed over', () => {
  const { activity, told, pass } = started()
  activity.permitted(9, [statement('SELECT ?')], [1])
  activity.settled(9, 1, { status: 'ok' })
  activity.introduced(9, 'psql', { rows: 1, maskedCells: 0 })
  expect(activity.closed(9)).toEqual({ statements: 0, rows: 0, maskedColumns: 0, maskedCells: 0 })
  pass(1_000)
  expect(told.flat()).toEqual([])
})

test('a statement is told with its age and its rows while it runs, and how it ended', () => {
  const { activity, told, pass } = started()
  const shown = { rows: 0, maskedCells: 0 }
  activity.opened(1)
  activity.introduced(1, 'psql', shown)
  activity.permitted(1, [statement('SELECT ssn FROM p', masking('public.p.ssn'))], [7])
  pass(250)
  Object.assign(shown, { rows: 3, maskedCells: 3 })
  pass(250)
  Object.assign(shown, { rows: 5, maskedCells: 5 })
  activity.settled(1, 7, { status: 'ok', rows: 5 })
  pass(250)
  const common = { connection: 1, client: 'psql', statements: 1, maskedColumns: 1 }
  expect(told.flat()).toEqual([
    { ...common, rows: 0, maskedCells: 0, statement: { text: 'SELECT ssn FROM p', state: 'running', milliseconds: 250, rows: 0 } },
    { ...common, rows: 3, maskedCells: 3, statement: { text: 'SELECT ssn FROM p', state: 'running', milliseconds: 500, rows: 3 } },
    { ...common, rows: 5, maskedCells: 5, statement: { text: 'SELECT ssn FROM p', state: 'ok', milliseconds: 500, rows: 5 } }
  ])
})

test('while a statement runs and shows nothing new, nothing is told', () => {
  const { activity, told, pass } = started()
  activity.opened(1)
  activity.permitted(1, [statement('SELECT pg_sleep(?)')], [7])
  pass(10_000)
  expect(told).toHaveLength(1)
  activity.settled(1, 7, { status: 'ok', rows: 1 })
  pass(250)
  expect(vi.getTimerCount()).toBe(0)
})

test('of a batch the first one runs; the next begins, with its own rows, when that has ended', () => {
  const { activity, pass } = started()
  const shown = { rows: 0, maskedCells: 0 }
  activity.opened(1)
  activity.introduced(1, undefined, shown)
  activity.permitted(1, [statement('A'), statement('B')], [7, 8])
  pass(100)
  shown.rows = 10
  activity.settled(1, 7, { status: 'ok', rows: 10 })
  pass(50)
  shown.rows = 14
  expect(activity.whole()).toEqual([
    { connection: 1, statements: 2, rows: 14, maskedColumns: 0, maskedCells: 0, statement: { text: 'B', state: 'running', milliseconds: 50, rows: 4 } }
  ])
})

test('what fell with another before it ran does not hide how that one ended', () => {
  const { activity } = started()
  activity.opened(1)
  activity.permitted(1, [statement('A'), statement('B')], [7, 8])
  activity.settled(1, 7, { status: 'error', rows: 0, errorClass: '22012' })
  activity.settled(1, 8, { status: 'cancelled' })
  expect(activity.whole()[0]!.statement).toMatchObject({ text: 'A', state: 'error' })
})

test('rows that were written and not shown are the statement\'s own', () => {
  const { activity } = started()
  activity.opened(1)
  activity.permitted(1, [statement('DELETE FROM t')], [7])
  activity.settled(1, 7, { status: 'ok', rows: 12 })
  expect(activity.whole()[0]).toMatchObject({ rows: 0, statement: { rows: 12 } })
})

test('ten thousand statements a second are told four times, each time as it is then', () => {
  const { activity, told, pass } = started()
  activity.opened(1)
  for (let i = 0; i < 10_000; i++) {
    activity.permitted(1, [statement(`S${i}`)], [i])
    activity.settled(1, i, { status: 'ok' })
    if (i % 10 === 9) pass(1)
  }
  expect(told.length).toBeLessThanOrEqual(4)
  expect(told.at(-1)![0]!.statements).toBeGreaterThan(9_000)
})

test('of a thousand busy connections a hundred are told at a time, and each has its turn', () => {
  const { activity, told, pass } = started()
  for (let i = 1; i <= 1_000; i++) {
    activity.opened(i)
    activity.permitted(i, [statement('S')], [i])
  }
  for (let turn = 0; turn < 10; turn++) {
    pass(250)
    // The first ones are always at it.
    for (let i = 1; i <= 500; i++) activity.permitted(i, [statement('S')], [10_000 * (turn + 1) + i])
  }
  expect(Math.max(...told.map(({ length }) => length))).toBe(100)
  expect(new Set(told.flat().map(({ connection }) => connection)).size).toBe(1_000)
})

test('the end of a connection says what it did in all, and it is not told of again', () => {
  const { activity, told, pass } = started()
  const shown = { rows: 4, maskedCells: 8 }
  activity.opened(1)
  activity.introduced(1, 'psql', shown)
  activity.permitted(1, [statement('A', masking('public.p.a', 'public.p.b')), { kind: 'cancel', connection: 2 }], [7, 8])
  activity.permitted(1, [statement('B', masking('public.p.b'))], [9])
  expect(activity.closed(1)).toEqual({ statements: 2, rows: 4, maskedColumns: 2, maskedCells: 8 })
  pass(1_000)
  expect(told.flat()).toEqual([])
  expect(activity.whole()).toEqual([])
})

test('texts and names are cut, and never within a character', () => {
  const { activity } = started()
  activity.opened(1)
  activity.introduced(1, `${'n'.repeat(99)}\u{1F600}`, { rows: 0, maskedCells: 0 })
  activity.permitted(1, [statement(`${'s'.repeat(199)}\u{1F600}`), statement('', { verb: 'DO' })], [7, 8])
  expect(activity.whole()[0]).toMatchObject({ client: 'n'.repeat(99), statement: { text: 's'.repeat(199) } })
})

test('who begins to listen while something runs is told how it goes on', () => {
  const { activity, told, clock, pass } = started()
  clock.heard = false
  const shown = { rows: 0, maskedCells: 0 }
  activity.opened(1)
  activity.introduced(1, 'psql', shown)
  activity.permitted(1, [statement('A')], [7])
  pass(1_000)
  clock.heard = true
  expect(activity.whole()).toMatchObject([{ statement: { state: 'running', milliseconds: 1_000 } }])
  shown.rows = 2
  pass(250)
  expect(told.flat()).toMatchObject([{ rows: 2 }])
  activity.stop()
  expect(vi.getTimerCount()).toBe(0)
})
