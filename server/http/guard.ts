// What holds for every connection before anybody knows who is there: a deadline, and how many one address may have.
import type { Socket } from 'node:net'
import type { Log } from '../log.ts'
import { sourceOf } from './source.ts'

export interface GuardLimits {
  /** From accept to a complete request head; for a WebSocket that is the authenticated upgrade. */
  readonly deadlineMilliseconds: number
  /** Of one address, that have not got that far. */
  readonly strangersPerAddress: number
  /** Of one address in all: a whole office, or every job behind one proxy, may share one. */
  readonly connectionsPerAddress: number
}

export interface Guard {
  /** For each plain connection as it is accepted, before TLS. */
  accept(socket: Socket): void
  /** The request head on it is complete. `socket` may be the TLS socket above the accepted one. */
  admit(socket: Socket): void
  /** Ends every connection there is. */
  destroyAll(): void
}

export function createGuard(limits: GuardLimits, log: Log): Guard {
  const sockets = new Set<Socket>()
  /** Deadlines of those that have not been admitted, by address and port: TLS puts another object above the same connection. */
  const strangers = new Map<string, NodeJS.Timeout>()
  const counts = new Map<string, { strangers: number, all: number, warned: boolean }>()

  function admit(key: string, address: string): void {
    if (!strangers.has(key)) return
    clearTimeout(strangers.get(key))
    strangers.delete(key)
    counts.get(address)!.strangers--
  }

  return {
    accept(socket) {
      const address = sourceOf(socket)
      const count = counts.get(address) ?? { strangers: 0, all: 0, warned: false }
      if (count.strangers >= limits.strangersPerAddress || count.all >= limits.connectionsPerAddress) {
        if (!count.warned) log.warn({ address, connections: count.all }, 'an address has too many connections; more of them are refused')
        count.warned = true
        socket.destroy()
        return
      }
      const key = keyOf(socket)
      counts.set(address, count)
      count.strangers++
      count.all++
      sockets.add(socket)
      strangers.set(key, setTimeout(() => socket.destroy(), limits.deadlineMilliseconds))
      socket.once('close', () => {
        admit(key, address)
        sockets.delete(socket)
        if (--count.all === 0) counts.delete(address)
      })
    },

    admit: (socket) => admit(keyOf(socket), sourceOf(socket)),

    destroyAll() {
      for (const socket of sockets) socket.destroy()
    }
  }
}

function keyOf(socket: Socket): string {
  return `${sourceOf(socket)} ${socket.remotePort}`
}
