// Who may do what, as a generated matrix: every row of the API's table, and both WebSockets, asked by everybody there is.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { routesOf } from '../../server/http/api.ts'
import { authorise, replayedAs, type Action } from '../../server/http/authorise.ts'
import type { ApiParts } from '../../server/http/route.ts'
import type { Verified } from '../../server/identity/identity.ts'
import { paths, type CreatedServiceToken, type ReviewSummary, type SessionSummary } from '../../shared/api.ts'
import { GatewayError } from '../../shared/errors.ts'
import { Edge } from './edge.ts'

/** `decider`: in a group that the owner's review asks; `service`: a service token of the owner's. */
type Asker = 'anonymous' | 'owner' | 'other' | 'decider' | 'service' | 'auditor' | 'admin' | 'disabled'
const askers: readonly Asker[] = ['anonymous', 'owner', 'other', 'decider', 'service', 'auditor', 'admin', 'disabled']

let edge: Edge
beforeAll(async () => { edge = await Edge.start({ sessionLimits: { sessionsPerPrincipal: 1000, connectionsPerSession: 10 } }) })
afterAll(() => edge.stop())

interface Scene {
  readonly token: string | undefined
  /** An open session of the owner's. */
  readonly session: string
  /** A service token of the owner's. */
  readonly serviceToken: string
  /** A pending review the owner asked for, and what a vote on it repeats. */
  readonly review: string
  readonly binding: string
  /** Somebody else again. */
  readonly bystander: string
}

let scenes = 0
async function scene(asker: Asker): Promise<Scene> {
  scenes++
  // Each scene its own, so that no scene's review is decided, and no window open, in another.
  const owner = await edge.logIn(`owner-${scenes}`)
  const session = await edge.open(owner)
  const serviceToken = await createToken(owner)
  const bystander = `bystander-${scenes}`
  await edge.logIn(bystander)
  const token = await tokenOf(asker, owner, serviceToken.secret)
  const asked = await edge.ask('POST', paths.sessions, { token: owner, body: { target: 'vault' } })
  const { id: review } = asked.body as ReviewSummary
  const { binding } = edge.reviews.show(edge.identity.verify(owner).principal, review)!
  return { token, session, serviceToken: serviceToken.id, review, binding, bystander: edge.userId(bystander) }
}

async function tokenOf(asker: Asker, owner: string, serviceSecret: string): Promise<string | undefined> {
  switch (asker) {
    case 'anonymous': return undefined
    case 'owner': return owner
    case 'other': return edge.logIn('other')
    case 'decider': return edge.logIn('decider', ['engineers', 'deciders'])
    case 'service': return serviceSecret
    case 'auditor': return edge.logIn('auditor', ['engineers', 'auditors'])
    case 'admin': return edge.logIn('admin', ['engineers', 'admins'])
    case 'disabled': {
      const gone = `gone-${scenes}`
      const token = await edge.logIn(gone)
      await edge.ask('POST', paths.disableUser(edge.userId(gone)), { token: await edge.logIn('admin', ['admins']) })
      return token
    }
  }
}

async function createToken(token: string): Promise<CreatedServiceToken> {
  const body = { name: 'job', targets: ['prod-db'], expiresInDays: 1, kind: 'service' }
  const reply = await edge.ask('POST', paths.serviceTokens, { token, body })
  // A person may have a hundred; this test makes more.
  for (const old of edge.identity.serviceTokens(edge.identity.verify(token)).slice(20)) await edge.ask('DELETE', paths.serviceToken(old.id), { token })
  return reply.body as CreatedServiceToken
}

const id = ':id{[a-z0-9]{26}}'
const targetName = ':id{[a-z0-9][a-z0-9._-]{0,62}}'
const entryIndex = ':id{[0-9]{1,15}}'
const all = (status: number) => Object.fromEntries(askers.map((asker) => [asker, status])) as Record<Asker, number>
/** A decider is somebody else like any other, but for reviews; an auditor, but for the audit log. */
const known = (statuses: Partial<Record<Asker, number>>) =>
  ({ anonymous: 401, disabled: 401, ...like(statuses.other), ...statuses })
