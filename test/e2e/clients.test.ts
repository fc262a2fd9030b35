// The clients people have, through the local port as `hoop connect` opens it: psql, pgbench, node-postgres, postgres.js, psycopg.
import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import postgresJs from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestGateway } from '../support/gateway.ts'
import { Kept } from '../support/kept.ts'
import type { TestPort } from '../support/person.ts'
import { TestPostgres } from '../support/postgres.ts'
import { until } from '../support/until.ts'

const run = promisify(execFile)

let postgres: TestPostgres
let gateway: TestGateway
let local: TestPort
let folder: string

/** No password: the port is open to its owner alone, and the credential stays at the gateway. */
const through = () => ({ host: local.host, port: local.port, user: 'whoever', database: 'clinic' })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-clients-'))
  postgres = await TestPostgres.start()
  await postgres.query('CREATE ROLE hoop_app LOGIN PASSWORD \'app-password\'')
  await postgres.query('CREATE ROLE direct_client LOGIN PASSWORD \'direct-password\' IN ROLE hoop_app')
  await postgres.query('CREATE DATABASE clinic OWNER hoop_app')
  await postgres.query(`SET ROLE hoop_app;
    CREATE TABLE patients (id int PRIMARY KEY, name text NOT NULL, born date, note text DEFAULT 'ąę');
    COMMENT ON TABLE patients IS 'people';
    CREATE INDEX ON patients (name);
    CREATE VIEW names AS SELECT name FROM patients;
    CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2';
    INSERT INTO patients SELECT n, 'patient ' || n, date '1980-01-01' + n FROM generate_series(1, 500) n`, { database: 'clinic' })
  gateway = await TestGateway.start({
    targets: { 'prod-db': { address: postgres.address, database: 'clinic', credential: { user: 'hoop_app', password: 'app-password' } } }
  })
  local = await gateway.openPort('alice', 'prod-db')
})
afterAll(async () => {
  await gateway?.stop()
  await postgres?.stop()
  await rm(folder, { recursive: true, force: true })
})

function environment({ host, port, user, database }: { host: string, port: number, user: string, database: string }, password?: string) {
  return {
    ...process.env,
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGDATABASE: database,
    PGAPPNAME: 'client',
    ...(password === undefined ? {} : { PGPASSWORD: password })
  }
}
const direct = () => environment({ host: '127.0.0.1', port: postgres.port, user: 'direct_client', database: 'clinic' }, 'direct-password')

interface Finished { readonly code: number, readonly stdout: string, readonly stderr: string }

async function psql(args: readonly string[], env: NodeJS.ProcessEnv = environment(through())): Promise<Finished> {
  return run('psql', ['-X', ...args], { env }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number, stdout: string, stderr: string }) => ({ code: error.code, stdout: error.stdout, stderr: error.stderr })
  )
}

