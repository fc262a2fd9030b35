// `hoop sessions` where there are a hundred thousand: the first page at once, narrowed down, and page after page to the end.
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openState } from '../../server/state/state.ts'
import type { SessionSummary } from '../../shared/api.ts'
import { TestGateway } from '../support/gateway.ts'
import { fillWithSessions, firstMinute } from '../support/many-sessions.ts'
import type { TestPerson } from '../support/person.ts'

const count = 100_000
/** What the first page may take, as people are promised it. */
const limitMilliseconds = 200

let gateway: TestGateway
let root: TestPerson
let ids: string[]

beforeAll(async () => {
  gateway = await TestGateway.start({ targets: { 'prod-db': { address: '127.0.0.1:9', database: 'postgres', credential: { user: 'nobody' } } } })
  root = await gateway.person('root')
  await gateway.halt()
  const state = await openState({ path: join(gateway.folder, 'state.db') })
  ids = fillWithSessions(state, count)
  state.close()
  await gateway.resume()
  await gateway.openSession('root', 'prod-db')
}, 120_000)
afterAll(() => gateway?.stop())

const listed = async (...flags: string[]) => {
  const { code, stdout, stderr } = await root.finish(['sessions', '--json', ...flags])
  expect(code, stderr).toBe(0)
  return { sessions: stdout.split('\n').slice(0, -1).map((line) => JSON.parse(line) as SessionSummary), stderr }
}
const minute = (n: number) => new Date(firstMinute + n * 60_000).toISOString()

test.each([
  ['the first page', {}],
  ['of one person', { user: 'person-77@example.com' }],
  ['of one target', { target: 'target-7' }],
  ['that are open', { status: 'open' }],
  ['of a day in the middle', { since: minute(50_000), until: minute(51_440) }],
  ['from the middle on', { page: 'middle' }]
])(`%s comes within ${limitMilliseconds} ms`, async (_, filter) => {
  const { page, ...query } = filter as Record<string, string>
  const words = new URLSearchParams({ limit: '51', ...query, ...page === undefined ? {} : { before: ids[count / 2]! } })
  const times: number[] = []
  for (let i = 0; i < 9; i++) {
    const began = performance.now()
    const { status, body } = await gateway.get<SessionSummary[]>('root', `/v1/sessions?${words.toString()}`)
    times.push(performance.now() - began)
    expect({ status, some: body.length > 0 }).toEqual({ status: 200, some: true })
  }
  // Not the mean: one of them may have waited for the test's own neighbours.
  expect(times.sort((a, b) => a - b)[4]!).toBeLessThan(limitMilliseconds)
})

test('filters narrow down, and go together', async () => {
  expect((await listed('--user', 'person-77@example.com', '--target', 'target-17', '--limit', '1000')).sessions).toHaveLength(200)
  expect((await listed('--since', minute(10), '--until', minute(20))).sessions.map(({ startedAt }) => startedAt))
    .toEqual(Array.from({ length: 10 }, (_, i) => minute(19 - i)))
  expect((await listed('--since', '36500d', '--limit', '3')).sessions).toHaveLength(3)
})

test('pages of a listing follow each other without a gap, as the last line of each says', async () => {
  const first = await listed('--target', 'target-3', '--since', minute(99_000), '--limit', '20')
  expect(first.sessions.map(({ id }) => id)).toEqual(ids.slice(99_000).filter((_, i) => i % 20 === 3).reverse().slice(0, 20))
  const next = /hoop: hint: there are more: hoop sessions (.*)\n$/.exec(first.stderr)![1]!.split(' ').map((word) => word.replace(/^'(.*)'$/, '$1'))
  const second = await listed(...next.filter((word) => word !== '--json'))
  expect(second.sessions.map(({ id }) => id)).toEqual(ids.slice(99_000).filter((_, i) => i % 20 === 3).reverse().slice(20, 40))
})

test('more than a gateway gives at once are as many requests, in order', async () => {
  const { sessions } = await listed('--limit', '2500', '--status', 'ended')
  const theirs = new Set(ids)
  // A few had been open when the gateway was stopped, and have ended with that.
  const among = sessions.map(({ id }) => id).filter((id) => theirs.has(id))
  expect(sessions).toHaveLength(2500)
  expect(among.length).toBeGreaterThan(2400)
  expect(among).toEqual(ids.slice(-among.length).reverse())
})
