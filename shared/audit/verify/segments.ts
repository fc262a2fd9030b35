// Walks a log's segment files frame by frame and says where one is missing, damaged or cut. Knows nothing of what entries mean. Pure.
import { batchBeginsAfter, readFrame } from '../frame.ts'
import type { LogFiles } from './files.ts'
import type { Findings } from './findings.ts'

export interface Visitor {
  /** One entry's bytes, a view that is gone after the call. @returns how many there have been */
  entry(bytes: Uint8Array, file: string): number
  /** Called between chunks, so that work which waits is not done per entry. */
  pause(): Promise<void>
}

/** @param anchoredSize entries the signed checkpoint speaks for: none of them may be torn */
export async function scanSegments(files: LogFiles, anchoredSize: number, findings: Findings, visitor: Visitor): Promise<void> {
  const names = [...await files.list('segments')].sort()
  let count = 0
  for (const [i, name] of names.entries()) {
    const file = `segments/${name}`
    if (!/^\d{16}$/.test(name)) {
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
    const rest = await scanSegment(files.stream(file), (bytes) => { count = visitor.entry(bytes, file) }, visitor)
    if (rest.length === 0) continue
    if (i === names.length - 1 && count >= anchoredSize && !batchBeginsAfter(rest, 1)) {
      findings.note(`${file} ends in ${rest.length} bytes of a write that was cut off; the gateway drops them when it starts`)
      return
    }
    const cut = readFrame(rest, 0) === 'incomplete' && !batchBeginsAfter(rest, 1)
    findings.problem({ entry: count, file, message: `${cut ? 'is cut short' : 'length or checksum is wrong'}; nothing after it was checked` })
    findings.unread = true
    return
  }
}

/** @returns what is left from the first frame on that is damaged or cut; empty at a clean end */
async function scanSegment(stream: AsyncIterable<Uint8Array>, entry: (bytes: Uint8Array) => void, { pause }: Visitor): Promise<Uint8Array> {
  let rest: Uint8Array = new Uint8Array()
  const damaged: Uint8Array[] = []
  for await (const chunk of stream) {
    if (damaged.length > 0) {
      damaged.push(chunk)
      continue
    }
    const buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    for (;;) {
      const frame = readFrame(buffer, at)
      if (frame === 'damaged') damaged.push(copy(buffer, at))
      if (typeof frame === 'string') break
      entry(frame.bytes)
      at = frame.end
    }
    rest = copy(buffer, at)
    await pause()
  }
  return damaged.length > 0 ? Buffer.concat(damaged) : rest
}

/** The stream may use its buffer again. */
function copy(buffer: Uint8Array, begin: number): Uint8Array {
  return Uint8Array.from(buffer.subarray(begin))
}
