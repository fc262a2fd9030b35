// The files entries lie in, one after the other, each with its attachment behind it: appending with a sync, reading back. Knows frames,
// not what entries mean.
import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { frameHeaderBytes, readFrame, segmentFile } from '../../shared/audit/frame.ts'
import { syncFolder, writeAll, type Disk } from './disk.ts'
import { damage, unfit } from './failures.ts'

/** Entries between two remembered offsets of a segment. */
export const markEvery = 256
const chunkBytes = 256 * 1024

export interface Segment {
  /** Index of its first entry; its name, in 16 digits. */
  readonly first: number
  /** Durable bytes. */
  size: number
  /** Offset of entry `first + 256 * i`; found when first wanted. */
  marks?: number[]
}

/** An entry and how much is attached to it. */
export interface LocatedEntry {
  /** Of its frame. */
  readonly offset: number
  /** Behind its attachment. */
  end: number
  /** A view into a buffer of its own chunk. */
  readonly bytes: Uint8Array
  attachedBytes: number
}

export interface LogRecord {
  readonly entry: Uint8Array
  readonly attachment: Uint8Array
}

export function segmentPath(directory: string, first: number): string {
  return join(directory, segmentFile(first))
}

/** In order; none when the folder is absent. @throws GatewayError config_invalid for a file that is no segment */
export async function listSegments(directory: string): Promise<Segment[]> {
  const folder = join(directory, 'segments')
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return Promise.all(names.sort().map(async (name) => {
    if (!/^\d{16}$/.test(name)) throw unfit(`${join(folder, name)} does not belong in an audit log`, 'move it away')
    return { first: Number(name), size: (await stat(join(folder, name))).size }
  }))
}

/**
 * Entries from an offset up to `end`, a chunk at a time, attachments passed over; stops in silence before a frame that is damaged or
 * cut. So the attachment of the last one may be short: whoever reads the end of a log has to compare.
 */
export async function* entryChunks(path: string, offset: number, end: number): AsyncGenerator<LocatedEntry[]> {
  const file = await open(path)
  /** Held back until it is known what is attached to it. */
  let last: LocatedEntry | undefined
  try {
    let rest = Buffer.alloc(0)
    reading: for (let position = offset; position < end;) {
      const buffer = Buffer.allocUnsafe(rest.length + Math.min(chunkBytes, end - position))
      rest.copy(buffer)
      const { bytesRead } = await file.read(buffer, rest.length, buffer.length - rest.length, position)
      if (bytesRead === 0) break
      const filled = buffer.subarray(0, rest.length + bytesRead)
      const base = position - rest.length
      const entries: LocatedEntry[] = []
      let at = 0
      for (;;) {
        const frame = readFrame(filled, at)
        const stray = typeof frame === 'object' && frame.attachment && last === undefined
        if (typeof frame === 'string' || stray) {
          if (entries.length > 0) yield entries
          if (frame === 'damaged' || stray) break reading
          break
        }
        if (frame.attachment) {
          last!.attachedBytes += frame.bytes.length
          last!.end = base + frame.end
        } else {
          if (last !== undefined) entries.push(last)
          last = { offset: base + at, end: base + frame.end, bytes: frame.bytes, attachedBytes: 0 }
        }
        at = frame.end
      }
      rest = filled.subarray(at)
      position += bytesRead
    }
    if (last !== undefined) yield [last]
  } finally {
    await file.close()
  }
}

export class Segments {
  readonly #directory: string
  readonly #disk: Disk
  readonly #maxBytes: number
  readonly #all: Segment[]
  #fd: number | undefined

  /** @param maxBytes a segment this long is not written to any more */
  constructor(directory: string, disk: Disk, maxBytes: number, all: Segment[]) {
    this.#directory = directory
    this.#disk = disk
    this.#maxBytes = maxBytes
    this.#all = all
  }

