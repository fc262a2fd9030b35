// Questions of the gateway's own to a server, on a connection of their own: rows as text. Not for anything a client asks.
import { FrameReader } from './frame-reader.ts'
import { Turns } from './slices.ts'
import type { Upstream } from './upstream.ts'
import { GatewayError } from '../../../shared/errors.ts'
import { ownMark } from '../../../shared/own-statement.ts'
import { decodeErrorFields } from './wire/backend.ts'
import { encode } from './wire/frontend.ts'
import { decodeRow, Texts } from './wire/row.ts'

/** A question with its parameters, bytes as the client sent them. */
export interface Question {
  readonly text: string
  readonly parameters?: readonly (Uint8Array | null)[]
  readonly formats?: readonly number[]
}

const maxAnswerBytes = 16 * 1024 * 1024

export class Asker {
  readonly #upstream: Upstream
  readonly #reader: FrameReader

  constructor(upstream: Upstream) {
    this.#upstream = upstream
    this.#reader = new FrameReader(upstream.stream, { maxBodyBytes: maxAnswerBytes }, 'the server')
  }

  /** @returns rows of text columns, NULL as null. @throws GatewayError target_refused with the SQLSTATE alone */
  async ask({ text, parameters = [], formats = [] }: Question): Promise<(string | null)[][]> {
    this.#upstream.stream.write(Buffer.concat([
      encode.parse('', Buffer.from(ownMark + text)),
      encode.bind(parameters, formats),
      encode.execute(),
      encode.sync()
    ]))
    const rows: (string | null)[][] = []
    const texts = new Texts()
    let failed: string | undefined
    // What a fast server sends would otherwise be read without a stop: bytes are there before the last ones are decoded.
    const turns = new Turns()
    for (;;) {
      const { type, body } = await this.#reader.next()
      if (type === 'D') {
        rows.push(decodeRow(body, texts))
        const pause = turns.next()
        if (pause !== undefined) await pause
      } else if (type === 'E') failed = decodeErrorFields(body).get('C') ?? 'no SQLSTATE'
      else if (type === 'Z') break
    }
    if (failed !== undefined) throw new GatewayError('target_refused', `the server refused a question of the gateway's own (${failed})`)
    return rows
  }

  close(): void {
    this.#upstream.stream.end(encode.terminate())
  }
}
