// How entries, and what is attached to them, lie in a segment file: length, checksum, bytes. The checksum finds accidents; lies are
// found by the tree, whose leaves are the entries, and by the hashes entries give of their attachments. Pure.

import type { SealedFacts } from './entry.ts'

/** Bytes in front of each entry, and of each piece of an attachment. */
export const frameHeaderBytes = 8
/** An entry fits a C2SP entry bundle, whose length field has 16 bits. */
export const maxEntryBytes = 65_535

const beginsBatchBit = 0x8000_0000
const attachmentBit = 0x4000_0000

/** Below the log's folder. @param first index of its first entry, which names it in 16 digits */
export function segmentFile(first: number): string {
  return `segments/${String(first).padStart(16, '0')}`
}

/** What goes into the log right behind an entry, and is no part of it. */
export interface Attachment {
  /** As `frameAttachment` makes them; not changed any more. */
  readonly frames: Uint8Array
  readonly facts: SealedFacts
}

export interface Frame {
  /** A view, not a copy. */
  readonly bytes: Uint8Array
  /** The frames before this one were durable before it was written. */
  readonly beginsBatch: boolean
  /** A piece of what is attached to the entry before it: no leaf, no index. */
  readonly attachment: boolean
  /** Offset of what follows. */
  readonly end: number
}

/**
 * Writes the header of an entry whose bytes already stand at `offset + 8`.
 *
 *   length  u32, big-endian; bit 31: the first frame of a batch, that is of one write and sync; bit 30: a piece of an attachment;
 *           never both; bits 16 to 29 are zero
 *   crc     u32, big-endian; CRC-32C of the length field and the bytes
 *   bytes   `length` of them, 1 to 65,535
 */
export function writeFrameHeader(buffer: Uint8Array, offset: number, length: number, beginsBatch: boolean): void {
  writeHeader(buffer, offset, beginsBatch ? length + beginsBatchBit : length, length)
}

/** Bytes that `frameAttachment` makes of so many. */
export function framedAttachmentBytes(bytes: number): number {
  return bytes + Math.ceil(bytes / maxEntryBytes) * frameHeaderBytes
}

/** Offset, among the frames of an attachment, of its byte number `at`; also where the next byte goes, when so many are there. */
export function attachmentOffset(at: number): number {
  return at + (Math.floor(at / maxEntryBytes) + 1) * frameHeaderBytes
}

/** Writes the header of piece number `piece` of an attachment of `bytes` in all, whose own bytes already stand behind it. */
export function writeAttachmentHeader(frames: Uint8Array, piece: number, bytes: number): void {
  const length = Math.min(maxEntryBytes, bytes - piece * maxEntryBytes)
  writeHeader(frames, piece * (maxEntryBytes + frameHeaderBytes), length + attachmentBit, length)
}

/** An attachment cut into frames, every one but the last of full length. */
export function frameAttachment(bytes: Uint8Array): Uint8Array {
  const frames = new Uint8Array(framedAttachmentBytes(bytes.length))
  for (let piece = 0, at = 0; at < bytes.length; piece++, at += maxEntryBytes) {
    frames.set(bytes.subarray(at, at + maxEntryBytes), attachmentOffset(at))
    writeAttachmentHeader(frames, piece, bytes.length)
  }
  return frames
}

/**
 * The frame at `offset`.
 * @returns `incomplete` when the buffer ends within it; `damaged` when length or checksum say it is no frame
 */
export function readFrame(buffer: Uint8Array, offset: number): Frame | 'incomplete' | 'damaged' {
  if (buffer.length - offset < frameHeaderBytes) return 'incomplete'
  const field = readUint32(buffer, offset)
  const beginsBatch = field >= beginsBatchBit
  // With both bits set, what remains is too long to be a length.
  const attachment = !beginsBatch && field >= attachmentBit
  const length = beginsBatch ? field - beginsBatchBit : attachment ? field - attachmentBit : field
  if (length === 0 || length > maxEntryBytes) return 'damaged'
  const begin = offset + frameHeaderBytes
  if (buffer.length - begin < length) return 'incomplete'
  if (readUint32(buffer, offset + 4) !== frameChecksum(buffer, offset, length)) return 'damaged'
  return { bytes: buffer.subarray(begin, begin + length), beginsBatch, attachment, end: begin + length }
}

