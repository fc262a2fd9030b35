// One POST to somebody else's server: no redirects, one deadline over all of it, a bounded answer. What a status means, the caller says.
import type { LookupFunction } from 'node:net'
import { Agent as PlainAgent, request as requestPlain, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { Agent as TlsAgent, request as requestTls } from 'node:https'

export interface Post {
  readonly url: URL
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMilliseconds: number
  readonly signal: AbortSignal
  /** Keeps the connection for the next one. Absent: a connection of its own. */
  readonly agent?: PlainAgent | TlsAgent
  readonly lookup?: LookupFunction
  /** Certificates to trust instead of the system's, PEM. */
  readonly ca?: string
  /** How much of the answer is wanted. Absent: its status is enough, and the connection is closed at once. */
  readonly answerBytes?: number
}

export type Answer =
  /** `whole`: all of the body was read. */
  | { readonly status: number, readonly headers: IncomingHttpHeaders, readonly body: string, readonly whole: boolean }
  /** No status came. `error` names the reason by its `code` where the system or TLS gave one. */
  | { readonly error: NodeJS.ErrnoException }

/** Once the status is there, the rest has this long to come. */
const bodyMilliseconds = 2_000

/** Never rejects. */
export function post({ url, body, headers, timeoutMilliseconds, signal, agent, lookup, ca, answerBytes }: Post): Promise<Answer> {
  return new Promise<Answer>((resolve) => {
    const request = (url.protocol === 'http:' ? requestPlain : requestTls)(url, {
      method: 'POST',
      agent: agent ?? false,
      signal,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'user-agent': 'hoop', ...headers },
      ...(lookup === undefined ? {} : { lookup }),
      ...(ca === undefined ? {} : { ca })
    })
    const tooLong = Object.assign(new Error('it took too long'), { code: 'ETIMEDOUT' })
    let deadline = setTimeout(() => finish({ error: tooLong }), timeoutMilliseconds)
    const finish = (answer: Answer, keep = false) => {
      clearTimeout(deadline)
      resolve(answer)
      if (!keep) request.destroy()
    }
    request.on('response', (response) => {
      const { statusCode: status = 0, headers } = response
      if (answerBytes === undefined) return finish({ status, headers, body: '', whole: false })
      clearTimeout(deadline)
      const chunks: Buffer[] = []
      const done = (whole: boolean) => finish({ status, headers, body: Buffer.concat(chunks).toString(), whole }, whole)
      deadline = setTimeout(() => done(false), Math.min(bodyMilliseconds, timeoutMilliseconds))
      gather(response, chunks, answerBytes, done)
    })
    request.on('upgrade', (_, socket) => {
      socket.destroy()
      finish({ error: new Error('it answered with an upgrade') })
    })
    request.on('error', (error) => finish({ error }))
    request.end(body)
  // A header that cannot be sent is refused by throwing.
  }).catch((error: Error) => ({ error }))
}

function gather(response: IncomingMessage, chunks: Buffer[], limit: number, done: (whole: boolean) => void): void {
  let bytes = 0
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > limit) done(false)
    else chunks.push(chunk)
  })
  response.on('end', () => done(response.complete))
  response.on('error', () => done(false))
}

/** One connection that is kept for a moment; receivers close idle ones, and a request sent just then would be lost. */
export function keepingAgent(protocol: string, ca: string | undefined): PlainAgent | TlsAgent {
  const options = { keepAlive: true, maxSockets: 1, timeout: 2_000 }
  return protocol === 'http:' ? new PlainAgent(options) : new TlsAgent({ ...options, ...(ca === undefined ? {} : { ca }) })
}
