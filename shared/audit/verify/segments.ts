// Walks a log's segment files frame by frame and says where one is missing, damaged or cut. Knows nothing of what entries mean. Pure.
import { BatchSearch, readFrame } from '../frame.ts'
import type { LogFiles } from './files.ts'
import type { Findings } from './findings.ts'

export interface Visitor {
  /** One entry's bytes, a view that is gone after the call. @returns how many there have been */
  entry(bytes: Uint8Array, file: string): number
  /** A piece of what is attached to the entry before it; likewise a view. */
  attachment(bytes: Uint8Array): void
  /** Bytes attached to the last entry, as far as they were seen; undefined when that is all it says there are. */
  short(): number | undefined
  /** The last entry belongs to a write that was cut off. @returns how many there are without it */
  drop(): number
  /** Called between chunks, so that work which waits is not done per entry. */
  pause(): Promise<void>
}

/**
 * @param anchoredSize entries that were durable for certain: none of them may be torn
 * @param first index of the entry that the first segment begins with
 */
export async function scanSegments(files: LogFiles, anchoredSize: number, findings: Findings, visitor: Visitor, first = 0): Promise<void> {
  const names = [...await files.list('segments')].sort()
  let count = first
  for (const [i, name] of names.entries()) {
    const file = `segments/${name}`
    if (!isSegmentName(name)) {
      findings.problem({ file, message: 'is no segment of a log' })
      continue
    }
    if (Number(name) !== count) {
      findings.problem({
        entry: count,
        file,
        message: Number(name) > count
          ? `begins with entry ${Number(name)}: entries ${count} to ${Number(name) - 1} are missing`
          : `begins with entry ${Number(name)}, which the segment before it already has`
      })
      findings.unread = true
      return
    }
    const before = count
    const seen = (bytes: Uint8Array) => { count = visitor.entry(bytes, file) }
    const { rest, cut, followed, lastEntryAt, size } = await scanSegment(files.stream(file), seen, visitor)
    const short = count > before && visitor.short() !== undefined
    if (rest === 0 && !short) continue
    const whole = short ? count - 1 : count
    if (i === names.length - 1 && whole >= anchoredSize && !followed) {
      if (short) count = visitor.drop()
      findings.note(`${file} ends in ${short ? size - lastEntryAt : rest} bytes of a write that was cut off; the gateway drops them when it starts`)
      return
    }
    // An attachment that lacks bytes where nothing is damaged is told with its entry.
    if (rest === 0) continue
    findings.problem({ entry: whole, file, message: `${cut ? 'is cut short' : 'length or checksum is wrong'}; nothing after it was checked` })
    findings.unread = true
    return
  }
}

interface Scanned {
  /** Bytes from the first frame on that is damaged or cut; none at a clean end. */
  readonly rest: number
  /** It ends within a frame. */
  readonly cut: boolean
  /** A batch begins behind the damage: it had been durable. */
  readonly followed: boolean
  readonly lastEntryAt: number
  readonly size: number
}

async function scanSegment(stream: AsyncIterable<Uint8Array>, entry: (bytes: Uint8Array) => void, visitor: Visitor): Promise<Scanned> {
  let rest: Uint8Array = new Uint8Array()
  let search: BatchSearch | undefined
  let [base, size, end, lastEntryAt, entries] = [0, 0, 0, 0, 0]
  for await (const chunk of stream) {
    size += chunk.length
    if (search !== undefined) {
      search.push(chunk)
      continue
    }
    const buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    for (;;) {
      const frame = readFrame(buffer, at)
      if (frame === 'incomplete') break
      if (frame === 'damaged' || (frame.attachment && entries === 0)) {
        search = new BatchSearch()
        search.push(copy(buffer, at + 1))
        break
      }
      if (frame.attachment) {
        visitor.attachment(frame.bytes)
      } else {
        entry(frame.bytes)
        entries++
        lastEntryAt = base + at
      }
      at = frame.end
    }
    end = base + at
    base = end
    rest = copy(buffer, at)
    await visitor.pause()
  }
  if (search !== undefined) return { rest: size - end, cut: false, followed: search.found, lastEntryAt, size }
  const tail = new BatchSearch()
  tail.push(rest.subarray(1))
  return { rest: size - end, cut: !tail.found, followed: tail.found, lastEntryAt, size }
}

/** Of an index below 2^53, as all are. */
export function isSegmentName(name: string): boolean {
  return /^\d{16}$/.test(name) && Number.isSafeInteger(Number(name))
}

/** The stream may use its buffer again. */
function copy(buffer: Uint8Array, begin: number): Uint8Array {
  return Uint8Array.from(buffer.subarray(begin))
}
