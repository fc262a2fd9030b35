// Reading a large catalog and finding what is protected in it stop often enough, however large it is: counted, so that no machine matters.
import { describe, expect, test } from 'vitest'
import { buildCatalog, catalogInSlices } from '../../../server/masking/postgres/build-catalog.ts'
import type { Catalog, Relation } from '../../../server/masking/postgres/catalog.ts'
import { codeHash, vouchedInSlices } from '../../../server/masking/postgres/vouch.ts'
import { markedInSlices, protectedColumns, protectedInSlices, type ProtectRule } from '../../../server/masking/postgres/protect.ts'
import { defaultFlows } from '../../../server/masking/postgres/judge.ts'
import { sessionCatalog } from '../../../server/masking/postgres/session-catalog.ts'
import { settingInSlices } from '../../../server/protocols/postgres/setting.ts'
import { Looks } from '../../support/longest-step.ts'
import { manyRows } from './many.ts'

const many = 3_000

/** Every look at a relation's parts counts. */
function looking(catalog: Catalog, looks: Looks): Catalog {
  const parts = ['columns', 'constraints', 'indexes', 'parents'] as const
  const relations = new Map([...catalog.relations].map(([oid, relation]) => [oid, looks.object<Relation>(relation, parts)]))
  const relationsByName = new Map([...catalog.relationsByName].map(([name, named]) => [name, named.map(({ oid }) => relations.get(oid)!)]))
  return { ...catalog, relations, relationsByName }
}

describe('nothing in one go', () => {
  test('a catalog is built of a thousand rows at a time at most', () => {
    const looks = new Looks()
    const rows = manyRows(many)
    const lists = Object.entries(rows).flatMap(([name, list]) => Array.isArray(list) ? [[name, looks.list<unknown>(list)]] : [])
    const counted = { ...rows, ...Object.fromEntries(lists) as Partial<typeof rows> }
    const { looks: longest, result } = looks.longest(catalogInSlices(counted))
    expect(longest).toBeLessThanOrEqual(1_024)
    expect(result).toEqual(buildCatalog(rows))
  })

  test.each([
    ['named everywhere', { columns: ['*.*.ssn'] }],
    ['that thousands reference', { columns: ['people.ssn'] }],
    ['that thousands of partitions have', { columns: ['parts.ssn', 'parts.id', 'parts.note'] }],
    ['that a comment marks', { columns: [], byComment: 'phi' }]
  ])('columns %s are found a few thousand looks at a time', (_, rule) => {
    const looks = new Looks()
    const catalog = buildCatalog(manyRows(many))
    const rules = [{ name: 'r', ...rule }]
    const { looks: longest, result } = looks.longest(protectedInSlices(looking(catalog, looks), rules))
    expect(longest).toBeLessThanOrEqual(2_500)
    expect(result.protected.size).toBeGreaterThan(many)
    expect(result).toEqual(protectedColumns(catalog, rules))
  })

  test('what follows from them for everybody, a few thousand looks at a time', () => {
    const looks = new Looks()
    const rule = { name: 'r', columns: ['*.*.ssn'], byComment: 'phi', mask: 'redact', exempt: true, mayAsk: ['g'] } as const
    const rules = [looks.object<ProtectRule & { readonly exempt: boolean }>(rule, ['exempt'])] as unknown as [typeof rule]
    const protects = function* (catalog: Catalog, one: ProtectRule) { return (yield* markedInSlices(catalog, [one])).protected }
    const catalog = looking(buildCatalog(manyRows(many)), looks)
    const { looks: longest, result } = looks.longest(settingInSlices(catalog, { rules, flows: defaultFlows, trust: [] }, protects))
    expect(longest).toBeLessThanOrEqual(2_500)
    expect(result.policy.exempt.size).toBeGreaterThan(many)
    expect(result.orderSettings).toEqual([['enable_indexonlyscan', 'off']])
  })

  test('a session that has a table of its own has everybody\'s besides, copied a thousand at a time at most', () => {
    const looks = new Looks()
    const catalog = buildCatalog(manyRows(many))
    const base = {
      ...catalog,
      relations: looks.map(catalog.relations),
      relationsByName: looks.map(catalog.relationsByName),
      functionsByOid: looks.map(catalog.functionsByOid),
      functions: looks.map(catalog.functions),
      types: looks.map(catalog.types),
      typesByName: looks.map(catalog.typesByName)
    }
    const own = buildCatalog({ ...manyRows(0), builtins: [] })
    const [gone] = [...catalog.relations.values()].slice(-1)
    const { looks: longest, result } = looks.longest(sessionCatalog(base, own, { relations: new Set([gone!.oid]), types: new Set() }))
    expect(longest).toBeGreaterThan(0)
    expect(longest).toBeLessThanOrEqual(1_024)
    expect(result.relations).toEqual(new Map([...catalog.relations].filter(([oid]) => oid !== gone!.oid)))
    expect(result.relationsByName.has(gone!.name)).toBe(false)
  })

  test('what is trusted is looked at one by one', () => {
    const looks = new Looks()
    const catalog = buildCatalog(manyRows(many))
    const list = [...catalog.functionsByOid.values()].map((own) => ({ name: `public.${own.name}`, sha256: codeHash(own) }))
    const { looks: longest, result } = looks.longest(vouchedInSlices(catalog, looks.list(list)))
    expect(longest).toBe(1)
    expect(result.vouched.size).toBe(list.length)
  })
})
