// What a request may bring, attacked by somebody who is logged in.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { paths, type ApiProblem, type OpenedSession, type TargetSummary } from '../../shared/api.ts'
import { Edge, type Ask } from './edge.ts'

let edge: Edge
let token: string
beforeAll(async () => {
  edge = await Edge.start()
  token = await edge.logIn('ada')
})
afterAll(() => edge.stop())

const post = (body: unknown, ask: Ask = {}) => edge.ask('POST', paths.sessions, { token, body, ...ask })

describe('a body is refused', () => {
  const cases: [string, string | Buffer][] = [
    ['empty', ''],
    ['not JSON', '{"target":'],
    ['not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
    ['no object', '"prod-db"'],
    ['null', 'null'],
    ['a list', '[{"target":"prod-db"}]'],
    ['without its field', '{}'],
    ['of the wrong type', '{"target":{"$ne":""}}'],
    ['with an unknown field', '{"target":"prod-db","admin":true}'],
    ['with __proto__', '{"target":"prod-db","__proto__":{"clientPassword":true}}'],
    ['with constructor', '{"target":"prod-db","constructor":{"prototype":{}}}'],
    ['nested beyond reason', `${'['.repeat(20_000)}${']'.repeat(20_000)}`]
  ]
  test.each(cases)('%s', async (_, body) => {
    const reply = await post(body)
    expect(reply).toMatchObject({ status: 400, body: { type: 'about:blank', status: 400, code: 'bad_request' } })
    expect(edge.bugs).toEqual([])
  })

  test('with a person\'s text that ends in half a character, wherever there is one', async () => {
    const session = await edge.open(token)
    const { id: review } = (await post({ target: 'vault' })).body as { id: string }
    const admin = await edge.logIn('root', ['admins'])
    const decider = await edge.logIn('decider', ['deciders'])
    const asked: [string, string, string, object][] = [
      ['POST', paths.sessions, token, { target: 'prod-db', clear: 'x\ud83d' }],
      ['POST', paths.approveReview(review), decider, { binding: 'ab'.repeat(32), reason: 'x\ud83d' }],
      ['POST', paths.rejectReview(review), decider, { binding: 'ab'.repeat(32), reason: 'x\ud83d' }],
      ['POST', paths.reviewReason(review), token, { reason: 'x\ud83d' }],
      ['POST', paths.auditPrunes, admin, { before: '2020-01-01T00:00:00Z', reason: 'x\ud83d' }],
      ['POST', paths.redactSession(session), admin, { reason: 'x\ud83d' }],
      ['DELETE', paths.session(session), token, { reason: 'x\ud83d' }]
    ]
    for (const [method, path, by, body] of asked) {
      const reply = await edge.ask(method, path, { token: by, body, headers: { 'content-length': Buffer.byteLength(JSON.stringify(body)) } })
      expect(reply, path).toMatchObject({ status: 400, body: { code: 'bad_request', detail: expect.stringContaining('not valid Unicode') as string } })
    }
    expect(edge.bugs).toEqual([])
  })

  test('over 64 KiB, whether it says so or not, without being read to its end', async () => {
    const big = JSON.stringify({ target: 'x'.repeat(70_000) })
    expect(await post(big)).toMatchObject({ status: 413, body: { code: 'limit_exceeded' } })
    expect(await post(big, { headers: { 'transfer-encoding': 'chunked' } })).toMatchObject({ status: 413 })
    const socket = await edge.raw()
    socket.write(`POST ${paths.sessions} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n`)
    const [answer] = await new Promise<Buffer[]>((resolve) => socket.once('data', (chunk: Buffer) => resolve([chunk])))
    expect(String(answer)).toMatch(/^HTTP\/1\.1 413 [\s\S]*connection: close/i)
  })

  test('of a type a web form can send', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonx']) {
      expect(await post('{"target":"prod-db"}', { headers: { 'content-type': type } })).toMatchObject({ status: 415 })
    }
  })

  test('where none belongs', async () => {
    expect(await edge.ask('GET', paths.whoami, { token, body: {} })).toMatchObject({ status: 400 })
    expect(await edge.ask('POST', paths.disableUser('a'.repeat(26)), { token: await edge.logIn('root', ['admins']), body: { now: true } })).toMatchObject({ status: 400 })
  })

  test('before anybody who is not logged in may send one', async () => {
    expect(await edge.ask('POST', paths.sessions, { body: '{' })).toMatchObject({ status: 401 })
  })
})

describe('a query is refused', () => {
  test.each([
    '?limit=0',
    '?limit=1001',
    '?limit=1e2',
    '?limit=-1',
    '?since=yesterday',
    '?before=../../etc',
    '?issuer=x&subject=y',
    '?unknown=1',
    '?limit=1&limit=2',
    '?__proto__=1',
    '?user='
  ])('%s', async (query) => {
    const reply = await edge.ask('GET', `${paths.sessions}${query}`, { token })
    expect(reply).toMatchObject({ status: 400, body: { code: 'bad_request' } })
  })

  test('with a token in it, on every path, and the token is not repeated in the answer', async () => {
    for (const path of [paths.whoami, paths.sessions, paths.targets, paths.health]) {
      const alone = await edge.ask('GET', `${path}?access_token=${token}`)
      expect(alone.status).toBe(path === paths.health ? 400 : 401)
      const besides = await edge.ask('GET', `${path}?access_token=${token}`, { token })
      expect(besides.status).toBe(400)
      expect(besides.text).not.toContain(token)
    }
    expect(JSON.stringify(edge.logged)).not.toContain(token)
  })
})

