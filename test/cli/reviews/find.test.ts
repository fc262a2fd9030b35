import { expect, test } from 'vitest'
import { reviewId } from '../../../cli/reviews/find.ts'
import { summary } from '../../support/reviews.ts'

const ids = ['01k5b2y8v4s0q9m3t7x6c1n0ad', '01k5b2y8v4s0q9m3t7x6c1n0zz', '01k5b2ya00s0q9m3t7x6cqqqad']
const gateway = { reviews: async () => ids.map((id) => summary({ id })) }

test.each(['', 'ad', '../x', 'UPPER', '*', '01k5b2y8v4s0q9m3t7x6c1n0adx', 'a b c d'])('%j is no part of an id', async (typed) => {
  await expect(reviewId(gateway, typed)).rejects.toMatchObject({ code: 'usage' })
})

test('a part that several have names them', async () => {
  await expect(reviewId(gateway, '01k5b2y8')).rejects.toMatchObject({ code: 'usage', hint: `name one: ${ids[0]}, ${ids[1]}` })
})

test('a part that none has is not found', async () => {
  await expect(reviewId(gateway, 'nope')).rejects.toMatchObject({ code: 'not_found' })
})

test.each([[ids[0]!, ids[0]!], ['n0ad', ids[0]!], ['01k5b2ya', ids[2]!], ['qqqad', ids[2]!]])('%s is %s', async (typed, id) => {
  expect(await reviewId(gateway, typed)).toBe(id)
})

test('a whole id is not looked for', async () => {
  expect(await reviewId({ reviews: async () => { throw new Error('asked') } }, ids[0]!)).toBe(ids[0])
})
