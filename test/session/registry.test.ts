// The registry where it races: what happens while an entry is being written, and what a failing part may not take with it.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Duplex, duplexPair } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AuditLog } from '../../server/audit/log.ts'
import type { Identity, Revocation, Verified } from '../../server/identity/identity.ts'
import { maskingSchema, protectSchema } from '../../server/policy/protect.ts'
import { parsePolicy, policySchema, type Policy } from '../../server/policy/rules.ts'
import type { Protocol, Session } from '../../server/protocols/protocol.ts'
import type { Reviews } from '../../server/review/reviews.ts'
import { createSecrets } from '../../server/secrets.ts'
import { createRegistry, type RegistryOptions, type SessionRegistry } from '../../server/session/registry.ts'
import { openState, type State } from '../../server/state/state.ts'
import { createCatalog } from '../../server/targets/catalog.ts'
import type { EntryFacts } from '../../shared/audit/entry.ts'
import type { OpenedSession } from '../../shared/api.ts'
import { GatewayError } from '../../shared/errors.ts'
import type { SessionEvent } from '../../shared/events.ts'
import { makeId } from '../../shared/id.ts'
import { until } from '../support/until.ts'

/** Writes at once, or when the test says so. */
class TestLog {
  readonly written: EntryFacts[] = []
  readonly #controller = new AbortController()
  readonly signal = this.#controller.signal
  #gate: Promise<void> = Promise.resolve()
  async append(facts: readonly EntryFacts[]): Promise<readonly number[]> {
    await this.#gate
    this.signal.throwIfAborted()
    return facts.map((one) => this.written.push(one) - 1)
  }

  note(facts: EntryFacts): void { this.written.push(facts) }
  async* read() { yield* this.written.map((facts, index) => ({ ...facts, index })) }
  hold(): () => void {
    let release = () => {}
    this.#gate = new Promise((resolve) => { release = resolve })
    return release
  }

  fail(reason: GatewayError): void { this.#controller.abort(reason) }
}

const ada: Verified = {
  principal: { issuer: 'https://idp.example', subject: 'ada', groups: [], kind: 'human' },
  login: 'l'.repeat(26),
  loginEndsAt: 10_000_000,
  expiresAt: 10_000_000,
  admin: false,
  auditor: false
}
const target = { protocol: 'test', address: 'localhost:1', tls: 'disable' as const, credential: { user: 'nobody' }, labels: {} }
const withProtection = (protect: unknown) =>
  parsePolicy(policySchema.parse([{ name: 'all', effects: ['read'], then: 'allow' }]), { rules: protectSchema.parse(protect), masking: maskingSchema.parse({}) })
const open1h = { name: 'PHI', columns: ['a.b.c'], except: { group: 'privacy', for: '1h' } }
const dana: Verified = { ...ada, principal: { ...ada.principal, subject: 'dana', groups: ['privacy'] } }

let folder: string
let state: State
let log: TestLog
let registry: SessionRegistry
let revoke: (revocation: Revocation) => void
let revoked: boolean
let time: number
/** By how much the wall clock was set. */
let set: number
let bugs: GatewayError[]
let serve: Protocol['serve']
let policy: Policy

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-registry-'))
  state = await openState({ path: join(folder, 'state.db') })
  log = new TestLog()
  time = 1_000_000
  set = 0
  revoked = false
  bugs = []
  policy = withProtection([])
  serve = async () => {}
  registry = start()
})
afterEach(async () => {
  await registry.close()
  state.close()
  await rm(folder, { recursive: true })
})

function start(limits: RegistryOptions['limits'] = { sessionsPerPrincipal: 3, connectionsPerSession: 2 }): SessionRegistry {
  const protocol: Protocol = {
    name: 'test',
    check: () => {},
    usage: () => ({ url: '', command: '', environment: {}, offline: { probes: [], errors: { unauthenticated: '', gateway_unreachable: '', session_ended: '' } } }),
    probe: () => Promise.resolve(''),
    serve: (client, session) => serve(client, session)
  }
  const identity: Pick<Identity, 'onRevoked' | 'recheck'> = {
    onRevoked(listener) {
      revoke = listener
      return () => {}
    },
    recheck() {
      if (revoked) throw new GatewayError('unauthenticated', 'revoked')
    }
  }
  return createRegistry({
    audit: log as unknown as AuditLog,
    state,
    catalog: createCatalog({ db: target }, [protocol], createSecrets(folder, {}, [])),
    identity: identity as Identity,
    // No rule here asks anybody.
    reviews: {} as Reviews,
    limits,
    now: () => time + set,
    policy: () => policy,
    elapsed: () => time,
    onBug: (error) => bugs.push(error)
  })
}

