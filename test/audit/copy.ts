// The files of a log in memory, to be changed at will and signed again, as whoever holds its key could. Knows no test runner.
import { createPrivateKey } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkpointText, parseVerifierKey, signNote } from '../../shared/audit/checkpoint.ts'
import { frameHeaderBytes, readFrame, segmentFile, writeFrameHeader } from '../../shared/audit/frame.ts'
import { CompactRange, hashLeaf } from '../../shared/audit/merkle.ts'
import { hashInTile, tilePath } from '../../shared/audit/tiles.ts'
import type { LogFiles } from '../../shared/audit/verify.ts'

/** The files of a log by path, to be changed at will. */
export class Copy implements LogFiles {
  readonly files = new Map<string, Buffer>()
  /** Bytes a chunk that `stream` gives; all at once by default. */
  chunk = Infinity

  static async of(directory: string): Promise<Copy> {
    const copy = new Copy()
    for (const file of await readdir(directory, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue
      const path = join(file.parentPath, file.name)
      copy.files.set(path.slice(directory.length + 1), await readFile(path))
    }
    return copy
  }

  get segments(): string[] {
    return [...this.files.keys()].filter((path) => path.startsWith('segments/')).sort()
  }

  async read(path: string): Promise<Buffer | undefined> {
    return this.files.get(path)
  }

  async list(folder: string): Promise<string[]> {
    return [...this.files.keys()].filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1))
  }

  async* stream(path: string): AsyncGenerator<Buffer> {
    const bytes = this.files.get(path)!
    for (let at = 0; at < bytes.length; at += this.chunk) yield bytes.subarray(at, Math.min(bytes.length, at + this.chunk))
  }

  /** All entries' bytes, in order, without what is attached to them. */
  entries(): Buffer[] {
    return this.segments.flatMap((path) => framesOf(this.files.get(path)!))
      .filter((frame) => !frame.attachment).map(({ bytes }) => Buffer.from(bytes))
  }

  /** The name its key line gives it. */
  get origin(): string {
    return parseVerifierKey(this.files.get('log.pub')!.toString()).name
  }

  /** Puts other entries into one segment, with frames and checksums as they should be. */
  rewrite(entries: readonly Buffer[]): void {
    for (const path of this.segments) this.files.delete(path)
    this.files.set(segmentFile(0), Buffer.concat(entries.map((entry) => framed(entry))))
  }

  /** What the owner of the private key can do: tiles and a signed checkpoint of whatever the segments hold now, after what was removed. */
  signAgain(key = createPrivateKey(this.files.get('log.key')!)): void {
    const { origin } = this
    const first = Number(this.segments[0]!.slice('segments/'.length))
    const removed = Array.from({ length: first }, (_, i) => hashInTile(this.files.get(tilePath(0, i >> 8))!, i & 255))
    const hashes = [...removed, ...this.entries().map((entry) => hashLeaf(entry))]
    const range = new CompactRange()
    for (const hash of hashes) range.append(hash)
    this.files.set('checkpoint', Buffer.from(signNote(checkpointText({ origin, size: range.size, rootHash: range.root() }), origin, key)))
    for (const path of [...this.files.keys()]) if (path.startsWith('tile/')) this.files.delete(path)
    for (let tile = 0; (tile + 1) * 256 <= hashes.length; tile++) {
      this.files.set(tilePath(0, tile), Buffer.concat(hashes.slice(tile * 256, (tile + 1) * 256)))
    }
  }
}

export function framesOf(segment: Buffer) {
  const frames = []
  for (let at = 0; at < segment.length;) {
    const frame = readFrame(segment, at)
    if (typeof frame === 'string') throw new Error(`${frame} at ${at}`)
    frames.push({ begin: at, ...frame })
    at = frame.end
  }
  return frames
}

export function framed(entry: Buffer, beginsBatch = true): Buffer {
  const frame = Buffer.concat([Buffer.alloc(frameHeaderBytes), entry])
  writeFrameHeader(frame, 0, entry.length, beginsBatch)
  return frame
}
