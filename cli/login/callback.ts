// The loopback listener a browser returns to after a login (RFC 8252 section 7.3). Judges hits, shows a page; knows nothing of tokens.
// Any program or web page on the machine can reach it, so a hit that does not carry our state changes nothing: the login waits on. Where
// the system says whose connection it is, other users are turned away: they can read our state in the browser's command line.
import { timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { GatewayError } from '../../shared/errors.ts'
import { localGuard, peerOf } from '../tunnel/guard.ts'
import { page } from './page.ts'

const callbackPath = '/callback'
/** Where the browser is sent at once, so that the code stays in no history, title or referrer. */
const donePath = '/done'
/** A browser that never asks for the last page must not hold up the command line. */
const lastPageMilliseconds = 1_000
/** Some providers' codes are signed documents of several kilobytes. */
const maxHeaderBytes = 16 * 1024

/** What an answer must carry to be ours. */
export interface Expected {
  readonly host: string
  readonly state: string
  readonly issuer: string
  /** The provider says it always sends `iss` (RFC 9207 section 3). */
  readonly issRequired: boolean
}

/** A request as it arrived; `hosts` has every Host header there was. */
export interface Hit {
  readonly method: string
  readonly hosts: readonly string[]
  readonly target: string
}

export type Judgement = { readonly status: 'answer', readonly url: URL } | { readonly status: 'done' } | { readonly status: 400 | 404 | 405 | 421 }

/** Pure. A provider's answer is a GET of one path on the exact host, with our state once, its own issuer, and a code or an error. */
export function judge(hit: Hit, expected: Expected): Judgement {
  if (hit.hosts.length !== 1 || hit.hosts[0] !== expected.host) return { status: 421 }
  if (hit.method !== 'GET') return { status: 405 }
  if (hit.target === donePath) return { status: 'done' }
  // Only the origin form: an absolute target would name another host past the Host check.
  const [path] = hit.target.split('?', 1)
  if (path !== callbackPath) return { status: 404 }
  const url = new URL(`http://${expected.host}${hit.target}`)
  const one = (name: string) => {
    const values = url.searchParams.getAll(name)
    return values.length === 1 ? values[0] : undefined
  }
  const names = [...url.searchParams.keys()]
  if (new Set(names).size !== names.length) return { status: 400 }
  if (!same(one('state') ?? '', expected.state)) return { status: 400 }
  const iss = one('iss')
  if (iss === undefined ? expected.issRequired : iss !== expected.issuer) return { status: 400 }
  if ((one('code') === undefined) === (one('error') === undefined)) return { status: 400 }
  return { status: 'answer', url }
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

export interface Callback {
  /** `http://127.0.0.1:PORT/callback`; the literal address, since a name can be made to point elsewhere. */
  readonly redirectUri: string
  /** The one answer with our state. @throws GatewayError cancelled once the time is over or `signal` aborts */
  readonly answer: Promise<URL>
  /** Shows the browser how it ended, then closes. Resolves when the page was shown or nobody came for it. */
  finish(failure?: string): Promise<void>
}

/** Listens on a free port of 127.0.0.1 until `finish`. */
export async function listenForCallback(o: {
  readonly state: string
  readonly issuer: string
  readonly issRequired: boolean
  readonly signal: AbortSignal
  readonly timeoutMilliseconds: number
  /** Told of somebody who was turned away. */
  readonly onStranger?: () => void
}): Promise<Callback> {
  const answer = deferred<URL>()
  const ended = deferred<string | undefined>()
  const shown = deferred<void>()
  let taken = false
  // Root carries connections of others: into a virtual machine or a container, where the browser is outside.
  const guard = await localGuard([0])
  const mayCome = async (socket: Socket): Promise<boolean> => {
    const peer = peerOf(socket)
    if (guard === undefined || (peer !== undefined && await guard(peer))) return true
    if (peer !== undefined) o.onStranger?.()
    socket.destroy()
    return false
  }
  const admitted = new WeakMap<Socket, Promise<boolean>>()

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    if (!await admitted.get(request.socket)) return
    const judgement = judge(hitFrom(request), expected)
    switch (judgement.status) {
      case 'answer':
        // A second one could only be a replay: the browser itself was sent on.
        if (taken) return reply(response, 404)
        taken = true
        answer.resolve(judgement.url)
        return reply(response, 303, { location: donePath })
      case 'done': {
        if (!taken) return reply(response, 404)
        const failure = await ended.promise
        response.once('close', () => shown.resolve())
        return reply(response, 200, { 'content-type': 'text/html; charset=utf-8' }, page(failure))
      }
      default: return reply(response, judgement.status)
    }
  }

  const limits = { maxHeaderSize: maxHeaderBytes, headersTimeout: 5_000, requestTimeout: 5_000, connectionsCheckingInterval: 1_000 }
  const server = createServer(limits, (request, response) => { void serve(request, response) })
  // Other users are turned away at once; until then they count, and must not be able to keep the browser out.
  server.maxConnections = guard === undefined ? 256 : 4096
  server.on('connection', (socket) => { admitted.set(socket, mayCome(socket)) })
  server.listen({ host: '127.0.0.1', port: 0, exclusive: true })
  await once(server, 'listening')
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const expected: Expected = { host, state: o.state, issuer: o.issuer, issRequired: o.issRequired }

  const stop = (message: string) => answer.reject(new GatewayError('cancelled', message, { hint: 'start again with: hoop login' }))
  const timer = setTimeout(() => stop('nobody finished logging in within the time allowed'), o.timeoutMilliseconds)
  const cancel = () => stop('the login was cancelled')
  o.signal.addEventListener('abort', cancel, { once: true })
  if (o.signal.aborted) cancel()
  // Whoever finishes without waiting for the answer has its own reason.
  answer.promise.catch(() => undefined)

  return {
    redirectUri: `http://${host}${callbackPath}`,
    answer: answer.promise,
    async finish(failure) {
      clearTimeout(timer)
      o.signal.removeEventListener('abort', cancel)
      ended.resolve(failure)
      if (taken && !o.signal.aborted) {
        const patience = setTimeout(shown.resolve, lastPageMilliseconds)
        await shown.promise
        clearTimeout(patience)
      }
      server.close()
      server.closeAllConnections()
    }
  }
}

interface Deferred<T> { readonly promise: Promise<T>, readonly resolve: (value: T) => void, readonly reject: (error: Error) => void }

function deferred<T>(): Deferred<T> {
  let settle!: Omit<Deferred<T>, 'promise'>
  const promise = new Promise<T>((resolve, reject) => { settle = { resolve, reject } })
  return { promise, ...settle }
}

function hitFrom(request: IncomingMessage): Hit {
  const hosts = request.rawHeaders.filter((_, i) => i % 2 === 1 && request.rawHeaders[i - 1]!.toLowerCase() === 'host')
  return { method: request.method ?? '', hosts, target: request.url ?? '' }
}

function reply(response: ServerResponse, status: number, headers: Record<string, string> = {}, body = ''): void {
  response.writeHead(status, {
    'cache-control': 'no-store',
    connection: 'close',
    'content-security-policy': 'default-src \'none\'; style-src \'unsafe-inline\'; frame-ancestors \'none\'; base-uri \'none\'',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    ...(status === 405 ? { allow: 'GET' } : {}),
    ...headers
  })
  response.end(body)
}
