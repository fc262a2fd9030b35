import { PassThrough } from 'node:stream'
import { afterEach, expect, test } from 'vitest'
import type { Gateway } from '../../../cli/gateway.ts'
import { openVisit, type Visit, type VisitEvent } from '../../../cli/tunnel/visit.ts'
import type { OpenedSession, OpenSession } from '../../../shared/api.ts'
import { GatewayError } from '../../../shared/errors.ts'
import type { SessionEvent } from '../../../shared/events.ts'
import { TunnelClosed } from '../../../shared/tunnel.ts'
import { until } from '../../support/until.ts'

/** A gateway that does on demand what a real one does seldom: restarts, forgets, ends a session. */
class FakeGateway {
  number = 0
  readonly open = new Set<string>()
  readonly ended: string[] = []
  readonly asked: OpenSession[] = []
  failure: GatewayError | undefined
  #tell: ((event: SessionEvent) => void) | undefined
  #stop: ((error?: GatewayError) => void) | undefined

  readonly gateway = {
    openSession: async (request: OpenSession) => {
      this.#refuse()
      this.asked.push(request)
      const id = `session-${++this.number}`
      this.open.add(id)
      return { id } as OpenedSession
    },
    endSession: async (id: string) => { this.ended.push(id); this.open.delete(id) },
    connection: async (id: string) => {
      this.#refuse()
      if (!this.open.has(id)) throw new GatewayError('not_found', 'no such session')
      return new PassThrough()
    },
    events: async (id: string, signal: AbortSignal) => {
      this.#refuse()
      if (!this.open.has(id)) throw new GatewayError('not_found', 'no such session')
      const queue: SessionEvent[] = []
      let over: { error?: GatewayError } | undefined
      let wake = () => {}
      this.#tell = (event) => { queue.push(event); wake() }
      this.#stop = (error) => { over ??= error === undefined ? {} : { error }; wake() }
      signal.addEventListener('abort', () => this.#stop?.())
      return (async function* () {
        for (;;) {
          while (queue.length > 0) yield queue.shift()!
          if (over?.error !== undefined) throw over.error
          if (over !== undefined) return
          await new Promise<void>((resolve) => { wake = resolve })
        }
      })()
    }
  } as unknown as Gateway

  get listening(): boolean { return this.#tell !== undefined }
  tell(event: SessionEvent): void { this.#tell!(event) }
  /** The events socket breaks. */
  drop(closeCode = 1006): void { this.#stop!(new TunnelClosed(closeCode, '')) }
  /** Every session is forgotten, as by a gateway that was killed. */
  forget(): void { this.open.clear() }

  #refuse(): void { if (this.failure !== undefined) throw this.failure }
}

let visit: Visit | undefined
afterEach(() => visit?.close())

async function opened({ waitForLogin = true, request = { target: 'prod-db' } as OpenSession } = {}) {
  const fake = new FakeGateway()
  const events: VisitEvent[] = []
  visit = await openVisit({
    gateway: async () => fake.gateway,
    request,
    tell: (event) => events.push(event),
    waitForLogin,
    pauses: [5, 10]
  })
  await until('the events socket', () => fake.listening)
  const types = () => events.map(({ type }) => type)
  return { fake, events, types, visit }
}

test('a session that cannot be opened is told at once', async () => {
  const fake = new FakeGateway()
  fake.failure = new GatewayError('target_unknown', 'there is no such target')
  await expect(openVisit({ gateway: async () => fake.gateway, request: { target: 'x' }, tell: () => undefined, waitForLogin: true }))
    .rejects.toMatchObject({ code: 'target_unknown' })
})

test('a lost events socket comes back to the same session', async () => {
  const { fake, types, visit } = await opened()
  fake.drop()
  await until('the way back', () => types().includes('gateway.back'))
  expect(types()).toEqual(['gateway.lost', 'gateway.back'])
  expect(visit.opened.id).toBe('session-1')
})

test('a restarted gateway that forgot the session gets a new one', async () => {
  const { fake, events, types, visit } = await opened()
  fake.forget()
  fake.failure = new GatewayError('gateway_unreachable', 'nothing listens there')
  fake.drop()
  await until('it to be told', () => events.some((event) => event.type === 'gateway.lost' && event.reason === 'the connection was lost'))
  await expect(visit.connection()).rejects.toMatchObject({ code: 'gateway_unreachable' })
  fake.failure = undefined
  await until('the way back', () => types().includes('gateway.back'))
  expect(visit.opened.id).toBe('session-2')
  expect(await visit.connection()).toBeDefined()
})

test('a reason to see values in clear was given for one session: the next is masked, and that is told', async () => {
  const { fake, events, types } = await opened({ request: { target: 'prod-db', clear: 'INC-1' } })
  fake.drop()
  await until('the way back to the same session', () => types().includes('gateway.back'))
  expect(types()).toEqual(['gateway.lost', 'gateway.back'])
  fake.forget()
  fake.drop()
  await until('the new session', () => types().includes('warning'))
  expect(fake.asked).toEqual([{ target: 'prod-db', clear: 'INC-1' }, { target: 'prod-db' }])
  expect(events.at(-1)).toMatchObject({ type: 'warning', message: expect.stringMatching(/values are masked from now on/) as string })
})

test('a gateway that says it restarts is waited for, whatever else it said', async () => {
  const { fake, types, visit } = await opened()
  fake.tell({ type: 'ended', code: 'session_ended', reason: 'the gateway is shutting down' })
  fake.forget()
  fake.drop(1012)
  await until('the way back', () => types().includes('gateway.back'))
  expect(visit.opened.id).toBe('session-2')
})

test('a connection finds the session gone before the events socket does, and gets a new one', async () => {
  const { fake, visit } = await opened()
  fake.forget()
  expect(await visit.connection()).toBeDefined()
  expect(visit.opened.id).toBe('session-2')
})

test('a client that connects while away does not wait for the next try', async () => {
  const fake = new FakeGateway()
  visit = await openVisit({
    gateway: async () => fake.gateway,
    request: { target: 'prod-db' },
    tell: () => undefined,
    waitForLogin: true,
    pauses: [60_000]
  })
  await until('the events socket', () => fake.listening)
  fake.failure = new GatewayError('gateway_unreachable', 'away')
  fake.drop()
  await expect(visit.connection()).rejects.toMatchObject({ code: 'gateway_unreachable' })
  fake.failure = undefined
  expect(await visit.connection()).toBeDefined()
})

test('a session that somebody ended is over and not opened again', async () => {
  const { fake, visit } = await opened()
  fake.tell({ type: 'ended', code: 'session_ended', reason: 'an administrator ended the session' })
  fake.drop(4404)
  expect(await visit.over).toMatchObject({ code: 'session_ended', message: 'an administrator ended the session' })
  expect(fake.number).toBe(1)
  await expect(visit.connection()).rejects.toMatchObject({ code: 'session_ended' })
})

test('a login that ended is waited for, and clients are told to log in', async () => {
  const { fake, events, types, visit } = await opened()
  fake.failure = new GatewayError('unauthenticated', 'your login has ended', { hint: 'hoop login' })
  fake.forget()
  fake.tell({ type: 'ended', code: 'unauthenticated', reason: 'your login has ended', hint: 'hoop login' })
  fake.drop(4401)
  await until('it to be told', () => types().includes('gateway.lost'))
  expect(events.at(-1)).toMatchObject({ code: 'unauthenticated', hint: 'hoop login' })
  await expect(visit.connection()).rejects.toMatchObject({ code: 'unauthenticated' })
  fake.failure = undefined
  await until('the way back', () => types().includes('gateway.back'))
  expect(visit.opened.id).toBe('session-2')
})

test('a login nobody can make again ends it', async () => {
  const { fake, visit } = await opened({ waitForLogin: false })
  fake.tell({ type: 'ended', code: 'unauthenticated', reason: 'the token was revoked' })
  fake.drop(4401)
  expect(await visit.over).toMatchObject({ code: 'unauthenticated', message: 'the token was revoked' })
})

test('a target taken away while the gateway restarted ends it', async () => {
  const { fake, visit } = await opened()
  fake.forget()
  fake.failure = new GatewayError('gateway_unreachable', 'away')
  fake.drop()
  fake.failure = new GatewayError('target_unknown', 'there is no target "prod-db"')
  expect(await visit.over).toMatchObject({ code: 'target_unknown' })
})

test('an audit log that cannot be written is waited for', async () => {
  const { fake, types } = await opened()
  fake.forget()
  fake.tell({ type: 'ended', code: 'audit_unavailable', reason: 'the audit log cannot be written' })
  fake.drop(4503)
  await until('the way back', () => types().includes('gateway.back'))
})

test('one outage is told once for each reason, however often it is tried', async () => {
  const { fake, events, types } = await opened()
  let tries = 0
  const refused = new GatewayError('gateway_unreachable', 'away')
  Object.defineProperty(fake, 'failure', { get: () => { tries++; return tries > 20 ? undefined : refused }, configurable: true })
  fake.drop()
  await until('the way back', () => types().includes('gateway.back'))
  expect(types()).toEqual(['gateway.lost', 'gateway.lost', 'gateway.back'])
  expect(events.slice(0, 2)).toMatchObject([{ reason: 'the connection was lost' }, { reason: 'away' }])
})

test('the session\'s events are passed on', async () => {
  const { fake, events } = await opened()
  fake.tell({ type: 'connection.opened', connection: 1 })
  await until('the event', () => events.length === 1)
  expect(events).toEqual([{ type: 'connection.opened', connection: 1 }])
})

test('closing ends the session at the gateway, and nothing is tried again', async () => {
  const { fake, visit, types } = await opened()
  await visit.close()
  expect(fake.ended).toEqual(['session-1'])
  expect(await visit.over).toBeUndefined()
  expect(types()).toEqual([])
  await expect(visit.connection()).rejects.toMatchObject({ code: 'session_ended' })
})

test('closing while away does not wait for the gateway', async () => {
  const { fake, visit } = await opened()
  fake.failure = new GatewayError('gateway_unreachable', 'away')
  fake.drop()
  await until('it to be away', () => visit.connection().then(() => false, () => true))
  await visit.close()
  expect(await visit.over).toBeUndefined()
})
