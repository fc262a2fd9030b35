// The bytes of one connection over one WebSocket: a Duplex at both ends. Knows frames and close codes, not what travels in them.
// On the hot path of every statement and every row: no promise and no copy of a lone chunk.
import { Buffer } from 'node:buffer'
import { Duplex } from 'node:stream'
import { GatewayError, ProtocolViolation, type ErrorCode } from './errors.ts'

/** No frame is larger; a receiver may refuse one that is. */
export const maxPayloadBytes = 1024 * 1024
/** Chunks of one turn of the event loop go out as one frame up to this size; a larger one is cut. */
const maxFrameBytes = 256 * 1024
/** From here on a frame of its own costs less than the copy that would join it to others. */
const largeBytes = 16 * 1024
/** While more than this is on its way to the socket, the writer waits. */
const maxUnsentBytes = 512 * 1024
const highWaterMark = 64 * 1024

/** What a tunnel needs of a WebSocket; `ws` has it. May be given while still connecting, so that no frame is missed. */
export interface BinarySocket {
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number
  /** Bytes given to `send` that the kernel has not taken yet. */
  readonly bufferedAmount: number
  send(data: Uint8Array, options: { binary: true }, sent: (error?: Error) => void): void
  close(code: number, reason: string): void
  pause(): void
  resume(): void
  on(event: 'open', listener: () => void): unknown
  on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): unknown
  on(event: 'close', listener: (code: number, reason: Buffer) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
}

/**
 * Why a WebSocket was closed. `code` is what the receiver makes of it, absent where all went well.
 * @see RFC 6455 section 7.4.1 for those below 4000
 */
export const closeCodes: Readonly<Record<number, { readonly code?: ErrorCode, readonly meaning: string }>> = {
  1000: { meaning: 'everything was said' },
  1001: { code: 'cancelled', meaning: 'the other side went away in the middle' },
  1002: { code: 'protocol_violation', meaning: 'a frame broke the WebSocket protocol' },
  1003: { code: 'protocol_violation', meaning: 'a text frame where only bytes travel, or bytes where none may' },
  1005: { meaning: 'closed without a reason' },
  1006: { code: 'gateway_unreachable', meaning: 'the connection was lost' },
  1008: { code: 'protocol_violation', meaning: 'a frame in too many pieces' },
  1009: { code: 'limit_exceeded', meaning: 'a frame was larger than 1 MiB' },
  1011: { code: 'internal', meaning: 'internal error' },
  /** The session is gone; a new one can be had as soon as the gateway is back. */
  1012: { code: 'session_ended', meaning: 'the gateway is restarting' },
  4400: { code: 'protocol_violation', meaning: 'what was said broke the protocol' },
  4401: { code: 'unauthenticated', meaning: 'the login has ended or was revoked' },
  4403: { code: 'denied', meaning: 'not allowed' },
  4404: { code: 'session_ended', meaning: 'the session has ended' },
  4408: { code: 'gateway_unreachable', meaning: 'pings went unanswered' },
  4429: { code: 'limit_exceeded', meaning: 'too many at once' },
  4499: { code: 'cancelled', meaning: 'stopped by the one who asked' },
  4502: { code: 'target_unreachable', meaning: 'the target cannot be used' },
  4503: { code: 'audit_unavailable', meaning: 'the audit log cannot be written' }
}

const closeCodeOf: Readonly<Record<ErrorCode, number>> = {
  denied: 4403,
  review_rejected: 4403,
  review_pending: 4403,
  review_expired: 4403,
  forbidden: 4403,
  cancelled: 4499,
  unauthenticated: 4401,
  not_found: 4404,
  session_ended: 4404,
  conflict: 4404,
  bad_request: 4400,
  protocol_violation: 4400,
  usage: 4400,
  target_unknown: 4502,
  target_unreachable: 4502,
  target_refused: 4502,
  limit_exceeded: 4429,
  audit_unavailable: 4503,
  state_unavailable: 1011,
  gateway_unreachable: 1001,
  config_invalid: 1011,
  internal: 1011
}

/** The code that tells the other side about `error`; anything foreign is 1011. */
export function closeCodeFor(error: unknown): number {
  return error instanceof GatewayError ? closeCodeOf[error.code] : 1011
}

/** What may stand beside a close code: at most 123 bytes of UTF-8 (RFC 6455 section 5.5), and nothing of an error that is a bug. */
export function closeReasonFor(error: unknown): string {
  if (!(error instanceof GatewayError) || error.code === 'internal') return ''
  let reason = error.message.slice(0, 123)
  while (Buffer.byteLength(reason) > 123) reason = reason.slice(0, -1)
  return reason
}

/** The other side closed the WebSocket for another reason than having said everything. */
export class TunnelClosed extends GatewayError {
  constructor(readonly closeCode: number, reason: string) {
    const { code = 'gateway_unreachable', meaning = 'closed' } = closeCodes[closeCode] ?? {}
    super(code, reason === '' ? meaning : reason)
  }
}

/**
 * Bytes written come out at the other end in order, in frames cut as suits. A chunk belongs to the tunnel once it was written.
 *
 *   end()           sends what is left, then closes with 1000; the other side reads to its end. There is no half-close:
 *                   what the other side writes after it saw the end is dropped, as on a socket nobody reads any more
 *   destroy()       closes with 1001; after end() with 1000
 *   destroy(error)  closes with the error's code and, where it is ours, its message
 *
 * Emits an error (TunnelClosed, ProtocolViolation) when the other side closes for a reason, breaks the rules or vanishes;
 * for a reason of the other side's, after what it said before has been read.
 */
export function tunnelStream(socket: BinarySocket): Duplex {
  return new Tunnel(socket)
}

