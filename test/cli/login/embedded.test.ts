// Both ways of logging in against the provider that comes with the gateway, its own pages filled in over HTTP.
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { logInByForm } from '../../../cli/demo/browser.ts'
import { logInWithDevice } from '../../../cli/login/device.ts'
import { logIn } from '../../../cli/login/flow.ts'
import { createEmbeddedProvider, type EmbeddedProvider } from '../../../server/identity/embedded/provider.ts'
import type { Discovery, TokenRequest, TokenResponse } from '../../../shared/api.ts'
import { TestBrowser } from '../../support/browser.ts'

const alice = { username: 'alice', password: 'a good one', email: 'alice@clinic.example', groups: ['engineers'] }
const never = new AbortController().signal

let server: Server
let provider: EmbeddedProvider
let discovery: Discovery
beforeAll(async () => {
  server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/idp`
  discovery = { product: 'hoop', version: '0', issuer, clientId: 'hoop-cli', scopes: ['openid', 'email', 'profile', 'groups'], deviceFlow: true }
  provider = await createEmbeddedProvider({ issuer, clientId: 'hoop-cli', users: [alice], now: Date.now })
  server.on('request', provider as RequestListener)
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** The gateway's side: signature, issuer, audience and nonce. */
async function exchange(request: TokenRequest): Promise<TokenResponse> {
  if (request.grant !== 'id_token') throw new Error(`unexpected grant ${request.grant}`)
  const { payload } = await jwtVerify(request.idToken, createLocalJWKSet(provider.keys), { issuer: discovery.issuer, audience: 'hoop-cli' })
  expect(payload.nonce).toBe(request.nonce)
  const { sub, email, groups } = payload as { sub: string, email: string, groups: string[] }
  return { accessToken: 'a', expiresInSeconds: 600, principal: { issuer: discovery.issuer, subject: sub, email, groups, kind: 'human' } }
}

describe('the embedded provider', () => {
  test('logs a person in through its form, with e-mail and groups', async () => {
    const { principal } = await logIn({
      discovery,
      exchange,
      say: () => undefined,
      signal: never,
      now: Date.now,
      timeoutMilliseconds: 20_000,
      openBrowser: async (url) => { void logInByForm(url, alice, never); return true }
    })
    expect(principal).toMatchObject({ email: 'alice@clinic.example', groups: ['engineers'] })
  })

  test('a wrong password logs nobody in', async () => {
    let refused: unknown
    const controller = new AbortController()
    await expect(logIn({
      discovery,
      exchange,
      say: () => undefined,
      signal: controller.signal,
      now: Date.now,
      openBrowser: async (url) => {
        refused = await logInByForm(url, { ...alice, password: 'wrong' }, never).catch((error: unknown) => error)
        controller.abort()
        return true
      }
    })).rejects.toMatchObject({ code: 'cancelled' })
    expect(refused).toMatchObject({ code: 'unauthenticated' })
  })

  test('logs a person in by a code entered elsewhere', async () => {
    const said: string[] = []
    let entered = false
    const { principal } = await logInWithDevice({
      discovery,
      exchange,
      say: (line) => said.push(line),
      signal: never,
      now: Date.now,
      wait: async () => {
        if (entered) return
        entered = true
        const [, address, code] = /open (\S+) on any device and enter the code\n(\S+)/.exec(said[0]!)!
        await new TestBrowser().confirmDevice(address!, code!, alice)
      }
    })
    expect(principal).toMatchObject({ email: 'alice@clinic.example', groups: ['engineers'] })
  })
})
