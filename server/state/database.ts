// One libsql file: opening, migrating, transactions. Calls are synchronous and do not wait for the disk, which `synced` does. Knows no
// table; what is wrong with a file is said here.
import { closeSync, fchmodSync, fdatasync, fstatSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import Libsql from 'libsql'
import { GatewayError } from '../../shared/errors.ts'
import { createDurability, unwritable } from './durability.ts'

/** "hoop" in ASCII, in the file's header: tells our files from those of other programs. */
const applicationId = 0x686f6f70

export type Value = string | number | null

export interface Database {
  rows<Row>(sql: string, ...values: Value[]): Row[]
  row<Row>(sql: string, ...values: Value[]): Row | undefined
  /** @returns how many rows were changed */
  run(sql: string, ...values: Value[]): number
  /** Undone as a whole when `work` throws. Does not nest. */
  transaction<T>(work: () => T): T
  /**
   * Resolves once all that was changed before the call is durable. A change itself outlives the process, and not the machine.
   * @throws GatewayError state_unavailable once a sync has failed; then nothing can be changed any more
   */
  synced(): Promise<void>
  /** What `work` returns or throws, once all that was changed meanwhile is durable. @throws as `synced`, instead of either */
  durably<T>(work: () => T | Promise<T>): Promise<T>
  close(): void
}

export interface DatabaseOptions {
  /** Told once, when nothing can be changed any more. */
  readonly onFailure?: (failure: GatewayError) => void
  /** As `fdatasync` of node:fs/promises would be. */
  readonly sync?: (fd: number) => Promise<void>
  /** The write-ahead log is emptied once it has more. */
  readonly walBytes?: number
}

/** Some thousand logins. */
const walBytes = 4 * 1024 * 1024

/**
 * Opens a file, makes it where it is missing, and brings it to the newest version.
 * The file is held exclusively until `close`, or until the process ends: what a gateway remembers of it stays true.
 * @param migrations the n-th leads from version n to n + 1
 * @throws GatewayError config_invalid
 */
export function openDatabase(path: string, migrations: readonly string[], options: DatabaseOptions = {}): Database {
  ownFile(path)
  try {
    return open(path, migrations, options)
  } catch (error) {
    throw unusable(path, error)
  }
}

/** The file and folders made for it are the gateway's alone; a folder that exists keeps its mode. */
function ownFile(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const file = openSync(path, 'a', 0o600)
    fchmodSync(file, 0o600)
    closeSync(file)
  } catch (error) {
    throw new GatewayError('config_invalid', `the state file ${path} cannot be used: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`, {
      hint: 'state.sqlite names a file the gateway may create and write, in a folder of its own',
      cause: error
    })
  }
}

