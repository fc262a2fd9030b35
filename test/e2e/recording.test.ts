// Recordings through the real gateway: what clients were shown is what a replay shows, and nothing that was masked; who may look; what a
// damaged file, a full disk and a killed gateway leave; and that what is hostile in it does nothing to a terminal.
import { execFile, execFileSync } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AuditEntry } from '../../shared/audit/entry.ts'
import { paths, type ReviewDetail, type ReviewSummary } from '../../shared/api.ts'
import type { RecordingEvent, RecordingHead, ReplayLine } from '../../shared/recording.ts'
import { openRecordings } from '../../server/recording/recordings.ts'
import { connectPg } from '../support/connect-pg.ts'
import { TestGateway, testUsers } from '../support/gateway.ts'
import { LeakScan } from '../support/leak-scan.ts'
import type { TestPerson, TestPort } from '../support/person.ts'
import { TestPostgres } from '../support/postgres.ts'
import { until } from '../support/until.ts'

const run = promisify(execFile)
const secrets = ['731-82-4695', 'ada.kwyjibo@zqxgh.uvwk', '1877-10-23']
const scan = new LeakScan(secrets, { fragment: 5 })
const key = randomBytes(32)
const policy = [
  { name: 'engineers do all', who: { group: 'engineers' }, effects: ['read', 'write', 'schema', 'session', 'unknown'], then: 'allow' },
  { name: 'no drops', who: { group: 'engineers' }, effects: ['schema'], relations: 'visits', then: 'deny' },
  { name: 'writes to held wait', who: { group: 'engineers' }, effects: ['write'], relations: 'held', then: 'hold', approvers: { group: 'dba' }, timeout: '5m' }
]
const users = [
  ...testUsers,
  { username: 'dora', password: 'dora-password', email: 'dora@example.com', groups: ['dba'] },
  { username: 'ines', password: 'ines-password', email: 'ines@example.com', groups: ['hoop-auditors'] }
]
const phi = { name: 'PHI', columns: ['public.patients.ssn', 'public.patients.email', 'public.patients.dob'] }

let postgres: TestPostgres
let gateway: TestGateway
let alice: TestPerson
let directory: string

const targets = () => {
  const one = { address: postgres.address, database: 'clinic', credential: { user: 'hoop_app', password: 'app-password' } }
  return { 'prod-db': one, 'may-db': { ...one, recording: 'optional' }, 'off-db': { ...one, recording: 'off' } }
}
const limits = { perOperationBytes: 20_000, perSessionBytes: 200_000 }
const recording = (more: object = {}) => ({ directory: 'recordings', key: 'env:RECORDING_KEY', ...limits, ...more })
const environment = { RECORDING_KEY: key.toString('base64') }

beforeAll(async () => {
  postgres = await TestPostgres.start()
  await postgres.query('CREATE ROLE hoop_app LOGIN PASSWORD \'app-password\'')
  await postgres.query('CREATE DATABASE clinic OWNER hoop_app')
  await postgres.query(`SET ROLE hoop_app;
    CREATE TABLE patients (id int PRIMARY KEY, name text NOT NULL, ssn text NOT NULL, email text, dob date, balance numeric(8,2));
    CREATE TABLE visits (n int, who text); CREATE TABLE held (n int);
    INSERT INTO patients VALUES (1, 'Ada', '${secrets[0]}', '${secrets[1]}', '${secrets[2]}', 12.50), (2, 'Bob', '078-05-1120', NULL, NULL, -0.05)
  `, { database: 'clinic' })
  const sealTo = [{ name: 'ines', key: generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'der' }).toString('base64') }]
  const audit = { directory: 'audit', origin: 'test.example/log', sealTo }
  const sections = { audit, protect: [phi], recording: recording() }
  gateway = await TestGateway.start({ targets: targets() as never, users, policy, env: environment, sections })
  directory = join(gateway.folder, 'recordings')
  alice = await gateway.person('alice')
})
afterAll(async () => {
  await gateway?.stop()
  await postgres?.stop()
})

