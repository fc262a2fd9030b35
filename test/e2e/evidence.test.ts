// What an auditor does with a log's folder on a machine of their own: search it, compare it with the database's log, report a period.
import { randomUUID } from 'node:crypto'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Reconciliation } from '../../cli/audit/reconcile.ts'
import { connectPg } from '../support/connect-pg.ts'
import { TestGateway } from '../support/gateway.ts'
import type { TestPerson } from '../support/person.ts'
import { TestPostgres } from '../support/postgres.ts'

let postgres: TestPostgres
let gateway: TestGateway
let alice: TestPerson
let folder: string
let csvLogs: string[]

const secret = '731-82-4695'

beforeAll(async () => {
  postgres = await TestPostgres.start({ settings: { log_destination: 'jsonlog,csvlog' } })
  await postgres.query('CREATE ROLE hoop_app LOGIN PASSWORD \'app-password\'')
  await postgres.query('CREATE DATABASE clinic OWNER hoop_app')
  await postgres.query(`SET ROLE hoop_app; CREATE TABLE patients (id int PRIMARY KEY, name text, ssn text);
    INSERT INTO patients VALUES (1, 'Ada', '${secret}')`, { database: 'clinic' })
  gateway = await TestGateway.start({
    targets: { 'prod-db': { address: postgres.address, database: 'clinic', credential: { user: 'hoop_app', password: 'app-password' } } },
    policy: [
      { name: 'engineers may read and write', who: { group: 'engineers' }, effects: ['read', 'write', 'session'], then: 'allow' },
      { name: 'no schema changes by hand', effects: ['schema'], then: 'deny' }
    ],
    sections: { protect: [{ name: 'PHI', columns: ['public.patients.ssn'] }] }
  })
  alice = await gateway.person('alice')
  const port = await alice.connect('prod-db')
  const client = await connectPg(port)
  await client.query('SELECT id, name, ssn FROM patients')
  await client.query('SELECT name FROM patients WHERE id = $1', [1])
  await client.query('SELECT name FROM patients WHERE id = $1', [2])
  await client.query('SELECT 1; SELECT 2')
  await client.query('UPDATE patients SET name = \'Eve\'')
  await client.query('CREATE TABLE copied (a int)').catch(() => undefined)
  await client.query('SELECT 1/0').catch(() => undefined)
  await client.query('SELEC').catch(() => undefined)
  await client.query('SET application_name = \'report\'')
  await client.query('SELECT count(*) FROM patients')
  await client.end()
  await port.close()
  csvLogs = await postgres.csvLogs()
  await gateway.halt()
  folder = join(await mkdtemp(join(tmpdir(), 'hoop-auditor-')), 'audit')
  await cp(gateway.auditDirectory, folder, { recursive: true })
}, 120_000)
afterAll(async () => {
  await gateway?.stop()
  await postgres?.stop()
  if (folder !== undefined) await rm(join(folder, '..'), { recursive: true, force: true })
})

const hoop = (...args: string[]) => alice.finish(['audit', ...args])
const found = async (...filter: string[]) => {
  const { code, stdout } = await hoop('search', folder, ...filter, '--json')
  expect(code).toBe(0)
  return stdout.trim().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as { entry: { kind: string, statement?: { redacted: string } }, outcome?: { status: string, rows?: number } })
}

describe('search', () => {
  test('by person and relation, with the outcome of each', async () => {
    const statements = await found('--person', 'alice@example.com', '--relation', 'patients')
    expect(statements.length).toBeGreaterThanOrEqual(4)
    expect(statements[0]).toMatchObject({ entry: { statement: { redacted: 'SELECT id, name, ssn FROM patients' } }, outcome: { status: 'ok', rows: 1 } })
  })

  test('by column, decision and time', async () => {
    expect(await found('--column', 'patients.ssn')).toHaveLength(1)
    expect(await found('--decision', 'denied')).toMatchObject([{ entry: { kind: 'decision', statement: { redacted: 'CREATE TABLE copied (a int)' } } }])
    expect(await found('--until', '2020-01-01')).toEqual([])
    expect(await found('--kind', 'login')).not.toEqual([])
  })

  test('as a table people read, without a value', async () => {
    const { stdout } = await hoop('search', folder)
    expect(stdout).toMatch(/^ENTRY\s+TIME \(UTC\)\s+WHO\s+TARGET\s+DECISION\s+OUTCOME\s+WHAT/)
    expect(stdout).toContain('alice@example.com')
    expect(stdout).toContain('UPDATE patients SET name = ?')
    expect(stdout).not.toContain(secret)
  })

  test('a folder without a log says so', async () => {
    expect(await hoop('search', tmpdir())).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no audit log in this folder') as string })
  })
})