const answering = () => Promise.resolve(true)
const open = async (who = ada) => (await registry.open(who, { target: 'db' }, '127.0.0.1')).id
const kinds = () => log.written.map(({ kind }) => kind)
const failure = (promise: Promise<unknown>) => promise.then(() => { throw new Error('resolved') }, (error: unknown) => error as GatewayError)

describe('while session.start is being written', () => {
  test('whoever is disabled gets no session, and the log says that it ended', async () => {
    const release = log.hold()
    const opening = failure(open())
    revoked = true
    release()
    expect(await opening).toMatchObject({ code: 'unauthenticated' })
    expect(log.written).toMatchObject([{ kind: 'session.start' }, { kind: 'session.end', reason: 'unauthenticated', connections: 0 }])
    expect(registry.size).toBe(0)
    expect(state.sessions.list({})).toEqual([])
  })

  test('a gateway that begins to shut down opens nothing', async () => {
    const release = log.hold()
    const opening = failure(open())
    const closing = registry.close()
    release()
    expect(await opening).toMatchObject({ code: 'gateway_unreachable' })
    await closing
    expect(registry.size).toBe(0)
    expect(kinds()).toEqual(['session.start', 'session.end'])
  })

  test('the limit counts those on their way in', async () => {
    const release = log.hold()
    const asked = Array.from({ length: 5 }, () => open().then(() => 'opened', (error: GatewayError) => error.code))
    release()
    expect((await Promise.all(asked)).sort()).toEqual(['limit_exceeded', 'limit_exceeded', 'opened', 'opened', 'opened'])
    const other = { ...ada, principal: { ...ada.principal, subject: 'bob' } }
    expect(await open(other)).toMatch(/^[a-z0-9]{26}$/)
  })

  test('a state file that cannot be written refuses, and leaves no session behind', async () => {
    const insert = state.sessions.insert
    Object.assign(state.sessions, { insert: () => { throw new Error('disk full') } })
    await expect(open()).rejects.toThrow('disk full')
    Object.assign(state.sessions, { insert })
    expect(registry.size).toBe(0)
    expect(kinds()).toEqual(['session.start', 'session.end'])
    expect(await open()).toMatch(/^[a-z0-9]{26}$/)
  })
})

