// Sealed texts and parameters with the real gateway, database and clients: they come back exactly for whoever holds a key, are nowhere in
// clear, survive a killed gateway, and are gone after a redaction.
import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { paths } from '../../shared/api.ts'
import type { AuditEntry } from '../../shared/audit/entry.ts'
import { recipientKeyLine, sessionKeyPath } from '../../shared/audit/session-key.ts'
import { connectPg } from '../support/connect-pg.ts'
import { TestGateway } from '../support/gateway.ts'
import { LeakScan } from '../support/leak-scan.ts'
import type { Finished, TestPerson, TestPort } from '../support/person.ts'
import { TestPostgres } from '../support/postgres.ts'
import { until } from '../support/until.ts'

const run = promisify(execFile)

let postgres: TestPostgres
let gateway: TestGateway
let folder: string
let ines: TestPerson
const identity = (name: string) => join(folder, name)

const users = [
  { username: 'alice', password: 'alice-password', email: 'alice@example.com', groups: ['engineers'] },
  { username: 'ines', password: 'ines-password', email: 'ines@example.com', groups: ['hoop-auditors'] },
  { username: 'root', password: 'root-password', email: 'root@example.com', groups: ['hoop-admins'] }
]
const policy = [
  { name: 'engineers read and write', who: { group: 'engineers' }, effects: ['read', 'write', 'session', 'unknown'], then: 'allow' },
  { name: 'visits wait', who: { group: 'engineers' }, effects: ['write'], relations: 'visits', then: 'hold', approvers: { group: 'dba' }, timeout: '5m' },
  { name: 'nobody drops', effects: ['schema'], then: 'deny', reason: 'no' }
]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-sealed-'))
  postgres = await TestPostgres.start()
  await postgres.query('CREATE ROLE hoop_app LOGIN PASSWORD \'app-password\'')
  await postgres.query('CREATE DATABASE clinic OWNER hoop_app')
  await postgres.query('SET ROLE hoop_app; CREATE TABLE visits (note text)', { database: 'clinic' })
  const keys: Record<string, string> = {}
  for (const name of ['auditor', 'deputy', 'successor', 'stranger']) {
    const { privateKey, publicKey } = generateKeyPairSync('x25519')
    await writeFile(identity(name), privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
    await writeFile(`${identity(name)}.pub`, publicKey.export({ format: 'pem', type: 'spki' }), { mode: 0o600 })
    keys[name] = recipientKeyLine(publicKey)
  }
  gateway = await TestGateway.start({
    users,
    policy,
    sections: {
      audit: {
        directory: 'audit',
        origin: 'test.example/log',
        sealTo: [{ name: 'auditor', key: `file:${identity('auditor')}.pub` }, { name: 'deputy', key: keys.deputy }]
      }
    },
    targets: { 'prod-db': { address: postgres.address, database: 'clinic', credential: { user: 'hoop_app', password: 'app-password' } } }
  })
  ines = await gateway.person('ines')
})
afterAll(async () => {
  await gateway?.stop()
  await postgres?.stop()
  await rm(folder, { recursive: true, force: true })
})

type Work = (client: pg.Client, port: TestPort) => Promise<void>

/** Statements of one session, each a query of node-postgres. @returns the session's id */
async function visit(work: Work): Promise<string> {
  const port = await (await gateway.person('alice')).connect('prod-db')
  const client = await connectPg(port)
  await work(client, port)
  await client.end()
  await port.close()
  return port.session
}

/** A visit that is over in the log, too. */
async function session(work: Work): Promise<string> {
  const id = await visit(work)
  await until('the session to end', async () => (await gateway.audit()).some((entry) => entry.kind === 'session.end' && entry.session === id))
  return id
}

async function statementsOf(id: string): Promise<AuditEntry[]> {
  return (await gateway.audit()).filter((entry) => 'session' in entry && entry.session === id && 'statement' in entry)
}