function open(path: string, migrations: readonly string[], options: DatabaseOptions): Database {
  const file = new Libsql(path)
  const statements = new Map<string, Libsql.Statement>()
  const prepared = (sql: string): Libsql.Statement => {
    let statement = statements.get(sql)
    if (statement === undefined) statements.set(sql, statement = file.prepare(sql))
    return statement
  }
  const pragma = (text: string): Value | undefined => {
    const [first] = file.prepare(`PRAGMA ${text}`).all() as Record<string, Value>[]
    return first === undefined ? undefined : Object.values(first)[0]
  }
  const database: Database = {
    rows: <Row>(sql: string, ...values: Value[]) => prepared(sql).all(values) as Row[],
    row: <Row>(sql: string, ...values: Value[]) => (prepared(sql).all(values) as Row[])[0],
    run: (sql, ...values) => written(() => prepared(sql).run(values).changes),
    transaction: (work) => written(() => {
      file.exec('BEGIN IMMEDIATE')
      try {
        const result = work()
        file.exec('COMMIT')
        return result
      } catch (error) {
        // A COMMIT that failed on a full disk has already rolled back.
        if (file.inTransaction) file.exec('ROLLBACK')
        throw error
      }
    }),
    synced: () => durability.synced(),
    durably: (work) => durability.durably(work),
    close: () => {
      pragma('synchronous = FULL')
      // libsql keeps the file open until its statements are collected; leaving WAL is what lets go of the lock, and of the second file.
      pragma('journal_mode = DELETE')
      durability.end()
      if (wal !== undefined) closeSync(wal)
      letGo()
    }
  }
  /** A change, or several: refused once nothing can be written, and on its way to the disk when it returns. */
  const written = <T>(change: () => T): T => {
    if (durability.failure !== undefined) throw durability.failure
    try {
      return change()
    } catch (error) {
      throw isOfDisk(error) ? unwritable(error) : error
    } finally {
      durability.wrote()
    }
  }
  /** Of what libsql writes to as long as the database is open. */
  let wal: number | undefined
  const durability = createDurability({
    sync: () => (options.sync ?? promisify(fdatasync))(wal!),
    afterSync: () => { if (fstatSync(wal!).size > (options.walBytes ?? walBytes)) emptyWal() },
    onFailure: options.onFailure ?? (() => undefined)
  })
  /**
   * Moves what stands in the write-ahead log to where it belongs, with syncs between the steps, on the event loop: rare, and right after
   * the disk has answered. The last sync is what libsql leaves out: frames that came back behind newer ones would be read as new.
   */
  const emptyWal = () => {
    pragma('synchronous = FULL')
    pragma('wal_checkpoint(TRUNCATE)')
    fsyncSync(wal!)
    pragma('synchronous = OFF')
  }
  const letGo = () => {
    pragma('locking_mode = NORMAL')
    file.prepare('SELECT count(*) FROM sqlite_schema').all()
    file.close()
  }

  pragma('locking_mode = EXCLUSIVE')
  const version = Number(pragma('user_version'))
  let ours = false
  try {
    const tables = database.row<{ n: number }>('SELECT count(*) AS n FROM sqlite_schema')!.n
    const refusal = refuse({ path, version, newest: migrations.length, owner: Number(pragma('application_id')), empty: tables === 0 })
    if (refusal !== undefined) throw refusal
    ours = true
    pragma('journal_mode = WAL')
    pragma('synchronous = FULL')
    pragma('foreign_keys = ON')
    const damage = pragma('quick_check(1)')
    if (damage !== 'ok') throw new GatewayError('config_invalid', `the state file ${path} is damaged: ${String(damage)}`, { hint: damagedHint })
    for (let next = version; next < migrations.length; next++) {
      database.transaction(() => file.exec(`${migrations[next]!}; PRAGMA user_version = ${next + 1}; PRAGMA application_id = ${applicationId}`))
    }
    wal = openSync(`${path}-wal`, 'r')
    emptyWal()
    syncFolder(dirname(path))
    pragma('wal_autocheckpoint = 0')
  } catch (error) {
    durability.end()
    try { if (ours) database.close(); else letGo() } catch { file.close() }
    throw error
  }
  return database
}

/** Makes the names in it durable. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** What the disk, and not what was asked, is the reason of. */
function isOfDisk(error: unknown): boolean {
  return /^SQLITE_(FULL|IOERR|READONLY|CANTOPEN|CORRUPT)/.test((error as { code?: string }).code ?? '')
}

interface Header {
  readonly path: string
  readonly version: number
  readonly newest: number
  readonly owner: number
  readonly empty: boolean
}

/** Before anything is written: a file that is not ours stays as it is. */
function refuse({ path, version, newest, owner, empty }: Header): GatewayError | undefined {
  if (owner !== applicationId && (owner !== 0 || !empty)) {
    const message = `the state file ${path} is another program's database`
    return new GatewayError('config_invalid', message, { hint: 'name another file in state.sqlite' })
  }
  if (version <= newest) return undefined
  return new GatewayError(
    'config_invalid',
    `the state file ${path} was written by a newer gateway (version ${version}, this one knows ${newest})`,
    { hint: 'run the newer gateway, or name another file in state.sqlite' }
  )
}

const damagedHint = 'restore it from a backup, or move it away: people then log in again and service tokens are made anew; the audit log is not in it'

function unusable(path: string, error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  const code = (error as { code?: string }).code ?? ''
  const failed = (why: string, hint: string) => new GatewayError('config_invalid', `the state file ${path} ${why}`, { hint, cause: error })
  if (code.startsWith('SQLITE_BUSY')) return failed('is in use by another gateway', 'stop the other, or name another file in state.sqlite')
  if (code.startsWith('SQLITE_NOTADB')) return failed('is not a state file', 'name another file in state.sqlite')
  if (code.startsWith('SQLITE_CORRUPT')) return failed('is damaged', damagedHint)
  return failed(`cannot be opened: ${code === '' ? (error as Error).message : code}`, 'check its folder, its permissions and the free space')
}
