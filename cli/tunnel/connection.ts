// One local connection, carried through one tunnel: bytes are piped as they are, in both directions, with back-pressure.
// Knows no protocol; only how a client is told that the gateway cannot be used just now.
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { asGatewayError, GatewayError } from '../../shared/errors.ts'
import type { OfflineReason, OfflineReplies } from '../../shared/model.ts'
import { helloOf, offlineAnswer } from './hello.ts'

/** A client that starts a question and never ends it, or never takes its answer, is not waited for. */
const offlineMilliseconds = 10_000

export interface Carrying {
  /** Opens the tunnel. @throws GatewayError saying why it cannot be */
  readonly open: () => Promise<Duplex>
  readonly offline: () => OfflineReplies
}

export interface Carried {
  /** Resolves when the connection is over; never rejects. */
  readonly over: Promise<{ readonly error?: GatewayError }>
  /** Something was asked and its answer has not come, or is still coming, for all that can be told from outside. */
  busy(now: number): boolean
  /** Ends it now. */
  destroy(): void
}

/** Bytes that came within this time belong to an answer that may go on. */
const quietMilliseconds = 200

/** `local` must not have been read from yet. */
export function carry(local: Socket, { open, offline }: Carrying, now: () => number): Carried {
  let tunnel: Duplex | undefined
  /** The client spoke last. Not a comparison of times: question and answer fall into the same millisecond. */
  let asked = false
  let answeredAt = 0
  local.setNoDelay(true)
  const over = run().catch((error: unknown) => ({ error: asGatewayError(error) })).finally(() => {
    tunnel?.destroy()
    // What was said last still reaches the client; and closing while something unread lies here would reset it away.
    local.unpipe().resume()
    local.destroySoon()
  })
  return {
    over,
    busy: (at) => asked || at - answeredAt < quietMilliseconds || local.writableLength > 0,
    destroy: () => { local.destroy() }
  }

  async function run(): Promise<{ error?: GatewayError }> {
    // Opened while the first bytes are on their way: a new connection should not wait twice.
    const opening = open()
    opening.catch(() => undefined)
    const gone = new Promise<void>((resolve) => local.once('close', () => resolve()))
    opening.then((stream) => { if (local.destroyed) stream.destroy() }, () => undefined)

    const hello = firstBytes(local)
    const first = await Promise.race([hello, opening.then(() => undefined, () => undefined)])
    if (first !== undefined) refuseForeign(first)
    try {
      tunnel = await Promise.race([opening, gone.then(() => undefined)])
    } catch (error) {
      const failure = asGatewayError(error)
      await tellOffline(local, await hello, offline(), reasonOf(failure))
      throw failure
    }
    if (tunnel === undefined) return {}
    return join(local, tunnel, hello)
  }

  function join(client: Socket, upstream: Duplex, hello: Promise<Buffer>): Promise<{ error?: GatewayError }> {
    return new Promise((resolve, reject) => {
      upstream.once('error', reject)
      upstream.once('close', () => resolve({}))
      client.once('close', () => { upstream.destroy(); resolve({}) })
      client.on('error', () => undefined)
      upstream.on('data', () => {
        asked = false
        answeredAt = now()
      })
      // Server-speaks-first protocols go on before the client's first bytes are seen.
      upstream.pipe(client)
      hello.then((first) => {
        refuseForeign(first)
        asked = first.length > 0
        client.on('data', () => { asked = true })
        if (first.length > 0) upstream.write(first)
        if (client.readableEnded) upstream.end()
        else client.pipe(upstream)
      }).catch(reject)
    })
  }
}

function refuseForeign(first: Uint8Array): void {
  const hello = helloOf(first)
  if (hello === 'http' || hello === 'tls') {
    throw new GatewayError('protocol_violation', `something spoke ${hello === 'http' ? 'HTTP' : 'TLS'} to the local port and was turned away`)
  }
}

/** The client's first bytes, enough of them to tell what they are; what came before it closed, if it did. */
function firstBytes(local: Socket): Promise<Buffer> {
  return new Promise((resolve) => {
    let bytes: Buffer = Buffer.alloc(0)
    const settle = () => {
      local.off('readable', read)
      local.off('end', settle)
      local.off('close', settle)
      resolve(bytes)
    }
    const read = () => {
      for (let chunk = local.read() as Buffer | null; chunk !== null; chunk = local.read() as Buffer | null) {
        bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk])
      }
      if (bytes.length > 0 && helloOf(bytes) !== 'short') settle()
    }
    local.on('error', () => undefined)
    local.on('readable', read)
    local.once('end', settle)
    local.once('close', settle)
  })
}

/** Answers the client's questions, then says in its own protocol why it cannot be served, and closes once it has taken that. */
async function tellOffline(local: Socket, first: Buffer, replies: OfflineReplies, reason: OfflineReason): Promise<void> {
  refuseForeign(first)
  const deadline = AbortSignal.timeout(offlineMilliseconds)
  deadline.addEventListener('abort', () => local.destroy(), { once: true })
  let bytes = first
  while (!local.destroyed) {
    const answer = offlineAnswer(bytes, replies)
    if (answer.type === 'error') break
    if (answer.type === 'answer') {
      local.write(answer.bytes)
      bytes = bytes.subarray(answer.taken)
      if (bytes.length > 0) continue
    }
    const more = await nextChunk(local)
    if (more === undefined) return
    bytes = bytes.length === 0 ? more : Buffer.concat([bytes, more])
  }
  local.resume()
  local.end(Buffer.from(replies.errors[reason], 'base64'))
  await new Promise<void>((resolve) => local.destroyed ? resolve() : local.once('close', () => resolve()))
}

function nextChunk(local: Socket): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const settle = (chunk?: Buffer) => {
      local.off('data', settle)
      local.pause()
      local.off('end', end)
      local.off('close', end)
      resolve(chunk)
    }
    const end = () => settle()
    if (local.destroyed || local.readableEnded) return resolve(undefined)
    local.on('data', settle)
    local.once('end', end)
    local.once('close', end)
    local.resume()
  })
}

function reasonOf({ code }: GatewayError): OfflineReason {
  if (code === 'unauthenticated') return 'unauthenticated'
  return code === 'session_ended' || code === 'not_found' ? 'session_ended' : 'gateway_unreachable'
}
