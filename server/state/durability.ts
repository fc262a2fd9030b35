// When what was written is on the disk. Writing and syncing are two things here: one sync, made by a thread, for all that was written
// before it began; so a disk that hangs holds up nobody but those who wait for it. A sync that failed is never tried again.
import { GatewayError } from '../../shared/errors.ts'

export interface Durability {
  /** What ended it: nothing may be written any more, since nobody knows what the disk has. */
  readonly failure: GatewayError | undefined
  /** Something was written; it is synced soon, whether anybody waits or not. */
  wrote(): void
  /**
   * Resolves once all that was written before the call is durable.
   * @throws GatewayError state_unavailable once a sync has failed
   */
  synced(): Promise<void>
  /**
   * What `work` returns or throws, once all that was written meanwhile is durable.
   * @throws GatewayError state_unavailable, instead of either
   */
  durably<T>(work: () => T | Promise<T>): Promise<T>
  /** Everything was made durable another way; what is under way does not matter any more. */
  end(): void
}

export interface DurabilityParts {
  /** Not asked again before it has settled. */
  readonly sync: () => Promise<void>
  /** Called after each sync: the disk has just answered. What it throws ends everything, as a sync that failed does. */
  readonly afterSync: () => void
  /** Told once. */
  readonly onFailure: (failure: GatewayError) => void
}

export function createDurability({ sync, afterSync, onFailure }: DurabilityParts): Durability {
  /** How often something was written, and how often before the last sync that returned began. */
  let [written, durable] = [0, 0]
  let running = false
  let failure: GatewayError | undefined
  /** In the order of `upTo`. */
  const waiting: { readonly upTo: number, readonly done: () => void, readonly failed: (failure: GatewayError) => void }[] = []

  return {
    get failure() { return failure },

    wrote() {
      written++
      if (!running) void run()
    },

    synced,

    async durably(work) {
      const before = written
      try {
        return await work()
      } finally {
        // Where nothing can be written any more, what needs nothing written still goes on.
        if (written > before) await synced()
      }
    },

    end() { reached(Infinity) }
  }

  async function synced(): Promise<void> {
    const upTo = written
    if (durable >= upTo) return
    if (failure !== undefined) throw failure
    await new Promise<void>((done, failed) => { waiting.push({ upTo, done, failed }) })
  }

  async function run(): Promise<void> {
    running = true
    while (failure === undefined && durable < written) {
      // What else is written in this turn of the event loop shares the sync.
      await new Promise((resolve) => setImmediate(resolve))
      if (durable === Infinity) return
      const upTo = written
      try {
        await sync()
        if (durable === Infinity) return
        reached(upTo)
        afterSync()
      } catch (error) {
        fail(error)
      }
    }
    running = false
  }

  function reached(upTo: number): void {
    durable = upTo
    while (waiting[0] !== undefined && waiting[0].upTo <= durable) waiting.shift()!.done()
  }

  function fail(error: unknown): void {
    if (durable === Infinity) return
    failure = unwritable(error)
    onFailure(failure)
    for (const { failed } of waiting.splice(0)) failed(failure)
  }
}

/** A state file that cannot be written. The cause has a code, and no values. */
export function unwritable(error: unknown): GatewayError {
  const { code, message } = error as NodeJS.ErrnoException
  return new GatewayError('state_unavailable', `the gateway's state file cannot be written: ${code === undefined ? message : `${message} (${code})`}`, {
    hint: 'the operator frees the space or mends the disk of state.sqlite, then restarts the gateway',
    cause: error
  })
}
