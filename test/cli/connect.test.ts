// `hoop connect` as people, jobs and tools use it: the shipped program, a real gateway, a real PostgreSQL, psql.
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { connect as connectTcp, createServer, type Server } from 'node:net'
import { dirname, join } from 'node:path'
import { once } from 'node:events'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { paths, type UserSummary } from '../../shared/api.ts'
import { TestGateway } from '../support/gateway.ts'
import type { TestPerson } from '../support/person.ts'
import { TestPostgres } from '../support/postgres.ts'
import { until } from '../support/until.ts'

let postgres: TestPostgres
let gateway: TestGateway
let alice: TestPerson

beforeAll(async () => {
  postgres = await TestPostgres.start()
  gateway = await TestGateway.start({
    targets: {
      'prod-db': { address: postgres.address, database: 'postgres', credential: { user: postgres.superuser, password: postgres.password } },
      'staging-db': { address: postgres.address, database: 'postgres', credential: { user: postgres.superuser, password: postgres.password } }
    },
    policy: [
      { name: 'engineers may read', who: { group: 'engineers' }, effects: ['read', 'session', 'unknown'], then: 'allow' },
      { name: 'no schema changes by hand', effects: ['schema'], then: 'deny', reason: 'use a migration' }
    ]
  })
  alice = await gateway.person('alice')
})
afterAll(async () => {
  await gateway?.stop()
  await postgres?.stop()
})

interface Finished { readonly code: number, readonly stdout: string, readonly stderr: string }

/** Statements of others that run now, as the database itself sees them. */
async function running(text: string): Promise<number> {
  const sql = `SELECT 1 FROM pg_stat_activity WHERE query LIKE '%${text}%' AND state = 'active' AND pid <> pg_backend_pid()`
  return (await postgres.query(sql)).length
}

/** psql on a port of hoop's, ended after 20 s. */
function psql(host: string, port: number, sql: string): Promise<Finished> {
  return new Promise((resolve) => {
    const args = ['-X', '-At', '-h', host, '-p', String(port), '-U', 'hoop', '-d', 'postgres', '-c', sql]
    execFile('psql', args, { timeout: 20_000, env: { ...process.env, PGSSLMODE: undefined } }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }))
  })
}