describe('a session ends', () => {
  test('of a killed gateway when the next one starts', async () => {
    const id = makeId(time, randomBytes(16))
    state.sessions.insert({ id, principal: ada.principal, target: 'db', startedAt: time - 5_000, firstEntry: 0 })
    const next = start()
    expect(state.sessions.get(id)).toMatchObject({ endReason: 'the gateway stopped without ending it' })
    expect(() => next.mayConnect(id, ada)).toThrow(expect.objectContaining({ code: 'session_ended' }) as Error)
    await next.close()
  })

  test('at the end of its login, to the millisecond of the sweep', async () => {
    const id = await open({ ...ada, loginEndsAt: time + 1_000 })
    const heard: string[] = []
    registry.subscribe(id, ada, (event) => heard.push(event.type))
    time += 999
    registry.sweep()
    expect(registry.size).toBe(1)
    time += 1
    registry.sweep()
    expect(registry.size).toBe(0)
    expect(heard).toEqual(['ended'])
  })

  test('when nobody has listened to it for half a minute, however the clock is set meanwhile', async () => {
    await open()
    for (const jump of [60_000, -60_000]) {
      set = jump
      registry.sweep()
      expect(registry.size).toBe(1)
    }
    time += 30_000
    registry.sweep()
    expect(registry.size).toBe(1)
    time += 1
    registry.sweep()
    expect(registry.size).toBe(0)
  })

  test('when its own login is revoked, not when another of the same person is', async () => {
    await open()
    const { issuer, subject } = ada.principal
    revoke({ issuer, subject, login: 'm'.repeat(26), reason: 'logged out' })
    expect(registry.size).toBe(1)
    revoke({ issuer, subject: 'bob', reason: 'disabled' })
    expect(registry.size).toBe(1)
    revoke({ issuer, subject, login: ada.login, reason: 'logged out' })
    expect(registry.size).toBe(0)
  })

  test('all of them when the audit log cannot be written, and nothing new opens', async () => {
    const id = await open()
    const reason = new GatewayError('audit_unavailable', 'no space left')
    log.fail(reason)
    expect(registry.size).toBe(0)
    await until('the end', () => state.sessions.get(id)?.endReason === 'no space left')
    expect(await failure(open())).toMatchObject({ code: 'audit_unavailable' })
  })

  test('with session.end as its last entry, after every connection\'s end', async () => {
    const id = await open()
    serve = (client, session) => new Promise((resolve) => {
      session.signal.addEventListener('abort', () => setTimeout(resolve, 30), { once: true })
      client.resume()
    })
    registry.connect(id, ada, duplexPair()[0], answering)
    registry.connect(id, ada, duplexPair()[0], answering)
    expect(() => registry.connect(id, ada, duplexPair()[0], answering)).toThrow(expect.objectContaining({ code: 'limit_exceeded' }) as Error)
    await registry.end(id, new GatewayError('session_ended', 'done'))
    expect(kinds()).toEqual(['session.start', 'connection.start', 'connection.start', 'connection.end', 'connection.end', 'session.end'])
    expect(state.sessions.get(id)).toMatchObject({ endReason: 'done', connections: 2, lastEntry: 5 })
  })

  test('even when a protocol does not let go: the client is cut off, and the end is written without it', async () => {
    const id = await open()
    let letGo = () => {}
    serve = () => new Promise((resolve) => { letGo = resolve })
    const [near, far] = duplexPair()
    registry.connect(id, ada, near, answering)
    const began = performance.now()
    const ended = registry.end(id, new GatewayError('unauthenticated', 'disabled'))
    await until('the client to be cut off', () => near.destroyed)
    expect(performance.now() - began).toBeLessThan(1_000)
    await ended
    expect(kinds().at(-1)).toBe('session.end')
    letGo()
    far.destroy()
    await until('the connection\'s own end', () => kinds().at(-1) === 'connection.end')
  })

  test('and a state file that fails meanwhile is told as a bug, not thrown at nobody', async () => {
    const id = await open()
    const end = state.sessions.end
    Object.assign(state.sessions, { end: () => { throw new Error('disk full') } })
    await registry.end(id, new GatewayError('session_ended', 'done'))
    Object.assign(state.sessions, { end })
    expect(bugs).toMatchObject([{ code: 'internal', cause: { message: 'disk full' } }])
  })
})

