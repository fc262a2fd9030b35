// Reads frames one at a time while two sides are still greeting each other. Not for the data path.
import type { Duplex } from 'node:stream'
import { GatewayError, ProtocolViolation } from '../../../shared/errors.ts'
import { FrameSplitter, type Frame, type FrameLimits } from './wire/frames.ts'

export class FrameReader {
  readonly #stream: Duplex
  #splitter: FrameSplitter
  readonly #who: string

  /** @param who names the side in messages, e.g. "the client" */
  constructor(stream: Duplex, limits: FrameLimits, who: string) {
    this.#stream = stream
    this.#splitter = new FrameSplitter(limits)
    this.#who = who
  }

  /** @throws GatewayError session_ended when the stream ends first, ProtocolViolation */
  async next(): Promise<Frame> {
    for (;;) {
      const frame = this.#splitter.next()
      if (frame !== undefined) return frame
      this.#splitter.push(await this.#chunk())
    }
  }

  /** The next single byte: the answer to an SSLRequest, which is no frame. */
  async byte(): Promise<string> {
    const chunk = await this.#chunk()
    if (chunk.length > 1) this.#splitter.push(chunk.subarray(1))
    return String.fromCharCode(chunk[0]!)
  }

  /** Frames from here on have other limits, or begin or end to have a type byte. */
  expect(limits: FrameLimits): void {
    const rest = this.#splitter.rest()
    this.#splitter = new FrameSplitter(limits)
    this.#splitter.push(rest)
  }

  /** Nothing may have been sent ahead of an answer that changes how bytes are read (CVE-2021-23214). */
  requireEmpty(subject: string): void {
    if (this.#splitter.buffered > 0 || this.#stream.readableLength > 0) {
      throw new ProtocolViolation(subject, `${this.#who} sent more bytes before it was answered`)
    }
  }

  /** Bytes read but not consumed; the stream is the next reader's from now on. */
  rest(): Buffer {
    return this.#splitter.rest()
  }

  #chunk(): Promise<Buffer> {
    const ready = this.#stream.read() as Buffer | null
    if (ready !== null) return Promise.resolve(ready)
    return new Promise((resolve, reject) => {
      const done = (act: () => void) => {
        this.#stream.off('readable', onReadable).off('end', onEnd).off('close', onEnd).off('error', onError)
        act()
      }
      const onReadable = () => {
        const chunk = this.#stream.read() as Buffer | null
        if (chunk !== null) done(() => resolve(chunk))
      }
      const onEnd = () => done(() => reject(new GatewayError('session_ended', `${this.#who} closed the connection`)))
      const onError = (error: Error) => done(() => reject(new GatewayError('session_ended', `${this.#who} lost the connection`, { cause: error })))
      if (this.#stream.destroyed || this.#stream.readableEnded) { onEnd(); return }
      this.#stream.on('readable', onReadable).on('end', onEnd).on('close', onEnd).on('error', onError)
    })
  }
}
