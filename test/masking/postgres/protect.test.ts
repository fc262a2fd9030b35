// Which columns are protected, on the clinic's catalog as a real server tells it.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Catalog } from '../../../server/masking/postgres/catalog.ts'
import { columnPattern, glob, mentions } from '../../../server/masking/postgres/patterns.ts'
import { protectedColumns, type Protection } from '../../../server/masking/postgres/protect.ts'
import { systemSecrets } from '../../../server/masking/postgres/system-secrets.ts'
import { readCatalog } from '../../../server/protocols/postgres/snapshot.ts'
import { TestPostgres } from '../../support/postgres.ts'
import { ask, clinicRules, namesIn, protectClinic } from './harness.ts'
import { closure, hazards, rows, schema } from './schema.ts'

let server: TestPostgres
let catalog: Catalog
let protection: Protection

beforeAll(async () => {
  server = await TestPostgres.start({ logStatements: false })
  await server.query(schema)
  await server.query(rows('a'))
  catalog = await snapshot()
  protection = protectClinic(catalog)
}, 60_000)
afterAll(() => server.stop())

async function snapshot(): Promise<Catalog> {
  const asker = await ask(server)
  try {
    return await readCatalog(asker, server.programs.major)
  } finally {
    asker.close()
  }
}

const named = (columns: readonly string[]) => namesIn(catalog, protectedColumns(catalog, [{ name: 'r', columns }]).protected)

describe('patterns', () => {
  test.each(['', ' ', '.', 'a.', '.a', 'a..b', 'a.b.c.d', '"a', 'a b', '""', 'a."b'])('%j names no column', (text) => {
    expect(columnPattern(text)).toBeUndefined()
  })

  test.each([
    ['clinic.patients.ssn', ['clinic', 'patients', 'ssn'], true],
    ['Clinic.PATIENTS.ssn', ['clinic', 'patients', 'ssn'], true],
    ['"Clinic".patients.ssn', ['clinic', 'patients', 'ssn'], false],
    ['patients.ssn', ['any', 'patients', 'ssn'], true],
    ['ssn', ['any', 'any', 'ssn'], true],
    ['*.*.ssn*', ['any', 'any', 'ssn_num'], true],
    ['*.*.ss*m', ['any', 'any', 'ssn_num'], true],
    ['clinic."Odd Names"."a.b"', ['clinic', 'Odd Names', 'a.b'], true],
    ['clinic."Odd*"."a""b"', ['clinic', 'Odd Names', 'a"b'], true],
    ['clinic.p.s.n', ['clinic', 'p', 's'], undefined],
    ['c.t.a+', ['c', 't', 'aa'], false],
    ['c.t.a?', ['c', 't', 'a'], false],
    ['*.*.a*a', ['c', 't', 'a'], false],
    ['*.*.a**a', ['c', 't', 'aa'], true],
    ['*.*.*a*', ['c', 't', 'b\na'], true],
    ['c.t.a\n*', ['c', 't', 'a\nb'], undefined]
  ] as const)('%j', (text, [schema, relation, column], expected) => {
    const pattern = columnPattern(text)
    expect(pattern && (pattern.schema.test(schema) && pattern.relation.test(relation) && pattern.column.test(column))).toBe(expected)
  })

  test('a glob of many stars takes no time', () => {
    const started = process.hrtime.bigint()
    expect(glob(`${'*a'.repeat(1_000)}*b`).test('a'.repeat(100_000))).toBe(false)
    expect(Number(process.hrtime.bigint() - started) / 1e6).toBeLessThan(2_000)
  })

  test.each([
    ['substr((ssn)::text, 8)', 'ssn', true],
    ['substr(ssn_num, 8)', 'ssn', false],
    ['"ssn"', 'ssn', true],
    ['my$ssn', 'ssn', false],
    ['upper("a""b")', 'a"b', true],
    ['id + 1', 'width', false],
    ['(größe * 2)', 'größe', true],
    ['(größen * 2)', 'größe', false],
    ['(a.b)', 'b', true]
  ])('%j mentions %j: %j', (expression, column, expected) => {
    expect(mentions(expression, column)).toBe(expected)
  })
})