const psqlEnvironment = { ...process.env, PGHOST: '127.0.0.1', PGUSER: 'whoever', PGDATABASE: 'clinic', PGCONNECT_TIMEOUT: '10' }
const psql = async (port: TestPort, ...commands: string[]) => run('psql', ['-X', '-A', '-t', ...commands.flatMap((text) => ['-c', text])], {
  env: { ...psqlEnvironment, PGPORT: String(port.port) }
}).catch((error: unknown) => error as { stdout: string, stderr: string })
const replayBy = async (who: string, id: string) => {
  const { code, stdout, stderr } = await (await gateway.person(who)).finish(['sessions', 'replay', id, '--json'])
  const [head, ...events] = stdout.trim().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as ReplayLine)
  return { code, stderr, stdout, head: head as RecordingHead | undefined, events: events as RecordingEvent[] }
}
const typed = <T extends RecordingEvent['type']>(events: readonly RecordingEvent[], type: T) =>
  events.filter((event): event is Extract<RecordingEvent, { type: T }> => event.type === type)
const endOf = (id: string) => until(`the end of ${id} in the log`, async () =>
  (await gateway.audit()).find((entry): entry is Extract<AuditEntry, { kind: 'session.end' }> => entry.kind === 'session.end' && entry.session === id))
/** Everything that a session shows, and its recording once it is over. */
async function recorded(act: (port: TestPort) => Promise<void>, target = 'prod-db') {
  const port = await alice.connect(target)
  await act(port)
  await port.close()
  const end = await endOf(port.session)
  return { id: port.session, end, ...await replayBy('alice', port.session) }
}

