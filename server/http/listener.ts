// The gateway's one port: TLS, limits before anybody is known, and which of three gets a request: API, tunnels, embedded provider.
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { GatewayError } from '../../shared/errors.ts'
import { createApi } from './api.ts'
import { createGuard, type GuardLimits } from './guard.ts'
import type { LivenessLimits } from './liveness.ts'
import { HttpRefusal, refuseSocket } from './problem.ts'
import type { ApiParts } from './route.ts'
import { createTunnels } from './tunnel.ts'

export interface EdgeLimits extends GuardLimits, LivenessLimits {
  /** From the first byte of a request to the last of its body. */
  readonly requestMilliseconds: number
  /** An answer nobody reads, a connection nobody uses. */
  readonly idleMilliseconds: number
  readonly headerBytes: number
  /** What `close` waits for others to close before it does. */
  readonly closeMilliseconds: number
}

export const edgeLimits: EdgeLimits = {
  deadlineMilliseconds: 10_000,
  strangersPerAddress: 256,
  connectionsPerAddress: 10_000,
  pingMilliseconds: 15_000,
  missedPings: 3,
  requestMilliseconds: 10_000,
  idleMilliseconds: 60_000,
  headerBytes: 16 * 1024,
  closeMilliseconds: 2_000
}

export interface HttpOptions extends ApiParts {
  /** Port 0: any free one. */
  readonly address: { readonly host: string, readonly port: number }
  /** PEM. */
  readonly tls?: { readonly cert: string, readonly key: string }
  /** Gets every request whose path begins with the prefix, as it came. */
  readonly embedded?: { readonly prefix: string, readonly handler: RequestListener }
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly limits?: Partial<EdgeLimits>
}

export interface HttpListener {
  readonly port: number
  /** Accepts nothing more, tells WebSockets to come back later, and resolves within `closeMilliseconds`. */
  close(): Promise<void>
}

/** @throws GatewayError config_invalid: the address cannot be listened on, or the certificate and key do not fit */
export async function startHttp(options: HttpOptions): Promise<HttpListener> {
  const { address, tls, embedded, log } = options
  const limits = { ...edgeLimits, ...options.limits }
  const guard = createGuard(limits, log)
  const tunnels = createTunnels({ ...options, limits })
  const api = getRequestListener(createApi(options).fetch, { overrideGlobalObjects: false, errorHandler: refusedByAdapter })
  let closing = false

  const settings = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: Math.min(limits.deadlineMilliseconds, limits.requestMilliseconds),
    requestTimeout: limits.requestMilliseconds,
    connectionsCheckingInterval: Math.min(1_000, limits.requestMilliseconds),
    keepAliveTimeout: 5_000,
    noDelay: true
  }
  const server = tls === undefined ? createServer(settings) : createTls({ ...settings, ...tls })
  server.timeout = limits.idleMilliseconds
  server.on('connection', guard.accept)
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    guard.admit(request.socket)
    if (tls !== undefined) response.setHeader('strict-transport-security', 'max-age=31536000')
    if (closing) response.setHeader('connection', 'close')
    if (embedded !== undefined && isUnder(embedded.prefix, request.url ?? '')) embedded.handler(request, response)
    else void api(request, response)
  })
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    guard.admit(socket)
    tunnels.upgrade(request, socket, head)
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => answerBroken(error, socket))

  await listen()
  return {
    port: (server.address() as AddressInfo).port,

    async close() {
      closing = true
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      tunnels.close()
      server.closeIdleConnections()
      const patience = setTimeout(() => {
        server.closeAllConnections()
        guard.destroyAll()
      }, limits.closeMilliseconds)
      await closed
      clearTimeout(patience)
    }
  }

  function listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        const why = { EADDRINUSE: 'is in use by another program', EACCES: 'may not be used by this user', EADDRNOTAVAIL: 'is no address of this machine' }
        const where = `${address.host}:${address.port}`
        reject(new GatewayError('config_invalid', `listen.address: ${where} ${why[error.code as keyof typeof why] ?? `cannot be used (${error.code})`}`, { cause: error }))
      })
      server.listen(address.port, address.host, resolve)
    })
  }

  /** What the adapter cannot make a Request of: an odd Host header, a URL that is none. */
  function refusedByAdapter(error: unknown): Response {
    log.debug({ reason: (error as Error).message }, 'a request was refused')
    return new Response('{"type":"about:blank","title":"Bad Request","status":400,"code":"bad_request","detail":"not a request"}', {
      status: 400,
      headers: { 'content-type': 'application/problem+json' }
    })
  }
}

function createTls(settings: Parameters<typeof createTlsServer>[0] & { cert: string, key: string, headersTimeout: number }) {
  try {
    return createTlsServer({ ...settings, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'], handshakeTimeout: settings.headersTimeout })
  } catch (cause) {
    throw new GatewayError('config_invalid', 'listen.tls: the certificate and key cannot be used; both must be PEM, and of one pair', { cause })
  }
}

function isUnder(prefix: string, url: string): boolean {
  return url.startsWith(prefix) && ['', '/', '?'].includes(url.charAt(prefix.length))
}

/** A request that never became one. Nothing is answered into the middle of another answer. */
function answerBroken(error: NodeJS.ErrnoException, socket: Socket & { _httpMessage?: { headersSent: boolean } }): void {
  if (error.code === 'ECONNRESET' || socket._httpMessage?.headersSent === true) return void socket.destroy()
  if (error.code === 'HPE_HEADER_OVERFLOW') refuseSocket(socket, new HttpRefusal(431, 'limit_exceeded', 'the headers are too large'))
  else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') refuseSocket(socket, new HttpRefusal(408, 'bad_request', 'the request took too long'))
  else refuseSocket(socket, new GatewayError('bad_request', 'not a request'))
}
