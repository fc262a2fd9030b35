// Protected columns on the wire: what comes back, in every form, from a real server; through a session whose gate is scripted.
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { defaultFlows } from '../../../server/masking/postgres/judge.ts'
import type { Protection } from '../../../server/policy/protect.ts'
import { postgres } from '../../../server/protocols/postgres/index.ts'
import type { Protocol } from '../../../server/protocols/protocol.ts'
import type { Exposure } from '../../../shared/model.ts'
import { LeakScan } from '../../support/leak-scan.ts'
import * as m from '../../support/messages.ts'
import { TestPostgres } from '../../support/postgres.ts'
import { frameTypes, rowsOf } from '../../support/trace.ts'
import { until } from '../../support/until.ts'
import { WireClient } from '../../support/wire.ts'
import { byExposure, ProtocolHarness } from '../harness.ts'

const secrets = ['123-45-6789', '987-65-4321', 'ada.lovelace@example.com']
const scan = new LeakScan(secrets)

const rule = { name: 'PHI', columns: ['public.patients.ssn', 'public.patients.email'], mask: 'redact', exempt: false } as const
const protection: Protection = { rules: [rule], flows: defaultFlows, trust: [] }

let server: TestPostgres
let protocol: Protocol
let harness: ProtocolHarness
let client: WireClient

const connect = () => WireClient.open(harness.to, { user: 'me', database: 'clinic' })
const start = (what: Protection = protection) => ProtocolHarness.start(protocol, {
  address: server.address,
  user: server.superuser,
  password: server.password,
  database: 'clinic',
  protection: what
})
const asClinic = (sql: string) => server.query(sql, { database: 'clinic' })

beforeAll(async () => {
  server = await TestPostgres.start()
  await server.query('CREATE DATABASE clinic')
})
afterAll(() => server.stop())
beforeEach(async () => {
  await asClinic(`DROP SCHEMA public CASCADE; CREATE SCHEMA public;
    CREATE TABLE patients (id int PRIMARY KEY, name text NOT NULL, ssn text NOT NULL UNIQUE, email text, city text);
    INSERT INTO patients VALUES (1, 'Ada', '123-45-6789', 'ada.lovelace@example.com', 'London'), (2, 'Bob', '987-65-4321', NULL, 'Oslo');
    CREATE VIEW people AS SELECT id, name, upper(email) AS contact FROM patients;
    CREATE TABLE notes (id int, body text); INSERT INTO notes VALUES (1, 'nothing')`)
  protocol = postgres()
  harness = await start()
  harness.gate = byExposure
  client = await connect()
})
afterEach(async () => {
  client.destroy()
  await harness.stop()
  expect(scan.find(Buffer.concat(client.frames.map(({ bytes }) => bytes)))).toEqual([])
})

const exposures = (): (Exposure | undefined)[] => harness.operations.map((operation) => 'exposure' in operation ? operation.exposure : undefined)

describe('a relation that is not there', () => {
  const missing = /42P01.*relation "nowhere" does not exist/

  test.each(['SELECT * FROM nowhere', 'INSERT INTO nowhere VALUES (1)', 'SELECT p.ssn FROM patients p JOIN nowhere n ON n.id = p.id', 'DELETE FROM nowhere'])('is told by the server itself, and nothing runs: %s', async (text) => {
    const { frames } = await client.ask(text)
    expect(frameTypes(frames)).toBe('E42P01 ZI')
    expect(frames[0]!.bytes.toString()).toMatch(missing)
    const step = harness.operations.map((operation) => operation.kind === 'statement' ? operation.step : '')
    expect(step).toEqual(['check'])
  })

  test('by the extended protocol, too, and a transaction fails by it as ever', async () => {
    await client.ask('BEGIN')
    const frames = await client.exchange([m.parse('SELECT * FROM nowhere WHERE id = $1', 'q'), m.bind({ statement: 'q', parameters: ['1'] }), m.execute(), m.sync()])
    expect(frameTypes(frames)).toBe('E42P01 ZE')
    expect(frames[0]!.bytes.toString()).toMatch(missing)
    await client.ask('ROLLBACK')
    expect((await client.ask('SELECT id FROM patients ORDER BY id')).rows).toEqual([['1'], ['2']])
  })

  test('that somebody has just made is refused until the catalog knows it, and never runs unjudged', async () => {
    await client.ask('SELECT 1')
    await asClinic('CREATE TABLE nowhere AS SELECT ssn AS id FROM patients')
    const first = await client.ask('SELECT id FROM nowhere')
    if (frameTypes(first.frames).startsWith('E')) expect(first.frames[0]!.bytes.toString()).toMatch(/42501.*is unknown to the gateway, and not to the server/)
    await until('the catalog to be read', async () => frameTypes((await client.ask('SELECT 1 FROM nowhere')).frames).startsWith('T '))
    await asClinic('DROP TABLE nowhere')
  })
})

