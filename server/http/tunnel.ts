// The WebSockets: a session's events, what is shown in it, its local connections one by one, and the reviews somebody may see. From
// upgrade request to session; the bytes are shared/tunnel.ts's, what they mean is the protocol's.
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'
import type { AuditLog } from '../audit/log.ts'
import type { Identity, Verified } from '../identity/identity.ts'
import type { Log } from '../log.ts'
import type { Reviews } from '../review/reviews.ts'
import { actorOf } from '../identity/principal.ts'
import { concerns, type Owner, type SessionRegistry } from '../session/registry.ts'
import { asGatewayError, GatewayError, type ErrorCode } from '../../shared/errors.ts'
import type { SessionEvent } from '../../shared/events.ts'
import { paths } from '../../shared/api.ts'
import type { SessionId } from '../../shared/model.ts'
import { closeCodeFor, closeReasonFor, maxPayloadBytes, tunnelStream } from '../../shared/tunnel.ts'
import { authenticate } from './authenticate.ts'
import { authorise, replayedAs, type Action } from './authorise.ts'
import { answers, watchLiveness, type LivenessLimits } from './liveness.ts'
import { problemFrom, refuseSocket } from './problem.ts'

/** Events a command line has not taken yet; one that never does is cut off, and may come back. */
const maxUnsentEventBytes = 1024 * 1024
/** A chunk of a result is one event. */
const maxUnsentFollowBytes = 8 * 1024 * 1024
/** Nothing is ever said to the gateway on an events socket. */
const maxEventPayloadBytes = 1024
/** How long the closing handshake may take. */
const closeMilliseconds = 5_000
const restarting = 1012
/** After so long a watcher of reviews comes again, with a token of then. */
const maxWatchMilliseconds = 24 * 3600_000

interface Kind {
  readonly action: Action
  readonly server: WebSocketServer
  /** Throws what the request is refused with, while that can still be said in HTTP. */
  readonly check: (id: SessionId, who: Verified) => void
  /** Whose the session in the path is, as far as `who` may know; absent where it is about none. */
  readonly object?: (id: SessionId, who: Verified) => Owner | undefined
  readonly open: (socket: WebSocket, id: SessionId, who: Verified) => void
}

export interface Tunnels {
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void
  /** Tells every WebSocket that the gateway is restarting. */
  close(): void
  /** How many are open. */
  readonly size: number
}

