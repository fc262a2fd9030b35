// A real OpenID provider (the certified library) on a free port, with the library's own login pages: any name, any password.
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createRemoteJWKSet, customFetch, jwtVerify, type JWTPayload } from 'jose'
import Provider from 'oidc-provider'
import { fetchTrusting } from '../../../cli/login/provider.ts'
import type { Discovery, TokenRequest, TokenResponse } from '../../../shared/api.ts'
import { GatewayError } from '../../../shared/errors.ts'
import type { Certificate } from '../../support/certificates.ts'

export const anyone = { username: 'alice', password: 'any' }

export class TestProvider {
  readonly issuer: string
  /** What was shown to the gateway so far, each verified as the gateway would: signature, issuer, audience, nonce. */
  readonly exchanged: { readonly request: TokenRequest, readonly claims: JWTPayload }[] = []
  readonly #close: () => Promise<void>
  readonly #ca: string | undefined

  private constructor(issuer: string, ca: string | undefined, close: () => Promise<void>) {
    this.issuer = issuer
    this.#ca = ca
    this.#close = close
  }

  static async start(tls?: Certificate & { ca: string }): Promise<TestProvider> {
    const server = tls === undefined ? createHttpServer() : createHttpsServer({ key: tls.key, cert: tls.cert })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const issuer = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`
    const provider = new Provider(issuer, {
      clients: [{
        client_id: 'hoop-cli',
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        redirect_uris: ['http://127.0.0.1/callback'],
        response_types: ['code'],
        grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code']
      }],
      cookies: { keys: ['a test cookie key'] },
      features: { devInteractions: { enabled: true }, deviceFlow: { enabled: true } },
      pkce: { required: () => false }
    })
    server.on('request', provider.callback())
    return new TestProvider(issuer, tls?.ca, () => new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    }))
  }

  discovery(part: Partial<Discovery> = {}): Discovery {
    return { product: 'hoop', version: '0', issuer: this.issuer, clientId: 'hoop-cli', scopes: ['openid'], deviceFlow: true, ...part }
  }

  /** The gateway's side of the exchange. @throws GatewayError unauthenticated */
  readonly exchange = async (request: TokenRequest): Promise<TokenResponse> => {
    if (request.grant !== 'id_token') throw new GatewayError('bad_request', `unexpected grant ${request.grant}`)
    const read = fetchTrusting(this.#ca, new AbortController().signal)
    const keys = createRemoteJWKSet(new URL(`${this.issuer}/jwks`), {
      [customFetch]: (url: string) => read(url, { method: 'GET', headers: {}, body: undefined, redirect: 'manual' })
    })
    const { payload } = await jwtVerify(request.idToken, keys, { issuer: this.issuer, audience: 'hoop-cli' })
    if (payload.nonce !== request.nonce) throw new GatewayError('unauthenticated', 'not accepted')
    this.exchanged.push({ request, claims: payload })
    return {
      accessToken: 'access',
      refreshToken: 'refresh',
      expiresInSeconds: 600,
      principal: { issuer: this.issuer, subject: payload.sub!, groups: [], kind: 'human' }
    }
  }

  stop(): Promise<void> { return this.#close() }
}