const like = (other: number | undefined) => other === undefined ? {} : { decider: other, auditor: other }

/** The whole of what is allowed. A row without an entry fails. */
const expected: Record<string, Partial<Record<Asker, number>>> = {
  [`GET ${paths.discovery}`]: all(200),
  [`GET ${paths.health}`]: all(200),
  // The ID token it presents is nobody's.
  [`POST ${paths.tokens}`]: all(401),
  [`DELETE ${paths.currentToken}`]: known({ owner: 204, other: 204, service: 400, admin: 204 }),
  [`GET ${paths.whoami}`]: known({ owner: 200, other: 200, service: 200, admin: 200 }),
  [`GET ${paths.targets}`]: known({ owner: 200, other: 200, service: 200, admin: 200 }),
  // Of a target that all of them may open; of others below.
  [`POST ${paths.explain(targetName)}`]: known({ owner: 200, other: 200, service: 200, admin: 200 }),
  [`GET ${paths.sessions}`]: known({ owner: 200, other: 200, service: 200, admin: 200 }),
  [`POST ${paths.sessions}`]: known({ owner: 201, other: 201, service: 201, admin: 201 }),
  [`GET ${paths.session(id)}`]: known({ owner: 200, other: 404, service: 404, admin: 200 }),
  [`DELETE ${paths.session(id)}`]: known({ owner: 204, other: 404, service: 404, admin: 204 }),
  [`GET ${paths.recording(id)}`]: known({ owner: 200, other: 404, service: 404, auditor: 200, admin: 200 }),
  [`GET ${paths.follow(id)}`]: known({ owner: 426, other: 404, service: 404, auditor: 426, admin: 426 }),
  [`GET ${paths.sessionEvents(id)}`]: known({ owner: 426, other: 404, service: 404, admin: 404 }),
  [`GET ${paths.sessionConnections(id)}`]: known({ owner: 426, other: 404, service: 404, admin: 404 }),
  [`GET ${paths.reviews}`]: known({ owner: 200, other: 200, service: 200, admin: 200 }),
  [`GET ${paths.reviewEvents}`]: known({ owner: 426, other: 426, service: 426, admin: 426 }),
  [`GET ${paths.review(id)}`]: known({ owner: 200, decider: 200, other: 404, service: 404, admin: 200 }),
  // Four eyes: the owner sees it and may not; an admin was not asked.
  [`POST ${paths.approveReview(id)}`]: known({ owner: 403, decider: 200, other: 404, service: 404, admin: 403 }),
  [`POST ${paths.rejectReview(id)}`]: known({ owner: 403, decider: 200, other: 404, service: 404, admin: 403 }),
  [`POST ${paths.withdrawReview(id)}`]: known({ owner: 204, decider: 403, other: 404, service: 404, admin: 403 }),
  [`POST ${paths.reviewReason(id)}`]: known({ owner: 204, decider: 403, other: 404, service: 404, admin: 403 }),
  [`POST ${paths.expireReview(id)}`]: known({ owner: 403, decider: 403, other: 404, service: 404, admin: 204 }),
  [`GET ${paths.sealedEntry(entryIndex)}`]: known({ owner: 403, other: 403, service: 403, auditor: 200, admin: 200 }),
  // It is open: only then is it a conflict.
  [`POST ${paths.redactSession(id)}`]: known({ owner: 403, other: 403, service: 403, admin: 409 }),
  [`POST ${paths.serviceTokens}`]: known({ owner: 201, other: 201, service: 403, admin: 201 }),
  [`GET ${paths.serviceTokens}`]: known({ owner: 200, other: 200, service: 403, admin: 200 }),
  [`DELETE ${paths.serviceToken(id)}`]: known({ owner: 204, other: 404, service: 403, admin: 204 }),
  [`GET ${paths.auditPrunes}`]: known({ owner: 403, other: 403, service: 403, admin: 200 }),
  // Entries are not that old, and nothing is proposed: what an admin may, retention finds out.
  [`POST ${paths.auditPrunes}`]: known({ owner: 403, other: 403, service: 403, admin: 400 }),
  [`POST ${paths.confirmPrune(id)}`]: known({ owner: 403, other: 403, service: 403, admin: 404 }),
  [`GET ${paths.users}`]: known({ owner: 403, other: 403, service: 403, admin: 200 }),
  [`GET ${paths.auditExports}`]: known({ owner: 403, other: 403, service: 403, auditor: 200, admin: 200 }),
  [`POST ${paths.disableUser(id)}`]: known({ owner: 403, other: 403, service: 403, admin: 204 }),
  [`POST ${paths.enableUser(id)}`]: known({ owner: 403, other: 403, service: 403, admin: 204 })
}