describe('a replay shows what the client saw', () => {
  test('statements, rows after masking, errors, notices and how it ended; its file is the one the log names', async () => {
    let shown = ''
    const { head, events, end, id, stdout } = await recorded(async (port) => {
      shown = (await psql(port, 'SELECT * FROM patients ORDER BY id', 'SELECT 1/0', 'DROP TABLE visits', 'DROP TABLE IF EXISTS nowhere')).stdout
    })
    expect(shown).toContain('1|Ada|***|***||12.50')
    expect(head).toMatchObject({ type: 'recording', matches: true, session: { id, target: 'prod-db', principal: { email: 'alice@example.com' } } })
    expect(events.map(({ type }) => type)).toEqual([
      'connection.start', 'statement', 'columns', 'rows', 'done', 'statement', 'error', 'denied', 'error', 'statement', 'notice', 'done', 'connection.end', 'end'
    ])
    const [select] = typed(events, 'statement')
    expect(select).toMatchObject({ text: 'SELECT * FROM patients ORDER BY id', verb: 'SELECT', step: 'execute', connection: 1 })
    expect(typed(events, 'columns')[0]!.columns.map(({ name, masked }) => masked === true ? `${name} masked` : name))
      .toEqual(['id', 'name', 'ssn masked', 'email masked', 'dob masked', 'balance'])
    expect(typed(events, 'rows')).toMatchObject([{ entry: select!.entry, rows: [['1', 'Ada', '***', '***', null, '12.50'], ['2', 'Bob', '***', null, null, '-0.05']] }])
    expect(typed(events, 'error')).toMatchObject([{ sqlState: '22012', message: 'division by zero', severity: 'ERROR' }, { sqlState: '42501' }])
    expect(typed(events, 'denied')).toMatchObject([{ rule: 'no drops', text: 'DROP TABLE visits' }])
    expect(typed(events, 'notice')).toMatchObject([{ message: 'table "nowhere" does not exist, skipping', severity: 'NOTICE' }])
    expect(end.recording).toMatchObject({ events: events.length, bytes: (await stat(join(directory, id))).size })
    expect(end.recording).not.toHaveProperty('cut')
    // Nothing protected, in what is replayed or in what is stored, in clear or not.
    expect(scan.find(Buffer.from(stdout))).toEqual([])
    expect(scan.find(await readFile(join(directory, id)))).toEqual([])
    const stored = await (await openRecordings({ directory, key, limits, randomBytes })).read(id)
    const kept: unknown[] = []
    for await (const event of stored.events(false)) kept.push(event)
    await stored.close()
    expect(kept).toEqual(events)
    expect(scan.find(Buffer.from(JSON.stringify(kept)))).toEqual([])
  })

  test('parameters, binary results, a statement described once and run again, an empty result', async () => {
    const all = 'SELECT id, balance, 1.5::float8 AS f, 9007199254740993::int8 AS big, true AS yes, \'2024-02-29 12:00:00.25\'::timestamp AS at, \'{"a":1}\'::jsonb AS doc, ssn, dob FROM patients WHERE id = $1'
    const { events } = await recorded(async (port) => {
      const opened = await connectPg(port)
      const query = (id: number) => opened.query({ name: 'one', text: all, values: [id], binary: true } as pg.QueryConfig)
      await query(1)
      await query(2)
      await query(3)
      await opened.end()
    })
    expect(typed(events, 'statement').map(({ parameters }) => parameters)).toEqual([['1'], ['2'], ['3']])
    const row = (id: string, balance: string) => [id, balance, '1.5', '9007199254740993', 't', '2024-02-29 12:00:00.25', '{"a": 1}', '***', null]
    expect(typed(events, 'rows').flatMap(({ rows }) => rows)).toEqual([row('1', '12.50'), row('2', '-0.05')])
    const entries = typed(events, 'statement').map(({ entry }) => entry)
    expect(typed(events, 'columns').map(({ entry }) => entry)).toEqual(entries)
    for (const { columns } of typed(events, 'columns')) {
      expect(columns.filter(({ masked }) => masked === true).map(({ name }) => name)).toEqual(['ssn', 'dob'])
    }
    expect(typed(events, 'done').map(({ entry, tag }) => [entry, tag])).toEqual([[entries[0], 'SELECT 1'], [entries[1], 'SELECT 1'], [entries[2], 'SELECT 0']])
  })

  test('COPY out, as text and as binary', async () => {
    const { events } = await recorded(async (port) => {
      await psql(port, 'COPY (SELECT id, name, ssn FROM patients ORDER BY id) TO STDOUT', 'COPY (SELECT 5::int4 AS n) TO STDOUT (FORMAT binary)')
    })
    const [text, binary] = typed(events, 'copy')
    expect(text).toMatchObject({ text: '1\tAda\t***\n2\tBob\t***\n', lines: 2 })
    expect(binary!.text).toMatch(/^\\x5047434f50590aff0d0a00.*00010000000400000005ffff$/)
    expect(typed(events, 'done').map(({ tag }) => tag)).toEqual(['COPY 2', 'COPY 1'])
  })

  test('what was held, who released it, and what then ran', async () => {
    const { events } = await recorded(async (port) => {
      const running = psql(port, 'INSERT INTO held VALUES (4711)')
      const review = await until('a pending review', async () => (await gateway.get<ReviewSummary[]>('dora', `${paths.reviews}?state=pending`)).body[0])
      const { binding } = (await gateway.get<ReviewDetail>('dora', paths.review(review.id))).body
      await gateway.post('dora', paths.approveReview(review.id), { binding, reason: 'fine' })
      await running
    })
    expect(events.map(({ type }) => type)).toEqual(['connection.start', 'held', 'notice', 'decided', 'statement', 'done', 'connection.end', 'end'])
    expect(typed(events, 'held')).toMatchObject([{ rule: 'writes to held wait', asked: ['dba'], text: 'INSERT INTO held VALUES (4711)' }])
    expect(typed(events, 'decided')).toMatchObject([{ state: 'approved', by: 'dora@example.com', reason: 'fine' }])
  })

  test('results of a pipeline belong to their statements, and what an error skipped has none', async () => {
    const { events } = await recorded(async (port) => {
      await psql(port, 'SELECT 1 AS a; SELECT 2 AS b; SELECT 1/0; SELECT 3 AS c')
    })
    const entries = typed(events, 'statement').map(({ entry }) => entry)
    expect(entries).toHaveLength(4)
    expect(typed(events, 'rows').map(({ entry, rows }) => [entry, rows])).toEqual([[entries[0], [['1']]], [entries[1], [['2']]]])
    expect(typed(events, 'error').map(({ entry }) => entry)).toEqual([entries[2]])
  })

  test('a result beyond the limit is cut where it says, and the rest counted and hashed', async () => {
    const { events, end, id } = await recorded(async (port) => {
      await psql(port, 'SELECT n, repeat(\'x\', 100) FROM generate_series(1, 5000) n', 'SELECT 7 AS seven')
    })
    const kept = typed(events, 'rows').filter(({ entry }) => entry === typed(events, 'statement')[0]!.entry).flatMap(({ rows }) => rows)
    const [cut] = typed(events, 'cut')
    expect(kept.length).toBeGreaterThan(100)
    expect(kept.length + cut!.rows).toBe(5_000)
    expect(cut).toMatchObject({ what: 'result', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string })
    expect(typed(events, 'rows').at(-1)!.rows).toEqual([['7']])
    expect(end.recording).toMatchObject({ cut: true })
    expect((await stat(join(directory, id))).size).toBeLessThan(20_000)
  })

  test('what is recorded arrives as it would otherwise, rows of any size', async () => {
    const text = `SELECT n, repeat(chr(97 + n % 26), CASE WHEN n % 500 = 0 THEN 200000 ELSE n % 90 END) AS filler, NULL AS nothing FROM generate_series(1, 3000) n`
    const direct = await connectPg(postgres, { user: postgres.superuser, password: postgres.password })
    const expected = (await direct.query(text)).rows
    await direct.end()
    const { events } = await recorded(async (port) => {
      const opened = await connectPg(port)
      expect((await opened.query(text)).rows).toEqual(expected)
      expect((await opened.query({ text, binary: true } as pg.QueryConfig)).rows).toEqual(expected)
      await opened.end()
    })
    const [first, second] = typed(events, 'cut')
    expect([first!.rows, second!.rows]).toEqual([first!.rows, first!.rows])
    expect(first!.bytes).toBeGreaterThan(1_200_000)
  }, 60_000)

  test('where a target is not to be recorded there is nothing', async () => {
    const { code, stderr, end } = await recorded(async (port) => { await psql(port, 'SELECT 1') }, 'off-db')
    expect(code).toBe(1)
    expect(stderr).toContain('no recording of this session')
    expect(end).not.toHaveProperty('recording')
  })
})

