// The reviews a screen shows: what is pending, kept up to date, in the order it came.
import type { ReviewSummary } from '../../shared/api.ts'
import type { GatewayError } from '../../shared/errors.ts'
import type { Id } from '../../shared/model.ts'
import { createTelling, type Told } from '../told.ts'
import type { FollowEvent } from './follow.ts'

export interface Watched {
  /** False until what is pending is known for the first time. */
  readonly known: boolean
  /** Oldest first: whoever waits longest is served first. */
  readonly pending: readonly ReviewSummary[]
  /** Those that ended while they were watched, by id; the last hundred. */
  readonly ended: ReadonlyMap<Id, ReviewSummary>
  /** Undefined while connected. */
  readonly lost: GatewayError | undefined
  /** New ones since the start, for the bell. */
  readonly arrived: number
}

export interface WatchedStore extends Told<Watched> {
  take(event: FollowEvent): void
}

const maxEnded = 100

export function createWatched(): WatchedStore {
  const pending = new Map<Id, ReviewSummary>()
  const ended = new Map<Id, ReviewSummary>()
  let lost: GatewayError | undefined
  let up = false
  let arrived = 0
  const watched = (): Watched => ({
    known: up,
    // Ids begin with the time they were made at.
    pending: [...pending.values()].sort((a, b) => a.id < b.id ? -1 : 1),
    ended: new Map(ended),
    lost,
    arrived
  })
  const { changed, current, subscribe } = createTelling(watched(), watched)

  return {
    current,
    subscribe,
    take(event) {
      if (event.type === 'lost') lost = event.error
      else if (event.type === 'up') {
        lost = undefined
        up = true
        for (const id of [...pending.keys()]) if (!event.known.has(id)) pending.delete(id)
      } else if (event.review.state === 'pending') {
        if (!pending.has(event.review.id) && up && event.review.mayDecide) arrived++
        pending.set(event.review.id, event.review)
      } else {
        pending.delete(event.review.id)
        ended.set(event.review.id, event.review)
        if (ended.size > maxEnded) ended.delete(ended.keys().next().value!)
      }
      changed()
    }
  }
}
