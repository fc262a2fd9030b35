import { join } from 'node:path'
import { execa } from 'execa'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import * as client from 'openid-client'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { formOf, TestBrowser, type Page } from '../../support/browser.ts'
import { alice, beginLogin, bob, clientId, redirectUri, startProvider, type ProviderHost } from '../provider-host.ts'

let host: ProviderHost
let config: client.Configuration
const printed: unknown[][] = []

beforeAll(async () => {
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) vi.spyOn(console, method).mockImplementation((...said) => { printed.push(said) })
  host = await startProvider()
  config = await host.configuration()
})
beforeEach(() => { host.errors.length = 0 })
afterAll(async () => {
  await host.close()
  vi.restoreAllMocks()
})

async function codeFor(user: { username: string, password: string }, more?: Record<string, string>) {
  const { url, checks } = await beginLogin(config, more)
  return { callback: await new TestBrowser().logIn(url, user), checks }
}

describe('code and PKCE', () => {
  test('an ID token says who the person is, for the nonce of this login', async () => {
    const { callback, checks } = await codeFor(alice)
    expect(callback.href.startsWith(`${redirectUri}?`)).toBe(true)
    // RFC 9207: the client can tell which provider answered.
    expect(callback.searchParams.get('iss')).toBe(host.issuer)
    const tokens = await client.authorizationCodeGrant(config, callback, checks)
    expect(tokens.claims()).toMatchObject({
      iss: host.issuer,
      sub: 'alice',
      aud: clientId,
      email: 'alice@example.com',
      email_verified: true,
      name: 'Alice A.',
      groups: ['dev', 'ops'],
      nonce: checks.expectedNonce
    })
    expect(decodeProtectedHeader(tokens.id_token!)).toMatchObject({ alg: 'ES256', kid: host.provider.keys.keys[0]!.kid })
    expect(tokens.refresh_token).toBeUndefined()
  })

  test('any loopback port does, and nothing else about the redirect', async () => {
    const { callback } = await codeFor(alice, { redirect_uri: 'http://127.0.0.1:1/callback' })
    expect(callback.href.startsWith('http://127.0.0.1:1/callback?code=')).toBe(true)
    for (const redirect_uri of [
      'http://127.0.0.1:1/other',
      'http://localhost:1/callback',
      'http://127.0.0.2:1/callback',
      'https://127.0.0.1:1/callback',
      'http://127.0.0.1.evil.example/callback',
      'http://127.0.0.1:1/callback?x=1',
      'http://user@127.0.0.1:1/callback'
    ]) {
      const { url } = await beginLogin(config, { redirect_uri })
      const page = await new TestBrowser().visit(url, 'http://127.0.0.1:1/')
      expect([redirect_uri, page.status]).toEqual([redirect_uri, 400])
      expect(page.body).toContain('This login cannot go on')
    }
  })

  test.each<[string, Record<string, string>]>([
    ['without PKCE', { code_challenge: '', code_challenge_method: '' }],
    ['with plain PKCE', { code_challenge_method: 'plain' }],
    ['for a token in the redirect', { response_type: 'id_token' }],
    ['for a code and a token', { response_type: 'code id_token' }],
    ['without openid', { scope: 'email' }]
  ])('a request %s gets an error and no code', async (_name, more) => {
    const { url } = await beginLogin(config, more)
    const page = await new TestBrowser().visit(url, redirectUri)
    const answer = new URLSearchParams(page.url.hash.slice(1) || page.url.search)
    expect(answer.get('error')).toMatch(/invalid_request|unsupported_response_type|invalid_scope/)
    expect(answer.get('code')).toBeNull()
  })

  test('an unknown client is told so on a page, not at its redirect', async () => {
    const { url } = await beginLogin(config, { client_id: 'someone-else' })
    const page = await new TestBrowser().visit(url, redirectUri)
    expect(page.status).toBe(400)
    expect(page.body).toContain('client is invalid')
  })

  test('a code works once; presented again, what it gave dies with it', async () => {
    const { callback, checks } = await codeFor(alice)
    await client.authorizationCodeGrant(config, callback, checks)
    await expect(client.authorizationCodeGrant(config, callback, checks)).rejects.toMatchObject({ error: 'invalid_grant' })
  })

  test('a code presented twice at the same moment works once', async () => {
    const { callback, checks } = await codeFor(alice)
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => client.authorizationCodeGrant(config, callback, checks)))
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
  })

  test('a code with another verifier, and one for another redirect, is refused', async () => {
    const stolen = await codeFor(alice)
    const wrong = { ...stolen.checks, pkceCodeVerifier: client.randomPKCECodeVerifier() }
    await expect(client.authorizationCodeGrant(config, stolen.callback, wrong)).rejects.toMatchObject({ error: 'invalid_grant' })
    const { callback, checks } = await codeFor(alice)
    const elsewhere = new URL(callback.href.replace(':45555', ':45556'))
    await expect(client.authorizationCodeGrant(config, elsewhere, checks)).rejects.toMatchObject({ error: 'invalid_grant' })
  })

  test('a code that has waited for more than a minute is refused', async () => {
    const { callback, checks } = await codeFor(alice)
    host.advance(61_000)
    await expect(client.authorizationCodeGrant(config, callback, checks)).rejects.toMatchObject({ error: 'invalid_grant' })
  })

  test('each login asks for the password, though somebody just logged in at this browser', async () => {
    const browser = new TestBrowser()
    const first = await beginLogin(config)
    await browser.logIn(first.url, alice)
    const second = await beginLogin(config)
    const page = await browser.visit(second.url, redirectUri)
    expect(page.body).toContain('type="password"')
    const callback = await browser.submit(formOf(page)!, { username: 'bob', password: bob.password }, redirectUri)
    const tokens = await client.authorizationCodeGrant(config, callback.url, second.checks)
    expect(tokens.claims()?.sub).toBe('bob')
  })

  test('cancelling leads back with access_denied', async () => {
    const { url, checks } = await beginLogin(config)
    const browser = new TestBrowser()
    const page = await browser.submit(formOf(await browser.visit(url))!, { answer: 'cancel' }, redirectUri)
    expect(page.url.searchParams.get('error')).toBe('access_denied')
    expect(page.url.searchParams.get('state')).toBe(checks.expectedState)
  })
})

