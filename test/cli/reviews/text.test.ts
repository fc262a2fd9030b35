import { describe, expect, test } from 'vitest'
import { detailLines } from '../../../cli/reviews/detail.ts'
import { ageText, clockText, cutCells, exactLines, requesterText, stateText, visible, warningsOf, wrapCells, wrapWords } from '../../../cli/reviews/text.ts'
import { cellsOf } from '../../../cli/table.ts'
import { detail, held, hostileDetail, hostileText, printableLine, reviewNow, summary } from '../../support/reviews.ts'

test.each([[-5, '0:00'], [0, '0:00'], [1, '0:01'], [59_000, '0:59'], [245_000, '4:05'], [900_000, '15:00'], [3_600_000, '1:00:00'], [86_400_000, '24:00:00']])(
  'a clock of %i ms reads %s',
  (milliseconds, text) => expect(clockText(milliseconds)).toBe(text)
)

test.each([[0, '0 s'], [59_999, '59 s'], [60_000, '1 min'], [7_200_000, '2 h'], [172_800_000, '2 d']])('%i ms ago is %s', (milliseconds, text) =>
  expect(ageText(milliseconds)).toBe(text))

test('behind an agent stands a human', () => {
  const requester = { issuer: 'i', subject: 'bot', kind: 'agent', onBehalfOf: { issuer: 'i', subject: 'ann', email: 'ann@example.com' } } as const
  expect(requesterText(summary({ requester }))).toBe('bot (agent of ann@example.com)')
  expect(requesterText(summary())).toBe('ann@example.com')
})

test('what is pending has time left, what ended says how and when', () => {
  expect(stateText(summary(), reviewNow)).toBe('14:32 left')
  expect(stateText(summary({ state: 'rejected', endedAt: '2026-03-10T12:00:08Z' }), reviewNow)).toBe('rejected 20 s ago')
})

describe('the exact text', () => {
  test('is cut where a line is full, and numbered where a line begins', () => {
    expect(exactLines('DELETE FROM\nvisits', 6)).toEqual([{ number: 1, text: 'DELETE' }, { text: ' FROM' }, { number: 2, text: 'visits' }])
  })

  test('cannot be pushed out of sight by blanks or empty lines', () => {
    const text = `SELECT 1;${' '.repeat(5000)}DROP TABLE a;${'\n'.repeat(400)}DROP TABLE b;\t\t\t\t\t\t\t\t\t\t\tDROP TABLE c`
    const shown = exactLines(text, 80).map((line) => line.text)
    expect(shown).toEqual(['SELECT 1;<5000 spaces>DROP TABLE a;', '<399 empty lines>', 'DROP TABLE b;<11 tabs>DROP TABLE c'])
  })

  test('keeps an indent of tabs readable, and shows a tab within a line', () => {
    expect(visible('\t\tWHERE a =\t1')).toBe('    WHERE a =<U+0009>1')
  })

  test('shows marks beyond those a script stacks', () => {
    expect(visible(`a${'\u0301'.repeat(5)}`)).toBe(`a${'\u0301'.repeat(3)}<U+0301><U+0301>`)
  })

  test('of wide characters is cut by what they take on the screen', () => {
    expect(wrapCells('名前名前', 5)).toEqual(['名前', '名前'])
    expect(cutCells('名前名前', 5)).toBe('名前~')
    expect(wrapCells('', 5)).toEqual([''])
  })

  test('is not cut within a token', () => {
    expect(wrapCells('abc<U+001B>[2K', 10)).toEqual(['abc', '<U+001B>[2', 'K'])
    expect(wrapCells('a < b and c <U+1', 8)).toEqual(['a < b an', 'd c <U+1'])
  })

  test('is not broken at words, and all around it is', () => {
    const id = '01k5b2y8v4s0q9m3t7x6c1n0se'
    const requesterReason = 'INC-4711: duplicates of the import of Monday night'
    const texts = detailLines(detail({ requesterReason, statements: [held(`DELETE FROM visits WHERE session = '${id}'`)] }), { columns: 50, now: reviewNow }).map(({ text }) => text)
    expect(texts.slice(3, 5)).toEqual(['1 | DELETE FROM visits WHERE session = \'01k5b2y8v4', '  | s0q9m3t7x6c1n0se\''])
    expect(texts.join('\n')).toContain(`reason      INC-4711: duplicates of the import of\n            Monday night\n`)
    expect(texts.join('\n')).toContain(`session     ${id}, connection\n            2\n`)
  })

  test('of what is read keeps tokens whole, and cuts a word that has no room', () => {
    expect(wrapWords('one two <30 spaces> three', 12)).toEqual(['one two', '<30 spaces>', 'three'])
    expect(wrapWords('an 0123456789abcdef', 10)).toEqual(['an', '0123456789', 'abcdef'])
    expect(wrapWords('', 10)).toEqual([''])
  })

  test('with letters that only look like others says which', () => {
    expect(warningsOf(held('DELETE FROM visіts', { flags: [] }))).toEqual([{ text: 'not plain ASCII: і U+0456', loud: true }])
    expect(warningsOf(held('DELETE FROM visits WHERE true', { flags: ['no_where', 'locks'] })).map(({ loud }) => loud)).toEqual([true, false])
  })
})

