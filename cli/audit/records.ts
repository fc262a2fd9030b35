// One entry of a log's folder with what is attached to it, and the redaction that came after it. Reads frames; proves nothing, which is
// verify's work.
import { readFrame } from '../../shared/audit/frame.ts'
import type { AuditEntry } from '../../shared/audit/entry.ts'
import type { LogFiles } from '../../shared/audit/verify.ts'
import { GatewayError } from '../../shared/errors.ts'

export interface FoundRecord {
  readonly entry: Uint8Array
  readonly attachment: Uint8Array
}

/** @throws GatewayError not_found beyond the end; bad_request where the log is damaged before it */
export async function recordIn(files: LogFiles, index: number): Promise<FoundRecord> {
  const segments = await segmentsOf(files)
  const first = segments.findLast((begin) => begin <= index)
  if (first === undefined) throw missing(index, segments[0])
  let count = first
  let entry: Uint8Array | undefined
  const pieces: Uint8Array[] = []
  for await (const { bytes, attachment } of framesIn(files, first)) {
    if (attachment) {
      if (entry !== undefined) pieces.push(Uint8Array.from(bytes))
    } else if (entry !== undefined) {
      break
    } else if (count++ === index) {
      entry = Uint8Array.from(bytes)
    }
  }
  if (entry === undefined) throw missing(index, undefined, count)
  return { entry, attachment: Buffer.concat(pieces) }
}

/** The session's `redaction` entry at or after `from`. */
export async function redactionIn(files: LogFiles, session: string, from: number): Promise<AuditEntry | undefined> {
  const segments = await segmentsOf(files)
  const begin = Math.max(0, segments.findLastIndex((first) => first <= from))
  for (const first of segments.slice(begin)) {
    for await (const { bytes, attachment } of framesIn(files, first)) {
      if (attachment || !Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('"kind":"redaction"')) continue
      const entry = JSON.parse(Buffer.from(bytes).toString()) as AuditEntry
      if (entry.kind === 'redaction' && entry.session === session) return entry
    }
  }
  return undefined
}

async function segmentsOf(files: LogFiles): Promise<number[]> {
  const names = (await files.list('segments')).filter((name) => /^\d{16}$/.test(name)).sort()
  if (names.length === 0) throw new GatewayError('bad_request', 'the folder holds no audit log', { hint: 'name the folder with "segments" in it' })
  return names.map(Number)
}

/** Ends in silence at a frame that is damaged or cut. */
async function* framesIn(files: LogFiles, first: number): AsyncGenerator<{ readonly bytes: Uint8Array, readonly attachment: boolean }> {
  let rest: Uint8Array = new Uint8Array()
  for await (const chunk of files.stream(`segments/${String(first).padStart(16, '0')}`)) {
    const buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    for (;;) {
      const frame = readFrame(buffer, at)
      if (frame === 'damaged') return
      if (frame === 'incomplete') break
      yield frame
      at = frame.end
    }
    rest = buffer.subarray(at)
  }
}

function missing(index: number, firstKept: number | undefined, count?: number): GatewayError {
  const why = count === undefined ? `the log begins with entry ${firstKept}` : `the log ends, or is damaged, after entry ${count - 1}`
  return new GatewayError('not_found', `there is no entry ${index} to be read: ${why}`, { hint: 'hoop audit verify says how many entries there are' })
}
