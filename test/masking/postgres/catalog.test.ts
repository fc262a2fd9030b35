// A catalog from rows, without a server: what happens with rows that are missing, doubled or strange.
import { describe, expect, test } from 'vitest'
import { buildCatalog, stampOf } from '../../../server/masking/postgres/build-catalog.ts'
import type { CatalogRows, Row } from '../../../server/masking/postgres/catalog-rows.ts'

const empty: CatalogRows = {
  major: 18,
  searchPath: ['public'],
  schemas: [],
  relations: [],
  columns: [],
  comments: [],
  parents: [],
  constraints: [],
  indexes: [],
  triggers: [],
  rules: [],
  policies: [],
  functions: [],
  builtins: [],
  operators: [],
  casts: [],
  types: []
}
const table = (oid: number, name: string): Row => [String(oid), 'public', name, 'r', '0', '0', '700', null]
const column = (relation: number, attnum: number, name: string): Row =>
  [String(relation), String(attnum), name, '25', '-1', 'f', 'f', null, '700']

describe('a catalog', () => {
  test('of nothing is empty, and counts', () => {
    const first = buildCatalog(empty)
    expect(first).toMatchObject({ epoch: 1, major: 18, searchPath: ['public'] })
    expect(first.relations.size + first.functions.size + first.types.size).toBe(0)
    expect(buildCatalog(empty, first).epoch).toBe(2)
  })

  test('names that objects of JavaScript have are names like others', () => {
    const names = ['__proto__', 'constructor', 'toString']
    const catalog = buildCatalog({
      ...empty,
      relations: names.map((name, at) => table(20_000 + at, name)),
      columns: names.map((name, at) => column(20_000 + at, 1, name))
    })
    expect(names.map((name) => catalog.relationsByName.get(name)?.[0]?.columns[0]?.name)).toEqual(names)
    expect(catalog.relationsByName.get('valueOf')).toBeUndefined()
  })

  test('columns of a relation that is not there are left out, a relation without columns has none', () => {
    const catalog = buildCatalog({ ...empty, relations: [table(20_000, 'a')], columns: [column(20_001, 1, 'x')] })
    expect(catalog.relations.get(20_000)?.columns).toEqual([])
    expect(catalog.relations.has(20_001)).toBe(false)
  })

  test('relations of one name in two schemas are both found', () => {
    const catalog = buildCatalog({ ...empty, relations: [table(20_000, 'a'), ['20001', 'other', 'a', 'v', '0', '0', '700', ' SELECT 1;']] })
    expect(catalog.relationsByName.get('a')?.map(({ schema }) => schema)).toEqual(['public', 'other'])
  })

  test('a builtin is as volatile as its worst overload, and has a result where all agree', () => {
    const overload = (oid: number, name: string, volatility: string, result: number): Row => [String(oid), name, volatility, 'f', 'f', null, String(result)]
    const { builtins, builtinNames } = buildCatalog({
      ...empty,
      builtins: [overload(1, 'f', 'i', 25), overload(2, 'f', 'v', 25), overload(3, 'f', 's', 25), overload(4, 'g', 'i', 25), overload(5, 'g', 'i', 23), overload(6, 'g', 'i', 25)]
    })
    expect(builtins.get('f')).toEqual({ volatility: 'volatile', returnsSet: false, aggregate: false, outNames: [], result: 25 })
    expect(builtins.get('g')).not.toHaveProperty('result')
    expect(builtinNames.get(3)).toBe('f')
  })

  test.each([
    ['one attribute more', [[['1'], ['1']]], [[['1']]]],
    ['one attribute changed', [[['1'], ['2']]], [[['1'], ['1']]]],
    ['changed in the same transaction as the relation', [[['7'], ['1']]], [[['7'], ['7']]]],
    ['a trigger instead of a constraint', [[], [['1']], []], [[], [], [['1']]]]
  ] as const)('a stamp tells %s', (_, one, other) => {
    expect(stampOf('7', one)).not.toBe(stampOf('7', other))
  })
})
