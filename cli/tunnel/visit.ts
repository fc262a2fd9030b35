// Keeps one session open at the gateway: through a restart, a lost network, a login that ended and was made again.
//
//   open     the events socket is up; connections go to this session
//   away     not usable just now, and why; tried again with growing pauses, and at once when a client knocks
//   over     given up, or closed by us: a stated reason that no waiting cures
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { OpenedSession, OpenSession } from '../../shared/api.ts'
import { asGatewayError, GatewayError, type ErrorCode } from '../../shared/errors.ts'
import type { SessionEvent } from '../../shared/events.ts'
import { TunnelClosed } from '../../shared/tunnel.ts'
import type { Gateway } from '../gateway.ts'
import { isErrorCode } from '../http.ts'

/** What is told besides the session's own events. */
export type VisitEvent = SessionEvent
  /** Connections arriving now are told so; hoop goes on trying. Told again when the reason is another. */
  | { readonly type: 'gateway.lost', readonly code: ErrorCode, readonly reason: string, readonly hint?: string }
  /** `session` is another than before where the gateway had forgotten the old one. */
  | { readonly type: 'gateway.back', readonly session: string }

export interface VisitOptions {
  readonly gateway: () => Promise<Gateway>
  readonly request: OpenSession
  readonly tell: (event: VisitEvent) => void
  /** Whether a person may log in again meanwhile; a token from the environment stays what it is. */
  readonly waitForLogin: boolean
  readonly pauses?: readonly number[]
}

export interface Visit {
  /** The session now; the last one while away. */
  readonly opened: OpenedSession
  /** A tunnel of its own for one local connection. @throws GatewayError why there can be none just now */
  connection(): Promise<Duplex>
  /** Something changed that may let us back in: the next try follows at once. */
  retry(): void
  /** Resolves when it is over: without an error when closed by us. */
  readonly over: Promise<GatewayError | undefined>
  /** Ends the session at the gateway, as far as that can still be told. */
  close(): Promise<void>
}

/** Milliseconds before the next try; the last goes on. */
const defaultPauses: readonly number[] = [200, 500, 1000, 2000, 4000]
/** A client that connects while we are away waits this long for the way back. */
const knockMilliseconds = 2_000
const farewellMilliseconds = 2_000

/** What waiting cures. Anything else ends the visit: the target is gone, the right to it was taken away, somebody ended it. */
const passing: ReadonlySet<ErrorCode> = new Set([
  'gateway_unreachable',
  'session_ended',
  'not_found',
  'audit_unavailable',
  'limit_exceeded',
  'cancelled',
  'internal'
])
/** The gateway knows nothing of the session any more: a new one is needed. */
const gone: ReadonlySet<ErrorCode> = new Set(['not_found', 'session_ended'])
/** WebSocket close code 1012, "service restart": the session ends with its gateway, and nobody meant us. */
const restarting = 1012

type State = { readonly type: 'open', readonly gateway: Gateway } | { readonly type: 'away', readonly error: GatewayError } | { readonly type: 'over' }
type Ended = Extract<SessionEvent, { type: 'ended' }>

/** Why listening stopped, and whether waiting may cure it. */
interface Stop {
  readonly error: GatewayError
  readonly final: boolean
}

/** @throws GatewayError when the session cannot be opened in the first place */
export async function openVisit(options: VisitOptions): Promise<Visit> {
  const gateway = await options.gateway()
  return new KeptVisit(options, gateway, await gateway.openSession(options.request))
}

class KeptVisit implements Visit {
  readonly over: Promise<GatewayError | undefined>
  #state: State
  #opened: OpenedSession
  /** The session is known to be gone at the gateway. */
  #gone = false
  #closing = false
  /** The session before showed values in clear, and it has not been told that this one does not. */
  #unasked = false
  /** Ends the events socket in use. */
  #events = new AbortController()
  /** Cuts the pause before the next try short. */
  #knock = () => {}
  /** Resolves with the way back, while away. */
  #back: Promise<void> = Promise.resolve()
  #found = () => {}
  readonly #options: VisitOptions

  constructor(options: VisitOptions, gateway: Gateway, opened: OpenedSession) {
    this.#options = options
    this.#opened = opened
    this.#state = { type: 'open', gateway }
    this.over = this.#keep()
  }

