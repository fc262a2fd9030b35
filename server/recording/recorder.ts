// One session's recording while it lasts: events to lines, lines to blocks, blocks to the file, within the limits and bounded memory.
import { createHash } from 'node:crypto'
import type { RecordingFacts } from '../../shared/audit/entry.ts'
import type { StatementOperation } from '../../shared/model.ts'
import type { RecordingEvent, ShownEvent, VisitEvent } from '../../shared/recording.ts'
import { beginning } from '../../shared/text.ts'
import type { RecordingFile } from './files.ts'

/** Characters of lines that make a block. */
const blockLength = 64 * 1024
/** The longest that a line waits for its block to fill. */
const blockMilliseconds = 1_000
/** Written more slowly than it comes: results wait until no more than this is unwritten. */
const maxUnwrittenBytes = 1024 * 1024
/** What is left of a text that is not kept. */
const begunLength = 200
/** An error's or a notice's own text. */
const maxReportLength = 16 * 1024

export interface RecordingLimits {
  /** Of one statement's result, and of its text. */
  readonly perOperationBytes: number
  /** Of everything; from there on texts are cut short and results counted only. */
  readonly perSessionBytes: number
}

export interface RecorderParts {
  readonly file: RecordingFile
  readonly limits: RecordingLimits
  /** Milliseconds since the session was opened. */
  readonly elapsed: () => number
  /** Called once, when something cannot be written; nothing is recorded from then on. */
  readonly onFailure: (error: Error) => void
}

/** A connection's way to add what its client is shown. */
export interface ConnectionRecorder {
  record(event: ShownEvent): void
  /** Takes room for so many bytes of the result that is being shown; false: they are not kept, nor is anything behind them. */
  keeps(bytes: number): boolean
  /** Set while the file lags behind: nothing more should be shown until it resolves. */
  readonly behind: Promise<void> | undefined
}

export class Recorder {
  readonly #parts: RecorderParts
  readonly #listeners = new Set<(event: RecordingEvent) => void>()
  #lines: string[] = []
  #length = 0
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()
  #unwritten = 0
  #behind: { readonly promise: Promise<void>, readonly resolve: () => void } | undefined
  #spent = 0
  #events = 0
  #cut = false
  #failed = false
  #closed = false

  constructor(parts: RecorderParts) {
    this.#parts = parts
  }

  /** Adds what the session itself has to tell. */
  add(event: VisitEvent, connection?: number): void {
    this.#add(event, connection)
  }

