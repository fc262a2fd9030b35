// One entry of a log's folder with what is attached to it, and the redaction that came after it. Reads frames; proves nothing, which is
// verify's work.
import type { AuditEntry } from '../../shared/audit/entry.ts'
import type { LogFiles } from '../../shared/audit/verify.ts'
import { GatewayError } from '../../shared/errors.ts'
import { framesOf, segmentsOf } from './frames.ts'

interface FoundRecord {
  readonly entry: Uint8Array
  readonly attachment: Uint8Array
}

/** @throws GatewayError not_found beyond the end; bad_request where the log is damaged before it */
export async function recordIn(files: LogFiles, index: number): Promise<FoundRecord> {
  const segments = await segmentsOf(files)
  const first = segments.findLast((begin) => begin <= index)
  if (first === undefined) throw missing(index, `the log begins with entry ${segments[0]}`)
  let count = first
  let entry: Uint8Array | undefined
  const attached: Uint8Array[] = []
  reading: for await (const { frames } of framesOf(files, first)) {
    for (const { bytes, attachment } of frames) {
      if (attachment) {
        if (entry !== undefined) attached.push(Uint8Array.from(bytes))
      } else if (entry !== undefined) {
        break reading
      } else if (count++ === index) {
        entry = Uint8Array.from(bytes)
      }
    }
  }
  if (entry !== undefined) return { entry, attachment: Buffer.concat(attached) }
  throw missing(index, count === segments[0] ? 'the log holds no entry, or is damaged at the first' : `the log ends, or is damaged, after entry ${count - 1}`)
}

/** The session's `redaction` entry at or after `from`. */
export async function redactionIn(files: LogFiles, session: string, from: number): Promise<AuditEntry | undefined> {
  const segments = await segmentsOf(files)
  const begin = Math.max(0, segments.findLastIndex((first) => first <= from))
  for (const first of segments.slice(begin)) {
    for await (const { frames } of framesOf(files, first)) {
      for (const { bytes, attachment } of frames) {
        if (attachment || !Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('"kind":"redaction"')) continue
        const entry = JSON.parse(Buffer.from(bytes).toString()) as AuditEntry
        if (entry.kind === 'redaction' && entry.session === session) return entry
      }
    }
  }
  return undefined
}

function missing(index: number, why: string): GatewayError {
  return new GatewayError('not_found', `there is no entry ${index} to be read: ${why}`, { hint: 'hoop audit verify says how many entries there are' })
}
