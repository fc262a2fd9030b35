// What the sinks over HTTP share: one kept connection, secrets read for each request, and what a status means.
import type { Answer } from '../../../outbound/post.ts'
import { keepingAgent, post } from '../../../outbound/post.ts'
import type { Delivery } from '../contract.ts'

export interface HttpSettings {
  /** Often a secret. Read for each request, as every secret, so that a changed one counts at once. */
  readonly url: () => Promise<string>
  /** Secret headers. */
  readonly headers: () => Promise<Readonly<Record<string, string>>>
  /** Certificates to trust instead of the system's, PEM; read when the first request is made. */
  readonly ca: () => Promise<string | undefined>
  readonly timeoutMilliseconds?: number
}

const timeoutMilliseconds = 15_000
const maxAnswerBytes = 64 * 1024

export interface HttpSender {
  /** @throws GatewayError for a secret that cannot be read */
  send(body: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Answer>
  close(): void
}

export function createHttpSender(settings: HttpSettings): HttpSender {
  let kept: { readonly protocol: string, readonly agent: ReturnType<typeof keepingAgent> } | undefined

  return {
    async send(body, headers, signal) {
      const [text, secret] = await Promise.all([settings.url(), settings.headers()])
      const url = URL.canParse(text) ? new URL(text) : undefined
      if (url === undefined || !(url.protocol === 'https:' || (url.protocol === 'http:' && isThisMachine(url.hostname)))) {
        return { error: new Error('its URL is not https') }
      }
      if (kept?.protocol !== url.protocol) {
        kept?.agent.destroy()
        kept = { protocol: url.protocol, agent: keepingAgent(url.protocol, await settings.ca()) }
      }
      return post({
        url,
        body,
        headers: { ...headers, ...secret },
        agent: kept.agent,
        timeoutMilliseconds: settings.timeoutMilliseconds ?? timeoutMilliseconds,
        answerBytes: maxAnswerBytes,
        signal
      })
    },
    close: () => kept?.agent.destroy()
  }
}

function isThisMachine(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

/**
 * 400, 413 and 422 are about what was sent. Everything else is about the receiver, the way to it or what it thinks of us, all of which
 * can be mended: it is tried again, a redirect included, which is not followed.
 */
export function deliveryFrom(answer: Answer): Delivery {
  if ('error' in answer) return { result: 'again', reason: answer.error.code ?? (answer.error.message || 'it could not be reached') }
  const { status, headers } = answer
  if (status >= 200 && status < 300) return { result: 'delivered' }
  const reason = `it answered HTTP ${status}`
  if (status === 400 || status === 413 || status === 422) return { result: 'refused', reason }
  const seconds = Number(headers['retry-after'])
  return { result: 'again', reason, ...(seconds > 0 ? { afterMilliseconds: seconds * 1000 } : {}) }
}
