// The frames of a log's segments as they stand in its files, a piece at a time, and how each segment ends. Proves nothing: that is
// `hoop audit verify`'s.
import { BatchSearch, readFrame, segmentFile, type Frame } from '../../shared/audit/frame.ts'
import type { LogFiles } from '../../shared/audit/verify.ts'
import { GatewayError } from '../../shared/errors.ts'

/** Torn: behind its last frame is nothing but a write that was cut off. Damaged: a batch follows, so what is before it had been durable. */
export type SegmentEnd = 'whole' | 'torn' | 'damaged'

export interface Piece {
  /** Views into a buffer that is gone with the next piece. */
  readonly frames: readonly Frame[]
  /** With the last piece, which has no frames. */
  readonly end?: SegmentEnd
}

/** Index of the first entry of each, in order. @throws GatewayError bad_request when there are none */
export async function segmentsOf(files: LogFiles): Promise<number[]> {
  const firsts = (await files.list('segments')).filter((name) => /^\d{16}$/.test(name)).map(Number).sort((a, b) => a - b)
  if (firsts.length > 0) return firsts
  throw new GatewayError('bad_request', 'there is no audit log in this folder', { hint: 'name the folder that holds "segments" and "checkpoint"' })
}

/** In pieces, so that a million frames do not wait for each other. @param first of the segment */
export async function* framesOf(files: LogFiles, first: number): AsyncGenerator<Piece> {
  let rest: Uint8Array = new Uint8Array()
  let batch: BatchSearch | undefined
  for await (const chunk of files.stream(segmentFile(first))) {
    if (batch !== undefined) {
      batch.push(chunk)
    } else {
      const { frames, damaged, after } = cut(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]))
      if (frames.length > 0) yield { frames }
      // The stream may use its buffer again.
      rest = Uint8Array.from(after)
      if (damaged) batch = batchIn(rest)
    }
    if (batch?.found === true) break
  }
  yield { frames: [], end: rest.length === 0 ? 'whole' : (batch ?? batchIn(rest)).found ? 'damaged' : 'torn' }
}

/** A segment's first frame, and no more of it; undefined where none is intact. */
export async function firstFrame(files: LogFiles, first: number): Promise<Frame | undefined> {
  let bytes: Uint8Array = new Uint8Array()
  for await (const chunk of files.stream(segmentFile(first))) {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk])
    const frame = readFrame(bytes, 0)
    if (frame === 'incomplete') bytes = Uint8Array.from(bytes)
    else return frame === 'damaged' ? undefined : frame
  }
  return undefined
}

function cut(bytes: Uint8Array): { readonly frames: readonly Frame[], readonly damaged: boolean, readonly after: Uint8Array } {
  const frames: Frame[] = []
  let at = 0
  for (;;) {
    const frame = readFrame(bytes, at)
    if (typeof frame === 'string') return { frames, damaged: frame === 'damaged', after: bytes.subarray(at) }
    frames.push(frame)
    at = frame.end
  }
}

/** Behind the first byte of what is no frame. */
function batchIn(rest: Uint8Array): BatchSearch {
  const batch = new BatchSearch()
  batch.push(rest.subarray(1))
  return batch
}