const bodyFor = (path: string, { binding }: Scene): unknown => bodies[path] ?? {
  [paths.approveReview(id)]: { binding },
  [paths.rejectReview(id)]: { binding, reason: 'no' },
  [paths.reviewReason(id)]: { reason: 'because' },
  [paths.redactSession(id)]: { reason: 'because' }
}[path]

const bodies: Record<string, unknown> = {
  [paths.tokens]: { grant: 'id_token', idToken: 'eyJhbGciOiJub25lIn0.e30.' },
  [paths.sessions]: { target: 'prod-db' },
  [paths.explain(targetName)]: { statement: 'SELECT 1' },
  [paths.auditPrunes]: { before: '2100-01-01T00:00:00Z', reason: 'six years are over' },
  [paths.serviceTokens]: { name: 'another', targets: ['prod-db'], expiresInDays: 1, kind: 'agent' }
}

const table = routesOf({ sessions: { owner: () => undefined }, reviews: {} } as unknown as ApiParts)
const cells = table.flatMap(({ method, path }) => askers.map((asker) => ({ method, path, asker, status: expected[`${method} ${path}`]?.[asker] })))

function idFor(path: string, { session, serviceToken, review, bystander }: Scene): string {
  if (path.startsWith('/v1/reviews')) return review
  if (path.startsWith('/v1/sessions')) return session
  if (path.startsWith('/v1/targets')) return 'prod-db'
  if (path.startsWith('/v1/audit/entries')) return '0'
  return path.startsWith('/v1/service-tokens') ? serviceToken : bystander
}

describe('the API', () => {
  test('has a row for every path the contract lists', () => {
    const placeOf = (path: unknown) => path === paths.explain ? targetName : path === paths.sealedEntry ? entryIndex : id
    const listed = Object.values(paths).map((path) => typeof path === 'string' ? path : path(placeOf(path)))
    expect([...new Set(table.map(({ path }) => path))].sort()).toEqual([...new Set(listed)].sort())
  })

  test.each(cells)('$method $path, asked by $asker: $status', async ({ method, path, asker, status }) => {
    const set = await scene(asker)
    const payload = bodyFor(path, set)
    const body = method === 'POST' && payload !== undefined ? { body: payload } : {}
    const about = idFor(path, set)
    const place = path.replace(id, about).replace(targetName, about).replace(entryIndex, about)
    const reply = await edge.ask(method, place, { token: set.token, ...body })
    expect(reply.status).toBe(status)
    if (status === 404) {
      const nowhere = await edge.ask(method, path.replace(id, 'z'.repeat(26)), { token: set.token })
      expect(nowhere.text, 'somebody else\'s looks like one that does not exist').toBe(reply.text)
    }
  })

  test('shows each their own sessions, and admins all, whatever the filter asks for', async () => {
    const { token: owner, session } = await scene('owner')
    const other = await edge.logIn('other')
    const theirs = await edge.open(other)
    const admin = await edge.logIn('admin', ['admins'])
    const listed = async (token: string, query = '') =>
      ((await edge.ask('GET', `${paths.sessions}${query}`, { token })).body as SessionSummary[]).map((row) => row.id)
    expect(await listed(owner!)).toContain(session)
    expect(await listed(owner!)).not.toContain(theirs)
    expect(await listed(owner!, '?user=other')).toEqual([])
    expect(await listed(admin, '?limit=1000')).toEqual(expect.arrayContaining([session, theirs]))
    expect(await listed(admin, '?user=other@example.com&limit=1000')).not.toContain(session)
  })
})

