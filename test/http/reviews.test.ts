// Reviews over the API, as two people use them: one asks, another decides, and everybody else learns nothing.
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type WebSocket from 'ws'
import { paths, type CreatedServiceToken, type ReviewDetail, type ReviewSummary, type SessionSummary } from '../../shared/api.ts'
import type { ReviewEvent } from '../../shared/events.ts'
import { request } from '../review/world.ts'
import { until } from '../support/until.ts'
import { Edge } from './edge.ts'

let edge: Edge
beforeAll(async () => { edge = await Edge.start() })
afterAll(() => edge.stop())

let people = 0
interface Pair {
  readonly asker: string
  readonly decider: string
  readonly name: string
}
async function pair(): Promise<Pair> {
  const name = `asker-${++people}`
  return { name, asker: await edge.logIn(name), decider: await edge.logIn(`decider-${people}`, ['deciders']) }
}

/** A held statement of the asker's, as the gate opens one. */
async function hold({ asker }: Pair, more: Parameters<typeof request>[0] = {}) {
  const { principal, login, loginEndsAt } = edge.identity.verify(asker)
  const terms = { ...request().terms, places: [{ group: 'deciders', count: 1 }] }
  return edge.reviews.hold(request({ requester: { principal, login, loginEndsAt }, terms, ...more }))
}

const open = (token: string, target = 'vault') => edge.ask('POST', paths.sessions, { token, body: { target } })
const detail = async (token: string, id: string) => (await edge.ask('GET', paths.review(id), { token })).body as ReviewDetail
const approve = (token: string, id: string, body: object) => edge.ask('POST', paths.approveReview(id), { token, body })

function eventsOf(socket: WebSocket): ReviewSummary[] {
  const events: ReviewSummary[] = []
  socket.on('message', (text) => events.push((JSON.parse(String(text as Buffer)) as ReviewEvent).review))
  return events
}

describe('deciding a held statement', () => {
  test('a thousand approvals at once release it once', async () => {
    const one = await pair()
    const review = await hold(one)
    const deciders = await Promise.all(Array.from({ length: 10 }, (_, i) => edge.logIn(`crowd-${i}`, ['deciders'])))
    const body = { binding: request().binding }
    const replies: number[] = []
    let left = 1_000
    await Promise.all(Array.from({ length: 50 }, async () => {
      while (left-- > 0) replies.push((await approve(deciders[left % 10]!, review.id, body)).status)
    }))
    expect(replies.filter((status) => status === 200)).toHaveLength(1)
    expect(replies.filter((status) => status === 409)).toHaveLength(999)
    expect(await review.outcome).toMatchObject({ state: 'approved' })
    expect([review.use(), review.use()].filter((approvers) => approvers !== undefined)).toHaveLength(1)
    const entries = (await edge.entries()).filter((entry) => 'review' in entry && entry.review === review.id)
    expect(entries.map(({ kind }) => kind)).toEqual(['review.held', 'review.vote', 'review.end'])
  })

  test('shows the exact statement to both, says who looked, and forgets it when it is over', async () => {
    const one = await pair()
    const review = await hold(one)
    const [mine, theirs] = [await detail(one.asker, review.id), await detail(one.decider, review.id)]
    expect(mine).toMatchObject({ mine: true, mayDecide: false, statements: [{ parameters: ['4111-1111'] }] })
    expect(theirs).toMatchObject({ mine: false, mayDecide: true, statements: [{ text: expect.stringContaining('078-05-1120') as string }] })
    await edge.ask('POST', paths.rejectReview(review.id), { token: one.decider, body: { binding: theirs.binding, reason: 'not today' } })
    expect(await review.outcome).toMatchObject({ state: 'rejected', reason: 'not today' })
    expect(await detail(one.decider, review.id)).toMatchObject({ state: 'rejected', statements: [], endReason: 'not today' })
    const seen = (await edge.entries()).filter((entry) => entry.kind === 'review.seen' && entry.review === review.id)
    expect(seen).toMatchObject([{ actor: { subject: `decider-${people}` } }])
  })

  test.each<[string, object, number]>([
    ['another binding', { binding: '0'.repeat(64) }, 409],
    ['no binding', {}, 400],
    ['a binding that is none', { binding: 'x' }, 400],
    ['an unknown field', { binding: 'ab'.repeat(32), force: true }, 400],
    ['a reason that is too long', { binding: 'ab'.repeat(32), reason: 'x'.repeat(1_001) }, 400],
    ['somebody else\'s glass', { binding: 'ab'.repeat(32), breakGlass: true, reason: 'r' }, 403]
  ])('with %s changes nothing', async (_, body, status) => {
    const one = await pair()
    const review = await hold(one)
    expect((await approve(one.decider, review.id, body)).status).toBe(status)
    expect(await detail(one.asker, review.id)).toMatchObject({ state: 'pending', votes: [] })
  })

  test('by a service token of a decider is not found: agents decide nothing, and see nothing', async () => {
    const one = await pair()
    const review = await hold(one)
    const made = await edge.ask('POST', paths.serviceTokens, { token: one.decider, body: { name: 'bot', targets: ['vault'], expiresInDays: 1, kind: 'agent' } })
    const { secret } = made.body as CreatedServiceToken
    expect((await approve(secret, review.id, { binding: request().binding })).status).toBe(404)
    expect((await edge.ask('GET', paths.reviews, { token: secret })).body).toEqual([])
  })

  test('by the person behind the service token that asked is forbidden', async () => {
    const decider = await edge.logIn('both', ['engineers', 'deciders'])
    const made = await edge.ask('POST', paths.serviceTokens, { token: decider, body: { name: 'bot', targets: ['vault'], expiresInDays: 1, kind: 'agent' } })
    const asked = await open((made.body as CreatedServiceToken).secret)
    const { id, requester } = asked.body as ReviewSummary
    expect(requester).toMatchObject({ kind: 'agent', onBehalfOf: { subject: 'both' } })
    const { binding } = await detail(decider, id)
    expect(await approve(decider, id, { binding })).toMatchObject({ status: 403, body: { code: 'forbidden' } })
  })

  test('counts no more when the approver is disabled before it runs, or has lost the group by a new login', async () => {
    for (const lose of ['disable', 'group'] as const) {
      const one = await pair()
      const review = await hold(one)
      const { binding } = await detail(one.decider, review.id)
      expect((await approve(one.decider, review.id, { binding })).status).toBe(200)
      expect(review.stillApproved()).toBe(true)
      const admin = await edge.logIn('admin', ['admins'])
      if (lose === 'disable') await edge.ask('POST', paths.disableUser(edge.userId(`decider-${people}`)), { token: admin })
      else await edge.logIn(`decider-${people}`, ['engineers'])
      expect(review.use()).toBeUndefined()
      review.void('an approval does not count any more')
    }
  })

  test('ends with the asker\'s logout', async () => {
    const one = await pair()
    const review = await hold(one)
    await edge.ask('DELETE', paths.currentToken, { token: one.asker })
    expect(await review.outcome).toMatchObject({ state: 'withdrawn' })
  })
})

