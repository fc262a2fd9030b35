// The gateway as the command line sees it: one typed method per path of shared/api.ts, and its WebSockets.
import type { Duplex } from 'node:stream'
import type WebSocket from 'ws'
import type * as api from '../shared/api.ts'
import { paths } from '../shared/api.ts'
import { GatewayError } from '../shared/errors.ts'
import type { ReviewEvent, SessionEvent } from '../shared/events.ts'
import type { ExplainRequest, Explanation } from '../shared/explain.ts'
import { isId } from '../shared/id.ts'
import type { Id, ReviewState, SessionId } from '../shared/model.ts'
import type { RecordingEvent, ReplayLine } from '../shared/recording.ts'
import { maxPayloadBytes, tunnelStream, TunnelClosed } from '../shared/tunnel.ts'
import type { Bearer } from './bearer.ts'
import { answerFrom, Answered, notAGateway, requestJson, requestLines, trusted, unreachable, type JsonRequest, type Way } from './http.ts'
import { ReviewPending } from './reviews/pending.ts'

export interface SessionsFilter {
  readonly target?: string
  /** E-mail address or subject. */
  readonly user?: string
  /** RFC 3339. */
  readonly since?: string
  /** Started before; RFC 3339. */
  readonly until?: string
  readonly status?: 'open' | 'ended'
  /** At most 1,000. */
  readonly limit?: number
  readonly before?: SessionId
}

export interface ReviewsFilter {
  /** Undefined: in any. */
  readonly state?: ReviewState
  readonly target?: string
  /** Only what one asked for oneself. */
  readonly mine?: boolean
  readonly limit?: number
}

/** All methods throw GatewayError: the gateway's own, gateway_unreachable, or unauthenticated with hint "hoop login". */
export interface Gateway {
  readonly url: string
  whoami(): Promise<api.WhoAmI>
  /** Ends the login behind the presented token, at the gateway. */
  logOut(): Promise<void>
  targets(): Promise<api.TargetSummary[]>
  explain(target: string, request: ExplainRequest): Promise<Explanation>
  /** @throws ReviewPending where opening the target waits for people */
  openSession(request: api.OpenSession): Promise<api.OpenedSession>
  sessions(filter: SessionsFilter): Promise<api.SessionSummary[]>
  session(id: SessionId): Promise<api.SessionDetail>
  /** One's own, on the way out. */
  endSession(id: SessionId): Promise<void>
  killSession(id: SessionId, reason: string): Promise<void>
  /** What was shown in it: the head first, then each event. */
  recording(id: SessionId): Promise<AsyncIterable<ReplayLine>>
  /** What is shown in it from now on. Ends as `events` does. */
  follow(id: SessionId): Promise<AsyncIterable<RecordingEvent>>
  reviews(filter: ReviewsFilter): Promise<api.ReviewSummary[]>
  review(id: Id): Promise<api.ReviewDetail>
  approveReview(id: Id, vote: api.ReviewVote): Promise<api.ReviewDetail>
  rejectReview(id: Id, vote: api.ReviewVote): Promise<api.ReviewDetail>
  withdrawReview(id: Id): Promise<void>
  giveReason(id: Id, reason: string): Promise<void>
  expireReview(id: Id): Promise<void>
  sealedEntry(index: number): Promise<api.SealedEntry>
  redactSession(id: SessionId, reason: string): Promise<api.Redacted>
  createServiceToken(request: api.CreateServiceToken): Promise<api.CreatedServiceToken>
  serviceTokens(): Promise<api.ServiceTokenSummary[]>
  revokeServiceToken(id: Id): Promise<void>
  proposePrune(request: api.ProposePrune): Promise<api.PruneProposal>
  prunes(): Promise<api.PruneProposal[]>
  confirmPrune(id: Id): Promise<api.ConfirmedPrune>
  users(): Promise<api.UserSummary[]>
  disableUser(id: Id): Promise<void>
  enableUser(id: Id): Promise<void>
  auditExports(): Promise<api.ExportStatus[]>
  /** Resolves once listening. The iteration ends when the gateway closes it, and throws when the connection is lost. */
  events(id: SessionId, signal?: AbortSignal): Promise<AsyncIterable<SessionEvent>>
  /** As `events`, of reviews: first those that are pending. */
  reviewEvents(signal?: AbortSignal): Promise<AsyncIterable<ReviewEvent>>
  /** Resolves once the gateway took the connection. The stream is the caller's to destroy. */
  connection(id: SessionId): Promise<Duplex>
}