describe('reconcile', () => {
  const compared = async (...logs: string[]) => {
    const { code, stdout, stderr } = await hoop('reconcile', folder, ...logs, '--json')
    expect(stderr).toBe('')
    return { code, ...JSON.parse(stdout) as Reconciliation }
  }

  /**
   * A statement at the edge of the database's log may stand on the other side of it; here all of them are to be far from it. So the log
   * begins and ends with a line that is no statement, a minute away. @returns a file of its own, with the lines that `stay`
   */
  async function widened(stay: (line: string) => boolean = () => true): Promise<string> {
    const text = (await Promise.all(csvLogs.map((file) => readFile(file, 'utf8')))).join('')
    const stamp = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}(?= UTC,)/gm
    const times = text.match(stamp)!.map((time) => Date.parse(`${time.replace(' ', 'T')}Z`))
    const lines = text.trimEnd().split('\n')
    const [first] = lines as [string]
    expect(first).toContain('ending log output to stderr')
    const at = (time: number) => first.replace(stamp, new Date(time).toISOString().replace('T', ' ').replace('Z', ''))
    const file = join(folder, '..', `${randomUUID()}.csv`)
    await writeFile(file, [at(Math.min(...times) - 60_000), ...lines.filter(stay), at(Math.max(...times) + 60_000), ''].join('\n'))
    return file
  }

  test('what went through the gateway is on both sides', async () => {
    const result = await compared(await widened())
    expect(result).toMatchObject({ code: 0, databaseOnly: { total: 0 }, logOnly: { total: 0 }, past: { total: 0 } })
    expect(result.matched).toBeGreaterThanOrEqual(8)
    expect(result.gateway).toBeGreaterThan(0)
  })

  test('what went past it, or into a session of its behind its back, is found', async () => {
    const past = (application_name: string) => connectPg(postgres, { user: 'hoop_app', password: 'app-password', application_name })
    const direct = await past('psql')
    await direct.query('SELECT ssn FROM patients')
    await direct.end()
    const sessions = await found('--kind', 'session.start')
    const { session } = sessions[0]!.entry as unknown as { session: string }
    const disguised = await past(`hoop/${session}`)
    await disguised.query('/* hoop */ DELETE FROM patients')
    await disguised.end()
    const result = await compared(...await postgres.csvLogs())
    expect(result).toMatchObject({ code: 1, past: { total: 1, items: [{ session: 'psql', who: 'hoop_app', verb: 'SELECT' }] }, databaseOnly: { total: 1, items: [{ session }] } })
  })

  test('a database log that has lost lines shows in the audit log', async () => {
    const cut = await widened((line) => !line.includes('SELECT id, name, ssn FROM patients'))
    expect((await compared(cut)).logOnly).toMatchObject({ total: 1, items: [{ who: 'alice@example.com', verb: 'SELECT', times: 1 }] })
  })

  test('a file that is none says so', async () => {
    const wrong = join(folder, '..', 'wrong.csv')
    await writeFile(wrong, 'a,b,c\n')
    expect(await hoop('reconcile', folder, wrong)).toMatchObject({ code: 1, stderr: expect.stringContaining('line 1 is no line of a PostgreSQL csvlog') as string })
    expect(await hoop('reconcile', folder, join(folder, 'missing.csv'))).toMatchObject({ code: 1, stderr: expect.stringContaining('does not exist') as string })
  })
})

describe('report', () => {
  test('as text', async () => {
    const { code, stdout } = await hoop('report', folder, '--from', '1d', '--key', join(folder, 'log.pub'))
    expect(code).toBe(0)
    for (const part of ['1. Scope', 'The log is whole', 'alice@example.com', 'public.patients.ssn', 'not anchored', 'no schema changes by hand', 'hoop audit verify']) expect(stdout).toContain(part)
    expect(stdout).not.toContain(secret)
  })

  test('as one page, compared with the database\'s log', async () => {
    const { code, stdout } = await hoop('report', folder, '--from', '1d', '--html', ...csvLogs.flatMap((file) => ['--csvlog', file]))
    expect(code).toBe(0)
    expect(stdout).toMatch(/^<!doctype html>/)
    expect(stdout).toContain('<svg')
    expect(stdout).toContain('statements are on both sides')
    expect(stdout).not.toContain(secret)
  })

  test('as JSON', async () => {
    const { stdout } = await hoop('report', folder, '--from', '1d', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ verified: { ok: true }, columns: { 'public.patients.ssn': { masked: 1 } }, activity: { refused: 1 } })
  })

  test('of a damaged log says so, and ends with 1', async () => {
    const copy = join(folder, '..', 'damaged')
    await cp(folder, copy, { recursive: true })
    const segment = join(copy, 'segments', '0000000000000000')
    const bytes = await readFile(segment)
    bytes[200]! ^= 1
    await writeFile(segment, bytes)
    const { code, stdout } = await hoop('report', copy, '--from', '1d')
    expect(code).toBe(1)
    expect(stdout).toContain('THE LOG IS DAMAGED')
  })

  test('of a damaged log compares what can be read of it, and says how to check again in words a shell takes', async () => {
    const copy = join(folder, '..', 'damaged in a folder')
    await cp(folder, copy, { recursive: true })
    const segment = join(copy, 'segments', '0000000000000000')
    const bytes = await readFile(segment)
    bytes[Math.floor(bytes.length / 2)]! ^= 1
    await writeFile(segment, bytes)
    const { code, stdout } = await hoop('report', copy, '--from', '1d', '--json', ...csvLogs.flatMap((file) => ['--csvlog', file]))
    const told = JSON.parse(stdout) as { verified: { ok: boolean }, reconciled: Reconciliation | null, again: string[] }
    const { verified, reconciled, again } = told
    expect({ code, ok: verified.ok, compared: reconciled !== null }).toEqual({ code: 1, ok: false, compared: true })
    expect(reconciled!.databaseOnly.total).toBeGreaterThan(0)
    expect(again[0]).toBe(`hoop audit verify '${copy}' --key '${join(copy, 'log.pub')}'`)
    expect(again[1]).toContain(`hoop audit reconcile '${copy}' `)
  })

  test('a period that ends before it begins is refused', async () => {
    expect(await hoop('report', folder, '--from', '1d', '--to', '2d')).toMatchObject({ code: 64 })
  })
})
