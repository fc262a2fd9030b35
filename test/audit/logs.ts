// Logs in temporary folders, what a crash would leave of them, and disks that fail on demand.
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { nodeDisk, type Disk } from '../../server/audit/disk.ts'
import { openAuditLog, type AuditLog, type AuditLogOptions } from '../../server/audit/log.ts'
import type { AuditEntry } from '../../shared/audit/entry.ts'
import { origin } from './logs-origin.ts'

export { origin }

/** A folder that goes with the test. */
export async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hoop-audit-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Opens the log in `directory`; it is closed when the test ends, if not before. */
export async function openIn(directory: string, options: Partial<AuditLogOptions> = {}): Promise<AuditLog> {
  const log = await openAuditLog({ directory, origin, now: Date.now, heartbeat: () => ({ sessions: 0 }), ...options })
  onTestFinished(() => log.close().catch(() => undefined))
  return log
}

/** What a machine finds that lost power now: the files as they are, without the lock. */
export async function crashCopy(directory: string): Promise<string> {
  const copy = join(await temporary(), 'audit')
  await cp(directory, copy, { recursive: true, filter: (path) => !basename(path).startsWith('lock-') })
  return copy
}

export async function entriesOf(log: AuditLog, range: { from?: number, to?: number } = {}): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = []
  for await (const entry of log.read(range)) entries.push(entry)
  return entries
}

type Operation = keyof Disk

/** A disk whose operations are counted, held up and made to fail. */
export class TestDisk {
  readonly calls: Record<Operation, number> = { open: 0, write: 0, fdatasync: 0, fsync: 0, rename: 0, close: 0 }
  /** Bytes at most that one write takes. */
  writes = Infinity
  #fault: { readonly operation: Operation, readonly code: string, readonly path: string | undefined } | undefined
  #gate: Promise<void> | undefined
  readonly disk: Disk = {
    open: (path, flags, mode) => this.#run('open', () => nodeDisk.open(path, flags, mode), path),
    write: (fd, bytes, position) => this.#run('write', () => nodeDisk.write(fd, bytes.subarray(0, this.writes), position)),
    fdatasync: async (fd) => {
      await this.#gate
      return this.#run('fdatasync', () => nodeDisk.fdatasync(fd))
    },
    fsync: (fd) => this.#run('fsync', () => nodeDisk.fsync(fd)),
    rename: (from, to) => this.#run('rename', () => nodeDisk.rename(from, to), to),
    close: (fd) => this.#run('close', () => nodeDisk.close(fd))
  }

  /** The next such operation fails, once. */
  fail(operation: Operation, code: string, path?: string): void {
    this.#fault = { operation, code, path }
  }

  /** Syncs of entries wait until the returned function is called. */
  hold(): () => void {
    let release = () => undefined as void
    this.#gate = new Promise((resolve) => { release = resolve })
    return release
  }

  async #run<T>(operation: Operation, run: () => Promise<T>, path = ''): Promise<T> {
    this.calls[operation]++
    const fault = this.#fault
    if (fault?.operation !== operation || (fault.path !== undefined && !path.includes(fault.path))) return run()
    this.#fault = undefined
    throw Object.assign(new Error(`${fault.code}: made to fail`), { code: fault.code, syscall: operation })
  }
}

/** A disk that copies a folder before each thing it does: what a crash at that moment would leave. */
export function copyingDisk(directory: string): { readonly disk: Disk, readonly copies: string[] } {
  const copies: string[] = []
  const before = <A extends unknown[], R>(run: (...args: A) => Promise<R>) => async (...args: A): Promise<R> => {
    copies.push(await crashCopy(directory))
    return run(...args)
  }
  const { open, write, fdatasync, fsync, rename, close } = nodeDisk
  return { copies, disk: { open, close, write: before(write), fdatasync: before(fdatasync), fsync: before(fsync), rename: before(rename) } }
}

/** Turns of the event loop, enough for anything that waits for none. */
export async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}