export async function discover(way: Way): Promise<api.Discovery> {
  const found = await requestJson<Partial<api.Discovery> | undefined>(way, { method: 'GET', path: paths.discovery }).catch((error: unknown) => {
    // A stranger's own API may answer with problems as well; what it says means nothing here.
    if (error instanceof Answered) throw notAGateway(way.url, 'no discovery')
    throw error
  })
  const right = found?.product === 'hoop' && typeof found.issuer === 'string' && typeof found.clientId === 'string'
    && typeof found.deviceFlow === 'boolean' && Array.isArray(found.scopes) && found.scopes.every((scope) => typeof scope === 'string')
  if (!right) throw notAGateway(way.url, 'no discovery')
  return found as api.Discovery
}

export function health(way: Way): Promise<api.Health> {
  return requestJson(way, { method: 'GET', path: paths.health, also: 503 })
}

export function exchange(way: Way, body: api.TokenRequest): Promise<api.TokenResponse> {
  return requestJson(way, { method: 'POST', path: paths.tokens, body })
}

/** The gateway pings every 15 s; this long without one, the connection is dead though nobody said so. */
const silenceMilliseconds = 45_000
const handshakeMilliseconds = 10_000
const farewellMilliseconds = 2_000
/** Events nobody has read yet; then no more are taken from the gateway, which ends it where too many wait there as well. */
const maxQueuedEvents = 1_000

export function openGateway(way: Way & { readonly bearer: Bearer }): Gateway {
  const { bearer, signal } = way

  /** Once more with a new token, when the gateway does not take the one shown. */
  async function authenticated<T>(attempt: (token: string) => Promise<T>): Promise<T> {
    const token = await bearer.current()
    try {
      return await attempt(token)
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'unauthenticated') throw error
      return attempt(await bearer.renew(token))
    }
  }

  const call = <T>(request: JsonRequest) => authenticated((token) => requestJson<T>(way, { ...request, bearer: token }))
  const get = <T>(path: string, query: JsonRequest['query'] = {}) => call<T>({ method: 'GET', path, query })
  const post = <T>(path: string, body?: unknown) => call<T>({ method: 'POST', path, ...(body === undefined ? {} : { body }) })
  const remove = (path: string) => call<void>({ method: 'DELETE', path })

  /** Calls `prepare` before the handshake, so that no frame is missed. */
  async function open<T>(path: string, prepare: (socket: WebSocket) => T): Promise<T> {
    const [{ default: Socket }, tls] = await Promise.all([import('ws'), trusted(way)])
    return authenticated((token) => new Promise<T>((resolve, reject) => {
      const socket = new Socket((way.url + path).replace(/^http/, 'ws'), {
        headers: { authorization: `Bearer ${token}` },
        perMessageDeflate: false,
        maxPayload: maxPayloadBytes,
        handshakeTimeout: handshakeMilliseconds,
        followRedirects: false,
        ...tls
      })
      socket.once('unexpected-response', (request, response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => {
          if (chunks.length < 64) chunks.push(chunk)
        })
        response.once('close', () => {
          request.destroy()
          try {
            answerFrom(way, response, Buffer.concat(chunks).toString('utf8'))
            reject(notAGateway(way.url, `HTTP ${response.statusCode} where a WebSocket was asked for`))
          } catch (error) {
            reject(error as Error)
          }
        })
      })
      socket.once('error', (error) => reject(unreachable(way, /handshake has timed out/.test(error.message) ? Object.assign(error, { code: 'ETIMEDOUT' }) : error)))
      const prepared = prepare(socket)
      socket.once('open', () => {
        socket.on('error', () => undefined)
        resolve(prepared)
      })
    }))
  }

  return {
    url: way.url,
    whoami: () => get(paths.whoami),
    logOut: () => remove(paths.currentToken),
    targets: () => get(paths.targets),
    explain: async (target, request) => post(paths.explain(namedTarget(target)), request),
    openSession: async (request) => {
      const answer = await post<api.OpenedSession | api.ReviewSummary>(paths.sessions, request)
      if ('usage' in answer) return answer
      throw new ReviewPending(answer)
    },
    sessions: async (filter) => {
      if (filter.before !== undefined) checked(filter.before)
      return get(paths.sessions, { ...filter })
    },
    session: async (id) => get(paths.session(checked(id))),
    // Said on the way out, when Ctrl-C has already ended everything else.
    endSession: async (id) => {
      const last = { ...way, signal: AbortSignal.timeout(farewellMilliseconds) }
      await authenticated((token) => requestJson<void>(last, { method: 'DELETE', path: paths.session(checked(id)), bearer: token }))
    },
    killSession: async (id, reason) => call<void>({ method: 'DELETE', path: paths.session(checked(id)), body: { reason } satisfies api.EndSession }),
    recording: async (id) => authenticated((token) => requestLines<ReplayLine>(way, { method: 'GET', path: paths.recording(checked(id)), bearer: token })),
    follow: async (id) => open(paths.follow(checked(id)), (socket) => eventsOf<RecordingEvent>(socket, signal)),
    reviews: ({ mine, ...filter }) => get(paths.reviews, { ...filter, ...(mine === true ? { mine: 'true' } : {}) }),
    review: async (id) => get(paths.review(checked(id))),
    approveReview: async (id, vote) => post(paths.approveReview(checked(id)), vote),
    rejectReview: async (id, vote) => post(paths.rejectReview(checked(id)), vote),
    withdrawReview: async (id) => post(paths.withdrawReview(checked(id))),
    giveReason: async (id, reason) => post(paths.reviewReason(checked(id)), { reason } satisfies api.ReviewReason),
    expireReview: async (id) => post(paths.expireReview(checked(id))),
    reviewEvents: async (stop) => open(paths.reviewEvents, (socket) => eventsOf<ReviewEvent>(socket, stop ?? signal)),
    sealedEntry: (index) => get(paths.sealedEntry(index)),
    redactSession: async (id, reason) => post(paths.redactSession(checked(id)), { reason } satisfies api.Redact),
    createServiceToken: (request) => post(paths.serviceTokens, request),
    serviceTokens: () => get(paths.serviceTokens),
    revokeServiceToken: async (id) => remove(paths.serviceToken(checked(id))),
    proposePrune: (request) => post(paths.auditPrunes, request),
    prunes: () => get(paths.auditPrunes),
    confirmPrune: async (id) => post(paths.confirmPrune(checked(id))),
    users: () => get(paths.users),
    disableUser: async (id) => post(paths.disableUser(checked(id))),
    enableUser: async (id) => post(paths.enableUser(checked(id))),
    auditExports: () => get(paths.auditExports),
    events: async (id, stop) => open(paths.sessionEvents(checked(id)), (socket) => eventsOf<SessionEvent>(socket, stop ?? signal)),
    connection: async (id) => open(paths.sessionConnections(checked(id)), (socket) => {
      const stream = tunnelStream(socket)
      // Until the caller has it, a failed handshake speaks through the promise.
      stream.once('error', () => undefined)
      return stream
    })
  }
}

