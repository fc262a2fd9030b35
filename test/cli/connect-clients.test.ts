// `hoop connect --psql` and `--print`: the shipped program, a real gateway, a real PostgreSQL, and psql as people have it.
import { execFile, spawnSync } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestGateway } from '../support/gateway.ts'
import { Kept } from '../support/kept.ts'
import type { TestPerson } from '../support/person.ts'
import { TestPostgres } from '../support/postgres.ts'

const run = promisify(execFile)
let postgres: TestPostgres
let gateway: TestGateway
let alice: TestPerson

beforeAll(async () => {
  postgres = await TestPostgres.start()
  gateway = await TestGateway.start({
    targets: { 'prod-db': { address: postgres.address, database: 'postgres', credential: { user: postgres.superuser, password: postgres.password } } }
  })
  alice = await gateway.person('alice')
})
afterAll(async () => {
  await gateway?.stop()
  await postgres?.stop()
})

describe('--psql', () => {
  test('says what to install where there is no psql', async () => {
    const bare = join(alice.configDirectory, 'bare')
    await mkdir(bare)
    await symlink('/bin/sh', join(bare, 'sh'))
    const { code, stdout, stderr } = await alice.finish(['connect', 'prod-db', '--psql'], { PATH: bare })
    expect({ code, stdout, stderr }).toEqual({
      code: 127,
      stdout: '',
      stderr: 'hoop: error: there is no command "psql"\nhoop: hint: install PostgreSQL\'s client (postgresql-client), or leave --psql out and use another client\n'
    })
  })

  test('ends with psql\'s own exit code, and hands it the words after --', async () => {
    expect(await alice.finish(['connect', 'prod-db', '--psql', '--', '-X', '-At', '-c', 'SELECT 40 + 2'])).toEqual({ code: 0, stdout: '42\n', stderr: '' })
    expect((await alice.finish(['connect', 'prod-db', '--psql', '--', '-X', '-v', 'ON_ERROR_STOP=1', '-f', '/dev/null/none'])).code).not.toBe(0)
    expect((await alice.finish(['connect', 'prod-db', '--psql', '--', '-X', '-c', 'SELECT nothing'])).code).toBe(1)
  })

  test('is a psql one can type into', async () => {
    const screen = await alice.terminal(['connect', 'prod-db', '--psql', '--', '-X'])
    try {
      await screen.see(/postgres=[#>]/)
      await screen.type('SELECT 40 + 2 AS answer \\g')
      await screen.press('Enter')
      await screen.see(/answer[\s\S]*42/)
      await screen.type('\\q')
      await screen.press('Enter')
      await screen.see(/ended with 0/)
    } finally {
      await screen.close()
    }
  })
})

describe('--print', () => {
  test('a service that psql takes, on stdout alone, and the port stays open', async () => {
    const stays = alice.run(['connect', 'prod-db', '--port', '0', '--print', 'service'])
    await stays.line(/sslmode=disable\n/)
    expect(stays.stdout).toMatch(/^\[prod-db\]\nhost=127\.0\.0\.1\nport=\d+\ndbname=postgres\nuser=hoop\nsslmode=disable\n$/)
    const file = join(alice.configDirectory, 'service.conf')
    await writeFile(file, stays.stdout)
    const { stdout } = await run('psql', ['-X', '-At', 'service=prod-db', '-c', 'SELECT 1'], { env: { ...process.env, PGSERVICEFILE: file } })
    expect(stdout).toBe('1\n')
    expect(await stays.end('INT')).toBe(0)
  })

  test('variables that a shell takes', async () => {
    const stays = alice.run(['connect', 'prod-db', '--port', '0', '--print', 'env'])
    await stays.line(/DATABASE_URL=.*\n/)
    const file = join(alice.configDirectory, 'env')
    await writeFile(file, stays.stdout)
    const { stdout } = await run('sh', ['-c', `set -a; . ${file}; psql -X -At -c "SELECT 2"; psql -X -At "$DATABASE_URL" -c "SELECT 3"`])
    expect(stdout).toBe('2\n3\n')
    await stays.end('INT')
  })

  /** Where nothing tells whose connection it is, as on systems without /proc: then the session has a password. */
  const blind = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/proc']).status === 0

  async function openBlindly(form: string): Promise<Kept> {
    const script = 'mount -t tmpfs none /proc && exec "$@"'
    const words = [process.execPath, gateway.hoop, 'connect', 'prod-db', '--port', '0', '--print', form]
    const stays = new Kept('unshare', ['-m', 'sh', '-c', script, 'sh', ...words], {
      cwd: alice.configDirectory,
      env: { ...process.env, ...alice.environment }
    })
    await stays.line(/\n/)
    return stays
  }

  test.skipIf(!blind)(`a password file that psql takes, beside a service${blind ? '' : ' (skipped: /proc cannot be covered here)'}`, async () => {
    const stays = await openBlindly('pgpass')
    const [line] = stays.stdout.split('\n')
    const [host, port, database, user, password] = line!.split(':')
    expect({ host, database, user }).toEqual({ host: '127.0.0.1', database: 'postgres', user: 'hoop' })
    const passfile = join(alice.configDirectory, 'pgpass')
    const service = join(alice.configDirectory, 'blind.conf')
    await writeFile(passfile, `${line!}\n`, { mode: 0o600 })
    await writeFile(service, `[blind]\nhost=${host}\nport=${port}\ndbname=${database}\nuser=${user}\nsslmode=disable\n`)
    const ask = (env: Record<string, string>) => run('psql', ['-X', '-At', '-w', 'service=blind', '-c', 'SELECT 5'], {
      env: { PATH: process.env.PATH, HOME: '/nonexistent', PGSERVICEFILE: service, ...env }
    }).then(({ stdout }) => stdout, (error: { stderr: string }) => error.stderr)
    expect(await ask({ PGPASSFILE: passfile })).toBe('5\n')
    expect(await ask({ PGPASSFILE: '/dev/null' })).toMatch(/no password supplied/)
    await writeFile(passfile, `${line!.slice(0, -1)}\n`, { mode: 0o600 })
    expect(await ask({ PGPASSFILE: passfile })).toMatch(/password/)
    expect(stays.stderr).not.toContain(password)
    await stays.end('INT')
  })

  test.skipIf(!blind)(`a password in the URL, and its end with the session${blind ? '' : ' (skipped: /proc cannot be covered here)'}`, async () => {
    const [first, second] = await Promise.all([openBlindly('url'), openBlindly('url')])
    const urls = [first, second].map(({ stdout }) => new URL(stdout.trim()))
    expect(urls[0]!.password).not.toBe(urls[1]!.password)
    const ask = (url: URL) => run('psql', ['-X', '-At', '-w', url.href, '-c', 'SELECT 6']).then(({ stdout }) => stdout, (error: { stderr: string }) => error.stderr)
    expect(await ask(urls[0]!)).toBe('6\n')
    const swapped = new URL(urls[0]!)
    swapped.password = urls[1]!.password
    expect(await ask(swapped)).toMatch(/password/)
    await Promise.all([first, second].map((each) => each.end('INT')))
  })

  test('jdbc has no password and names the same place as json, which says all of it', async () => {
    const stays = alice.run(['connect', 'prod-db', '--port', '0', '--print', 'json'])
    await stays.line(/\n/)
    const told = JSON.parse(stays.stdout) as { port: number, url: string, socket: string, environment: Record<string, string> }
    expect(told).toMatchObject({ target: 'prod-db', protocol: 'postgres', host: '127.0.0.1', environment: { PGPORT: String(told.port) } })
    expect((await run('psql', ['-X', '-At', told.url, '-c', 'SELECT 7'])).stdout).toBe('7\n')
    await stays.end('INT')
    const jdbc = alice.run(['connect', 'prod-db', '--port', String(told.port), '--print', 'jdbc'])
    await jdbc.line(/\n/)
    expect(jdbc.stdout).toBe(`jdbc:postgresql://127.0.0.1:${told.port}/postgres?user=hoop&sslmode=disable\n`)
    await jdbc.end('INT')
  })

  test('no password file where there is no password', async () => {
    const { code, stderr } = await alice.finish(['connect', 'prod-db', '--port', '0', '--print', 'pgpass'])
    expect(code).toBe(64)
    expect(stderr).toContain('hoop: error: this session has no password, so there is nothing for a password file')
  })
})
