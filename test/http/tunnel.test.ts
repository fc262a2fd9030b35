// The two WebSockets of a session: how an upgrade is refused, what may travel, what ends them and what does not.
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type WebSocket from 'ws'
import { paths } from '../../shared/api.ts'
import type { SessionEvent } from '../../shared/events.ts'
import { closeCodes } from '../../shared/tunnel.ts'
import { until } from '../support/until.ts'
import { Edge, startingEdges } from './edge.ts'

let edge: Edge
let token: string
let session: string
beforeAll(async () => {
  edge = await Edge.start()
  token = await edge.logIn('ada')
  session = await edge.open(token)
})
afterAll(() => edge.stop())

const start = startingEdges()

const connections = () => paths.sessionConnections(session)
const closeCode = async (socket: WebSocket) => (await once(socket, 'close') as [number])[0]

/** Sends `text` and waits for it to come back. */
async function echo(stream: Duplex, text: string): Promise<string> {
  stream.write(text)
  let answer = ''
  while (answer.length < text.length) answer += String((await once(stream, 'data') as [Buffer])[0])
  return answer
}

function eventsOf(socket: WebSocket): SessionEvent[] {
  const events: SessionEvent[] = []
  socket.on('message', (text) => events.push(JSON.parse(String(text as Buffer)) as SessionEvent))
  return events
}

describe('an upgrade is refused', () => {
  test('with an Origin, whoever asks: that is a web page', async () => {
    const origins: Record<string, string>[] = [{ origin: 'https://evil.example' }, { origin: 'null' }, { 'sec-websocket-origin': 'https://evil.example' }]
    for (const headers of origins) {
      expect(await edge.refusal(connections(), token, { headers })).toMatchObject({ status: 403, body: { code: 'forbidden' } })
    }
  })

  test('with the token in the query or a cookie', async () => {
    expect((await edge.refusal(`${connections()}?access_token=${token}`, undefined)).status).toBe(404)
    expect((await edge.refusal(`${connections()}?access_token=${token}`, token)).status).toBe(404)
    expect((await edge.refusal(connections(), undefined, { headers: { cookie: `token=${token}` } })).status).toBe(401)
  })

  test.each(['/v1/sessions', '/health', `/v1/sessions/${'a'.repeat(25)}/events`, `/v1/sessions/${'a'.repeat(25)}%61/events`, '/v1/sessions/../connections', '/idp/x'])(
    'on %s',
    async (path) => {
      expect(await edge.refusal(path, token)).toMatchObject({ status: 404, body: { code: 'not_found' } })
    }
  )

  test('for another protocol, or a broken handshake', async () => {
    const headers = { authorization: `Bearer ${token}`, connection: 'Upgrade' }
    for (const upgrade of ['h2c', 'websocket', 'tcp']) {
      expect(await edge.exchange('GET', connections(), { ...headers, upgrade })).toMatchObject({ status: 400, body: { code: 'bad_request' } })
    }
  })

  test('beyond as many connections as a session may have, in HTTP', async () => {
    const one = await start({ sessionLimits: { sessionsPerPrincipal: 2, connectionsPerSession: 2 } })
    const mine = await one.logIn('ada')
    const id = await one.open(mine)
    const first = await one.connect(id, mine)
    await one.connect(id, mine)
    expect(await one.refusal(paths.sessionConnections(id), mine)).toMatchObject({ status: 429, body: { code: 'limit_exceeded' } })
    first.end()
    first.resume()
    await until('room for another', () => one.connect(id, mine).then(() => true, () => false))
    await one.open(mine)
    expect(await one.ask('POST', paths.sessions, { token: mine, body: { target: 'prod-db' } })).toMatchObject({ status: 429 })
  })
})