  /** A statement that may run from here on. Text and parameters are kept where there is room. */
  statement(
    connection: number,
    entry: number,
    { step, verb, text, sha256 }: StatementOperation,
    parameters: readonly (string | null)[]
  ): void {
    const bytes = Buffer.byteLength(text) + parameters.reduce((sum, value) => sum + (value?.length ?? 0), 0)
    const kept = this.#hasRoom(bytes)
    this.#add({
      type: 'statement',
      entry,
      step,
      verb,
      text: kept ? text : beginning(text, begunLength),
      ...(parameters.length === 0 || !kept ? {} : { parameters })
    }, connection)
    if (!kept) this.#add({ type: 'cut', entry, what: 'text', rows: 0, bytes: Buffer.byteLength(text), sha256 }, connection)
  }

  denied(connection: number, facts: Omit<Extract<VisitEvent, { type: 'denied' }>, 'type'>): void {
    this.#refused(connection, { type: 'denied', ...facts })
  }

  held(connection: number, facts: Omit<Extract<VisitEvent, { type: 'held' }>, 'type'>): void {
    this.#refused(connection, { type: 'held', ...facts })
  }

  /** Does not run, or not yet, so it has no entry of its own. */
  #refused(connection: number, event: Extract<VisitEvent, { type: 'denied' | 'held' }>): void {
    const { text } = event
    const kept = this.#hasRoom(Buffer.byteLength(text))
    this.#add(kept ? event : { ...event, text: beginning(text, begunLength) }, connection)
    if (!kept) {
      const sha256 = createHash('sha256').update(text).digest('hex')
      this.#add({ type: 'cut', what: 'text', rows: 0, bytes: Buffer.byteLength(text), sha256 }, connection)
    }
  }

  /** Of one connection: what its statements show is counted one statement after another. */
  connection(number: number): ConnectionRecorder {
    let taken = 0
    const behind = () => this.#behind?.promise
    return {
      record: (event) => {
        if (event.type === 'done' || event.type === 'error') taken = 0
        this.#add(event.type === 'error' || event.type === 'notice' ? shortened(event) : event, number)
      },
      keeps: (bytes) => {
        const fits = taken + bytes <= this.#parts.limits.perOperationBytes && this.#hasRoom(bytes)
        if (this.#failed || !fits) return false
        taken += bytes
        return true
      },
      get behind() { return behind() }
    }
  }

  /** Calls back for each event from now on, until the returned function is called. */
  follow(listener: (event: RecordingEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  get followers(): number { return this.#listeners.size }

  /** Resolves when all that was added is in the file. */
  async flush(): Promise<void> {
    this.#block(false)
    await this.#writing
  }

  /** Durable when it resolves. @returns what there is of it */
  async close(): Promise<RecordingFacts> {
    this.#block(true)
    this.#closed = true
    await this.#writing
    this.#listeners.clear()
    const { file } = this.#parts
    const written = await file.close().catch((error: Error) => {
      this.#fail(error)
      return file.written
    })
    return {
      ...written,
      events: this.#events,
      ...(this.#cut ? { cut: true as const } : {}),
      ...(this.#failed ? { incomplete: true as const } : {})
    }
  }

  #hasRoom(bytes: number): boolean {
    const { perOperationBytes, perSessionBytes } = this.#parts.limits
    return bytes <= perOperationBytes && this.#spent + bytes <= perSessionBytes
  }

  #add(what: ShownEvent | VisitEvent, connection: number | undefined): void {
    if (this.#closed) return
    const at = Math.round(this.#parts.elapsed())
    const event: RecordingEvent = { at, ...(connection === undefined ? {} : { connection }), ...what }
    for (const listener of this.#listeners) listener(event)
    if (this.#failed) return
    const line = JSON.stringify(event)
    if (what.type === 'cut') this.#cut = true
    this.#events++
    this.#spent += line.length
    this.#length += line.length + 1
    this.#lines.push(line)
    if (this.#length >= blockLength) this.#block(false)
    else this.#timer ??= setTimeout(() => this.#block(false), blockMilliseconds).unref()
  }

  #block(last: boolean): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#failed || this.#closed || (this.#lines.length === 0 && !last)) return
    const text = Buffer.from(this.#lines.map((line) => `${line}\n`).join(''))
    this.#lines = []
    this.#length = 0
    const sealed = this.#parts.file.seal(text, last)
    this.#unwritten += sealed.length
    if (this.#unwritten > maxUnwrittenBytes && this.#behind === undefined) this.#behind = waiting()
    this.#writing = this.#writing.then(async () => {
      // One that is missing makes all behind it unreadable.
      if (!this.#failed) await this.#parts.file.append(sealed)
    }).catch((error: Error) => this.#fail(error)).finally(() => {
      this.#unwritten -= sealed.length
      if (this.#unwritten > maxUnwrittenBytes && !this.#failed) return
      this.#behind?.resolve()
      this.#behind = undefined
    })
  }

  #fail(error: Error): void {
    if (this.#failed) return
    this.#failed = true
    this.#lines = []
    this.#parts.onFailure(error)
  }
}

/** Errors are kept whatever room there is, and so are notices that had room: not their whole length. */
function shortened(event: Extract<ShownEvent, { type: 'error' | 'notice' }>): ShownEvent {
  const short = (text: string) => text.length <= maxReportLength
    ? text
    : `${beginning(text, maxReportLength)} (and ${text.length - maxReportLength} characters more)`
  const { message, detail, hint, context } = event
  return {
    ...event,
    message: short(message),
    ...(detail === undefined ? {} : { detail: short(detail) }),
    ...(hint === undefined ? {} : { hint: short(hint) }),
    ...(context === undefined ? {} : { context: short(context) })
  }
}

function waiting(): { readonly promise: Promise<void>, readonly resolve: () => void } {
  let resolve!: () => void
  const promise = new Promise<void>((done) => { resolve = done })
  return { promise, resolve }
}