describe('the login page', () => {
  async function loginPage(more?: Record<string, string>): Promise<{ browser: TestBrowser, page: Page }> {
    const browser = new TestBrowser()
    const { url } = await beginLogin(config, more)
    return { browser, page: await browser.visit(url, redirectUri) }
  }

  test('is kept out of caches and frames, and runs nothing', async () => {
    const { page } = await loginPage()
    expect(page.status).toBe(200)
    expect(page.headers['cache-control']).toBe('no-store')
    expect(page.headers['x-frame-options']).toBe('DENY')
    expect(page.headers['x-content-type-options']).toBe('nosniff')
    const policy = String(page.headers['content-security-policy'])
    expect(policy).toContain('default-src \'none\'')
    expect(policy).toContain('frame-ancestors \'none\'')
    expect(policy).toContain('form-action \'self\' http://127.0.0.1:45555;')
    expect(policy).not.toContain('unsafe')
    expect(page.body).not.toMatch(/<script|\son\w+=|https?:\/\//i)
  })

  test('says the same for a wrong password and for a name that does not exist, and keeps the name', async () => {
    const { browser, page } = await loginPage()
    const wrong = await browser.submit(formOf(page)!, { username: 'alice', password: 'guess' }, redirectUri)
    const unknown = await browser.submit(formOf(wrong)!, { username: 'nobody', password: 'guess' }, redirectUri)
    expect(wrong.status).toBe(403)
    expect(wrong.body).toContain('Username or password is wrong.')
    expect(unknown.body.replaceAll('nobody', 'alice')).toBe(wrong.body)
    const right = await browser.submit(formOf(unknown)!, { username: 'alice', password: alice.password }, redirectUri)
    expect(right.url.searchParams.get('code')).toBeTruthy()
  })

  test('escapes what it repeats', async () => {
    const { browser, page } = await loginPage({ login_hint: '"><script>alert(1)</script>' })
    expect(page.body).not.toContain('<script')
    const again = await browser.submit(formOf(page)!, { username: '"><img src=x onerror=alert(1)>', password: 'x' }, redirectUri)
    expect(again.body).not.toContain('<img')
  })

  test('slows down guessing, for names that exist and names that do not, and not for others', async () => {
    for (const username of ['alice', 'no-such-name']) {
      const { browser, page } = await loginPage()
      const statuses: number[] = []
      let last = page
      for (let n = 0; n < 7; n++) {
        last = await browser.submit(formOf(page)!, { username, password: `guess ${n}` }, redirectUri)
        statuses.push(last.status)
      }
      expect(statuses.slice(0, 5)).toEqual([403, 403, 403, 403, 403])
      expect(statuses[6]).toBe(429)
      expect(Number(last.headers['retry-after'])).toBeGreaterThan(0)
    }
    const { browser, page } = await loginPage()
    // The right password does not help while alice's name has to wait, or a guesser could see it.
    expect((await browser.submit(formOf(page)!, { username: 'alice', password: alice.password }, redirectUri)).status).toBe(429)
    expect((await browser.submit(formOf(page)!, { username: 'bob', password: bob.password }, redirectUri)).status).toBe(0)
    host.advance(6 * 60_000)
    const later = await loginPage()
    expect((await later.browser.submit(formOf(later.page)!, { username: 'alice', password: alice.password }, redirectUri)).status).toBe(0)
  })

  test('of somebody else\'s login cannot be answered from another browser', async () => {
    const { page } = await loginPage()
    const answer = await new TestBrowser().submit(formOf(page)!, { username: 'alice', password: alice.password }, redirectUri)
    expect(answer.status).toBe(400)
    expect(answer.body).toContain('This login has ended')
  })

  test('cannot be answered by another site', async () => {
    const { page } = await loginPage()
    const response = await fetch(formOf(page)!.action, { method: 'POST', headers: { origin: 'https://evil.example' }, body: new URLSearchParams({ username: 'alice' }) })
    expect(response.status).toBe(403)
  })

  test.each<[string, RequestInit]>([
    ['JSON', { body: '{"username":"alice"}', headers: { 'content-type': 'application/json' } }],
    ['a huge form', { body: new URLSearchParams({ username: 'x'.repeat(20_000) }) }],
    ['nothing', {}]
  ])('is shown again after %s', async (_name, init) => {
    const { url } = await beginLogin(config)
    const first = await fetch(url, { redirect: 'manual' })
    const cookies = first.headers.getSetCookie().map((cookie) => cookie.split(';')[0]).join('; ')
    const action = new URL(first.headers.get('location')!, url)
    const response = await fetch(action, { method: 'POST', ...init, headers: { ...(init.headers as Record<string, string> | undefined), cookie: cookies } })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('That could not be read')
  })
})

describe('the device flow', () => {
  const begin = () => client.initiateDeviceAuthorization(config, { scope: 'openid email profile groups' })

  test('a person compares the code, logs in, and the command line gets an ID token without a nonce', async () => {
    const device = await begin()
    expect(device.verification_uri).toBe(`${host.issuer}/device`)
    const page = await new TestBrowser().confirmDevice(device.verification_uri, device.user_code, alice)
    expect(page).toContain('You are logged in')
    const tokens = await client.pollDeviceAuthorizationGrant(config, { ...device, interval: 0.05 })
    expect(tokens.claims()).toMatchObject({ sub: 'alice', groups: ['dev', 'ops'] })
    expect(decodeJwt(tokens.id_token!)).not.toHaveProperty('nonce')
  })

  test('a complete link only fills in the code: nothing happens until the person has compared it', async () => {
    const device = await begin()
    const page = await new TestBrowser().visit(device.verification_uri_complete!)
    expect(formOf(page)?.fields.user_code).toBe(device.user_code)
    expect(page.body).toContain('Enter the code')
    expect(page.body).not.toContain('<script')
  })

  test('refusing ends it for the command line', async () => {
    const device = await begin()
    const browser = new TestBrowser()
    const confirm = await browser.submit(formOf(await browser.visit(device.verification_uri))!, { user_code: device.user_code })
    expect(confirm.body).toContain('Is this your code?')
    expect(confirm.body).toContain(device.user_code)
    const { xsrf } = formOf(confirm)!.fields
    const refused = await browser.visit(confirm.url, undefined, new URLSearchParams({ xsrf: xsrf!, user_code: device.user_code, abort: 'yes' }))
    expect(refused.body).toContain('The login was refused')
    await expect(client.pollDeviceAuthorizationGrant(config, { ...device, interval: 0.05 })).rejects.toMatchObject({ error: 'access_denied' })
  })

  test('a wrong, a used and an expired code are said to be that', async () => {
    const enter = async (code: string) => {
      const browser = new TestBrowser()
      return (await browser.submit(formOf(await browser.visit(`${host.issuer}/device`))!, { user_code: code })).body
    }
    expect(await enter('BBBB-BBBB')).toContain('There is no such code')
    const used = await begin()
    await new TestBrowser().confirmDevice(used.verification_uri, used.user_code, alice)
    expect(await enter(used.user_code)).toContain('That code has been used')
    const late = await begin()
    host.advance(601_000)
    expect(await enter(late.user_code)).toMatch(/There is no such code|has expired/)
  })

  test('a form without the token of its page is refused', async () => {
    const device = await begin()
    const browser = new TestBrowser()
    await browser.visit(device.verification_uri)
    const page = await browser.visit(device.verification_uri, undefined, new URLSearchParams({ user_code: device.user_code, confirm: 'yes', xsrf: 'guess' }))
    expect(page.body).toContain('That did not work')
    expect(page.body).not.toContain('type="password"')
  })

  test('a browser that has just confirmed a device is not logged in for the next one', async () => {
    const browser = new TestBrowser()
    const first = await begin()
    await browser.confirmDevice(first.verification_uri, first.user_code, alice)
    const second = await begin()
    const confirm = await browser.submit(formOf(await browser.visit(second.verification_uri))!, { user_code: second.user_code })
    const { xsrf } = formOf(confirm)!.fields
    const next = await browser.visit(confirm.url, undefined, new URLSearchParams({ xsrf: xsrf!, user_code: second.user_code, confirm: 'yes' }))
    expect(next.body).toContain('type="password"')
  })
})

describe('the edge', () => {
  test('discovery names the issuer\'s own addresses, whatever the request claims', async () => {
    const response = await fetch(`${host.issuer}/.well-known/openid-configuration`, { headers: { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' } })
    const document = await response.json() as Record<string, unknown>
    expect(document).toMatchObject({
      issuer: host.issuer,
      authorization_endpoint: `${host.issuer}/auth`,
      token_endpoint: `${host.issuer}/token`,
      jwks_uri: `${host.issuer}/jwks`,
      device_authorization_endpoint: `${host.issuer}/device/auth`,
      code_challenge_methods_supported: ['S256'],
      response_types_supported: ['code'],
      authorization_response_iss_parameter_supported: true
    })
    for (const endpoint of ['registration_endpoint', 'introspection_endpoint', 'end_session_endpoint', 'userinfo_endpoint']) {
      expect(document).not.toHaveProperty(endpoint)
    }
  })

  test('another host name is refused: a page that was rebound to this address reads nothing', async () => {
    const { request } = await import('node:http')
    const status = await new Promise((resolve, reject) => {
      request(`${host.issuer}/.well-known/openid-configuration`, { headers: { host: 'evil.example' } }, (response) => {
        response.resume()
        resolve(response.statusCode)
      }).on('error', reject).end()
    })
    expect(status).toBe(421)
  })

  test('the published keys are public, and those the gateway verifies with', async () => {
    const { keys } = await (await fetch(`${host.issuer}/jwks`)).json() as { keys: Record<string, unknown>[] }
    expect(keys).toHaveLength(1)
    expect(keys[0]).not.toHaveProperty('d')
    expect(host.provider.keys.keys[0]).not.toHaveProperty('d')
    expect(keys[0]).toMatchObject({ kid: host.provider.keys.keys[0]!.kid, x: host.provider.keys.keys[0]!.x })
  })

  test.each(['/idp', '/idp/', '/idp/nothing', '/idpx', '/idp@evil.example/', '/idp/interaction/../auth', '/idp/auth/%00', '/idp//evil.example/'])('%s ends in a plain error', async (path) => {
    const response = await fetch(host.origin + path, { redirect: 'manual' })
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect(response.status).toBeLessThan(500)
    expect(host.errors).toEqual([])
  })

  test('nothing was printed by any of the above', () => {
    expect(printed).toEqual([])
  })

  test('between its requests, promises of the process run without hooks', async () => {
    // With hooks, each step of an async function has an id of its own.
    const program = `
      const { createServer, get } = await import('node:http')
      const { executionAsyncId, AsyncLocalStorage } = await import('node:async_hooks')
      const { createEmbeddedProvider } = await import('./server/identity/embedded/provider.ts')
      const hooked = async () => {
        const ids = new Set()
        for (let i = 0; i < 3; i++) { await null; ids.add(executionAsyncId()) }
        return ids.size > 1
      }
      const server = createServer((req, res) => provider(req, res)).listen(0, '127.0.0.1')
      await new Promise((resolve) => server.once('listening', resolve))
      const issuer = 'http://127.0.0.1:' + server.address().port + '/idp'
      const provider = await createEmbeddedProvider({ issuer, clientId: 'c', users: [], now: Date.now })
      const status = await new Promise((resolve) => get(issuer + '/.well-known/openid-configuration', (res) => res.resume().once('close', () => resolve(res.statusCode))))
      await new Promise((resolve) => setImmediate(resolve))
      const after = await hooked()
      new AsyncLocalStorage().enterWith({})
      console.log(JSON.stringify({ status, after, seen: await hooked() }))
      process.exit()
    `
    const { stdout } = await execa(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], { cwd: join(import.meta.dirname, '../../..') })
    expect(JSON.parse(stdout)).toEqual({ status: 200, after: false, seen: true })
  })

  test('nothing is printed when it is loaded and started', async () => {
    const program = `
      const { createEmbeddedProvider } = await import('./server/identity/embedded/provider.ts')
      await createEmbeddedProvider({ issuer: 'http://127.0.0.1:1/idp', clientId: 'c', users: [], now: Date.now })
    `
    const { stdout, stderr, exitCode } = await execa(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], { cwd: join(import.meta.dirname, '../../..'), reject: false })
    expect({ stdout, stderr, exitCode }).toEqual({ stdout: '', stderr: '', exitCode: 0 })
  })
})