describe('protected', () => {
  test('names that match nothing are problems, with the nearest that do', () => {
    const { problems, protected: found } = protectedColumns(catalog, [{
      name: 'PHI',
      columns: ['clinic.patients.snn', 'clinic.patient.ssn', 'clinic.patients.', 'nowhere.*.*', 'clinic.rooms.s*'],
      byComment: 'absent',
      bySecurityLabel: 'none'
    }])
    expect(problems).toEqual([
      expect.stringMatching(/^protect rule "PHI": no column "clinic\.patients\.snn"; did you mean "clinic\.patients\.ssn"/),
      expect.stringMatching(/^protect rule "PHI": no table for "clinic\.patient\.ssn"; did you mean "clinic\.patients\.ssn"/),
      'protect rule "PHI": "clinic.patients." is not a name of a column; write schema.table.column',
      'protect rule "PHI": no table for "nowhere.*.*"',
      'protect rule "PHI": no column "clinic.rooms.s*"',
      'protect rule "PHI": no column\'s comment matches "absent"',
      'protect rule "PHI": no column\'s security label matches "none"'
    ])
    expect(namesIn(catalog, found)).toEqual([])
  })

  test('without rules nothing is, not even what PostgreSQL keeps', () => {
    expect(protectedColumns(catalog, [])).toEqual({ protected: new Map(), hazards: new Map(), ordered: new Map(), problems: [] })
  })

  test('what the rules name and what holds the same by construction, and nothing else', () => {
    expect(protection.problems).toEqual([])
    expect(namesIn(catalog, protection.protected)).toEqual(closure)
  })

  test.each([
    ['a partition', ['clinic.visits_2026_h1.diagnosis'], ['clinic.visits.diagnosis', 'clinic.visits_2025.diagnosis', 'clinic.visits_2025.dx_tsv']],
    ['an heir', ['clinic.surgeons.ssn'], ['clinic.staff.ssn']],
    ['a parent', ['clinic.staff.ssn'], ['clinic.surgeons.ssn']],
    ['a source of a generated column', ['clinic.patients.ssn'], ['clinic.patients.ssn_last4']],
    ['a referenced column', ['clinic.patients.ssn'], ['clinic.billing.patient_ssn']]
  ])('%s is enough', (_, columns, also) => {
    expect(named(columns)).toEqual(expect.arrayContaining([...columns, ...also]))
  })

  test('what references is no reason to protect what it references, nor a generated column its source', () => {
    expect(named(['clinic.billing.patient_ssn'])).toEqual(['clinic.billing.patient_ssn'])
    expect(named(['clinic.patients.ssn_last4'])).toEqual(['clinic.patients.ssn_last4'])
  })

  test('a column that is protected by closure carries the label of its source', () => {
    const label = (name: string, column: string) => {
      const relation = catalog.relationsByName.get(name)![0]!
      return protection.protected.get(relation.oid)?.get(relation.columns.find((one) => one.name === column)!.attnum)
    }
    expect(label('billing', 'patient_ssn')).toBe('clinic.patients.ssn')
    expect(label('visits_2026_h1', 'dx_tsv')).toBe('clinic.visits.diagnosis')
    expect(label('notes', 'body')).toBe('clinic.notes.body')
    expect(label('pg_stats', 'most_common_vals')).toBe('pg_catalog.pg_stats.most_common_vals')
  })

  test('long values are protected where they are kept', () => {
    const toast = [...catalog.relations.values()].filter(({ oid, kind }) => kind === 't' && protection.protected.has(oid))
    const owners = toast.map(({ toastOf }) => catalog.relations.get(toastOf!)!.name)
    expect(owners).toEqual(expect.arrayContaining(['patients', 'notes', 'pg_statistic']))
    expect(owners).not.toContain('rooms')
  })

  test('security labels and comments mark columns, whatever their case', async () => {
    const marked: Catalog = {
      ...catalog,
      relations: new Map([...catalog.relations].map(([oid, relation]) => [oid, relation.name !== 'rooms'
        ? relation
        : {
            ...relation,
            columns: relation.columns.map((column) => column.name === 'floor' ? { ...column, securityLabels: ['class:Secret'] } : column)
          }]))
    }
    expect(namesIn(marked, protectedColumns(marked, [{ name: 'r', columns: [], bySecurityLabel: 'class:*' }]).protected)).toEqual(['clinic.rooms.floor'])
    expect(namesIn(catalog, protectedColumns(catalog, [{ name: 'r', columns: [], byComment: 'phi' }]).protected)).toEqual(['clinic.notes.body'])
    expect(namesIn(catalog, protectedColumns(catalog, [{ name: 'r', columns: [], byComment: 'free*phi' }]).protected)).toEqual(['clinic.notes.body'])
  })

  test('every secret of PostgreSQL\'s own that this server has is protected, and at least fifteen relations have some', () => {
    const found = [...protection.protected.keys()].map((oid) => catalog.relations.get(oid)!).filter(({ system, kind }) => system && kind !== 't')
    expect(found.length).toBeGreaterThan(15)
    for (const [name, columns] of systemSecrets) {
      const [schema, relationName] = name.split('.')
      const relation = catalog.relationsByName.get(relationName!)?.find((one) => one.schema === schema)
      for (const column of relation === undefined ? [] : columns.trim().split(/\s+/)) {
        const attnum = relation!.columns.find((one) => one.name === column)?.attnum
        if (attnum !== undefined) expect(protection.protected.get(relation!.oid)?.has(attnum), `${name}.${column}`).toBe(true)
      }
    }
  })

  test('no column of PostgreSQL\'s own whose type can hold any value is left unseen', () => {
    const anything = new Set(['anyarray', 'pg_mcv_list', 'pg_ndistinct', 'pg_dependencies', '_pg_statistic'])
    const left = [...catalog.relations.values()].filter(({ system, kind }) => system && kind !== 't').flatMap((relation) => relation.columns
      .filter(({ type, attnum }) => anything.has(catalog.types.get(type)?.name ?? '') && !protection.protected.get(relation.oid)?.has(attnum))
      .map(({ name }) => `${relation.name}.${name}`))
    expect(left).toEqual([])
  })
})