describe('a command inside', () => {
  test('finds the port in its environment, and its output and exit code are hoop\'s', async () => {
    expect(await alice.finish(['connect', 'prod-db', '--', 'psql', '-X', '-At', '-c', 'SELECT 40 + 2'])).toEqual({ code: 0, stdout: '42\n', stderr: '' })
    expect((await alice.finish(['connect', 'prod-db', '--', 'sh', '-c', 'exit 7'])).code).toBe(7)
  })

  test('reaches the database by DATABASE_URL too', async () => {
    const { stdout } = await alice.finish(['connect', 'prod-db', '--', 'sh', '-c', 'psql -X -At "$DATABASE_URL" -c "SELECT 1"'])
    expect(stdout).toBe('1\n')
  })

  test('that a signal ended gives 128 plus its number', async () => {
    expect((await alice.finish(['connect', 'prod-db', '--', 'sh', '-c', 'kill -KILL $$'])).code).toBe(137)
  })

  test('that is not there, or cannot be run, is told', async () => {
    expect(await alice.finish(['connect', 'prod-db', '--', 'no-such-command'])).toMatchObject({
      code: 127,
      stderr: 'hoop: error: there is no command "no-such-command"\n'
    })
    expect((await alice.finish(['connect', 'prod-db', '--', '/dev/null'])).code).toBe(126)
  })

  test('gets the signals that hoop gets', async () => {
    const hoop = alice.run(['connect', 'prod-db', '--', 'sh', '-c', 'trap "echo told; exit 3" TERM; echo up; while :; do sleep 0.1; done'])
    await hoop.line(/up/)
    hoop.signal('TERM')
    expect(await hoop.exited).toBe(3)
    expect(hoop.stdout).toBe('up\ntold\n')
  })

  test('keeps its own flags, also those hoop has', async () => {
    const { stdout } = await alice.finish(['connect', 'prod-db', '--', 'echo', '--json', '--debug', '--port', '1', '--', '-h'])
    expect(stdout).toBe('--json --debug --port 1 -- -h\n')
  })

  test('runs beside an open port of the same target', async () => {
    const stays = alice.run(['connect', 'prod-db', '--json'])
    await stays.line(/"type":"ready"/)
    expect((await alice.finish(['connect', 'prod-db', '--', 'true'])).code).toBe(0)
    await stays.end('INT')
  })

  test('is told a denial by the database, and the person by hoop', async () => {
    const { code, stderr } = await alice.finish(['connect', 'prod-db', '--', 'psql', '-X', '-c', 'DROP TABLE x'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/ERROR: .*use a migration/)
    expect(stderr).toMatch(/hoop: connection 1: denied: use a migration \(rule "no schema changes by hand"\)\nhoop: {3}DROP TABLE/)
  })
})

describe('a job with HOOP_TOKEN', () => {
  test('needs no login, and its command never sees the token', async () => {
    const created = await alice.finish(['tokens', 'create', 'ci', '--target', 'prod-db', '--days', '1'])
    const token = created.stdout.trim()
    expect(token).toMatch(/^hoop_st_/)
    const job = await gateway.stranger()
    const script = 'psql -X -At -c "SELECT 1"; env; cat /proc/$$/environ | tr "\\0" "\\n"; tr "\\0" " " < /proc/$PPID/cmdline'
    const { code, stdout, stderr } = await job.finish(['connect', 'prod-db', '--', 'sh', '-c', script], { HOOP_TOKEN: token, CI: 'true' })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^1\n/)
    expect(stdout).toContain('PGHOST=127.0.0.1')
    expect(stdout).not.toContain(token)
    expect(stdout).not.toContain('HOOP_TOKEN')
    expect((await job.finish(['connect', 'staging-db', '--', 'true'], { HOOP_TOKEN: token })).code).toBe(1)
    await job.leave()
  })

  test('that is revoked ends with 4, and says so without repeating it', async () => {
    const { stdout } = await alice.finish(['tokens', 'create', 'short', '--target', 'prod-db', '--json'])
    const { id, secret } = JSON.parse(stdout) as { id: string, secret: string }
    const job = await gateway.stranger()
    const hoop = job.run(['connect', 'prod-db', '--json'], { HOOP_TOKEN: secret })
    await hoop.line(/"type":"ready"/)
    expect((await alice.finish(['tokens', 'revoke', id])).code).toBe(0)
    expect(await hoop.exited).toBe(4)
    const after = await job.finish(['targets'], { HOOP_TOKEN: secret })
    expect(after.code).toBe(4)
    expect(after.stderr + hoop.stdout + hoop.stderr).not.toContain(secret)
    await job.leave()
  })
})

