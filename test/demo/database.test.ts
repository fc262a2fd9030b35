// The demo's database: a real server with real roles, as an unprivileged user even for root, and gone afterwards.
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Children } from '../../cli/demo/children.ts'
import { startDatabase, type DemoDatabase } from '../../cli/demo/database.ts'

let folder: string
let children: Children
let database: DemoDatabase
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hoop-demo-test-'))
  children = new Children()
  database = await startDatabase(folder, { PATH: process.env.PATH! }, children)
})
afterAll(async () => {
  await children.end()
  rmSync(folder, { recursive: true, force: true })
})

async function as(user: string, password: string, sql: string): Promise<unknown[][]> {
  const client = new pg.Client({ host: dirname(database.address), port: 5432, database: 'clinic', user, password })
  await client.connect()
  try {
    return (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows
  } finally {
    await client.end()
  }
}
const asApplication = (sql: string) => as(database.credential.user, database.credential.password, sql)

describe('the database', () => {
  test('holds the clinic', async () => {
    expect(await asApplication('select (select count(*) from patients)::int, (select count(*) from staff)::int')).toEqual([[1200, 40]])
    expect(await asApplication('select ssn ~ \'^9\' and dob < current_date from patients limit 1')).toEqual([[true]])
    expect(database.rows).toBeGreaterThan(5000)
  })

  test('the application role is no superuser and cannot change tables', async () => {
    expect(await asApplication('select rolsuper, rolcreatedb, rolcreaterole from pg_roles where rolname = current_user')).toEqual([[false, false, false]])
    await expect(asApplication('drop table patients')).rejects.toMatchObject({ code: '42501' })
    await expect(asApplication('create table t ()')).rejects.toMatchObject({ code: '42501' })
  })

  test.each([['hoop_app', 'wrong'], ['postgres', 'password'], ['postgres', ' ']])('%s is not let in with a guessed password', async (user, password) => {
    await expect(as(user, password, 'select 1')).rejects.toMatchObject({ code: '28P01' })
  })

  test('no network can reach it, and no other user its folder', async () => {
    expect(await asApplication('select current_setting(\'listen_addresses\')')).toEqual([['']])
    expect((statSync(join(folder, 'postgres')).mode & 0o777).toString(8)).toBe('700')
    expect(existsSync(join(folder, 'postgres', 'password'))).toBe(false)
  })

  test('it does not run as root', () => {
    const pid = Number(readFileSync(join(folder, 'postgres', 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0])
    const uid = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]
    expect(uid).not.toBe('0')
  })
})

describe('children', () => {
  const env = { PATH: process.env.PATH! }

  test('one that ends by itself says so, with its last words', async () => {
    const own = new Children()
    const kept = own.start('sh', ['-c', 'echo ready; echo bad luck >&2; exit 3'], 'TERM', { cwd: folder, env })
    await kept.says(/ready/)
    await expect(kept.died).rejects.toThrow(/sh ended with 3:[\s\S]*bad luck/)
    await expect(kept.says(/never/)).rejects.toThrow('ended with 3')
    await own.end()
  })

  test('one that will not end is killed, and none can be started afterwards', async () => {
    const own = new Children()
    const kept = own.start('sh', ['-c', 'trap "" TERM; echo ready; while :; do sleep 1; done'], 'TERM', { cwd: folder, env })
    await kept.says(/ready/)
    await own.end()
    await expect(kept.died).rejects.toThrow('SIGKILL')
    expect(() => own.start('true', [], 'TERM', { cwd: folder, env })).toThrow('ending')
  })

  test('a program that is not there is an error, not a crash', async () => {
    const own = new Children()
    await expect(own.output('/nonexistent/program', [], { cwd: folder, env })).rejects.toThrow('ENOENT')
    await expect(own.output('sh', ['-c', 'echo why >&2; exit 1'], { cwd: folder, env })).rejects.toThrow('why')
    await own.end()
  })
})