describe('a connection', () => {
  test('carries bytes to the protocol and back, each through the gate', async () => {
    const stream = await edge.connect(session, token)
    expect(await echo(stream, 'SELECT 1')).toBe('SELECT 1')
    const entries = await edge.entries()
    expect(entries.some((entry) => entry.kind === 'statement.intent' && entry.session === session)).toBe(true)
    stream.destroy()
  })

  test('does not take an offer of compression', async () => {
    const socket = await edge.webSocket(connections(), token, { perMessageDeflate: true })
    expect(socket.extensions).toBe('')
    socket.terminate()
  })

  test('ends at a frame over 1 MiB, a text frame and a frame in a thousand pieces; the session lives on', async () => {
    const attacks: ((socket: WebSocket) => void)[] = [
      (socket) => socket.send(Buffer.alloc(1024 * 1024 + 1)),
      (socket) => socket.send('SELECT 1'),
      (socket) => { for (let i = 0; i < 3; i++) socket.send(Buffer.alloc(512 * 1024), { fin: false }) }
    ]
    for (const attack of attacks) {
      const socket = await edge.webSocket(connections(), token)
      socket.on('error', () => {})
      const code = closeCode(socket)
      attack(socket)
      expect(['protocol_violation', 'limit_exceeded', 'gateway_unreachable']).toContain(closeCodes[await code]?.code)
    }
    const stream = await edge.connect(session, token)
    expect(await echo(stream, 'SELECT 2')).toBe('SELECT 2')
    stream.destroy()
    expect(edge.bugs).toEqual([])
  })

  test('that fails in the protocol closes with the reason\'s code, and the events say so', async () => {
    const id = await edge.open(token)
    const events = eventsOf(await edge.webSocket(paths.sessionEvents(id), token))
    const stream = await edge.connect(id, token)
    const failed = once(stream, 'error')
    stream.resume().write('DROP TABLE patients')
    expect((await failed)[0]).toMatchObject({ code: 'denied', closeCode: 4403 })
    await until('the events', () => events.some((event) => event.type === 'connection.closed'))
    expect(events.map((event) => event.type)).toEqual(['connection.opened', 'denied', 'connection.closed'])
    expect(events[1]).toMatchObject({ statement: 'DROP TABLE patients' })
  })

  test('to a reader that does not read keeps the gateway\'s memory bounded, and is not ended for it', async () => {
    let written = 0
    const one = await start({
      limits: { pingMilliseconds: 30, missedPings: 2 },
      protocol: {
        async serve(client) {
          const chunk = Buffer.alloc(64 * 1024)
          while (written < 200 * 1024 * 1024 && !client.destroyed) {
            written += chunk.length
            if (!client.write(chunk)) await once(client, 'drain').catch(() => {})
          }
          client.end()
        }
      }
    })
    const mine = await one.logIn('ada')
    const socket = await one.webSocket(paths.sessionConnections(await one.open(mine)), mine)
    socket.pause()
    let before = -1
    let still = 0
    await until('the writer to rest', () => {
      still = written === before ? still + 1 : 0
      before = written
      return still > 20
    })
    expect(written).toBeLessThan(32 * 1024 * 1024)
    let received = 0
    socket.on('message', (data: Buffer) => { received += data.length })
    const code = closeCode(socket)
    socket.resume()
    expect(await code).toBe(1000)
    expect(received).toBe(200 * 1024 * 1024)
  })

  test('whose other side silently went is ended after three unanswered pings', async () => {
    const one = await start({ limits: { pingMilliseconds: 20, missedPings: 3 } })
    const mine = await one.logIn('ada')
    const id = await one.open(mine)
    const socket = await one.webSocket(paths.sessionConnections(id), mine, { autoPong: false })
    expect(await closeCode(socket)).toBe(1006)
    await until('the end in the log', async () => (await one.entries()).some((entry) => entry.kind === 'connection.end' && entry.session === id))
  })

  test('that answers pings stays', async () => {
    const one = await start({ limits: { pingMilliseconds: 5, missedPings: 2 } })
    const mine = await one.logIn('ada')
    const socket = await one.webSocket(paths.sessionConnections(await one.open(mine)), mine)
    let pings = 0
    socket.on('ping', () => pings++)
    await until('twenty pings', () => pings >= 20)
    expect(socket.readyState).toBe(1)
  })
})