/**
 * Looks for an intact first frame of a batch anywhere in bytes that come in pieces.
 *
 * A batch is written only after the sync of the one before it returned. So a damaged frame with such a frame behind it had been
 * durable and was damaged later; one without belongs to the last write, which a crash may tear in any place.
 * Entries are JSON and hold no NUL, so nothing inside one looks like such a header. Attachments are ciphertext: that a byte of one
 * begins what looks like a frame has a chance of 1 in 2^48, and then a start is refused that could have gone on.
 */
export class BatchSearch {
  #found = false
  #rest: Uint8Array = new Uint8Array()

  get found(): boolean { return this.#found }

  push(chunk: Uint8Array): void {
    if (this.#found) return
    const bytes = this.#rest.length === 0 ? chunk : joined(this.#rest, chunk)
    let keep = bytes.length
    for (let at = bytes.indexOf(0x80); at >= 0; at = bytes.indexOf(0x80, at + 1)) {
      if (at + 1 < bytes.length && bytes[at + 1] !== 0) continue
      const frame = readFrame(bytes, at)
      if (frame === 'damaged') continue
      if (frame !== 'incomplete') {
        this.#found = true
        return
      }
      keep = Math.min(keep, at)
    }
    this.#rest = bytes.slice(keep)
  }
}

/** CRC-32C (Castagnoli) of `[begin, end)`; `before` is that of the bytes in front, 0 for none. @see RFC 3720 appendix B.4 */
export function crc32c(bytes: Uint8Array, begin = 0, end = bytes.length, before = 0): number {
  let crc = ~before
  let i = begin
  for (const last = end - 8; i <= last; i += 8) {
    crc ^= bytes[i]! | bytes[i + 1]! << 8 | bytes[i + 2]! << 16 | bytes[i + 3]! << 24
    crc = tables[1792 + (crc & 255)]! ^ tables[1536 + (crc >>> 8 & 255)]!
      ^ tables[1280 + (crc >>> 16 & 255)]! ^ tables[1024 + (crc >>> 24)]!
      ^ tables[768 + bytes[i + 4]!]! ^ tables[512 + bytes[i + 5]!]!
      ^ tables[256 + bytes[i + 6]!]! ^ tables[bytes[i + 7]!]!
  }
  for (; i < end; i++) crc = tables[(crc ^ bytes[i]!) & 255]! ^ crc >>> 8
  return ~crc >>> 0
}

/** Eight tables of 256: entry `256 * k + b` is the remainder of byte b followed by k zero bytes ("slicing by 8"). */
const tables = slicingTables()

function slicingTables(): Int32Array {
  const table = new Int32Array(8 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >>> 1 ^ 0x82f6_3b78 : crc >>> 1
    table[byte] = crc
  }
  for (let i = 256; i < table.length; i++) {
    const shorter = table[i - 256]!
    table[i] = table[shorter & 255]! ^ shorter >>> 8
  }
  return table
}

function writeHeader(buffer: Uint8Array, offset: number, field: number, length: number): void {
  writeUint32(buffer, offset, field)
  writeUint32(buffer, offset + 4, frameChecksum(buffer, offset, length))
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

function frameChecksum(buffer: Uint8Array, offset: number, length: number): number {
  const begin = offset + frameHeaderBytes
  return crc32c(buffer, begin, begin + length, crc32c(buffer, offset, offset + 4))
}

function readUint32(buffer: Uint8Array, at: number): number {
  return (buffer[at]! << 24 | buffer[at + 1]! << 16 | buffer[at + 2]! << 8 | buffer[at + 3]!) >>> 0
}

function writeUint32(buffer: Uint8Array, at: number, value: number): void {
  buffer[at] = value >>> 24
  buffer[at + 1] = value >>> 16
  buffer[at + 2] = value >>> 8
  buffer[at + 3] = value
}
