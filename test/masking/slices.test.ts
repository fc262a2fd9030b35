import { expect, test } from 'vitest'
import { inSlices, whole } from '../../server/masking/slices.ts'
import { driven } from '../../server/protocols/postgres/slices.ts'

test('every item has its turn, in order, with a place to stop after so many', () => {
  const seen: number[] = []
  const work = inSlices([1, 2, 3, 4, 5], (item) => { seen.push(item) }, 2)
  const stops: number[][] = []
  for (let step = work.next(); step.done !== true; step = work.next()) stops.push([...seen])
  expect(stops).toEqual([[1, 2], [1, 2, 3, 4]])
  expect(seen).toEqual([1, 2, 3, 4, 5])
})

test('all at once is the same work', () => {
  const seen: number[] = []
  whole(inSlices([1, 2, 3], (item) => { seen.push(item) }, 1))
  expect(seen).toEqual([1, 2, 3])
})

test('what is driven lets others run in between, answers with the result, and fails as the work does', async () => {
  let turns = 0
  let going = true
  const tick = () => { turns++; if (going) setImmediate(tick) }
  setImmediate(tick)
  const spin = () => { for (const until = performance.now() + 1; performance.now() < until;); }
  expect(await driven((function* () { yield* inSlices(Array.from({ length: 20 }), spin, 1); return 'done' })())).toBe('done')
  going = false
  // 20 ms of work in slices of 2 ms.
  expect(turns).toBeGreaterThan(5)
  await expect(driven((function* () { yield; throw new Error('no') })())).rejects.toThrow('no')
})
