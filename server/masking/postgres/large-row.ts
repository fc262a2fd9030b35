// Masks one DataRow that is too large to be held: in pieces, as they come. Pure.
// A message says its length first, so what stands before the last masked cell is held until that cell's length is known; the rest passes
// as it comes, and masked values are dropped as they come.
import { GatewayError, ProtocolViolation } from '../../../shared/errors.ts'
import { maxReadBytes, type CellMask } from './values.ts'

/** Most that is held of a row. Only clear values in front of a masked one count: a server's own limit of a value is 1 GiB. */
export const maxHeldBytes = 64 * 1024 * 1024

/** Type, length, count. */
const headBytes = 7

/** In what the next byte is: the head; a cell's length; a value that passes, is dropped, or is read. */
type State = 'head' | 'length' | 'pass' | 'drop' | 'read'

export class LargeRow {
  readonly #masks: readonly (CellMask | undefined)[]
  readonly #last: number
  #state: State = 'head'
  /** Bytes still to come of what the state says. */
  #wanted = headBytes
  /** What has come of a head, a length or a value that is read. */
  #partial: Buffer[] = []
  /** Bytes still to come of the message. */
  #left = headBytes
  #length = 0
  #column = 0
  #grown = 0
  /** Masked, waiting for the row's length to be known; undefined: it is known. */
  #held: Uint8Array[] | undefined = []
  #heldBytes = 0
  #out: Uint8Array[] = []

  /** @param last the last column with a mask; -1: none */
  constructor(masks: readonly (CellMask | undefined)[], last: number) {
    this.#masks = masks
    this.#last = last
  }

  /** @throws ProtocolViolation for another number of cells or lengths that do not add up; GatewayError where too much would be held */
  push(piece: Buffer): Uint8Array[] {
    this.#out = []
    for (let at = 0; at < piece.length;) {
      if (this.#held === undefined && this.#state !== 'drop') {
        this.#out.push(piece.subarray(at))
        break
      }
      const step = Math.min(this.#wanted, piece.length - at)
      this.#take(piece.subarray(at, at + step))
      at += step
    }
    return this.#out
  }

  /** @throws ProtocolViolation if the message ended before its last masked cell did */
  end(): void {
    if (this.#held !== undefined) throw violation('fewer cells than it counts')
  }

  #take(bytes: Buffer): void {
    this.#wanted -= bytes.length
    this.#left -= bytes.length
    if (this.#state === 'pass') this.#send(bytes)
    else if (this.#state !== 'drop') this.#partial.push(bytes)
    if (this.#wanted > 0) return
    const taken = this.#partial.length === 1 ? this.#partial[0]! : Buffer.concat(this.#partial)
    this.#partial = []
    switch (this.#state) {
      case 'head': return this.#head(taken)
      case 'length': return this.#cell(taken)
      case 'read': return this.#replace(this.#masks[this.#column]!.of!(taken) ?? this.#masks[this.#column]!.constant, taken.length)
      default: return this.#next()
    }
  }

  #head(head: Buffer): void {
    this.#length = head.readInt32BE(1)
    this.#left = this.#length + 1 - headBytes
    const count = head.readUInt16BE(5)
    if (count !== this.#masks.length) throw violation(`${count} columns where ${this.#masks.length} were planned`)
    this.#send(head)
    if (this.#last < 0) this.#settle()
    this.#begin('length', 4)
  }

  #cell(word: Buffer): void {
    const length = word.readInt32BE(0)
    if (length < -1 || length > this.#left) throw violation(`a cell length of ${length}`)
    const mask = this.#masks[this.#column]
    if (mask === undefined) {
      this.#send(word)
      return length > 0 ? this.#begin('pass', length) : this.#next()
    }
    if (length === -1) return this.#replace(mask.whenNull, 0)
    if (mask.passLarger === true && length > (mask.readUpTo ?? maxReadBytes)) {
      this.#send(word)
      // It is as long as it was, so with the last of them the row's length is known.
      if (this.#column === this.#last) this.#settle()
      return this.#begin('pass', length)
    }
    if (mask.of !== undefined && length <= (mask.readUpTo ?? maxReadBytes)) {
      return length > 0 ? this.#begin('read', length) : this.#replace(mask.of(Buffer.alloc(0)) ?? mask.constant, 0)
    }
    const column = this.#column
    this.#replace(mask.constant, length)
    if (length > 0) {
      this.#column = column
      this.#begin('drop', length)
    }
  }

  /** The cell's new value, in the place of `length` bytes. */
  #replace(value: Buffer | null, length: number): void {
    const word = Buffer.allocUnsafe(4)
    word.writeInt32BE(value === null ? -1 : value.length)
    this.#send(word)
    if (value !== null && value.length > 0) this.#send(value)
    this.#grown += (value === null ? 0 : value.length) - length
    if (this.#column === this.#last) this.#settle()
    this.#next()
  }

  #next(): void {
    this.#column++
    this.#begin('length', 4)
  }

  #begin(state: State, wanted: number): void {
    this.#state = state
    this.#wanted = wanted
  }

  /** The row's length is known: what was held can go. */
  #settle(): void {
    const [head, ...rest] = this.#held!
    const patched = Buffer.from(head!)
    patched.writeInt32BE(this.#length + this.#grown, 1)
    this.#out.push(patched)
    for (const one of rest) this.#out.push(one)
    this.#held = undefined
  }

  #send(bytes: Uint8Array): void {
    if (this.#held === undefined) { this.#out.push(bytes); return }
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    if (this.#heldBytes > maxHeldBytes) {
      throw new GatewayError('limit_exceeded', `a row has more than ${maxHeldBytes} bytes in front of a masked column`, { hint: 'select the masked columns first' })
    }
  }
}

export function violation(what: string): ProtocolViolation {
  return new ProtocolViolation('row of the server', what)
}
