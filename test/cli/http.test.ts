import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer as createHttp, type RequestListener, type Server } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { createServer as createTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { discover } from '../../cli/gateway.ts'
import { requestJson, unreachable } from '../../cli/http.ts'
import { GatewayError } from '../../shared/errors.ts'
import { TestAuthority, type Certificate } from '../support/certificates.ts'

let folder: string
let authority: TestAuthority
let right: Certificate
let otherName: Certificate
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-http-'))
  authority = new TestAuthority(folder)
  right = authority.issue('127.0.0.1', 'IP:127.0.0.1')
  otherName = authority.issue('gw.example', 'DNS:gw.example')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const servers: { close(): unknown, closeAllConnections?(): void }[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections?.()
    server.close()
  }
})

async function serve(handler: RequestListener, certificate?: Certificate): Promise<string> {
  const server: Server = certificate === undefined ? createHttp(handler) : createHttps(certificate, handler) as Server
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as { port: number }).port}`
}

async function raw(answer: string): Promise<string> {
  const server = createTcp((socket) => { socket.on('error', () => undefined).on('data', () => socket.end(answer)) }).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`
}

const signal = new AbortController().signal
const found = { product: 'hoop', version: '1', issuer: 'https://idp.example', clientId: 'hoop-cli', scopes: ['openid'], deviceFlow: false }
const json = (status: number, content: unknown, type = 'application/json'): RequestListener => (_, response) =>
  void response.writeHead(status, { 'content-type': type }).end(JSON.stringify(content))
const failure = (promise: Promise<unknown>) => promise.then(() => { throw new Error('it did not fail') }, (error: GatewayError) => error)

