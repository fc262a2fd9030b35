// A witness's port: one path, one method, bounded bodies, deadlines. Who may ask is decided by the checkpoint's signature alone.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { cosign } from '../../shared/audit/cosignature.ts'
import { addCheckpointPath, maxRequestBytes } from '../../shared/audit/witness-request.ts'
import { GatewayError } from '../../shared/errors.ts'
import { judge, recognise, type Refusal, type WitnessedLogs } from './judge.ts'
import { remember, type WitnessKey } from './state.ts'

export interface WitnessOptions {
  readonly address: { readonly host: string, readonly port: number }
  /** PEM. */
  readonly tls?: { readonly cert: string, readonly key: string }
  readonly folder: string
  readonly key: WitnessKey
  /** Read for each request, so that a rotated key counts at once. */
  readonly logs: () => Promise<WitnessedLogs>
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly say: (line: string) => void
  readonly requestMilliseconds?: number
}

export interface WitnessListener {
  readonly port: number
  close(): Promise<void>
}

/** From the first byte of a request to its last, and of an answer nobody reads. */
const requestMilliseconds = 10_000
const connectionsAtOnce = 256

/** @throws GatewayError config_invalid: the address cannot be listened on, or the certificate and key do not fit */
export async function startWitness(options: WitnessOptions): Promise<WitnessListener> {
  const { address: { host, port }, tls, say, requestMilliseconds: limit = requestMilliseconds } = options
  const settings = {
    maxHeaderSize: 8 * 1024,
    headersTimeout: limit,
    requestTimeout: limit,
    connectionsCheckingInterval: Math.min(1_000, limit)
  }
  const server = tls === undefined ? createServer(settings) : secureServer({ ...settings, ...tls, handshakeTimeout: limit })
  server.maxConnections = connectionsAtOnce
  server.timeout = 2 * limit
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    serve(request, options).then(({ status, body, type = 'text/plain; charset=utf-8', headers = {} }) => {
      // A body that was not read to its end must not be taken for the next request.
      if (!request.complete) response.setHeader('connection', 'close')
      response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body), ...headers }).end(body)
    }).catch((error: unknown) => {
      if (request.destroyed && !request.complete) return
      say(`error: ${error instanceof GatewayError ? error.message : (error as Error).stack}`)
      response.writeHead(500, { connection: 'close' }).end('this witness has failed; its operator\'s log says why\n')
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(
      new GatewayError('config_invalid', `${host}:${port} cannot be listened on (${error.code ?? error.message})`)))
    server.listen(port, host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => {
      server.close(() => resolve())
      server.closeIdleConnections()
      setTimeout(() => server.closeAllConnections(), limit).unref()
    })
  }
}

interface Reply {
  readonly status: number
  readonly body: string
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
}

async function serve(request: IncomingMessage, { folder, key, logs, now, say }: WitnessOptions): Promise<Reply> {
  if (request.url !== addCheckpointPath) return { status: 404, body: 'there is no such path\n' }
  if (request.method !== 'POST') return { status: 405, body: 'this path takes POST\n', headers: { allow: 'POST' } }
  const body = await bodyOf(request)
  if (body === undefined) return { status: 413, body: `the request is larger than ${maxRequestBytes} bytes\n` }
  const submitted = recognise(body, await logs())
  if ('status' in submitted) return submitted
  const { checkpoint: { origin, size }, text, note } = submitted
  let reply: Reply | undefined
  await remember(folder, origin, (last) => {
    const refusal: Refusal | undefined = judge(submitted, last?.checkpoint)
    reply = refusal
    if (refusal?.alarm !== undefined) say(`alarm: ${refusal.alarm}`)
    if (refusal !== undefined) return undefined
    const line = cosign(text, key.name, key.privateKey, Math.floor(now() / 1000))
    if (last === undefined) say(`${origin}: first checkpoint cosigned, ${size} entries`)
    reply = { status: 200, body: line }
    return note + line
  })
  return reply!
}

/** undefined: it is too large, and was not read to its end. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > maxRequestBytes) return undefined
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxRequestBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function secureServer(settings: Parameters<typeof createTlsServer>[0]) {
  try {
    return createTlsServer({ ...settings, minVersion: 'TLSv1.2' })
  } catch (cause) {
    throw new GatewayError('config_invalid', 'the certificate and key cannot be used; both must be PEM, and of one pair', { cause })
  }
}
