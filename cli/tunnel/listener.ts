// The local port of a target: accepts on loopback and on a Unix socket, turns strangers away, carries everyone else.
import { createServer, isIPv4, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { GatewayError } from '../../shared/errors.ts'
import { carry, type Carried, type Carrying } from './connection.ts'
import { isOthersPort, peerOf, type Guard } from './guard.ts'
import { bindSticky, portInUse, type PortKey } from './ports.ts'
import { removeStale, socketFolder } from './socket-folder.ts'

/** Each holds a tunnel of its own; more at once are a client gone wrong. The kernel's queue holds what is beyond. */
const maxConnections = 1000
const pollMilliseconds = 50
/** What was said last is on its way by then. */
const farewellMilliseconds = 500

export interface ListenerOptions extends Carrying, PortKey {
  readonly configDirectory: string
  /** Undefined: the target's sticky one; 0: any free one, not remembered. */
  readonly port?: number
  /** Loopback only. */
  readonly host?: string
  /** Undefined where clients have to present a session password instead. */
  readonly guard: Guard | undefined
  /** Folder of the Unix socket and its name by port; undefined: TCP only. */
  readonly socket?: { readonly base: string, readonly name: (port: number) => string }
  readonly onFailure: (error: GatewayError) => void
  readonly now: () => number
}

export interface Listener {
  readonly host: string
  readonly port: number
  /** The port the target has otherwise, which somebody else listens on just now. */
  readonly taken?: number
  /** Folder and path of the Unix socket, where there is one. */
  readonly socket?: { readonly folder: string, readonly path: string }
  readonly connections: number
  /**
   * Takes no more connections, lets what is running finish for `graceMilliseconds`, then ends the rest.
   * @param farewell tells the clients so in their own protocol, and stops what still runs; whoever has not gone by then is cut off
   */
  close(graceMilliseconds: number, farewell?: () => Promise<void>): Promise<void>
}

/** @throws GatewayError conflict when the port is in use, usage when the address is not loopback */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const { host = '127.0.0.1', port: wanted, guard, onFailure, now } = options
  if (!isIPv4(host) || !host.startsWith('127.')) {
    throw new GatewayError('usage', `the local port listens on 127.0.0.1 only, not on ${host}: anything else would let other machines in`)
  }
  const live = new Set<Carried>()
  const bindAt = (port: number) => {
    const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => void admit(socket))
    return listen(server, { host, port, exclusive: true })
  }

  const { bound: server, taken } = wanted === undefined
    ? await bindSticky(options.configDirectory, options, bindAt, isOthersPort)
    : { bound: await bindAt(wanted), taken: undefined }
  if (server === undefined) throw portInUse(wanted!, options.target)
  const { port } = server.address() as { port: number }
  const unix = options.socket === undefined ? undefined : await openSocket(options, port)
  const servers = unix === undefined ? [server] : [server, unix.server]
  // A listener outlives what goes wrong with one accept, such as too many open files.
  for (const each of servers) {
    each.maxConnections = maxConnections
    each.on('error', (cause) => onFailure(new GatewayError('internal', `a connection could not be accepted (${(cause as NodeJS.ErrnoException).code})`, { cause })))
  }

  return {
    host,
    port,
    ...(taken === undefined ? {} : { taken }),
    ...(unix === undefined ? {} : { socket: { folder: unix.folder, path: unix.path } }),
    get connections() { return live.size },
    async close(graceMilliseconds, farewell) {
      const closed = servers.map((each) => new Promise<void>((resolve) => each.close(() => resolve())))
      const deadline = now() + graceMilliseconds
      const gone = () => Promise.all([...live].map(({ over }) => over))
      while ([...live].some((each) => each.busy(now())) && now() < deadline) await Promise.race([delay(pollMilliseconds), gone()])
      if (live.size > 0 && farewell !== undefined) {
        await farewell()
        await Promise.race([delay(farewellMilliseconds), gone()])
      }
      for (const each of live) each.destroy()
      await Promise.all([...closed, ...[...live].map(({ over }) => over)])
    }
  }

  async function admit(socket: Socket): Promise<void> {
    socket.on('error', () => undefined)
    if (guard !== undefined) {
      const peer = peerOf(socket)
      if (peer === undefined) {
        socket.destroy()
        return
      }
      if (!await guard(peer)) {
        socket.destroy()
        onFailure(new GatewayError('forbidden', 'somebody else on this machine tried the local port and was turned away'))
        return
      }
    }
    admitTrusted(socket)
  }

  function admitTrusted(socket: Socket): void {
    if (socket.destroyed) return
    const carried = carry(socket, options, now)
    live.add(carried)
    void carried.over.then(({ error }) => {
      live.delete(carried)
      if (error !== undefined) onFailure(error)
    })
  }

  /** The folder keeps everybody else out, so no peer is looked up. */
  async function openSocket({ socket, gatewayUrl, target }: ListenerOptions, tcpPort: number) {
    const name = socket!.name(tcpPort)
    const folder = await socketFolder(socket!.base, gatewayUrl, target, name)
    if (folder === undefined) return undefined
    const path = join(folder, name)
    await removeStale(path)
    const bound = await listen(createServer({ pauseOnConnect: true }, (connection) => {
      connection.on('error', () => undefined)
      admitTrusted(connection)
    }), { path }).catch(() => undefined)
    return bound === undefined ? undefined : { server: bound, folder, path }
  }
}

/** @returns undefined when the port is in use */
function listen(server: Server, at: { host: string, port: number, exclusive: true } | { path: string }): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') return resolve(undefined)
      const why = error.code === 'EACCES' ? 'is not yours to listen on' : `cannot be listened on (${error.code ?? error.message})`
      reject(new GatewayError('conflict', `${'port' in at ? `port ${at.port}` : at.path} ${why}`, { hint: 'name another with --port' }))
    })
    server.listen(at, () => {
      server.removeAllListeners('error')
      resolve(server)
    })
  })
}
