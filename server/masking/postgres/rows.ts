// Masks cells of DataRow messages in the stream, a run of complete rows at a time; a row too large for that goes through in pieces.
// Pure. The binary form of COPY has the same rows and is masked here too. Which cells, and with what, is decided elsewhere.
import { GatewayError, type ProtocolViolation } from '../../../shared/errors.ts'
import { LargeRow, violation } from './large-row.ts'
import { maxReadBytes, type CellMask } from './values.ts'

/** Larger rows come in pieces. As many bytes as one reads of a busy socket at once, so that few of those that fit are held back. */
const wholeUpTo = maxReadBytes

/** A COPY row is held until it is complete: its bytes say nowhere where it ends but in the message's own head. */
export const maxCopyRowBytes = 64 * 1024 * 1024

/**
 * What the rows are in.
 *   row          DataRow: int16 count, then the cells, each int32 length (-1: NULL) and its bytes
 *   binary copy  CopyData: the same, with the header in front of the first row, and a count of -1 in the place of a last row
 */
export type RowLayout = 'row' | 'binary copy'

const headBytes = 5
const copySignature = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1')

/**
 * One per result: it counts on every row having the cells that were planned. What it keeps between two calls is at most a large row's
 * begin. Cells without a mask are never looked into.
 * @see PostgreSQL docs, Message Formats, DataRow; COPY, Binary Format
 */
export class RowMasker {
  readonly wholeUpTo: number
  readonly #masks: readonly (CellMask | undefined)[]
  /** Columns with a mask, ascending. */
  readonly #masked: Int32Array
  readonly #binaryCopy: boolean
  #headerSeen = false
  #large: LargeRow | undefined

  /** @param cells one for each column; undefined: passes as it is */
  constructor(cells: readonly (CellMask | undefined)[], layout: RowLayout = 'row') {
    this.#masks = cells
    this.#masked = Int32Array.from(cells.flatMap((mask, column) => mask === undefined ? [] : [column]))
    this.#binaryCopy = layout === 'binary copy'
    this.wholeUpTo = this.#binaryCopy ? maxCopyRowBytes : Math.max(wholeUpTo, ...cells.map((mask) => mask?.readUpTo ?? 0))
  }