function open(person: TestPerson, index: number, ...more: string[]): Promise<Finished> {
  return person.finish(['audit', 'open', String(index), '--json', ...more])
}

interface OpenedJson {
  readonly entry: AuditEntry
  readonly statements: readonly {
    readonly text: string
    readonly parameters: readonly ({ readonly format: string, readonly text?: string, readonly base64: string } | null)[]
  }[]
}

async function opened(index: number, who = 'auditor', ...more: string[]): Promise<OpenedJson['statements'][number]> {
  const { code, stdout, stderr } = await open(ines, index, '--identity', identity(who), ...more)
  if (code !== 0) throw new Error(stderr)
  const { statements } = JSON.parse(stdout) as OpenedJson
  expect(statements).toHaveLength(1)
  return statements[0]!
}

/** Every file of the audit directory. */
async function everything(): Promise<Buffer> {
  const files = await readdir(gateway.auditDirectory, { recursive: true, withFileTypes: true })
  return Buffer.concat(await Promise.all(files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name)))))
}

describe('what was asked', () => {
  const secrets = ['Zebedäus-Quux-4711', '\\x00ff7f80deadbeef', 'psql-literal-83271', 'denied-literal-55102']

  test('comes back exactly, text and parameters, for each recipient, and is in no file in clear', async () => {
    const binary = Buffer.from('00ff7f80deadbeef', 'hex')
    const id = await session(async (client, { url }) => {
      await client.query('SELECT $1::text, $2::bytea, $3::int, $4::text', ['Zebedäus-Quux-4711', binary, 42, null])
      await client.query({ name: 'again', text: 'SELECT $1::text AS a', values: ['first-Quux'] })
      await client.query({ name: 'again', text: 'SELECT $1::text AS a', values: ['second-Quux'] })
      await client.query('COMMENT ON DATABASE clinic IS \'denied-literal-55102\'').catch(() => undefined)
      await run('psql', ['-X', '-At', url, '-c', 'SELECT \'psql-literal-83271\' -- with a comment'])
    })
    const entries = await statementsOf(id)
    expect(entries.every((entry) => 'sealed' in entry && entry.sealed !== undefined)).toBe(true)
    const texts: string[] = []
    for (const entry of entries) {
      const [mine, theirs] = [await opened(entry.index), await opened(entry.index, 'deputy', '--dir', gateway.auditDirectory)]
      expect(theirs).toEqual(mine)
      texts.push(mine.text)
    }
    expect(texts).toContain('SELECT \'psql-literal-83271\' -- with a comment')
    expect(texts).toContain('COMMENT ON DATABASE clinic IS \'denied-literal-55102\'')
    const first = await opened(entries[texts.indexOf('SELECT $1::text, $2::bytea, $3::int, $4::text')]!.index)
    expect(first.parameters.map((value) => value === null ? null : Buffer.from(value.base64, 'base64'))).toEqual([
      Buffer.from('Zebedäus-Quux-4711'), binary, Buffer.from('42'), null
    ])
    expect(first.parameters[1]).toMatchObject({ format: 'binary' })
    const again = await Promise.all(entries.filter((_, i) => texts[i] === 'SELECT $1::text AS a').map(async ({ index }) => (await opened(index)).parameters))
    expect(again.flat().map((value) => value?.text)).toEqual(['first-Quux', 'second-Quux'])

    const found = new LeakScan([...secrets, 'first-Quux', 'second-Quux', 'alice-password'], { fragment: 8, harmless: [await readFile(gateway.configFile, 'utf8')] }).find(await everything())
    expect(found).toEqual([])
    expect(gateway.log).not.toMatch(/Quux|83271|55102/)
  }, 120_000)

  test('by whoever opens it through the gateway is in the log before they are answered', async () => {
    const id = await session(async (client) => { await client.query('SELECT 1') })
    const [{ index }] = await statementsOf(id) as [AuditEntry]
    await opened(index)
    const read = (await gateway.audit()).findLast(({ kind }) => kind === 'audit.read')
    expect(read).toMatchObject({ action: 'open', entry: index, actor: { email: 'ines@example.com' }, detail: `session ${id}` })
    // Offline nobody knows.
    const before = (await gateway.audit()).length
    await opened(index, 'auditor', '--dir', gateway.auditDirectory)
    expect((await gateway.audit()).slice(before).filter(({ kind }) => kind === 'audit.read')).toEqual([])
    expect(await open(await gateway.person('alice'), index, '--identity', identity('auditor'))).toMatchObject({ code: 1, stderr: expect.stringContaining('you may not do that') })
  })

  test('stands on a terminal\'s lines safe and set in, and raw byte for byte', async () => {
    const text = 'SELECT \'\u001b[31mred\' AS a,\n       \'\u202eabc\' AS b'
    const id = await session(async (client) => { await client.query(text) })
    const [{ index }] = await statementsOf(id) as [AuditEntry]
    const args = ['audit', 'open', String(index), '--identity', identity('auditor')]
    const shown = await ines.finish(args)
    expect(shown.stdout).toContain('  SELECT \'<U+001B>[31mred\' AS a,\n         \'<U+202E>abc\' AS b')
    expect((await ines.finish([...args, '--raw'])).stdout).toBe(text)
    expect(await ines.finish([...args, '--raw', '--json'])).toMatchObject({ code: 64 })
  })
})