describe('a masked result', () => {
  test('keeps its shape: the columns are there, their values are not', async () => {
    const { frames } = await client.ask('SELECT * FROM patients ORDER BY id')
    expect(frameTypes(frames)).toBe('T D D C ZI')
    expect(rowsOf(frames)).toEqual([['1', 'Ada', '***', '***', 'London'], ['2', 'Bob', '***', null, 'Oslo']])
    expect(exposures()).toMatchObject([{ action: 'allow', masked: ['public.patients.email', 'public.patients.ssn'] }])
  })

  test('of clean columns is not touched, and nothing is written of it', async () => {
    expect((await client.ask('SELECT id, name, city FROM patients ORDER BY id')).rows).toEqual([['1', 'Ada', 'London'], ['2', 'Bob', 'Oslo']])
    expect((await client.ask('SELECT body FROM notes')).rows).toEqual([['nothing']])
    expect(exposures()[1]).toBeUndefined()
  })

  test.each<[string, (string | null)[]]>([
    ['SELECT substr(ssn, 1, 9) FROM patients WHERE id = 1', ['***']],
    ['SELECT (SELECT ssn FROM patients WHERE id = 1)', ['***']],
    ['WITH p AS (SELECT * FROM patients) SELECT ssn FROM p WHERE id = 1', ['***']],
    ['SELECT contact FROM people WHERE id = 1', ['***']],
    ['SELECT ssn FROM patients WHERE id = 1 UNION ALL SELECT \'x\' WHERE false', ['***']],
    ['SELECT p FROM patients p WHERE id = 1', [null]],
    ['SELECT array[ssn] FROM patients WHERE id = 1', [null]],
    ['SELECT length(ssn) FROM patients WHERE id = 1', [null]],
    ['SELECT ssn = \'123-45-6789\' FROM patients WHERE id = 1', [null]]
  ])('%s', async (sql, expected) => {
    const { rows, error } = await client.ask(sql)
    expect(error).toBeUndefined()
    expect(rows).toEqual([expected])
  })

  test('in the extended protocol, text and binary, described or not, run again or not', async () => {
    for (const results of [[], [0], [1]]) {
      const frames = await client.exchange([m.parse('SELECT id, ssn FROM patients WHERE id = $1', 's'), m.bind({ statement: 's', parameters: ['1'], results }), m.execute(), m.sync()])
      expect(frameTypes(frames)).toBe('1 2 D C ZI')
      expect(rowsOf(frames)[0]![1]).toBe('***')
      await client.exchange([m.closeStatement('s'), m.sync()])
    }
    await client.exchange([m.parse('SELECT id, ssn FROM patients WHERE id = $1', 's'), m.sync()])
    for (const id of ['1', '2']) {
      const frames = await client.exchange([m.bind({ statement: 's', parameters: [id] }), m.describePortal(), m.execute(), m.sync()])
      expect(frameTypes(frames)).toBe('2 T D C ZI')
      expect(rowsOf(frames)).toEqual([[id, '***']])
    }
  })

  test('of a portal read in parts', async () => {
    await client.ask('BEGIN')
    const first = await client.exchange([m.parse('SELECT ssn FROM patients'), m.bind({ portal: 'p' }), m.execute('p', 1), m.sync()])
    const second = await client.exchange([m.execute('p', 1), m.sync()])
    expect([rowsOf(first), rowsOf(second)]).toEqual([[['***']], [['***']]])
  })

  test('of a cursor, and of a statement prepared in SQL', async () => {
    await client.ask('BEGIN')
    await client.ask('DECLARE c CURSOR FOR SELECT id, upper(ssn) FROM patients ORDER BY id')
    expect((await client.ask('FETCH 1 FROM c')).rows).toEqual([['1', '***']])
    await client.ask('COMMIT')
    await client.ask('PREPARE p AS SELECT id, ssn FROM patients WHERE id = $1')
    expect((await client.ask('EXECUTE p(2)')).rows).toEqual([['2', '***']])
  })

  test('of INSERT, UPDATE and DELETE with RETURNING', async () => {
    expect((await client.ask('UPDATE patients SET city = \'Paris\' WHERE id = 1 RETURNING id, ssn')).rows).toEqual([['1', '***']])
    expect((await client.ask('DELETE FROM patients WHERE id = 2 RETURNING *')).rows).toEqual([['2', 'Bob', '***', null, 'Oslo']])
  })

  test('of the row a cursor is at, and of MERGE, that change what they may', async () => {
    await client.ask('BEGIN')
    await client.ask('DECLARE c CURSOR FOR SELECT id FROM patients ORDER BY id')
    expect((await client.ask('UPDATE patients SET city = \'Paris\' WHERE CURRENT OF c')).error?.C).toBe('24000')
    await client.ask('ROLLBACK')
    await client.ask('BEGIN')
    await client.ask('DECLARE c CURSOR FOR SELECT id FROM patients')
    await client.ask('FETCH 1 FROM c')
    expect((await client.ask('UPDATE patients SET city = \'Paris\' WHERE CURRENT OF c RETURNING *')).rows).toEqual([['1', 'Ada', '***', '***', 'Paris']])
    await client.ask('COMMIT')
    const merge = 'MERGE INTO notes n USING patients p ON n.id = p.id WHEN MATCHED THEN UPDATE SET body = p.city WHEN NOT MATCHED THEN INSERT VALUES (p.id, p.name)'
    expect((await client.ask(merge)).error).toBeUndefined()
    expect((await client.ask('SELECT * FROM notes ORDER BY id')).rows).toEqual([['1', 'Paris'], ['2', 'Bob']])
  })

  test('of a cursor\'s row, by the cursor this session has: what was found for another session is not taken for it', async () => {
    const change = 'UPDATE notes SET body = \'x\' WHERE CURRENT OF c RETURNING *'
    const other = await connect()
    await client.ask('BEGIN')
    await client.ask('DECLARE c CURSOR FOR SELECT * FROM notes')
    await client.ask('FETCH 1 FROM c')
    expect((await client.ask(change)).rows).toEqual([['1', 'x']])
    await client.ask('ROLLBACK')
    expect((await other.ask(change)).error).toMatchObject({ C: '42501', M: expect.stringMatching(/cursor c/) as string })
    other.destroy()
  })

  test('of MERGE with RETURNING and of JSON_TABLE, which PostgreSQL 17 has', async () => {
    const newer = await TestPostgres.start({ server: 'embedded' })
    try {
      await newer.query('CREATE DATABASE clinic')
      await newer.query(`CREATE TABLE patients (id int PRIMARY KEY, ssn text, email text); INSERT INTO patients VALUES (1, '123-45-6789');
        CREATE TABLE notes (id int, body text); INSERT INTO notes VALUES (1, 'nothing'), (3, 'more')`, { database: 'clinic' })
      const there = await ProtocolHarness.start(protocol, { address: newer.address, user: newer.superuser, password: newer.password, database: 'clinic', protection })
      const to = await WireClient.open(there.to, { user: 'me', database: 'clinic' })
      const merge = `MERGE INTO notes n USING patients p ON n.id = p.id WHEN MATCHED THEN UPDATE SET body = 'x' WHEN NOT MATCHED BY SOURCE THEN DELETE`
      expect((await to.ask(`${merge} RETURNING merge_action(), *`)).rows).toEqual([['UPDATE', '1', '***', null, '1', 'x'], ['DELETE', null, null, null, '3', 'more']])
      expect((await to.ask('SELECT * FROM json_table(\'[1, 2]\', \'$[*]\' COLUMNS (a int PATH \'$\'))')).rows).toEqual([['1'], ['2']])
      expect(scan.find(Buffer.concat(to.frames.map(({ bytes }) => bytes)))).toEqual([])
      to.destroy()
      await there.stop()
    } finally {
      await newer.stop()
    }
  })

  test.each([
    ['COPY patients TO STDOUT', '1\tAda\t***\t***\tLondon\n'],
    ['COPY (SELECT ssn, id FROM patients ORDER BY id) TO STDOUT (FORMAT csv)', '***,1\n']
  ])('of %s', async (sql, first) => {
    const { frames } = await client.ask(sql)
    expect(frames.find(({ type }) => type === 'd')?.body.toString()).toBe(first)
  })
})