describe('the list', () => {
  test('is of those one asked for and those one may decide; filters only narrow it', async () => {
    const [one, two] = [await pair(), await pair()]
    const [mine, theirs] = [await hold(one), await hold(two)]
    const listed = async (token: string, query = '') =>
      ((await edge.ask('GET', `${paths.reviews}${query}`, { token })).body as ReviewSummary[]).map(({ id }) => id)
    expect(await listed(one.asker)).toEqual([mine.id])
    expect(await listed(one.decider)).toEqual(expect.arrayContaining([mine.id, theirs.id]))
    expect(await listed(one.decider, '?mine=true')).toEqual([])
    expect(await listed(one.asker, '?state=approved')).toEqual([])
    expect(await listed(await edge.logIn('admin', ['admins']), '?limit=1000&target=prod-db&state=pending')).toEqual(expect.arrayContaining([mine.id, theirs.id]))
    for (const query of ['?state=open', '?mine=1', '?limit=0', '?limit=1001', '?user=x']) {
      expect((await edge.ask('GET', `${paths.reviews}${query}`, { token: one.asker })).status).toBe(400)
    }
  })
})

describe('opening a target that needs a review', () => {
  test('is 202 with the review, the same one again, and opens once it is approved; until the window ends', async () => {
    const own = await Edge.start()
    try {
      const asker = await own.logIn('ada')
      const decider = await own.logIn('dora', ['deciders'])
      const openIt = () => own.ask('POST', paths.sessions, { token: asker, body: { target: 'vault' } })
      const [first, second] = await Promise.all([openIt(), openIt()])
      expect([first.status, second.status]).toEqual([202, 202])
      const { id } = first.body as ReviewSummary
      expect(second.body).toMatchObject({ id, kind: 'access', state: 'pending', target: 'vault', mine: true })
      const { binding } = (await own.ask('GET', paths.review(id), { token: decider })).body as ReviewDetail
      const approved = await own.ask('POST', paths.approveReview(id), { token: decider, body: { binding } })
      expect(approved.body).toMatchObject({ state: 'approved', windowEndsAt: expect.any(String) as string })

      const session = await own.open(asker, 'vault')
      const socket = await own.webSocket(paths.sessionEvents(session), asker)
      const closed = once(socket, 'close')
      expect((await own.ask('POST', paths.sessions, { token: decider, body: { target: 'vault' } })).status, 'for nobody else').toBe(404)
      own.skipped = 3_600_000 - 5_000
      const fresh = await own.logIn('ada')
      own.sessions.sweep()
      expect((await own.ask('GET', paths.session(session), { token: fresh })).body).not.toHaveProperty('endedAt')
      own.skipped = 3_600_000
      own.sessions.sweep()
      await closed
      // Written down once its connections are closed.
      const why = await until('its end', async () =>
        ((await own.ask('GET', paths.session(session), { token: fresh })).body as SessionSummary).endReason)
      expect(why).toBe('the time you were given on the target is over')
      const again = await own.ask('POST', paths.sessions, { token: fresh, body: { target: 'vault' } })
      expect(again.status).toBe(202)
      expect((again.body as ReviewSummary).id).not.toBe(id)
    } finally {
      await own.stop()
    }
  })

  test('shows the target in the list of those one may open', async () => {
    const { asker } = await pair()
    expect((await edge.ask('GET', paths.targets, { token: asker })).body).toMatchObject([{}, {}, { name: 'vault' }])
  })

  test('ends its sessions when an admin ends the window', async () => {
    const one = await pair()
    const { id } = (await open(one.asker)).body as ReviewSummary
    const { binding } = await detail(one.decider, id)
    await approve(one.decider, id, { binding })
    const session = await edge.open(one.asker, 'vault')
    const admin = await edge.logIn('admin', ['admins'])
    expect((await edge.ask('POST', paths.expireReview(id), { token: admin })).status).toBe(204)
    edge.sessions.sweep()
    await until('its end', async () => ((await edge.ask('GET', paths.session(session), { token: admin })).body as SessionSummary).endReason)
    expect((await open(one.asker)).status).toBe(202)
  })
})

