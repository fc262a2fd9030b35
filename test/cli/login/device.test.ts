// The device flow: once against a real provider, then against one that answers as RFC 8628 allows but a real one will not do on demand.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { logInWithDevice, type DeviceLoginOptions } from '../../../cli/login/device.ts'
import type { Discovery } from '../../../shared/api.ts'
import { TestBrowser } from '../../support/browser.ts'
import { anyone, TestProvider } from './test-provider.ts'

const never = new AbortController().signal

describe('against a real provider', () => {
  let provider: TestProvider
  beforeAll(async () => { provider = await TestProvider.start() })
  afterAll(async () => { await provider.stop() })

  test('shows address and code, and is logged in once somebody entered it there', async () => {
    const said: string[] = []
    const waits: number[] = []
    const response = await logInWithDevice({
      discovery: provider.discovery(),
      exchange: provider.exchange,
      say: (line) => said.push(line),
      signal: never,
      now: Date.now,
      wait: async (milliseconds) => {
        waits.push(milliseconds)
        if (waits.length !== 2) return
        const [, address, code] = /open (\S+) on any device and enter the code\n(\S+)/.exec(said[0]!)!
        await new TestBrowser().confirmDevice(address!, code!, anyone)
      }
    })
    expect(response.principal).toMatchObject({ issuer: provider.issuer, subject: 'alice' })
    expect(waits).toEqual([5000, 5000])
    expect(provider.exchanged.at(-1)!.request).toEqual({ grant: 'id_token', idToken: expect.any(String) as string })
    expect(said.join('\n')).toContain('only if you started this login yourself')
  })

  test('a gateway that does not allow it is not asked', async () => {
    await expect(logInWithDevice({
      discovery: provider.discovery({ deviceFlow: false }),
      exchange: provider.exchange,
      say: () => undefined,
      signal: never,
      now: Date.now
    })).rejects.toMatchObject({ code: 'usage' })
  })
})

describe('pace and endings', () => {
  let scripted: ScriptedProvider
  afterEach(() => scripted.close())

  /** Runs against scripted token answers; the clock stands still but for the waits. */
  const run = async (answers: readonly Scripted[], grant: object = {}, o: Partial<DeviceLoginOptions> = {}) => {
    scripted = await ScriptedProvider.start(answers, grant)
    const waits: number[] = []
    const said: string[] = []
    let clock = 1_000_000
    const failure = await logInWithDevice({
      discovery: scripted.discovery,
      exchange: () => Promise.reject(new Error('nothing to exchange')),
      say: (line) => said.push(line),
      signal: never,
      now: () => clock,
      wait: async (milliseconds) => { waits.push(milliseconds / 1000); clock += milliseconds },
      ...o
    }).then(() => undefined, (error: unknown) => error)
    return { failure, waits, said, questions: scripted.questions }
  }

  test('each slow_down makes every later wait 5 s longer', async () => {
    const { failure, waits } = await run(['authorization_pending', 'slow_down', 'authorization_pending', 'slow_down', 'access_denied'], { interval: 1 })
    expect(waits).toEqual([1, 1, 6, 6, 11])
    expect(failure).toMatchObject({ code: 'unauthenticated' })
  })

  test('without an interval it is 5 s', async () => {
    expect((await run(['authorization_pending', 'access_denied'])).waits).toEqual([5, 5])
  })

  test('a code that runs out ends it, said by the provider or by the clock', async () => {
    expect((await run(['expired_token'])).failure).toMatchObject({ code: 'cancelled' })
    scripted.close()
    const { failure, questions } = await run(Array.from({ length: 100 }, () => 'authorization_pending' as const), { expires_in: 60, interval: 10 })
    expect(failure).toMatchObject({ code: 'cancelled' })
    expect(questions).toBe(5)
  })

  test('a provider that is away for a moment is asked again, half as often', async () => {
    const { failure, waits } = await run(['hang up', 'hang up', 'access_denied'], { interval: 2 })
    expect(waits).toEqual([2, 4, 8])
    expect(failure).toMatchObject({ code: 'unauthenticated' })
  })

  test('an answer without ID token is no login', async () => {
    expect((await run(['no id token'])).failure).toMatchObject({ code: 'config_invalid' })
  })

  test('what the provider wants shown cannot act on the terminal', async () => {
    const { said } = await run(['access_denied'], { user_code: 'AB\u001b[2JCD\nhoop: error' })
    expect(said[0]).toContain('AB<U+001B>[2JCD<U+000A>hoop: error')
    expect(said.join('')).not.toContain('\u001b')
  })

  test('Ctrl-C between two questions', async () => {
    const controller = new AbortController()
    const { failure, questions } = await run([], {}, {
      signal: controller.signal,
      wait: async (_, signal) => { controller.abort(); signal.throwIfAborted() }
    })
    expect(failure).toMatchObject({ code: 'cancelled' })
    expect(questions).toBe(0)
  })
})

type Scripted = 'authorization_pending' | 'slow_down' | 'expired_token' | 'access_denied' | 'hang up' | 'no id token'

/** Answers the token endpoint as told, in order. */
class ScriptedProvider {
  questions = 0

  private constructor(readonly discovery: Discovery, readonly server: Server) {}

  static async start(answers: readonly Scripted[], grant: object): Promise<ScriptedProvider> {
    const left = [...answers]
    const server = createServer((request, response) => {
      const issuer = `http://${request.headers.host!}`
      const send = (status: number, body: object) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      request.resume()
      if (request.url === '/.well-known/openid-configuration') {
        return send(200, { issuer, token_endpoint: `${issuer}/token`, device_authorization_endpoint: `${issuer}/device`, authorization_endpoint: `${issuer}/auth` })
      }
      if (request.url === '/device') {
        return send(200, { device_code: 'd', user_code: 'WDJB-MJHT', verification_uri: `${issuer}/enter`, expires_in: 600, ...grant })
      }
      scripted.questions++
      const answer = left.shift()
      if (answer === undefined || answer === 'hang up') return response.destroy()
      return answer === 'no id token' ? send(200, { access_token: 'a', token_type: 'bearer' }) : send(400, { error: answer })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const scripted = new ScriptedProvider({ product: 'hoop', version: '0', issuer, clientId: 'hoop-cli', scopes: [], deviceFlow: true }, server)
    return scripted
  }

  close(): void {
    this.server.close()
    this.server.closeAllConnections()
  }
}