describe('what a client has been shown', () => {
  const shown = () => ({ ...harness.introduced.at(-1)!.shown })

  test('is counted row by row, with the cells that were masked, in either protocol and by COPY', async () => {
    await client.ask('SELECT id, ssn, email FROM patients')
    expect(shown()).toEqual({ rows: 2, maskedCells: 4 })
    await client.ask('SELECT id FROM patients')
    expect(shown()).toEqual({ rows: 4, maskedCells: 4 })
    await client.exchange([m.parse('SELECT ssn FROM patients', 's'), m.bind({ statement: 's' }), m.execute(), m.sync()])
    await client.exchange([m.bind({ statement: 's' }), m.execute(), m.sync()])
    expect(shown()).toEqual({ rows: 8, maskedCells: 8 })
    await client.ask('COPY patients (id, ssn) TO STDOUT')
    expect(shown()).toEqual({ rows: 10, maskedCells: 10 })
    await client.ask('SELECT * FROM notes')
    expect(shown()).toEqual({ rows: 11, maskedCells: 10 })
  })

  test('is neither what the gateway asks for itself nor what was refused', async () => {
    await client.ask('BEGIN')
    await client.ask('CREATE TABLE mine (id int)')
    await client.ask('SELECT id FROM patients WHERE ssn = \'1\'')
    expect(shown()).toEqual({ rows: 0, maskedCells: 0 })
  })
})

