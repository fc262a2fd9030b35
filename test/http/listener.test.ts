// The port itself, attacked as a stranger would: before anybody has said who they are.
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { GatewayError } from '../../shared/errors.ts'
import { paths, type ApiProblem } from '../../shared/api.ts'
import { TestAuthority } from '../support/certificates.ts'
import { until } from '../support/until.ts'
import { Edge, startingEdges } from './edge.ts'

let edge: Edge
const start = startingEdges()

async function closed(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  // What is written behind the listener's back is answered by a reset: closed, too.
  socket.on('error', () => undefined)
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
  return Buffer.concat(chunks).toString()
}

const deadlineMilliseconds = 300
const slow = { deadlineMilliseconds, requestMilliseconds: 300 }

describe('a stranger who takes their time is cut off at the deadline', () => {
  test('having said nothing', async () => {
    const began = performance.now()
    const socket = await (await start({ limits: slow })).raw()
    await closed(socket)
    expect(performance.now() - began).toBeLessThan(5_000)
  })

  test.each(['GET', 'GET /health HTTP/1.1\r\nHost: x\r\n', 'GET /health HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgr'])('having said %j', async (head) => {
    const socket = await (await start({ limits: slow })).raw()
    socket.write(head)
    await closed(socket)
  })

  test('sending a byte now and then', async () => {
    const socket = await (await start({ limits: slow })).raw()
    socket.write('GET / HTTP/1.1\r\nX: ')
    const drip = setInterval(() => socket.write('x'), 20)
    await closed(socket)
    clearInterval(drip)
  })

  test('in the middle of a body', async () => {
    const one = await start({ limits: slow })
    const socket = await one.raw()
    socket.write(`POST ${paths.tokens} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"gra`)
    const answer = await closed(socket)
    expect(answer === '' || /^HTTP\/1\.1 4/.test(answer)).toBe(true)
    expect(one.bugs).toEqual([])
  })

  test('after a complete answer: an idle connection is not kept for long, nor counted as a stranger', async () => {
    const one = await start({ limits: { ...slow, strangersPerAddress: 1 } })
    const first = await one.raw()
    first.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(first, 'data')
    const second = await one.raw()
    second.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n')
    expect(String((await once(second, 'data'))[0])).toMatch(/^HTTP\/1\.1 200/)
  })

  test('in the TLS handshake', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hoop-listener-'))
    try {
      const { cert, key } = new TestAuthority(folder).issue('localhost', 'IP:127.0.0.1')
      const one = await start({ tls: { cert, key }, limits: slow })
      const socket = await one.raw()
      socket.write(Buffer.from([0x16, 0x03, 0x01]))
      await closed(socket)
      expect((await one.ask('GET', paths.health)).headers['strict-transport-security']).toBeDefined()
      const handshaken = connectTls({ port: one.listener.port, host: '127.0.0.1', rejectUnauthorized: false })
      await once(handshaken, 'secureConnect')
      await closed(handshaken)
      const old = connectTls({ port: one.listener.port, host: '127.0.0.1', rejectUnauthorized: false, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })
      const [refused] = await once(old, 'error') as [Error]
      expect(refused.message).toMatch(/version|alert|disconnected/i)
      const token = await one.logIn('ada')
      const session = await one.open(token)
      expect((await one.webSocket(paths.sessionEvents(session), token)).readyState).toBe(1)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('one address', () => {
  test('has only so many connections that have not said anything; the operator is told once', async () => {
    const one = await start({ limits: { strangersPerAddress: 3 } })
    const patient = await Promise.all([one.raw(), one.raw(), one.raw()])
    await until('all three accepted', () => one.logged.length === 0)
    await closed(await one.raw())
    await closed(await one.raw())
    expect(one.logged.filter(({ level }) => level === 'warn')).toHaveLength(1)
    patient[0]!.destroy()
    await until('room again', async () => (await one.ask('GET', paths.health).catch(() => undefined))?.status === 200)
  })

  test('is the one the connection comes from, whatever the headers claim', async () => {
    const one = await start()
    await one.ask('POST', paths.tokens, {
      body: { grant: 'refresh', refreshToken: 'nobody' },
      headers: { 'x-forwarded-for': '6.6.6.6', forwarded: 'for=6.6.6.6', 'x-real-ip': '6.6.6.6' }
    })
    await until('the login entry', async () => (await one.entries()).some((entry) => entry.kind === 'login'))
    expect((await one.entries()).find((entry) => entry.kind === 'login')).toMatchObject({ source: '127.0.0.1', accepted: false })
  })
})

describe('what is no request', () => {
  beforeAll(async () => { edge = await Edge.start() })
  afterAll(() => edge.stop())

  const cases: [string, number, string][] = [
    ['garbage', 400, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n'],
    ['two lengths', 400, 'POST /v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
    ['a length and chunks', 400, 'POST /v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a header line without end', 431, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}`],
    ['an odd Host', 400, 'GET /health HTTP/1.1\r\nHost: a b/..\r\nConnection: close\r\n\r\n']
  ]
  test.each(cases)('%s is answered with %i and a problem', async (_, status, text) => {
    const socket = await edge.raw()
    socket.write(text, 'latin1')
    const answer = await closed(socket)
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect((JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as ApiProblem).status).toBe(status)
    expect(edge.bugs).toEqual([])
  })

  test('no Host is answered with 400', async () => {
    const socket = await edge.raw()
    socket.write('GET /health HTTP/1.1\r\n\r\n')
    expect(await closed(socket)).toMatch(/^HTTP\/1\.1 400 /)
  })

  test('a proxy request is no way to anywhere', async () => {
    const socket = await edge.raw()
    socket.write('CONNECT db.internal:5432 HTTP/1.1\r\nHost: db.internal:5432\r\n\r\n')
    expect(await closed(socket)).not.toMatch(/^HTTP\/1\.1 2/)
    const absolute = await edge.raw()
    absolute.write('GET http://db.internal/secret HTTP/1.1\r\nHost: db.internal\r\nConnection: close\r\n\r\n')
    expect(await closed(absolute)).toMatch(/^HTTP\/1\.1 404 /)
  })
})

describe('the embedded provider', () => {
  const handler = (request: IncomingMessage, response: ServerResponse) => { response.end(`provider ${request.url}`) }

  test('gets what begins with its prefix, as it came, and nothing else', async () => {
    const one = await start({ embedded: { prefix: '/idp', handler } })
    for (const path of ['/idp', '/idp/auth?x=1', '/idp?y', '/idp/../v1/users']) expect((await one.ask('GET', path)).text).toBe(`provider ${path}`)
    for (const path of ['/idpx', '/v1/../idp/auth', '//idp', '/IDP']) {
      const reply = await one.ask('GET', path)
      expect(reply.status, path).toBe(404)
    }
  })
})

/** The log of `one` cannot be written any more. @returns why */
function fail(one: Edge): string {
  const message = 'the audit log cannot be written: no space left on the disk'
  const signal = AbortSignal.abort(new GatewayError('audit_unavailable', message))
  Object.defineProperty(one.audit, 'signal', { get: () => signal })
  return message
}

test('once the audit log cannot be written nobody is let in any more, and people can still be shut out', async () => {
  const one = await start()
  const [ada, root] = [await one.logIn('ada'), await one.logIn('root', ['admins'])]
  const message = fail(one)
  await expect(one.logIn('bob')).rejects.toThrow(message)
  const problem = { status: 503, body: { code: 'audit_unavailable', detail: message } }
  const token = { name: 'ci', targets: ['db'], kind: 'service', expiresInDays: 1 }
  expect(await one.ask('POST', paths.serviceTokens, { token: root, body: token })).toMatchObject(problem)
  expect(await one.ask('POST', paths.enableUser(one.userId('ada')), { token: root })).toMatchObject(problem)
  expect(await one.ask('GET', paths.whoami, { token: ada })).toMatchObject({ status: 200 })
  expect(await one.ask('POST', paths.disableUser(one.userId('ada')), { token: root })).toMatchObject({ status: 204 })
  expect(await one.ask('GET', paths.whoami, { token: ada })).toMatchObject({ status: 401 })
  expect(await one.ask('DELETE', paths.currentToken, { token: root })).toMatchObject({ status: 204 })
})

describe('health', () => {
  test('is 503 with the reason once the audit log cannot be written, and sessions are gone', async () => {
    const one = await start()
    const token = await one.logIn('ada')
    await one.open(token)
    expect((await one.ask('GET', paths.health)).body).toEqual({ status: 'ok', version: '0.0.0', sessions: 1 })
    const reason = fail(one)
    expect(await one.ask('GET', paths.health)).toMatchObject({ status: 503, body: { status: 'refusing', reason } })
  })

  test('is 503 with the name of a strict sink that keeps statements waiting, and 200 again afterwards', async () => {
    const one = await start()
    one.exportBlocks = 'the audit export "siem" lags by 20000 entries and 7 s, more than it may'
    expect(await one.ask('GET', paths.health)).toMatchObject({ status: 503, body: { status: 'refusing', reason: one.exportBlocks } })
    one.exportBlocks = undefined
    expect(await one.ask('GET', paths.health)).toMatchObject({ status: 200, body: { status: 'ok' } })
  })
})

describe('starting and stopping', () => {
  test('a port in use is an error that names it', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as { port: number }
    await expect(start({ port })).rejects.toMatchObject({ code: 'config_invalid', message: expect.stringMatching(`127.0.0.1:${port} is in use`) as string })
    taken.close()
  })

  test('a certificate that is none is an error of the configuration, without the key in it', async () => {
    const failed = await start({ tls: { cert: 'not a certificate', key: 'hunter2' } }).catch((error: unknown) => error as GatewayError)
    expect(failed).toMatchObject({ code: 'config_invalid' })
    expect(JSON.stringify(failed, Object.getOwnPropertyNames(failed))).not.toContain('hunter2')
  })

  test('close() ends idle connections, tells WebSockets 1012, and resolves whatever the other side does', async () => {
    const one = await start({ limits: { closeMilliseconds: 300 } })
    const token = await one.logIn('ada')
    const socket = await one.webSocket(paths.sessionEvents(await one.open(token)), token)
    const told = once(socket, 'close') as Promise<[number]>
    const deaf = await one.raw()
    deaf.write('GET /hea')
    const stubborn = await one.webSocket(paths.sessionEvents(await one.open(token)), token)
    stubborn.pause()
    await one.listener.close()
    expect((await told)[0]).toBe(1012)
    await closed(deaf)
    await expect(one.raw()).rejects.toThrow(/ECONNREFUSED/)
  })

  test('ending the sessions first lets clients hear why in their own protocol, and the command line that it may come back', async () => {
    const one = await start()
    const token = await one.logIn('ada')
    const session = await one.open(token)
    const events = await one.webSocket(paths.sessionEvents(session), token)
    const told = once(events, 'close') as Promise<[number]>
    const stream = await one.connect(session, token)
    const heard = closedStream(stream)
    await until('the connection', async () => (await one.ask('GET', paths.session(session), { token })).text.includes('"connections":1'))
    await one.sessions.close()
    expect(await heard).toBe('FATAL the gateway is shutting down\n')
    expect((await told)[0]).toBe(1012)
    const refused = await one.ask('POST', paths.sessions, { token, body: { target: 'prod-db' } })
    expect(refused).toMatchObject({ status: 503, body: { code: 'gateway_unreachable' } })
  })
})

async function closedStream(stream: NodeJS.ReadableStream): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  return text
}
