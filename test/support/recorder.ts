// A port between a client and a server that keeps every byte the client was sent.
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

export class Recorder {
  readonly #received: Buffer[] = []
  readonly #sockets = new Set<Socket>()
  readonly #server: Server

  private constructor(to: { readonly host: string, readonly port: number }) {
    this.#server = createServer({ noDelay: true }, (client) => {
      const server = connect(to.port, to.host)
      for (const socket of [client, server]) {
        this.#sockets.add(socket)
        socket.on('error', () => { client.destroy(); server.destroy() }).on('close', () => this.#sockets.delete(socket))
      }
      server.on('data', (chunk) => this.#received.push(chunk))
      client.pipe(server)
      server.pipe(client)
    })
  }

  static async start(to: { readonly host: string, readonly port: number }): Promise<Recorder> {
    const recorder = new Recorder(to)
    recorder.#server.listen(0, '127.0.0.1')
    await once(recorder.#server, 'listening')
    return recorder
  }

  get port(): number { return (this.#server.address() as AddressInfo).port }
  get received(): Buffer { return Buffer.concat(this.#received) }

  async stop(): Promise<void> {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await once(this.#server, 'close')
  }
}
