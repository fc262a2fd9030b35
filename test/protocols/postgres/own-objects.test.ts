// What a session makes and changes in a transaction that is still open: understood as what it is, by real servers, and no way around
// protection. Migrations as clients send them; attacks; races with other sessions.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { defaultFlows } from '../../../server/masking/postgres/judge.ts'
import type { Protection } from '../../../server/policy/protect.ts'
import { postgres } from '../../../server/protocols/postgres/index.ts'
import type { Protocol } from '../../../server/protocols/protocol.ts'
import { LeakScan } from '../../support/leak-scan.ts'
import * as m from '../../support/messages.ts'
import { TestPostgres } from '../../support/postgres.ts'
import { hasServer } from '../../support/postgres-server.ts'
import { frameTypes, rowsOf } from '../../support/trace.ts'
import { until } from '../../support/until.ts'
import { WireClient } from '../../support/wire.ts'
import { byExposure, ProtocolHarness } from '../harness.ts'

const secrets = ['123-45-6789', '987-65-4321']
const scan = new LeakScan(secrets)
const rule = { name: 'PHI', columns: ['public.patients.ssn', 'public.patients.email'], mask: 'redact', exempt: false } as const
/** So that what changes protected relations, and refers to them, runs, and is followed. */
const protection: Protection = { rules: [rule], flows: { ...defaultFlows, ddl: 'allow', other: 'allow' }, trust: [] }

const servers = [15, 18].filter((major) => hasServer({ major }))

test.skipIf(servers.length === 2)('both servers are here; without one of them its tests do not run', () => expect(servers.length).toBeGreaterThan(0))

