// `hoop connect --psql` and `--print`: the shipped program, a real gateway, a real PostgreSQL, and psql as people have it.
import { execFile } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestGateway } from '../support/gateway.ts'
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

  test('no password file where there is no password', async () => {
    const { code, stderr } = await alice.finish(['connect', 'prod-db', '--port', '0', '--print', 'pgpass'])
    expect(code).toBe(64)
    expect(stderr).toContain('hoop: error: this session has no password, so there is nothing for a password file')
  })
})
