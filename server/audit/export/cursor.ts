// How far a sink has got, as a file that is replaced whole and synced. It names its log by the last entry's hash, so that a log
// that was restored, cut or exchanged is not taken for the one the cursor speaks of.
import { readFile } from 'node:fs/promises'
import { canonical } from '../../../shared/audit/canonical.ts'
import type { AuditEntry } from '../../../shared/audit/entry.ts'
import { hashLeaf } from '../../../shared/audit/merkle.ts'
import { GatewayError } from '../../../shared/errors.ts'
import { replaceFile, type Disk } from '../disk.ts'
import type { AuditLog } from '../log.ts'

export interface Cursor {
  readonly origin: string
  /** Index of the entry to send next. */
  readonly next: number
  /** Leaf hash of the entry before it, hex; absent at the very beginning. */
  readonly last?: string
  /** Entries that went to the dead-letter file. */
  readonly deadLetters: number
}

export function leafOf(entry: AuditEntry): string {
  return Buffer.from(hashLeaf(Buffer.from(canonical(entry)))).toString('hex')
}

export function saveCursor(disk: Disk, path: string, cursor: Cursor): Promise<void> {
  return replaceFile(disk, path, Buffer.from(`${JSON.stringify(cursor)}\n`))
}

/** @returns undefined where there is none @throws GatewayError audit_unavailable for one that is damaged or speaks of another log */
export async function loadCursor(path: string, origin: string, log: AuditLog): Promise<Cursor | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw unusable(path, `cannot be read (${error.code})`)
  })
  if (text === undefined) return undefined
  const cursor = parse(text)
  if (cursor === undefined || (cursor.last === undefined && cursor.next > log.first)) throw unusable(path, 'is damaged')
  if (cursor.origin !== origin) throw unusable(path, `is of the log "${cursor.origin}"`)
  if (cursor.next > log.size) throw unusable(path, `says entry ${cursor.next}, and the log has only ${log.size}: entries were lost, or it is of another log`)
  // What was before the log's first entry was removed by retention, which waits for every sink: nothing is missed.
  if (cursor.next <= log.first) return { ...cursor, next: log.first }
  if (await leafAt(log, cursor.next - 1) !== cursor.last) {
    throw unusable(path, `is of another log, or entry ${cursor.next - 1} was changed after it was sent`)
  }
  return cursor
}

/** What a cursor that stands before entry `next` has to say of the one before it. */
export async function leafBefore(log: AuditLog, next: number): Promise<{ last?: string }> {
  return next <= log.first ? {} : { last: await leafAt(log, next - 1) }
}

async function leafAt(log: AuditLog, index: number): Promise<string> {
  for await (const entry of log.read({ from: index, to: index + 1 })) return leafOf(entry)
  throw new GatewayError('audit_unavailable', `entry ${index} cannot be read`)
}

function parse(text: string): Cursor | undefined {
  let value: Partial<Record<keyof Cursor, unknown>> | null
  try {
    value = JSON.parse(text) as typeof value
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { origin, next, last, deadLetters } = value
  const whole = (number: unknown): number is number => Number.isSafeInteger(number) && (number as number) >= 0
  if (typeof origin !== 'string' || !whole(next) || !whole(deadLetters)) return undefined
  if (last === undefined) return { origin, next, deadLetters }
  if (typeof last !== 'string' || !/^[0-9a-f]{64}$/.test(last)) return undefined
  return { origin, next, last, deadLetters }
}

function unusable(path: string, what: string): GatewayError {
  return new GatewayError('audit_unavailable', `the export's cursor ${path} ${what}`, {
    hint: 'put the right file back, or remove it: the sink then begins as a new one does, at the end or, with "from: beginning", with the first entry'
  })
}
