import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Libsql from 'libsql'
import { afterAll, describe, expect, test } from 'vitest'
import { openDatabase, type Database } from '../../server/state/database.ts'
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

  test('is in WAL mode, whose syncs and checkpoints are left to us', () => {
    const database = openDatabase(freshPath(), migrations)
    expect(database.row('PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' })
    expect(database.row('PRAGMA synchronous')).toEqual({ synchronous: 0 })
    expect(database.row('PRAGMA wal_autocheckpoint')).toEqual({ wal_autocheckpoint: 0 })
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

describe('durability', () => {
  const schema = ['CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT) STRICT']
  const insert = (database: Database, a: number) => database.run('INSERT INTO t VALUES (?, ?)', a, 'x'.repeat(3000))

  /** A disk whose syncs begin and end when told to. */
  function slowDisk() {
    const under: { done: () => void, failed: (error: Error) => void }[] = []
    return { under, sync: () => new Promise<void>((done, failed) => { under.push({ done, failed }) }) }
  }

  const settled = async (promise: Promise<unknown>) => {
    let is = false
    void promise.then(() => { is = true }, () => { is = true })
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
    return is
  }

  test('is waited for by who asks: changes return at once, and one sync is for all before it', async () => {
    const { under, sync } = slowDisk()
    const database = openDatabase(freshPath(), schema, { sync })
    await settled(Promise.resolve())
    while (under.length > 0) under.shift()!.done()
    await database.synced()
    insert(database, 1)
    insert(database, 2)
    const first = database.synced()
    expect(await settled(first)).toBe(false)
    expect(under).toHaveLength(1)
    insert(database, 3)
    const second = database.synced()
    expect(database.rows('SELECT a FROM t')).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }])
    under.shift()!.done()
    await first
    expect(await settled(second)).toBe(false)
    under.shift()!.done()
    await second
    expect(under).toEqual([])
    database.close()
  })

  test('is waited for by work that changed something, and not by work that did not', async () => {
    const { under, sync } = slowDisk()
    const database = openDatabase(freshPath(), schema, { sync })
    await settled(Promise.resolve())
    while (under.length > 0) under.shift()!.done()
    await database.synced()
    expect(await database.durably(() => 1)).toBe(1)
    const changing = database.durably(() => insert(database, 1))
    const refusing = database.durably(() => {
      insert(database, 2)
      throw new Error('no')
    })
    expect([await settled(changing), await settled(refusing)]).toEqual([false, false])
    under.shift()!.done()
    expect(await changing).toBe(1)
    await expect(refusing).rejects.toThrow('no')
    database.close()
  })

  test('is over once a sync has failed: it is told once, nothing is changed any more, and no sync is tried again', async () => {
    const { under, sync } = slowDisk()
    const told: GatewayError[] = []
    const path = freshPath()
    const database = openDatabase(path, schema, { sync, onFailure: (failure) => told.push(failure) })
    await settled(Promise.resolve())
    while (under.length > 0) under.shift()!.done()
    await database.synced()
    const waiting = database.durably(() => insert(database, 1))
    await settled(Promise.resolve())
    under.shift()!.failed(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' }))
    await expect(waiting).rejects.toMatchObject({ code: 'state_unavailable', message: expect.stringContaining('EIO') as string })
    expect(() => insert(database, 2)).toThrow(/cannot be written: EIO/)
    expect(() => database.transaction(() => insert(database, 2))).toThrow(/cannot be written: EIO/)
    await expect(database.durably(() => insert(database, 3))).rejects.toMatchObject({ code: 'state_unavailable' })
    // What changes nothing goes on.
    expect(await database.durably(() => database.rows('SELECT a FROM t'))).toEqual([{ a: 1 }])
    expect(told).toHaveLength(1)
    expect(await settled(Promise.resolve())).toBe(true)
    expect(under).toEqual([])
    database.close()
    openDatabase(path, schema).close()
  })

  test('empties the write-ahead log once it is large, and keeps what it held through a killed process', async () => {
    const path = freshPath()
    const database = openDatabase(path, schema, { walBytes: 50_000 })
    const sizes: number[] = []
    for (let a = 0; a < 60; a++) {
      insert(database, a)
      await database.synced()
      sizes.push(statSync(`${path}-wal`).size)
    }
    expect(Math.max(...sizes)).toBeLessThan(70_000)
    expect(sizes.filter((size) => size === 0).length).toBeGreaterThan(2)
    expect(database.row('PRAGMA synchronous')).toEqual({ synchronous: 0 })
    const copy = freshPath()
    for (const end of ['', '-wal']) writeFileSync(`${copy}${end}`, readFileSync(`${path}${end}`))
    const again = openDatabase(copy, schema)
    expect(again.row('SELECT count(*) AS n FROM t')).toEqual({ n: 60 })
    again.close()
    database.close()
  })

  test('whatever a crash leaves of the write-ahead log, what was durable is there, and of the rest the front', async () => {
    const path = freshPath()
    const database = openDatabase(path, schema, { walBytes: 30_000 })
    const kept: { readonly files: readonly [Buffer, Buffer], readonly count: number }[] = []
    for (let a = 0; a < 12; a++) {
      insert(database, a)
      await database.synced()
      kept.push({ files: [readFileSync(path), readFileSync(`${path}-wal`)], count: a + 1 })
    }
    database.close()
    for (const [i, { files: [main, wal], count }] of kept.entries()) {
      // The next change as the kernel may have put it on the disk: its front, or its end without its front.
      const [, next] = kept[i + 1]?.files ?? [main, wal]
      const grown = next.length > wal.length ? next : wal
      const cut = Math.floor((wal.length + grown.length) / 2)
      const endOnly = Buffer.concat([wal, Buffer.alloc(Math.max(0, cut - wal.length)), grown.subarray(Math.max(cut, wal.length))])
      for (const left of [wal, grown.subarray(0, cut), endOnly]) {
        const copy = freshPath()
        writeFileSync(copy, main)
        writeFileSync(`${copy}-wal`, left)
        const again = openDatabase(copy, schema)
        const { n } = again.row<{ n: number }>('SELECT count(*) AS n FROM t')!
        expect(again.rows('SELECT a FROM t ORDER BY a')).toEqual(Array.from({ length: n }, (_, a) => ({ a })))
        expect(n).toBeGreaterThanOrEqual(count)
        again.close()
      }
    }
  })
})

function foreign(path: string, sql: string): void {
  const file = new Libsql(path)
  file.exec(sql)
  file.close()
}