describe('a session opened with a reason', () => {
  const seen: Session[] = []
  const openClear = async (clear = 'INC-1', who = dana) => {
    const opened = await registry.open(who, { target: 'db', clear }, '127.0.0.1') as OpenedSession
    serve = (_, session) => { seen.push(session); return Promise.resolve() }
    registry.connect(opened.id, who, duplexPair()[0], answering)
    return { ...opened, protection: seen.at(-1)!.protection }
  }
  const exempt = (protection: Session['protection']) => protection()?.rules.map((rule) => rule.exempt)
  beforeEach(() => { policy = withProtection([open1h]) })

  test('is refused before anything is written, where the reason or the person is not right', async () => {
    const asked = (clear: string, who = dana) => failure(registry.open(who, { target: 'db', clear }, '127.0.0.1'))
    expect(await asked(' \t\n')).toMatchObject({ code: 'bad_request', message: expect.stringMatching(/empty/) as string })
    expect(await asked('x'.repeat(1_001))).toMatchObject({ code: 'bad_request', message: expect.stringMatching(/at most 1000/) as string })
    expect(await asked('INC-1', ada)).toMatchObject({ code: 'denied', message: expect.stringMatching(/no group/) as string })
    expect(await asked('INC-1', { ...dana, principal: { ...dana.principal, kind: 'agent' } })).toMatchObject({ code: 'denied' })
    expect(log.written).toEqual([])
    expect(registry.size).toBe(0)
  })

  test('says what is clear until when, in the log and to whoever asked; another of the same person is masked', async () => {
    const until = new Date(time + 3600_000).toISOString()
    const { clear, protection } = await openClear(' INC-1 ')
    expect(clear).toEqual([{ rule: 'PHI', until }])
    expect(log.written[0]).toMatchObject({ kind: 'session.start', exemption: { reason: 'INC-1', rules: [{ rule: 'PHI', until }] } })
    expect(exempt(protection)).toEqual([true])
    const other = await open(dana)
    expect(log.written.filter(({ kind }) => kind === 'session.start')[1]).not.toHaveProperty('exemption')
    registry.connect(other, dana, duplexPair()[0], answering)
    expect(exempt(seen.at(-1)!.protection)).toEqual([false])
  })

  test('is masked from its end on, and told so once: at once, or when somebody listens again', async () => {
    const { id, protection } = await openClear()
    const before = protection()
    const early: string[] = []
    const hush = registry.subscribe(id, dana, ({ type }) => early.push(type))
    time += 3600_000 - 1
    registry.sweep()
    expect(protection()).toBe(before)
    // Whoever begins to listen is told what is open.
    expect(early).toEqual(['activity'])
    hush()
    time += 1
    registry.sweep()
    const heard: SessionEvent[] = []
    registry.subscribe(id, dana, (event) => heard.push(event))
    expect(heard).toMatchObject([{ type: 'activity', whole: true }, { type: 'warning', message: expect.stringMatching(/masked from now on: the exemption from "PHI" has ended/) as string }])
    expect(exempt(protection)).toEqual([false])
    registry.sweep()
    expect(heard).toHaveLength(2)
    time -= 3600_000
    expect(exempt(protection)).toEqual([false])
  })

  test('is masked as soon as the policy says so, whatever it says later; what does not concern it changes nothing', async () => {
    const { protection } = await openClear()
    const before = protection()
    policy = parsePolicy(policySchema.parse([{ name: 'other', effects: ['read'], then: 'allow' }]), policy.protection)
    expect(protection()).toBe(before)
    policy = withProtection([{ ...open1h, except: { group: 'dpo', for: '1h' } }])
    expect(exempt(protection)).toEqual([false])
    policy = withProtection([open1h])
    expect(exempt(protection)).toEqual([false])
  })
})

describe('a connection', () => {
  test('whose protocol has a bug ends alone, and the bug is told', async () => {
    const id = await open()
    serve = () => Promise.reject(new TypeError('x is not a function'))
    const [near] = duplexPair()
    registry.connect(id, ada, near, answering)
    await until('its end', () => near.destroyed)
    expect(bugs).toMatchObject([{ code: 'internal', cause: { message: 'x is not a function' } }])
    expect(registry.size).toBe(1)
    expect(log.written.at(-1)).toMatchObject({ kind: 'connection.end', errorClass: 'internal' })
  })

  test('whose stream fails after the protocol stopped listening does not end the process', async () => {
    const id = await open()
    let finish = () => {}
    serve = () => new Promise((resolve) => { finish = resolve })
    const stream = new Duplex({ read() {}, write: (_c, _e, done) => done() })
    registry.connect(id, ada, stream, answering)
    stream.destroy(new Error('reset'))
    finish()
    await until('its end', () => kinds().at(-1) === 'connection.end')
  })
})

test('what is shown of a session is live while it is open, and the same entries afterwards', async () => {
  const id = await open()
  await registry.end(id, new GatewayError('session_ended', 'done'))
  const detail = await registry.detail(id)
  expect(detail).toMatchObject({ id, endReason: 'done', entries: [{ kind: 'session.start' }, { kind: 'session.end' }] })
  expect(detail).not.toHaveProperty('firstEntry')
  expect(await registry.detail('z'.repeat(26))).toBeUndefined()
})