describe('psql', () => {
  test('an error is the server\'s own, with exit code 1, and 3 in a script', async () => {
    const failed = await psql(['-c', 'SELECT no_such FROM patients'])
    expect(failed).toEqual(await psql(['-c', 'SELECT no_such FROM patients'], direct()))
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('column "no_such" does not exist') as string })
    const script = join(folder, 'script.sql')
    await writeFile(script, 'SELECT 1;\nSELECT 1 / 0;\nSELECT 2;\n')
    expect(await psql(['-v', 'ON_ERROR_STOP=1', '-f', script])).toMatchObject({ code: 3, stderr: expect.stringContaining('division by zero') as string })
  })

  test.each([
    '\\d',
    '\\d+',
    '\\d patients',
    '\\d+ names',
    '\\dt+',
    '\\di',
    '\\dv',
    '\\df+',
    '\\dn+',
    '\\du',
    '\\l',
    '\\dT',
    '\\dp',
    '\\dx',
    '\\sf twice',
    '\\sv names',
    'TABLE names LIMIT 3;',
    '\\x \\\\ SELECT * FROM patients LIMIT 2;',
    'SELECT 1 AS one \\gdesc',
    'SELECT * FROM patients ORDER BY id \\g (format=csv)',
    'SELECT 1; SELECT 2\\; SELECT 3;',
    '\\set FETCH_COUNT 100\nSELECT * FROM patients ORDER BY id;',
    '\\echo :SERVER_VERSION_NUM :ENCODING'
  ])('%s shows what it shows direct', async (command) => {
    const script = join(folder, 'command.sql')
    await writeFile(script, `${command}\n`)
    const shown = await psql(['-v', 'ON_ERROR_STOP=1', '-f', script], direct())
    expect(shown.stdout).not.toBe('')
    expect(await psql(['-v', 'ON_ERROR_STOP=1', '-f', script])).toEqual(shown)
  })

  test('\\copy brings rows out and in again, as they were', async () => {
    const [out, back] = [join(folder, 'out.csv'), join(folder, 'back.csv')]
    expect(await psql(['-c', `\\copy (SELECT * FROM patients ORDER BY id) TO '${out}' CSV HEADER`])).toMatchObject({ code: 0, stdout: 'COPY 500\n' })
    expect(await psql(['-c', 'CREATE TABLE copied (LIKE patients)', '-c', `\\copy copied FROM '${out}' CSV HEADER`, '-c', `\\copy (SELECT * FROM copied ORDER BY id) TO '${back}' CSV HEADER`])).toMatchObject({ code: 0 })
    expect(await readFile(back, 'utf8')).toBe(await readFile(out, 'utf8'))
    expect((await readFile(out, 'utf8')).split('\n')).toHaveLength(502)
  })

  test('Ctrl-C cancels the statement upstream, and nothing else', async () => {
    const running = () => postgres.query('SELECT pid FROM pg_stat_activity WHERE query LIKE \'SELECT pg_sleep(60)%\' AND state = \'active\'')
    const [sleeper, bystander] = ['first', 'second'].map((name) =>
      new Kept('psql', ['-X', '-c', `SELECT pg_sleep(60), '${name}'`], { env: environment(through()) }))
    await until('both to run', async () => (await running()).length === 2)
    sleeper!.signal('INT')
    expect(await sleeper!.exited).toBe(1)
    expect(sleeper!.stderr).toContain('canceling statement due to user request')
    const left = await postgres.query('SELECT query FROM pg_stat_activity WHERE query LIKE \'SELECT pg_sleep(60)%\' AND state = \'active\'')
    expect(left).toEqual([{ query: 'SELECT pg_sleep(60), \'second\'' }])
    bystander!.signal('INT')
    expect(await bystander!.exited).toBe(1)
  })
})

describe('pgbench', () => {
  beforeAll(async () => {
    const { stderr } = await run('pgbench', ['-i', '-q', '-s', '1'], { env: environment(through()) })
    expect(stderr).toContain('done')
  })

  test.each(['simple', 'extended', 'prepared'])('the TPC-B script and reads, %s, by eight clients', async (mode) => {
    for (const script of [[], ['-S']]) {
      const { stdout } = await run('pgbench', [...script, '-n', '-M', mode, '-c', '8', '-j', '2', '-t', '40'], { env: environment(through()) })
      expect(stdout).toContain('number of transactions actually processed: 320/320')
      expect(stdout).toContain('number of failed transactions: 0')
    }
    // Every transfer stands in three places, or is lost in one.
    const [sums] = await postgres.query('SELECT (SELECT sum(abalance) FROM pgbench_accounts) = (SELECT sum(delta) FROM pgbench_history) AS same', { database: 'clinic' })
    expect(sums).toEqual({ same: true })
  })
})

describe('node-postgres', () => {
  test('a pool runs many at once, and a failed one harms nobody', async () => {
    const pool = new pg.Pool({ ...through(), max: 6 })
    const answers = await Promise.allSettled(Array.from({ length: 120 }, (_, n) =>
      pool.query<{ n: number }>(n % 10 === 3 ? 'SELECT 1 / 0' : 'SELECT $1::int AS n', n % 10 === 3 ? [] : [n])))
    answers.forEach((answer, n) => {
      if (n % 10 === 3) expect(answer).toMatchObject({ status: 'rejected', reason: { code: '22012' } })
      else expect(answer).toMatchObject({ status: 'fulfilled', value: { rows: [{ n }] } })
    })
    await pool.end()
  })

  test('named statements, row by row, in transactions, with notifications', async () => {
    const client = new pg.Client(through())
    await client.connect()
    for (const id of [1, 2, 500]) {
      const { rows } = await client.query('SELECT name FROM patients WHERE id = $1', [id])
      expect(rows).toEqual([{ name: `patient ${id}` }])
      expect((await client.query({ name: 'by id', text: 'SELECT name FROM patients WHERE id = $1', values: [id] })).rows).toEqual(rows)
    }
    // Fetched in portions of 100 by Execute with a row limit.
    const portions = await client.query({ text: 'SELECT * FROM patients WHERE id > $1', values: [0], rows: 100 } as pg.QueryConfig)
    expect(portions.rows).toHaveLength(500)
    await client.query('BEGIN')
    await client.query('DELETE FROM patients')
    await expect(client.query('SELECT nonsense')).rejects.toMatchObject({ code: '42703' })
    await expect(client.query('SELECT 1')).rejects.toMatchObject({ code: '25P02' })
    await client.query('ROLLBACK')
    expect((await client.query('SELECT count(*)::int AS n FROM patients')).rows).toEqual([{ n: 500 }])
    const told = new Promise<string | undefined>((resolve) => client.once('notification', ({ payload }) => resolve(payload)))
    await client.query('LISTEN news')
    await postgres.query('NOTIFY news, \'from elsewhere\'', { database: 'clinic' })
    expect(await told).toBe('from elsewhere')
    await client.end()
  })
})

