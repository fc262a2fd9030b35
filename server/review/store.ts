// Writes reviews to the state, all of one turn of the event loop in one transaction: a thousand held at once cost one sync, not a thousand.
import type { Id } from '../../shared/model.ts'
import type { ReviewRecord } from '../state/reviews.ts'
import type { State } from '../state/state.ts'

export interface ReviewStore {
  /** Resolves once durable. Of several of one review, the last counts. Rejects with what the state threw. */
  put(record: ReviewRecord): Promise<void>
  /** Writes what is queued now: whoever reads the state next sees it, durable or not. */
  flush(): void
}

/** @param onFailure called once for each write that failed, whoever waits for it */
export function createStore(state: State, onFailure: (error: unknown) => void): ReviewStore {
  const queued = new Map<Id, ReviewRecord>()
  let waiting: { readonly done: () => void, readonly failed: (error: unknown) => void }[] = []

  function flush(): void {
    if (queued.size === 0) return
    const records = [...queued.values()]
    const told = waiting
    queued.clear()
    waiting = []
    try {
      state.transaction(() => { for (const record of records) state.reviews.put(record) })
    } catch (error) {
      onFailure(error)
      for (const { failed } of told) failed(error)
      return
    }
    state.synced().then(() => { for (const { done } of told) done() }, (error: unknown) => {
      onFailure(error)
      for (const { failed } of told) failed(error)
    })
  }

  return {
    put(record) {
      if (queued.size === 0) setImmediate(flush)
      queued.set(record.id, record)
      return new Promise((done, failed) => { waiting.push({ done, failed }) })
    },
    flush
  }
}
