// A log, sinks that do as they are told, and time that passes when a test says so.
import { onTestFinished } from 'vitest'
import type { Delivery, Encoded, LagBound, Sink } from '../../../server/audit/export/contract.ts'
import { openExports, type Exports, type ExportsOptions, type SinkChoice } from '../../../server/audit/export/exports.ts'
import { openAuditLog, type AuditLog } from '../../../server/audit/log.ts'
import { origin } from '../logs-origin.ts'
import { temporary } from '../logs.ts'

type Answer = Delivery | 'hang' | Error

/** Keeps what it delivered; anything else is the test's to say. */
export class ScriptedSink implements Sink {
  readonly kind = 'scripted'
  maxRecords = 10
  maxBytes = 1024 * 1024
  readonly delivered: Encoded[] = []
  /** Sizes of the batches it was handed. */
  readonly calls: number[] = []
  answer: (batch: readonly Encoded[]) => Answer | Promise<Answer> = () => ({ result: 'delivered' })
  encode: Sink['encode'] = (record) => JSON.stringify(record)
  closed = false

  async send(batch: readonly Encoded[], signal: AbortSignal): Promise<Delivery> {
    this.calls.push(batch.length)
    const answer = await this.answer(batch)
    if (answer === 'hang') return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('broken off'))))
    if (answer instanceof Error) throw answer
    if (answer.result === 'delivered') this.delivered.push(...batch)
    return answer
  }

  close(): void { this.closed = true }

  /** Indexes of the entries it has, in the order they came. */
  get indexes(): number[] {
    return this.delivered.flatMap(({ record }) => record.kind === 'entry' ? [record.entry.index] : [])
  }

  get checkpoints(): number[] {
    return this.delivered.flatMap(({ record }) => record.kind === 'checkpoint' ? [record.checkpoint.size] : [])
  }
}

export class World {
  /** Of each pause that was asked for, in milliseconds. */
  readonly pauses: number[] = []
  readonly told: { level: string, facts: Record<string, unknown>, message: string }[] = []
  skipped = 0

  private constructor(readonly directory: string, public audit: AuditLog) {}

  static async start(): Promise<World> {
    return World.attach(await temporary())
  }

  /** On the log that is there. */
  static async attach(directory: string): Promise<World> {
    const world = new World(directory, undefined as unknown as AuditLog)
    await world.openLog()
    return world
  }

  async openLog(): Promise<void> {
    const audit = await openAuditLog({ directory: this.directory, origin, now: this.now, heartbeat: () => ({ sessions: 0 }) })
    onTestFinished(() => audit.close().catch(() => undefined))
    this.audit = audit
  }

  readonly now = (): number => Date.now() + this.skipped

  async open(sinks: Readonly<Record<string, Sink>>, more: Partial<ExportsOptions> & { from?: SinkChoice['from'], strict?: LagBound } = {}): Promise<Exports> {
    const { from = 'beginning', strict, ...options } = more
    const say = (level: string) => (facts: object, message: string) => {
      this.told.push({ level, facts: facts as Record<string, unknown>, message })
    }
    const exports = await openExports({
      directory: this.directory,
      origin,
      audit: this.audit,
      sinks: Object.entries(sinks).map(([name, sink]) => ({ name, sink, from, ...(strict === undefined ? {} : { strict }) })),
      operator: { info: say('info'), warn: say('warn'), error: say('error') },
      now: this.now,
      random: () => 0.5,
      pause: async (milliseconds, signal) => {
        this.pauses.push(milliseconds)
        // A moment, so that a sink in trouble does not turn round for ever between two events.
        await new Promise<void>((resolve) => {
          const done = () => {
            clearTimeout(timer)
            signal.removeEventListener('abort', done)
            resolve()
          }
          const timer = setTimeout(done, milliseconds >= 3_000 ? 500 : 2)
          signal.addEventListener('abort', done)
        })
      },
      ...options
    })
    onTestFinished(() => exports.close())
    return exports
  }

  async append(count: number): Promise<void> {
    await this.audit.append(Array.from({ length: count }, (_, i) => ({ kind: 'heartbeat' as const, sessions: i })))
  }
}

export const refusal: Delivery = { result: 'refused', reason: 'it answered HTTP 400' }
export const later: Delivery = { result: 'again', reason: 'it answered HTTP 500' }
export const indexesOf = (batch: readonly Encoded[]): number[] => batch.flatMap(({ record }) => record.kind === 'entry' ? [record.entry.index] : [])