describe('a portal that names something', () => {
  const swaps = [
    ['FETCH 1 FROM c', ['DECLARE c CURSOR FOR SELECT name FROM patients'], ['CLOSE c', 'DECLARE c CURSOR FOR SELECT ssn FROM patients']],
    ['EXECUTE q', ['PREPARE q AS SELECT name FROM patients'], ['DEALLOCATE q', 'PREPARE q AS SELECT ssn FROM patients']]
  ] as const

  test.each(swaps)('%s is not run once that may be something else than when it was bound', async (sql, before, after) => {
    for (const text of ['BEGIN', ...before]) await client.ask(text)
    await client.exchange([m.parse(sql, 's'), m.bind({ statement: 's', portal: 'p' }), m.sync()])
    for (const text of after) expect((await client.ask(text)).error).toBeUndefined()
    expect(frameTypes(await client.exchange([m.execute('p'), m.sync()]))).toBe('E42501 ZT')
  })

  test.each(swaps)('%s, likewise within one batch', async (sql, before, after) => {
    for (const text of ['BEGIN', ...before]) await client.ask(text)
    const between = after.flatMap((text) => [m.parse(text), m.bind(), m.execute()])
    const frames = await client.exchange([m.parse(sql, 's'), m.bind({ statement: 's', portal: 'p' }), ...between, m.execute('p'), m.sync()])
    expect(frameTypes(frames)).toContain('E42501')
  })

  test.each(swaps)('%s runs where it is bound and run together', async (sql, before) => {
    for (const text of ['BEGIN', ...before]) await client.ask(text)
    const frames = await client.exchange([m.parse(sql), m.bind(), m.execute(), m.sync()])
    expect(rowsOf(frames)[0]).toEqual(['Ada'])
  })

  test('FETCH from a portal that has the name of a cursor there was does not take it for that', async () => {
    for (const text of ['BEGIN', 'DECLARE c CURSOR FOR SELECT name FROM patients', 'CLOSE c']) await client.ask(text)
    await client.exchange([m.parse('SELECT ssn FROM patients', 's'), m.bind({ statement: 's', portal: 'c' }), m.sync()])
    expect((await client.ask('FETCH 1 FROM c')).error?.C).toBe('42501')
  })

  test('nor in the batch in which that portal is bound', async () => {
    for (const text of ['BEGIN', 'DECLARE c CURSOR FOR SELECT name FROM patients', 'CLOSE c']) await client.ask(text)
    const fetch = [m.parse('FETCH 1 FROM c'), m.bind(), m.execute()]
    const frames = await client.exchange([m.parse('SELECT ssn FROM patients', 's'), m.bind({ statement: 's', portal: 'c' }), ...fetch, m.sync()])
    expect(frameTypes(frames)).toContain('E42501')
  })
})

