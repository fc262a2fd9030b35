// How keys are fetched: when, how often, from where, and what a bad answer leads to.
import { createServer } from 'node:https'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openIdentity } from '../../server/identity/identity.ts'
import { providerKeys } from '../../server/identity/oidc.ts'
import type { GatewayError } from '../../shared/errors.ts'
import { TestAuthority } from '../support/certificates.ts'
import { sign, signingKey } from './issuer.ts'
import { listen } from './listen.ts'
import { minute, World } from './world.ts'

let world: World
beforeEach(async () => { world = await World.start() })
afterEach(() => world.stop())

const exchange = async () => world.exchange({ grant: 'id_token', idToken: await world.idToken() })

/** The message of the refusal that says the provider, not the token, is the trouble. */
async function trouble(): Promise<string> {
  const error = await exchange().catch((thrown: unknown) => thrown as GatewayError) as GatewayError
  expect(error.code).toBe('unauthenticated')
  expect(world.notes.at(-1)).toMatchObject({ kind: 'login', accepted: false, reason: 'the identity provider could not be asked' })
  return error.message
}

describe('a provider that does not answer well', () => {
  test.each<[string, World['issuer']['interfere'], RegExp]>([
    ['redirects', (_req, res) => { res.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(); return true }, /answered 302/],
    ['fails', (_req, res) => { res.writeHead(500).end('secret trace'); return true }, /answered 500/],
    ['answers with a page', (_req, res) => { res.end('<html>'); return true }, /not JSON/],
    ['answers with a number', (_req, res) => { res.end('7'); return true }, /not JSON/],
    ['answers without end', (_req, res) => {
      const chunk = Buffer.alloc(64 * 1024, 0x20)
      const pour = () => { while (!res.destroyed && res.write(chunk)); res.once('drain', pour) }
      pour()
      return true
    }, /more than 256 KiB/],
    ['hangs up', (req) => { req.socket.destroy(); return true }, /ECONNRESET/],
    ['names another issuer', (_req, res) => { res.end('{"issuer":"https://evil.example","jwks_uri":"http://127.0.0.1:1"}'); return true }, /names another issuer/],
    ['names no keys', (_req, res) => { res.end(JSON.stringify({ issuer: world.issuer.origin })); return true }, /names no keys/],
    ['has its keys where anybody can change them', (_req, res) => {
      res.end(JSON.stringify({ issuer: world.issuer.origin, jwks_uri: 'http://keys.example/keys' }))
      return true
    }, /is not an https URL/],
    ['has its keys in a file', (_req, res) => {
      res.end(JSON.stringify({ issuer: world.issuer.origin, jwks_uri: 'file:///etc/passwd' }))
      return true
    }, /is not an https URL/],
    ['has no key set', (req, res) => { if (req.url === '/keys') { res.end('{}'); return true } return false }, /Set malformed/]
  ])('%s: nobody is let in, and it is said', async (_name, interfere, message) => {
    world.issuer.interfere = interfere
    expect(await trouble()).toMatch(message)
    world.issuer.interfere = () => false
    world.now += 2_000
    await exchange()
  })

  test('is down: the gateway runs, and says what it tried', async () => {
    await world.issuer.close()
    expect(await trouble()).toBe(`the gateway cannot get the keys of ${world.issuer.origin}: ECONNREFUSED`)
  })

  test('is asked once by many logins at once, and left alone for two seconds after a failure', async () => {
    world.issuer.interfere = (_req, res) => { res.writeHead(503).end(); return true }
    await Promise.allSettled(Array.from({ length: 20 }, exchange))
    expect(world.issuer.requests).toHaveLength(1)
    world.now += 1_999
    await exchange().catch(() => undefined)
    expect(world.issuer.requests).toHaveLength(1)
  })
})