describe('one review', () => {
  test('begins with who, where, what, and what is dangerous about it', () => {
    expect(detailLines(detail({ requesterReason: 'INC-4711' }), { columns: 80, now: reviewNow }).map(({ text }) => text)).toEqual([
      'ann@example.com wants to run this on prod-db',
      '14:32 left',
      '',
      '1 | DELETE FROM visits',
      '',
      'NO WHERE: every row',
      'DELETE: write on visits',
      '18 bytes in 1 line, SHA-256 3f2a9c1b04de77aa',
      'rows        about 12,403, by the database\'s estimate',
      'reason      INC-4711',
      'transaction open; holds RowExclusiveLock on visits',
      'rule        writes need the DBAs',
      'asked       one of dba',
      'who         ann at https://idp.example',
      'since       2026-03-10 12:00:00 UTC, until 2026-03-10 12:15:00',
      'session     01k5b2y8v4s0q9m3t7x6c1n0se, connection 2',
      'review      01k5b2y8v4s0q9m3t7x6c1n0ad',
      'binding     SHA-256 b1b1b1b1b1b1b1b1',
      '',
      'earlier in this session',
      '11:59:00 ok: SELECT * FROM visits WHERE id = ?'
    ])
  })

  test('shows each statement and each parameter, NULL apart from text', () => {
    const text = detailLines(detail({ statements: [held('UPDATE a SET b = $1, c = $2', { parameters: ['x\u001B[2K', null] }), held('DELETE FROM b')] }), { columns: 80, now: reviewNow })
    expect(text.map((line) => line.text)).toEqual(expect.arrayContaining([
      'statement 1 of 2',
      '$1          x<U+001B>[2K',
      '$2          NULL',
      'statement 2 of 2',
      '1 | DELETE FROM b'
    ]))
  })

  test('of access says for how long', () => {
    const terms = { ...detail().terms, windowSeconds: 14_400 }
    const lines = detailLines(detail({ kind: 'access', statements: [], terms }), { columns: 80, now: reviewNow }).map(({ text }) => text)
    expect(lines).toContain('ann@example.com wants to open prod-db')
    expect(lines).toContain('window      4 h from the approval on')
  })

  test('whose exact text is gone shows the redacted one', () => {
    const lines = detailLines(detail({ state: 'expired', endedAt: '2026-03-10T12:00:00Z', statements: [] }), { columns: 80, now: reviewNow })
    expect(lines.map(({ text }) => text)).toContain('statement   DELETE FROM visits (without its values)')
  })

  test.each([20, 40, 80, 200])('never is wider than %i columns, and printable whatever is in it', (columns) => {
    for (const line of detailLines(hostileDetail(hostileText), { columns, now: reviewNow })) {
      expect(line.text).toMatch(printableLine)
      expect(cellsOf(line.text)).toBeLessThanOrEqual(columns)
    }
  })
})
