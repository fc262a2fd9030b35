// Follows reviews as they change: through a restart of the gateway, a lost network, a login made again.
import { setTimeout as delay } from 'node:timers/promises'
import type { ReviewDetail, ReviewSummary } from '../../shared/api.ts'
import { asGatewayError, GatewayError, type ErrorCode } from '../../shared/errors.ts'
import type { Id } from '../../shared/model.ts'
import type { Gateway } from '../gateway.ts'

export type FollowEvent =
  /** `known` holds every id that is pending now, or was told since: what one knew besides has ended meanwhile. */
  | { readonly type: 'up', readonly known: ReadonlySet<Id> }
  | { readonly type: 'review', readonly review: ReviewSummary }
  /** Tried again. */
  | { readonly type: 'lost', readonly error: GatewayError }

export interface FollowOptions {
  readonly gateway: () => Promise<Pick<Gateway, 'reviews' | 'reviewEvents'>>
  readonly tell: (event: FollowEvent) => void
  readonly signal: AbortSignal
  readonly pauses?: readonly number[]
}

/** Milliseconds before the next try; the last goes on. */
const defaultPauses: readonly number[] = [200, 500, 1000, 2000, 5000]
const maxListed = 500
/** Anything else no waiting cures. A login that ended is made again in another window. */
const passing: ReadonlySet<ErrorCode> = new Set([
  'gateway_unreachable',
  'session_ended',
  'audit_unavailable',
  'limit_exceeded',
  'cancelled',
  'internal',
  'unauthenticated'
])

/** Runs until `signal`, then returns. @throws GatewayError what no waiting cures, or what the first try met */
export async function followReviews({ gateway, tell, signal, pauses = defaultPauses }: FollowOptions): Promise<void> {
  let wasUp = false
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      const client = await gateway()
      const events = await client.reviewEvents(signal)
      const known = new Set<Id>()
      // The events begin with what is pending, but nothing says where that ends; the listing does.
      const listed = client.reviews({ state: 'pending', limit: maxListed }).then((reviews) => {
        for (const review of reviews) if (!known.has(review.id)) tell({ type: 'review', review })
        for (const { id } of reviews) known.add(id)
        wasUp = true
        failures = 0
        tell({ type: 'up', known })
      })
      listed.catch(() => undefined)
      for await (const event of events) {
        if (event.type !== 'review') continue
        known.add(event.review.id)
        tell({ type: 'review', review: event.review })
      }
      await listed
      if (signal.aborted) return
      throw new GatewayError('gateway_unreachable', 'the gateway closed the connection')
    } catch (error) {
      if (signal.aborted) return
      const failure = asGatewayError(error)
      if (!wasUp || !passing.has(failure.code)) throw failure
      tell({ type: 'lost', error: failure })
      await delay(pauses[Math.min(failures, pauses.length - 1)], undefined, { signal }).catch(() => undefined)
    }
  }
}

/** Resolves once the review is not pending any more. @throws GatewayError as `followReviews`; the signal's reason */
export async function awaitEnd(gateway: () => Promise<Gateway>, id: Id, { signal, tell }: Pick<FollowOptions, 'signal' | 'tell'>): Promise<ReviewDetail> {
  const enough = new AbortController()
  let failure: unknown
  await followReviews({
    gateway,
    signal: AbortSignal.any([signal, enough.signal]),
    tell: (event) => {
      tell(event)
      // It may have ended before we listened, or while we did not.
      if (event.type === 'review' && event.review.id === id && event.review.state !== 'pending') enough.abort()
      if (event.type === 'up' && !event.known.has(id)) enough.abort()
    }
  }).catch((error: unknown) => { failure = error })
  signal.throwIfAborted()
  if (failure !== undefined) throw failure
  return (await gateway()).review(id)
}