describe('explaining a statement', () => {
  const explained = async (token: string, target: string, body: unknown = { statement: 'SELECT 1' }) =>
    edge.ask('POST', paths.explain(target), { token, body })

  test('of a target one may not open is refused exactly as of one that does not exist', async () => {
    const engineer = await edge.logIn('owner')
    const hidden = await explained(engineer, 'secret')
    const nowhere = await explained(engineer, 'nothing')
    expect(hidden).toMatchObject({ status: 404, body: { code: 'target_unknown' } })
    expect(hidden.text.replaceAll('secret', 'nothing')).toBe(nowhere.text)
    expect((await explained(await edge.logIn('guest', []), 'prod-db')).status).toBe(404)
  })

  test('of a target that opens after a review is refused until it was given', async () => {
    const { token, review, binding } = await scene('owner')
    const refused = { code: 'denied', detail: expect.stringContaining('review') as string }
    expect(await explained(token!, 'vault')).toMatchObject({ status: 403, body: refused })
    const decider = await edge.logIn('decider', ['engineers', 'deciders'])
    await edge.ask('POST', paths.approveReview(review), { token: decider, body: { binding } })
    expect((await explained(token!, 'vault')).status).toBe(200)
  })

  test('by a service token reaches its own targets only', async () => {
    const { secret } = await createToken(await edge.logIn('owner'))
    expect((await explained(secret, 'prod-db')).status).toBe(200)
    expect((await explained(secret, 'prod-dw')).status).toBe(404)
  })

  test('is written down before it is told, without its constants', async () => {
    const token = await edge.logIn('owner')
    expect((await explained(token, 'prod-db', { statement: 'secret-4711' })).body).toMatchObject({
      target: 'prod-db',
      protected: false,
      statements: [{ verb: 'SELECT', decision: { action: 'allow', rule: 'engineers read' } }]
    })
    const entry = (await edge.entries()).findLast(({ kind }) => kind === 'admin')
    expect(entry).toMatchObject({ action: 'policy.explain', actor: { subject: 'owner' }, detail: expect.stringMatching(/^prod-db: redacted \(sha256 [0-9a-f]{64}\)$/) as string })
    expect(JSON.stringify(entry)).not.toContain('4711')
  })

  test.each([[{}], [{ statement: '' }], [{ statement: 'SELECT 1', target: 'prod-db' }], [{ statement: 1 }]])('refuses the body %j', async (body) => {
    expect(await explained(await edge.logIn('owner'), 'prod-db', body)).toMatchObject({ status: 400, body: { code: 'bad_request' } })
  })
})

