// The entries of a log's folder, one after the other, as they stand in its files. Proves nothing: that is `hoop audit verify`'s.
import { GatewayError } from '../../shared/errors.ts'
import type { AuditEntry } from '../../shared/audit/entry.ts'
import { readFrame } from '../../shared/audit/frame.ts'
import type { LogFiles } from '../../shared/audit/verify.ts'

export interface EntryRange {
  /** RFC 3339. Segments that end before it are not opened; entries before it may still come. */
  readonly since?: string
}

/**
 * In pieces, so that a million entries do not wait for each other.
 * @throws GatewayError bad_request where there is no log, or one that cannot be read on
 */
export async function* readEntries(files: LogFiles, { since }: EntryRange = {}): AsyncGenerator<readonly AuditEntry[]> {
  const names = [...await files.list('segments')].filter((name) => /^\d{16}$/.test(name)).sort()
  if (names.length === 0) throw new GatewayError('bad_request', 'there is no audit log in this folder', { hint: 'name the folder that holds "segments" and "checkpoint"' })
  for (const name of names.slice(await firstSegment(files, names, since))) {
    const file = `segments/${name}`
    let [rest, read]: [Uint8Array, number] = [new Uint8Array(), 0]
    for await (const chunk of files.stream(file)) {
      const buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      const { entries, end, damaged } = entriesIn(buffer)
      read += entries.length
      if (entries.length > 0) yield entries
      if (damaged) throw unreadable(file, Number(name) + read)
      rest = Uint8Array.from(buffer.subarray(end))
    }
    // The last write may be on its way, or was torn by a crash.
    if (rest.length > 0 && name !== names.at(-1)) throw unreadable(file, Number(name) + read)
  }
}

function entriesIn(buffer: Uint8Array): { entries: AuditEntry[], end: number, damaged: boolean } {
  const entries: AuditEntry[] = []
  let end = 0
  for (;;) {
    const frame = readFrame(buffer, end)
    if (typeof frame === 'string') return { entries, end, damaged: frame === 'damaged' }
    end = frame.end
    // What is sealed behind an entry is opened elsewhere.
    if (frame.attachment) continue
    const entry = parsed(frame.bytes)
    if (entry === undefined) return { entries, end, damaged: true }
    entries.push(entry)
  }
}

function parsed(bytes: Uint8Array): AuditEntry | undefined {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()) as AuditEntry
  } catch {
    return undefined
  }
}

/** Index of the last segment that begins before `since`, found by halving. */
async function firstSegment(files: LogFiles, names: readonly string[], since: string | undefined): Promise<number> {
  if (since === undefined) return 0
  let [low, high] = [0, names.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    const time = await firstTime(files, `segments/${names[middle]!}`)
    if (time !== undefined && time < since) low = middle
    else high = middle - 1
  }
  return low
}

async function firstTime(files: LogFiles, file: string): Promise<string | undefined> {
  for await (const chunk of files.stream(file)) return entriesIn(chunk).entries[0]?.time
  return undefined
}

function unreadable(file: string, entry: number): GatewayError {
  return new GatewayError('bad_request', `entry ${entry} in ${file} cannot be read`, { hint: 'hoop audit verify says what is wrong with the log' })
}
