// Shares syncs: one batch is under way, whatever comes meanwhile goes with the next. Knows neither files nor trees.
import { GatewayError } from '../../shared/errors.ts'
import { Batch } from './batch.ts'

export interface BatchSteps {
  /** Makes a batch durable; called again only after it resolved, and never after it threw. */
  write(batch: Batch): Promise<void>
  /** The batch is durable, its waiters know it; it is used again after this returns. */
  settled(batch: Batch): void
  failed(error: unknown): void
}

export class GroupCommit {
  readonly #steps: BatchSteps
  /** Takes entries while another one is written. */
  #filling = new Batch()
  #spare = new Batch()
  #writing: Promise<void> | undefined
  #failure: GatewayError | undefined

  constructor(steps: BatchSteps) {
    this.#steps = steps
  }

  get filling(): Batch { return this.#filling }

  /** Resolves once everything in the batch that is filling is durable. */
  durable(): Promise<void> {
    const { waiters } = this.#filling
    this.start()
    return new Promise((resolve, reject) => waiters.push({ resolve, reject }))
  }

  start(): void {
    if (this.#failure === undefined && this.#filling.count > 0) this.#writing ??= this.#write()
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#writing
  }

  /** Refuses everything that waits to be written. What is under way is told by its own write. */
  fail(reason: GatewayError): void {
    this.#failure = reason
    for (const waiter of this.#filling.waiters) waiter.reject(reason)
    this.#filling.clear()
  }

  async #write(): Promise<void> {
    // What other connections ask within this turn of the event loop shares the first sync too.
    await new Promise<void>((resolve) => setImmediate(resolve))
    while (this.#filling.count > 0 && this.#failure === undefined) {
      const batch = this.#filling
      this.#filling = this.#spare
      try {
        await this.#steps.write(batch)
      } catch (error) {
        this.#steps.failed(error)
        for (const waiter of batch.waiters) waiter.reject(this.#failure ?? new GatewayError('audit_unavailable', 'the audit log has failed'))
        break
      }
      for (const waiter of batch.waiters) waiter.resolve()
      this.#steps.settled(batch)
      batch.clear()
      this.#spare = batch
    }
    // Here and not in a `finally` of the promise, which would run a moment later and miss who comes in between.
    this.#writing = undefined
  }
}
