// The entries of a log's folder, one after the other, as they stand in its files. Proves nothing: that is `hoop audit verify`'s.
import { parseCheckpoint, parseNote } from '../../shared/audit/checkpoint.ts'
import type { AuditEntry } from '../../shared/audit/entry.ts'
import { segmentFile, type Frame } from '../../shared/audit/frame.ts'
import type { LogFiles } from '../../shared/audit/verify.ts'
import { GatewayError } from '../../shared/errors.ts'
import { firstFrame, framesOf, segmentsOf } from './frames.ts'

interface EntryRange {
  /** RFC 3339. Segments that end before it are not opened; entries before it may still come. */
  readonly since?: string
}

/**
 * In pieces, so that a million entries do not wait for each other. A write that was cut off at the end of the log is passed over, as
 * verifying does.
 * @throws GatewayError bad_request where there is no log, or one that cannot be read on
 */
export async function* readEntries(files: LogFiles, { since }: EntryRange = {}): AsyncGenerator<readonly AuditEntry[]> {
  const segments = await segmentsOf(files)
  for (const first of segments.slice(await firstSegment(files, segments, since))) {
    const durable = first === segments.at(-1) ? await signedSize(files) : Infinity
    let next = first
    for await (const { frames, end } of framesOf(files, first)) {
      const { entries, unread } = entriesIn(frames)
      next += entries.length
      if (entries.length > 0) yield entries
      if (unread || end === 'damaged' || (end === 'torn' && next < durable)) throw unreadable(segmentFile(first), next)
    }
  }
}

function entriesIn(frames: readonly Frame[]): { entries: AuditEntry[], unread: boolean } {
  const entries: AuditEntry[] = []
  for (const { bytes, attachment } of frames) {
    // What is sealed behind an entry is opened elsewhere.
    if (attachment) continue
    const entry = parsed(bytes)
    if (entry === undefined) return { entries, unread: true }
    entries.push(entry)
  }
  return { entries, unread: false }
}

function parsed(bytes: Uint8Array): AuditEntry | undefined {
  try {
    const entry = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()) as Partial<AuditEntry> | null
    const isEntry = typeof entry?.kind === 'string' && typeof entry.time === 'string' && Number.isSafeInteger(entry.index)
    return isEntry ? entry as AuditEntry : undefined
  } catch {
    return undefined
  }
}

/** Entries the log's checkpoint speaks for: they had been durable, so none is in a write that was cut off. Infinity: nobody knows. */
export async function signedSize(files: LogFiles): Promise<number> {
  const note = await files.read('checkpoint')
  if (note === undefined) return 0
  try {
    return parseCheckpoint(parseNote(note).text).size
  } catch {
    return Infinity
  }
}

/** Place of the last segment that begins before `since`, found by halving. */
async function firstSegment(files: LogFiles, segments: readonly number[], since: string | undefined): Promise<number> {
  if (since === undefined) return 0
  let [low, high] = [0, segments.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    const frame = await firstFrame(files, segments[middle]!)
    const time = frame === undefined ? undefined : parsed(frame.bytes)?.time
    if (time !== undefined && time < since) low = middle
    else high = middle - 1
  }
  return low
}

/**
 * Looks at an entry as one of its kind. Whoever made the log may have written another, signed it, and handed it over.
 * @throws GatewayError bad_request that names it
 */
export function looked<T>({ index, kind }: AuditEntry, look: () => T): T {
  try {
    return look()
  } catch (error) {
    if (error instanceof GatewayError) throw error
    const message = `entry ${index} says it is of kind ${JSON.stringify(kind)}, and is not as those are`
    throw new GatewayError('bad_request', message, { hint: 'no gateway writes that: find out where this log comes from', cause: error })
  }
}

function unreadable(file: string, entry: number): GatewayError {
  return new GatewayError('bad_request', `entry ${entry} in ${file} cannot be read`, { hint: 'hoop audit verify says what is wrong with the log' })
}