describe('an identity is refused', () => {
  test('always in the same words', async () => {
    const old = await edge.logIn('leaver')
    await edge.ask('POST', paths.disableUser(edge.userId('leaver')), { token: await edge.logIn('root', ['admins']) })
    const asks: Ask[] = [
      {},
      { token: 'garbage' },
      { token: old },
      { token: `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}` },
      { token: `${token} x` },
      { headers: { authorization: `Basic ${Buffer.from(`ada:${token}`).toString('base64')}` } },
      { headers: { authorization: token } },
      { headers: { authorization: [`Bearer ${token}`, `Bearer ${token}`] as unknown as string } },
      { headers: { authorization: `Bearer ${'x'.repeat(8_000)}` } },
      { headers: { cookie: `token=${token}`, 'x-access-token': token } }
    ]
    const replies = await Promise.all(asks.map((ask) => edge.ask('GET', paths.whoami, ask)))
    for (const reply of replies) {
      expect(reply.status).toBe(401)
      expect(reply.headers['www-authenticate']).toBe('Bearer')
      expect(reply.text).toBe(replies[0]!.text)
    }
  })

  test('once its time is over', async () => {
    const one = await Edge.start()
    try {
      const mine = await one.logIn('ada')
      one.skipped = 11 * 60_000
      expect(await one.ask('GET', paths.whoami, { token: mine })).toMatchObject({ status: 401 })
    } finally {
      await one.stop()
    }
  })
})

describe('a path is refused', () => {
  test.each([
    '/',
    '/v1',
    '/v1/',
    '/v1/whoami/',
    '/V1/whoami',
    '/v1/../../etc/passwd',
    '/v1/sessions/..%2f..%2fetc',
    '/v1/sessions/%00',
    '/.git/config',
    `/v1/sessions/${'A'.repeat(26)}`,
    `/v1/sessions/${'a'.repeat(25)}`,
    `/v1/sessions/${'a'.repeat(27)}`,
    `/v1/sessions/${'a'.repeat(25)}%0a`,
    '/v1/users/1/disable'
  ])('%s', async (path) => {
    expect(await edge.ask('GET', path, { token })).toMatchObject({ status: 404, body: { code: 'not_found' } })
  })

  test('with a method it does not take, saying which it does', async () => {
    for (const method of ['PUT', 'PATCH', 'OPTIONS', 'DELETE']) {
      const reply = await edge.ask(method, paths.sessions, { token })
      expect(reply).toMatchObject({ status: 405 })
      expect(reply.headers.allow).toBe('GET, POST')
      expect(reply.headers['access-control-allow-origin']).toBeUndefined()
    }
  })
})

describe('an answer', () => {
  test('is not for browsers to keep, guess at, show or share', async () => {
    const replies = [await edge.ask('GET', paths.whoami, { token, headers: { origin: 'https://evil.example' } }), await edge.ask('GET', paths.whoami), await edge.ask('GET', '/nowhere')]
    for (const { headers } of replies) {
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'content-security-policy': 'default-src \'none\'; frame-ancestors \'none\''
      })
      for (const name of ['access-control-allow-origin', 'set-cookie', 'server', 'x-powered-by']) expect(headers[name]).toBeUndefined()
    }
  })

  test('to an unknown target names the nearest, but only of those the asker may open', async () => {
    expect((await post({ target: 'prod-bd' })).body).toMatchObject({ code: 'target_unknown', status: 404, hint: expect.stringContaining('prod-db') as string })
    const hidden = await post({ target: 'secret' })
    expect(hidden.status).toBe(404)
    expect((hidden.body as ApiProblem).hint).not.toContain('secret')
    expect(((await edge.ask('GET', paths.targets, { token })).body as TargetSummary[]).map(({ name }) => name)).toEqual(['prod-db', 'prod-dw', 'vault'])
  })

  test('that is a bug says so without its text; the operator finds it in the log', async () => {
    const one = await Edge.start({ protocol: { usage: () => { throw new Error('connection string postgres://root:hunter2@db') } } })
    try {
      const reply = await one.ask('POST', paths.sessions, { token: await one.logIn('ada'), body: { target: 'prod-db' } })
      expect(reply).toMatchObject({ status: 500, body: { code: 'internal' } })
      expect(reply.text).not.toContain('hunter2')
      expect(one.bugs).toMatchObject([{ facts: { method: 'POST', path: '/v1/sessions', error: { message: expect.stringContaining('hunter2') as string } } }])
    } finally {
      await one.stop()
    }
  })

  test('to an opened session has a password only when asked for one', async () => {
    expect((await post({ target: 'prod-db' })).body as OpenedSession).not.toHaveProperty('clientPassword')
    expect(((await post({ target: 'prod-db', clientPassword: true })).body as OpenedSession).clientPassword).toMatch(/^[\w-]{24}$/)
  })
})