const connecting = 0
const open = 1
/** Close codes after which nobody is there to care for what was said before. */
const vanished = new Set([1001, 1006])
const binary = { binary: true } as const
type Done = (error?: Error | null) => void

class Tunnel extends Duplex {
  readonly #socket: BinarySocket
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  #flushing = false
  #paused = false
  /** The writer, while too much is on its way. */
  #waiting: Done | undefined
  /** Whoever ended the stream, until the last byte is on its way. */
  #finishing: Done | undefined
  /** Why the other side closed, until what it said before has been read. */
  #reason: TunnelClosed | undefined

  constructor(socket: BinarySocket) {
    super({ allowHalfOpen: false, highWaterMark, decodeStrings: true })
    this.#socket = socket
    socket.on('open', () => {
      this.#flush()
      this.#progress()
    })
    socket.on('message', this.#receive)
    socket.on('close', (code, reason) => this.#closed(code, reason.toString()))
    socket.on('error', (cause) => this.#failed(cause))
  }

  override _read(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#socket.resume()
  }

  override read(size?: number): unknown {
    const chunk: unknown = super.read(size)
    if (this.#reason !== undefined && this.readableLength === 0) this.destroy(this.#reason)
    return chunk
  }

  override _write(chunk: Uint8Array, _: BufferEncoding, done: Done): void {
    if (this.#socket.readyState > open) return done(this.#reason)
    this.#pending.push(chunk)
    this.#pendingBytes += chunk.length
    if (this.#pendingBytes >= largeBytes) this.#flush()
    else if (!this.#flushing) {
      this.#flushing = true
      setImmediate(this.#flush)
    }
    if (this.#unsent() < maxUnsentBytes) done()
    else this.#waiting = done
  }

  override _final(done: Done): void {
    this.#finishing = done
    this.#progress()
  }

  override _destroy(error: Error | null, done: Done): void {
    const waiting = this.#waiting
    this.#waiting = this.#finishing = undefined
    if (this.#socket.readyState <= open) {
      // What was written before comes first: it may be the protocol's own word for why.
      this.#flush()
      const code = error !== null ? closeCodeFor(error) : this.writableEnded ? 1000 : 1001
      this.#socket.close(code, closeReasonFor(error))
      // The closing handshake has to be read, even where nobody reads bytes any more.
      if (this.#paused) this.#socket.resume()
    }
    this.#pending = []
    waiting?.(error ?? new TunnelClosed(1001, ''))
    done(error)
  }

  readonly #receive = (data: Buffer, isBinary: boolean): void => {
    if (this.destroyed) return
    if (!isBinary) this.destroy(new ProtocolViolation('WebSocket', 'a text frame where only bytes travel'))
    else if (!this.push(data) && !this.#paused) {
      this.#paused = true
      this.#socket.pause()
    }
  }

  readonly #flush = (): void => {
    this.#flushing = false
    if (this.#pendingBytes === 0 || this.#socket.readyState !== open) return
    const chunks = this.#pending
    this.#pending = []
    this.#pendingBytes = 0
    for (const frame of framesOf(chunks)) this.#socket.send(frame, binary, this.#progress)
  }

  /** Called when a frame left, and whenever else the next step may be due. */
  readonly #progress = (): void => {
    if (this.#finishing !== undefined) this.#flush()
    const unsent = this.#unsent()
    if (this.#waiting !== undefined && unsent < maxUnsentBytes) {
      const waiting = this.#waiting
      this.#waiting = undefined
      waiting()
    }
    if (this.#finishing === undefined || this.#socket.readyState === connecting) return
    if (unsent > 0 && this.#socket.readyState === open) return
    const finishing = this.#finishing
    this.#finishing = undefined
    this.#socket.close(1000, '')
    finishing()
  }

  #unsent(): number {
    return this.#pendingBytes + this.#socket.bufferedAmount
  }

  #closed(code: number, reason: string): void {
    if (this.destroyed) return
    // Nobody takes what is still to be sent; what has been received is read to its end.
    this.#pending = []
    this.#pendingBytes = 0
    const [waiting, finishing] = [this.#waiting, this.#finishing]
    this.#waiting = this.#finishing = undefined
    if (code in closeCodes && closeCodes[code]!.code === undefined) this.push(null)
    else {
      this.#reason = new TunnelClosed(code, reason)
      if (this.readableLength === 0 || vanished.has(code)) this.destroy(this.#reason)
    }
    waiting?.(this.#reason)
    finishing?.(this.#reason)
  }

  #failed(cause: Error & { code?: string }): void {
    if (cause.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') this.destroy(new GatewayError('limit_exceeded', 'a frame was larger than 1 MiB', { cause }))
    else if (cause.code?.startsWith('WS_ERR_')) this.destroy(new ProtocolViolation('WebSocket', cause.message, { cause }))
    else this.destroy(new GatewayError('gateway_unreachable', `the connection was lost: ${cause.message}`, { cause }))
  }
}

/** Small chunks become one frame; a lone or a large one is passed on uncopied, and one that is too large is cut. */
function framesOf(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
  if (chunks.length === 1 && chunks[0]!.length <= maxFrameBytes) return chunks
  const frames: Uint8Array[] = []
  let small: Uint8Array[] = []
  const join = () => {
    if (small.length > 0) frames.push(small.length === 1 ? small[0]! : Buffer.concat(small))
    small = []
  }
  for (const chunk of chunks) {
    if (chunk.length < largeBytes) {
      small.push(chunk)
      continue
    }
    join()
    for (let from = 0; from < chunk.length; from += maxFrameBytes) frames.push(chunk.subarray(from, from + maxFrameBytes))
  }
  join()
  return frames
}