/** What is typed goes into a path; only an id may. @throws GatewayError usage */
function checked(id: string): Id {
  if (isId(id)) return id
  throw new GatewayError('usage', `"${id}" is no id`, { hint: 'ids are 26 letters and digits, as the listings show them' })
}

/** Likewise of a target's name. @throws GatewayError target_unknown */
function namedTarget(name: string): string {
  if (/^[a-z0-9][a-z0-9._-]{0,62}$/.test(name)) return name
  throw new GatewayError('target_unknown', `there is no target "${name}"`, { hint: 'hoop targets lists what you may open' })
}

function eventsOf<E extends { readonly type: string }>(socket: WebSocket, signal: AbortSignal): AsyncIterable<E> {
  const queue: E[] = []
  let wake = () => {}
  let over: { error?: GatewayError } | undefined
  let alive = setTimeout(() => socket.terminate(), silenceMilliseconds)
  const heard = () => {
    clearTimeout(alive)
    // While nothing is taken, nothing is heard.
    if (over === undefined && !socket.isPaused) alive = setTimeout(() => socket.terminate(), silenceMilliseconds)
  }
  const end = (how: { error?: GatewayError }) => {
    over ??= how
    clearTimeout(alive)
    signal.removeEventListener('abort', stop)
    wake()
  }
  const stop = () => {
    socket.close(1000)
    end({})
  }
  socket.on('ping', heard)
  socket.on('message', (data, isBinary) => {
    const event = isBinary ? undefined : eventFrom<E>(String(data))
    if (event !== undefined) queue.push(event)
    if (queue.length >= maxQueuedEvents) socket.pause()
    heard()
    wake()
  })
  socket.on('close', (code, reason) => end(code === 1000 ? {} : { error: new TunnelClosed(code, String(reason)) }))
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })

  return {
    async* [Symbol.asyncIterator]() {
      try {
        for (;;) {
          while (queue.length > 0) yield queue.shift()!
          if (socket.isPaused) {
            socket.resume()
            heard()
          }
          if (over !== undefined) break
          await new Promise<void>((resolve) => { wake = resolve })
        }
        if (over.error !== undefined) throw over.error
      } finally {
        stop()
      }
    }
  }
}

/** An event of a newer gateway may be unknown here; what is no event at all is dropped. */
function eventFrom<E extends { readonly type: string }>(text: string): E | undefined {
  try {
    const event = JSON.parse(text) as E | null
    return typeof event?.type === 'string' ? event : undefined
  } catch {
    return undefined
  }
}
