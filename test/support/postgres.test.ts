import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestPostgres } from './postgres.ts'
import { hasServer } from './postgres-server.ts'
import { until } from './until.ts'

const sources = (['system', 'embedded'] as const).filter((server) => hasServer({ server }))

test('a server is found on the machine or in the package', () => {
  expect(sources).not.toEqual([])
})

describe.each(sources)('a %s server', (server) => {
  let postgres: TestPostgres
  beforeAll(async () => {
    postgres = await TestPostgres.start({ server, ssl: true })
    await postgres.query('CREATE ROLE app LOGIN PASSWORD \'app-password\'')
  })
  afterAll(() => postgres.stop())

  const client = (settings: pg.ClientConfig = {}) =>
    new pg.Client({ host: '127.0.0.1', port: postgres.port, user: 'app', password: 'app-password', database: 'postgres', ...settings })

  test('refuses a wrong password', async () => {
    await expect(client({ password: 'wrong' }).connect()).rejects.toMatchObject({ code: '28P01' })
  })

  test('answers over TCP with a password, and as the superuser', async () => {
    const app = client()
    await app.connect()
    expect((await app.query('SELECT current_user')).rows).toEqual([{ current_user: 'app' }])
    await app.end()
    expect(await postgres.query('SELECT $1::int + 1 AS two', { parameters: [1] })).toEqual([{ two: 2 }])
    expect(Number((await postgres.query('SHOW server_version_num'))[0]!.server_version_num)).toBeGreaterThan(postgres.programs.major * 10_000)
  })

  test('speaks TLS with a certificate of its authority', async () => {
    const app = client({ ssl: { ca: postgres.authority!.ca } })
    await app.connect()
    expect((await app.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')).rows).toEqual([{ ssl: true }])
    await app.end()
  })

  test('tells what reached it: simple statements, extended steps, failures', async () => {
    const app = client()
    await app.connect()
    await app.query('SELECT \'simple\n: one\'')
    await app.query('SELECT $1::text AS extended', ['x'])
    await expect(app.query('SELECT no_such_column')).rejects.toMatchObject({ code: '42703' })
    await expect(app.query('SELECT nonsense(', ['x'])).rejects.toMatchObject({ code: '42601' })
    await app.end()
    const statements = (await postgres.statements()).filter(({ user }) => user === 'app').map(({ step, text }) => `${step}: ${text}`)
    expect(statements).toEqual([
      'statement: SELECT current_user',
      'statement: SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
      'statement: SELECT \'simple\n: one\'',
      'parse: SELECT $1::text AS extended',
      'bind: SELECT $1::text AS extended',
      'execute: SELECT $1::text AS extended',
      'statement: SELECT no_such_column',
      'failed: SELECT no_such_column',
      'failed: SELECT nonsense('
    ])
  })

  test('comes back with its data after a halt', async () => {
    await postgres.query('CREATE TABLE kept AS SELECT 1 AS n')
    await postgres.halt()
    await expect(client().connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await postgres.resume()
    expect(await postgres.query('SELECT n FROM kept')).toEqual([{ n: 1 }])
  })
})

test('a server ends, with its folder, when the process that started it is killed', async () => {
  const source = `import { TestPostgres } from '${join(import.meta.dirname, 'postgres.ts')}'
    const postgres = await TestPostgres.start()
    console.log(JSON.stringify({ pid: await postgres.pid, folder: postgres.socketDirectory }))
    setInterval(() => undefined, 1000)`
  const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  const started = await new Promise<{ pid: number, folder: string }>((resolve, reject) => {
    parent.stdout.once('data', (line: Buffer) => resolve(JSON.parse(line.toString()) as { pid: number, folder: string }))
    parent.once('exit', () => reject(new Error('ended before the server was up')))
  })
  expect(existsSync(`/proc/${started.pid}`) || execFileSync('ps', ['-p', String(started.pid)]).length > 0).toBe(true)
  parent.kill('SIGKILL')
  await until('the postmaster to end', () => !isAlive(started.pid))
  await until('its folder to be gone', () => !existsSync(dirname(started.folder)))
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}