export function createTunnels(
  { identity, sessions, reviews, audit, replaysOwn = true, log, now, limits }: {
    readonly identity: Identity
    readonly sessions: SessionRegistry
    readonly reviews: Reviews
    readonly audit: AuditLog
    readonly replaysOwn?: boolean
    readonly log: Log
    readonly now: () => number
    readonly limits: LivenessLimits
  }
): Tunnels {
  const kinds: Readonly<Record<string, Kind>> = {
    connections: { action: 'session.connect', server: webSockets(maxPayloadBytes), check: sessions.mayConnect, open: connect, object: sessions.owner },
    events: { action: 'session.listen', server: webSockets(maxEventPayloadBytes), check: sessions.mayListen, open: listen, object: sessions.owner },
    follow: {
      action: 'session.replay',
      server: webSockets(maxEventPayloadBytes),
      check: sessions.mayFollow,
      open: (socket, id, who) => void followSession(socket, id, who),
      object: (id, who) => replayedAs(sessions.owner(id), who, replaysOwn)
    },
    reviews: {
      action: 'reviews.listen',
      server: webSockets(maxEventPayloadBytes),
      check: (_, who) => reviews.maySubscribe(who.principal),
      open: (socket, _, who) => followReviews(socket, who)
    }
  }

  return {
    upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy())
      try {
        const { kind, id } = requested(request)
        const who = authenticate(identity, request)
        authorise(who, kind.action, ...(kind.object === undefined ? [] : [kind.object(id, who)] as const))
        kind.check(id, who)
        // Answers before this returns, or refuses a malformed handshake itself.
        kind.server.handleUpgrade(request, socket, head, (webSocket) => {
          webSocket.on('error', () => {})
          watchLiveness(webSocket, socket, limits)
          kind.open(webSocket, id, who)
        })
      } catch (error) {
        logBug(error)
        refuseSocket(socket, error)
      }
    },

    close() {
      for (const { server } of Object.values(kinds)) for (const socket of server.clients) socket.close(restarting)
    },

    get size() {
      return Object.values(kinds).reduce((sum, { server }) => sum + server.clients.size, 0)
    }
  }

  /** @throws GatewayError not_found | forbidden | bad_request */
  function requested(request: IncomingMessage): { kind: Kind, id: SessionId } {
    // Exactly this: no query a token could stand in, no other spelling of the same path.
    const [, id, name] = /^\/v1\/sessions\/([a-z0-9]{26})\/(connections|events|follow)$/.exec(request.url ?? '') ?? []
    const ofReviews = request.url === paths.reviewEvents
    if (id === undefined && !ofReviews) throw new GatewayError('not_found', 'there is no such WebSocket')
    // Only a browser sends it, on behalf of whatever page runs there; the command line never does.
    if (request.headers.origin !== undefined || request.headers['sec-websocket-origin'] !== undefined) {
      throw new GatewayError('forbidden', 'this path is not for web pages')
    }
    return ofReviews ? { kind: kinds.reviews!, id: '' } : { kind: kinds[name!]!, id: id! }
  }

  function connect(socket: WebSocket, id: SessionId, who: Verified): void {
    const stream = tunnelStream(socket)
    try {
      sessions.connect(id, who, stream, () => answers(socket, `alive ${randomUUID()}`))
    } catch (error) {
      logBug(error)
      stream.on('error', () => {}).destroy(error as Error)
    }
  }

  function listen(socket: WebSocket, id: SessionId, who: Verified): void {
    const unsubscribe = sessions.subscribe(id, who, (event) => {
      if (socket.bufferedAmount > maxUnsentEventBytes) return socket.terminate()
      socket.send(JSON.stringify(event))
      if (event.type === 'ended') socket.close(...closing(event))
    })
    socket.once('close', unsubscribe)
    socket.once('message', () => socket.close(1003, 'nothing is said to the gateway here'))
  }

  /** Who looks is written down before anything is shown. */
  async function followSession(socket: WebSocket, id: SessionId, who: Verified): Promise<void> {
    try {
      await audit.append([{ kind: 'audit.read', actor: actorOf(who.principal), action: 'follow', session: id }])
      // Writing took time.
      if (socket.readyState !== 1) return
      untilLoginEnds(socket, who, sessions.follow(id, (event) => {
        if (socket.bufferedAmount > maxUnsentFollowBytes) return close(socket, new GatewayError('limit_exceeded', 'more is shown than you take; its replay has all of it'))
        socket.send(JSON.stringify(event))
        if (event.type === 'end') close(socket, new GatewayError(event.code as ErrorCode, event.reason))
      }))
    } catch (error) {
      logBug(error)
      close(socket, asGatewayError(error))
    }
  }

  /** What somebody may see is asked anew for each event, whether they may see anything is not. */
  function followReviews(socket: WebSocket, who: Verified): void {
    untilLoginEnds(socket, who, reviews.subscribe(who.principal, (event) => {
      if (socket.bufferedAmount > maxUnsentEventBytes) return socket.terminate()
      socket.send(JSON.stringify(event))
    }))
  }

  /** Somebody looks on until their login ends, whichever way it does. */
  function untilLoginEnds(socket: WebSocket, who: Verified, unsubscribe: () => void): void {
    const end = (reason: string) => close(socket, new GatewayError('unauthenticated', reason))
    const stopListening = identity.onRevoked((revocation) => {
      if (concerns(revocation, who)) end(revocation.reason)
    })
    const timer = setTimeout(() => {
      if (now() >= who.loginEndsAt) end('your login has ended')
      else socket.close(restarting)
    }, Math.min(who.loginEndsAt - now(), maxWatchMilliseconds))
    socket.once('close', () => {
      unsubscribe()
      stopListening()
      clearTimeout(timer)
    })
    socket.once('message', () => socket.close(1003, 'nothing is said to the gateway here'))
  }

  function close(socket: WebSocket, error: GatewayError): void {
    socket.close(closeCodeFor(error), closeReasonFor(error))
  }

  function closing({ code, reason }: Extract<SessionEvent, { type: 'ended' }>): [number, string] {
    if (sessions.closing) return [restarting, '']
    const error = new GatewayError(code as ErrorCode, reason)
    return [closeCodeFor(error), closeReasonFor(error)]
  }

  function logBug(error: unknown): void {
    if (problemFrom(error).code === 'internal') log.error({ error: (error as Error).cause ?? error }, 'a WebSocket could not be opened: a bug')
  }
}

function webSockets(maxPayload: number): WebSocketServer {
  // Compression stays off whatever is offered: a few bytes of it may unfold to gigabytes.
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload, closeTimeout: closeMilliseconds } as object)
  server.on('wsClientError', (error, socket) => refuseSocket(socket, new GatewayError('bad_request', error.message)))
  return server
}