describe('keys', () => {
  test('are fetched with the first login, not before, and kept for ten minutes', async () => {
    expect(world.issuer.requests).toEqual([])
    await Promise.all([exchange(), exchange(), exchange()])
    expect(world.issuer.requests).toEqual(['/.well-known/openid-configuration', '/keys'])
    world.now += 10 * minute - 1
    await exchange()
    expect(world.issuer.requests).toHaveLength(2)
    world.now += 1
    await exchange()
    expect(world.issuer.requests).toHaveLength(4)
  })

  test('that are new are found at once, and ids that do not exist cost one question in thirty seconds', async () => {
    await exchange()
    const next = await signingKey('ES256', 'next')
    world.issuer.keys.push(next.publicJwk)
    const idToken = await sign(next, world.claims())
    expect(await world.refusal({ grant: 'id_token', idToken })).toBe('no key of the provider matches it')
    expect(world.issuer.requests).toHaveLength(2)
    world.now += 30_000
    await world.exchange({ grant: 'id_token', idToken })
    expect(world.issuer.requests).toHaveLength(4)
    const unknown = await signingKey('ES256', 'unknown')
    for (let n = 0; n < 10; n++) await world.refusal({ grant: 'id_token', idToken: await sign(unknown, world.claims()) })
    expect(world.issuer.requests).toHaveLength(4)
  })

  test('that were withdrawn are refused once the kept ones are old', async () => {
    await exchange()
    const next = await signingKey('ES256', 'next')
    world.issuer.keys = [next.publicJwk]
    world.now += 10 * minute
    expect(await world.refusal({ grant: 'id_token', idToken: await world.idToken() })).toBe('no key of the provider matches it')
  })

  test('of several under no key id are not tried one after the other', async () => {
    world.issuer.keys.push((await signingKey('ES256', 'second')).publicJwk)
    const idToken = await sign(world.key, world.claims(), { kid: undefined as unknown as string })
    expect(await world.refusal({ grant: 'id_token', idToken })).toBe('several keys of the provider match it, and it names none')
  })

  test('that are symmetric or private are no keys', async () => {
    world.issuer.keys = [{ kty: 'oct', k: Buffer.alloc(32).toString('base64url'), kid: 'main' }]
    expect(await world.refusal({ grant: 'id_token', idToken: await world.idToken() })).toBe('no key of the provider matches it')
  })
})

describe('the way to the provider', () => {
  const open = (issuer: string) => openIdentity({
    settings: { ...world.settings, issuer },
    state: world.state,
    note: () => undefined,
    now: () => world.now,
    randomBytes: (n) => new Uint8Array(n)
  })

  test.each(['http://idp.example', 'http://127.0.0.1.evil.example', 'http://localhost.evil.example', 'ftp://idp.example', 'http://10.0.0.1'])(
    '%s is refused when the gateway starts',
    async (issuer) => {
      await expect(open(issuer)).rejects.toMatchObject({ code: 'config_invalid' })
    }
  )

  test.each(['https://idp.example', 'http://127.0.0.1:9', 'http://localhost:9', 'http://[::1]:9'])('%s is taken, whether it answers or not', async (issuer) => {
    await open(issuer)
  })

  test('is checked against the given authority, and nothing goes over it otherwise', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hoop-oidc-'))
    const authority = new TestAuthority(folder)
    const { cert, key } = authority.issue('localhost', 'DNS:localhost,IP:127.0.0.1')
    let requests = 0
    const server = createServer({ cert, key }, (req, res) => {
      requests++
      const issuer = `https://${req.headers.host}`
      res.end(JSON.stringify(req.url === '/keys' ? { keys: world.issuer.keys } : { issuer, jwks_uri: `${issuer}/keys` }))
    })
    const { origin, close } = await listen(server)
    const header = { alg: 'ES256', kid: 'main' }
    const unverified = { payload: '', signature: '' }
    const keyWith = async (ca: { ca?: string }) => providerKeys({ issuer: origin, now: () => world.now, ...ca })(header, unverified)
    await expect(keyWith({})).rejects.toThrow(/SIGNED|UNABLE_TO_VERIFY/)
    expect(requests).toBe(0)
    await expect(keyWith({ ca: authority.ca })).resolves.toBeDefined()
    expect(requests).toBe(2)
    await close()
    rmSync(folder, { recursive: true, force: true })
  })
})
