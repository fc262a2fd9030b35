// Long works and everything else in turns, on a clock that moves with the work alone.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Sliced } from '../../../server/masking/slices.ts'
import { driven } from '../../../server/protocols/postgres/slices.ts'

let now = 0

beforeEach(() => {
  now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
})
afterEach(() => { vi.restoreAllMocks() })

/** Takes half a millisecond a step. */
function* work(steps: number, result: string): Sliced<string> {
  for (let step = 0; step < steps; step++) {
    now += 0.5
    yield
  }
  return result
}

/** The longest that anything else had to wait, in milliseconds of work, while the promise was not settled. */
async function longestWait(until: Promise<unknown>): Promise<number> {
  let [last, longest, going] = [now, 0, true]
  const done = until.finally(() => { going = false })
  while (going) {
    await new Promise((resolve) => { setImmediate(resolve) })
    longest = Math.max(longest, now - last)
    last = now
  }
  await done
  return longest
}

describe('long work', () => {
  test('stops every two milliseconds, and answers with its result', async () => {
    const working = driven(work(100, 'done'))
    expect(await longestWait(working)).toBe(2)
    expect(await working).toBe('done')
  })

  test('of many at once holds up the rest no longer than one', async () => {
    const working = Promise.all(Array.from({ length: 20 }, (_, i) => driven(work(20, `of ${i}`))))
    expect(await longestWait(working)).toBe(2)
    expect((await working).slice(18)).toEqual(['of 18', 'of 19'])
  })

  test('that fails leaves the others their turns', async () => {
    const failing = driven((function* (): Sliced<string> {
      yield* work(10, '')
      throw new Error('no catalog')
    })())
    const others = [driven(work(30, 'a')), driven(work(30, 'b'))]
    await expect(failing).rejects.toThrow('no catalog')
    expect(await Promise.all(others)).toEqual(['a', 'b'])
  })
})
