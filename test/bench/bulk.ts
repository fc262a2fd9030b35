// A reader of large results that does as little as a client can, so that what is measured is the way there; and a slow one.
import { connect, type Socket } from 'node:net'
import { Client } from 'pg'
import { query, startup } from '../support/messages.ts'
import { benchDatabase, benchPassword, benchUser, type Endpoint } from './pgbench.ts'

/** ReadyForQuery, idle: how an answer ends outside a transaction. */
const end = Buffer.from('Z\u0000\u0000\u0000\u0005I', 'latin1')

export interface BulkResult {
  readonly bytes: number
  readonly seconds: number
}

/** @returns bytes of the whole answer, and the time from sending the query to its last byte */
export async function readBulk(to: Endpoint, text: string): Promise<BulkResult> {
  const client = await loggedIn(to)
  // The driver has done the login; from here on its socket is ours.
  const socket = (client as unknown as { connection: { stream: Socket } }).connection.stream
  socket.removeAllListeners('data')
  const begin = performance.now()
  let bytes = 0
  let tail: Buffer = Buffer.alloc(0)
  await new Promise<void>((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      tail = chunk.length >= end.length ? chunk.subarray(-end.length) : Buffer.concat([tail, chunk]).subarray(-end.length)
      if (tail.equals(end)) resolve()
    })
    socket.once('close', () => reject(new Error(`the connection ended after ${bytes} bytes`)))
    socket.write(query(text))
  })
  const seconds = (performance.now() - begin) / 1000
  socket.destroy()
  return { bytes, seconds }
}

/** Milliseconds from nothing to ReadyForQuery, by node-postgres. */
export async function connectionSetUp(to: Endpoint): Promise<number> {
  const begin = performance.now()
  const client = await loggedIn(to)
  const taken = performance.now() - begin
  await client.end()
  return taken
}

async function loggedIn({ host, port }: Endpoint): Promise<Client> {
  const client = new Client({ host, port, user: benchUser, password: benchPassword, database: benchDatabase })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** Asks, takes the first bytes and then no more: what is sent meanwhile has to wait somewhere. @returns ends it */
export async function stalledReader(to: Endpoint, text: string): Promise<() => void> {
  const socket = connect(to.port, to.host)
  socket.on('error', () => undefined)
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject).write(startup({ user: benchUser, database: benchDatabase }))
    let asked = false
    socket.on('data', (chunk: Buffer) => {
      if (!asked && chunk.subarray(-end.length).equals(end)) {
        asked = true
        socket.write(query(text))
      } else if (asked) {
        socket.pause()
        resolve()
      }
    })
  })
  return () => socket.destroy()
}
