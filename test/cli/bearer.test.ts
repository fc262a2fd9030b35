import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createBearer } from '../../cli/bearer.ts'
import type { StoredTokens, TokenStore } from '../../cli/login/tokens.ts'
import type { TokenRequest, TokenResponse } from '../../shared/api.ts'
import { GatewayError } from '../../shared/errors.ts'
import type { Principal } from '../../shared/model.ts'

const principal: Principal = { issuer: 'https://idp.example', subject: 'ann', groups: [], kind: 'human' }
const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJqb2IifQ.c2lnbmF0dXJl'
const gatewayUrl = 'https://gw.example'

let folder: string
let clock: number
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-bearer-'))
  clock = 1_000_000
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** A gateway that rotates refresh tokens and ends the login when one is shown twice. */
class Rotating {
  requests: TokenRequest[] = []
  #refresh = 'refresh-0'
  #number = 0
  ended = false

  readonly exchange = async (request: TokenRequest): Promise<TokenResponse> => {
    this.requests.push(request)
    await new Promise((resolve) => setTimeout(resolve, 5))
    if (request.grant === 'refresh') {
      if (request.refreshToken !== this.#refresh) this.ended = true
      if (this.ended) throw new GatewayError('unauthenticated', 'not accepted')
    }
    this.#refresh = `refresh-${++this.#number}`
    return { accessToken: `access-${this.#number}`, refreshToken: this.#refresh, expiresInSeconds: 600, principal }
  }
}

class Store implements TokenStore {
  readonly where = 'file'
  tokens: StoredTokens | undefined
  async load() { return this.tokens }
  async save(_: string, tokens: StoredTokens) { this.tokens = tokens }
  async remove() { this.tokens = undefined }
}

function stored(expiresAt: number): Store {
  const store = new Store()
  store.tokens = { accessToken: 'access-0', refreshToken: 'refresh-0', expiresAt, principal }
  return store
}

function bearer(o: { token?: string, tokenFile?: string, store?: Store, gateway?: Rotating } = {}) {
  const gateway = o.gateway ?? new Rotating()
  const made = createBearer({
    settings: { token: o.token, configDirectory: folder, ...(o.tokenFile === undefined ? {} : { tokenFile: o.tokenFile }) },
    gatewayUrl,
    tokens: o.store ?? new Store(),
    exchange: gateway.exchange,
    now: () => clock
  })
  return Object.assign(made, { gateway })
}

describe('HOOP_TOKEN', () => {
  test.each(['secret', 'hoop_pat_x', 'a.b', 'a.b.c.d', 'a b.c.d'])('%j is neither kind of token, and is not repeated', async (token) => {
    expect(() => bearer({ token })).toThrow(expect.objectContaining({ code: 'unauthenticated', message: expect.not.stringContaining(token) as string }))
  })

  test('a service token is shown as it is; refused, it is not tried again', async () => {
    const made = bearer({ token: 'hoop_st_abc' })
    expect(await made.current()).toBe('hoop_st_abc')
    await expect(made.renew('hoop_st_abc')).rejects.toMatchObject({ code: 'unauthenticated' })
    expect(made.gateway.requests).toEqual([])
  })

  test('a service token from a file is read again when it is refused', async () => {
    const tokenFile = join(folder, 'token')
    await writeFile(tokenFile, 'hoop_st_new')
    const made = bearer({ token: 'hoop_st_old', tokenFile })
    expect(await made.current()).toBe('hoop_st_old')
    expect(await made.renew('hoop_st_old')).toBe('hoop_st_new')
    expect(await made.current()).toBe('hoop_st_new')
    await expect(made.renew('hoop_st_new')).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  test('a workload\'s token is exchanged, once for all who ask at the same time, and again before it ends', async () => {
    const made = bearer({ token: jwt })
    expect(await Promise.all([made.current(), made.current(), made.current()])).toEqual(['access-1', 'access-1', 'access-1'])
    expect(made.gateway.requests).toEqual([{ grant: 'workload', idToken: jwt }])
    clock += 580_000
    expect(await made.current()).toBe('access-2')
  })

  test('a refused workload token is renewed once, however many were refused', async () => {
    const made = bearer({ token: jwt })
    const first = await made.current()
    expect(await Promise.all([made.renew(first), made.renew(first)])).toEqual(['access-2', 'access-2'])
    expect(await made.renew(first)).toBe('access-2')
  })
})

describe('a person\'s login', () => {
  test('that is none says what to type', async () => {
    await expect(bearer().current()).rejects.toMatchObject({ code: 'unauthenticated', hint: 'hoop login https://gw.example' })
  })

  test('is used as it is while it is good', async () => {
    const made = bearer({ store: stored(clock + 60_000) })
    expect(await made.current()).toBe('access-0')
    expect(made.gateway.requests).toEqual([])
  })

  test('is renewed shortly before it ends, and what came back is stored', async () => {
    const store = stored(clock + 20_000)
    expect(await bearer({ store }).current()).toBe('access-1')
    expect(store.tokens).toMatchObject({ accessToken: 'access-1', refreshToken: 'refresh-1', expiresAt: clock + 600_000 })
  })

  test('is renewed once by many processes at the same moment: a refresh token shown twice would end it', async () => {
    const store = stored(clock)
    const gateway = new Rotating()
    const processes = Array.from({ length: 6 }, () => bearer({ store, gateway }))
    const tokens = await Promise.all(processes.map((made) => made.current()))
    expect(new Set(tokens)).toEqual(new Set(['access-1']))
    expect(gateway.requests).toHaveLength(1)
    expect(gateway.ended).toBe(false)
  })

  test('refused early by the gateway is renewed once by all who were refused', async () => {
    const store = stored(clock + 600_000)
    const gateway = new Rotating()
    const processes = Array.from({ length: 4 }, () => bearer({ store, gateway }))
    const tokens = await Promise.all(processes.map(async (made) => made.renew(await made.current())))
    expect(new Set(tokens)).toEqual(new Set(['access-1']))
    expect(gateway.ended).toBe(false)
  })

  test('that has ended says so, and its dead refresh token is not shown again and again', async () => {
    const gateway = new Rotating()
    gateway.ended = true
    const made = bearer({ store: stored(clock), gateway })
    for (let i = 0; i < 3; i++) await expect(made.current()).rejects.toMatchObject({ code: 'unauthenticated', hint: 'hoop login https://gw.example' })
    expect(gateway.requests).toHaveLength(1)
  })

  test('made again in another window is taken up', async () => {
    const gateway = new Rotating()
    gateway.ended = true
    const store = stored(clock)
    const made = bearer({ store, gateway })
    await expect(made.current()).rejects.toMatchObject({ code: 'unauthenticated' })
    store.tokens = { accessToken: 'fresh', refreshToken: 'refresh-9', expiresAt: clock + 600_000, principal }
    expect(await made.current()).toBe('fresh')
  })

  test('is not thought ended when the gateway merely cannot be reached', async () => {
    const store = stored(clock)
    const made = createBearer({
      settings: { token: undefined, configDirectory: folder },
      gatewayUrl,
      tokens: store,
      now: () => clock,
      exchange: async () => { throw new GatewayError('gateway_unreachable', 'away') }
    })
    await expect(made.current()).rejects.toMatchObject({ code: 'gateway_unreachable' })
    expect(store.tokens?.refreshToken).toBe('refresh-0')
  })
})
