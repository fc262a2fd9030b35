import { describe, expect, test } from 'vitest'
import { createOutput, type Form } from '../../../cli/query/output.ts'
import { cellFrom, csvFrom, jsonFrom, memberNames } from '../../../cli/query/values.ts'
import type { Field } from '../../../cli/query/wire.ts'
import { hostileText, printableLine } from '../../support/reviews.ts'

const text = 25
const int4 = 23

function printed(form: Form, fields: readonly Field[], rows: readonly (readonly (string | null)[])[]) {
  let safe = ''
  let exact = ''
  const values: unknown[] = []
  const output = createOutput(form, {
    text: (lines) => { safe += lines },
    exact: (lines) => { exact += lines },
    json: (value) => values.push(value)
  })
  output.fields(fields)
  for (const row of rows) output.row(row)
  const count = output.end()
  return { safe, exact, values, count }
}

const fields: readonly Field[] = [{ name: 'id', oid: int4 }, { name: 'note', oid: text }]

describe('a table', () => {
  test('has its numbers to the right, and NULL apart from a text that reads so', () => {
    expect(printed('table', fields, [['7', null], ['1000', 'NULL'], ['1', '"NULL"'], ['2', '']]).safe).toBe([
      '  id  note',
      '----  --------',
      '   7  NULL',
      '1000  "NULL"',
      '   1  ""NULL""',
      '   2',
      ''
    ].join('\n'))
  })

  test('without rows has a head, and counts none', () => {
    expect(printed('table', fields, [])).toMatchObject({ safe: 'id  note\n--  ----\n', count: 0 })
  })

  test('is one line a row and printable, whatever a value or a column\'s name holds', () => {
    const { safe } = printed('table', [{ name: hostileText, oid: text }], [[hostileText], ['a\nb\tc']])
    expect(safe.trimEnd().split('\n')).toHaveLength(4)
    for (const line of safe.split('\n')) expect(line).toMatch(printableLine)
  })

  test('keeps no more than its first rows', () => {
    let longest = 0
    const output = createOutput('table', { text: (lines) => { longest = Math.max(longest, lines.length) }, exact: () => undefined, json: () => undefined })
    output.fields(fields)
    for (let i = 0; i < 20_000; i++) output.row([String(i), 'x'.repeat(100)])
    expect(output.end()).toBe(20_000)
    expect(longest).toBeLessThan(80_000)
    expect(longest).toBeGreaterThan(60_000)
  })
})

test('expanded, each column has a line', () => {
  expect(printed('expanded', fields, [['1', null], ['2', 'b\u001B[2K']]).safe).toBe('--- 1 ---\nid    1\nnote  NULL\n--- 2 ---\nid    2\nnote  b<U+001B>[2K\n')
})

describe('a table where it fits, else expanded', () => {
  const auto = (rows: readonly (readonly string[])[], columns: number | undefined) => {
    let text = ''
    const output = createOutput('auto', { text: (lines) => { text += lines }, exact: () => undefined, json: () => undefined }, columns)
    output.fields(fields)
    for (const row of rows) output.row(row)
    expect(output.end()).toBe(rows.length)
    return text
  }
  const wide = [['1', 'x'], ['2', 'y'.repeat(30)]]

  test('is decided by the widest of the first rows', () => {
    expect(auto(wide, 33)).toMatch(/^--- 1 ---\nid {4}1\nnote {2}x\n--- 2 ---\n/)
    expect(auto(wide, 34)).toBe(printed('table', fields, wide).safe)
    expect(auto(wide, undefined)).toBe(printed('table', fields, wide).safe)
  })

  test('keeps to that, and without rows it is a head', () => {
    const many = Array.from({ length: 600 }, (_, n) => [String(n), n === 599 ? 'z'.repeat(100) : 'a'])
    expect(auto(many, 40)).toBe(printed('table', fields, many).safe)
    expect(auto([], 40)).toBe('id  note\n--  ----\n')
  })
})

test('CSV is exact, and NULL is nothing where the empty text is ""', () => {
  expect(printed('csv', fields, [['1', 'a,"b"\r\nc'], ['2', null], ['3', ''], ['4', ' x']]).exact).toBe('id,note\n1,"a,""b""\r\nc"\n2,\n3,""\n4," x"\n')
})

test('JSON has a member for each column, also of the same name', () => {
  const both = [{ name: '?column?', oid: int4 }, { name: '?column?', oid: text }, { name: '__proto__', oid: text }]
  expect(JSON.stringify(printed('json', both, [['1', '1', 'x']]).values)).toBe('[{"?column?":1,"?column?_2":"1","__proto__":"x"}]')
  expect(memberNames([{ name: 'a', oid: 1 }, { name: 'a_2', oid: 1 }, { name: 'a', oid: 1 }])).toEqual(['a', 'a_2', 'a_3'])
})

test.each([
  ['t', 16, true],
  ['f', 16, false],
  ['-7', int4, -7],
  ['NaN', 701, 'NaN'],
  ['1.5', 701, 1.5],
  ['9007199254740993', 20, '9007199254740993'],
  ['1.10', 1700, '1.10'],
  ['{"a":[1]}', 3802, { a: [1] }],
  ['{', 114, '{'],
  [null, int4, null],
  ['x', text, 'x']
])('%j of type %i is %j in JSON', (value, oid, json) => expect(jsonFrom(value, oid)).toEqual(json))

test('cells and fields of CSV can be told apart from NULL', () => {
  expect([cellFrom(null), cellFrom('NULL'), cellFrom('null')]).toEqual(['NULL', '"NULL"', 'null'])
  expect([csvFrom(null), csvFrom(''), csvFrom('NULL')]).toEqual(['', '""', 'NULL'])
})
