// RFC 5424 messages over TLS, octet-counted as in RFC 5425. The protocol knows no answer, so the end of the connection is one: a
// receiver that has read everything closes its side after ours (RFC 5425 section 4.4), one that died or lost bytes resets it.
import { isIP } from 'node:net'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { Delivery, Sink } from '../contract.ts'
import { syslogMessage } from '../forms/syslog.ts'

export interface SyslogSettings {
  readonly host: string
  readonly port: number
  /** Read for each connection. @throws GatewayError for one that cannot be read */
  readonly tls: () => Promise<Pick<ConnectionOptions, 'ca' | 'cert' | 'key'>>
  /** The name its certificate must carry, where it is not the host. */
  readonly serverName?: string
  /** Of one message; receivers take 2,048 at least and should take 8,192 (RFC 5425 section 4.3.1). */
  readonly maxMessageBytes: number
  readonly timeoutMilliseconds?: number
}

const timeoutMilliseconds = 15_000
/**
 * Between the last octet and our end: a receiver that was about to close anyway, and reads nothing more, has time to be heard. Were both
 * ends under way at once, its end would look like the answer to ours.
 */
const settleMilliseconds = 50

export function createSyslogSink({ host, port, tls, serverName, maxMessageBytes, ...rest }: SyslogSettings): Sink {
  const limit = rest.timeoutMilliseconds ?? timeoutMilliseconds
  const name = serverName ?? host
  /** Of the connection before, so that the next one need not begin from nothing. */
  let session: Buffer | undefined

  return {
    kind: 'syslog',
    maxRecords: 1_000,
    maxBytes: 1024 * 1024,
    encode: (record) => syslogMessage(record, maxMessageBytes),
    async send(batch, signal) {
      const certificates = await tls()
      const socket = connect({
        host,
        port,
        ...certificates,
        minVersion: 'TLSv1.2',
        ...(isIP(name) === 0 ? { servername: name } : {}),
        ...(session === undefined ? {} : { session })
      })
      socket.on('session', (next) => { session = next })
      const delivery = await exchange(socket, batch.map(({ text }) => `${Buffer.byteLength(text)} ${text}`).join(''), limit, signal)
      // A receiver that has changed may not know it any more, and need not say so.
      if (delivery.result !== 'delivered') session = undefined
      return delivery
    },
    close: () => undefined
  }
}

/** Never rejects. */
function exchange(socket: TLSSocket, frames: string, limitMilliseconds: number, signal: AbortSignal): Promise<Delivery> {
  return new Promise((resolve) => {
    const finish = (delivery: Delivery) => {
      clearTimeout(deadline)
      signal.removeEventListener('abort', abort)
      resolve(delivery)
      socket.destroy()
    }
    const abort = () => finish({ result: 'again', reason: 'the gateway stops' })
    const deadline = setTimeout(() => finish({ result: 'again', reason: 'it took too long' }), limitMilliseconds)
    signal.addEventListener('abort', abort)
    let ended = false
    socket.once('secureConnect', () => socket.write(frames, () => setTimeout(() => {
      ended = true
      socket.end()
    }, settleMilliseconds)))
    socket.on('error', (error: NodeJS.ErrnoException) => finish({ result: 'again', reason: error.code ?? 'the connection failed' }))
    socket.once('end', () => finish(ended ? { result: 'delivered' } : { result: 'again', reason: 'it closed the connection' }))
    socket.once('close', () => finish({ result: 'again', reason: 'it closed the connection' }))
    // Nothing is expected; what comes all the same is not kept.
    socket.resume()
  })
}
