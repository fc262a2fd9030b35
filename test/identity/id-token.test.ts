// Tokens that somebody forged, stole, or made for another purpose; each is one way of lying. Error rows first.
import { createServer } from 'node:http'
import { exportSPKI, importJWK, SignJWT, UnsecuredJWT, type CryptoKey } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sign, signingKey, type SigningKey } from './issuer.ts'
import { listen } from './listen.ts'
import { World, hour, minute, source } from './world.ts'

let world: World
let rsa: SigningKey
let stranger: SigningKey
/** Serves the stranger's keys, for tokens that say where theirs are to be found. */
let evil: Awaited<ReturnType<typeof listen>> & { hits: number }

beforeAll(async () => {
  world = await World.start()
  rsa = await signingKey('RS256', 'rsa')
  stranger = await signingKey('ES256', 'main')
  world.issuer.keys.push(rsa.publicJwk)
  const hits = { count: 0 }
  const server = await listen(createServer((_req, res) => {
    hits.count++
    res.end(JSON.stringify({ keys: [stranger.publicJwk] }))
  }))
  evil = Object.defineProperty({ ...server, hits: 0 }, 'hits', { get: () => hits.count })
})
afterAll(async () => {
  await evil.close()
  await world.stop()
})

type Forge = () => Promise<string> | string

const claims: [string, Record<string, unknown>, string][] = [
  ['of another issuer', { iss: 'https://other.example' }, 'iss is not right'],
  ['of the issuer with a slash', { get iss() { return `${world.issuer.origin}/` } }, 'iss is not right'],
  ['without an issuer', { iss: undefined }, 'iss is missing'],
  ['for another client', { aud: 'another-app' }, 'aud is not right'],
  ['for us and others', { aud: ['hoop-cli', 'another-app'] }, 'aud names others besides us'],
  ['without an audience', { aud: undefined }, 'aud is missing'],
  ['whose audience is an object', { aud: { 'hoop-cli': true } }, 'aud is not right'],
  ['issued to another client for us', { azp: 'another-app' }, 'azp is another client'],
  ['with a nonce nobody sent', { nonce: 'abc' }, 'nonce is not right'],
  ['without a subject', { sub: undefined }, 'sub is missing'],
  ['with an empty subject', { sub: '' }, 'sub is missing or not a subject'],
  ['whose subject is a number', { sub: 7 }, 'sub is missing or not a subject'],
  ['whose subject is huge', { sub: 'x'.repeat(256) }, 'sub is missing or not a subject'],
  ['without an expiry', { exp: undefined }, 'exp is missing'],
  ['that has expired', { get exp() { return world.seconds - 31 } }, 'exp is too long ago'],
  ['that expires in words', { exp: 'tomorrow' }, 'exp is not right'],
  ['without a time of issue', { iat: undefined }, 'iat is missing'],
  ['issued in the future', { get iat() { return world.seconds + 31 } }, 'iat is not right'],
  ['issued long ago, though it lives for a day', { get iat() { return world.seconds - 631 }, get exp() { return world.seconds + 86_400 } }, 'iat is too long ago'],
  ['not yet valid', { get nbf() { return world.seconds + 60 } }, 'nbf is not right'],
  ['that is Keycloak\'s access token', { typ: 'Bearer' }, 'typ is that of another kind of token'],
  ['that is Keycloak\'s refresh token', { typ: 'Refresh' }, 'typ is that of another kind of token'],
  ['that is a logout token', { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }, 'it is a security event, not an identity'],
  ['whose groups are an object', { groups: { 'hoop-admins': true } }, 'the groups claim is not a list of names'],
  ['whose groups are nested', { groups: ['dev', ['hoop-admins']] }, 'the groups claim is not a list of names'],
  ['with too many groups', { groups: Array.from({ length: 1001 }, (_, n) => `g${n}`) }, 'the groups claim is not a list of names']
]

