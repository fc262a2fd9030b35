// Walks the stream a server sends, message by message, without copying what passes. Pure.
import { ProtocolViolation } from '../../../../shared/errors.ts'

/** What to do with one message: let it pass as it is, leave it out, or send these bytes in its place. */
export type Fate = 'forward' | 'drop' | Uint8Array

/** Rewrites rows or COPY data of one result. Messages are handed over head included, in order, each once. */
export interface RowRewriter {
  /** Messages over this many bytes come in pieces, so that they need not be held. */
  readonly wholeUpTo: number
  /**
   * Complete messages, back to back: bytes[begin, end).
   * @param own whether the bytes may be changed in place
   * @returns what to send in their place
   * @throws GatewayError for a message that is not as planned
   */
  rewrite(bytes: Buffer, begin: number, end: number, own: boolean): Uint8Array
  /** The next piece of one message larger than `wholeUpTo`. @param last it ends the message. @returns what can be sent by now */
  rewritePiece(piece: Buffer, last: boolean): Uint8Array[]
}

export interface WalkerEvents {
  /** Rows and COPY data; their bodies are not looked at. `bytes` counts the whole message. */
  data(type: number, bytes: number): void
  /** Asked where a run of rows or COPY data begins, or goes on in another chunk: what rewrites it; undefined lets it pass as it is. */
  rewriter?(type: number): RowRewriter | undefined
  /** Any other message, complete. `body` is a view, valid during the call only. */
  message(type: number, body: Buffer): Fate
  /** Rows and COPY data as they go out, in order with the messages; absent: nobody looks. */
  shown?(bytes: Uint8Array): void
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
 * DataRow and CopyData are streamed: their bytes pass as they arrive, however large they are, unless a rewriter is to see them.
 * Every other message is held back until it is complete, at most `maxMessageBytes` of it.
 * @see PostgreSQL docs, Message Formats
 */
export class BackendWalker {
  /** Bytes still to come of the row being streamed. */
  #streaming = 0
  /** What rewrites that row. */
  #rewriter: RowRewriter | undefined
  /** Something of that row has been sent. */
  #begun = false
  #held: Buffer[] = []
  #heldBytes = 0
  #wanted = headBytes
  readonly #events: WalkerEvents
  readonly #maxMessageBytes: number
  readonly #ownsChunks: boolean

  /** @param ownsChunks the chunks pushed are the walker's from then on, and rows may be rewritten in them */
  constructor(events: WalkerEvents, maxMessageBytes: number, ownsChunks = false) {
    this.#events = events
    this.#maxMessageBytes = maxMessageBytes
    this.#ownsChunks = ownsChunks
  }

  /** Whether part of a message has been passed on, so that nothing else may be sent now. */
  get midMessage(): boolean { return this.#streaming > 0 && this.#begun }

  /**
   * @returns what to send the client, in order; views into `chunk` wherever nothing was changed
   * @throws ProtocolViolation for a length below 4 or a message larger than allowed
   */
  push(chunk: Buffer): Uint8Array[] {
    const out: Uint8Array[] = []
    let rest = chunk
    // Only what the held message lacks is joined to it, so that the rest is not copied.
    while (this.#heldBytes > 0) {
      const lacking = this.#wanted - this.#heldBytes
      this.#held.push(rest.subarray(0, lacking))
      this.#heldBytes += Math.min(lacking, rest.length)
      if (this.#heldBytes < this.#wanted) return out
      const joined = Buffer.concat(this.#held, this.#heldBytes)
      rest = rest.subarray(lacking)
      this.#held = []
      this.#heldBytes = 0
      this.#walk(joined, true, out)
    }
    if (rest.length > 0) this.#walk(rest, this.#ownsChunks, out)
    return out
  }

  /** @param own the bytes may be changed */
  #walk(bytes: Buffer, own: boolean, out: Uint8Array[]): void {
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
        if (this.#rewriter !== undefined) {
          const pieces = this.#rewriter.rewritePiece(bytes.subarray(at, at + step), this.#streaming === 0)
          if (pieces.length > 0) this.#begun = true
          for (const one of pieces) {
            out.push(one)
            this.#events.shown?.(one)
          }
          passedTo = at + step
        } else this.#events.shown?.(bytes.subarray(at, at + step))
        at += step
        if (this.#streaming > 0) break
      }
      if (at === end) break
      if (end - at < headBytes) {
        flushTo(at)
        this.#hold(bytes.subarray(at), headBytes)
        return
      }
      const type = bytes[at]!
      const length = bytes.readInt32BE(at + 1)
      if (length < 4) throw new ProtocolViolation('message of the server', `a length of ${length}, below 4`)
      if (type === dataRow || type === copyData) {
        const rewriter = this.#events.rewriter?.(type)
        if (rewriter !== undefined) {
          flushTo(at)
          if (length < rewriter.wholeUpTo) {
            const runEnd = this.#runEnd(bytes, at, rewriter.wholeUpTo)
            if (runEnd === at) {
              this.#hold(bytes.subarray(at), length + 1)
              return
            }
            const rewritten = rewriter.rewrite(bytes, at, runEnd, own)
            out.push(rewritten)
            this.#events.shown?.(rewritten)
            at = passedTo = runEnd
            continue
          }
        }
        this.#events.data(type, length + 1)
        this.#streaming = length + 1
        this.#rewriter = rewriter
        this.#begun = rewriter === undefined
        continue
      }
      const total = length + 1
      if (total > this.#maxMessageBytes) {
        throw new ProtocolViolation('message of the server', `a length of ${length} bytes, above the limit of ${this.#maxMessageBytes}`)
      }
      if (end - at < total) {
        flushTo(at)
        this.#hold(bytes.subarray(at), total)
        return
      }
      const fate = this.#events.message(type, bytes.subarray(at + headBytes, at + total))
      if (fate !== 'forward') {
        flushTo(at)
        passedTo = at + total
        if (fate !== 'drop') out.push(fate)
      }
      at += total
      const due = this.#events.due()
      if (due !== undefined) {
        flushTo(at)
        out.push(due)
      }
    }
    flushTo(end)
  }

  /** Counts the complete messages from `at` on that are of one type and not too large. @returns where the last one ends */
  #runEnd(bytes: Buffer, at: number, wholeUpTo: number): number {
    const type = bytes[at]!
    while (bytes.length - at >= headBytes && bytes[at] === type) {
      const total = bytes.readInt32BE(at + 1) + 1
      if (total < headBytes || total > wholeUpTo || bytes.length - at < total) break
      this.#events.data(type, total)
      at += total
    }
    return at
  }

  #hold(rest: Buffer, wanted: number): void {
    this.#held = [rest]
    this.#heldBytes = rest.length
    this.#wanted = wanted
  }
}