describe('the port', () => {
  test('is the same each time, and its own for each target', async () => {
    const portOf = async (target: string) => {
      const hoop = alice.run(['connect', target, '--json'])
      const [, port] = await hoop.line(/"port":(\d+)/)
      expect(await hoop.end('INT')).toBe(0)
      return port
    }
    const first = await portOf('prod-db')
    expect(await portOf('prod-db')).toBe(first)
    expect(await portOf('staging-db')).not.toBe(first)
  })

  test('taken by something else is said, and another one opened for this once', async () => {
    const open = async () => {
      const hoop = alice.run(['connect', 'prod-db', '--json'])
      const [, port] = await hoop.line(/"type":"ready".*"port":(\d+)/)
      return { hoop, port: Number(port) }
    }
    const usual = await open()
    const second = await open()
    expect(second.port).not.toBe(usual.port)
    await second.hoop.line(new RegExp(`"type":"warning","message":"port ${usual.port}, which prod-db has otherwise, is in use by something else of yours.*; this time it is ${second.port}"`))
    expect((await psql('127.0.0.1', second.port, 'SELECT 1')).stdout).toBe('1\n')
    expect(await Promise.all([usual, second].map(({ hoop }) => hoop.end('INT')))).toEqual([0, 0])
    const again = await open()
    expect(again.port).toBe(usual.port)
    expect(again.hoop.stdout).not.toContain('warning')
    await again.hoop.end('INT')
  })

  test('is what hoop targets shows, once there is one', async () => {
    const { stdout } = await alice.finish(['targets', '--json'])
    const [prod] = stdout.trim().split('\n').map((line) => JSON.parse(line) as { name: string, port?: number })
    expect(prod).toMatchObject({ name: 'prod-db', port: expect.any(Number) as number })
    expect((await alice.finish(['targets'])).stdout).toMatch(new RegExp(`^prod-db +postgres +postgres +${prod!.port} `, 'm'))
  })

  test('named on the command line and in use is an error, and opens no other', async () => {
    const blocker: Server = createServer().listen(0, '127.0.0.1')
    await once(blocker, 'listening')
    const { port } = blocker.address() as { port: number }
    const { code, stderr } = await alice.finish(['connect', 'prod-db', '--port', String(port)])
    blocker.close()
    expect(code).toBe(1)
    expect(stderr).toContain(`port ${port} on 127.0.0.1 is in use`)
    expect(stderr).toContain('--port PORT')
  })

  test('is printed so that it can be pasted: URL and command line, and nothing else, on stdout', async () => {
    const hoop = alice.run(['connect', 'prod-db', '--port', '0'])
    await hoop.line(/psql .*\n/)
    const [url, command] = hoop.stdout.trim().split('\n')
    expect(hoop.stdout.trim().split('\n')).toHaveLength(2)
    const shell = (line: string) => new Promise<string>((resolve) => execFile('sh', ['-c', line], { timeout: 20_000 }, (_, stdout) => resolve(stdout)))
    expect(await shell(`psql -X -At "${url}" -c 'SELECT 1'`)).toBe('1\n')
    expect(await shell(`${command} -X -At -c 'SELECT 2'`)).toBe('2\n')
    await hoop.end('INT')
    expect(hoop.stdout.trim().split('\n')).toHaveLength(2)
    expect(hoop.stderr).toMatch(/hoop: connection 1 opened\n(hoop: connection 1 is psql\n)?hoop: connection 1 (\(psql\) )?closed; 1 statement, 1 row\n[\s\S]*hoop: closed\n$/)
  })

  test('is a Unix socket too, which psql finds by its folder', async () => {
    const port = await gateway.openPort('alice', 'prod-db')
    expect(await psql(dirname(port.socket!), port.port, 'SELECT 3')).toMatchObject({ code: 0, stdout: '3\n' })
    await port.close()
    expect(existsSync(port.socket!)).toBe(false)
  })

  test('prints events only with --json, one object a line', async () => {
    const port = await gateway.openPort('alice', 'prod-db')
    await psql(port.host, port.port, 'SELECT 1')
    await psql(port.host, port.port, 'DROP TABLE x')
    await until('the events', () => port.events().filter(({ type }) => type === 'connection.closed').length === 2)
    expect(await port.close()).toBe(0)
    // What connections do is told now and then; how often depends on how long they take.
    expect(port.events().map(({ type }) => type).filter((type) => type !== 'activity')).toEqual([
      'ready',
      'connection.opened',
      'connection.closed',
      'connection.opened',
      'denied',
      'connection.closed',
      'closed'
    ])
    expect(port.process.stderr).toBe('')
  })

  test('tells as events what each connection does, who it is, and what it did in all', async () => {
    const port = await gateway.openPort('alice', 'prod-db')
    const asked = psql(port.host, port.port, 'SELECT 1 AS secret, pg_sleep(0.4) FROM generate_series(1, 3)')
    const activity = () => port.events().flatMap(({ type, connections }) => type === 'activity' ? connections as Record<string, unknown>[] : [])
    await until('the statement to be told', () => activity().some(({ statement }) => statement !== undefined))
    expect(activity().at(-1)).toMatchObject({
      connection: 1,
      client: 'psql',
      statements: 1,
      maskedColumns: 0,
      statement: { text: 'SELECT ? AS secret, pg_sleep(?) FROM generate_series(?, ?)', state: 'running' }
    })
    await asked
    const closed = await until('its end', () => port.events().find(({ type }) => type === 'connection.closed'))
    expect(closed).toEqual({ type: 'connection.closed', connection: 1, statements: 1, rows: 3, maskedColumns: 0, maskedCells: 0 })
    await port.close()
  })

  test('ends when asked to, though its events are no longer read', async () => {
    const hoop = spawn(process.execPath, [gateway.hoop, 'connect', 'prod-db', '--port', '0', '--json'], {
      env: { ...process.env, ...alice.environment },
      stdio: ['ignore', 'pipe', 'ignore']
    })
    try {
      const [ready] = await once(hoop.stdout, 'data') as [Buffer]
      hoop.stdout.pause()
      const { host, port } = JSON.parse(ready.toString().split('\n')[0]!) as { host: string, port: number }
      const client = new pg.Client({ host, port, user: 'hoop', database: 'postgres' })
      client.on('error', () => undefined)
      await client.connect()
      // More than a pipe holds.
      const denied = Array.from({ length: 500 }, () => client.query(`DROP TABLE ${'x'.repeat(190)}`).catch((error: Error) => error.message))
      expect(new Set(await Promise.all(denied)).size).toBe(1)
      const ended = once(hoop, 'exit')
      hoop.kill('SIGTERM')
      expect(await ended).toEqual([0, null])
    } finally {
      hoop.kill('SIGKILL')
    }
  })

  test('outlives a client that speaks HTTP, or breaks off', async () => {
    const port = await gateway.openPort('alice', 'prod-db')
    const browser = connectTcp(port.port, port.host)
    browser.write('GET / HTTP/1.1\r\n\r\n')
    await once(browser, 'close')
    const broken = connectTcp(port.port, port.host)
    await once(broken, 'connect')
    broken.resetAndDestroy()
    expect(await psql(port.host, port.port, 'SELECT 1')).toMatchObject({ code: 0 })
    expect(port.events()).toContainEqual(expect.objectContaining({ type: 'failure', code: 'protocol_violation' }))
    await port.close()
  })
})

