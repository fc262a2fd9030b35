// A recording kept in memory gives back every event as it was, at any place, and is as small as it says.
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { KeptRecording } from '../../../cli/replay/kept.ts'
import type { RecordingEvent } from '../../../shared/recording.ts'

const at = (n: number) => ({ at: n, connection: 1 })
const statement = (n: number, text = `SELECT ${n}`): RecordingEvent => ({ ...at(n), type: 'statement', entry: n, step: 'execute', verb: 'SELECT', text })

function keptOf(events: Iterable<RecordingEvent>, limits = {}): KeptRecording {
  const kept = new KeptRecording(limits)
  for (const event of events) if (!kept.take(event)) break
  return kept
}

test('every event is what it was, in whatever order they are looked at', () => {
  const events = Array.from({ length: 5_000 }, (_, i) => statement(i, `SELECT ${i}, '\n${'é€😀'.repeat(i % 100)}'`))
  const kept = keptOf(events)
  for (let i = 0; i < 5_000; i += 7) expect(kept.event(4_999 - i)).toEqual(events[4_999 - i])
  for (const i of [0, 4_999, 1, 2_500, 0, 3_210]) expect(kept.event(i)).toEqual(events[i])
  expect(kept.count).toBe(5_000)
  expect([...kept.times.subarray(0, 3)]).toEqual([0, 1, 2])
})

test('rows know their columns: of their own connection, and only of the result they belong to', () => {
  const columns = (n: number, name: string): RecordingEvent => ({ at: 1, connection: n, type: 'columns', columns: [{ name, type: 25 }] })
  const rows = (n: number): RecordingEvent => ({ at: 1, connection: n, type: 'rows', rows: [['x']] })
  const done = (n: number): RecordingEvent => ({ at: 1, connection: n, type: 'done', tag: 'SELECT 1' })
  const kept = keptOf([columns(1, 'a'), columns(2, 'b'), rows(1), rows(2), rows(1), done(1), rows(1), rows(2), done(2)])
  expect(Array.from({ length: 9 }, (_, i) => kept.columns(i)?.[0]?.name)).toEqual([undefined, undefined, 'a', 'b', 'a', 'a', undefined, 'b', 'b'])
  expect(kept.connections).toBe(2)
})

describe('marks', () => {
  const error: RecordingEvent = { ...at(1), type: 'error', severity: 'ERROR', sqlState: '42501', message: 'no' }
  const denied: RecordingEvent = { ...at(1), type: 'denied', rule: 'r', reason: 'x', text: 'DROP' }
  const held: RecordingEvent = { ...at(1), type: 'held', review: 'r', rule: 'r', asked: [], text: 'x' }

  test('are statements, holds, errors and refusals; what tells a refusal, or the end of the session, is not another one', () => {
    const end: RecordingEvent = { ...error, severity: 'FATAL', sqlState: '57P01' }
    const kept = keptOf([statement(1), error, denied, error, held, { ...error, connection: 2 }, error, end])
    expect(kept.marks('statement')).toEqual([0])
    expect(kept.marks('error')).toEqual([1, 2, 5, 6])
    expect(kept.marks('hold')).toEqual([4])
  })
})

test('a time that goes back stays where it was', () => {
  expect([...keptOf([statement(5), statement(3), statement(9)]).times]).toEqual([5, 5, 9])
})

test('head and damage are kept beside the events', () => {
  const kept = new KeptRecording()
  expect(kept.take({ type: 'recording', matches: false, session: {} as never })).toBe(true)
  expect(kept.take({ type: 'damaged', reason: 'it breaks off' })).toBe(true)
  expect(kept).toMatchObject({ damage: 'it breaks off', cut: false, count: 0, head: { matches: false } })
})

describe('limits', () => {
  test('what has no room is left out, and that is said', () => {
    const kept = keptOf(Array.from({ length: 100 }, (_, i) => statement(i)), { events: 40 })
    expect(kept).toMatchObject({ count: 40, cut: true })
    expect(kept.event(39)).toEqual(statement(39))
  })

  test('so it is by size, of what is kept', () => {
    const noise = Array.from({ length: 400 }, () => randomBytes(15_000).toString('base64'))
    const kept = keptOf(noise.map((text, i) => statement(i, text)), { bytes: 1024 * 1024 })
    expect(kept.cut).toBe(true)
    expect(kept.count).toBeGreaterThan(20)
    expect(kept.count).toBeLessThan(400)
    expect(kept.event(kept.count - 1)).toEqual(statement(kept.count - 1, noise[kept.count - 1]))
  })

  test('64 MiB of rows take a fraction of that', () => {
    const row = (n: number) => [String(n), `Patient ${n}`, (n * 2_654_435_761 % 4_294_967_296).toString(16).repeat(4), '***']
    const before = memory()
    const kept = new KeptRecording()
    for (let n = 0; kept.characters < 64 * 2 ** 20; n++) {
      expect(kept.take({ ...at(n), type: 'rows', rows: Array.from({ length: 500 }, (_, i) => row(n * 500 + i)) })).toBe(true)
    }
    expect(memory() - before).toBeLessThan(48 * 2 ** 20)
    expect(kept.event(kept.count >> 1)).toMatchObject({ type: 'rows' })
  }, 60_000)
})

function memory(): number {
  ;(globalThis as { gc?: () => void }).gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
