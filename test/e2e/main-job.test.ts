// The whole way of a statement, on real parts: what is refused never arrives, what runs is written down first, nobody holds the credential,
// and what breaks is told and mended.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AuditEntry } from '../../shared/audit/entry.ts'
import { paths, type CreatedServiceToken, type UserSummary } from '../../shared/api.ts'
import { connectPg } from '../support/connect-pg.ts'
import { TestGateway, testUsers } from '../support/gateway.ts'
import type { TestPerson, TestPort } from '../support/person.ts'
import { TestPostgres } from '../support/postgres.ts'
import { until } from '../support/until.ts'

const run = promisify(execFile)
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const secret = 'the-upstream-secret-7f3a'

let postgres: TestPostgres
let gateway: TestGateway
let alice: TestPerson
let port: TestPort

beforeAll(async () => {
  postgres = await TestPostgres.start({ ssl: true, hba: 'hostssl all hoop_app 127.0.0.1/32 scram-sha-256' })
  await postgres.query(`CREATE ROLE hoop_app LOGIN PASSWORD '${secret}'`)
  await postgres.query('CREATE DATABASE clinic OWNER hoop_app')
  await postgres.query('SET ROLE hoop_app; CREATE TABLE patients AS SELECT n AS id, \'patient \' || n AS name FROM generate_series(1, 100) n', { database: 'clinic' })
  const target = { address: postgres.address, database: 'clinic', tls: { mode: 'verify-full', ca: `file:${postgres.authority!.caFile}` } }
  gateway = await TestGateway.start({
    tls: true,
    targets: {
      'prod-db': { ...target, credential: { user: 'hoop_app', password: secret } },
      'wrong-secret': { ...target, credential: { user: 'hoop_app', password: 'an-old-secret' } },
      'not-there': { address: '127.0.0.1:1', database: 'clinic', credential: { user: 'hoop_app', password: secret } }
    },
    policy: [
      { name: 'engineers may read', who: { group: 'engineers' }, effects: ['read', 'session', 'unknown'], then: 'allow' },
      { name: 'nobody drops', effects: ['schema'], then: 'deny', reason: 'schema changes go through a migration' }
    ]
  })
  alice = await gateway.person('alice')
  port = await alice.connect('prod-db')
})
afterAll(async () => {
  await gateway?.stop()
  await postgres?.stop()
})

async function connected(to: { host: string, port: number } = port): Promise<pg.Client> {
  return connectPg(to, { password: 'whatever' })
}

const reached = async () => (await postgres.statements()).filter(({ user }) => user === 'hoop_app').map(({ text }) => text)

/** Entries about one statement, by its exact text. */
async function entriesAbout(text: string): Promise<AuditEntry[]> {
  return (await gateway.audit()).filter((entry) => 'statement' in entry && entry.statement.sha256 === sha256(text))
}

describe('what is refused', () => {
  test('a denied statement is a native error, never arrives, is written down, and the connection lives on', async () => {
    const client = await connected()
    const text = 'DROP TABLE patients'
    await expect(client.query(text)).rejects.toMatchObject({ code: '42501', severity: 'ERROR', message: expect.stringContaining('schema changes go through a migration') as string })
    await expect(client.query(`${text} -- extended`, [])).rejects.toMatchObject({ code: '42501' })
    await expect(client.query({ name: 'named', text: `${text} CASCADE` })).rejects.toMatchObject({ code: '42501' })
    await expect(client.query('SELECT 1 AS first; DELETE FROM patients')).rejects.toMatchObject({ code: '42501' })
    expect((await client.query('SELECT count(*)::int AS n FROM patients')).rows).toEqual([{ n: 100 }])
    await client.end()
    expect((await reached()).filter((one) => /DROP|DELETE|AS first/.test(one))).toEqual([])
    expect(await entriesAbout(text)).toMatchObject([{ kind: 'decision', decision: { action: 'deny', rule: 'nobody drops' }, actor: { subject: 'alice' } }])
  })

  test('within a transaction, its error fails the transaction, as any error would', async () => {
    const client = await connected()
    await client.query('BEGIN')
    await expect(client.query('UPDATE patients SET name = $1', ['gone'])).rejects.toMatchObject({ code: '42501' })
    await client.query('ROLLBACK')
    await client.end()
    expect((await reached()).filter((one) => one.includes('UPDATE'))).toEqual([])
  })

  test('a person no rule speaks of opens nothing, and an unknown target names the nearest', async () => {
    const bob = await gateway.person('bob')
    const denied = await bob.finish(['connect', 'prod-db', '--json'])
    expect(denied).toMatchObject({ code: 1, stdout: '' })
    const typo = await alice.finish(['connect', 'prod-bd'])
    expect(typo).toMatchObject({ code: 1, stderr: expect.stringContaining('prod-db') as string })
  })
})

