// Walks the stream a server sends, message by message, without copying what passes. Pure.
import { ProtocolViolation } from '../../../../shared/errors.ts'

/** What to do with one message: let it pass as it is, leave it out, or send these bytes in its place. */
export type Fate = 'forward' | 'drop' | Uint8Array

export interface WalkerEvents {
  /** Rows and COPY data; their bodies are not looked at. `bytes` counts the whole message. */
  data(type: number, bytes: number): void
  /** Any other message, complete. `body` is a view, valid during the call only. */
  message(type: number, body: Buffer): Fate
  /** Bytes of the gateway's own that belong behind the message just handled. */
  due(): Uint8Array | undefined
}

const headBytes = 5
const dataRow = 0x44
const copyData = 0x64

/**
 * Splits server bytes at message heads.
 *
 *   type    1 byte, ASCII
 *   length  int32, big-endian; counts itself, not the type
 *   body    length - 4 bytes
 *
 * DataRow and CopyData are streamed: their bytes pass as they arrive, however large they are.
 * Every other message is held back until it is complete, at most `maxMessageBytes` of it.
 * @see PostgreSQL docs, Message Formats
 */
export class BackendWalker {
  /** Bytes still to come of the row being streamed. */
  #streaming = 0
  #held: Buffer[] = []
  #heldBytes = 0
  #wanted = headBytes
  readonly #events: WalkerEvents
  readonly #maxMessageBytes: number

  constructor(events: WalkerEvents, maxMessageBytes: number) {
    this.#events = events
    this.#maxMessageBytes = maxMessageBytes
  }

  /** Whether part of a message has been passed on, so that nothing else may be sent now. */
  get midMessage(): boolean { return this.#streaming > 0 }

  /**
   * @returns what to send the client, in order; views into `chunk` wherever nothing was changed
   * @throws ProtocolViolation for a length below 4 or a message larger than allowed
   */
  push(chunk: Buffer): Uint8Array[] {
    const out: Uint8Array[] = []
    const bytes = this.#joinHeld(chunk)
    if (bytes === undefined) return out
    let at = 0
    let passedTo = 0
    const end = bytes.length
    const flushTo = (position: number) => {
      if (position > passedTo) out.push(bytes.subarray(passedTo, position))
      passedTo = position
    }
    for (;;) {
      if (this.#streaming > 0) {
        const step = Math.min(this.#streaming, end - at)
        this.#streaming -= step
        at += step
        if (this.#streaming > 0) break
      }
      if (at === end) break
      if (end - at < headBytes) {
        flushTo(at)
        this.#hold(bytes.subarray(at), headBytes)
        return out
      }
      const type = bytes[at]!
      const length = bytes.readInt32BE(at + 1)
      if (length < 4) throw new ProtocolViolation('message of the server', `a length of ${length}, below 4`)
      if (type === dataRow || type === copyData) {
        this.#events.data(type, length + 1)
        this.#streaming = length + 1
        continue
      }
      const total = length + 1
      if (total > this.#maxMessageBytes) {
        throw new ProtocolViolation('message of the server', `a length of ${length} bytes, above the limit of ${this.#maxMessageBytes}`)
      }
      if (end - at < total) {
        flushTo(at)
        this.#hold(bytes.subarray(at), total)
        return out
      }
      const fate = this.#events.message(type, bytes.subarray(at + headBytes, at + total))
      if (fate !== 'forward') {
        flushTo(at)
        passedTo = at + total
        if (fate !== 'drop') out.push(fate)
      }
      at += total
      const own = this.#events.due()
      if (own !== undefined) {
        flushTo(at)
        out.push(own)
      }
    }
    flushTo(end)
    return out
  }

  /** The chunk, with what was held back put in front of it; undefined while that is still too short to go on. */
  #joinHeld(chunk: Buffer): Buffer | undefined {
    if (this.#heldBytes === 0) return chunk
    this.#held.push(chunk)
    this.#heldBytes += chunk.length
    if (this.#heldBytes < this.#wanted) return undefined
    const joined = Buffer.concat(this.#held, this.#heldBytes)
    this.#held = []
    this.#heldBytes = 0
    return joined
  }

  #hold(rest: Buffer, wanted: number): void {
    this.#held = [rest]
    this.#heldBytes = rest.length
    this.#wanted = wanted
  }
}