describe('who may look, and that it is written down', () => {
  test('the owner, auditors and admins; nobody else learns that there is a session', async () => {
    const { id } = await recorded(async (port) => { await psql(port, 'SELECT 1') })
    for (const who of ['alice', 'ines', 'root']) expect((await replayBy(who, id)).head).toMatchObject({ matches: true })
    for (const who of ['bob', 'dora']) expect(await replayBy(who, id)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('there is no such session') as string })
    const looked = (await gateway.audit()).flatMap((entry) => entry.kind === 'audit.read' && entry.session === id ? [[entry.action, entry.actor.email]] : [])
    expect(looked).toEqual([['replay', 'alice@example.com'], ['replay', 'alice@example.com'], ['replay', 'ines@example.com'], ['replay', 'root@example.com']])
  })

  test('an open session can be followed and replayed so far, and killed with a reason its client is told', async () => {
    const port = await alice.connect('prod-db')
    const opened = await connectPg(port)
    const errors: string[] = []
    opened.on('error', (error: Error & { code?: string }) => errors.push(`${error.code} ${error.message}`))
    await opened.query('SELECT 1 AS before')
    expect((await replayBy('root', port.session)).head).toMatchObject({ matches: 'open' })
    const following = (await gateway.person('root')).run(['sessions', 'follow', port.session])
    await following.line(/following/, { of: 'stderr' })
    await until('the follower to be written down', async () => (await gateway.audit()).some((entry) => entry.kind === 'audit.read' && entry.action === 'follow' && entry.session === port.session))
    await opened.query('SELECT ssn AS hidden FROM patients WHERE id = 1')
    await following.line(/hidden[\s\S]*\*\*\*[\s\S]*SELECT 1/)
    expect((await gateway.delete('root', paths.session(port.session), { reason: ' ' })).status).toBe(400)
    const killed = await (await gateway.person('root')).finish(['sessions', 'kill', port.session, '--reason', 'locks everything'])
    expect(killed).toMatchObject({ code: 0 })
    await until('the client to be told', () => Promise.resolve(errors.length > 0))
    expect(errors[0]).toBe('57P01 an administrator ended the session: locks everything')
    expect(await following.exited).toBe(0)
    expect(following.stdout).toContain('the session ended: an administrator ended the session: locks everything')
    expect(following.stdout).not.toContain('before')
    const log = await gateway.audit()
    expect(log.find((entry) => entry.kind === 'admin' && entry.action === 'session.kill')).toMatchObject({ actor: { email: 'root@example.com' }, detail: `${port.session}: locks everything` })
    await endOf(port.session)
    const after = await replayBy('ines', port.session)
    expect(after.head).toMatchObject({ matches: true })
    expect(typed(after.events, 'error')).toMatchObject([{ severity: 'FATAL', sqlState: '57P01' }])
    await port.process.exited
    const again = await (await gateway.person('root')).finish(['sessions', 'kill', port.session, '--reason', 'x'])
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('has ended already') as string })
    expect(await (await gateway.person('bob')).finish(['sessions', 'kill', port.session, '--reason', 'x'])).toMatchObject({ code: 1 })
    expect(await (await gateway.person('bob')).finish(['sessions', 'follow', port.session])).toMatchObject({ code: 1 })
  })
})