describe('Ctrl-C', () => {
  test('ends idle connections at once', async () => {
    const port = await gateway.openPort('alice', 'prod-db')
    const idle = new pg.Client({ host: port.host, port: port.port, user: 'hoop', database: 'postgres' })
    idle.on('error', () => undefined)
    await idle.connect()
    await idle.query('SELECT 1')
    const began = performance.now()
    expect(await port.close()).toBe(0)
    expect(performance.now() - began).toBeLessThan(1900)
    await idle.end()
  })

  test('lets a running statement finish', async () => {
    const port = await gateway.openPort('alice', 'prod-db')
    const asked = psql(port.host, port.port, 'SELECT pg_sleep(0.8), 5')
    await until('the connection', () => port.events().some(({ type }) => type === 'connection.opened'))
    await until('the statement to run', async () => await running('pg_sleep(0.8)') > 0)
    expect(await port.close()).toBe(0)
    expect(await asked).toMatchObject({ code: 0, stdout: '|5\n' })
  })

  test('cancels upstream what takes longer than two seconds, and its client is told so by the database\'s own error', async () => {
    const port = await gateway.openPort('alice', 'prod-db')
    const asked = psql(port.host, port.port, 'SELECT pg_sleep(25)')
    await until('the statement to run', async () => await running('pg_sleep(25)') > 0)
    const began = performance.now()
    expect(await port.close()).toBe(0)
    expect(performance.now() - began).toBeGreaterThan(1_900)
    expect((await asked).stderr).toMatch(/FATAL: {2}closed by its owner/)
    await until('the statement to be cancelled upstream', async () => await running('pg_sleep(25)') === 0)
  })

  test('tells idle clients, too, and waits for none', async () => {
    const port = await gateway.openPort('alice', 'prod-db')
    const idle = new pg.Client({ host: port.host, port: port.port, user: 'hoop', database: 'postgres' })
    idle.on('error', () => undefined)
    await idle.connect()
    const told = once(idle, 'error') as Promise<[Error & { code?: string }]>
    const began = performance.now()
    expect(await port.close()).toBe(0)
    expect((await told)[0]).toMatchObject({ code: '57P01' })
    expect(performance.now() - began).toBeLessThan(1_900)
    await idle.end().catch(() => undefined)
  })

  test('twice cuts it short, and ends with 130', async () => {
    const port = await gateway.openPort('alice', 'prod-db')
    const asked = psql(port.host, port.port, 'SELECT pg_sleep(15)')
    await until('the statement to run', async () => await running('pg_sleep(15)') > 0)
    port.process.signal('INT')
    await until('the port to close', () => psql(port.host, port.port, 'SELECT 1').then(({ stderr }) => stderr.includes('refused')))
    port.process.signal('INT')
    expect(await port.process.exited).toBe(130)
    expect((await asked).code).not.toBe(0)
    await until('the statement to be cancelled upstream', async () => await running('pg_sleep(15)') === 0)
  })
})