describe('what runs', () => {
  test('has its intent on disk before the server is asked, and an outcome after', async () => {
    const client = await connected()
    const text = 'SELECT name FROM patients WHERE id <= 3 AND pg_sleep(0.05) IS NOT NULL'
    const answer = client.query(text)
    await until('the server to be asked', async () => (await postgres.query('SELECT 1 FROM pg_stat_activity WHERE query = $1', { parameters: [text] })).length > 0)
    const [intent] = await entriesAbout(text)
    expect(intent).toMatchObject({ kind: 'statement.intent', decision: { action: 'allow', rule: 'engineers may read' }, statement: { verb: 'SELECT', effects: ['read'] } })
    expect(intent?.kind === 'statement.intent' && intent.statement.redacted).not.toContain('3')
    expect((await answer).rows).toHaveLength(3)
    await client.end()
    const outcome = await until('the outcome', async () =>
      (await gateway.audit()).find((entry) => entry.kind === 'outcome' && entry.intent === intent!.index))
    expect(outcome).toMatchObject({ outcome: { status: 'ok', rows: 3 } })
  })

  test('a wrapped command finds the port in its environment, and its exit code is passed on', async () => {
    const good = await alice.finish(['connect', 'prod-db', '--', 'psql', '-X', '-At', '-c', 'SELECT count(*) FROM patients'])
    expect(good).toMatchObject({ code: 0, stdout: '100\n' })
    expect(await alice.finish(['connect', 'prod-db', '--', 'psql', '-X', '-v', 'ON_ERROR_STOP=1', '-c', 'SELECT nope FROM patients'])).toMatchObject({ code: 1 })
    expect(await alice.finish(['connect', 'prod-db', '--', 'sh', '-c', 'test -n "$DATABASE_URL" && psql -X -At "$DATABASE_URL" -c "SELECT 7" && exit 42'])).toMatchObject({ code: 42, stdout: '7\n' })
  })

  test('a service token does the same without a login, for its targets only, until it is revoked', async () => {
    const { status, body: token } = await gateway.post<CreatedServiceToken>('alice', paths.serviceTokens, {
      name: 'ci',
      targets: ['prod-db'],
      expiresInDays: 1,
      kind: 'service'
    })
    expect(status).toBe(201)
    const ci = await gateway.stranger()
    try {
      const env = { HOOP_TOKEN: token.secret }
      expect(await ci.finish(['connect', 'prod-db', '--', 'psql', '-X', '-At', '-c', 'SELECT 1'], env)).toMatchObject({ code: 0, stdout: '1\n' })
      // A child of the wrapped command must not find the token.
      expect(await ci.finish(['connect', 'prod-db', '--', 'sh', '-c', 'echo "[$HOOP_TOKEN]"'], env)).toMatchObject({ code: 0, stdout: '[]\n' })
      expect(await ci.finish(['connect', 'not-there'], env)).toMatchObject({ code: 1 })
      await gateway.delete('alice', paths.serviceToken(token.id))
      expect(await ci.finish(['connect', 'prod-db', '--', 'true'], env)).toMatchObject({ code: 4 })
    } finally {
      await ci.leave()
    }
  })

  test('sessions and log are shown, and the log verifies from its files', async () => {
    const listed = await alice.finish(['sessions', '--json'])
    expect(listed.stdout).toContain(port.session)
    expect((await alice.finish(['sessions', 'show', port.session])).stdout).toContain('DROP TABLE')
    const verified = await alice.finish(['audit', 'verify', gateway.auditDirectory, '--key', join(gateway.auditDirectory, 'log.pub')])
    expect(verified).toMatchObject({ code: 0 })
  })
})

