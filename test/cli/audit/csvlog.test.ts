// PostgreSQL's csvlog, whatever stands in a field, in whatever pieces it comes.
import { describe, expect, test } from 'vitest'
import { CsvSplitter, logLineFrom } from '../../../cli/audit/csvlog.ts'
import { GatewayError } from '../../../shared/errors.ts'

const text = 'a,"b, ""quoted""\nand, on",,"",c\n"x""",y,"""",z,\n'
const rows = [['a', 'b, "quoted"\nand, on', '', '', 'c'], ['x"', 'y', '"', 'z', '']]

const line = (fields: Partial<Record<number, string>>) => Array.from({ length: 26 }, (_, i) => fields[i] ?? '')

test('commas, quotes and line breaks within quotes belong to the field', () => {
  expect(new CsvSplitter().push(text)).toEqual([{ fields: rows[0], line: 1 }, { fields: rows[1], line: 3 }])
})

test('cut anywhere, it is the same', () => {
  for (let at = 1; at < text.length; at++) {
    const splitter = new CsvSplitter()
    expect([...splitter.push(text.slice(0, at)), ...splitter.push(text.slice(at))].map(({ fields }) => fields), `cut at ${at}`).toEqual(rows)
    expect(splitter.unfinished).toBe(false)
  }
  const splitter = new CsvSplitter()
  expect([...text].flatMap((character) => splitter.push(character)).map(({ fields }) => fields)).toEqual(rows)
})

test('a row that does not end is known', () => {
  const splitter = new CsvSplitter()
  splitter.push('a,"b\n')
  expect(splitter.unfinished).toBe(true)
})

describe('times', () => {
  test.each([
    ['2026-11-25 20:58:13.123 UTC', '2026-11-25T20:58:13.123Z'],
    ['2026-11-25 20:58:13.123 GMT', '2026-11-25T20:58:13.123Z'],
    ['2026-11-25 20:58:13.123 +02', '2026-11-25T18:58:13.123Z'],
    ['2026-11-25 20:58:13.123 -0330', '2026-11-26T00:28:13.123Z']
  ])('%s', (written, time) => {
    expect(logLineFrom(line({ 0: written }), 7)).toMatchObject({ time, line: 7 })
  })

  test.each(['2026-11-25 20:58:13.123 CET', '2026-13-25 20:58:13.123 UTC', 'yesterday', ''])('"%s" is refused', (written) => {
    expect(() => logLineFrom(line({ 0: written }), 7)).toThrow(GatewayError)
    expect(() => logLineFrom(line({ 0: written }), 7)).toThrow('line 7 is no line')
  })
})

test('a row of another table is refused', () => {
  expect(() => logLineFrom(['2026-11-25 20:58:13.123 UTC', 'b'], 1)).toThrow('line 1 is no line of a PostgreSQL csvlog')
})
