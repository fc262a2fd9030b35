// A PostgreSQL client that sends exactly the bytes it is given and keeps what comes back, frame by frame.
import { connect, type NetConnectOpts } from 'node:net'
import type { Duplex } from 'node:stream'
import { password, query, startup, terminate } from './messages.ts'
import { clientLines, reportFields, rowsOf, serverLine, splitFrames, startupLine, type TestFrame } from './trace.ts'

export interface WireStartup {
  readonly user: string
  readonly database: string
  /** More startup parameters, such as application_name. */
  readonly parameters?: Readonly<Record<string, string>>
  /** Answers a request for a clear-text password. */
  readonly password?: string
  readonly protocol?: number
}

const limitMilliseconds = 20_000

/** Where to connect: a port, a Unix socket, or a stream that already is a connection. */
export type WireAddress = NetConnectOpts | Duplex

export class WireClient {
  /** `client: ...` and `server: ...` lines, in the order they were seen here. */
  readonly trace: string[] = []
  /** Every frame that came, in order, since the connection was opened. */
  readonly frames: TestFrame[] = []
  /** Resolves when the other side has closed, or the stream has failed. */
  readonly closed: Promise<void>
  readonly #stream: Duplex
  #pending: Buffer[] = []
  #rest: Buffer = Buffer.alloc(0)
  #read = 0
  #ended = false
  #wake: () => void = () => undefined

  /** @param stream may still be connecting; bytes are sent as soon as it can */
  constructor(stream: Duplex) {
    this.#stream = stream
    this.closed = new Promise((resolve) => {
      const end = () => { this.#ended = true; resolve(); this.#wake() }
      stream.once('end', end).once('close', end).on('error', end)
    })
    stream.on('data', (chunk: Buffer) => { this.#pending.push(chunk); this.#wake() })
  }

  /** A connection on which nothing was sent yet. */
  static raw(to: WireAddress): WireClient {
    return new WireClient('write' in to ? to : connect({ ...to, noDelay: true }))
  }

  /** Logged in and ready. @throws Error with the server's refusal */
  static async open(to: WireAddress, options: WireStartup): Promise<WireClient> {
    const client = WireClient.raw(to)
    await client.login(options)
    return client
  }

  async login({ user, database, parameters = {}, password: secret, protocol }: WireStartup): Promise<TestFrame[]> {
    const first = startup({ user, database, ...parameters }, protocol)
    this.trace.push(startupLine(first))
    this.#stream.write(first)
    let frames = await this.until('RZE')
    if (frames.at(-1)!.type === 'R' && frames.at(-1)!.body.readInt32BE(0) === 3) {
      this.send(password(secret ?? ''))
      frames = await this.until('RE')
    }
    if (frames.at(-1)!.type !== 'E') frames = [...frames, ...await this.until('ZE')]
    const last = frames.at(-1)!
    if (last.type === 'E') throw new Error(`refused: ${reportFields(last).C} ${reportFields(last).M}`)
    return frames
  }

  /** Whole messages with a type, in one write. */
  send(...messages: readonly Uint8Array[]): void {
    const bytes = Buffer.concat(messages)
    this.trace.push(...clientLines(bytes))
    this.#stream.write(bytes)
  }

  /** Bytes as they are, complete messages or not. */
  sendRaw(bytes: Uint8Array): void {
    this.#stream.write(bytes)
  }

  /** One byte that is not a message: the answer to SSLRequest or GSSENCRequest. */
  async byte(): Promise<string> {
    while (this.#pending.length === 0) await this.#more('one byte')
    const [first, ...others] = this.#pending
    this.#pending = first!.length > 1 ? [first!.subarray(1), ...others] : others
    return String.fromCharCode(first![0]!)
  }

  /**
   * Frames not yet handed out, up to and including the `count`th of one of these types.
   * @throws Error with the trace, when the limit passes or the connection ends first
   */
  async until(types: string, count = 1): Promise<TestFrame[]> {
    const begin = this.#read
    for (let seen = 0; ;) {
      this.#split()
      while (this.#read < this.frames.length) {
        const { type } = this.frames[this.#read++]!
        if (types.includes(type) && ++seen === count) return this.frames.slice(begin, this.#read)
      }
      await this.#more(`${count} message(s) of type ${types}`)
    }
  }

  /** Sends, and waits for so many ReadyForQuery. */
  async exchange(messages: readonly Uint8Array[], readies = 1): Promise<TestFrame[]> {
    this.send(...messages)
    return this.until('Z', readies)
  }

  /** A simple query. @returns its rows as text, and the fields of its error if there was one */
  async ask(text: string): Promise<{ rows: (string | null)[][], error?: Readonly<Record<string, string>>, frames: TestFrame[] }> {
    const frames = await this.exchange([query(text)])
    const error = frames.find(({ type }) => type === 'E')
    const rows = rowsOf(frames)
    return { rows, frames, ...(error === undefined ? {} : { error: reportFields(error) }) }
  }

  /** Stops reading, as a slow client does, until `resume`. */
  pause(): void { this.#stream.pause() }
  resume(): void { this.#stream.resume() }

  /** Says Terminate and waits until the other side has closed. */
  async close(): Promise<void> {
    if (!this.#ended) this.send(terminate())
    this.#stream.end()
    await this.closed
    this.#stream.destroy()
  }

  /** Cut off without a word. */
  destroy(): void { this.#stream.destroy() }

  #split(): void {
    if (this.#pending.length === 0) return
    const { frames, rest } = splitFrames(Buffer.concat([this.#rest, ...this.#pending]))
    this.#pending = []
    this.#rest = rest
    for (const frame of frames) {
      this.frames.push(frame)
      this.trace.push(serverLine(frame))
    }
  }

  async #more(what: string): Promise<void> {
    const problem = (why: string) => new Error(`${why} while waiting for ${what}; the exchange so far:\n${this.trace.slice(-40).join('\n')}`)
    if (this.#ended && this.#pending.length === 0) throw problem('the connection ended')
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve, reject) => {
      this.#wake = resolve
      timer = setTimeout(() => reject(problem(`${limitMilliseconds} ms passed`)), limitMilliseconds)
      if (this.#pending.length > 0 || this.#ended) resolve()
    }).finally(() => clearTimeout(timer))
  }
}
