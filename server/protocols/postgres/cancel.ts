// CancelRequests: clients get keys of the gateway's own making, and only a key given out in the same session stops anything.
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { ProtocolViolation } from '../../../shared/errors.ts'
import type { SessionId } from '../../../shared/model.ts'
import type { Edge } from '../protocol.ts'
import type { Holding } from './holding.ts'
import { openUpstream, type Upstream } from './upstream.ts'
import { encode } from './wire/frontend.ts'

const cancelTimeoutMilliseconds = 10_000
/** Protocol 3.2 allows up to 256; PostgreSQL 18 sends as many. */
const longKeyBytes = 32

export interface CancelKey {
  readonly processId: number
  readonly secretKey: Buffer
}

interface Given extends CancelKey {
  readonly connection: number
  readonly upstream: Upstream
  readonly holding: Holding
}

export class CancelKeys {
  readonly #given = new Map<SessionId, Map<number, Given>>()

  /** Before protocol 3.2, a key has 4 bytes. */
  give(session: SessionId, connection: number, upstream: Upstream, holding: Holding): CancelKey {
    const mine = this.#given.get(session) ?? new Map<number, Given>()
    this.#given.set(session, mine)
    let processId: number
    do processId = randomBytes(4).readUInt32BE() & 0x7fff_ffff
    while (processId === 0 || mine.has(processId))
    const secretKey = randomBytes(upstream.minor >= 2 ? longKeyBytes : 4)
    mine.set(processId, { processId, secretKey, connection, upstream, holding })
    return { processId, secretKey }
  }

  /** @throws ProtocolViolation where the session has given out no such key */
  find(session: SessionId, { processId, secretKey }: CancelKey): Given {
    const given = this.#given.get(session)?.get(processId)
    if (given === undefined || given.secretKey.length !== secretKey.length || !timingSafeEqual(given.secretKey, secretKey)) {
      throw new ProtocolViolation('CancelRequest', 'a key that this session never gave out')
    }
    return given
  }

  take(session: SessionId, { processId }: CancelKey): void {
    const mine = this.#given.get(session)
    mine?.delete(processId)
    if (mine?.size === 0) this.#given.delete(session)
  }
}

/** Asks the server to stop what that connection is running. Resolves when the server has taken note. */
export async function cancelUpstream(edge: Edge, upstream: Upstream): Promise<void> {
  if (upstream.key === undefined) return
  const { stream } = await openUpstream(edge)
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => stream.destroy(), cancelTimeoutMilliseconds)
    stream.once('close', () => { clearTimeout(timer); resolve() })
    stream.on('error', () => stream.destroy())
    stream.on('end', () => stream.end())
    stream.resume()
    stream.write(encode.cancelRequest(upstream.key!.processId, upstream.key!.secretKey))
  })
}
