// Who is at the other end of a connection to 127.0.0.1? Linux says so in /proc/net/tcp; elsewhere a session password has to do.
import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { platform } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'

/** One end of a TCP connection over IPv4 loopback. */
export interface End {
  readonly address: string
  readonly port: number
}

/** The client's end as its kernel table entry names it: that entry's "local" is the client, its "remote" is our listener. */
export interface Peer {
  readonly client: End
  readonly listener: End
}

/** True: one of those who may. False: somebody else, or nobody knows. */
export type Guard = (peer: Peer) => Promise<boolean>

const tables = ['/proc/net/tcp', '/proc/net/tcp6'] as const
/** The tables are not read in one piece: while others come and go, an entry may be missed. Not found twice more is not there. */
const attempts = 3
const pauseMilliseconds = 10

/**
 * The guard of this machine, or undefined where peers cannot be told apart and a session password is needed.
 * @param also whom it lets in besides: user ids
 */
export async function localGuard(also: readonly number[] = []): Promise<Guard | undefined> {
  const uid = process.getuid?.()
  if (platform() !== 'linux' || uid === undefined) return undefined
  if (await readTables() === undefined) return undefined
  return uidGuard([uid, ...also], readTables)
}

/** `read` returns the tables' text, or undefined when they cannot be read, which refuses. */
export function uidGuard(uids: readonly number[], read: () => Promise<readonly string[] | undefined>): Guard {
  return async (peer) => {
    for (let attempt = 0; attempt < attempts; attempt++) {
      if (attempt > 0) await delay(pauseMilliseconds)
      const texts = await read()
      if (texts === undefined) return false
      const found = texts.flatMap((text) => uidsOf(text, peer))
      if (found.length > 0) return found.every((owner) => uids.includes(owner))
    }
    return false
  }
}

/** The two ends of an accepted connection; undefined once it is gone: nobody to serve, and nobody to ask about. */
export function peerOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): Peer | undefined {
  if (remoteAddress === undefined || remotePort === undefined || localAddress === undefined || localPort === undefined) return undefined
  return { client: { address: remoteAddress, port: remotePort }, listener: { address: localAddress, port: localPort } }
}

async function readTables(): Promise<string[] | undefined> {
  // Without IPv6 there is no tcp6, and nothing in it to miss.
  const texts = await Promise.all(tables.map((table) => readFile(table, 'latin1').catch(() => undefined)))
  return texts[0] === undefined ? undefined : texts.filter((text) => text !== undefined)
}

/**
 * Pure. The owners of the client's end: one, none when it is not listed, more only when the table changed while it was read.
 *
 *   sl  local_address rem_address   st tx_queue:rx_queue tr:tm->when retrnsmt   uid  timeout inode ...
 *   0: 0100007F:D431 0100007F:3039 01 00000000:00000000 00:00000000 00000000  1000        0 424242 ...
 *
 * Addresses are hexadecimal words in the machine's byte order; an IPv4 peer of an IPv6 socket stands in tcp6 as ::ffff:a.b.c.d.
 * An entry with inode 0 is a socket its process has closed already: the kernel shows uid 0 for it, whoever it was.
 * @see proc_net_tcp in the Linux kernel documentation
 */
export function uidsOf(table: string, { client, listener }: Peer): number[] {
  const wanted = addressesOf(client).map((local, i) => `${local} ${addressesOf(listener)[i]!}`)
  const found: number[] = []
  for (const line of table.split('\n')) {
    const [, local, remote, state, , , , uid, , inode] = line.trim().split(/\s+/)
    if (inode === undefined || !wanted.includes(`${local!} ${remote!}`)) continue
    if (!openStates.has(state!) || inode === '0' || !/^\d+$/.test(uid!)) continue
    found.push(Number(uid))
  }
  return found
}

/**
 * Pure. Owners of what listens on an IPv4 port of 127.0.0.1, there or on all addresses; rows as in `uidsOf`, state 0A.
 */
export function listenersOn(table: string, port: number): number[] {
  const wanted = ['127.0.0.1', '0.0.0.0'].flatMap((address) => addressesOf({ address, port }))
  wanted.push(`${'0'.repeat(32)}${wanted[0]!.slice(-5)}`)
  return table.split('\n').flatMap((line) => {
    const [, local, , state, , , , uid] = line.trim().split(/\s+/)
    return state === '0A' && wanted.includes(local!) && /^\d+$/.test(uid ?? '') ? [Number(uid)] : []
  })
}

/** Whether another user of this machine listens there; undefined where nobody knows. */
export async function isOthersPort(port: number): Promise<boolean | undefined> {
  const uids = (await readTables() ?? []).flatMap((table) => listenersOn(table, port))
  return uids.length === 0 ? undefined : uids.some((uid) => uid !== process.getuid?.())
}

/** ESTABLISHED, and FIN_WAIT1 and 2: a client that has sent all it will may still read. */
const openStates = new Set(['01', '04', '05'])

function addressesOf({ address, port }: End): [string, string] {
  const bytes = address.replace(/^::ffff:/, '').split('.').map((part) => Number(part).toString(16).toUpperCase().padStart(2, '0'))
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const word = (littleEndian ? bytes.reverse() : bytes).join('')
  return [word + suffix, `0000000000000000${littleEndian ? 'FFFF0000' : '0000FFFF'}${word}${suffix}`]
}

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1