describe('postgres.js', () => {
  test('a hundred pipelined on one connection, prepared and not', async () => {
    const sql = postgresJs({ ...through(), max: 1 })
    const prepared = await Promise.all(Array.from({ length: 100 }, (_, n) => sql<{ n: number }[]>`SELECT ${n}::int AS n`))
    expect(prepared.map(([row]) => row!.n)).toEqual(Array.from({ length: 100 }, (_, n) => n))
    const mixed = await Promise.allSettled([sql`SELECT 1 AS n`, sql`SELECT 1 / ${0}::int`, sql`SELECT 2 AS n`, sql.unsafe('SELECT 3 AS n; SELECT 4 AS n')])
    expect(mixed.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    await sql.end()
  })

  test('transactions, cursors and COPY streams', async () => {
    const sql = postgresJs(through())
    await expect(sql.begin(async (within) => {
      await within`CREATE TABLE never_kept (n int)`
      throw new Error('changed my mind')
    })).rejects.toThrow('changed my mind')
    expect([...await sql`SELECT to_regclass('never_kept') IS NULL AS gone`]).toEqual([{ gone: true }])
    let rows = 0
    await sql`SELECT * FROM patients`.cursor(64, (portion) => { rows += portion.length })
    expect(rows).toBe(500)
    await sql`CREATE TABLE streamed (n int, t text)`
    await pipeline(Readable.from(Array.from({ length: 2000 }, (_, n) => `${n}\trow ${n}\n`)), await sql`COPY streamed FROM STDIN`.writable())
    expect([...await sql`SELECT count(*)::int AS n, sum(n)::int AS total FROM streamed`]).toEqual([{ n: 2000, total: 1999000 }])
    const chunks: Buffer[] = []
    for await (const chunk of await sql`COPY (SELECT * FROM streamed ORDER BY n LIMIT 2) TO STDOUT`.readable()) chunks.push(chunk as Buffer)
    expect(Buffer.concat(chunks).toString()).toBe('0\trow 0\n1\trow 1\n')
    await sql.end()
  })
})

const python = ['/usr/bin/python3', 'python3'].find((candidate) => {
  try {
    execFileSync(candidate, ['-c', 'import psycopg, psycopg2'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})

test.skipIf(python === undefined)('psycopg 2 and 3 (needs python3-psycopg and python3-psycopg2)', async () => {
  const { stdout } = await run(python!, [join(import.meta.dirname, 'psycopg_session.py')], { env: environment(through()) })
  expect(JSON.parse(stdout)).toEqual({
    'psycopg2 rows': [101, 100],
    'psycopg2 notice': 'NOTICE:  from psycopg2',
    'psycopg2 server-side cursor': 5050,
    'psycopg2 copy out': '0,row 0\n1,row 1\n',
    'psycopg2 error': '22012',
    'psycopg 3 prepared': [1, 2, 3, 4, 5],
    'psycopg 3 binary': '(Decimal(\'1.50\'), datetime.date(2024, 2, 29))',
    'psycopg 3 pipeline': 2450,
    'psycopg 3 binary copy': [1000, 499500],
    'psycopg 3 rolled back': 0,
    'psycopg 3 cancelled': ['57014', true]
  })
})

describe('afterwards', () => {
  test('every statement that reached the database has an intent in the audit log, by the hash of its text', async () => {
    const reached = (await postgres.statements()).filter(({ user }) => user === 'hoop_app')
    const intents = new Set((await gateway.audit()).flatMap((entry) => entry.kind === 'statement.intent' ? [entry.statement.sha256] : []))
    expect(intents.size).toBeGreaterThan(50)
    // A string of several statements is audited piece by piece.
    const unaudited = reached.filter(({ text }) => !intents.has(createHash('sha256').update(text).digest('hex')))
    expect(unaudited.map(({ text }) => text).filter((text) => !/;\s*\S/.test(text))).toEqual([])
  })
})
