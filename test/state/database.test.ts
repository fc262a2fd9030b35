import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Libsql from 'libsql'
import { afterAll, describe, expect, test } from 'vitest'
import { openDatabase } from '../../server/state/database.ts'
import { migrations } from '../../server/state/schema.ts'
import { openState } from '../../server/state/state.ts'
import { GatewayError } from '../../shared/errors.ts'

const folder = mkdtempSync(join(tmpdir(), 'hoop-state-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
const freshPath = () => join(folder, `${files++}.db`)

async function refusal(path: string): Promise<GatewayError> {
  const error = await openState({ path }).then((state) => { state.close() }, (error: unknown) => error)
  expect(error).toBeInstanceOf(GatewayError)
  return error as GatewayError
}

describe('a file that cannot be used is named, with what to do', () => {
  test.each<[string, (path: string) => void, RegExp]>([
    ['a text file', (path) => writeFileSync(path, 'identity:\n'.repeat(1000)), /is not a state file/],
    ['a folder', (path) => mkdirSync(path), /cannot be used: EISDIR/],
    ['a database of another program', (path) => foreign(path, 'CREATE TABLE t (a)'), /is another program's database/],
    ['a database marked by another program', (path) => foreign(path, 'PRAGMA application_id = 77'), /is another program's database/],
    ['one of a newer gateway', (path) => {
      openDatabase(path, migrations).close()
      foreign(path, 'PRAGMA user_version = 99')
    }, /was written by a newer gateway \(version 99, this one knows 2\)/],
    ['a truncated one', (path) => {
      openDatabase(path, migrations).close()
      writeFileSync(path, readFileSync(path).subarray(0, 10_000))
    }, /is damaged/],
    ['one with a page of noise', (path) => {
      openDatabase(path, migrations).close()
      const bytes = readFileSync(path)
      writeFileSync(path, bytes.fill(0xa5, 4096 * 3, 4096 * 4))
    }, /is damaged/]
  ])('%s', async (_name, spoil, message) => {
    const path = freshPath()
    spoil(path)
    const error = await refusal(path)
    expect(error.code).toBe('config_invalid')
    expect(error.message).toMatch(message)
    expect(error.hint).toBeTruthy()
  })

  test('one below a file', async () => {
    const path = freshPath()
    writeFileSync(path, '')
    expect((await refusal(join(path, 'state.db'))).message).toMatch(/cannot be used: (EEXIST|ENOTDIR)/)
  })

  test('a database of another program is left byte for byte as it was', async () => {
    const path = freshPath()
    foreign(path, 'CREATE TABLE t (a); INSERT INTO t VALUES (1)')
    const before = readFileSync(path)
    await refusal(path)
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  test('one that another gateway holds', async () => {
    const path = freshPath()
    const first = await openState({ path })
    expect((await refusal(path)).message).toMatch(/is in use by another gateway/)
    first.close()
    const second = await openState({ path })
    second.close()
  })
})

describe('the file', () => {
  test('is the gateway\'s alone, in a folder that is', async () => {
    const path = join(folder, 'var', 'lib', 'state.db')
    const state = await openState({ path })
    expect(statSync(join(folder, 'var', 'lib')).mode & 0o777).toBe(0o700)
    for (const file of readdirSync(join(folder, 'var', 'lib'))) expect(statSync(join(folder, 'var', 'lib', file)).mode & 0o777).toBe(0o600)
    state.close()
  })

  test('is closed to others even where it was open before', async () => {
    const path = freshPath()
    openDatabase(path, migrations).close()
    chmodSync(path, 0o666)
    const state = await openState({ path })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    state.close()
  })

  test('is one file again after an orderly end', async () => {
    const path = join(folder, 'alone', 'state.db')
    const state = await openState({ path })
    state.users.loggedIn('a', { issuer: 'i', subject: 's', groups: [], kind: 'human' }, 1)
    state.close()
    expect(readdirSync(join(folder, 'alone'))).toEqual(['state.db'])
  })

  test('syncs each commit, in WAL mode', () => {
    const database = openDatabase(freshPath(), migrations)
    expect(database.row('PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' })
    expect(database.row('PRAGMA synchronous')).toEqual({ synchronous: 2 })
    expect(database.row('PRAGMA foreign_keys')).toEqual({ foreign_keys: 1 })
    database.close()
  })

  test('with bytes after its end still opens, and holds what it held', async () => {
    const path = freshPath()
    const first = await openState({ path })
    first.users.loggedIn('a', { issuer: 'i', subject: 's', groups: ['g'], kind: 'human' }, 1)
    first.close()
    appendFileSync(path, 'trailing')
    const second = await openState({ path })
    expect(second.users.find('i', 's')?.groups).toEqual(['g'])
    second.close()
  })
})

describe('changes', () => {
  test('are undone together when one of them throws, and the next transaction works', () => {
    const database = openDatabase(freshPath(), ['CREATE TABLE t (a INTEGER PRIMARY KEY) STRICT'])
    expect(() => database.transaction(() => {
      database.run('INSERT INTO t VALUES (?)', 1)
      database.run('INSERT INTO t VALUES (?)', 1)
    })).toThrow()
    expect(database.rows('SELECT * FROM t')).toEqual([])
    expect(database.transaction(() => database.run('INSERT INTO t VALUES (?)', 2))).toBe(1)
    expect(database.rows('SELECT * FROM t')).toEqual([{ a: 2 }])
    database.close()
  })

  test('that do not fit on the disk are undone, and work once there is room again', () => {
    const database = openDatabase(freshPath(), ['CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT) STRICT'])
    const pages = database.row<{ page_count: number }>('PRAGMA page_count')!.page_count
    database.rows(`PRAGMA max_page_count = ${pages + 2}`)
    expect(() => database.transaction(() => {
      for (let n = 0; n < 100; n++) database.run('INSERT INTO t VALUES (?, ?)', n, 'x'.repeat(1000))
    })).toThrow(/full/)
    expect(() => database.run('INSERT INTO t VALUES (?, ?)', 1, 'x'.repeat(100_000))).toThrow(/full/)
    expect(database.rows('SELECT a FROM t')).toEqual([])
    database.rows(`PRAGMA max_page_count = ${pages + 1000}`)
    database.transaction(() => database.run('INSERT INTO t VALUES (?, ?)', 1, 'x'.repeat(100_000)))
    expect(database.rows('SELECT a FROM t')).toEqual([{ a: 1 }])
    database.close()
  })

  test('of the schema are made once each, in order, and keep what is there', () => {
    const path = freshPath()
    const first = openDatabase(path, ['CREATE TABLE t (a TEXT) STRICT; INSERT INTO t VALUES (\'kept\')'])
    first.close()
    const second = openDatabase(path, ['CREATE TABLE t (a TEXT) STRICT', 'ALTER TABLE t ADD COLUMN b INTEGER; UPDATE t SET b = 7'])
    expect(second.rows('SELECT * FROM t')).toEqual([{ a: 'kept', b: 7 }])
    expect(second.row('PRAGMA user_version')).toEqual({ user_version: 2 })
    second.close()
  })

  test('of the schema that fail leave the version they came from', () => {
    const path = freshPath()
    openDatabase(path, ['CREATE TABLE t (a TEXT) STRICT']).close()
    expect(() => openDatabase(path, ['', 'CREATE TABLE u (a TEXT) STRICT; nonsense'])).toThrow(GatewayError)
    const again = openDatabase(path, ['CREATE TABLE t (a TEXT) STRICT'])
    expect(again.rows('SELECT name FROM sqlite_schema WHERE name = \'u\'')).toEqual([])
    again.close()
  })
})

function foreign(path: string, sql: string): void {
  const file = new Libsql(path)
  file.exec(sql)
  file.close()
}
