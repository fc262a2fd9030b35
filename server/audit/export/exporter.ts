// Follows the log for one sink: reads what is durable, sends it in order and in bounded batches, and moves the cursor only behind what
// was received or written to the dead-letter file. Knows no protocol.
import { asGatewayError } from '../../../shared/errors.ts'
import type { ExportStatus } from '../../../shared/api.ts'
import { nodeDisk, type Disk } from '../disk.ts'
import type { AuditLog, SignedCheckpoint } from '../log.ts'
import { backoff } from './backoff.ts'
import { indexOf, type Delivery, type Encoded, type ExportRecord, type LagBound, type Sink } from './contract.ts'
import { leafOf, saveCursor, type Cursor } from './cursor.ts'
import { writeDeadLetters, type DeadLetter } from './dead-letters.ts'
import { createIntents } from './intents.ts'

export interface ExporterParts {
  readonly name: string
  readonly sink: Sink
  readonly audit: AuditLog
  /** Where the sink's files lie, without ending. */
  readonly path: string
  readonly strict: LagBound | undefined
  readonly operator: { info(facts: object, message: string): void, warn(facts: object, message: string): void }
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** 0 up to 1. */
  readonly random: () => number
  /** Resolves early once the signal aborts. */
  readonly pause: (milliseconds: number, signal: AbortSignal) => Promise<void>
  readonly disk?: Disk
}

/** What comes within this time of the first entry goes with it: a request and two syncs an entry would be too many. */
const lingerMilliseconds = 200
/** Records put into a sink's form before statements get their turn: some two milliseconds. */
const atATime = 32
/** How long the end of the gateway waits for the last entries to be received. */
const farewellMilliseconds = 3_000

export class Exporter {
  readonly #parts: ExporterParts
  readonly #intents: ReturnType<typeof createIntents>
  readonly #disk: Disk
  readonly #end = new AbortController()
  /** Aborted a little before the end: send what there is, wait for nothing. */
  readonly #hurry = new AbortController()
  readonly #running: Promise<void>
  #cursor: Cursor
  #checkpoint: SignedCheckpoint | undefined
  /** Refused, and not yet written down. */
  #refused: DeadLetter[] = []
  #unsaved = false
  /** Wall clock, of the oldest entry that is not received. */
  #behindSince: number | undefined
  /** Tries in a row that came to nothing. */
  #failures = 0
  /** Batches in a row of which nothing was received. */
  #fruitless = 0
  #lastError: { readonly at: string, readonly reason: string } | undefined
  #blocking = false

  constructor(parts: ExporterParts, cursor: Cursor) {
    this.#parts = parts
    this.#intents = createIntents(parts.audit)
    this.#disk = parts.disk ?? nodeDisk
    this.#cursor = cursor
    this.#running = this.#run()
  }

