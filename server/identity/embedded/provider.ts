// An OpenID provider inside the gateway, for trying things out and for teams without one: code + PKCE and device flow for one public
// native client, people from the configuration. The protocol is the oidc-provider library's; the pages and the passwords are ours.
// Keys are made at start and live in memory: they sign tokens that are exchanged within minutes, and a restart only ends logins under way.
import { randomBytes } from 'node:crypto'
import type { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { exportJWK, generateKeyPair, type JSONWebKeySet, type JWK } from 'jose'
import type { Provider } from 'oidc-provider'
import requestStorage from 'oidc-provider/lib/helpers/als.js'
import { Provider as OidcProvider } from 'oidc-provider/lib/provider.js'
import { createAccounts, type EmbeddedUser } from './accounts.ts'
import { createAttempts } from './attempts.ts'
import { configuration, sessionCookie } from './configuration.ts'
import { serveInteraction } from './interaction.ts'
import { messagePage, styleHash } from './pages.ts'

export interface EmbeddedOptions {
  /** Ends in the path the provider is mounted at, e.g. https://hoop.example.com/idp */
  readonly issuer: string
  readonly clientId: string
  readonly users: readonly EmbeddedUser[]
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** What goes wrong inside, for the operator's log. */
  readonly onError?: (error: unknown) => void
}

export interface EmbeddedProvider {
  /** Serves a request whose path begins with the issuer's. */
  (req: IncomingMessage, res: ServerResponse): void
  /** Its public keys: the gateway needs no request to itself to verify what it signed. */
  readonly keys: JSONWebKeySet
}

export async function createEmbeddedProvider(options: EmbeddedOptions): Promise<EmbeddedProvider> {
  const { issuer, clientId, users, now, onError = () => undefined } = options
  const url = new URL(issuer)
  const prefix = url.pathname.replace(/\/$/, '')
  const accounts = createAccounts(users)
  const attempts = createAttempts(now)
  const { privateKey, publicKey } = await signingKey()
  /** The code of a complete verification link, by its request. */
  const linkCodes = new WeakMap<IncomingMessage, string>()

  const provider: Provider = new OidcProvider(issuer, configuration({ clientId, prefix, accounts, now, key: privateKey, linkCodes }))
  // The request is told below what the outside sees of it; nothing a client sends in X-Forwarded-* gets that far.
  provider.proxy = true
  // Without a listener the library's web framework prints to the console.
  ;(provider as EventEmitter).on('error', onError)
  provider.on('server_error', (_ctx, error) => { onError(error) })
  const respond = provider.callback()

  const handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    secure(res)
    // Links and cookies are made for the issuer's name only; another one is a mistake, or DNS rebinding.
    if (req.headers.host !== url.host) {
      send(res, 421, messagePage('Wrong address', `This is served as ${issuer}`))
      return
    }
    if (req.method === 'POST' && req.headers.origin !== undefined && req.headers.origin !== url.origin) {
      send(res, 403, messagePage('Not from here', 'This form was sent by another site and is refused.'))
      return
    }
    if (!/^[/?]|^$/.test(req.url!.slice(prefix.length))) {
      send(res, 404, messagePage('Nothing here', 'There is no such page.'))
      return
    }
    prepare(req, url, prefix, linkCodes)
    const interaction = /^\/interaction\/[A-Za-z0-9_-]{10,100}$/.exec(req.url!)
    if (interaction !== null && (req.method === 'GET' || req.method === 'POST')) {
      await serveInteraction(req, res, { provider, accounts, attempts, action: prefix + interaction[0], send })
      return
    }
    await respond(req, res)
  }

  let running = 0
  const handler = (req: IncomingMessage, res: ServerResponse): void => {
    running++
    handle(req, res).catch((error: unknown) => {
      onError(error)
      if (res.headersSent) res.destroy()
      else send(res, 500, messagePage('Something went wrong', 'Start again with: hoop login'))
    }).finally(() => {
      // The library keeps the request at hand in an AsyncLocalStorage, whose hooks make every promise of the process dearer as long as
      // they are in place; its next request puts them there again.
      if (--running === 0) requestStorage.disable()
    })
  }
  return Object.assign(handler, { keys: { keys: [publicKey] } })
}

async function signingKey(): Promise<{ privateKey: JWK, publicKey: JWK }> {
  const pair = await generateKeyPair('ES256', { extractable: true })
  const common = { kid: randomBytes(12).toString('base64url'), alg: 'ES256', use: 'sig' }
  return { privateKey: { ...await exportJWK(pair.privateKey), ...common }, publicKey: { ...await exportJWK(pair.publicKey), ...common } }
}

/**
 * Makes the request what the provider should see: its own path, the issuer's host and scheme, the peer's address, and no
 * logged-in browser session. Each login asks for the password: the next person at a browser must not be the last one.
 */
function prepare(req: IncomingMessage, issuer: URL, prefix: string, linkCodes: WeakMap<IncomingMessage, string>): void {
  for (const name of Object.keys(req.headers)) if (name.startsWith('x-forwarded-')) delete req.headers[name]
  req.headers['x-forwarded-proto'] = issuer.protocol.slice(0, -1)
  const inner = new URL(`http://internal${req.url!.slice(prefix.length) || '/'}`)
  if (inner.pathname === '/device') {
    // Shown in the form instead of submitted at once (RFC 8628 section 5.4: the person compares the code).
    const code = inner.searchParams.get('user_code')
    if (code !== null) linkCodes.set(req, code)
    inner.searchParams.delete('user_code')
  }
  req.url = inner.pathname + inner.search
  Object.assign(req, { originalUrl: prefix + req.url })
  // The code form carries its token in the session, from its GET to its POST; that session is not logged in.
  if (!(req.method === 'POST' && inner.pathname === '/device')) dropCookie(req, sessionCookie(prefix))
}

function dropCookie(req: IncomingMessage, name: string): void {
  const cookies = req.headers.cookie?.split(';').map((cookie) => cookie.trim())
  if (cookies === undefined) return
  req.headers.cookie = cookies.filter((cookie) => !cookie.startsWith(`${name}=`) && !cookie.startsWith(`${name}.`)).join('; ')
}

function secure(res: ServerResponse): void {
  res.setHeader('content-security-policy', policy())
  res.setHeader('x-frame-options', 'DENY')
  res.setHeader('x-content-type-options', 'nosniff')
  res.setHeader('referrer-policy', 'same-origin')
  res.setHeader('cross-origin-opener-policy', 'same-origin')
  res.setHeader('cache-control', 'no-store')
}

/** Browsers hold a form's redirects to form-action too, so a login page names the command line's address. */
function policy(to = ''): string {
  return `default-src 'none'; style-src ${styleHash}; form-action 'self' ${to}; base-uri 'none'; frame-ancestors 'none'`
}

function send(res: ServerResponse, status: number, html: string, to?: string): void {
  res.statusCode = status
  res.setHeader('content-type', 'text/html; charset=utf-8')
  res.setHeader('content-security-policy', policy(to))
  res.end(html)
}
