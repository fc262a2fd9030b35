// A replay as lines: what each event reads as, and that nothing in one acts on a terminal, whatever field it comes in.
import { describe, expect, test } from 'vitest'
import { ReplayText } from '../../../cli/replay/text.ts'
import type { RecordingEvent, RecordingHead, ReplayLine } from '../../../shared/recording.ts'
import { hostiles } from '../../support/hostile.ts'
import { recordingHead } from '../../support/recording-head.ts'

const head = (matches: RecordingHead['matches']) => recordingHead(matches, 1)
const textOf = (...lines: readonly ReplayLine[]) => {
  const text = new ReplayText()
  return lines.flatMap((line) => text.lines(line)).join('\n')
}

test.each([[true, /matches the audit log\s+yes/], [false, /audit log\s+NO/], ['open', /audit log\s+not yet/], ['unknown', /audit log\s+unknown/]] as const)(
  'a file that matches: %s', (matches, told) => { expect(textOf(head(matches))).toMatch(told) }
)

test('a statement with its result', () => {
  const at = { at: 3_723_004, connection: 1 }
  expect(textOf(
    { at: 0, connection: 1, type: 'connection.start' },
    { ...at, type: 'statement', entry: 1, step: 'execute', verb: 'SELECT', text: 'SELECT *\nFROM t', parameters: ['7', null] },
    { ...at, type: 'columns', entry: 1, columns: [{ name: 'id', type: 23 }, { name: 'name', type: 25 }] },
    { ...at, type: 'rows', entry: 1, rows: [['1', 'Ada'], ['22', null], ['3', 'NULL']] },
    { ...at, type: 'cut', entry: 1, what: 'result', rows: 9, bytes: 100, sha256: 'ab' },
    { ...at, type: 'done', entry: 1, tag: 'SELECT 12' }
  )).toBe([
    '00:00:00.000  connection 1 opened',
    '01:02:03.004  > SELECT *',
    '                FROM t',
    '              $1 = 7',
    '              $2 = NULL',
    '01:02:03.004  id  name',
    '              1   Ada',
    '              22  NULL',
    '              3   "NULL"',
    '01:02:03.004  CUT: 9 more rows were shown, 100 bytes, sha256 ab',
    '01:02:03.004  SELECT 12'
  ].join('\n'))
})

test('with several connections each line says whose it is', () => {
  const [, , third] = textOf(
    { at: 0, connection: 1, type: 'connection.start' },
    { at: 0, connection: 2, type: 'connection.start' },
    { at: 1, connection: 1, type: 'done', tag: 'BEGIN' }
  ).split('\n')
  expect(third).toBe('00:00:00.001  #1 BEGIN')
})

test('rows that nobody described, and a result without rows', () => {
  expect(textOf({ at: 0, connection: 1, type: 'rows', rows: [['a', 'b']] })).toContain('column 1  column 2')
  expect(textOf({ at: 0, connection: 1, type: 'columns', columns: [{ name: 'lonely', type: 1 }] }, { at: 0, connection: 1, type: 'done', tag: 'SELECT 0' })).toContain('lonely')
})

describe('hostile text', () => {
  /** Every field that comes from elsewhere. */
  const events = (hostile: string): ReplayLine[] => {
    const at = { at: 1, connection: 1 }
    const report = { severity: hostile, sqlState: hostile, message: hostile, detail: hostile, hint: hostile, context: hostile }
    const all: RecordingEvent[] = [
      { ...at, type: 'statement', entry: 1, step: 'execute', verb: hostile, text: hostile, parameters: [hostile] },
      { ...at, type: 'held', review: '01k5b2y8v4s0q9m3t7x6c1n0ad', rule: hostile, asked: [hostile], text: hostile },
      { ...at, type: 'decided', review: '01k5b2y8v4s0q9m3t7x6c1n0ad', state: 'rejected', by: hostile, reason: hostile },
      { ...at, type: 'denied', rule: hostile, reason: hostile, text: hostile },
      { ...at, type: 'columns', columns: [{ name: hostile, type: 25 }] },
      { ...at, type: 'rows', rows: [[hostile]] },
      { ...at, type: 'copy', text: hostile, lines: 1 },
      { ...at, type: 'notice', ...report },
      { ...at, type: 'error', ...report },
      { ...at, type: 'done', tag: hostile },
      { ...at, type: 'warning', message: hostile },
      { ...at, type: 'connection.end', error: hostile },
      { ...at, type: 'end', code: 'session_ended', reason: hostile }
    ]
    return [{ ...head(true), session: { ...head(true).session, target: hostile, endReason: hostile, endedAt: '2026-11-25T22:00:01.000Z' } }, ...all, { type: 'damaged', reason: hostile }]
  }

  test('500 texts in every field are shown, and none is left that acts', () => {
    for (const { text: one, visible } of hostiles) {
      const text = textOf(...events(one))
      expect(text, visible).not.toMatch(/(?!\n)[\p{C}\u2028\u2029]/u)
      expect(text.split(visible).length).toBeGreaterThan(20)
    }
  })
})