describe('ties', () => {
  test('columns that share a constraint with a protected one', () => {
    expect(namesIn(catalog, protection.hazards)).toEqual(hazards)
  })

  test('a unique index, an index\'s predicate and its expression tie as a constraint does', async () => {
    await server.query(`CREATE TABLE public.tied (secret text, a integer, b integer, c integer, d integer, e integer);
      CREATE UNIQUE INDEX ON public.tied (a, secret); CREATE INDEX ON public.tied (b) WHERE secret <> ''; CREATE INDEX ON public.tied ((10 / c)) WHERE secret > 'a';
      CREATE INDEX ON public.tied (d, secret)`)
    const now = await snapshot()
    await server.query('DROP TABLE public.tied')
    const { hazards: tied } = protectedColumns(now, [{ name: 'r', columns: ['tied.secret'] }])
    expect(namesIn(now, tied)).toEqual(['public.tied.a', 'public.tied.b', 'public.tied.c'])
  })
})

describe('order', () => {
  test.each([
    ['(secret)', 'index-only'],
    ['(secret) INCLUDE (city)', 'index-only'],
    ['(secret, dob)', 'index-only'],
    ['(lower(secret))', 'index-only'],
    ['(city, secret)', 'index'],
    ['(secret, city)', 'index'],
    ['(city, lower(secret))', 'index'],
    ['(secret) WHERE city = \'c1\'', 'index'],
    ['(city)', undefined],
    ['(city) INCLUDE (secret)', undefined],
    ['(city) WHERE secret IS NOT NULL', undefined]
  ] as const)('an index on %s: %s', async (definition, hazard) => {
    await server.query(`CREATE TABLE public.kept (id integer, secret text, dob text, city text); CREATE INDEX ON public.kept ${definition}`)
    const now = await snapshot()
    await server.query('DROP TABLE public.kept')
    const { ordered } = protectedColumns(now, [{ name: 'r', columns: ['kept.secret', 'kept.dob'] }])
    expect([...ordered.values()]).toEqual(hazard === undefined ? [] : [hazard])
  })

  test('is really given away by such indexes, and not with the settings off', async () => {
    await server.query(`CREATE TABLE public.kept (id integer, secret text, city text, pad text);
      INSERT INTO public.kept SELECT i, md5(i::text), 'c' || i % 50, repeat('y', 900) FROM generate_series(1, 20000) i; ANALYZE public.kept`)
    const client = new pg.Client({ connectionString: server.url() })
    // The server may end before a failed test's connection.
    client.on('error', () => undefined)
    await client.connect()
    const ids = async (query: string) => (await client.query<{ id: number }>(query)).rows.map(({ id }) => id)
    const bySecret = await ids('SELECT id FROM public.kept WHERE city = \'c1\' ORDER BY secret')
    const expectOrder = async (query: string, settings: readonly string[], given: boolean) => {
      for (const setting of settings) await client.query(`SET ${setting} = off`)
      const seen = await ids(query)
      await client.query('RESET ALL')
      expect([settings, JSON.stringify(seen) === JSON.stringify(bySecret.slice(0, seen.length))]).toEqual([settings, given])
    }
    await client.query('CREATE INDEX kept_index ON public.kept (secret) INCLUDE (city, id)')
    await client.query('VACUUM public.kept')
    await expectOrder('SELECT id FROM public.kept WHERE city = \'c1\'', [], true)
    await expectOrder('SELECT id FROM public.kept WHERE city = \'c1\'', ['enable_indexonlyscan'], false)
    await client.query('DROP INDEX public.kept_index; CREATE INDEX ON public.kept (city, secret)')
    const ties = 'SELECT id FROM (SELECT id, city FROM public.kept WHERE city >= \'c1\' ORDER BY city LIMIT 20) s'
    await expectOrder(ties, ['enable_indexonlyscan'], true)
    await expectOrder(ties, ['enable_indexonlyscan', 'enable_indexscan'], false)
    await client.end()
    await server.query('DROP TABLE public.kept')
  })
})

test('the closure of a thousand partitions ends, and is quick', () => {
  const relations = new Map(catalog.relations)
  const visits = catalog.relationsByName.get('visits')![0]!
  for (let at = 0; at < 1_000; at++) relations.set(1_000_000 + at, { ...visits, oid: 1_000_000 + at, name: `part${at}`, parents: [at === 0 ? visits.oid : 1_000_000 + at - 1] })
  // A loop that no server makes.
  relations.set(visits.oid, { ...visits, parents: [1_000_999] })
  const started = process.hrtime.bigint()
  const found = protectedColumns({ ...catalog, relations }, clinicRules).protected
  expect(found.get(1_000_999)?.size).toBe(2)
  expect(Number(process.hrtime.bigint() - started) / 1e6).toBeLessThan(1_000)
})