describe('what may not run', () => {
  test.each<[string, RegExp]>([
    ['SELECT id FROM patients WHERE ssn LIKE \'123%\'', /ssn/],
    ['SELECT city FROM patients ORDER BY ssn', /ssn/],
    ['SELECT count(*) FROM patients GROUP BY email', /email/],
    ['SELECT ssn::int FROM patients', /ssn/],
    ['CREATE TABLE copied AS SELECT ssn FROM patients', /ssn/],
    ['INSERT INTO notes SELECT id, ssn FROM patients', /ssn/],
    ['UPDATE patients SET city = ssn', /ssn/],
    ['MERGE INTO notes n USING patients p ON n.id = p.id WHEN MATCHED THEN UPDATE SET body = p.ssn', /ssn/],
    ['MERGE INTO notes n USING patients p ON n.body = p.ssn WHEN MATCHED THEN DELETE', /ssn/],
    ['DELETE FROM patients WHERE CURRENT OF c', /cursor c/],
    ['SELECT query_to_xml(\'select ssn from patients\', true, true, \'\')', /query_to_xml/],
    ['DO $$ BEGIN RAISE NOTICE \'%\', (SELECT ssn FROM patients LIMIT 1); END $$', /./],
    ['SELECT id FROM patients; SELECT ssn FROM patients', /one by one/]
  ])('%s', async (sql, reason) => {
    const { error, rows } = await client.ask(sql)
    expect(error).toMatchObject({ C: '42501', M: expect.stringMatching(reason) as string })
    expect(rows).toEqual([])
    expect((await client.ask('SELECT 1')).rows).toEqual([['1']])
  })
})

describe('errors', () => {
  test('of a statement that reaches a protected column say the condition and no value', async () => {
    const { error } = await client.ask('INSERT INTO patients VALUES (3, \'Eve\', \'123-45-6789\', NULL, NULL)')
    expect(error).toMatchObject({ C: '23505', M: 'unique_violation', t: 'patients', n: 'patients_ssn_key' })
    expect(error).not.toHaveProperty('D')
  })
  test('of others pass as they are', async () => {
    expect((await client.ask('SELECT 1/0')).error).toMatchObject({ C: '22012', M: 'division by zero' })
  })
  test('in a description are the client\'s own, and the session lives on', async () => {
    const { error, frames } = await client.ask('SELECT ssn, nothing_like_it FROM patients')
    expect(frameTypes(frames)).toMatch(/^E\w{5} ZI$/)
    expect(error!.C).toMatch(/42703|42501/)
    expect((await client.ask('SELECT 1')).rows).toEqual([['1']])
  })
})

