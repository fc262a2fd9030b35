// The embedded provider as the library's configuration: one client, its two flows, what is issued, and our pages in place of its own.
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { JWK } from 'jose'
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider'
import { InvalidGrant } from 'oidc-provider/lib/helpers/errors.js'
import type { Accounts } from './accounts.ts'
import { codePage, confirmPage, messagePage } from './pages.ts'
import { createStore } from './store.ts'

/** A login that is under way, in all its parts. */
const loginSeconds = 600

export function sessionCookie(prefix: string): string {
  return `hoop${prefix.replaceAll('/', '_')}_session`
}

export interface ConfigurationParts {
  readonly clientId: string
  readonly prefix: string
  readonly accounts: Accounts
  readonly now: () => number
  readonly key: JWK
  readonly linkCodes: WeakMap<IncomingMessage, string>
}

/** What the library is told; every default that would print a notice or show its own page is replaced. */
export function configuration({ clientId, prefix, accounts, now, key, linkCodes }: ConfigurationParts): Configuration {
  const cookie = { signed: true, httpOnly: true, sameSite: 'lax', path: `${prefix}/` } as const
  const xsrfOf = (ctx: KoaContextWithOIDC) => String((ctx.oidc.session?.state as { secret?: unknown } | undefined)?.secret ?? '')
  const show = (ctx: KoaContextWithOIDC, html: string) => {
    ctx.type = 'html'
    ctx.body = html
  }
  return {
    adapter: createStore(now, () => new InvalidGrant('already consumed')),
    jwks: { keys: [key] },
    clients: [{
      client_id: clientId,
      client_name: 'hoop',
      // The port of a loopback redirect is free for native clients (RFC 8252 section 7.3); nothing else about it is.
      application_type: 'native',
      redirect_uris: ['http://127.0.0.1/callback', 'http://[::1]/callback'],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'],
      response_types: ['code'],
      id_token_signed_response_alg: 'ES256'
    }],
    responseTypes: ['code'],
    scopes: ['openid'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username'], groups: ['groups'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    clientAuthMethods: ['none'],
    clientBasedCORS: () => false,
    findAccount: (_ctx, subject) => {
      const claims = accounts.claims(subject)
      return claims && { accountId: subject, claims: () => claims }
    },
    expiresWithSession: () => false,
    interactions: { url: (_ctx, interaction) => `${prefix}/interaction/${interaction.uid}` },
    cookies: {
      keys: [randomBytes(32).toString('base64url')],
      names: { session: sessionCookie(prefix), interaction: 'hoop_login', resume: 'hoop_resume' },
      long: cookie,
      short: { signed: true, httpOnly: true, sameSite: 'lax' }
    },
    ttl: {
      AccessToken: 60,
      AuthorizationCode: 60,
      DeviceCode: loginSeconds,
      Grant: loginSeconds,
      IdToken: 300,
      Interaction: loginSeconds,
      Session: loginSeconds
    },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: (ctx, _form, _out, error) => {
          const userCode = linkCodes.get(ctx.req)
          const problem = error === undefined ? undefined : codeProblem(error)
          show(ctx, codePage({
            action: `${prefix}/device`,
            xsrf: xsrfOf(ctx),
            ...(userCode === undefined ? {} : { userCode }),
            ...(problem === undefined ? {} : { problem })
          }))
        },
        userCodeConfirmSource: (ctx, _form, _client, device, userCode) => {
          show(ctx, confirmPage({ action: `${prefix}/device`, xsrf: xsrfOf(ctx), userCode, from: String(device.ip) }))
        },
        successSource: (ctx) => { show(ctx, messagePage('You are logged in', 'The command line goes on by itself; you can close this page.')) }
      }
    },
    renderError: (ctx, out) => { show(ctx, messagePage('This login cannot go on', out.error_description ?? out.error)) }
  }
}

function codeProblem(error: Error): string {
  if (error.name === 'AbortedError') return 'The login was refused, as you asked.'
  if (error.name === 'NotFoundError' || error.name === 'NoCodeError') return 'There is no such code. Check it and try again.'
  if (error.name === 'ExpiredError') return 'That code has expired. Run hoop login --device again.'
  if (error.name === 'AlreadyUsedError') return 'That code has been used. Run hoop login --device again.'
  return 'That did not work. Enter the code again.'
}
