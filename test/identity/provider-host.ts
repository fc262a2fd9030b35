// The embedded provider on a real port, as the gateway mounts it, and what a client of it needs.
import { createServer } from 'node:http'
import * as client from 'openid-client'
import { createEmbeddedProvider, type EmbeddedProvider } from '../../server/identity/embedded/provider.ts'
import { listen } from './listen.ts'

export const clientId = 'hoop-cli'
export const alice = { username: 'alice', password: 'correct horse', email: 'alice@example.com', name: 'Alice A.', groups: ['dev', 'ops'] }
export const bob = { username: 'bob', password: 'battery staple', email: 'bob@example.com', groups: [] }
/** Nobody listens there; a login ends with the redirect to it. */
export const redirectUri = 'http://127.0.0.1:45555/callback'

export interface ProviderHost {
  readonly issuer: string
  readonly origin: string
  readonly provider: EmbeddedProvider
  readonly errors: unknown[]
  /** Added to the provider's clock. */
  advance(milliseconds: number): void
  configuration(): Promise<client.Configuration>
  close(): Promise<void>
}

export async function startProvider(): Promise<ProviderHost> {
  const errors: unknown[] = []
  let ahead = 0
  const mounted: { provider?: EmbeddedProvider } = {}
  const server = createServer((req, res) => {
    if (req.url!.startsWith('/idp')) mounted.provider!(req, res)
    else res.writeHead(404).end()
  })
  const { origin, close } = await listen(server)
  const issuer = `${origin}/idp`
  const now = () => Date.now() + ahead
  const provider = await createEmbeddedProvider({ issuer, clientId, users: [alice, bob], now, onError: (error) => errors.push(error) })
  mounted.provider = provider
  return {
    issuer,
    origin,
    provider,
    errors,
    close,
    advance: (milliseconds) => { ahead += milliseconds },
    configuration: () => client.discovery(new URL(issuer), clientId, undefined, client.None(), { execute: [client.allowInsecureRequests] })
  }
}

export interface BegunLogin {
  readonly url: URL
  readonly checks: { readonly pkceCodeVerifier: string, readonly expectedState: string, readonly expectedNonce: string }
}

export async function beginLogin(config: client.Configuration, more: Record<string, string> = {}): Promise<BegunLogin> {
  const checks = {
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce()
  }
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: 'openid email profile groups',
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    ...more
  })
  return { url, checks }
}
