// Protected columns through the real gateway: the clients people have see the shape and no value, those who are exempt see values and the
// log says so, a changed policy holds in open sessions; and of all that a client was sent, every byte is looked at.
import { execFile, execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import type { Explanation, Suggestions, Survey } from '../../shared/explain.ts'
import { paths } from '../../shared/api.ts'
import type { AuditEntry } from '../../shared/audit/entry.ts'
import { connectPg } from '../support/connect-pg.ts'
import { TestGateway, testUsers } from '../support/gateway.ts'
import { LeakScan } from '../support/leak-scan.ts'
import type { TestPerson, TestPort } from '../support/person.ts'
import { TestPostgres } from '../support/postgres.ts'
import { Recorder } from '../support/recorder.ts'
import { until } from '../support/until.ts'

const run = promisify(execFile)

/** Nothing of these occurs anywhere else. */
const secrets = ['731-82-4695', '682-17-9354', 'ada.kwyjibo@zqxgh.uvwk', '1877-10-23', 'Jabberwock fever']
const scan = new LeakScan(secrets, { fragment: 5 })

const phi = { name: 'PHI', columns: ['public.patients.ssn', 'public.patients.email', 'public.patients.dob'], except: { group: 'privacy' } }

let postgres: TestPostgres
let gateway: TestGateway
let alice: TestPerson
let local: TestPort
let recorder: Recorder

beforeAll(async () => {
  postgres = await TestPostgres.start()
  await postgres.query('CREATE ROLE hoop_app LOGIN PASSWORD \'app-password\'')
  await postgres.query('CREATE DATABASE clinic OWNER hoop_app')
  await postgres.query(`SET ROLE hoop_app;
    CREATE TABLE patients (id int PRIMARY KEY, name text NOT NULL, ssn text NOT NULL UNIQUE, email text, dob date, city text, balance numeric(8,2));
    CREATE INDEX ON patients (ssn) INCLUDE (city);
    CREATE TABLE visits (id int PRIMARY KEY, patient_id int NOT NULL REFERENCES patients, at timestamptz NOT NULL, diagnosis text, home_phone text);
    CREATE VIEW contacts AS SELECT id, name, lower(email) AS mail FROM patients;
    CREATE VIEW cities AS SELECT city, count(*) AS n FROM patients GROUP BY city;
    CREATE FUNCTION peek(what text) RETURNS text LANGUAGE plpgsql AS 'DECLARE r text; BEGIN EXECUTE ''SELECT '' || what INTO r; RETURN r; END';
    CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2';
    INSERT INTO patients VALUES (1, 'Ada', '${secrets[0]}', '${secrets[2]}', '${secrets[3]}', 'London', 12.50), (2, 'Bob', '${secrets[1]}', NULL, NULL, 'Oslo', 0);
    INSERT INTO patients SELECT n, 'Nobody', '078-05-' || n, NULL, NULL, 'Paris', n FROM generate_series(1000, 1200) n;
    INSERT INTO visits VALUES (1, 1, '2026-01-02 03:04:05Z', '${secrets[4]}', '(212) 555-0147'), (2, 2, '2026-01-03Z', NULL, '(212) 555-0148'), (3, 2, '2026-01-04Z', NULL, '(212) 555-0149')
  `, { database: 'clinic' })
  gateway = await TestGateway.start({
    targets: { 'prod-db': { address: postgres.address, database: 'clinic', credential: { user: 'hoop_app', password: 'app-password' } } },
    users: [...testUsers, { username: 'carol', password: 'carol-password', email: 'carol@example.com', groups: ['engineers', 'privacy'] }],
    sections: { protect: [phi] }
  })
  alice = await gateway.person('alice')
  local = await alice.connect('prod-db')
})
afterAll(async () => {
  await gateway?.stop()
  await postgres?.stop()
})
beforeEach(async () => { recorder = await Recorder.start(local) })
afterEach(async () => {
  await recorder.stop()
  expect(scan.find(recorder.received)).toEqual([])
})

const environment = () => ({ ...process.env, PGHOST: '127.0.0.1', PGPORT: String(recorder.port), PGUSER: 'whoever', PGDATABASE: 'clinic', PGCONNECT_TIMEOUT: '10' })
const psql = async (...commands: string[]) => (await run('psql', ['-X', '-A', '-t', ...commands.flatMap((command) => ['-c', command])], { env: environment() })).stdout

type Asked = Extract<AuditEntry, { kind: 'statement.intent' | 'decision' }>
const asked = async (text: RegExp): Promise<Asked[]> =>
  (await gateway.audit()).filter((entry): entry is Asked => (entry.kind === 'statement.intent' || entry.kind === 'decision') && text.test(entry.statement.redacted ?? ''))

test('the test sees what leaks: without protection the bytes are found', async () => {
  const direct = await Recorder.start({ host: '127.0.0.1', port: postgres.port })
  const superuser = await connectPg(direct, { user: postgres.superuser, password: postgres.password })
  await superuser.query('SELECT * FROM patients; SELECT diagnosis FROM visits')
  await superuser.end()
  expect(new Set(scan.find(direct.received).map(({ value }) => value))).toEqual(new Set(secrets))
  await direct.stop()
})

describe('psql', () => {
  test('shows masked columns in place', async () => {
    expect(await psql('SELECT * FROM patients WHERE id < 3 ORDER BY id')).toBe('1|Ada|***|***||London|12.50\n2|Bob|***|||Oslo|0.00\n')
    await until('the intent to be on disk', async () => (await asked(/^SELECT \* FROM patients/)).length > 0)
    expect((await asked(/^SELECT \* FROM patients/))[0]).toMatchObject({
      decision: { action: 'allow' },
      statement: { exposure: { masked: ['public.patients.dob', 'public.patients.email', 'public.patients.ssn'], clear: [] } }
    })
  })

  test.each(['\\d', '\\d patients', '\\d+ patients', '\\dt+', '\\dv+ contacts', '\\df peek', '\\di', '\\dp', '\\l', '\\dn', '\\du', '\\sf peek', '\\sv contacts'])('%s is as the server says', async (command) => {
    const through = await psql(command)
    const direct = await run('psql', ['-X', '-A', '-t', '-c', command], {
      env: { ...environment(), PGPORT: String(postgres.port), PGUSER: 'hoop_app', PGPASSWORD: 'app-password' }
    })
    expect(through).toBe(direct.stdout)
    expect(through).not.toBe('')
  })

  test('copies masked values out, and refuses what would carry them elsewhere', async () => {
    expect(await psql('\\copy (SELECT id, ssn, city FROM patients WHERE id = 1) TO STDOUT')).toBe('1\t***\tLondon\n')
    expect((await psql('COPY patients TO STDOUT')).split('\n')[0]).toBe('1\tAda\t***\t***\t\\N\tLondon\t12.50')
    for (const [statement, reason] of [
      ['SELECT id FROM patients WHERE ssn LIKE \'7%\'', /ssn/],
      ['CREATE TABLE copied AS SELECT ssn FROM patients', /ssn/],
      ['SELECT peek(\'ssn from patients\')', /peek/],
      ['SELECT city FROM patients ORDER BY dob', /dob/]
    ] as const) {
      const failed = await psql(statement).catch((error: unknown) => error as { stderr: string })
      expect(failed).toMatchObject({ stderr: expect.stringMatching(reason) as string })
    }
  })

  test('reports over clean columns are untouched, and nothing is written of them', async () => {
    expect(await psql('SELECT city, count(*), sum(balance) FROM patients GROUP BY city ORDER BY city')).toMatch(/^London\|1\|12\.50\nOslo\|1\|0\.00\nParis\|201\|/)
    expect(await psql('SELECT twice(21)')).toBe('42\n')
    await until('the intent to be on disk', async () => (await asked(/twice/)).length > 0)
    expect((await asked(/twice/))[0]?.statement).not.toHaveProperty('exposure')
  })
})

test('pg_dump --schema-only is as without the gateway', async () => {
  const dump = (env: NodeJS.ProcessEnv) => run('pg_dump', ['--schema-only', '--no-owner'], { env })
  const through = await dump(environment())
  const direct = await dump({ ...environment(), PGPORT: String(postgres.port), PGUSER: 'hoop_app', PGPASSWORD: 'app-password' })
  const plain = (text: string) => text.replace(/^\\(un)?restrict .*$/gm, '')
  expect(plain(through.stdout)).toBe(plain(direct.stdout))
  expect(through.stdout).toContain('CREATE TABLE public.patients')
})

test('node-postgres gets masked values it can decode, text and binary, prepared and by cursor', async () => {
  const opened = await connectPg(recorder)
  try {
    for (const binary of [false, true]) {
      const config = { text: 'SELECT id, name, ssn, email, dob, balance FROM patients WHERE id = $1', values: [1], binary } as pg.QueryConfig
      for (const name of [undefined, `by-name-${String(binary)}`]) {
        const { rows } = await opened.query({ ...config, ...(name === undefined ? {} : { name }) })
        expect(rows).toMatchObject([{ id: 1, name: 'Ada', ssn: '***', email: '***', dob: null }])
      }
    }
    await opened.query('BEGIN')
    await opened.query('DECLARE c CURSOR FOR SELECT id, ssn FROM patients ORDER BY id')
    expect((await opened.query('FETCH 2 FROM c')).rows).toEqual([{ id: 1, ssn: '***' }, { id: 2, ssn: '***' }])
    await opened.query('COMMIT')
    await expect(opened.query('INSERT INTO patients VALUES (9, \'Eve\', $1)', [secrets[0]])).rejects.toMatchObject({ code: '23505', detail: undefined })
    await expect(opened.query('SELECT id FROM patients WHERE ssn < $1', ['5'])).rejects.toMatchObject({ code: '42501' })
    expect((await opened.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  } finally {
    await opened.end()
  }
})

const python = ['/usr/bin/python3', 'python3'].find((candidate) => {
  try {
    execFileSync(candidate, ['-c', 'import psycopg'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})

test.skipIf(python === undefined)('psycopg 3, in every form it has (needs python3-psycopg)', async () => {
  const { stdout } = await run(python!, [join(import.meta.dirname, 'masking_session.py')], { env: environment() })
  expect(JSON.parse(stdout)).toEqual({
    text: ['1', 'Ada', '***', '***', 'None'],
    binary: ['1', 'Ada', '***', '***', 'None'],
    cursor: [[1, '***'], [2, '***']],
    copy: [['1', '***', 'London']],
    pipeline: ['***'],
    refused: '42501'
  })
})

test('whoever is exempt sees the values, and the log says which', async () => {
  const port = await gateway.openPort('carol', 'prod-db')
  const opened = await connectPg(port)
  try {
    expect((await opened.query('SELECT ssn, email FROM patients WHERE id = 1')).rows).toEqual([{ ssn: secrets[0], email: secrets[2] }])
    expect((await opened.query('SELECT id FROM patients WHERE ssn LIKE \'731%\'')).rows).toEqual([{ id: 1 }])
  } finally {
    await opened.end()
  }
  await until('both intents to be on disk', async () => (await asked(/FROM patients/)).filter(({ actor }) => actor.email === 'carol@example.com').length === 2)
  const [first, second] = (await asked(/FROM patients/)).filter(({ actor }) => actor.email === 'carol@example.com')
  expect(first?.statement.exposure).toMatchObject({ clear: [{ rule: 'PHI', columns: ['public.patients.email', 'public.patients.ssn'] }], masked: [] })
  expect(second?.decision.action).toBe('allow')
  expect(JSON.stringify(await gateway.audit())).not.toContain(secrets[0])
})

describe('hoop policy', () => {
  test('explain says column by column what would be shown, where it comes from and which rule decides; nothing runs', async () => {
    const reached = (await postgres.statements()).length
    const { code, stdout } = await alice.finish(['policy', 'explain', 'prod-db', 'SELECT p.id, ssn AS s, substr(ssn, 1, 3), mail FROM patients p JOIN contacts c ON c.id = p.id WHERE email = \'x\''])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^SELECT: read$/m)
    expect(stdout).toMatch(/^ {2}id +as it is/m)
    expect(stdout).toMatch(/^ {2}s +masked: redact +patients\.ssn -> s$/m)
    expect(stdout).toMatch(/^ {2}substr +redacted +patients\.ssn -> substr/m)
    expect(stdout).toMatch(/^ {2}mail +redacted +.*email/m)
    expect(stdout).toMatch(/^ {2}allow lookup: .*\(public\.patients\.email\)$/m)
    expect(stdout).toMatch(/^it runs: engineers may do everything$/m)
    const sent = (await postgres.statements()).slice(reached).map(({ text }) => text)
    expect(sent.filter((text) => /substr\(ssn/.test(text))).toEqual([])
    await until('the question to be on disk', async () => (await gateway.audit()).some((entry) => entry.kind === 'admin' && entry.action === 'policy.explain'))
  })

  test('explain says what is refused and why, and knows who asks', async () => {
    const said = async (who: string, statement: string) => (await gateway.post<Explanation>(who, paths.explain('prod-db'), { statement })).body.statements[0]!
    expect(await said('alice', 'SELECT city FROM patients WHERE ssn LIKE \'7%\'')).toMatchObject({
      columns: [{ name: 'city', shown: 'clean', from: [] }],
      flows: [{ kind: 'other', action: 'hold', columns: ['public.patients.ssn'] }],
      decision: { action: 'deny', rule: 'built-in: protected columns', reason: expect.stringMatching(/ssn/) as string }
    })
    expect(await said('carol', 'SELECT ssn FROM patients WHERE ssn LIKE \'7%\'')).toMatchObject({
      columns: [{ shown: 'clear', from: ['public.patients.ssn'] }],
      flows: [],
      decision: { action: 'allow' }
    })
    expect(await said('alice', 'SELECT peek(\'1\')')).toMatchObject({ unproven: [expect.stringMatching(/peek/)], decision: { action: 'deny' } })
    expect((await gateway.post('bob', paths.explain('prod-db'), { statement: 'SELECT 1' })).status).toBe(404)
    expect((await gateway.post('alice', paths.explain('prod-db'), { statement: 'SELEC 1' })).body).toMatchObject({ code: 'bad_request' })
  })

  test('explain takes several statements, and shows them as the text has them', async () => {
    const { stdout } = await alice.finish(['policy', 'explain', 'prod-db', '--json', 'SELECT id FROM visits; SELECT ssn FROM patients'])
    const { statements } = JSON.parse(stdout) as Explanation
    expect(statements.map(({ decision }) => decision.action)).toEqual(['allow', 'deny'])
  })

  test('check says what exists, what follows, and what is not protected though it looks so', async () => {
    const { code, stdout } = await alice.finish(['policy', 'check', '--config', gateway.configFile, '--json'])
    const survey = JSON.parse(stdout) as Survey
    expect(code).toBe(0)
    expect(survey).toMatchObject({ target: 'prod-db', database: 'clinic', problems: [] })
    expect(survey.columns.map(({ column }) => column)).toEqual(['public.patients.dob', 'public.patients.email', 'public.patients.ssn'])
    expect(survey.views).toMatchObject([{ view: 'public.contacts', columns: [{ column: 'mail', from: ['public.patients.email'] }], unproven: [] }])
    expect(survey.functions).toMatchObject([{ function: 'public.peek', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string }])
    expect(survey.indexes).toMatchObject([{ relation: 'public.patients', off: expect.arrayContaining(['enable_indexonlyscan']) as string[] }])
    expect(survey.lookAlikes).toEqual([{ column: 'public.visits.diagnosis', holds: 'diagnosis' }, { column: 'public.visits.home_phone', holds: 'telephone or fax number' }])
  })

  test('check ends with 1 and the nearest names where a name matches nothing', async () => {
    const file = join(gateway.folder, 'wrong.yaml')
    const written = parse(await readFile(gateway.configFile, 'utf8')) as Record<string, unknown>
    await writeFile(file, stringify({ ...written, protect: [{ name: 'PHI', columns: ['public.patients.snn'] }] }))
    const { code, stdout } = await alice.finish(['policy', 'check', '--config', file])
    expect(code).toBe(1)
    expect(stdout).toMatch(/no column "public\.patients\.snn"; did you mean "public\.patients\.ssn"/)
  })

  test('check prints the hash to trust code by; once the code is another, it is not trusted any more', async () => {
    const file = join(gateway.folder, 'trusting.yaml')
    const written = parse(await readFile(gateway.configFile, 'utf8')) as Record<string, unknown>
    const checked = async () => {
      const { stdout } = await alice.finish(['policy', 'check', '--config', file, '--json'])
      return JSON.parse(stdout) as Survey
    }
    await writeFile(file, stringify(written))
    const { sha256 } = (await checked()).functions[0]!
    await writeFile(file, stringify({ ...written, masking: { trust: [{ name: 'public.peek', sha256 }] } }))
    expect(await checked()).toMatchObject({ functions: [], problems: [] })
    await writeFile(file, stringify({ ...written, masking: { trust: [{ name: 'public.peek', sha256: '0'.repeat(64) }] } }))
    expect(await checked()).toMatchObject({ functions: [{ function: 'public.peek' }], problems: [expect.stringContaining(sha256)] })
  })

  test('check names a target that does not answer, and goes on', async () => {
    const file = join(gateway.folder, 'gone.yaml')
    const written = parse(await readFile(gateway.configFile, 'utf8')) as { targets: Record<string, Record<string, unknown>> }
    await writeFile(file, stringify({ ...written, targets: { ...written.targets, gone: { ...written.targets['prod-db'], address: '127.0.0.1:1' } } }))
    const { code, stdout } = await alice.finish(['policy', 'check', '--config', file])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^gone: /m)
    expect(stdout).toMatch(/^prod-db \(clinic\): 3 protected columns, every name matches$/m)
    expect((await alice.finish(['policy', 'check', 'prod-bd', '--config', file])).stderr).toContain('prod-db')
  })

  test('suggest writes a section that the configuration takes, from names and values, and shows none of them', async () => {
    const { code, stdout } = await alice.finish(['policy', 'suggest', 'prod-db', '--config', gateway.configFile])
    expect(code).toBe(0)
    const { protect } = parse(stdout) as { protect: { columns: string[], mask: string }[] }
    expect(protect.flatMap(({ columns }) => columns).sort()).toEqual(['public.visits.diagnosis', 'public.visits.home_phone'])
    expect(stdout).toMatch(/home_phone"  # its name, 3 of 3 values|3 of 3 values/)
    expect(stdout).not.toContain('555-014')
    const file = join(gateway.folder, 'suggested.yaml')
    const written = parse(await readFile(gateway.configFile, 'utf8')) as { protect: unknown[] }
    await writeFile(file, stringify({ ...written, protect: [...written.protect, ...protect] }))
    expect((await alice.finish(['policy', 'check', '--config', file])).stdout).toMatch(/5 protected columns, every name matches/)
  })

  test('suggest finds what is protected now by values alone, where names say nothing', async () => {
    const file = join(gateway.folder, 'nothing.yaml')
    await postgres.query('SET ROLE hoop_app; CREATE TABLE misc ("odd Name" text, x text); INSERT INTO misc SELECT \'078-05-\' || n, \'nothing\' FROM generate_series(1120, 1150) n', { database: 'clinic' })
    const written = parse(await readFile(gateway.configFile, 'utf8')) as Record<string, unknown>
    await writeFile(file, stringify({ ...written, protect: [] }))
    const { stdout } = await alice.finish(['policy', 'suggest', 'prod-db', '--config', file, '--json'])
    const { suggestions } = JSON.parse(stdout) as Suggestions
    expect(suggestions.find(({ column }) => column.includes('misc'))).toMatchObject({ column: 'public.misc."odd*Name"', holds: 'social security number', because: ['values'], hits: 31 })
    expect(suggestions.map(({ column }) => column)).toEqual(expect.arrayContaining(['public.patients.dob', 'public.patients.email', 'public.patients.ssn']))
    const names = await alice.finish(['policy', 'suggest', 'prod-db', '--config', file, '--rows', '0'])
    expect(names.stdout).not.toContain('misc')
    expect(scan.find(Buffer.from(stdout + names.stdout))).toEqual([])
  })
})

test('a rule added to the configuration holds in sessions that are open', async () => {
  const opened = await connectPg(local)
  try {
    expect((await opened.query('SELECT diagnosis FROM visits WHERE id = 1')).rows).toEqual([{ diagnosis: secrets[4] }])
    const written = parse(await readFile(gateway.configFile, 'utf8')) as { protect: unknown[] }
    await writeFile(gateway.configFile, stringify({ ...written, protect: [...written.protect, { name: 'diagnoses', columns: ['public.visits.diagnosis'] }] }))
    gateway.signal('HUP')
    await until('the new rule', async () => (await opened.query<{ diagnosis: string }>('SELECT diagnosis FROM visits WHERE id = 1')).rows[0]?.diagnosis !== secrets[4])
    expect((await opened.query('SELECT diagnosis FROM visits WHERE id = 1')).rows).toEqual([{ diagnosis: '***' }])
  } finally {
    await opened.end()
  }
  await until('the change to be on disk', async () => (await gateway.audit()).filter(({ kind }) => kind === 'policy.change').length >= 2)
})
