// The open sessions: who may open one, how many, and everything that ends them from outside: offboarding, expiry, a vanished
// command line, the end of approved access, shutdown. Long because these have to be seen next to one another.
import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { AuditLog } from '../audit/log.ts'
import type { Sealing } from '../audit/seal.ts'
import type { Identity, Revocation, Verified } from '../identity/identity.ts'
import { LookupBudget } from '../masking/budget.ts'
import { access } from '../policy/access.ts'
import { exemptionsOf, grantFor } from '../policy/exempt.ts'
import { cannotRecord, type Recordings } from '../recording/recordings.ts'
import { reasonFrom } from '../review/review.ts'
import type { AccessWindow } from '../review/reviews.ts'
import type { State } from '../state/state.ts'
import { summary, type Catalog } from '../targets/catalog.ts'
import type { AuditEntry } from '../../shared/audit/entry.ts'
import type { OpenedSession, OpenSession, ReviewSummary, SessionDetail, SessionSummary } from '../../shared/api.ts'
import { asGatewayError, GatewayError } from '../../shared/errors.ts'
import type { SessionEvent } from '../../shared/events.ts'
import type { RecordingEvent, ReplayLine } from '../../shared/recording.ts'
import type { ExplainRequest, Explanation } from '../../shared/explain.ts'
import { makeId } from '../../shared/id.ts'
import type { Principal, SessionId, Target } from '../../shared/model.ts'
import { explain } from './explain.ts'
import { openReplay } from './replay.ts'
import { OpenedVisit, targetFactsOf, type SessionParts } from './session.ts'

/** How long a session lives on while its command line has no events socket: a laptop that changes networks. */
const graceMilliseconds = 30_000
const sweepMilliseconds = 1_000
/** One command line has one; another may look on, and one that lost its own may not have noticed yet. */
const maxListenersPerSession = 8
/** Each logs in at the target, and may read its catalog. */
const maxExplainsPerPrincipal = 4
/** Shown of one session; the whole of a longer one is in the log's files. */
const maxDetailEntries = 10_000

