// One session at the gateway with one connection in it, for statements of our own: what happens to them at the gate is told by its events.
import type { Duplex } from 'node:stream'
import type { OpenedSession, OpenSession } from '../../shared/api.ts'
import { GatewayError } from '../../shared/errors.ts'
import type { SessionEvent } from '../../shared/events.ts'
import type { Gateway } from '../gateway.ts'
import { isErrorCode } from '../http.ts'
import { openQuery, type QueryConnection } from './wire.ts'

export interface QuerySession {
  readonly opened: OpenedSession
  readonly connection: QueryConnection
  /** Ends it at the gateway; what still runs is cancelled. */
  close(): Promise<void>
}

/** @throws GatewayError; ReviewPending where opening the target waits for people */
export async function openQuerySession(gateway: Gateway, request: OpenSession, tell: (event: SessionEvent) => void): Promise<QuerySession> {
  const opened = await gateway.openSession(request)
  const stop = new AbortController()
  let tunnel: Duplex | undefined
  const close = async () => {
    stop.abort()
    tunnel?.destroy()
    await gateway.endSession(opened.id).catch(() => undefined)
  }
  try {
    const who = whoFrom(opened)
    // The events come first: a hold must not be missed.
    const events = await gateway.events(opened.id, stop.signal)
    tunnel = await gateway.connection(opened.id)
    void listen(events, (event) => {
      // Said before the connection breaks off, so that this is the reason and not that.
      if (event.type === 'ended') tunnel!.destroy(new GatewayError(isErrorCode(event.code) ? event.code : 'session_ended', event.reason))
      tell(event)
    })
    return { opened, connection: await openQuery(tunnel, who), close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The events are a service here: without them the statement still ends, by its own answer. */
async function listen(events: AsyncIterable<SessionEvent>, tell: (event: SessionEvent) => void): Promise<void> {
  try {
    for await (const event of events) tell(event)
  } catch {
    // Their connection was lost; the tunnel's end will tell.
  }
}

/** Pure. @throws GatewayError usage where the target does not speak PostgreSQL */
function whoFrom({ target, usage: { environment } }: OpenedSession): { user: string, database: string } {
  const { PGUSER: user, PGDATABASE: database } = environment
  if (target.protocol === 'postgres' && user !== undefined && database !== undefined) return { user, database }
  throw new GatewayError('usage', `hoop query speaks PostgreSQL, and ${target.name} is ${target.protocol}`, { hint: `hoop connect ${target.name}` })
}