describe('a gateway that goes away', () => {
  test.each(['TERM', 'KILL'] as const)('and comes back (%s) is found again on the same port; meanwhile clients are told in their protocol', async (signal) => {
    const port = await gateway.openPort('alice', 'prod-db')
    expect(await psql(port.host, port.port, 'SELECT 1')).toMatchObject({ code: 0 })
    await gateway.halt(signal)
    await until('the loss to be told', () => port.events().some(({ type }) => type === 'gateway.lost'))
    expect((await psql(port.host, port.port, 'SELECT 1')).stderr).toMatch(/FATAL: .*gateway/)
    await gateway.resume()
    await until('the way back', () => port.events().some(({ type }) => type === 'gateway.back'))
    expect(await psql(port.host, port.port, 'SELECT 1')).toMatchObject({ code: 0, stdout: '1\n' })
    expect(await port.close()).toBe(0)
  })
})

describe('sessions, afterwards', () => {
  test('are listed and shown, statement by statement, with decision and outcome', async () => {
    const port = await gateway.openPort('alice', 'prod-db')
    await psql(port.host, port.port, 'SELECT \'secret-literal\'')
    await psql(port.host, port.port, 'DROP TABLE x')
    await port.close()
    const listed = await alice.finish(['sessions', '--target', 'prod-db', '--since', '1h', '--json'])
    expect(listed.stdout.trim().split('\n').map((line) => JSON.parse(line) as { id: string })[0]).toMatchObject({ id: port.session, statements: 1, denied: 1 })
    const { stdout } = await alice.finish(['sessions', 'show', port.session])
    expect(stdout).toMatch(/allow: engineers may read +ok, 1 row, [\d.]+ ms +SELECT \?/)
    expect(stdout).toMatch(/deny: use a migration \(rule "no schema changes by hand"\) +nothing ran +DROP TABLE/)
    expect(stdout).toContain('closed by its owner')
    expect(stdout).not.toContain('secret-literal')
    expect((await alice.finish(['sessions', '--target', 'none'])).stdout).toBe('')
  })

  test('of a strange id are refused before anything is asked', async () => {
    expect(await alice.finish(['sessions', 'show', '../users'])).toMatchObject({ code: 64 })
  })

  test('leave a log that can be verified, and a changed one is found out', async () => {
    const { code, stdout } = await alice.finish(['audit', 'verify', gateway.auditDirectory])
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/^log test\.example\/log: \d+ entries[\s\S]*whole:[\s\S]*not proven:/) as string })
    const copy = join(alice.configDirectory, 'copied-log')
    // The writer's lock is a socket, which no copy of a log has.
    await cp(gateway.auditDirectory, copy, { recursive: true, filter: async (path) => !(await stat(path)).isSocket() })
    const segment = join(copy, 'segments', (await readdir(join(copy, 'segments'))).sort()[0]!)
    const bytes = await readFile(segment)
    bytes[40]! ^= 1
    await writeFile(segment, bytes)
    const changed = await alice.finish(['audit', 'verify', copy])
    expect(changed).toMatchObject({ code: 1, stdout: expect.stringContaining('DAMAGED:') as string })
    expect(changed.stdout).not.toContain('whole:')
  })
})

describe('a login that ends', () => {
  test('is told to clients by the database\'s own error, the port stays, and a new login is taken up', async () => {
    const root = await gateway.person('root')
    const bobs = await gateway.get<UserSummary[]>('root', paths.users)
    const { id } = bobs.body.find(({ email }) => email === 'alice@example.com')!
    const port = await gateway.openPort('alice', 'prod-db')
    expect((await root.finish(['users', 'disable', 'alice@example.com'])).code).toBe(0)
    await until('the end to be told', () => port.events().some(({ type, code }) => type === 'gateway.lost' && code === 'unauthenticated'))
    expect((await psql(port.host, port.port, 'SELECT 1')).stderr).toContain('hoop login')
    expect((await alice.finish(['targets'])).code).toBe(4)
    expect((await root.finish(['users', 'enable', id])).code).toBe(0)
    await alice.keep(await gateway.logInAnew('alice'))
    await until('the way back', () => port.events().some(({ type }) => type === 'gateway.back'))
    expect(await psql(port.host, port.port, 'SELECT 1')).toMatchObject({ code: 0, stdout: '1\n' })
    await port.close()
  })
})
