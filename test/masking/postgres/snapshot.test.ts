// Reading a catalog from real servers, and noticing that it changed.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Catalog } from '../../../server/masking/postgres/catalog.ts'
import type { Asker } from '../../../server/protocols/postgres/ask.ts'
import { catalogDigest, readCatalog, readStamps } from '../../../server/protocols/postgres/snapshot.ts'
import { TestPostgres } from '../../support/postgres.ts'
import { findServer } from '../../support/postgres-server.ts'
import { ask } from './harness.ts'
import { schema } from './schema.ts'

const majors = [...new Set([findServer().major, findServer({ server: 'embedded' }).major])]

describe.each(majors)('the catalog of a server of PostgreSQL %i', (major) => {
  let server: TestPostgres
  let asker: Asker
  let catalog: Catalog

  beforeAll(async () => {
    server = await TestPostgres.start({ major, logStatements: false })
    await server.query(schema)
    await server.query(`CREATE ROLE reader LOGIN PASSWORD 'reader'`)
    asker = await ask(server)
    catalog = await readCatalog(asker, major)
  }, 60_000)
  afterAll(async () => {
    asker.close()
    await server.stop()
  })

  const relation = (name: string) => {
    const found = catalog.relationsByName.get(name)
    expect(found, name).toHaveLength(1)
    return found![0]!
  }
  const own = (name: string) => catalog.functions.get(name)![0]!

  test('a reader without rights on any table reads the same', async () => {
    const reader = await ask(server, 'postgres', 'reader', 'reader')
    const seen = await readCatalog(reader, major)
    reader.close()
    expect([...seen.relations.values()]).toEqual([...catalog.relations.values()])
    expect([...seen.functionsByOid.values()]).toEqual([...catalog.functionsByOid.values()])
  })

  test('the connection is left as it was: no transaction, its own search path', async () => {
    expect(await asker.ask({ text: 'SHOW search_path' })).toEqual([['"$user", public']])
    expect(catalog.searchPath).toEqual(['public'])
    // LISTEN within a transaction would show nothing; a savepoint outside of one is refused.
    await expect(asker.ask({ text: 'SAVEPOINT s' })).rejects.toMatchObject({ code: 'target_refused' })
  })

  test('columns with types, defaults, generation and comments', () => {
    const patients = relation('patients')
    const column = (name: string) => patients.columns.find((one) => one.name === name)
    expect(patients).toMatchObject({ schema: 'clinic', kind: 'r', system: false, rules: false, policies: [] })
    expect(column('id')).toMatchObject({ attnum: 1, type: 23, notNull: true, generated: false })
    expect(column('email')).toMatchObject({ type: 1043, typeModifier: 64, notNull: false })
    expect(column('city')).toMatchObject({ default: '\'Springfield\'::text' })
    expect(column('ssn_last4')).toMatchObject({ generated: true, default: 'substr((ssn)::text, 8)' })
    expect(catalog.types.get(column('ssn')!.type)).toMatchObject({ name: 'ssn', kind: 'd', own: true, base: 25, checks: [expect.stringContaining('VALUE ~')] })
    expect(relation('notes').columns.find(({ name }) => name === 'body')?.comment).toBe('free text, PHI')
    expect(relation('Odd Names').columns.map(({ name }) => name)).toEqual(['a.b', 'select'])
  })

  test('definitions of views are qualified, whatever the search path', () => {
    expect(relation('v_deep').definition).toMatch(/FROM \(clinic\.v_patients p\s+JOIN clinic\.visits v/)
    expect(relation('m_patients')).toMatchObject({ kind: 'm', definition: expect.stringContaining('clinic.patients') })
    expect(relation('pg_stat_activity')).not.toHaveProperty('definition')
  })

  test('partitions, heirs, TOAST and row types', () => {
    expect(relation('visits_2026_h1').parents).toEqual([relation('visits_2026').oid])
    expect(relation('surgeons').parents).toEqual([relation('staff').oid])
    const toast = [...catalog.relations.values()].find(({ toastOf }) => toastOf === relation('notes').oid)
    expect(toast).toMatchObject({ schema: 'pg_toast', kind: 't', system: false })
    expect(toast?.columns.map(({ name }) => name)).toEqual(['chunk_id', 'chunk_seq', 'chunk_data'])
    expect(catalog.types.get(relation('patients').rowType)).toMatchObject({ kind: 'c', relation: relation('patients').oid })
    expect(catalog.typesByName.get('address')?.[0]).toMatchObject({ kind: 'c', relation: relation('address').oid })
  })

  test('constraints and indexes with the columns they mention', () => {
    const patients = relation('patients')
    const attnum = (name: string) => patients.columns.find((one) => one.name === name)!.attnum
    expect(patients.constraints).toContainEqual(expect.objectContaining({
      kind: 'c',
      columns: expect.arrayContaining([attnum('balance'), attnum('ssn_num')]) as number[]
    }))
    expect(relation('billing').constraints).toContainEqual(expect.objectContaining({
      kind: 'f',
      references: { relation: patients.oid, columns: [attnum('ssn')] }
    }))
    expect(patients.indexes).toContainEqual({
      keys: [attnum('ssn')],
      columns: expect.arrayContaining([attnum('ssn'), attnum('city'), attnum('id')]) as number[],
      expression: false,
      partial: false,
      unique: false
    })
  })

  test('an index on an expression mentions the expression\'s columns', async () => {
    await server.query('CREATE TABLE public.indexed (a text, b text, c text); CREATE INDEX ON public.indexed (lower(b)) WHERE c IS NOT NULL')
    const [index] = (await readCatalog(asker, major)).relationsByName.get('indexed')![0]!.indexes
    expect(index).toMatchObject({ keys: [0], expression: true, partial: true })
    expect([...index!.columns].sort()).toEqual([0, 2, 3])
    await server.query('DROP TABLE public.indexed')
  })

  test('triggers that are on, rules, policies', () => {
    expect(relation('patients').triggers).toEqual([{
      name: 'touch',
      function: own('touch').oid,
      events: ['update'],
      definition: expect.stringContaining('BEFORE UPDATE ON clinic.patients') as string
    }])
    expect(relation('rooms').rules).toBe(true)
    expect(relation('v_rooms').rules).toBe(false)
    expect(relation('secured').policies).toEqual([expect.stringContaining('clinic.patients')])
  })

  test('own functions, aggregates, operators and casts with the functions behind them', () => {
    expect(own('floors')).toMatchObject({ language: 'plpgsql', volatility: 'stable', outNames: ['lowest', 'highest'], definition: expect.stringContaining('CREATE OR REPLACE FUNCTION') })
    expect(own('room_table')).toMatchObject({ returnsSet: true, outNames: ['room_id', 'room_name'] })
    expect(own('unqualified').settings).toEqual(['search_path=clinic'])
    expect(own('leak_all')).toMatchObject({ aggregate: true, support: expect.arrayContaining([own('leak_sfunc').oid]) })
    expect(catalog.operators.get('===')).toEqual([own('same_patient').oid])
    expect(catalog.operators.get('@+@')!.map((oid) => catalog.builtinNames.get(oid))).toEqual(['int4pl'])
    expect(catalog.casts).toContainEqual(expect.objectContaining({ source: 23, context: 'explicit', function: own('to_address').oid }))
  })

  test('PostgreSQL\'s own functions: the worst of their overloads', () => {
    expect(catalog.builtins.get('lower')).toMatchObject({ volatility: 'immutable', aggregate: false, returnsSet: false })
    expect(catalog.builtins.get('md5')).toMatchObject({ result: 25 })
    expect(catalog.builtins.get('length')?.volatility).toBe('stable')
    expect(catalog.builtins.get('unnest')?.returnsSet).toBe(true)
    expect(catalog.builtins.get('pg_ls_waldir')?.outNames).toEqual(['name', 'size', 'modification'])
    expect(catalog.builtins.get('sum')?.aggregate).toBe(true)
  })

  test.each([
    ['a column', 'ALTER TABLE clinic.rooms ADD extra text', 'rooms'],
    ['a column\'s name', 'ALTER TABLE clinic.rooms RENAME extra TO other', 'rooms'],
    ['a default', 'ALTER TABLE clinic.rooms ALTER other SET DEFAULT \'x\'', 'rooms'],
    ['another default', 'ALTER TABLE clinic.rooms ALTER other SET DEFAULT \'y\'', 'rooms'],
    ['a constraint', 'ALTER TABLE clinic.rooms ADD CHECK (other <> \'z\')', 'rooms'],
    ['a trigger', 'CREATE TRIGGER more BEFORE UPDATE ON clinic.patients FOR EACH ROW EXECUTE FUNCTION clinic.touch()', 'patients'],
    ['a trigger switched off', 'ALTER TABLE clinic.patients DISABLE TRIGGER more', 'patients'],
    ['a policy', 'CREATE POLICY more ON clinic.tenants USING (tenant = 2)', 'tenants'],
    ['a policy\'s condition', 'ALTER POLICY more ON clinic.tenants USING (tenant = 3)', 'tenants'],
    ['a rule', 'CREATE RULE more AS ON UPDATE TO clinic.rooms DO ALSO NOTHING', 'rooms'],
    ['a view\'s query', 'CREATE OR REPLACE VIEW clinic.v_rooms AS SELECT id, name || \'!\' AS name, floor FROM clinic.rooms', 'v_rooms'],
    ['a name', 'ALTER TABLE clinic.tenants RENAME TO tenants', undefined]
  ])('%s is seen by the digest and by the relation\'s stamp', async (_, change, name) => {
    const [digest, before] = [await catalogDigest(asker), await readCatalog(asker, major)]
    expect(await catalogDigest(asker)).toBe(digest)
    if (name === undefined) {
      await server.query('ALTER TABLE clinic.tenants RENAME TO lodgers; ALTER TABLE clinic.lodgers RENAME TO tenants')
    } else await server.query(change)
    expect(await catalogDigest(asker)).not.toBe(digest)
    const after = await readCatalog(asker, major, before)
    expect(after.epoch).toBe(before.epoch + 1)
    const stamp = (of: Catalog) => of.relationsByName.get(name ?? 'tenants')![0]!.stamp
    expect(stamp(after)).not.toBe(stamp(before))
  })

  test.each([
    ['a function', 'CREATE OR REPLACE FUNCTION clinic.add_one(i integer) RETURNS integer LANGUAGE sql IMMUTABLE AS \'SELECT i + 2\''],
    ['a comment', 'COMMENT ON COLUMN clinic.rooms.name IS \'PHI\''],
    ['a domain', 'ALTER DOMAIN clinic.positive ADD CHECK (VALUE < 1000)'],
    ['an operator', 'CREATE OPERATOR clinic.@-@ (FUNCTION = int4mi, LEFTARG = integer, RIGHTARG = integer)'],
    ['a cast', 'CREATE CAST (clinic.sex AS integer) WITH INOUT'],
    ['a partition', 'ALTER TABLE clinic.visits DETACH PARTITION clinic.visits_rest'],
    ['an index', 'CREATE INDEX ON clinic.rooms (name)']
  ])('%s is seen by the digest', async (_, change) => {
    const digest = await catalogDigest(asker)
    await server.query(change)
    expect(await catalogDigest(asker)).not.toBe(digest)
  })

  test('rows, ANALYZE and other sessions\' temporary tables are no change', async () => {
    const digest = await catalogDigest(asker)
    const other = await ask(server)
    await server.query('INSERT INTO clinic.tenants VALUES (1, 1); ANALYZE clinic.tenants')
    expect(await catalogDigest(asker)).toBe(digest)
    await other.ask({ text: 'CREATE TEMP TABLE mine (id serial PRIMARY KEY CHECK (id > 0), v text DEFAULT 1) PARTITION BY RANGE (id)' })
    await other.ask({ text: 'CREATE TEMP TABLE part PARTITION OF mine DEFAULT' })
    await other.ask({ text: 'CREATE TEMP VIEW seen AS SELECT * FROM mine' })
    await other.ask({ text: 'COMMENT ON COLUMN mine.v IS \'x\'' })
    expect(await catalogDigest(asker)).toBe(digest)
    expect((await readCatalog(asker, major)).relationsByName.has('mine')).toBe(false)
    other.close()
  })

  test('everything comes from one moment, though tables are made meanwhile', async () => {
    let going = true
    const making = (async () => {
      for (let at = 0; going; at++) await server.query(`CREATE TABLE public.t${at} (id serial PRIMARY KEY, v text); CREATE VIEW public.v${at} AS SELECT * FROM public.t${at}; DROP VIEW public.v${at}; DROP TABLE public.t${at}`)
    })()
    for (let at = 0; at < 10; at++) {
      const seen = await readCatalog(asker, major)
      for (const { name, kind, columns } of seen.relations.values()) {
        if (/^[tv]\d+$/.test(name) && 'rv'.includes(kind)) expect(columns).toHaveLength(2)
      }
    }
    going = false
    await making
  })

  test('a server that refuses a question is an error, and leaves the connection usable', async () => {
    await server.query('CREATE ROLE blind LOGIN PASSWORD \'blind\'; REVOKE SELECT ON pg_catalog.pg_policy FROM public')
    const blind = await ask(server, 'postgres', 'blind', 'blind')
    await expect(readCatalog(blind, major)).rejects.toMatchObject({ code: 'target_refused', message: expect.stringContaining('42501') as string })
    await server.query('GRANT SELECT ON pg_catalog.pg_policy TO public')
    expect((await readCatalog(blind, major)).relations.size).toBe(catalog.relations.size)
    blind.close()
  })

  test('stamps asked for alone are those of the snapshot; what is gone has none', async () => {
    const now = await readCatalog(asker, major)
    const relations = [...now.relations.values()].filter(({ schema, system }) => !system || schema === 'pg_catalog')
    const functions = [...now.functionsByOid.values()]
    const stamps = await readStamps(asker, [...relations.map(({ oid }) => oid), 4_000_000_000], functions.map(({ oid }) => oid))
    expect(stamps.relations).toEqual(new Map(relations.map(({ oid, stamp }) => [oid, stamp])))
    expect(stamps.functions).toEqual(new Map(functions.map(({ oid, stamp }) => [oid, stamp])))
  })
})