  get opened(): OpenedSession { return this.#opened }

  async connection(): Promise<Duplex> {
    for (let attempt = 0; ; attempt++) {
      if (this.#state.type === 'away') {
        this.#knock()
        await Promise.race([this.#back, delay(knockMilliseconds, undefined, { ref: false })])
      }
      const state = this.#state
      if (state.type === 'away') throw state.error
      if (state.type === 'over') throw new GatewayError('session_ended', 'the session has ended')
      const { id } = this.#opened
      try {
        return await state.gateway.connection(id)
      } catch (error) {
        // A gateway that was restarted knows nothing of the session, even before its events socket is noticed to be dead.
        if (asGatewayError(error).code !== 'not_found' || attempt > 0) throw error
        if (this.#opened.id !== id) continue
        this.#gone = true
        this.#lose(asGatewayError(error))
      }
    }
  }

  retry(): void {
    this.#knock()
  }

  async close(): Promise<void> {
    if (this.#closing) return
    this.#closing = true
    const state = this.#state
    this.#state = { type: 'over' }
    if (state.type === 'open') {
      const farewell = state.gateway.endSession(this.#opened.id).catch(() => undefined)
      await Promise.race([farewell, delay(farewellMilliseconds, undefined, { ref: false })])
    }
    this.#events.abort()
    this.#knock()
  }

  /** The visit's one loop: listen until the events end, then find the way back. */
  async #keep(): Promise<GatewayError | undefined> {
    for (let failures = 0; ; failures++) {
      const wasGone = this.#gone
      const { error, final } = await this.#listen(() => { failures = 0 })
      if (this.#closing) return undefined
      if (final) {
        this.#state = { type: 'over' }
        return error
      }
      this.#lose(error)
      // The first try follows at once, and so does the one for a new session when the old one turns out to be gone.
      const atOnce = failures === 0 || (failures === 1 && this.#gone && !wasGone)
      if (!atOnce || error.code === 'unauthenticated') await this.#pause(failures)
      if (this.#closing) return undefined
    }
  }

  /** Listens to the session, or to a new one where that is gone, until that stops. */
  async #listen(onUp: () => void): Promise<Stop> {
    let ended: Ended | undefined
    let failure = new GatewayError('gateway_unreachable', 'the gateway closed the connection')
    try {
      const gateway = await this.#options.gateway()
      if (this.#gone) {
        // A reason was given for one session. Nobody is here to give one for the next.
        const { clear, ...request } = this.#options.request
        this.#opened = await gateway.openSession(request)
        this.#gone = false
        if (clear !== undefined) this.#unasked = true
      }
      this.#events = new AbortController()
      const events = await gateway.events(this.#opened.id, this.#events.signal)
      if (this.#closing) this.#events.abort()
      else this.#up(gateway)
      onUp()
      for await (const event of events) {
        if (event.type === 'ended') ended = event
        else this.#options.tell(event)
      }
      // Ended by ourselves, because a connection found the session gone.
      if (this.#state.type === 'away') failure = this.#state.error
    } catch (error) {
      failure = asGatewayError(error)
    }
    const restarted = failure instanceof TunnelClosed && failure.closeCode === restarting
    if (ended !== undefined && !restarted) failure = errorFrom(ended)
    if (ended !== undefined || gone.has(failure.code)) this.#gone = true
    const killed = ended?.code === 'session_ended' && !restarted
    const curable = failure.code === 'unauthenticated' ? this.#options.waitForLogin : passing.has(failure.code)
    return { error: failure, final: killed || !curable }
  }

  #up(gateway: Gateway): void {
    const wasAway = this.#state.type === 'away'
    this.#state = { type: 'open', gateway }
    if (wasAway) this.#options.tell({ type: 'gateway.back', session: this.#opened.id })
    if (this.#unasked) {
      this.#unasked = false
      this.#options.tell({ type: 'warning', message: 'values are masked from now on: this is another session, and the reason was given for the one before', hint: 'hoop connect TARGET --clear "..." asks again' })
    }
    this.#found()
  }

  #lose(error: GatewayError): void {
    const { type } = this.#state
    if (type === 'over') return
    const changed = this.#state.type !== 'away' || this.#state.error.code !== error.code || this.#state.error.message !== error.message
    this.#state = { type: 'away', error }
    if (type === 'open') {
      this.#back = new Promise((resolve) => { this.#found = resolve })
      this.#events.abort()
    }
    // That a new session can be opened is no hint where one is, as soon as that can be done.
    const hint = gone.has(error.code) ? undefined : error.hint
    if (changed) this.#options.tell({ type: 'gateway.lost', code: error.code, reason: error.message, ...(hint === undefined ? {} : { hint }) })
  }

  #pause(failures: number): Promise<void> {
    const { pauses = defaultPauses } = this.#options
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, pauses[Math.min(failures, pauses.length - 1)]!)
      this.#knock = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** The gateway's code may be one this command line does not know; then nobody can say that waiting helps. */
function errorFrom({ code, reason, hint }: Ended): GatewayError {
  return new GatewayError(isErrorCode(code) ? code : 'session_ended', reason, hint === undefined ? {} : { hint })
}
