// The files entries lie in, one after the other: appending with a sync, reading a range back. Knows frames, not what entries mean.
import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readFrame } from '../../shared/audit/frame.ts'
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

export interface LocatedFrame {
  readonly offset: number
  readonly end: number
  /** A view into a buffer of its own chunk. */
  readonly bytes: Uint8Array
}

export function segmentPath(directory: string, first: number): string {
  return join(directory, 'segments', String(first).padStart(16, '0'))
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

/** Frames from an offset up to `end`, a chunk at a time; stops in silence before one that is damaged or cut. */
export async function* frameChunks(path: string, offset: number, end: number): AsyncGenerator<LocatedFrame[]> {
  const file = await open(path)
  try {
    let rest = Buffer.alloc(0)
    for (let position = offset; position < end;) {
      const buffer = Buffer.allocUnsafe(rest.length + Math.min(chunkBytes, end - position))
      rest.copy(buffer)
      const { bytesRead } = await file.read(buffer, rest.length, buffer.length - rest.length, position)
      if (bytesRead === 0) return
      const filled = buffer.subarray(0, rest.length + bytesRead)
      const base = position - rest.length
      const frames: LocatedFrame[] = []
      let at = 0
      for (;;) {
        const frame = readFrame(filled, at)
        if (typeof frame === 'string') {
          if (frames.length > 0) yield frames
          if (frame === 'damaged') return
          break
        }
        frames.push({ offset: base + at, end: base + frame.end, bytes: frame.bytes })
        at = frame.end
      }
      rest = filled.subarray(at)
      position += bytesRead
    }
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

  /**
   * Writes one batch and syncs it. Never called twice at once, and never again after it threw.
   * @param first index of its first entry
   * @param offsets of its frames within `bytes`
   * @throws NodeJS.ErrnoException
   */
  async append(first: number, bytes: Uint8Array, offsets: readonly number[]): Promise<void> {
    const segment = await this.#writable(first)
    await writeAll(this.#disk, this.#fd!, bytes, segment.size)
    await this.#disk.fdatasync(this.#fd!)
    if (segment.marks !== undefined) {
      for (let i = (markEvery - (first - segment.first) % markEvery) % markEvery; i < offsets.length; i += markEvery) {
        segment.marks.push(segment.size + offsets[i]!)
      }
    }
    segment.size += bytes.length
  }

  /** Bytes of the entries `[from, to)`, all of which must be durable. @throws GatewayError audit_unavailable naming a damaged one */
  async* read(from: number, to: number): AsyncGenerator<Uint8Array> {
    let index = from
    while (index < to) {
      const segment = this.#all.findLast(({ first }) => first <= index)
      if (segment === undefined) throw damage(`entry ${index}`, 'is in no segment')
      const begun = index
      for await (const frames of this.#framesFrom(segment, index)) {
        for (const { bytes } of frames) {
          if (index >= to) return
          yield bytes
          index++
        }
      }
      const next = this.#all.find(({ first }) => first > segment.first)
      if (index === begun || (index < to && next?.first !== index)) throw damage(`entry ${index}`, 'cannot be read')
    }
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

  async* #framesFrom(segment: Segment, index: number): AsyncGenerator<LocatedFrame[]> {
    const path = segmentPath(this.#directory, segment.first)
    const marks = segment.marks ?? await this.#mark(segment)
    const mark = Math.floor((index - segment.first) / markEvery)
    const offset = marks[mark]
    if (offset === undefined) return
    let skip = index - segment.first - mark * markEvery
    for await (const frames of frameChunks(path, offset, segment.size)) {
      if (skip < frames.length) yield frames.slice(skip)
      skip = Math.max(0, skip - frames.length)
    }
  }

  /** Walks a segment once that an earlier start has filled. The one being written to has its marks from the recovery. */
  async #mark(segment: Segment): Promise<number[]> {
    const marks: number[] = []
    let count = 0
    for await (const frames of frameChunks(segmentPath(this.#directory, segment.first), 0, segment.size)) {
      for (const { offset } of frames) if (count++ % markEvery === 0) marks.push(offset)
    }
    return segment.marks = marks
  }
}