describe('the WebSocket of reviews', () => {
  test('is refused to strangers and web pages, and takes no query', async () => {
    const { asker } = await pair()
    expect((await edge.refusal(paths.reviewEvents, undefined)).status).toBe(401)
    expect((await edge.refusal(paths.reviewEvents, asker, { headers: { origin: 'https://evil.example' } })).status).toBe(403)
    expect((await edge.refusal(`${paths.reviewEvents}?token=${asker}`, asker)).status).toBe(404)
  })

  test('tells what waits first, then each change; to each only what they may see', async () => {
    const one = await pair()
    const review = await hold(one)
    const other = await edge.logIn(`other-${people}`)
    const sockets = await Promise.all([one.asker, one.decider, other].map((token) => edge.webSocket(paths.reviewEvents, token)))
    const [mine, theirs, others] = sockets.map(eventsOf)
    const later = await hold(one)
    review.withdraw('gone')
    later.withdraw('gone')
    const statesOf = (events: ReviewSummary[] | undefined, id: string) =>
      events!.filter((event) => event.id === id).map(({ state }) => state)
    await until('the last event', () => statesOf(theirs, later.id).length === 2 && statesOf(mine, later.id).length === 2)
    expect(statesOf(theirs, later.id)).toEqual(['pending', 'withdrawn'])
    expect(statesOf(mine, review.id).at(-1)).toBe('withdrawn')
    expect(others).toEqual([])
    for (const socket of sockets) socket.terminate()
  })

  test('ends when its bearer is disabled or logs out, and when something is said on it', async () => {
    const one = await pair()
    const admin = await edge.logIn('admin', ['admins'])
    const watch = (token: string) => edge.webSocket(paths.reviewEvents, token)
    const [asker, decider, talker] = await Promise.all([one.asker, one.decider, admin].map(watch))
    const codes = [asker, decider, talker].map(async (socket) => (await once(socket!, 'close') as [number])[0])
    await edge.ask('POST', paths.disableUser(edge.userId(one.name)), { token: admin })
    await edge.ask('DELETE', paths.currentToken, { token: one.decider })
    talker!.send('approve all')
    const [disabled, loggedOut, talked] = await Promise.all(codes)
    expect(disabled).toBe(loggedOut)
    expect(talked).toBe(1003)
  })

  test('is limited to 32 of one person', async () => {
    const token = await edge.logIn('watcher')
    const sockets = await Promise.all(Array.from({ length: 32 }, () => edge.webSocket(paths.reviewEvents, token)))
    expect((await edge.refusal(paths.reviewEvents, token)).status).toBe(429)
    for (const socket of sockets) socket.terminate()
    await until('room', () => edge.webSocket(paths.reviewEvents, token).then(() => true, () => false))
  })
})

test('nothing of all this was a bug', () => {
  expect(edge.bugs).toEqual([])
})