describe('what is not an ordinary statement', () => {
  test('a statement that waits for people is sealed before they are asked', async () => {
    await session(async (client) => {
      const waiting = client.query('INSERT INTO visits VALUES ($1)', ['held-Quux']).catch((error: Error) => error)
      const held = await until('the review', async () => (await gateway.audit()).find((entry) => entry.kind === 'review.held'))
      expect(await opened(held.index)).toMatchObject({ text: 'INSERT INTO visits VALUES ($1)', parameters: [{ format: 'text', text: 'held-Quux' }] })
      await client.end()
      await waiting
    })
  })

  test('one of 20 MiB is opened from the folder, and not through the gateway', async () => {
    const value = 'v'.repeat(20 * 1024 * 1024)
    const id = await session(async (client) => { await client.query('SELECT length($1::text)', [value]) })
    const [{ index }] = await statementsOf(id) as [AuditEntry]
    expect(await open(ines, index, '--identity', identity('auditor'))).toMatchObject({ code: 1, stderr: expect.stringContaining('--dir') })
    const { parameters } = await opened(index, 'auditor', '--dir', gateway.auditDirectory)
    expect(parameters[0]!.text === value).toBe(true)
  }, 120_000)

  test('a failed login at the wire, or any other entry without a statement, has nothing sealed', async () => {
    const others = (await gateway.audit()).filter((entry) => !('statement' in entry) && entry.kind !== 'review.held')
    expect(others.length).toBeGreaterThan(5)
    expect(others.filter((entry) => 'sealed' in entry)).toEqual([])
  })
})

describe('a configuration that cannot be sealed to', () => {
  test.each([
    ['a private key', () => `file:${identity('auditor')}`, /audit\.sealTo\.0\.key \(ines\): is a private key/],
    ['a file that is not there', () => `file:${identity('nowhere')}`, /cannot be read: ENOENT/]
  ])('%s is told by check and start', async (_, key, message) => {
    const config = parse(await readFile(gateway.configFile, 'utf8')) as { audit: { sealTo: unknown } }
    config.audit.sealTo = [{ name: 'ines', key: key() }]
    const file = join(gateway.folder, 'wrong.yaml')
    await writeFile(file, stringify(config))
    for (const word of ['check', 'start']) {
      expect(await ines.finish(['gateway', word, '--config', file])).toMatchObject({ code: 1, stderr: expect.stringMatching(message) })
    }
  })
})

