// The loopback listener under attack, over real sockets: whatever does not carry the state must change nothing.
import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { judge, listenForCallback, type Callback, type Expected, type Hit } from '../../../cli/login/callback.ts'
import { page } from '../../../cli/login/page.ts'

const expected: Expected = { host: '127.0.0.1:4711', state: 'the-state', issuer: 'https://idp.example', issRequired: true }
const good = '/callback?state=the-state&code=the-code&iss=https%3A%2F%2Fidp.example'

const refused: [string, Partial<Hit>, number][] = [
  ['a name that was made to point here', { hosts: ['evil.example:4711'] }, 421],
  ['localhost, which is a name too', { hosts: ['localhost:4711'] }, 421],
  ['the address without the port', { hosts: ['127.0.0.1'] }, 421],
  ['another port', { hosts: ['127.0.0.1:4712'] }, 421],
  ['no host at all', { hosts: [] }, 421],
  ['two hosts', { hosts: ['127.0.0.1:4711', 'evil.example'] }, 421],
  ['an absolute target that names another host', { target: `http://evil.example${good}` }, 404],
  ['POST', { method: 'POST' }, 405],
  ['HEAD', { method: 'HEAD' }, 405],
  ['OPTIONS of a cross-origin script', { method: 'OPTIONS' }, 405],
  ['the favicon', { target: '/favicon.ico' }, 404],
  ['the root', { target: '/' }, 404],
  ['a path that only begins alike', { target: good.replace('/callback', '/callback/x') }, 404],
  ['a path that is only normalised to ours', { target: good.replace('/callback', '/x/../callback') }, 404],
  ['no parameters', { target: '/callback' }, 400],
  ['no state', { target: '/callback?code=c&iss=https%3A%2F%2Fidp.example' }, 400],
  ['an empty state', { target: good.replace('the-state', '') }, 400],
  ['a wrong state', { target: good.replace('the-state', 'the-stat3') }, 400],
  ['a longer state', { target: good.replace('the-state', 'the-state-') }, 400],
  ['a state in other bytes', { target: good.replace('the-state', 'the-st%C3%A4te') }, 400],
  ['a state that is not UTF-8', { target: good.replace('the-state', '%FF%FE') }, 400],
  ['the state twice', { target: `${good}&state=other` }, 400],
  ['the code twice', { target: `${good}&code=other` }, 400],
  ['another issuer (mix-up)', { target: good.replace('idp.example', 'evil.example') }, 400],
  ['no issuer though the provider always sends it', { target: '/callback?state=the-state&code=c' }, 400],
  ['neither code nor error', { target: good.replace('&code=the-code', '') }, 400],
  ['code and error', { target: `${good}&error=access_denied` }, 400]
]

describe('judging a hit', () => {
  test.each(refused)('%s is refused', (_, part, status) => {
    expect(judge({ method: 'GET', hosts: [expected.host], target: good, ...part }, expected)).toEqual({ status })
  })

  test('an answer with our state is taken, a refusal of the person included', () => {
    const hit = { method: 'GET', hosts: [expected.host] }
    expect(judge({ ...hit, target: good }, expected)).toMatchObject({ status: 'answer' })
    const denied = judge({ ...hit, target: good.replace('code=the-code', 'error=access_denied') }, expected)
    expect(denied).toMatchObject({ status: 'answer' })
    expect(denied.status === 'answer' && denied.url.searchParams.get('error')).toBe('access_denied')
  })

  test('an issuer is not asked for where the provider does not send one, but checked where it does', () => {
    const lax = { ...expected, issRequired: false }
    const hit = { method: 'GET', hosts: [expected.host] }
    expect(judge({ ...hit, target: '/callback?state=the-state&code=c' }, lax).status).toBe('answer')
    expect(judge({ ...hit, target: good.replace('idp.example', 'evil.example') }, lax).status).toBe(400)
  })
})