describe('a race', () => {
  test('two columns swapped by name under a prepared plain SELECT: never a raw byte', async () => {
    await client.exchange([m.parse('SELECT id, city FROM patients ORDER BY id', 's'), m.sync()])
    await asClinic('ALTER TABLE patients RENAME city TO t; ALTER TABLE patients RENAME ssn TO city; ALTER TABLE patients RENAME t TO ssn')
    const frames = await client.exchange([m.bind({ statement: 's' }), m.execute(), m.sync()])
    expect(rowsOf(frames).flat().join(' ')).not.toMatch(/\d{3}-\d\d-\d{4}/)
  })

  test('swapped again and again while it is run: masked, refused, or the clean column; never a raw byte', async () => {
    let going = true
    const swapping = (async () => {
      for (let i = 0; going; i++) {
        const [from, to] = i % 2 === 0 ? ['city', 'ssn'] : ['ssn', 'city']
        await asClinic(`BEGIN; ALTER TABLE patients RENAME ${from} TO t; ALTER TABLE patients RENAME ${to} TO ${from}; ALTER TABLE patients RENAME t TO ${to}; COMMIT`).catch(() => undefined)
      }
    })()
    try {
      for (let i = 0; i < 25; i++) {
        const { rows } = await client.ask('SELECT id, city FROM patients ORDER BY id')
        expect(rows.flat().join(' ')).not.toMatch(/\d{3}-\d\d-\d{4}/)
      }
    } finally {
      going = false
      await swapping
    }
    await until('an answer, once it has stopped', async () => (await client.ask('SELECT id, name FROM patients')).rows.length === 2)
  }, 60_000)

  test.each([
    'SET search_path TO other; SELECT v FROM t',
    'CREATE VIEW v2 AS SELECT id FROM patients; SELECT id FROM v2',
    'RESET ALL; SELECT city FROM patients',
    'COMMIT; SELECT city FROM patients'
  ])('nothing behind what changes names in one string is judged as if it had not: %s', async (sql) => {
    expect((await client.ask(sql)).error).toMatchObject({ C: '42501' })
  })

  test('settings and schema changes by the extended protocol are not taken for something else', async () => {
    for (const sql of ['SET search_path TO public', 'CREATE TABLE made (id int)', 'RESET search_path']) {
      expect(frameTypes(await client.exchange([m.parse(sql), m.bind(), m.describePortal(), m.execute(), m.sync()]))).toBe('1 2 n C ZI')
    }
    expect((await client.ask('SELECT id FROM made')).rows).toEqual([])
    client.send(m.parse('SET search_path TO public'), m.bind(), m.execute(), m.flush())
    await client.until('C')
    expect(frameTypes(await client.exchange([m.parse('SELECT id FROM patients'), m.bind(), m.execute(), m.sync()]))).toBe('E42501 ZI')
  })

  test('temporary tables of the session are known, until they are gone; nothing protected gets into them', async () => {
    await client.ask('CREATE TEMP TABLE scratch (id int, what text)')
    await client.ask('INSERT INTO scratch VALUES (1, \'mine\')')
    expect((await client.ask('SELECT s.what, p.ssn FROM scratch s JOIN patients p USING (id)')).rows).toEqual([['mine', '***']])
    expect((await client.ask('INSERT INTO scratch SELECT id, ssn FROM patients')).error).toMatchObject({ C: '42501' })
    expect((await client.ask('CREATE TEMP TABLE copied AS SELECT ssn FROM patients')).error).toMatchObject({ C: '42501' })
    await client.ask('BEGIN')
    await client.ask('CREATE TEMP TABLE mine AS SELECT id, city FROM patients')
    expect((await client.ask('SELECT city FROM mine WHERE id = 1')).rows).toEqual([['London']])
    await client.ask('ROLLBACK')
    expect((await client.ask('SELECT city FROM mine')).error).toBeDefined()
  })

  test('one table is altered several times in one string, and nothing else is done in it', async () => {
    const altered = await client.ask('ALTER TABLE notes ALTER body SET NOT NULL; ALTER TABLE notes ALTER body SET DEFAULT \'x\'; ALTER TABLE notes ADD UNIQUE (body); ALTER TABLE notes ALTER body TYPE varchar(80)')
    expect(frameTypes(altered.frames)).toBe('C C C C ZI')
    for (const after of [
      'SELECT body FROM notes',
      'ALTER TABLE people ALTER id SET DEFAULT 1',
      'ALTER TABLE patients ALTER ssn DROP NOT NULL',
      'ALTER TABLE notes RENAME id TO n; ALTER TABLE notes ALTER n SET DEFAULT 1',
      'ALTER TABLE notes ADD COLUMN n int DEFAULT 1; ALTER TABLE notes ALTER n SET DEFAULT 1'
    ]) {
      expect((await client.ask(`ALTER TABLE notes ALTER body SET NOT NULL; ${after}`)).error?.C, after).toBe('42501')
    }
    // Evaluated for every row, which moves the name of the second.
    await asClinic('CREATE SCHEMA other; CREATE TABLE other.notes (id int, body text)')
    const moved = await client.ask('ALTER TABLE notes ALTER body TYPE text USING set_config(\'search_path\', \'other\', false); ALTER TABLE notes ALTER body SET DEFAULT \'y\'')
    expect(moved.error?.C).toBe('42501')
    await asClinic('DROP SCHEMA other CASCADE')
  })

  test('a search path that was moved is known before the next statement', async () => {
    await asClinic('CREATE SCHEMA other; CREATE TABLE other.notes (id int, body text); INSERT INTO other.notes VALUES (1, \'other\')')
    await asClinic('CREATE VIEW other.shown AS SELECT ssn AS body FROM public.patients; CREATE TABLE public.shown (body text)')
    await until('the catalog to be known', async () => (await client.ask('SELECT body FROM shown')).error === undefined)
    await client.ask('SET search_path TO other, public')
    expect((await client.ask('SELECT body FROM notes')).rows).toEqual([['other']])
    expect((await client.ask('SELECT body FROM shown')).rows).toEqual([['***'], ['***']])
    await asClinic('DROP SCHEMA other CASCADE')
  })

  test('a view replaced by another session between two statements', async () => {
    await asClinic('CREATE VIEW cities AS SELECT id, city AS what FROM patients')
    await until('the view to be known', async () => (await client.ask('SELECT what FROM cities WHERE id = 1')).rows[0]?.[0] === 'London')
    await asClinic('CREATE OR REPLACE VIEW cities AS SELECT id, ssn AS what FROM patients')
    expect((await client.ask('SELECT what FROM cities WHERE id = 1')).rows.flat().join(' ')).not.toMatch(/123/)
  })
})

