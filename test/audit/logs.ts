// Logs in temporary folders, what a crash would leave of them, their files in memory, and disks that fail on demand.
import { createPrivateKey } from 'node:crypto'
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { nodeDisk, type Disk } from '../../server/audit/disk.ts'
import { openAuditLog, type AuditLog, type AuditLogOptions } from '../../server/audit/log.ts'
import { checkpointText, signNote } from '../../shared/audit/checkpoint.ts'
import type { AuditEntry } from '../../shared/audit/entry.ts'
import { frameHeaderBytes, readFrame, writeFrameHeader } from '../../shared/audit/frame.ts'
import { CompactRange, hashLeaf } from '../../shared/audit/merkle.ts'
import type { LogFiles } from '../../shared/audit/verify.ts'
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

/** The files of a log by path, to be changed at will. */
export class Copy implements LogFiles {
  readonly files = new Map<string, Buffer>()
  /** Bytes a chunk that `stream` gives; all at once by default. */
  chunk = Infinity

  static async of(directory: string): Promise<Copy> {
    const copy = new Copy()
    for (const file of await readdir(directory, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue
      const path = join(file.parentPath, file.name)
      copy.files.set(path.slice(directory.length + 1), await readFile(path))
    }
    return copy
  }

  get segments(): string[] {
    return [...this.files.keys()].filter((path) => path.startsWith('segments/')).sort()
  }

  async read(path: string): Promise<Buffer | undefined> {
    return this.files.get(path)
  }

  async list(folder: string): Promise<string[]> {
    return [...this.files.keys()].filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1))
  }

  async* stream(path: string): AsyncGenerator<Buffer> {
    const bytes = this.files.get(path)!
    for (let at = 0; at < bytes.length; at += this.chunk) yield bytes.subarray(at, Math.min(bytes.length, at + this.chunk))
  }

  /** All entries' bytes, in order, without what is attached to them. */
  entries(): Buffer[] {
    return this.segments.flatMap((path) => framesOf(this.files.get(path)!))
      .filter((frame) => !frame.attachment).map(({ bytes }) => Buffer.from(bytes))
  }

  /** Puts other entries into one segment, with frames and checksums as they should be. */
  rewrite(entries: readonly Buffer[]): void {
    for (const path of this.segments) this.files.delete(path)
    this.files.set('segments/0000000000000000', Buffer.concat(entries.map((entry) => framed(entry))))
  }

  /** What the owner of the private key can do: tiles and a signed checkpoint of whatever the segments hold now, after what was removed. */
  signAgain(key = createPrivateKey(this.files.get('log.key')!)): void {
    const first = Number(this.segments[0]!.slice('segments/'.length))
    const removed = Array.from({ length: first }, (_, i) => this.files.get(tilePath(i >> 8))!.subarray((i & 255) * 32, (i & 255) * 32 + 32))
    const hashes = [...removed, ...this.entries().map((entry) => hashLeaf(entry))]
    const range = new CompactRange()
    for (const hash of hashes) range.append(hash)
    this.files.set('checkpoint', Buffer.from(signNote(checkpointText({ origin, size: range.size, rootHash: range.root() }), origin, key)))
    for (const path of [...this.files.keys()]) if (path.startsWith('tile/')) this.files.delete(path)
    for (let tile = 0; (tile + 1) * 256 <= hashes.length; tile++) {
      this.files.set(tilePath(tile), Buffer.concat(hashes.slice(tile * 256, (tile + 1) * 256)))
    }
  }
}

const tilePath = (tile: number) => `tile/0/${String(tile).padStart(3, '0')}`

export function framesOf(segment: Buffer) {
  const frames = []
  for (let at = 0; at < segment.length;) {
    const frame = readFrame(segment, at)
    if (typeof frame === 'string') throw new Error(`${frame} at ${at}`)
    frames.push({ begin: at, ...frame })
    at = frame.end
  }
  return frames
}

export function framed(entry: Buffer, beginsBatch = true): Buffer {
  const frame = Buffer.concat([Buffer.alloc(frameHeaderBytes), entry])
  writeFrameHeader(frame, 0, entry.length, beginsBatch)
  return frame
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