const forged: [string, Forge, string][] = [
  ['nothing', () => '', 'not a token (ERR_JWS_INVALID)'],
  ['words', () => 'let me in', 'not a token (ERR_JWS_INVALID)'],
  ['dots', () => '..', 'not a token (ERR_JWS_INVALID)'],
  ['one of the gateway\'s own tokens', async () => (await world.logIn()).accessToken, 'not a token (ERR_JWS_INVALID)'],
  ['20 KiB', async () => world.idToken({ padding: 'x'.repeat(20_000) }), 'larger than 16 KiB'],
  ['an encrypted token', () => 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA', 'not a token (ERR_JWS_INVALID)'],
  ['an array for a payload', async () => tampered(await world.idToken(), { payload: '[]' }), 'its signature is wrong'],
  ['alg none', () => new UnsecuredJWT(world.claims()).encode(), 'its algorithm is not allowed'],
  ['alg None', async () => tampered(await world.idToken(), { header: '{"alg":"None"}', signature: '' }), 'its algorithm is not allowed'],
  ['alg missing', async () => tampered(await world.idToken(), { header: '{}' }), 'not a token (ERR_JWS_INVALID)'],
  ['HS256 with the RSA public key in PEM', async () => {
    const pem = await exportSPKI(await importJWK(rsa.publicJwk, 'RS256', { extractable: true }) as CryptoKey)
    return new SignJWT(world.claims()).setProtectedHeader({ alg: 'HS256', kid: 'rsa' }).sign(new TextEncoder().encode(pem))
  }, 'its algorithm is not allowed'],
  ['HS256 with the RSA modulus', () =>
    new SignJWT(world.claims()).setProtectedHeader({ alg: 'HS256', kid: 'rsa' }).sign(Buffer.from(rsa.publicJwk.n!, 'base64url')), 'its algorithm is not allowed'],
  ['ES384', async () => sign(await signingKey('ES384', 'main'), world.claims()), 'its algorithm is not allowed'],
  ['a stranger\'s key under our key id', () => sign(stranger, world.claims()), 'its signature is wrong'],
  ['an unknown key id', () => sign(stranger, world.claims(), { kid: 'nobody' }), 'no key of the provider matches it'],
  ['our key id with another algorithm', () => sign(rsa, world.claims(), { kid: 'main' }), 'no key of the provider matches it'],
  ['PS256 with the key for RS256', async () => {
    const pss = await signingKey('PS256', 'rsa')
    return sign(pss, world.claims())
  }, 'no key of the provider matches it'],
  ['jku', () => sign(stranger, world.claims(), { kid: 'main', jku: evil.origin }), 'its signature is wrong'],
  ['jku and a new key id', () => sign(stranger, world.claims(), { kid: 'theirs', jku: evil.origin }), 'no key of the provider matches it'],
  ['x5u', () => sign(stranger, world.claims(), { x5u: evil.origin }), 'its signature is wrong'],
  ['its own key inside', () => sign(stranger, world.claims(), { jwk: stranger.publicJwk }), 'its signature is wrong'],
  ['a critical header', async () => tampered(await world.idToken(), { header: '{"alg":"ES256","kid":"main","crit":["x"],"x":1}' }), 'its algorithm or a critical header is not supported'],
  ['an access token\'s typ', () => sign(world.key, world.claims(), { typ: 'at+jwt' }), 'typ is that of another kind of token'],
  ['a logout token\'s typ', () => sign(world.key, world.claims(), { typ: 'logout+jwt' }), 'typ is that of another kind of token'],
  ['a changed subject', async () => tampered(await world.idToken(), { payload: JSON.stringify(world.claims({ sub: 'root' })) }), 'its signature is wrong'],
  ['a cut signature', async () => (await world.idToken()).slice(0, -4), 'its signature is wrong'],
  ['no signature', async () => tampered(await world.idToken(), { signature: '' }), 'its signature is wrong']
]

function tampered(token: string, { header, payload, signature }: { header?: string, payload?: string, signature?: string }): string {
  const [oldHeader, oldPayload, oldSignature] = token.split('.')
  const encode = (text: string) => Buffer.from(text).toString('base64url')
  return [header === undefined ? oldHeader : encode(header), payload === undefined ? oldPayload : encode(payload), signature ?? oldSignature].join('.')
}

describe('refused alike, with the reason in the audit log', () => {
  test.each(claims)('an ID token %s', async (_name, more, reason) => {
    expect(await world.refusal({ grant: 'id_token', idToken: await world.idToken(more) })).toBe(reason)
  })

  test.each(forged)('%s', async (_name, forge, reason) => {
    expect(await world.refusal({ grant: 'id_token', idToken: await forge() })).toBe(reason)
  })

  test('nothing a token said was fetched', () => {
    expect(evil.hits).toBe(0)
  })

  test('a nonce of another login, a missing one and an unexpected one', async () => {
    expect(await world.refusal({ grant: 'id_token', idToken: await world.idToken({ nonce: 'one' }), nonce: 'another' })).toBe('nonce is not right')
    expect(await world.refusal({ grant: 'id_token', idToken: await world.idToken(), nonce: 'one' })).toBe('nonce is not right')
    expect(await world.refusal({ grant: 'id_token', idToken: await world.idToken({ nonce: 'one' }) })).toBe('nonce is not right')
  })

  test('an ID token as a bearer, as a refresh token and as a workload\'s', async () => {
    const idToken = await world.idToken()
    expect(() => world.identity.verify(idToken)).toThrow('the access token was not accepted')
    expect(await world.refusal({ grant: 'refresh', refreshToken: idToken })).toBe('no such refresh token')
    expect(await world.refusal({ grant: 'workload', idToken })).toBe('its issuer is that of no workload')
  })

  test('no refusal leaves a person, a login or a token behind', async () => {
    await world.refusal({ grant: 'id_token', idToken: await world.idToken({ sub: 'mallory', groups: [7] }) })
    await world.refusal({ grant: 'id_token', idToken: await world.idToken({ sub: 'mallory', aud: 'x' }) })
    expect(world.state.users.find(world.issuer.origin, 'mallory')).toBeUndefined()
  })
})

describe('an ID token is exchanged once', () => {
  test('by whoever comes first, also at the same moment', async () => {
    const idToken = await world.idToken()
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => world.exchange({ grant: 'id_token', idToken })))
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
    expect(await world.refusal({ grant: 'id_token', idToken })).toBe('it was exchanged before')
  })

  test('also when its signature is written another way', async () => {
    const idToken = await world.idToken()
    await world.exchange({ grant: 'id_token', idToken })
    // ECDSA: (r, n - s) is as good a signature as (r, s).
    const [header, payload, signature] = idToken.split('.')
    const bytes = Buffer.from(signature!, 'base64url')
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
    const s = BigInt(`0x${bytes.subarray(32).toString('hex')}`)
    const other = Buffer.concat([bytes.subarray(0, 32), Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex')])
    expect(await world.refusal({ grant: 'id_token', idToken: `${header}.${payload}.${other.toString('base64url')}` })).toBe('it was exchanged before')
  })

  test('also after the gateway was started again, for as long as it would be taken', async () => {
    const idToken = await world.idToken({ exp: world.seconds + 86_400 })
    await world.exchange({ grant: 'id_token', idToken })
    await world.restart()
    expect(await world.refusal({ grant: 'id_token', idToken })).toBe('it was exchanged before')
    const start = world.now
    for (let passed = 0; passed <= 12 * minute; passed += minute / 2) {
      world.now = start + passed
      expect(await world.refusal({ grant: 'id_token', idToken })).toMatch(/it was exchanged before|iat is too long ago/)
    }
    world.now = start + 2 * hour
    expect(await world.refusal({ grant: 'id_token', idToken })).toBe('iat is too long ago')
  })

  test('also when what is old is cleared away in between', async () => {
    await world.exchange({ grant: 'id_token', idToken: await world.idToken() })
    // Clearing happens with the first exchange after an hour: here ten minutes and half a minute after the token was presented.
    world.now += hour - 10.5 * minute
    const idToken = await world.idToken({ exp: world.seconds + 86_400 })
    await world.exchange({ grant: 'id_token', idToken })
    world.now += 10.5 * minute
    expect(await world.refusal({ grant: 'id_token', idToken })).toBe('it was exchanged before')
  })
})

describe('accepted', () => {
  test.each(['ES256', 'RS256', 'PS256', 'EdDSA'])('a token signed with %s', async (alg) => {
    const other = await World.start()
    const key = await signingKey(alg, 'key')
    other.issuer.keys = [key.publicJwk]
    const response = await other.exchange({ grant: 'id_token', idToken: await sign(key, other.claims({ nonce: 'n', azp: 'hoop-cli' }), { typ: 'JWT' }), nonce: 'n' })
    expect(response.principal).toEqual({ issuer: other.issuer.origin, subject: 'alice', email: 'alice@example.com', groups: ['dev'], kind: 'human' })
    expect(other.notes).toEqual([{
      kind: 'login',
      source,
      method: 'id_token',
      accepted: true,
      actor: { issuer: other.issuer.origin, subject: 'alice', email: 'alice@example.com', groups: ['dev'], kind: 'human' }
    }])
    await other.stop()
  })

  test.each<[string, Record<string, unknown>, object]>([
    ['no groups', { groups: undefined }, { groups: [] }],
    ['one group as a string', { groups: 'dev' }, { groups: ['dev'] }],
    ['a group twice', { groups: ['dev', 'dev'] }, { groups: ['dev'] }],
    ['an e-mail that is none', { email: ['x'] }, { groups: ['dev'] }],
    ['a name', { name: 'Alice A.' }, { name: 'Alice A.' }],
    ['a clock that is half a minute off', { get iat() { return world.seconds + 30 } }, {}]
  ])('a token with %s', async (_name, more, expected) => {
    const { principal } = await world.exchange({ grant: 'id_token', idToken: await world.idToken(more) })
    expect(principal).toMatchObject(expected)
  })

  test('a token without a key id, where the provider has one key for its algorithm', async () => {
    await world.exchange({ grant: 'id_token', idToken: await sign(world.key, world.claims(), { kid: undefined as unknown as string }) })
  })
})