describe('what happens to the file', () => {
  test('a changed byte, a cut end and a missing file are told; what was before is shown', async () => {
    const { id, events } = await recorded(async (port) => {
      const opened = await connectPg(port)
      await opened.query('SELECT 1 AS first')
      // Long enough for a block of its own.
      await until('a block to be written', async () => (await stat(join(directory, port.session))).size > 300)
      await opened.query('SELECT 2 AS second')
      await opened.end()
    })
    const path = join(directory, id)
    const whole = await readFile(path)
    const changed = Buffer.from(whole)
    changed[changed.length - 20]! ^= 1
    await writeFile(path, changed)
    const damaged = await replayBy('alice', id)
    expect(damaged).toMatchObject({ code: 1, head: { matches: false } })
    expect(damaged.events.at(-1)).toMatchObject({ type: 'damaged', reason: expect.stringContaining('not as it was written') as string })
    expect(damaged.events.slice(0, -1)).toEqual(events.slice(0, damaged.events.length - 1))
    expect(damaged.events.length).toBeGreaterThan(3)
    await writeFile(path, whole)
    await truncate(path, whole.length - 1)
    expect((await replayBy('alice', id)).events.at(-1)).toMatchObject({ type: 'damaged', reason: expect.stringContaining('breaks off') as string })
    const text = await alice.finish(['sessions', 'replay', id, '--text'])
    expect(text.stdout).toMatch(/matches the audit log\s+NO/)
    expect(text.stdout).toContain('the recording is damaged')
    await writeFile(path, whole)
    expect(await replayBy('alice', id)).toMatchObject({ code: 0, head: { matches: true } })
  })

  test('a redaction of the session removes it', async () => {
    const { id } = await recorded(async (port) => { await psql(port, 'SELECT \'meant for nobody\'') })
    expect((await gateway.post('root', paths.redactSession(id), { reason: 'a mistake' })).status).toBe(200)
    expect(await readdir(directory)).not.toContain(id)
    expect(await replayBy('ines', id)).toMatchObject({ code: 1, stderr: expect.stringContaining('no recording of this session') as string })
  })

  test('hostile bytes in statements and rows do nothing to a terminal, and are shown', async () => {
    const hostile = '\u001b]0;owned\u0007\u001b[2J\u009b31m\u202Eevil'
    const { id } = await recorded(async (port) => {
      const opened = await connectPg(port)
      await opened.query(`SELECT '${hostile}' AS "${'\u001b[1G'}name", $1::text`, [hostile])
      await opened.query(`SELECT 1 FROM "${hostile}"`).catch(() => undefined)
      await opened.end()
    })
    for (const flag of ['--text', '--json']) {
      const { stdout } = await alice.finish(['sessions', 'replay', id, flag])
      expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
      expect(stdout).toContain(flag === '--text' ? '<U+001B>]0;owned<U+0007>' : '\\u001b]0;owned\\u0007')
    }
  })

  test('a killed gateway leaves all but the last second, and a replay says that the log cannot vouch for it', async () => {
    const port = await alice.connect('prod-db')
    const opened = await connectPg(port)
    await opened.query('SELECT 41 + 1 AS answer')
    await until('a block to be written', async () => (await stat(join(directory, port.session))).size > 300)
    await gateway.halt('KILL')
    await gateway.resume()
    await opened.end().catch(() => undefined)
    await port.close()
    const { head, events, code } = await replayBy('alice', port.session)
    expect(code).toBe(0)
    expect(head).toMatchObject({ matches: 'unknown' })
    expect(typed(events, 'rows')).toMatchObject([{ rows: [['42']] }])
    expect(typed(events, 'end')).toEqual([])
  })
})