describe('the WebSockets of a session', () => {
  const sockets = [paths.sessionEvents, paths.sessionConnections, paths.follow]
  const upgrades = sockets.flatMap((path) => askers.map((asker) => ({ path: path(':id'), asker })))
  const closed: Partial<Record<Asker, number>> = { ...known({ other: 404, service: 404, admin: 404 }) }
  const toLookOn: Partial<Record<Asker, number>> = { ...known({ other: 404, service: 404 }), auditor: undefined }

  test.each(upgrades)('$path, asked by $asker', async ({ path, asker }) => {
    const refusals = path === paths.follow(':id') ? toLookOn : closed
    const { token, session } = await scene(asker)
    if (refusals[asker] === undefined) {
      const socket = await edge.webSocket(path.replace(':id', session), token)
      expect(socket.readyState).toBe(1)
      return
    }
    const reply = await edge.refusal(path.replace(':id', session), token)
    expect(reply).toMatchObject({ status: refusals[asker], body: { type: 'about:blank', status: refusals[asker] } })
    expect(reply.headers['content-type']).toBe('application/problem+json')
    const nowhere = await edge.refusal(path.replace(':id', 'z'.repeat(26)), token)
    expect(nowhere.text).toBe(reply.text)
  })

  test('a service token rides its own session, and a second one of the same owner does not', async () => {
    const owner = await edge.logIn('owner')
    const [mine, second] = [await createToken(owner), await createToken(owner)]
    const session = await edge.open(mine.secret)
    expect((await edge.webSocket(paths.sessionEvents(session), mine.secret)).readyState).toBe(1)
    expect((await edge.refusal(paths.sessionEvents(session), second.secret)).status).toBe(404)
    expect((await edge.refusal(paths.sessionConnections(session), owner)).status).toBe(404)
  })

  test('an owner learns why a session of theirs is gone; others do not', async () => {
    const { token, session } = await scene('owner')
    const other = await edge.logIn('other')
    await edge.ask('DELETE', paths.session(session), { token })
    const body = { code: 'session_ended', detail: 'closed by its owner' }
    expect(await edge.refusal(paths.sessionEvents(session), token)).toMatchObject({ status: 410, body })
    expect((await edge.refusal(paths.sessionEvents(session), other)).status).toBe(404)
  })
})

/** Asked without a listener in front of it. */
function authorised(...asked: Parameters<typeof authorise>): boolean {
  try {
    authorise(...asked)
    return true
  } catch (error) {
    expect(error).toBeInstanceOf(GatewayError)
    return false
  }
}

describe('the audit log', () => {
  const who = (kind: 'human' | 'service' | 'agent', rights: { admin?: boolean, auditor?: boolean }) =>
    ({ admin: false, auditor: false, ...rights, principal: { kind, issuer: 'i', subject: 's', groups: [] } }) as unknown as Verified

  test.each([
    ['nobody else', who('human', {}), false, false],
    ['an auditor', who('human', { auditor: true }), true, false],
    ['an admin', who('human', { admin: true }), true, true],
    ['an auditor\'s service token', who('service', { auditor: true }), false, false],
    ['an admin\'s agent', who('agent', { admin: true }), false, false]
  ])('%s', (_, asker, reads, manages) => {
    expect({ reads: authorised(asker, 'audit.read'), manages: authorised(asker, 'audit.manage') }).toEqual({ reads, manages })
  })
})

test('where people may not see their own sessions again, auditors may, theirs included', () => {
  const mine = { issuer: 'i', subject: 's' }
  const who = (auditor: boolean) => ({ admin: false, auditor, principal: { kind: 'human', ...mine, groups: [] } }) as unknown as Verified
  const may = (auditor: boolean, own: boolean, object = mine) => authorised(who(auditor), 'session.replay', replayedAs(object, who(auditor), own))
  expect([may(false, false), may(false, true), may(true, false), may(true, true)]).toEqual([false, true, true, true])
  expect([may(false, true, { issuer: 'i', subject: 'x' }), may(true, false, { issuer: 'i', subject: 'x' })]).toEqual([false, true])
})

test('an action nobody listed is nobody\'s', () => {
  const admin = { admin: true, principal: { kind: 'human', issuer: 'i', subject: 's', groups: [] } } as unknown as Verified
  for (const action of ['sessions.burn', 'constructor', '__proto__']) {
    expect(() => authorise(admin, action as Action)).toThrow(expect.objectContaining({ code: 'forbidden' }) as Error)
  }
})