describe('what is wrong', () => {
  test.each([
    ['wrong-secret', '28000', 'credential'],
    ['not-there', '08006', 'not-there']
  ])('%s is told to the client with the target\'s name and never the secret', async (target, code, words) => {
    const other = await alice.connect(target)
    const refused = await connected(other).then(() => undefined, (error: Error & { code?: string }) => error)
    expect(refused).toMatchObject({ code, message: expect.stringContaining(words) as string })
    expect(refused!.message).toContain(target)
    expect(refused!.message).not.toMatch(/an-old-secret|the-upstream-secret/)
    expect(await other.close()).toBe(0)
  })

  test('HTTP and TLS on the local port are closed at once, and the port goes on', async () => {
    await expect(run('curl', ['-s', '-m', '5', `http://${port.host}:${port.port}/`])).rejects.toMatchObject({ code: 52 })
    await expect(run('curl', ['-s', '-m', '5', '-k', `https://${port.host}:${port.port}/`])).rejects.toThrow()
    const client = await connected()
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await client.end()
  })

  test('the database goes away and comes back: the session lives through it', async () => {
    const before = await connected()
    const ended = new Promise<Error & { code?: string }>((resolve) => before.once('error', resolve))
    await postgres.halt()
    expect(await ended).toMatchObject({ code: '57P01' })
    await expect(connected()).rejects.toMatchObject({ code: '08006', message: expect.stringContaining('prod-db') as string })
    await postgres.resume()
    const after = await connected()
    expect((await after.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await after.end()
  })

  test('the gateway is killed and comes back: the port stays, clients are told, the log goes on where it was', async () => {
    const entries = (await gateway.audit()).length
    await gateway.halt('KILL')
    await expect(connected()).rejects.toMatchObject({ message: expect.stringMatching(/gateway/) as string })
    await gateway.resume()
    const client = await until('a way back', () => connected().catch(() => undefined), 20_000)
    expect((await client.query('SELECT 2 AS two')).rows).toEqual([{ two: 2 }])
    await client.end()
    const log = await gateway.audit()
    expect(log.length).toBeGreaterThan(entries)
    expect(log.map(({ index }) => index)).toEqual(log.map((_, index) => index))
    expect(new Set(log.map(({ boot }) => boot)).size).toBe(2)
    expect(await alice.finish(['audit', 'verify', gateway.auditDirectory, '--key', join(gateway.auditDirectory, 'log.pub')])).toMatchObject({ code: 0 })
  }, 60_000)

  test('a changed policy counts from the next statement on, in a connection that is open', async () => {
    const client = await connected()
    await client.query('SELECT 3 AS three')
    await gateway.writePolicy([{ name: 'nobody reads any more', effects: ['read'], then: 'deny', reason: 'maintenance' }, { name: 'engineers may read', who: { group: 'engineers' }, effects: ['read', 'session', 'unknown'], then: 'allow' }])
    gateway.signal('HUP')
    await until('the change', () => client.query('SELECT 3 AS three').then(() => undefined, (error: { code?: string }) => error.code === '42501'))
    await client.end()
  })

  test('a disabled person is out within a second, connections, tokens and all', async () => {
    const client = await connected()
    const gone = new Promise<number>((resolve) => client.once('error', () => resolve(performance.now())))
    const { body: users } = await gateway.get<UserSummary[]>('root', paths.users)
    const { id } = users.find(({ subject }) => subject === 'alice')!
    const begin = performance.now()
    expect((await gateway.post('root', paths.disableUser(id))).status).toBeLessThan(300)
    expect(await gone - begin).toBeLessThan(1000)
    expect((await gateway.get('alice', paths.whoami)).status).toBe(401)
    expect(await alice.finish(['targets'])).toMatchObject({ code: 4 })
  })
})

test('no secret stands in the log, the state, the operator\'s log or anything the command line said or kept', async () => {
  const secrets = [secret, 'an-old-secret', ...testUsers.map(({ password }) => password)]
  const files = [...await filesIn(gateway.auditDirectory), ...(await readdir(gateway.folder)).filter((name) => name.startsWith('state')).map((name) => join(gateway.folder, name)), ...await filesIn(alice.configDirectory)]
  expect(files.length).toBeGreaterThan(3)
  const texts = [gateway.log, port.process.stdout, port.process.stderr, ...await Promise.all(files.map((file) => readFile(file, 'latin1')))]
  expect(texts.filter((text) => secrets.some((one) => text.includes(one)))).toEqual([])
})

async function filesIn(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}