  /**
   * Complete messages, back to back: bytes[begin, end).
   *
   * Works in one buffer with a gap: what was written ends at `written`, what is not yet moved begins at `unread`. While every mask is as
   * long as its value the gap is empty and nothing moves; a shorter one opens it, and what lies between two masked cells moves in one go.
   * @param own whether the bytes may be changed in place
   * @returns what to send in their place: a view of `bytes` if they are the masker's own and there was room
   * @throws ProtocolViolation for a row of another number of cells, or whose lengths do not add up
   */
  rewrite(bytes: Buffer, begin: number, end: number, own: boolean): Uint8Array {
    let buffer = bytes
    if (!own) {
      buffer = Buffer.from(bytes.subarray(begin, end))
      end -= begin
      begin = 0
    }
    const masked = this.#masked
    let written = begin
    let unread = begin
    for (let row = begin; row < end;) {
      let rowEnd = row + 1 + buffer.readInt32BE(row + 1)
      let at = this.#binaryCopy ? this.#tuple(buffer, row, rowEnd) : row + headBytes
      if (at < 0) { row = rowEnd; continue }
      if (at + 2 > rowEnd || buffer.readUInt16BE(at) !== this.#masks.length) throw this.#otherCount(buffer, at, rowEnd)
      at += 2
      let grown = 0
      const lengthAt = written + row - unread + 1
      const length = rowEnd - row - 1
      for (let index = 0, column = 0; index < masked.length; index++, column++) {
        for (const wanted = masked[index]!; column < wanted; column++) at = cellEnd(buffer, at, rowEnd)
        let next = cellEnd(buffer, at, rowEnd)
        const isNull = buffer[at]! > 0x7f
        const value = newValue(this.#masks[column]!, buffer, at + 4, next, isNull)
        if (value === null ? isNull : !isNull && value.length === next - at - 4) {
          if (value !== null && !isThere(value, buffer, at + 4)) put(value, buffer, at + 4)
        } else {
          if (written < unread) buffer.copyWithin(written, unread, at)
          written += at - unread
          const needed = value === null ? 4 : 4 + value.length
          grown += needed - (next - at)
          if (next - written < needed) {
            const wider = widened(buffer, begin, written, next, end, needed)
            const moved = wider.length - end
            buffer = wider
            next += moved
            rowEnd += moved
            end += moved
          }
          buffer.writeInt32BE(value === null ? -1 : value.length, written)
          if (value !== null) put(value, buffer, written + 4)
          written += needed
          unread = next
        }
        at = next
      }
      if (grown !== 0) buffer.writeInt32BE(length + grown, lengthAt)
      row = rowEnd
    }
    if (written < unread) buffer.copyWithin(written, unread, end)
    return buffer.subarray(begin, written + end - unread)
  }

  /** The next piece of one large row. @returns what can be sent by now */
  rewritePiece(piece: Buffer, last: boolean): Uint8Array[] {
    if (this.#binaryCopy) throw new GatewayError('limit_exceeded', `a row to be masked is larger than ${maxCopyRowBytes} bytes`)
    this.#large ??= new LargeRow(this.#masks, this.#masked.at(-1) ?? -1)
    const out = this.#large.push(piece)
    if (last) {
      this.#large.end()
      this.#large = undefined
    }
    return out
  }

  /**
   * Where the row's count stands in a CopyData message; -1: there is no row in it.
   *
   *   signature  11 bytes         in front of the first row,
   *   flags      int32, 0         or of the end if there is no row
   *   extension  int32 length, skipped
   */
  #tuple(bytes: Buffer, message: number, end: number): number {
    let at = message + headBytes
    if (!this.#headerSeen) {
      this.#headerSeen = true
      const extension = at + copySignature.length + 4
      if (extension + 4 > end || copySignature.compare(bytes, at, at + copySignature.length) !== 0) throw violation('no header before the first row')
      if (bytes.readInt32BE(extension - 4) !== 0) throw violation('flags that are not known')
      at = cellEnd(bytes, extension, end)
      if (at === end) return -1
    }
    return end - at === 2 && bytes.readInt16BE(at) === -1 ? -1 : at
  }

  #otherCount(bytes: Buffer, at: number, end: number): ProtocolViolation {
    const count = at + 2 > end ? 'no' : bytes.readUInt16BE(at)
    return violation(`${count} columns where ${this.#masks.length} were planned`)
  }
}

/** A copy with [begin, written) where it was and [unread, end) at its end, and room for at least `needed` bytes more between them. */
function widened(buffer: Buffer, begin: number, written: number, unread: number, end: number, needed: number): Buffer {
  const wider = Buffer.allocUnsafe(end + needed + Math.max(4096, (end - begin) >> 1))
  buffer.copy(wider, begin, begin, written)
  buffer.copy(wider, wider.length - (end - unread), unread, end)
  return wider
}

function newValue(mask: CellMask, bytes: Buffer, begin: number, end: number, isNull: boolean): Buffer | null {
  if (isNull) return mask.whenNull
  if (mask.of === undefined) return mask.constant
  if (end - begin > (mask.readUpTo ?? maxReadBytes)) return mask.passLarger === true ? bytes.subarray(begin, end) : mask.constant
  return mask.of(bytes.subarray(begin, end)) ?? mask.constant
}

/** It is the very bytes that stand there. */
function isThere(value: Buffer, bytes: Buffer, at: number): boolean {
  return value.byteOffset === bytes.byteOffset + at && value.buffer === bytes.buffer
}

function put(value: Buffer, into: Buffer, at: number): void {
  // Below this, calling out of JavaScript costs more than copying does.
  if (value.length > 32) value.copy(into, at)
  else for (let from = 0; from < value.length; from++) into[at + from] = value[from]!
}

/** Where a cell whose length word is at `at` ends. @throws ProtocolViolation if that is past the row's end */
function cellEnd(bytes: Buffer, at: number, rowEnd: number): number {
  if (at + 4 > rowEnd) throw violation('fewer cells than it counts')
  const length = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
  if (length < 0) {
    if (length !== -1) throw violation(`a cell length of ${length}`)
    return at + 4
  }
  const end = at + 4 + length
  if (end > rowEnd) throw violation('a cell that is longer than it')
  return end
}
