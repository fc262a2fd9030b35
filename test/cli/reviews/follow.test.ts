import { expect, test } from 'vitest'
import { awaitEnd, followReviews, type FollowEvent } from '../../../cli/reviews/follow.ts'
import { createWatched } from '../../../cli/reviews/watched.ts'
import type { Gateway } from '../../../cli/gateway.ts'
import type { ReviewSummary } from '../../../shared/api.ts'
import { GatewayError } from '../../../shared/errors.ts'
import type { ReviewEvent } from '../../../shared/events.ts'
import { detail, summary } from '../../support/reviews.ts'
import { until } from '../../support/until.ts'

const id = (i: number) => `01k5b2y8v4s0q9m3t7x6c1n0${String(i).padStart(2, '0')}`

/** Listens once for each `sockets` entry; `drop` ends it as a lost network does. */
class FakeReviews {
  pending: ReviewSummary[] = []
  failure: GatewayError | undefined
  sockets = 0
  #push: ((event: ReviewEvent | GatewayError) => void) | undefined

  readonly gateway = {
    reviews: async () => this.pending,
    review: async (wanted: string) => detail({ id: wanted, state: 'approved' }),
    reviewEvents: async (signal: AbortSignal) => {
      if (this.failure !== undefined) throw this.failure
      this.sockets++
      const queue: (ReviewEvent | GatewayError | undefined)[] = this.pending.map((review) => ({ type: 'review', review }))
      let wake = () => {}
      this.#push = (event) => { queue.push(event); wake() }
      signal.addEventListener('abort', () => { queue.push(undefined); wake() })
      return (async function* () {
        for (;;) {
          while (queue.length > 0) {
            const next = queue.shift()
            if (next === undefined) return
            if (next instanceof GatewayError) throw next
            yield next
          }
          await new Promise<void>((resolve) => { wake = resolve })
        }
      })()
    }
  } as unknown as Gateway

  tell(review: ReviewSummary): void { this.#push!({ type: 'review', review }) }
  drop(): void { this.#push!(new GatewayError('gateway_unreachable', 'the connection was lost')) }
}

function following() {
  const fake = new FakeReviews()
  const stop = new AbortController()
  const events: FollowEvent[] = []
  const store = createWatched()
  const begin = () => followReviews({
    gateway: async () => fake.gateway,
    signal: stop.signal,
    pauses: [1],
    tell: (event) => { events.push(event); store.take(event) }
  })
  return { fake, stop, events, store, begin, pendingIds: () => store.current().pending.map((review) => review.id) }
}

test('what fails at once is told, not tried again', async () => {
  const { fake, begin } = following()
  fake.failure = new GatewayError('gateway_unreachable', 'nothing listens there')
  await expect(begin()).rejects.toMatchObject({ code: 'gateway_unreachable' })
})

test('what ended while the connection was lost is gone afterwards, and what came is there', async () => {
  const { fake, stop, begin, pendingIds, events } = following()
  fake.pending = [summary({ id: id(1) }), summary({ id: id(2) })]
  const over = begin()
  await until('both', () => pendingIds().length === 2)
  fake.pending = [summary({ id: id(2) }), summary({ id: id(3) })]
  fake.drop()
  await until('the other two', () => pendingIds().join() === `${id(2)},${id(3)}`)
  expect(events.some(({ type }) => type === 'lost')).toBe(true)
  stop.abort()
  await over
})

test('a right that was taken away ends it', async () => {
  const { fake, begin, pendingIds } = following()
  fake.pending = [summary({ id: id(1) })]
  const over = begin()
  await until('it', () => pendingIds().length === 1)
  fake.failure = new GatewayError('forbidden', 'you may not do that')
  fake.drop()
  await expect(over).rejects.toMatchObject({ code: 'forbidden' })
})

test('a review is waited for until it ends, or until it turns out to have ended', async () => {
  const { fake, stop } = following()
  fake.pending = [summary({ id: id(1) })]
  const ended = awaitEnd(async () => fake.gateway, id(1), { signal: stop.signal, tell: () => undefined })
  await until('listening', () => fake.sockets === 1)
  fake.tell(summary({ id: id(1), state: 'approved' }))
  expect((await ended).state).toBe('approved')
  expect((await awaitEnd(async () => fake.gateway, id(9), { signal: stop.signal, tell: () => undefined })).state).toBe('approved')
})

test('the bell is for what comes in, not for what waited already or is for others', async () => {
  const { fake, stop, begin, store, pendingIds } = following()
  fake.pending = [summary({ id: id(1) })]
  const over = begin()
  await until('it', () => pendingIds().length === 1)
  expect(store.current().arrived).toBe(0)
  fake.tell(summary({ id: id(2), mayDecide: false, mine: true }))
  fake.tell(summary({ id: id(3) }))
  fake.tell(summary({ id: id(3), given: 1, needed: 2 }))
  await until('all three', () => pendingIds().length === 3)
  expect(store.current().arrived).toBe(1)
  stop.abort()
  await over
})