test('the key of a witness that cannot be read is told by check and start, before the log is opened', async () => {
  const config = parse(await readFile(gateway.configFile, 'utf8')) as { audit: object, state: object }
  const directory = join(gateway.folder, 'not-begun')
  config.audit = { ...config.audit, directory, witnesses: [{ name: 'acme', url: 'https://127.0.0.1:1', key: 'file:nowhere.pub' }] }
  config.state = { sqlite: join(gateway.folder, 'not-begun.db') }
  const file = join(gateway.folder, 'unwitnessed.yaml')
  await writeFile(file, stringify(config))
  for (const word of ['check', 'start']) {
    expect(await ines.finish(['gateway', word, '--config', file])).toMatchObject({ code: 1, stderr: expect.stringContaining('file:nowhere.pub cannot be read: ENOENT') })
  }
  expect(existsSync(directory)).toBe(false)
})

describe('what cannot be opened says why', () => {
  test('a wrong identity, another kind of entry, a number beyond the end, a file that is no identity', async () => {
    const id = await session(async (client) => { await client.query('SELECT 1') })
    const [{ index }] = await statementsOf(id) as [AuditEntry]
    for (const where of [[], ['--dir', gateway.auditDirectory]]) {
      const failed = async (number: number, who: string) => (await open(ines, number, '--identity', who, ...where))
      expect(await failed(index, identity('stranger'))).toMatchObject({ code: 1, stderr: expect.stringMatching(/not sealed to this identity[\s\S]*auditor[\s\S]*deputy/) })
      expect(await failed(0, identity('auditor'))).toMatchObject({ code: 1, stderr: expect.stringMatching(/entry 0 is of the kind "[a-z.]+": nothing is sealed/) })
      expect(await failed(9_999_999, identity('auditor'))).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no entry 9999999') })
      expect(await failed(index, `${identity('auditor')}.pub`)).toMatchObject({ code: 1, stderr: expect.stringContaining('is a public key') })
      expect(await failed(index, identity('nowhere'))).toMatchObject({ code: 1, stderr: expect.stringContaining('does not exist') })
    }
    expect(await ines.finish(['audit', 'open', '-1', '--identity', 'x'])).toMatchObject({ code: 64 })
  })

  test('a damaged attachment, a damaged or missing key file, in a copy of the log', async () => {
    const id = await session(async (client) => { await client.query('SELECT 1') })
    const [entry] = await statementsOf(id) as [AuditEntry & { sealed: { sha256: string } }]
    const copy = join(folder, 'copy')
    await cp(gateway.auditDirectory, copy, { recursive: true, filter: (path) => !path.includes('lock-') })
    const failed = async () => (await open(ines, entry.index, '--identity', identity('auditor'), '--dir', copy)).stderr
    const keyFile = join(copy, sessionKeyPath(id))
    const key = await readFile(keyFile, 'utf8')
    await writeFile(keyFile, key.replace(/"wrapped":"...../g, '"wrapped":"AAAAA'))
    expect(await failed()).toContain('key file is damaged')
    await writeFile(keyFile, key.replace(id, 'z'.repeat(26)))
    expect(await failed()).toContain('that of another session')
    await rm(keyFile)
    expect(await failed()).toContain('is missing, and no redaction is in the log')
    await writeFile(keyFile, key)
    const segment = join(copy, 'segments/0000000000000000')
    const bytes = await readFile(segment)
    await writeFile(segment, Buffer.from(bytes.toString('latin1').replace(entry.sealed.sha256, 'f'.repeat(64)), 'latin1'))
    // Its frame's checksum tells.
    expect(await failed()).toMatch(/ends, or is damaged, after entry \d+/)
  })
})

describe('through time', () => {
  test('a gateway killed in the middle leaves what it acknowledged openable; a changed list seals to the new ones, from then on', async () => {
    const id = await visit(async (client, { url, session }) => {
      await client.query('SELECT $1::text', ['before-the-kill'])
      const busy = Array.from({ length: 20 }, () => run('psql', ['-X', '-At', url, '-c', 'SELECT pg_sleep(5)']).catch(() => undefined))
      await until('statements to run', async () => (await statementsOf(session)).length > 3)
      await gateway.halt('KILL')
      const config = parse(await readFile(gateway.configFile, 'utf8')) as { audit: { sealTo: unknown } }
      config.audit.sealTo = [{ name: 'successor', key: `file:${identity('successor')}.pub` }]
      await writeFile(gateway.configFile, stringify(config))
      await gateway.resume()
      await Promise.all(busy)
    })
    const entries = await statementsOf(id)
    expect(entries.length).toBeGreaterThan(3)
    for (const { index } of entries) await opened(index)
    expect((await opened(entries[0]!.index)).parameters[0]?.text).toBe('before-the-kill')

    const later = await session(async (client) => { await client.query('SELECT \'to the successor\'') })
    const [{ index }] = await statementsOf(later) as [AuditEntry]
    expect((await opened(index, 'successor')).text).toBe('SELECT \'to the successor\'')
    expect(await open(ines, index, '--identity', identity('auditor'))).toMatchObject({ code: 1, stderr: expect.stringContaining('successor') })
    expect(await open(ines, entries[0]!.index, '--identity', identity('successor'))).toMatchObject({ code: 1 })
  }, 120_000)

  test('a redacted session is gone for everybody, says by whom, and the log is whole', async () => {
    const id = await session(async (client) => { await client.query('SELECT \'typed-by-mistake\'') })
    const [{ index }] = await statementsOf(id) as [AuditEntry]
    const root = await gateway.person('root')
    const redact = (person: TestPerson, what: string, reason = 'a password was typed') => person.finish(['audit', 'redact', what, '--reason', reason])
    expect(await redact(ines, id)).toMatchObject({ code: 1, stderr: expect.stringContaining('you may not do that') })
    expect(await redact(root, 'z'.repeat(26))).toMatchObject({ code: 1, stderr: expect.stringContaining('no such session') })
    expect(await redact(root, id, '  ')).toMatchObject({ code: 1 })
    const running = await gateway.openSession('alice', 'prod-db')
    expect(await redact(root, running.id)).toMatchObject({ code: 1, stderr: expect.stringContaining('the session is open') })
    await gateway.delete('alice', paths.session(running.id))
    expect((await opened(index, 'successor')).text).toContain('typed-by-mistake')

    expect(await redact(root, id)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^redacted: entry \d+ says so/) })
    for (const where of [[], ['--dir', gateway.auditDirectory]]) {
      expect(await open(ines, index, '--identity', identity('successor'), ...where)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/was redacted by root@example\.com at .*a password was typed/)
      })
    }
    expect(await redact(root, id)).toMatchObject({ code: 1, stderr: expect.stringContaining('has no key') })
    await gateway.halt()
    expect(await ines.finish(['audit', 'verify', gateway.auditDirectory])).toMatchObject({ code: 0 })
    await gateway.resume()
  }, 120_000)
})

describe('an identity', () => {
  test('is made once, for its owner alone, and opens what is sealed to it', async () => {
    const file = join(folder, 'made')
    const made = await ines.finish(['audit', 'identity', file, '--json'])
    const { publicKey } = JSON.parse(made.stdout) as { publicKey: string }
    expect(publicKey).toMatch(/^MCowBQYDK2VuAyEA[A-Za-z0-9+/]{43}=$/)
    expect(await readFile(`${file}.pub`, 'utf8')).toContain(publicKey)
    const before = await readFile(file)
    expect(await ines.finish(['audit', 'identity', file])).toMatchObject({ code: 1, stderr: expect.stringContaining('exists already') })
    expect(await readFile(file)).toEqual(before)
    expect((await run('openssl', ['pkey', '-in', file, '-pubout'])).stdout).toBe(await readFile(`${file}.pub`, 'utf8'))
    await run('chmod', ['644', file])
    expect(await open(ines, 0, '--identity', file, '--dir', gateway.auditDirectory)).toMatchObject({ code: 1, stderr: expect.stringContaining('chmod 600') })
  })
})
