// A webhook's receiver that can misbehave in every way, and keeps what it was sent.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export class Receiver {
  readonly received: Received[] = []
  #server!: Server

  static async start(answer: (response: ServerResponse, count: number) => void): Promise<Receiver> {
    const receiver = new Receiver()
    receiver.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        receiver.received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() })
        answer(response, receiver.received.length)
      })
    })
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve))
    return receiver
  }

  get port(): number { return (this.#server.address() as AddressInfo).port }
  get url(): string { return `http://127.0.0.1:${this.port}/hooks/T0PS3CRET` }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