describe.each(servers)('PostgreSQL %i', (major) => {
  let server: TestPostgres
  let protocol: Protocol
  let harness: ProtocolHarness
  let client: WireClient
  const asClinic = (sql: string) => server.query(sql, { database: 'clinic' })

  beforeAll(async () => {
    server = await TestPostgres.start({ major })
    await server.query('CREATE DATABASE clinic')
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    await asClinic(`DROP SCHEMA IF EXISTS other, first CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public;
      CREATE TABLE patients (id int PRIMARY KEY, name text NOT NULL, ssn text NOT NULL UNIQUE, email text, city text);
      INSERT INTO patients VALUES (1, 'Ada', '123-45-6789', 'x@example.com', 'London'), (2, 'Bob', '987-65-4321', NULL, 'Oslo');
      CREATE VIEW cities AS SELECT id, city FROM patients;
      CREATE SCHEMA first; CREATE TABLE first.notes (id int, body text); CREATE TABLE public.notes (id int, body text)`)
    protocol = postgres()
    harness = await ProtocolHarness.start(protocol, { address: server.address, user: server.superuser, password: server.password, database: 'clinic', protection })
    harness.gate = byExposure
    client = await WireClient.open(harness.to, { user: 'me', database: 'clinic' })
  })
  afterEach(async () => {
    client.destroy()
    await harness.stop()
    expect(scan.find(Buffer.concat(client.frames.map(({ bytes }) => bytes)))).toEqual([])
  })

  /** Each statement by itself; the rows of the last. */
  async function run(...statements: string[]): Promise<(string | null)[][]> {
    let rows: (string | null)[][] = []
    for (const sql of statements) {
      const answer = await client.ask(sql)
      expect({ sql, error: answer.error }).toEqual({ sql, error: undefined })
      rows = answer.rows
    }
    return rows
  }
  const refused = async (sql: string) => expect({ sql, error: (await client.ask(sql)).error }).toMatchObject({ sql, error: { C: '42501' } })

  describe('a migration', () => {
    test('makes a table, fills it, changes it and reads it before it commits', async () => {
      expect(await run(
        'BEGIN',
        'CREATE TABLE orders (id serial PRIMARY KEY, name varchar(50) NOT NULL DEFAULT \'\', made timestamptz NOT NULL DEFAULT now(), total numeric(10,2) CHECK (total >= 0))',
        'CREATE INDEX orders_name ON orders (name)',
        'CREATE UNIQUE INDEX orders_lower ON orders (lower(name)) WHERE total > 0',
        'INSERT INTO orders (name, total) VALUES (\'a\', 1), (\'b\', 2) RETURNING id',
        'ALTER TABLE orders ADD state text NOT NULL DEFAULT \'new\'',
        'ALTER TABLE orders ADD COLUMN twice numeric GENERATED ALWAYS AS (total * 2) STORED, ADD CONSTRAINT positive CHECK (twice >= 0)',
        'UPDATE orders SET state = \'old\' WHERE id = 1',
        'ALTER TABLE orders RENAME COLUMN state TO status',
        'SELECT o.name, o.status, o.twice, p.ssn FROM orders o JOIN patients p ON p.id = o.id ORDER BY o.id'
      )).toEqual([['a', 'old', '2.00', '***'], ['b', 'new', '4.00', '***']])
      expect(await run('ALTER TABLE orders RENAME TO purchases', 'SELECT count(*) FROM purchases', 'COMMIT', 'SELECT name FROM purchases WHERE id = 2')).toEqual([['b']])
    })

    test('with identity, foreign keys, an enumeration, a sequence, a partition and a view of its own', async () => {
      expect(await run(
        'BEGIN',
        'CREATE TYPE mood AS ENUM (\'fine\', \'poor\')',
        'CREATE SEQUENCE counter',
        'CREATE TABLE parents (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, mood mood DEFAULT \'fine\', n int DEFAULT nextval(\'counter\'))',
        'CREATE TABLE children (id bigint GENERATED ALWAYS AS IDENTITY, parent_id bigint REFERENCES parents (id) ON DELETE CASCADE, day date) PARTITION BY RANGE (day)',
        'CREATE TABLE children_2026 PARTITION OF children FOR VALUES FROM (\'2026-01-01\') TO (\'2027-01-01\')',
        'INSERT INTO parents (mood) VALUES (\'poor\')',
        'INSERT INTO children (parent_id, day) VALUES (1, \'2026-05-05\')',
        'CREATE VIEW families AS SELECT c.day, p.mood FROM children c JOIN parents p ON p.id = c.parent_id',
        'SELECT day, mood FROM families'
      )).toEqual([['2026-05-05', 'poor']])
      expect(await run('DELETE FROM parents', 'SELECT count(*) FROM children_2026', 'COMMIT')).toEqual([])
    })

    test('of existing tables', async () => {
      expect(await run(
        'BEGIN',
        'ALTER TABLE notes ADD COLUMN author int REFERENCES patients (id)',
        'INSERT INTO notes (id, body, author) VALUES (1, \'x\', 1)',
        'ALTER TABLE patients ADD COLUMN phone text NOT NULL DEFAULT \'\'',
        'UPDATE patients SET phone = \'5\' WHERE id = 1',
        'SELECT n.body, p.phone, p.ssn FROM notes n JOIN patients p ON p.id = n.author'
      )).toEqual([['x', '5', '***']])
    })

    test('through the extended protocol', async () => {
      await run('BEGIN')
      for (const sql of ['CREATE TABLE made (id serial PRIMARY KEY, v text DEFAULT \'d\')', 'INSERT INTO made DEFAULT VALUES']) {
        expect(frameTypes(await client.exchange([m.parse(sql), m.bind(), m.describePortal(), m.execute(), m.sync()]))).toBe('1 2 n C ZT')
      }
      const frames = await client.exchange([m.parse('SELECT id, v, (SELECT ssn FROM patients WHERE id = $1) FROM made'), m.bind({ parameters: ['1'] }), m.execute(), m.sync()])
      expect(rowsOf(frames)).toEqual([['1', 'd', '***']])
    })

    test('that is rolled back, in whole or to a savepoint, is forgotten', async () => {
      await run('BEGIN', 'CREATE TABLE kept (v text)', 'SAVEPOINT s', 'CREATE TABLE gone (v text)', 'ALTER TABLE kept ADD w text', 'SELECT v, w FROM kept, (SELECT 1 FROM gone) g', 'ROLLBACK TO s')
      await run('INSERT INTO kept VALUES (\'x\')')
      expect(await run('SELECT k.*, p.ssn FROM kept k JOIN patients p ON p.id = 1')).toEqual([['x', '***']])
      expect((await client.ask('SELECT * FROM gone')).error).toBeDefined()
      await run('ROLLBACK')
      expect((await client.ask('SELECT * FROM kept')).error).toBeDefined()
    })

    test('that failed half-way leaves nothing that is taken for real', async () => {
      await run('BEGIN', 'CREATE TABLE first.extra (ssn text)')
      expect((await client.ask('SELECT 1/0')).error).toMatchObject({ C: '22012' })
      await run('ROLLBACK')
      expect((await client.ask('SELECT * FROM first.extra')).error).toBeDefined()
      expect(await run('SELECT city FROM patients WHERE id = 1')).toEqual([['London']])
    })
  })

  describe('temporary relations', () => {
    test('with defaults, checks, identity, a view and a parent are known', async () => {
      expect(await run(
        'CREATE TEMP TABLE t (id serial PRIMARY KEY, v text NOT NULL DEFAULT \'d\' CHECK (v <> \'\'))',
        'CREATE TEMP TABLE heir (n int GENERATED ALWAYS AS IDENTITY) INHERITS (t)',
        'INSERT INTO heir DEFAULT VALUES',
        'CREATE TEMP VIEW tv AS SELECT t.id, p.name FROM t JOIN patients p ON p.id = t.id',
        'SELECT tv.name, t.v, p.ssn FROM t JOIN tv USING (id) JOIN patients p USING (id)'
      )).toEqual([['Ada', 'd', '***']])
    })

    test('made from something protected are protected', async () => {
      await refused('CREATE TEMP TABLE copied AS SELECT ssn FROM patients')
      await run('CREATE TEMP TABLE heir () INHERITS (patients)', 'INSERT INTO heir SELECT * FROM patients')
      expect(await run('SELECT ssn FROM heir WHERE id = 1')).toEqual([['***']])
      await run('ALTER TABLE heir NO INHERIT patients')
      expect(await run('SELECT ssn FROM heir WHERE id = 1')).toEqual([['***']])
    })

    test('hide nothing where the path looks into their schema last', async () => {
      await run('CREATE TEMP TABLE patients (id int, ssn text)', 'INSERT INTO patients VALUES (1, \'mine\')')
      expect(await run('SELECT ssn FROM patients')).toEqual([['mine']])
      await run('SET search_path TO public, pg_temp')
      expect(await run('SELECT ssn FROM patients WHERE id = 1')).toEqual([['***']])
      expect(await run('SELECT ssn FROM pg_temp.patients')).toEqual([['mine']])
    })

    test('are known in an isolated transaction, whose names others may change', async () => {
      await run('CREATE TEMP TABLE t (id serial, v text DEFAULT \'d\')', 'BEGIN ISOLATION LEVEL REPEATABLE READ', 'INSERT INTO t DEFAULT VALUES')
      await asClinic('ALTER TABLE patients RENAME city TO x; ALTER TABLE patients RENAME ssn TO city; ALTER TABLE patients RENAME x TO ssn')
      const { rows } = await client.ask('SELECT t.v, p.city FROM t JOIN patients p USING (id)')
      expect(rows.flat()).not.toContain('123-45-6789')
    })
  })

  describe('no way around protection', () => {
    test.each([
      ['a table that takes the name of another schema\'s is dropped', ['SET search_path TO first, public', 'CREATE TABLE first.patients (id int, ssn text)', 'BEGIN', 'DROP TABLE first.patients'], 'SELECT ssn FROM patients WHERE id = 1'],
      ['it is renamed', ['SET search_path TO first, public', 'CREATE TABLE first.patients (id int, ssn text)', 'BEGIN', 'ALTER TABLE first.patients RENAME TO p'], 'SELECT ssn FROM patients WHERE id = 1'],
      ['it is moved', ['SET search_path TO first, public', 'CREATE TABLE first.patients (id int, ssn text)', 'BEGIN', 'CREATE SCHEMA other', 'ALTER TABLE first.patients SET SCHEMA other'], 'SELECT ssn FROM patients WHERE id = 1'],
      ['it goes with its schema', ['SET search_path TO first, public', 'CREATE TABLE first.patients (id int, ssn text)', 'BEGIN', 'DROP SCHEMA first CASCADE', 'CREATE SCHEMA first'], 'SELECT ssn FROM patients WHERE id = 1'],
      ['the protected column is renamed', ['BEGIN', 'ALTER TABLE patients RENAME ssn TO s'], 'SELECT s FROM patients WHERE id = 1'],
      ['the names of two columns change places', ['BEGIN', 'ALTER TABLE patients RENAME city TO x', 'ALTER TABLE patients RENAME ssn TO city'], 'SELECT city FROM patients WHERE id = 1'],
      ['the table is renamed', ['BEGIN', 'ALTER TABLE patients RENAME TO people'], 'SELECT ssn FROM people WHERE id = 1'],
      ['the table is moved', ['BEGIN', 'ALTER TABLE patients SET SCHEMA first'], 'SELECT ssn FROM first.patients WHERE id = 1'],
      ['a view over it', ['BEGIN', 'CREATE VIEW v AS SELECT id, name FROM patients', 'ALTER TABLE patients RENAME ssn TO s'], 'SELECT p.s FROM patients p JOIN v USING (id) WHERE id = 1'],
      ['an heir', ['BEGIN', 'CREATE TABLE heir () INHERITS (patients)', 'INSERT INTO heir SELECT * FROM patients'], 'SELECT ssn FROM heir WHERE id = 1'],
      ['a foreign key', ['BEGIN', 'CREATE TABLE refers (p text REFERENCES patients (ssn))', 'INSERT INTO refers SELECT ssn FROM patients WHERE id = 1'], 'SELECT p FROM refers'],
      ['a foreign key that is dropped again', ['BEGIN', 'CREATE TABLE refers (p text CONSTRAINT k REFERENCES patients (ssn))', 'INSERT INTO refers SELECT ssn FROM patients WHERE id = 1', 'ALTER TABLE refers DROP CONSTRAINT k'], 'SELECT p FROM refers'],
      ['a generated column', ['BEGIN', 'ALTER TABLE patients ADD again text GENERATED ALWAYS AS (ssn || \'\') STORED'], 'SELECT again FROM patients WHERE id = 1'],
      ['a table that becomes a partition', ['BEGIN', 'CREATE TABLE whole (id int NOT NULL, name text NOT NULL, ssn text NOT NULL, email text, city text) PARTITION BY LIST (id)', 'ALTER TABLE whole ATTACH PARTITION patients DEFAULT'], 'SELECT ssn FROM whole WHERE id = 1']
    ])('%s', async (_, before, sql) => {
      await run(...before)
      const { rows, error } = await client.ask(sql)
      if (error === undefined) expect(rows).toEqual([['***']])
      else expect(error).toMatchObject({ C: '42501' })
      await run('ROLLBACK')
    })

    test('an existing view over columns whose names change places is read as it is now', async () => {
      await run('BEGIN', 'ALTER TABLE patients RENAME city TO x', 'ALTER TABLE patients RENAME ssn TO city', 'ALTER TABLE patients RENAME x TO town')
      expect(await run('SELECT city FROM cities WHERE id = 1')).toEqual([['London']])
      expect(await run('SELECT city FROM patients WHERE id = 1')).toEqual([['***']])
      await run('ALTER VIEW cities RENAME TO towns', 'CREATE VIEW cities AS SELECT id, name FROM patients')
      expect(await run('SELECT city FROM towns WHERE id = 2')).toEqual([['Oslo']])
    })

    test('a table with a look-alike name is what the path says, and the protected one still is', async () => {
      await run('BEGIN', 'CREATE TABLE first.patients (id int, ssn text)', 'INSERT INTO first.patients VALUES (1, \'mine\')', 'SET LOCAL search_path TO first, public')
      expect(await run('SELECT ssn FROM patients')).toEqual([['mine']])
      expect(await run('SELECT ssn FROM public.patients WHERE id = 1')).toEqual([['***']])
      await refused('INSERT INTO patients SELECT id, ssn FROM public.patients')
      await run('SET LOCAL search_path TO public, first')
      expect(await run('SELECT ssn FROM patients WHERE id = 1')).toEqual([['***']])
    })

    test('once a schema is renamed, names mean nothing until the end of the transaction', async () => {
      await run('CREATE TABLE first.patients (id int, ssn text)', 'SET search_path TO first, public', 'BEGIN', 'ALTER SCHEMA first RENAME TO other')
      await refused('CREATE SCHEMA first')
      await refused('SELECT ssn FROM patients')
      await run('ROLLBACK', 'SELECT ssn FROM patients')
    })

    test('in an isolated transaction, names mean nothing once it has changed what others may have changed, too', async () => {
      await run('BEGIN ISOLATION LEVEL REPEATABLE READ', 'SELECT id FROM notes')
      await asClinic('ALTER TABLE first.notes RENAME body TO b')
      await run('CREATE TABLE own (id serial)', 'INSERT INTO own DEFAULT VALUES', 'SELECT id FROM own')
      await run('ALTER TABLE notes ADD x text')
      await refused('SELECT id FROM notes')
      await run('ROLLBACK', 'SELECT id FROM notes')
    })

    test('what stands behind a change in one batch is not judged as if there were none', async () => {
      await refused('ALTER TABLE patients RENAME ssn TO s; SELECT s FROM patients')
      const frames = await client.exchange([
        m.parse('CREATE TABLE first.patients (id int, ssn text)'), m.bind(), m.execute(),
        m.parse('DROP TABLE first.patients'), m.bind(), m.execute(),
        m.parse('SELECT ssn FROM patients'), m.bind(), m.execute(), m.sync()
      ])
      expect(rowsOf(frames)).toEqual([])
    })
  })

  describe('meanwhile, another session', () => {
    test('renames columns of a table that this one has not locked', async () => {
      await run('BEGIN', 'CREATE TABLE mine (id serial, v text)', 'INSERT INTO mine (v) VALUES (\'x\')')
      await asClinic('ALTER TABLE patients RENAME city TO x; ALTER TABLE patients RENAME ssn TO city; ALTER TABLE patients RENAME x TO ssn')
      for (let at = 0; at < 3; at++) {
        const { rows } = await client.ask('SELECT mine.v, p.city FROM mine JOIN patients p USING (id)')
        expect(rows.flat()).not.toContain('123-45-6789')
      }
      await until('the change to be known', async () => (await client.ask('SELECT p.city FROM patients p WHERE id = 1')).rows[0]?.[0] === '***')
      expect(await run('SELECT mine.v, p.city FROM mine JOIN patients p USING (id)', 'COMMIT', 'SELECT v FROM mine')).toEqual([['x']])
    })

    test('waits for what this one has locked, and does not keep it waiting', async () => {
      await run('BEGIN', 'ALTER TABLE patients ADD x text')
      const other = asClinic('ALTER TABLE patients RENAME ssn TO s')
      await run('INSERT INTO notes VALUES (1, \'x\')')
      expect(await run('SELECT ssn FROM patients WHERE id = 1')).toEqual([['***']])
      await run('COMMIT')
      await other
      await until('the change to be known', async () => (await client.ask('SELECT s FROM patients WHERE id = 1')).rows[0]?.[0] === '***')
    })

    // Without Sync nothing is committed, though no transaction was ever announced.
    test.each([
      ['run long after it was bound', [], [m.execute()]],
      ['committed long after it was run', [m.execute()], []]
    ])('knows of a change that is %s', async (_, early, late) => {
      await asClinic(`CREATE SCHEMA other; CREATE VIEW other.shown AS SELECT ssn AS body FROM patients;
        CREATE TABLE public.shown (body text); INSERT INTO public.shown VALUES ('nothing')`)
      const look = 'SELECT body FROM shown'
      const second = await WireClient.open(harness.to, { user: 'me', database: 'clinic' })
      try {
        await second.ask('SET search_path TO first, public')
        await until('the view to be known', async () => (await second.ask('SELECT body FROM other.shown')).rows[0]?.[0] === '***')
        expect((await second.ask(look)).rows).toEqual([['nothing']])
        for (const message of [m.parse('ALTER VIEW other.shown SET SCHEMA first'), m.bind(), ...early, m.flush()]) client.send(message)
        await client.until(early.length === 0 ? '2' : 'C')
        for (let at = 0; at < 2; at++) expect((await second.ask('SELECT body FROM notes')).error).toBeUndefined()
        expect(frameTypes(await client.exchange([...late, m.sync()]))).toMatch(/ZI$/)
        const { rows, error } = await second.ask(look)
        expect(error?.C ?? rows).not.toEqual([['nothing']])
        expect(rows.flat()).not.toContain('123-45-6789')
      } finally {
        second.destroy()
      }
    })

    test('sees nothing of it, and is judged by what everybody sees', async () => {
      await run('BEGIN', 'ALTER TABLE patients RENAME city TO town', 'CREATE TABLE mine (v text)')
      const second = await WireClient.open(harness.to, { user: 'me', database: 'clinic' })
      try {
        expect((await second.ask('SELECT body FROM notes')).error).toBeUndefined()
        expect((await second.ask('SELECT v FROM mine')).error).toBeDefined()
      } finally {
        second.destroy()
      }
      await run('ROLLBACK')
    })
  })

  test('what the client has set and opened survives the gateway\'s questions', async () => {
    await run('SET lock_timeout TO \'7s\'', 'BEGIN', 'SET LOCAL statement_timeout TO \'9s\'', 'DECLARE c CURSOR FOR SELECT id, ssn FROM patients ORDER BY id', 'SAVEPOINT hoop', 'CREATE TABLE mine (v text)', 'SELECT v FROM mine')
    expect(await run('SHOW lock_timeout')).toEqual([['7s']])
    expect(await run('SHOW statement_timeout')).toEqual([['9s']])
    expect(await run('SHOW search_path')).toEqual([['"$user", public']])
    expect(await run('FETCH 1 FROM c')).toEqual([['1', '***']])
    await run('ROLLBACK TO hoop')
    expect((await client.ask('SELECT v FROM mine')).error).toBeDefined()
  })
})
