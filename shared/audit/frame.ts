// How an entry lies in a segment file: length, checksum, bytes. The checksum finds accidents; lies are found by the tree. Pure.

/** Bytes in front of each entry. */
export const frameHeaderBytes = 8
/** An entry fits a C2SP entry bundle, whose length field has 16 bits. */
export const maxEntryBytes = 65_535

const beginsBatchBit = 0x8000_0000

export interface Frame {
  /** A view, not a copy. */
  readonly bytes: Uint8Array
  /** The frames before this one were durable before it was written. */
  readonly beginsBatch: boolean
  /** Offset of what follows. */
  readonly end: number
}

/**
 * Writes the header of an entry whose bytes already stand at `offset + 8`.
 *
 *   length  u32, big-endian; bit 31: the first frame of a batch, that is of one write and sync; bits 16 to 30 are zero
 *   crc     u32, big-endian; CRC-32C of the length field and the bytes
 *   bytes   `length` of them, 1 to 65,535
 */
export function writeFrameHeader(buffer: Uint8Array, offset: number, length: number, beginsBatch: boolean): void {
  writeUint32(buffer, offset, beginsBatch ? length + beginsBatchBit : length)
  writeUint32(buffer, offset + 4, frameChecksum(buffer, offset, length))
}

/**
 * The frame at `offset`.
 * @returns `incomplete` when the buffer ends within it; `damaged` when length or checksum say it is no frame
 */
export function readFrame(buffer: Uint8Array, offset: number): Frame | 'incomplete' | 'damaged' {
  if (buffer.length - offset < frameHeaderBytes) return 'incomplete'
  const field = readUint32(buffer, offset)
  const beginsBatch = field >= beginsBatchBit
  const length = beginsBatch ? field - beginsBatchBit : field
  if (length === 0 || length > maxEntryBytes) return 'damaged'
  const begin = offset + frameHeaderBytes
  if (buffer.length - begin < length) return 'incomplete'
  if (readUint32(buffer, offset + 4) !== frameChecksum(buffer, offset, length)) return 'damaged'
  return { bytes: buffer.subarray(begin, begin + length), beginsBatch, end: begin + length }
}

/**
 * Whether an intact first frame of a batch stands anywhere at or after `offset`.
 *
 * A batch is written only after the sync of the one before it returned. So a damaged frame with such a frame behind it had been
 * durable and was damaged later; one without belongs to the last write, which a crash may tear in any place.
 * Entries are JSON and hold no NUL, so nothing inside one looks like such a header.
 */
export function batchBeginsAfter(buffer: Uint8Array, offset: number): boolean {
  for (let at = buffer.indexOf(0x80, offset); at >= 0; at = buffer.indexOf(0x80, at + 1)) {
    if (buffer[at + 1] !== 0) continue
    const frame = readFrame(buffer, at)
    if (typeof frame === 'object' && frame.beginsBatch) return true
  }
  return false
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
