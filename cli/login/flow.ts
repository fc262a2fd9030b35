// Login in the browser, at the identity provider itself: authorization code with PKCE on a loopback redirect (RFC 8252, 7636, 9207).
// The gateway sees the resulting ID token once; no password and no provider token ever passes through it.
import {
  authorizationCodeGrant,
  AuthorizationResponseError,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  randomNonce,
  randomPKCECodeVerifier,
  randomState
} from 'openid-client'
import type { TokenRequest, TokenResponse } from '../../shared/api.ts'
import { asGatewayError, GatewayError } from '../../shared/errors.ts'
import { safeLine } from '../../shared/text.ts'
import { clockText } from '../reviews/text.ts'
import { isWebUrl } from './browser.ts'
import { listenForCallback } from './callback.ts'
import { openProvider, providerError, scopeOf, type ProviderOptions } from './provider.ts'

const fiveMinutes = 5 * 60 * 1000

export interface LoginOptions extends ProviderOptions {
  readonly exchange: (request: TokenRequest) => Promise<TokenResponse>
  /** @returns whether a browser was opened */
  readonly openBrowser: (url: string) => Promise<boolean>
  readonly say: (line: string) => void
  /** Shows that somebody is waited for, where that can be seen. */
  readonly progress?: (text: () => string) => { done(): void }
  readonly timeoutMilliseconds?: number
}

/**
 * @returns the gateway's own tokens
 * @throws GatewayError cancelled (Ctrl-C, or nobody came back in time), unauthenticated (refused), gateway_unreachable, config_invalid
 */
export async function logIn(o: LoginOptions): Promise<TokenResponse> {
  const provider = await openProvider(o)
  const server = provider.serverMetadata()
  const { timeoutMilliseconds = fiveMinutes } = o
  const [state, nonce, verifier] = [randomState(), randomNonce(), randomPKCECodeVerifier()]
  const callback = await listenForCallback({
    state,
    issuer: server.issuer,
    issRequired: server.authorization_response_iss_parameter_supported === true,
    signal: o.signal,
    timeoutMilliseconds,
    onStranger: () => o.say('warning: somebody else on this machine tried to answer this login and was turned away')
  })
  try {
    const url = buildAuthorizationUrl(provider, {
      redirect_uri: callback.redirectUri,
      scope: scopeOf(o.discovery),
      state,
      nonce,
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256'
    })
    if (!isWebUrl(url.href)) {
      throw new GatewayError('config_invalid', `the identity provider ${safeLine(server.issuer)} names a login page that is not https`, {
        hint: 'ask whoever runs the gateway whether its issuer is right'
      })
    }
    await invite(url.href, o)
    const end = o.now() + timeoutMilliseconds
    const waiting = o.progress?.(() => `waiting for your browser, ${clockText(end - o.now())} left (Ctrl-C cancels)`)
    const answer = await callback.answer.finally(() => waiting?.done())
    const tokens = await authorizationCodeGrant(provider, answer, {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
      idTokenExpected: true
    }).catch((error: unknown) => { throw refusal(error, server.issuer) })
    const response = await o.exchange({ grant: 'id_token', idToken: tokens.id_token!, nonce })
    await callback.finish()
    return response
  } catch (error) {
    // The page tells only what is ours to tell; the terminal has the rest.
    await callback.finish(asGatewayError(error).code === 'internal' ? 'Something went wrong.' : sentence(asGatewayError(error).message))
    throw error
  }
}

async function invite(url: string, { openBrowser, say }: LoginOptions): Promise<void> {
  say('log in with your browser; if none opens, open this URL on this machine:')
  say(`  ${url}`)
  if (!await openBrowser(url)) say('no browser could be opened here; on a machine without one, use: hoop login --device')
}

/** RFC 6749 section 4.1.2.1: the person or the provider said no. */
function refusal(error: unknown, issuer: string): GatewayError {
  if (!(error instanceof AuthorizationResponseError)) return providerError(error, issuer)
  const why = error.error === 'access_denied' ? 'the login was refused' : safeLine(error.error_description ?? error.error)
  return new GatewayError('unauthenticated', `${safeLine(issuer)}: ${why}`, { hint: 'start again with: hoop login', cause: error })
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
