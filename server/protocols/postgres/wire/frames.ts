// Splits a byte stream into frames. Pure. Both directions use the same frame; only startup frames lack the type byte.
import { ProtocolViolation } from '../../../../shared/errors.ts'

export interface Frame {
  /** One ASCII character, e.g. "Q"; empty for a startup frame. */
  readonly type: string
  /** The whole frame, head included, exactly as it arrived. */
  readonly bytes: Buffer
  /** The frame without its head; a view into `bytes`. */
  readonly body: Buffer
}

export interface FrameLimits {
  /** Largest body accepted, in bytes. */
  readonly maxBodyBytes: number
  /** Startup frames have no type byte. */
  readonly startup?: boolean
  /** The types that may come; any other is refused at its head, before its length is believed. */
  readonly types?: string
}

/**
 * Splits bytes into frames.
 *
 *   type    1 byte, ASCII; absent in startup frames
 *   length  int32, big-endian; counts itself, not the type
 *   body    length - 4 bytes
 *
 * Frames are copies of their own: one may wait for a decision while the socket goes on.
 * @see PostgreSQL docs, Message Formats
 */
export class FrameSplitter {
  /** Chunks not yet consumed; joined only when a frame spans them, so that a large message is copied once. */
  #chunks: Buffer[] = []
  #buffered = 0
  readonly #limits: FrameLimits
  readonly #headBytes: number

  constructor(limits: FrameLimits) {
    this.#limits = limits
    this.#headBytes = limits.startup === true ? 4 : 5
  }

  /** Bytes held back because their frame is not complete. */
  get buffered(): number { return this.#buffered }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.#chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))
    this.#buffered += chunk.length
  }

  /**
   * The next complete frame, or undefined if more bytes are needed.
   * @throws ProtocolViolation if the type is none that may come, length < 4 or the body is larger than allowed
   */
  next(): Frame | undefined {
    const headBytes = this.#headBytes
    if (this.#buffered < headBytes) return undefined
    const head = this.#peek(headBytes)
    if (this.#limits.types?.includes(String.fromCharCode(head[0]!)) === false) {
      throw new ProtocolViolation('message', `type 0x${head[0]!.toString(16).padStart(2, '0')}, which may not come here`)
    }
    const length = head.readInt32BE(headBytes - 4)
    if (length < 4) throw new ProtocolViolation('message', `a length of ${length}, below 4`)
    if (length - 4 > this.#limits.maxBodyBytes) {
      throw new ProtocolViolation('message', `a length of ${length} bytes, above the limit of ${this.#limits.maxBodyBytes + 4}`)
    }
    const total = headBytes - 4 + length
    if (this.#buffered < total) return undefined
    const bytes = this.#takeCopy(total)
    return { type: headBytes === 5 ? String.fromCharCode(bytes[0]!) : '', bytes, body: bytes.subarray(headBytes) }
  }

  /** Every complete frame there is. */
  all(): Frame[] {
    const frames: Frame[] = []
    for (let frame = this.next(); frame !== undefined; frame = this.next()) frames.push(frame)
    return frames
  }

  /** Another one that stands where this one does: to look ahead without taking anything. */
  fork(): FrameSplitter {
    const fork = new FrameSplitter(this.#limits)
    for (const chunk of this.#chunks) fork.push(chunk)
    return fork
  }

  /** Hands out what is left, for whoever reads on. */
  rest(): Buffer {
    const rest = Buffer.concat(this.#chunks)
    this.#chunks = []
    this.#buffered = 0
    return rest
  }

  #peek(count: number): Buffer {
    if (this.#chunks[0]!.length >= count) return this.#chunks[0]!
    const head = Buffer.allocUnsafe(count)
    let filled = 0
    for (const chunk of this.#chunks) {
      filled += chunk.copy(head, filled, 0, count - filled)
      if (filled === count) break
    }
    return head
  }

  #takeCopy(count: number): Buffer {
    const taken = Buffer.allocUnsafe(count)
    let filled = 0
    let used = 0
    while (filled < count) {
      const chunk = this.#chunks[used]!
      const copied = chunk.copy(taken, filled, 0, count - filled)
      filled += copied
      if (copied === chunk.length) used++
      else this.#chunks[used] = chunk.subarray(copied)
    }
    if (used > 0) this.#chunks.splice(0, used)
    this.#buffered -= count
    return taken
  }
}