describe('the listener', () => {
  let callback: Callback | undefined
  afterEach(async () => { await callback?.finish() })

  const start = async (o: { signal?: AbortSignal, timeoutMilliseconds?: number } = {}) => {
    callback = await listenForCallback({
      state: 'the-state',
      issuer: 'https://idp.example',
      issRequired: false,
      signal: new AbortController().signal,
      timeoutMilliseconds: 20_000,
      ...o
    })
    return callback
  }

  test('is the literal address and listens nowhere else', async () => {
    const { redirectUri } = await start()
    expect(redirectUri).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/)
    await expect(fetch(redirectUri.replace('127.0.0.1', '127.0.0.2'))).rejects.toThrow()
    await expect(fetch(redirectUri.replace('127.0.0.1', '[::1]'))).rejects.toThrow()
  })

  test('no invalid hit ends the login; the valid one after all of them does', async () => {
    const { redirectUri, answer } = await start()
    const { origin, host } = new URL(redirectUri)
    const statuses = [
      await hit(host, `GET /callback?state=the-state&code=evil HTTP/1.1\r\nHost: rebound.example:${host.split(':')[1]}\r\n\r\n`),
      await hit(host, `GET /callback?state=the-state&code=evil HTTP/1.1\r\nHost: ${host}\r\nHost: ${host}\r\n\r\n`),
      await hit(host, `GET http://evil.example/callback?state=the-state&code=evil HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
      await hit(host, `POST /callback?state=the-state&code=evil HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`),
      await hit(host, `GET /callback?state=guess&code=evil HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
      await hit(host, `GET /favicon.ico HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
      await hit(host, `GET /done HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
      await hit(host, 'GET /callback HTTP/1.1\r\n\r\n'),
      await hit(host, `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
      await hit(host, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03')
    ]
    expect(statuses).toEqual([421, 421, 404, 405, 400, 404, 404, 400, 431, 400])
    await fetch(`${origin}/callback?state=the-state&code=right`, { redirect: 'manual' })
    expect((await answer).searchParams.get('code')).toBe('right')
  })

  test('the browser is sent to a URL without the code, and told how it ended once that is known', async () => {
    const { redirectUri, answer, finish } = await start()
    const shown = fetch(`${redirectUri}?state=the-state&code=secret-code`)
    await answer
    await finish()
    const response = await shown
    const text = await response.text()
    expect(response.url).toBe(redirectUri.replace('/callback', '/done'))
    expect(text).toContain('You are logged in')
    expect(text).not.toContain('secret-code')
    expect(response.headers.get('content-security-policy')).toContain('default-src \'none\'')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('referrer-policy')).toBe('no-referrer')
  })

  test('a second valid hit is refused: only a replay can be one', async () => {
    const { redirectUri, answer } = await start()
    const first = await fetch(`${redirectUri}?state=the-state&code=first`, { redirect: 'manual' })
    const second = await fetch(`${redirectUri}?state=the-state&code=second`, { redirect: 'manual' })
    expect([first.status, second.status]).toEqual([303, 404])
    expect((await answer).searchParams.get('code')).toBe('first')
  })

  test('afterwards nothing listens any more', async () => {
    const { redirectUri, finish } = await start()
    await finish()
    await expect(fetch(redirectUri)).rejects.toThrow()
  })

  test('clients that say nothing do not keep the browser out', async () => {
    const { redirectUri, answer } = await start()
    const { hostname, port } = new URL(redirectUri)
    const idle = await Promise.all(Array.from({ length: 20 }, () => new Promise<ReturnType<typeof connect>>((resolve) => {
      const socket = connect(Number(port), hostname, () => resolve(socket))
      socket.on('error', () => undefined)
    })))
    await fetch(`${redirectUri}?state=the-state&code=right`, { redirect: 'manual' })
    expect((await answer).searchParams.get('code')).toBe('right')
    idle.forEach((socket) => socket.destroy())
  })

  test('nobody comes back in time: cancelled', async () => {
    const { answer } = await start({ timeoutMilliseconds: 10 })
    await expect(answer).rejects.toMatchObject({ code: 'cancelled', hint: expect.stringContaining('hoop login') as string })
  })

  test('Ctrl-C ends the wait', async () => {
    const controller = new AbortController()
    const { answer } = await start({ signal: controller.signal })
    controller.abort()
    await expect(answer).rejects.toMatchObject({ code: 'cancelled' })
  })
})

test('the page shows a failure as text, whatever it holds', () => {
  const text = page('<script>alert(1)</script> & "more".')
  expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;more&quot;.')
  expect(text).not.toContain('<script>')
})

/** Sends exact bytes and returns the status of the answer, 0 for none. */
function hit(host: string, bytes: string): Promise<number> {
  return new Promise((resolve) => {
    const [name, port] = host.split(':')
    let answer = ''
    const socket = connect(Number(port), name!, () => socket.write(bytes, 'latin1'))
    socket.on('data', (chunk) => { answer += chunk.toString('latin1') })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0)))
  })
}