  status(): ExportStatus {
    const { name, sink, strict } = this.#parts
    const lag = this.#lag()
    return {
      name,
      kind: sink.kind,
      state: this.#failures > 0 ? 'failing' : 'running',
      next: this.#cursor.next,
      lagEntries: lag.entries,
      lagSeconds: lag.seconds,
      deadLetters: this.#cursor.deadLetters,
      strict: strict !== undefined,
      blocking: this.blocking() !== undefined,
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError })
    }
  }

  /** Why statements must wait for this sink. Once they do, it has to reach the end of the log before they may go on. */
  blocking(): string | undefined {
    const { strict, name } = this.#parts
    if (strict === undefined) return undefined
    const { entries, seconds } = this.#lag()
    if (entries > strict.entries || seconds > strict.seconds) this.#blocking = true
    return this.#blocking ? `the audit export "${name}" lags by ${entries} entries and ${seconds} s, more than it may` : undefined
  }

  /** Sends what is left, within a short time, then ends. */
  async close(): Promise<void> {
    this.#hurry.abort()
    void this.#parts.pause(farewellMilliseconds, this.#end.signal).then(() => this.#end.abort())
    await this.#running
    // What cannot be saved is sent again.
    if (this.#unsaved) await this.#save().catch(() => undefined)
    this.#parts.sink.close()
  }

  #lag(): { readonly entries: number, readonly seconds: number } {
    const entries = this.#parts.audit.size - this.#cursor.next
    const since = entries === 0 ? undefined : this.#behindSince
    return { entries, seconds: since === undefined ? 0 : Math.max(0, Math.round((this.#parts.now() - since) / 1000)) }
  }

  async #run(): Promise<void> {
    const { signal } = this.#end
    while (!signal.aborted) {
      try {
        await this.#turn(signal)
      } catch (error) {
        // Entries that cannot be read and files that cannot be written may be mended; none of them is passed over.
        if (!signal.aborted) await this.#wait(reasonOf(error))
      }
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { audit, pause, now } = this.#parts
    if (this.#unsaved) await this.#save()
    if (audit.size === this.#cursor.next && audit.checkpoint === this.#checkpoint) {
      if (this.#hurry.signal.aborted) return this.#end.abort()
      this.#behindSince = undefined
      await audit.grown({ size: this.#cursor.next, checkpoint: this.#checkpoint }, this.#hurry.signal)
      this.#behindSince = now()
      await pause(lingerMilliseconds, this.#hurry.signal)
    }
    const batch = await this.#collect()
    const end = audit.size
    const received = await this.#deliver(batch, signal)
    // The end as it was: what is refused meanwhile is written down too, and must not keep itself waiting.
    if (this.#cursor.next >= end) this.#blocking = false
    if (this.#unsaved) await this.#save()
    // A sink that refuses everything is not asked as fast as it can say no.
    this.#fruitless = received > 0 ? 0 : this.#fruitless + 1
    if (this.#fruitless > 1 && batch.length > 0) await this.#wait('it refuses everything')
  }

  async #collect(): Promise<Encoded[]> {
    const { audit, sink, now } = this.#parts
    const { checkpoint } = audit
    const batch: Encoded[] = []
    let bytes = 0
    const take = (record: ExportRecord) => {
      const encoded = this.#encode(record)
      if (encoded === undefined) {
        if (batch.length === 0) this.#refuseFormless(record)
        return false
      }
      bytes += Buffer.byteLength(encoded.text)
      if (batch.length > 0 && bytes > sink.maxBytes) return false
      batch.push(encoded)
      return true
    }
    const from = this.#cursor.next
    for await (const entry of audit.read({ from, to: from + sink.maxRecords })) {
      if (entry.index === from) this.#behindSince = Math.min(Date.parse(entry.time), now())
      const intent = await this.#intents.of(entry)
      if (!take({ kind: 'entry', entry, ...(intent === undefined ? {} : { intent }) })) break
      if (batch.length % atATime === 0) await new Promise<void>((resolve) => setImmediate(resolve))
    }
    if (checkpoint !== undefined && checkpoint !== this.#checkpoint) {
      take({ kind: 'checkpoint', origin: this.#cursor.origin, time: this.#stamp(), checkpoint })
    }
    return batch
  }

  #encode(record: ExportRecord): Encoded | undefined {
    try {
      return { record, text: this.#parts.sink.encode(record) }
    } catch {
      return undefined
    }
  }

  #refuseFormless(record: ExportRecord): void {
    const encoded = { record, text: '' }
    this.#refuse({ encoded, reason: 'it cannot be said in this sink\'s form' }, 1)
    this.#advance([encoded])
  }

  /** Until each record is received or refused by itself. @returns how many were received */
  async #deliver(batch: readonly Encoded[], signal: AbortSignal): Promise<number> {
    while (batch.length > 0) {
      signal.throwIfAborted()
      const delivery = await this.#send(batch, signal)
      signal.throwIfAborted()
      if (delivery.result === 'again') {
        await this.#wait(delivery.reason, delivery.afterMilliseconds)
      } else if (delivery.result === 'refused') {
        if (batch.length > 1) {
          const half = Math.ceil(batch.length / 2)
          return await this.#deliver(batch.slice(0, half), signal) + await this.#deliver(batch.slice(half), signal)
        }
        this.#refuse({ encoded: batch[0]!, reason: delivery.reason }, 1)
        this.#advance(batch)
        return 0
      } else {
        if (delivery.rejected !== undefined) {
          const { count, reason } = delivery.rejected
          this.#refuse({ encoded: batch[0]!, reason, among: { count, batch: batch.length } }, count)
        }
        this.#recovered()
        this.#advance(batch)
        return batch.length
      }
    }
    return 0
  }

  #send(batch: readonly Encoded[], signal: AbortSignal): Promise<Delivery> {
    return this.#parts.sink.send(batch, signal).catch((error: unknown) => ({ result: 'again', reason: reasonOf(error) }))
  }

  #refuse(letter: DeadLetter, count: number): void {
    this.#refused.push(letter)
    this.#cursor = { ...this.#cursor, deadLetters: this.#cursor.deadLetters + count }
    this.#lastError = { at: this.#stamp(), reason: `refused for good: ${letter.reason}` }
  }

  #advance(batch: readonly Encoded[]): void {
    this.#unsaved = true
    for (const { record } of batch) {
      if (record.kind === 'checkpoint') this.#checkpoint = record.checkpoint
      else this.#behindSince = Math.min(Date.parse(record.entry.time), this.#parts.now())
    }
    const last = batch.findLast(({ record }) => record.kind === 'entry')?.record
    if (last?.kind === 'entry') this.#cursor = { ...this.#cursor, next: last.entry.index + 1, last: leafOf(last.entry) }
  }

  /** Dead letters first: the cursor must not pass what is written down nowhere else. */
  async #save(): Promise<void> {
    const { path, name, audit, operator } = this.#parts
    if (this.#refused.length > 0) {
      await writeDeadLetters(this.#disk, `${path}.dead`, this.#refused, this.#stamp())
      const entry = deadLetterEntry(name, this.#refused)
      if (entry !== undefined) audit.note(entry)
      operator.warn({ sink: name, count: this.#refused.length, reason: this.#refused[0]!.reason }, 'a sink refused records; they are in its dead-letter file')
      this.#refused = []
    }
    await saveCursor(this.#disk, `${path}.json`, this.#cursor)
    this.#unsaved = false
  }

  async #wait(reason: string, asked?: number): Promise<void> {
    const { random, pause, operator, name } = this.#parts
    if (++this.#failures === 1) operator.warn({ sink: name, reason }, 'the audit export does not get through; it goes on trying')
    this.#lastError = { at: this.#stamp(), reason }
    // At the end nobody waits for a sink that is in trouble: the cursor knows where to go on.
    if (this.#hurry.signal.aborted) return this.#end.abort()
    await pause(backoff(this.#failures, random(), asked), this.#hurry.signal)
  }

  #stamp(): string {
    return new Date(this.#parts.now()).toISOString()
  }

  #recovered(): void {
    const { operator, name } = this.#parts
    if (this.#failures > 0) operator.info({ sink: name, failures: this.#failures }, 'the audit export gets through again')
    this.#failures = 0
  }
}

/**
 * Said once for a batch. What says that something was refused, and checkpoints, are refused in silence: each would only make the next one.
 */
function deadLetterEntry(sink: string, refused: readonly DeadLetter[]) {
  const worth = refused.filter(({ encoded: { record }, among }) =>
    record.kind === 'entry' && (record.entry.kind !== 'export.dead-letter' || (among !== undefined && among.batch > 1)))
  if (worth.length === 0) return undefined
  const count = worth.reduce((sum, { among }) => sum + (among?.count ?? 1), 0)
  return { kind: 'export.dead-letter' as const, sink, entry: indexOf(worth[0]!.encoded.record)!, count, reason: worth[0]!.reason }
}

/** An error of our own says what may be told; of a foreign one only its code does. */
function reasonOf(error: unknown): string {
  const known = asGatewayError(error)
  if (known.code !== 'internal') return known.message
  return (error as NodeJS.ErrnoException).code ?? 'an error of the gateway\'s own'
}