/** A file system of 64 KiB. @returns false where this user may not mount one */
function mounted(at: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=700', 'tmpfs', at], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
const probe = mkdtempSync(join(tmpdir(), 'hoop-mount-'))
const mayMount = mounted(probe)
if (mayMount) execFileSync('umount', ['-l', probe])
rmdirSync(probe)

describe.skipIf(!mayMount)(mayMount ? 'a full disk' : 'a full disk (skipped: mounting a small file system needs root)', () => {
  let full: TestGateway
  let mount: string
  beforeAll(async () => {
    const sections = { recording: recording({ perOperationBytes: 1_000_000, perSessionBytes: 50_000_000 }) }
    full = await TestGateway.start({ targets: targets() as never, users, policy, env: environment, sections })
    mount = join(full.folder, 'recordings')
    mkdirSync(mount, { recursive: true, mode: 0o700 })
    expect(mounted(mount)).toBe(true)
  })
  afterAll(async () => {
    // First, or the folder could not be removed; what still writes there goes on writing.
    execFileSync('umount', ['-l', mount])
    await full?.stop()
  })
  const noise = 'SELECT n, md5(n::text) || md5((n + 1)::text) FROM generate_series(1, 10000) n'

  test('ends the session with 58000 where it has to be recorded, and says so in the log', async () => {
    const port = await (await full.person('alice')).connect('prod-db')
    const opened = await connectPg(port)
    const errors: string[] = []
    opened.on('error', (error: Error & { code?: string }) => errors.push(error.code ?? error.message))
    for (let i = 0; i < 20 && errors.length === 0; i++) await opened.query(noise).catch((error: Error & { code?: string }) => errors.push(error.code ?? ''))
    expect(errors[0]).toBe('58000')
    await until('the end in the log', async () => (await full.audit()).find((entry) => entry.kind === 'session.end' && entry.session === port.session && entry.recording?.incomplete === true))
    await port.close()
    const replayed = await (await full.person('alice')).finish(['sessions', 'replay', port.session, '--json'])
    expect(JSON.parse(replayed.stdout.split('\n')[0]!)).toMatchObject({ matches: true })
    expect(replayed.stdout).toContain('"type":"damaged"')
    // Nor is another one opened, once there is no room for its first bytes either.
    await expect(writeFile(join(mount, 'filler'), Buffer.alloc(128 * 1024))).rejects.toMatchObject({ code: 'ENOSPC' })
    const refused = await (await full.person('alice')).finish(['connect', 'prod-db', '--port', '0', '--json'])
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toContain('cannot be recorded')
  })

  test('does not end one that need not be', async () => {
    const port = await (await full.person('alice')).connect('may-db')
    const opened = await connectPg(port)
    for (let i = 0; i < 3; i++) expect((await opened.query(noise)).rowCount).toBe(10_000)
    await opened.end()
    await port.close()
    expect(full.log).toContain('a session goes on unrecorded')
  })
})

test('without a section "recording" nothing is kept, and a replay says so', async () => {
  const plain = await TestGateway.start({ targets: targets() as never, users, policy })
  try {
    const person = await plain.person('alice')
    const port = await person.connect('prod-db')
    await psql(port, 'SELECT 1')
    await port.close()
    expect(await readdir(plain.folder)).not.toContain('recordings')
    expect(await person.finish(['sessions', 'replay', port.session, '--text'])).toMatchObject({ code: 1, stderr: expect.stringContaining('not recorded') as string })
  } finally {
    await plain.stop()
  }
})
