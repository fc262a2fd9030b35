import { expect, test } from 'vitest'
import { sessionId } from '../../../cli/sessions/find.ts'
import type { SessionsFilter } from '../../../cli/gateway.ts'
import type { SessionSummary } from '../../../shared/api.ts'

const ids = ['01k5b2y8v4s0q9m3t7x6c1n0ad', '01k5b2y8v4s0q9m3t7x6c1n0zz', '01k5b2ya00s0q9m3t7x6cqqqad']
const now = () => Date.parse('2026-03-10T12:00:00Z')

function listing() {
  const asked: SessionsFilter[] = []
  const gateway = {
    async sessions(filter: SessionsFilter) {
      asked.push(filter)
      return ids.map((id) => ({ id }) as SessionSummary)
    }
  }
  return { asked, world: { gateway, now } }
}

test.each(['', 'ad', '../x', 'UPPER', '*', '01k5b2y8v4s0q9m3t7x6c1n0adx'])('%j is no part of an id, and nobody is asked', async (typed) => {
  const { asked, world } = listing()
  await expect(sessionId(world, typed)).rejects.toMatchObject({ code: 'usage', hint: expect.stringContaining('as hoop sessions lists it') })
  expect(asked).toEqual([])
})

test('a part that several have names them', async () => {
  await expect(sessionId(listing().world, '01k5b2y8')).rejects.toMatchObject({ code: 'usage', message: '"01k5b2y8" may be 2 sessions', hint: `name one: ${ids[0]}, ${ids[1]}` })
})

test('a part that none has is not found, and says among which it was looked for', async () => {
  await expect(sessionId(listing().world, 'nope')).rejects.toMatchObject({ code: 'not_found', hint: expect.stringContaining('7 days') })
  await expect(sessionId(listing().world, 'nope', { open: true })).rejects.toMatchObject({ code: 'not_found', message: 'there is no open session "nope"' })
})

test.each([[ids[0]!, ids[0]!], ['n0ad', ids[0]!], ['01k5b2ya', ids[2]!], ['qqqad', ids[2]!]])('%s is %s', async (typed, id) => {
  expect(await sessionId(listing().world, typed)).toBe(id)
})

test('one page is asked for, of a week or of what is open; of a whole id none', async () => {
  const { asked, world } = listing()
  await sessionId(world, 'n0ad')
  await sessionId(world, 'n0ad', { open: true })
  await sessionId(world, ids[0]!)
  expect(asked).toEqual([{ limit: 1000, since: '2026-03-03T12:00:00.000Z' }, { limit: 1000, status: 'open' }])
})