export interface RegistryOptions extends Omit<SessionParts, 'recheck' | 'lookups'> {
  readonly audit: AuditLog
  readonly state: State
  readonly catalog: Catalog
  readonly identity: Identity
  /** Absent: exact statements are not kept. */
  readonly sealing?: Sealing
  /** Absent: nothing is recorded. */
  readonly recordings?: Recordings
  /** What could not be recorded of sessions that need not be. */
  readonly onUnrecorded?: (error: GatewayError, facts: object) => void
  readonly limits: { readonly sessionsPerPrincipal: number, readonly connectionsPerSession: number }
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export type SessionRegistry = ReturnType<typeof createRegistry>
export type SessionFilter = Parameters<State['sessions']['list']>[0]
/** Whose a session is. */
export type Owner = Pick<Principal, 'issuer' | 'subject'>

interface Held {
  readonly visit: OpenedVisit
  /** Index of its session.start entry. */
  readonly firstEntry: number
  /** Approved access it was opened in, and ends with. */
  readonly window: AccessWindow | undefined
  /** Since when nobody listens to its events, monotonic: a clock that is set ends nothing. Undefined while somebody listens. */
  unheardSince: number | undefined
}

interface Ending {
  readonly visit: OpenedVisit
  readonly reason: GatewayError
  readonly done: Promise<void>
}

export function createRegistry(options: RegistryOptions) {
  const { audit, state, catalog, identity, limits, now, elapsed } = options
  const held = new Map<SessionId, Held>()
  /** On their way into `held`, and out of it. */
  const opening = new Set<OpenedVisit>()
  const ending = new Map<SessionId, Ending>()
  /** Principals whose statements are being explained, once for each. */
  const explaining: Principal[] = []
  const lookups = new LookupBudget(randomBytes(32))
  let closed = false

  state.sessions.endOrphans(now(), 'the gateway stopped without ending it')
  const stopListening = identity.onRevoked(revoke)
  audit.signal.addEventListener('abort', () => endAll(audit.signal.reason as GatewayError), { once: true })
  const timer = setInterval(sweep, sweepMilliseconds)
  timer.unref()

  return {
    /** How many are open. */
    get size(): number { return held.size },

    mayOpen,

    /** False for one that has ended, is written down as ended, and for one that never was. */
    isOpen: (id: SessionId): boolean => visitOf(id) !== undefined,

    /** True once the gateway is shutting down: what ends now may be opened again elsewhere, or soon. */
    get closing(): boolean { return closed },

    /** Of any session there ever was; undefined where there was none. */
    owner(id: SessionId): Owner | undefined {
      return visitOf(id)?.who.principal ?? state.sessions.get(id)?.principal
    },

    /**
     * Where opening the target waits for people: the review it waits for, one and the same however often it is asked.
     * @throws GatewayError target_unknown, with the nearest names | denied | bad_request for an empty or too long reason
     *   | limit_exceeded | audit_unavailable | gateway_unreachable
     */
    async open(who: Verified, request: OpenSession, source: string): Promise<OpenedSession | ReviewSummary> {
      refuseIfClosed()
      const entry = catalog.find(request.target, (target) => mayOpen(who, target))
      const id = makeId(now(), randomBytes(16))
      const clientPassword = request.clientPassword === true ? randomBytes(18).toString('base64url') : undefined
      const wish = request.clear === undefined ? undefined : exempted(who.principal, entry.target, request.clear)
      const visit = new OpenedVisit(id, who, entry, now(), clientPassword, wish?.grant, { ...options, lookups, recheck: identity.recheck })
      const window = await admit(visit)
      if (window !== undefined && 'state' in window) return window
      refuseIfTooMany(who.principal)
      opening.add(visit)
      try {
        await beginRecording(visit)
        const exemption = wish === undefined ? {} : { exemption: { reason: wish.reason, rules: wish.rules } }
        const sealing = await options.sealing?.begin(id)
        visit.seal = sealing?.seal
        const key = sealing === undefined ? {} : { key: sealing.facts }
        const start = { kind: 'session.start', session: id, actor: visit.actor, target: visit.targetFacts, source, ...key, ...exemption } as const
        const [firstEntry] = await audit.append([start])
        try {
          // Writing took time: whoever was disabled meanwhile gets no session, and nobody does from a gateway that is going.
          refuseIfClosed()
          identity.recheck(who)
          const { startedAt } = visit
          state.sessions.insert({ id, principal: who.principal, target: entry.target.name, startedAt, firstEntry: firstEntry! })
        } catch (error) {
          audit.note({ kind: 'session.end', session: id, actor: visit.actor, reason: asGatewayError(error).code, connections: 0 })
          throw error
        }
        held.set(id, { visit, firstEntry: firstEntry!, window, unheardSince: elapsed() })
      } catch (error) {
        visit.seal?.forget()
        await visit.recorder?.close()
        throw error
      } finally {
        opening.delete(visit)
      }
      return {
        id,
        target: summary(entry.target),
        usage: entry.protocol.usage(entry.target),
        ...(clientPassword === undefined ? {} : { clientPassword }),
        ...(wish === undefined ? {} : { clear: wish.rules })
      }
    },

    /**
     * What would happen to statements, without running them. For those who could open the target now, without asking anybody.
     * @throws GatewayError target_unknown, with the nearest names | denied | bad_request | limit_exceeded | audit_unavailable
     */
    async explain(who: Verified, target: string, request: ExplainRequest): Promise<Explanation> {
      refuseIfClosed()
      const entry = catalog.find(target, (candidate) => mayOpen(who, candidate))
      const { principal } = who
      const policy = options.policy()
      const decision = access(policy, principal, entry.target, { now: now() })
      if (decision.action === 'hold' && options.reviews.windowFor(principal, targetFactsOf(entry.target), decision) === undefined) {
        throw new GatewayError('denied', `"${target}" opens after a review, and what is in it is told no earlier`, { hint: `hoop connect ${target} asks for it` })
      }
      if (explaining.filter((one) => same(one, principal)).length >= maxExplainsPerPrincipal) {
        throw new GatewayError('limit_exceeded', `${maxExplainsPerPrincipal} of your statements are being explained already`, { hint: 'try again in a moment' })
      }
      explaining.push(principal)
      try {
        return await explain({ audit, policy, principal, entry, now: now() }, request)
      } finally {
        explaining.splice(explaining.indexOf(principal), 1)
      }
    },

    /** What `connect` would throw, asked before there is a stream. */
    mayConnect: (id: SessionId, who: Verified): void => { mayConnect(id, who) },

    /** What `subscribe` would throw. */
    mayListen: (id: SessionId, who: Verified): void => { mayListen(id, who) },

    /**
     * Serves one local connection's bytes until either side ends.
     * @param alive whether the command line at the other end still answers; asked before something held is released
     * @throws GatewayError not_found | session_ended | limit_exceeded
     */
    connect(id: SessionId, who: Verified, stream: Duplex, alive: () => Promise<boolean>): void {
      mayConnect(id, who).connect(stream, alive)
    },

    /**
     * Calls back for each event until the returned function is called; `ended` is the last.
     * @throws GatewayError not_found | session_ended | limit_exceeded
     */
    subscribe(id: SessionId, who: Verified, listener: (event: SessionEvent) => void): () => void {
      const mine = mayListen(id, who)
      const unsubscribe = mine.visit.subscribe(listener)
      mine.unheardSince = undefined
      return () => {
        unsubscribe()
        if (mine.visit.listeners === 0) mine.unheardSince = elapsed()
      }
    },

    /**
     * What was shown in a session, read back from its recording.
     * @param seen writes down that somebody looks; nothing is shown before it resolves
     * @throws GatewayError not_found | audit_unavailable
     */
    async replay(id: SessionId, seen: () => Promise<unknown>): Promise<AsyncIterable<ReplayLine>> {
      const row = state.sessions.get(id)
      if (options.recordings === undefined || row === undefined) throw notRecorded()
      const { firstEntry: _, lastEntry, connections: __, ...session } = row
      const visit = visitOf(id)
      return openReplay({
        audit,
        recordings: options.recordings,
        session: visit === undefined ? session : { ...session, statements: visit.statements, denied: visit.denied },
        lastEntry,
        recorder: visit?.recorder,
        seen
      })
    },

    /** What `follow` would throw. */
    mayFollow: (id: SessionId): void => { followed(id) },

    /**
     * Calls back for each event that is recorded from now on, until the returned function is called; `end` is the last.
     * @throws GatewayError session_ended | not_found where it is not recorded | limit_exceeded
     */
    follow: (id: SessionId, listener: (event: RecordingEvent) => void): () => void => followed(id).follow(listener),

    /** Ends a session and resolves when that is written down; one that is not open is left as it is. */
    async end(id: SessionId, reason: GatewayError): Promise<void> {
      end(id, reason)
      await ending.get(id)?.done
    },

    list(filter: SessionFilter): SessionSummary[] {
      return state.sessions.list(filter).map((row) => {
        const visit = visitOf(row.id)
        return visit === undefined ? row : { ...row, statements: visit.statements, denied: visit.denied }
      })
    },

    /** Reads the session's entries back from the log. */
    async detail(id: SessionId): Promise<SessionDetail | undefined> {
      const row = state.sessions.get(id)
      if (row === undefined) return undefined
      const live = visitOf(id)
      const entries: AuditEntry[] = []
      let truncated = false
      for await (const entry of audit.read({ from: row.firstEntry, ...(row.lastEntry === undefined ? {} : { to: row.lastEntry + 1 }) })) {
        if (!('session' in entry) || entry.session !== id) continue
        truncated = entries.length === maxDetailEntries
        if (truncated) break
        entries.push(entry)
      }
      const { firstEntry: _, lastEntry: __, ...shown } = row
      return {
        ...shown,
        ...(live === undefined ? {} : { statements: live.statements, denied: live.denied, connections: live.connections }),
        entries,
        ...(truncated ? { truncated } : {})
      }
    },

    sweep,

    /** Ends every session and resolves when the last one is written down. */
    async close(): Promise<void> {
      closed = true
      clearInterval(timer)
      stopListening()
      endAll(shuttingDown())
      await Promise.all([...ending.values()].map(({ done }) => done))
    }
  }

  function mayOpen(who: Verified, target: Target): boolean {
    if (who.targets !== undefined && !who.targets.includes(target.name)) return false
    return access(options.policy(), who.principal, target, { now: now() }).action !== 'deny'
  }

  /** Where opening the target needs people's word: what they gave, or the review that asks them. */
  async function admit({ who, entry, targetFacts }: OpenedVisit): Promise<AccessWindow | ReviewSummary | undefined> {
    const policy = options.policy()
    const decision = access(policy, who.principal, entry.target, { now: now() })
    if (decision.action === 'deny') throw new GatewayError('denied', decision.reason)
    if (decision.action === 'allow') return undefined
    const { principal, login, loginEndsAt } = who
    return options.reviews.windowFor(principal, targetFacts, decision)
      ?? options.reviews.ask({ requester: { principal, login, loginEndsAt }, target: targetFacts, decision, policy: policy.version })
  }

  /** What a session may show in clear for a reason. @throws GatewayError denied | bad_request */
  function exempted(principal: Principal, target: Target, given: string) {
    const reason = reasonFrom(given)
    if (reason === undefined) throw new GatewayError('bad_request', 'the reason to see values in clear is empty', { hint: '--clear "..."' })
    const grant = grantFor(options.policy().protection.rules, principal, target, now())
    return { reason, grant, rules: exemptionsOf(grant) }
  }

  /** Open, or not yet written down as ended. */
  function visitOf(id: SessionId): OpenedVisit | undefined {
    return (held.get(id) ?? ending.get(id))?.visit
  }

  function refuseIfClosed(): void {
    if (closed) throw new GatewayError('gateway_unreachable', 'the gateway is shutting down', { hint: 'try again in a moment' })
  }

  function refuseIfTooMany(principal: Principal): void {
    const visits = [...[...held.values()].map(({ visit }) => visit), ...opening]
    const mine = visits.filter((visit) => same(visit.who.principal, principal)).length
    if (mine < limits.sessionsPerPrincipal) return
    throw new GatewayError('limit_exceeded', `you have ${mine} sessions open, the most this gateway allows`, { hint: 'hoop sessions lists them' })
  }

  /** Where the target is to be recorded: from before there is anything to record. @throws GatewayError audit_unavailable */
  async function beginRecording(visit: OpenedVisit): Promise<void> {
    const { recordings, elapsed } = options
    const { recording } = visit.entry
    if (recordings === undefined || recording === 'off') return
    const began = elapsed()
    const facts = { session: visit.id, target: visit.entry.target.name }
    const onFailure = (error: NodeJS.ErrnoException) => {
      if (recording === 'required') end(visit.id, cannotRecord(error))
      else options.onUnrecorded?.(cannotRecord(error), facts)
    }
    try {
      visit.recorder = await recordings.begin(visit.id, { elapsed: () => elapsed() - began, onFailure })
    } catch (error) {
      if (recording === 'required') throw error
      options.onUnrecorded?.(asGatewayError(error), facts)
    }
  }

  function followed(id: SessionId) {
    const visit = held.get(id)?.visit
    if (visit === undefined) throw new GatewayError('session_ended', 'the session has ended', { hint: `hoop sessions replay ${id}` })
    if (visit.recorder === undefined) throw notRecorded()
    if (visit.recorder.followers < maxListenersPerSession) return visit.recorder
    throw new GatewayError('limit_exceeded', `${visit.recorder.followers} follow the session already`)
  }

  function own(id: SessionId, who: Verified): Held {
    const found = held.get(id)
    if (found !== undefined && same(found.visit.who.principal, who.principal)) return found
    const owner = visitOf(id)?.who.principal
    const past = owner === undefined ? state.sessions.get(id) : { principal: owner, endReason: ending.get(id)?.reason.message }
    if (past?.endReason !== undefined && same(past.principal, who.principal)) {
      throw new GatewayError('session_ended', past.endReason, { hint: 'open a new one with: hoop connect TARGET' })
    }
    throw new GatewayError('not_found', 'there is no such session')
  }

  function mayConnect(id: SessionId, who: Verified): OpenedVisit {
    const { visit } = own(id, who)
    if (visit.liveConnections < limits.connectionsPerSession) return visit
    throw new GatewayError('limit_exceeded', `the session has ${visit.liveConnections} connections, the most this gateway allows`)
  }

  function mayListen(id: SessionId, who: Verified): Held {
    const found = own(id, who)
    if (found.visit.listeners < maxListenersPerSession) return found
    throw new GatewayError('limit_exceeded', `${found.visit.listeners} listen to the session's events already`)
  }

  function end(id: SessionId, reason: GatewayError): void {
    const found = held.get(id)
    if (found === undefined) return
    held.delete(id)
    const done = finish(found, reason)
      // The session itself is over by then; that the state cannot be written is for the operator to know.
      .catch((error: unknown) => options.onBug(asGatewayError(error), { session: id }))
      .finally(() => ending.delete(id))
    ending.set(id, { visit: found.visit, reason, done })
  }

  /** Closes the connections first, so that the session's last entry is its session.end. */
  async function finish({ visit }: Held, reason: GatewayError): Promise<void> {
    await visit.end(reason)
    visit.seal?.forget()
    visit.recorder?.add({ type: 'end', code: reason.code, reason: reason.message })
    const recording = await visit.recorder?.close()
    const facts = { kind: 'session.end', session: visit.id, actor: visit.actor, reason: reason.code, connections: visit.connections, ...(recording === undefined ? {} : { recording }) } as const
    // A log that cannot be written leaves the session open-ended in it; the state still says how it ended.
    const lastEntry = await audit.append([facts]).then(([index]) => index, () => undefined)
    state.sessions.end(visit.id, {
      endedAt: now(),
      endReason: reason.message,
      connections: visit.connections,
      statements: visit.statements,
      denied: visit.denied,
      ...(lastEntry === undefined ? {} : { lastEntry })
    })
  }

  function endAll(reason: GatewayError): void {
    for (const id of [...held.keys()]) end(id, reason)
  }

  function revoke(revocation: Revocation): void {
    for (const [id, { visit }] of [...held]) {
      if (concerns(revocation, visit.who)) {
        end(id, new GatewayError('unauthenticated', revocation.reason, { hint: 'hoop login' }))
      }
    }
  }

  /** Ends what nobody listens to any more and what has outlived its login, or the time its access was approved for; and exemptions. */
  function sweep(): void {
    for (const [id, { visit, window, unheardSince }] of [...held]) {
      if (now() >= visit.who.loginEndsAt) {
        end(id, new GatewayError('unauthenticated', 'your login has ended', { hint: 'hoop login' }))
      } else if (window !== undefined && !options.reviews.isOpenWindow(window.review)) {
        end(id, new GatewayError('session_ended', 'the time you were given on the target is over', { hint: 'hoop connect TARGET asks again' }))
      } else if (unheardSince !== undefined && elapsed() - unheardSince > graceMilliseconds) {
        end(id, new GatewayError('session_ended', 'the command line that opened the session has gone'))
      } else visit.refresh()
    }
  }
}

/** Does it end what `who` has open? */
export function concerns(revocation: Revocation, who: Verified): boolean {
  if (revocation.login !== undefined) return revocation.login === who.login
  const { issuer, subject } = revocation
  const is = (person: { issuer: string, subject: string } | undefined) => person?.issuer === issuer && person?.subject === subject
  return is(who.principal) || is(who.principal.onBehalfOf)
}

function same(a: Owner, b: Owner): boolean {
  return a.issuer === b.issuer && a.subject === b.subject
}

function notRecorded(): GatewayError {
  return new GatewayError('not_found', 'the session is not recorded', { hint: 'hoop sessions show says what the audit log holds of it' })
}

function shuttingDown(): GatewayError {
  return new GatewayError('session_ended', 'the gateway is shutting down', { hint: 'hoop connect reconnects by itself' })
}