describe('the events', () => {
  test('are not for talking: anything said there closes it', async () => {
    for (const said of ['{"type":"ended"}', Buffer.alloc(10), 'x'.repeat(5_000)]) {
      const socket = await edge.webSocket(paths.sessionEvents(session), token)
      const code = closeCode(socket)
      socket.send(said)
      expect([1003, 1009]).toContain(await code)
    }
  })

  test('are for eight listeners a session', async () => {
    const id = await edge.open(token)
    const sockets = await Promise.all(Array.from({ length: 8 }, () => edge.webSocket(paths.sessionEvents(id), token)))
    expect(await edge.refusal(paths.sessionEvents(id), token)).toMatchObject({ status: 429 })
    sockets[0]!.terminate()
    await until('room for another', () => edge.webSocket(paths.sessionEvents(id), token).then(() => true, () => false))
  })

  test('may drop and come back within 30 s; then the session is ended', async () => {
    const one = await start()
    const mine = await one.logIn('ada')
    const id = await one.open(mine)
    const open = () => one.sessions.size === 1
    const drop = async (socket: WebSocket) => {
      socket.close()
      await closeCode(socket)
      // Its last word has reached the gateway once another session can be had there.
      await one.ask('GET', paths.health)
    }
    await drop(await one.webSocket(paths.sessionEvents(id), mine))
    one.skipped += 29_000
    one.sessions.sweep()
    expect(open()).toBe(true)
    const back = await one.webSocket(paths.sessionEvents(id), mine)
    one.skipped += 120_000
    one.sessions.sweep()
    expect(open()).toBe(true)
    await drop(back)
    one.skipped += 31_000
    one.sessions.sweep()
    expect(open()).toBe(false)
    expect(await one.refusal(paths.sessionEvents(id), mine)).toMatchObject({ status: 410 })
  })

  test('never opened: the session is ended as well', async () => {
    const one = await start()
    await one.open(await one.logIn('ada'))
    one.skipped += 31_000
    one.sessions.sweep()
    expect(one.sessions.size).toBe(0)
  })
})

describe('whoever is disabled', () => {
  test('loses sessions, connections and events at once, told why in the protocol, whether they listen or not', async () => {
    const admin = await edge.logIn('root', ['admins'])
    const mine = await edge.logIn('leaver')
    const id = await edge.open(mine)
    const eventSocket = await edge.webSocket(paths.sessionEvents(id), mine)
    const events = eventsOf(eventSocket)
    const stream = await edge.connect(id, mine)
    const deaf = await edge.webSocket(paths.sessionConnections(id), mine)
    deaf.pause()
    await echo(stream, 'SELECT 1')
    let heard = ''
    stream.on('data', (chunk) => { heard += String(chunk) })
    const gone = [once(stream, 'close'), once(eventSocket, 'close') as Promise<[number]>] as const
    const others = await edge.connect(session, token)

    const began = performance.now()
    expect((await edge.ask('POST', paths.disableUser(edge.userId('leaver')), { token: admin })).status).toBe(204)
    const [, [code]] = await Promise.all(gone)
    await until('the last entry', async () => (await edge.entries()).some((entry) => entry.kind === 'session.end' && entry.session === id))
    expect(performance.now() - began).toBeLessThan(1_000)

    expect(heard).toBe('FATAL your access was ended by an administrator\n')
    expect(events.at(-1)).toMatchObject({ type: 'ended', code: 'unauthenticated' })
    expect(code).toBe(4401)
    expect(await edge.refusal(paths.sessionConnections(id), mine)).toMatchObject({ status: 401 })
    expect((await edge.ask('GET', paths.whoami, { token: mine })).status).toBe(401)
    expect(await echo(others, 'SELECT 1'), 'nobody else notices').toBe('SELECT 1')
    others.destroy()
    deaf.terminate()
  })

  test('loses what runs under their service tokens, too', async () => {
    const mine = await edge.logIn('owner-who-leaves')
    const { body } = await edge.ask('POST', paths.serviceTokens, { token: mine, body: { name: 'ci', targets: ['prod-db'], expiresInDays: 1, kind: 'service' } })
    const { secret } = body as { secret: string }
    const socket = await edge.webSocket(paths.sessionEvents(await edge.open(secret)), secret)
    const code = closeCode(socket)
    await edge.ask('POST', paths.disableUser(edge.userId('owner-who-leaves')), { token: await edge.logIn('root', ['admins']) })
    expect(await code).toBe(4401)
    expect((await edge.ask('GET', paths.targets, { token: secret })).status).toBe(401)
  })
})
