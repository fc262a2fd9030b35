// The login page's two requests: showing it, and answering it. The provider decides what a good answer leads to.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'
import type { Accounts } from './accounts.ts'
import type { Attempts } from './attempts.ts'
import { loginPage, messagePage } from './pages.ts'

const maxBodyBytes = 8 * 1024

export interface InteractionParts {
  readonly provider: Provider
  readonly accounts: Accounts
  readonly attempts: Attempts
  /** The page's own address, from the root of the host. */
  readonly action: string
  /** Sends a page; `to` is where a form on it may lead besides this provider. */
  readonly send: (res: ServerResponse, status: number, html: string, to?: string) => void
}

export async function serveInteraction(req: IncomingMessage, res: ServerResponse, parts: InteractionParts): Promise<void> {
  const { provider, accounts, attempts, action, send } = parts
  const details = await provider.interactionDetails(req, res).catch(() => undefined)
  if (details === undefined || details.prompt.name !== 'login') {
    send(res, 400, messagePage('This login has ended', 'It was finished or took too long. Start again with: hoop login'))
    return
  }
  const { redirect_uri: redirectUri, login_hint: hint, client_id: clientId, scope } = details.params as Record<string, string | undefined>
  const asking = redirectUri === undefined ? 'The command line whose code you confirmed' : 'The hoop command line on this computer'
  const show = (status: number, username?: string, problem?: string) => {
    const shown = { ...(username === undefined ? {} : { username }), ...(problem === undefined ? {} : { problem }) }
    send(res, status, loginPage({ action, asking, ...shown }), redirectUri === undefined ? undefined : new URL(redirectUri).origin)
  }

  if (req.method !== 'POST') {
    show(200, hint)
    return
  }
  const form = await readForm(req)
  if (form === undefined) {
    show(400, hint, 'That could not be read. Please try again.')
    return
  }
  if (form.get('answer') === 'cancel') {
    await provider.interactionFinished(req, res, { error: 'access_denied', error_description: 'the login was cancelled' })
    return
  }
  const [username, password] = [form.get('username') ?? '', form.get('password') ?? '']
  const address = req.socket.remoteAddress ?? ''
  const wait = attempts.begin(username, address)
  if (wait > 0) {
    res.setHeader('retry-after', Math.ceil(wait / 1000))
    show(429, username, `Too many wrong passwords. Try again in ${Math.ceil(wait / 1000)} s.`)
    return
  }
  if (!accounts.accepts(username, password)) {
    show(403, username, 'Username or password is wrong.')
    return
  }
  attempts.succeeded(username, address)
  // The password was typed for this very request, so logging in is the consent as well.
  const grant = new provider.Grant({ accountId: username, clientId: clientId! })
  grant.addOIDCScope(scope ?? 'openid')
  const grantId = await grant.save()
  await provider.interactionFinished(req, res, { login: { accountId: username, remember: false, amr: ['pwd'] }, consent: { grantId } })
}

/** A submitted form; undefined when it is none, or larger than 8 KiB. */
async function readForm(req: IncomingMessage): Promise<URLSearchParams | undefined> {
  if (!/^application\/x-www-form-urlencoded\b/i.test(req.headers['content-type'] ?? '')) return undefined
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBodyBytes) return undefined
    chunks.push(chunk)
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
}