  /** Index of the first entry that is still there. */
  get first(): number { return this.#all[0]?.first ?? 0 }

  /** In order, as they are now. */
  get listed(): readonly Segment[] { return [...this.#all] }

  /** Its file is about to go. */
  forget(segment: Segment): void {
    this.#all.splice(this.#all.indexOf(segment), 1)
  }

  /**
   * Writes one batch and syncs it. Never called twice at once, and never again after it threw.
   * @param first index of its first entry
   * @param offsets of its entries' frames within all `pieces` together
   * @throws NodeJS.ErrnoException
   */
  async append(first: number, pieces: readonly Uint8Array[], offsets: readonly number[]): Promise<void> {
    const segment = await this.#writable(first)
    let end = segment.size
    for (const piece of pieces) {
      await writeAll(this.#disk, this.#fd!, piece, end)
      end += piece.length
    }
    await this.#disk.fdatasync(this.#fd!)
    if (segment.marks !== undefined) {
      for (let i = (markEvery - (first - segment.first) % markEvery) % markEvery; i < offsets.length; i += markEvery) {
        segment.marks.push(segment.size + offsets[i]!)
      }
    }
    segment.size = end
  }

  /** Bytes of the entries `[from, to)`, all of which must be durable. @throws GatewayError audit_unavailable naming a damaged one */
  async* read(from: number, to: number): AsyncGenerator<Uint8Array> {
    let index = from
    while (index < to) {
      const segment = this.#segmentOf(index)
      const begun = index
      for await (const entries of this.#entriesFrom(segment, index)) {
        for (const { bytes } of entries) {
          if (index >= to) return
          yield bytes
          index++
        }
      }
      const next = this.#all.find(({ first }) => first > segment.first)
      if (index === begun || (index < to && next?.first !== index)) throw damage(`entry ${index}`, 'cannot be read')
    }
  }

  /** A durable entry with its attachment. @throws GatewayError audit_unavailable when it is damaged */
  async record(index: number): Promise<LogRecord> {
    const segment = this.#segmentOf(index)
    for await (const [entry] of this.#entriesFrom(segment, index)) {
      const attachment = await readAttachment(segmentPath(this.#directory, segment.first), entry!)
      if (attachment === undefined) break
      return { entry: entry!.bytes, attachment }
    }
    throw damage(`entry ${index}`, 'cannot be read')
  }

  async close(): Promise<void> {
    if (this.#fd !== undefined) await this.#disk.close(this.#fd)
    this.#fd = undefined
  }

  async #writable(first: number): Promise<Segment> {
    const last = this.#all.at(-1)
    if (last !== undefined && last.size < this.#maxBytes) {
      this.#fd ??= await this.#disk.open(segmentPath(this.#directory, last.first), 'r+')
      return last
    }
    await this.close()
    this.#fd = await this.#disk.open(segmentPath(this.#directory, first), 'wx', 0o600)
    await syncFolder(this.#disk, join(this.#directory, 'segments'))
    const segment: Segment = { first, size: 0, marks: [] }
    this.#all.push(segment)
    return segment
  }

  #segmentOf(index: number): Segment {
    const segment = this.#all.findLast(({ first }) => first <= index)
    if (segment === undefined) throw damage(`entry ${index}`, 'is in no segment')
    return segment
  }

  async* #entriesFrom(segment: Segment, index: number): AsyncGenerator<LocatedEntry[]> {
    const path = segmentPath(this.#directory, segment.first)
    const marks = segment.marks ?? await this.#mark(segment)
    const mark = Math.floor((index - segment.first) / markEvery)
    const offset = marks[mark]
    if (offset === undefined) return
    let skip = index - segment.first - mark * markEvery
    for await (const entries of entryChunks(path, offset, segment.size)) {
      if (skip < entries.length) yield entries.slice(skip)
      skip = Math.max(0, skip - entries.length)
    }
  }

  /** Walks a segment once that an earlier start has filled. The one being written to has its marks from the recovery. */
  async #mark(segment: Segment): Promise<number[]> {
    const marks: number[] = []
    let count = 0
    for await (const entries of entryChunks(segmentPath(this.#directory, segment.first), 0, segment.size)) {
      for (const { offset } of entries) if (count++ % markEvery === 0) marks.push(offset)
    }
    return segment.marks = marks
  }
}

/** @returns undefined when it is not there any more */
async function readAttachment(path: string, { offset, bytes, end, attachedBytes }: LocatedEntry): Promise<Uint8Array | undefined> {
  const begin = offset + frameHeaderBytes + bytes.length
  const frames = Buffer.allocUnsafe(end - begin)
  const file = await open(path)
  try {
    const { bytesRead } = await file.read(frames, 0, frames.length, begin)
    if (bytesRead < frames.length) return undefined
  } finally {
    await file.close()
  }
  const attachment = Buffer.allocUnsafe(attachedBytes)
  let filled = 0
  for (let at = 0; at < frames.length;) {
    const frame = readFrame(frames, at)
    if (typeof frame === 'string' || !frame.attachment) return undefined
    attachment.set(frame.bytes, filled)
    filled += frame.bytes.length
    at = frame.end
  }
  return attachment
}
