// An HTTPS endpoint of a test's own that keeps what it accepted and can fail in every way a receiver fails.
import { createServer as createPlain, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTls } from 'node:https'
import type { AddressInfo, Server, Socket } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { TestAuthority, type Certificate } from '../../support/certificates.ts'

export interface Request {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly response: ServerResponse
  readonly socket: Socket
}

/** @returns whether the request counts as received */
export type Behaviour = (request: Request) => boolean

type Way = 'accept' | 'hang' | 'drop' | 'reset' | 'garbage' | 'hugeHeaders' | 'endlessBody' | 'slowBody' | 'slowHeaders' | 'redirect'

export const ways: Readonly<Record<Way, Behaviour>> & {
  status(status: number, headers?: Record<string, string>): Behaviour
  partial(rejected: number): Behaviour
} = {
  accept: ({ response }) => {
    response.end('{}')
    return true
  },
  status: (status, headers = {}) => ({ response }) => {
    response.writeHead(status, headers).end()
    return false
  },
  hang: () => false,
  drop: ({ socket }) => {
    socket.end()
    return false
  },
  reset: ({ socket }) => {
    // Of TLS too: it is the connection under it that is reset.
    socket.resetAndDestroy()
    return false
  },
  garbage: ({ socket }) => {
    socket.end('220 smtp ready\r\n')
    return false
  },
  hugeHeaders: ({ response }) => {
    response.writeHead(200, { 'x-long': 'y'.repeat(64 * 1024) }).end()
    return false
  },
  /** Says yes, and then never stops talking. */
  endlessBody: ({ response }) => {
    response.writeHead(200)
    const more = () => { while (!response.destroyed && response.write('z'.repeat(16 * 1024))); }
    response.on('drain', more)
    more()
    return true
  },
  /** Says yes, and then a byte now and then. */
  slowBody: ({ response }) => {
    response.writeHead(200)
    const timer = setInterval(() => response.write(' '), 50)
    response.on('close', () => clearInterval(timer))
    return true
  },
  slowHeaders: ({ socket }) => {
    const timer = setInterval(() => socket.writable && socket.write('H'), 50)
    socket.on('close', () => clearInterval(timer))
    return false
  },
  redirect: ({ response }) => {
    response.writeHead(307, { location: '/elsewhere' }).end()
    return false
  },
  partial: (rejected) => ({ response }) => {
    response.end(JSON.stringify({ partialSuccess: { rejectedLogRecords: String(rejected), errorMessage: 'no' } }))
    return true
  }
}

export class HttpsReceiver {
  readonly received: Omit<Request, 'response' | 'socket'>[] = []
  requests = 0
  behave: Behaviour = ways.accept
  readonly #server: Server & { closeAllConnections(): void }

  private constructor(readonly certificate: Certificate | undefined) {
    const listener = (request: IncomingMessage, response: ServerResponse) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        this.requests++
        const { headers, socket } = request
        const body = Buffer.concat(chunks).toString()
        if (this.behave({ headers, body, response, socket })) this.received.push({ headers, body })
      })
    }
    this.#server = certificate === undefined ? createPlain(listener) : createTls({ cert: certificate.cert, key: certificate.key }, listener)
    this.#server.on('tlsClientError', () => undefined)
  }

  static async start(certificate?: Certificate): Promise<HttpsReceiver> {
    const receiver = new HttpsReceiver(certificate)
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => receiver.stop())
    return receiver
  }

  get port(): number { return (this.#server.address() as AddressInfo).port }
  get url(): string { return `${this.certificate === undefined ? 'http' : 'https'}://127.0.0.1:${this.port}/in` }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

export function authority(): TestAuthority {
  const folder = mkdtempSync(join(tmpdir(), 'hoop-export-tls-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return new TestAuthority(folder)
}