test('an exemption shows the values, and says so', async () => {
  const other = await start({ ...protection, rules: [{ ...rule, exempt: true }] })
  const wire = await WireClient.open(other.to, { user: 'me', database: 'clinic' })
  expect((await wire.ask('SELECT ssn FROM patients WHERE id = 1')).rows).toEqual([['123-45-6789']])
  expect(other.operations).toMatchObject([{ exposure: { clear: [{ rule: 'PHI', columns: ['public.patients.ssn'] }], masked: [] } }])
  wire.destroy()
  await other.stop()
})

describe('an exemption that has ended', () => {
  const clear: Protection = { ...protection, rules: [{ ...rule, exempt: true }] }
  const masked = ['1', '***']
  const shown = ['1', '123-45-6789']
  let exempt: ProtocolHarness
  let wire: WireClient
  beforeEach(async () => {
    exempt = await start(clear)
    exempt.gate = harness.gate
    wire = await WireClient.open(exempt.to, { user: 'me', database: 'clinic' })
  })
  afterEach(async () => {
    wire.destroy()
    await exempt.stop()
  })
  const end = () => { exempt.protection = { ...protection } }
  const one = 'SELECT id, ssn FROM patients WHERE id = 1'
  const clearOf = () => exempt.operations.map((operation) => 'exposure' in operation ? (operation.exposure?.clear ?? []).length : 0)

  test('masks the next statement, prepared ones and those of SQL, described before or not', async () => {
    await wire.exchange([m.parse(one, 's'), m.describeStatement('s'), m.sync()])
    await wire.ask(`PREPARE p AS ${one}`)
    expect((await wire.ask('EXECUTE p')).rows).toEqual([shown])
    expect(rowsOf(await wire.exchange([m.bind({ statement: 's' }), m.execute(), m.sync()]))).toEqual([shown])
    end()
    expect((await wire.ask(one)).rows).toEqual([masked])
    expect((await wire.ask('EXECUTE p')).rows).toEqual([masked])
    expect(rowsOf(await wire.exchange([m.bind({ statement: 's' }), m.execute(), m.sync()]))).toEqual([masked])
    expect((await wire.ask('COPY (SELECT ssn FROM patients) TO STDOUT')).frames.filter(({ type }) => type === 'd').map(({ body }) => body.toString())).toEqual(['***\n', '***\n'])
    expect(clearOf().slice(-4)).toEqual([0, 0, 0, 0])
  })

  test('masks the rest of a portal, which was bound and described while it held, and of a cursor', async () => {
    const both = 'SELECT id, ssn FROM patients ORDER BY id'
    await wire.ask('BEGIN')
    await wire.ask(`DECLARE c CURSOR FOR ${both}`)
    const first = await wire.exchange([m.parse(both), m.bind({ portal: 'p' }), m.describePortal('p'), m.execute('p', 1), m.sync()])
    expect(rowsOf(first)).toEqual([shown])
    expect((await wire.ask('FETCH 1 FROM c')).rows).toEqual([shown])
    end()
    const second = await wire.exchange([m.execute('p', 1), m.sync()])
    expect(frameTypes(second)).toBe('D s ZT')
    expect(rowsOf(second)).toEqual([['2', '***']])
    expect((await wire.ask('FETCH 1 FROM c')).rows).toEqual([['2', '***']])
    expect(frameTypes(await wire.exchange([m.execute('p', 1), m.sync()]))).toBe('C ZT')
  })

  test('judges a portal by what it was bound to, whatever its names mean by now', async () => {
    await wire.ask('CREATE TEMP TABLE decoy (id int, ssn text)')
    await wire.ask('BEGIN')
    await wire.exchange([m.parse('SELECT substr(ssn, 1, 9) FROM patients ORDER BY id'), m.bind({ portal: 'p' }), m.execute('p', 1), m.sync()])
    await wire.ask('ALTER TABLE decoy RENAME TO patients')
    end()
    expect(rowsOf(await wire.exchange([m.execute('p'), m.sync()]))).toEqual([['***']])
    await wire.ask('ROLLBACK')
  })

  test('refuses a portal, and a cursor, whose columns had another protection', async () => {
    await wire.ask('DECLARE c CURSOR WITH HOLD FOR SELECT upper(city) FROM patients ORDER BY id')
    expect((await wire.ask('FETCH 1 FROM c')).rows).toEqual([['LONDON']])
    await wire.ask('BEGIN')
    await wire.exchange([m.parse('SELECT city FROM patients ORDER BY id'), m.bind({ portal: 'p' }), m.execute('p', 1), m.sync()])
    exempt.protection = { ...protection, rules: [{ ...rule, columns: ['public.patients.city'] }] }
    expect(frameTypes(await wire.exchange([m.execute('p'), m.sync()]))).toMatch(/^E42501 Z/)
    expect((await wire.ask('ROLLBACK')).error).toBeUndefined()
    expect(await wire.ask('FETCH 1 FROM c')).toMatchObject({ rows: [], error: { C: '42501' } })
  })

  test('while a statement waits for its permit: it is judged again, and the first permit comes to nothing', async () => {
    exempt.gate = () => {
      if (exempt.asked.length === 1) end()
      return undefined
    }
    expect((await wire.ask(one)).rows).toEqual([masked])
    expect(exempt.settled.map(({ outcome }) => outcome.status)).toEqual(['cancelled', 'ok'])
    expect(clearOf()).toEqual([1, 0])
  })

  test('while the server describes a statement: nothing of it runs, and the client may ask again', async () => {
    expect((await wire.ask(one)).rows).toEqual([shown])
    const locker = new pg.Client(server.url('clinic'))
    await locker.connect()
    await locker.query('BEGIN; LOCK TABLE patients IN ACCESS EXCLUSIVE MODE')
    wire.send(m.query(one))
    await until('the description to wait', async () => (await asClinic('SELECT 1 FROM pg_locks WHERE NOT granted')).length > 0)
    end()
    await locker.query('COMMIT')
    await locker.end()
    const frames = await wire.until('Z')
    expect(frames.filter(({ type }) => type === 'D')).toEqual([])
    expect(frameTypes(frames)).toBe('E57014 ZI')
    expect((await wire.ask(one)).rows).toEqual([masked])
  })

  test('shows an empty statement, and one of clean columns, as ever', async () => {
    await wire.ask('BEGIN')
    await wire.exchange([m.parse('', 'nothing'), m.bind({ statement: 'nothing', portal: 'n' }), m.parse('SELECT id FROM patients ORDER BY id'), m.bind({ portal: 'p' }), m.execute('p', 1), m.sync()])
    end()
    expect(frameTypes(await wire.exchange([m.execute('n'), m.execute('p', 1), m.sync()]))).toBe('I D s ZT')
  })
})

test('a server without a catalog to read shows nothing', async () => {
  await asClinic('REVOKE SELECT ON pg_catalog.pg_class FROM PUBLIC')
  const app = await ProtocolHarness.start(postgres(), { address: server.address, user: 'nobody_special', password: 'x', database: 'clinic', protection })
  await asClinic('CREATE ROLE nobody_special LOGIN PASSWORD \'x\'; GRANT SELECT ON patients TO nobody_special')
  const wire = await WireClient.open(app.to, { user: 'me', database: 'clinic' })
  wire.send(m.query('SELECT ssn FROM patients'))
  const frames = await wire.until('E')
  expect(frames.filter(({ type }) => type === 'D')).toEqual([])
  wire.destroy()
  await app.stop()
  await asClinic('GRANT SELECT ON pg_catalog.pg_class TO PUBLIC; DROP OWNED BY nobody_special; DROP ROLE nobody_special')
})