describe('what is no gateway', () => {
  test.each<[string, RequestListener]>([
    ['another site', (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')],
    ['a page that is not there', (_, response) => void response.writeHead(404, { 'content-type': 'text/html' }).end('<html>')],
    ['a redirect, which is not followed', (_, response) => void response.writeHead(302, { location: 'https://evil.example' }).end()],
    ['another product', json(200, { product: 'other' })],
    ['JSON of another shape', json(200, [])],
    ['null', json(200, null)],
    ['JSON that is none', (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{')],
    ['an API with problems of its own', json(404, { code: 'not_found', detail: 'no such thing' }, 'application/problem+json')],
    ['discovery without an issuer', json(200, { ...found, issuer: undefined })],
    ['scopes that are no strings', json(200, { ...found, scopes: [1] })]
  ])('%s is told apart, with the address and what to check', async (_, handler) => {
    const url = await serve(handler)
    const { code, message, hint } = await failure(discover({ url, signal }))
    expect(code).toBe('gateway_unreachable')
    expect(message).toContain(`${url} answers, but not as a hoop gateway`)
    expect(hint).toContain('HOOP_GATEWAY')
  })

  test('something that speaks no HTTP', async () => {
    expect(await failure(discover({ url: await raw('SSH-2.0-OpenSSH_9.2\r\n'), signal }))).toMatchObject({
      code: 'gateway_unreachable',
      message: expect.stringContaining('not HTTP') as string
    })
  })

  test('a proxy\'s own error page', async () => {
    const url = await serve((_, response) => void response.writeHead(502, { 'content-type': 'text/html' }).end('Bad Gateway'))
    expect((await failure(requestJson({ url, signal }, { method: 'GET', path: '/' }))).message).toContain('HTTP 502, text/html')
  })
})

describe('what cannot be reached', () => {
  test('nothing listens there', async () => {
    const url = await serve(() => undefined)
    const server = servers.pop() as Server
    await new Promise((resolve) => server.close(resolve))
    expect(await failure(discover({ url, signal }))).toMatchObject({
      code: 'gateway_unreachable',
      message: expect.stringContaining('nothing listens at 127.0.0.1') as string,
      hint: expect.stringContaining('hoop gateway start') as string
    })
  })

  test('plain HTTP where TLS was expected, and the other way round', async () => {
    const plain = await serve(json(200, found))
    expect(await failure(discover({ url: plain.replace('http:', 'https:'), signal }))).toMatchObject({ hint: expect.stringContaining(plain) as string })
    const tls = await serve(json(200, found), right)
    const told = await failure(discover({ url: tls.replace('https:', 'http:'), signal }))
    expect(told.hint).toContain(tls)
  })

  test('a certificate of an unknown authority: says so and names --ca, which helps', async () => {
    const url = await serve(json(200, found), right)
    expect(await failure(discover({ url, signal }))).toMatchObject({
      message: expect.stringContaining('is not trusted') as string,
      hint: expect.stringContaining('--ca FILE') as string
    })
    expect(await discover({ url, signal, caFile: authority.caFile })).toEqual(found)
  })

  test('a certificate for another name', async () => {
    const url = await serve(json(200, found), otherName)
    expect((await failure(discover({ url, signal, caFile: authority.caFile }))).message).toContain('is for another name')
  })

  test('a --ca file that is not there, or holds no certificate', async () => {
    await writeFile(join(folder, 'empty.pem'), 'no certificate')
    for (const caFile of [join(folder, 'none.pem'), join(folder, 'empty.pem')]) {
      expect(await failure(discover({ url: 'https://127.0.0.1:1', signal, caFile }))).toMatchObject({
        code: 'config_invalid',
        message: expect.stringContaining(caFile) as string
      })
    }
  })

  test.each([
    ['ENOTFOUND', 'there is no host gw.example', 'VPN'],
    ['ETIMEDOUT', 'gw.example does not answer', 'VPN'],
    ['EHOSTUNREACH', 'no way to', 'VPN'],
    ['CERT_HAS_EXPIRED', 'has expired', 'clock'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed', '--ca'],
    ['EWHATEVER', 'EWHATEVER', 'check']
  ])('%s is told in words', (code, says, hint) => {
    const error = unreachable({ url: 'https://gw.example' }, Object.assign(new Error('raw'), { code }))
    expect(error).toMatchObject({ code: 'gateway_unreachable', message: expect.stringContaining(says) as string, hint: expect.stringContaining(hint) as string })
  })

  test('Ctrl-C ends a request that gets no answer', async () => {
    const controller = new AbortController()
    const url = await serve(() => controller.abort(new GatewayError('cancelled', 'cancelled')))
    expect(await failure(discover({ url, signal: controller.signal }))).toMatchObject({ code: 'cancelled' })
  })
})

describe('the gateway\'s own problems', () => {
  test('come with code, detail, and the nearest names as a hint', async () => {
    const problem = { code: 'target_unknown', detail: 'there is no target "prod-bd"', nearest: ['prod-db', 'prod-eu'] }
    const url = await serve(json(404, problem, 'application/problem+json'))
    expect(await failure(requestJson({ url, signal }, { method: 'GET', path: '/' }))).toMatchObject({
      code: 'target_unknown',
      message: problem.detail,
      hint: 'did you mean prod-db or prod-eu?'
    })
  })

  test('of a kind this version does not know are failures all the same', async () => {
    const url = await serve(json(418, { code: 'teapot', detail: 'short and stout' }, 'application/problem+json'))
    expect(await failure(requestJson({ url, signal }, { method: 'GET', path: '/' }))).toMatchObject({ code: 'internal', message: 'short and stout' })
  })
})

test('the token travels in the Authorization header, what is asked in query and body', async () => {
  const url = await serve((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => { body += chunk.toString() }).on('end', () =>
      json(200, { url: request.url, method: request.method, authorization: request.headers.authorization, body })(request, response))
  })
  const asked = { method: 'POST', path: '/v1/x', query: { user: 'a&b=c', since: undefined }, body: { a: 1 }, bearer: 'secret' } as const
  expect(await requestJson({ url: `${url}/base`, signal }, asked)).toEqual({
    url: '/base/v1/x?user=a%26b%3Dc',
    method: 'POST',
    authorization: 'Bearer secret',
    body: '{"a":1}'
  })
})
