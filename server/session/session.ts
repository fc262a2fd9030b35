// The life of one visit: a principal on a target, its connections, what is told about it, and how it ends.
import { setMaxListeners } from 'node:events'
import type { Duplex } from 'node:stream'
import type { AuditLog } from '../audit/log.ts'
import type { SessionSeal } from '../audit/seal.ts'
import type { Verified } from '../identity/identity.ts'
import type { LookupBudget } from '../masking/budget.ts'
import { compile } from '../policy/decide.ts'
import type { Grant } from '../policy/exempt.ts'
import { detectionFor, protectionFor, type Detection, type Protection } from '../policy/protect.ts'
import type { Policy } from '../policy/rules.ts'
import type { CatalogEntry } from '../targets/catalog.ts'
import { lasting } from '../../shared/audit/canonical.ts'
import { asGatewayError, type GatewayError } from '../../shared/errors.ts'
import type { Actor, TargetFacts } from '../../shared/audit/entry.ts'
import type { SessionEvent } from '../../shared/events.ts'
import type { SessionId, Target } from '../../shared/model.ts'
import { beginning } from '../../shared/text.ts'
import type { Session } from '../protocols/protocol.ts'
import type { Recorder } from '../recording/recorder.ts'
import type { Reviews } from '../review/reviews.ts'
import { Activity } from './activity.ts'
import { Earlier } from './earlier.ts'
import { lapsed, left } from './lapsed.ts'
import { Facts } from './facts.ts'
import { createGate, type GateEvents, type Visit } from './gate.ts'
import { accountOf, counted } from './lookups.ts'
import { recordPermitted, recordTold } from './recorded.ts'
import { Sightings } from './sightings.ts'

/** What a protocol gets to tell its client why a session ended, before the client is cut off. */
const goodbyeMilliseconds = 400
/** A connection that has not ended by then (its upstream does not answer) is not waited for. */
const endMilliseconds = 2_000

export interface SessionParts {
  readonly audit: AuditLog
  readonly reviews: Reviews
  /** Of all sessions. */
  readonly lookups: LookupBudget
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** @throws GatewayError unauthenticated where the right was lost meanwhile */
  readonly recheck: (who: Verified) => void
  /** The policy in force; asked again for each statement, since it may be reloaded meanwhile. */
  readonly policy: () => Policy
  /** Monotonic milliseconds. */
  readonly elapsed: () => number
  /** What is not a GatewayError is a bug, told here. */
  readonly onBug: (error: GatewayError, facts: object) => void
}

/** What follows from the policy in force. */
interface Compiled {
  readonly version: string
  readonly decide: ReturnType<typeof compile>
  readonly protection: Protection | undefined
  readonly detection: Detection | undefined
}

export class OpenedVisit {
  readonly actor: Actor
  readonly targetFacts: TargetFacts
  statements = 0
  denied = 0
  /** How many connections there have been. */
  connections = 0
  /** Set before anybody connects; absent where exact texts are not kept. */
  seal: SessionSeal | undefined
  /** Set before anybody connects; absent where nothing is recorded. */
  recorder: Recorder | undefined
  readonly #parts: SessionParts
  readonly #controller = new AbortController()
  readonly #live = new Set<Promise<void>>()
  readonly #earlier = new Earlier()
  readonly #activity: Activity
  readonly #sightings = new Sightings()
  readonly #facts = new Facts()
  readonly #listeners = new Set<(event: SessionEvent) => void>()
  /** Told while nobody listened. */
  readonly #untold: SessionEvent[] = []
  #grant: Grant | undefined
  #compiled: Compiled

  constructor(
    readonly id: SessionId,
    readonly who: Verified,
    readonly entry: CatalogEntry,
    readonly startedAt: number,
    readonly clientPassword: string | undefined,
    /** What it was opened with a reason for. */
    grant: Grant | undefined,
    parts: SessionParts
  ) {
    const { name: _, ...actor } = who.principal
    const { target } = entry
    this.actor = lasting(actor)
    this.targetFacts = lasting(targetFactsOf(target))
    this.#parts = parts
    this.#grant = grant
    this.#compiled = this.#compile()
    this.#activity = new Activity({
      tell: (connections) => this.#tell({ type: 'activity', connections }),
      heard: () => this.#listeners.size > 0,
      elapsed: parts.elapsed
    })
    setMaxListeners(0, this.#controller.signal)
  }

  get liveConnections(): number { return this.#live.size }
  get listeners(): number { return this.#listeners.size }
  get signal(): AbortSignal { return this.#controller.signal }

  /** Serves one client; the promise of its end is kept until then. @param alive asked before something held is released */
  connect(client: Duplex, alive: () => Promise<boolean>): void {
    const number = ++this.connections
    const run = this.#serve(client, number, alive).finally(() => this.#live.delete(run))
    this.#live.add(run)
  }

  /** Ends everything at once; each client is told `reason` in its protocol's terms, and cut off soon whether it listens or not. */
  async end(reason: GatewayError): Promise<void> {
    this.#controller.abort(reason)
    this.#tell({ type: 'ended', code: reason.code, reason: reason.message, ...(reason.hint === undefined ? {} : { hint: reason.hint }) })
    this.#activity.stop()
    if (this.#live.size === 0) return
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => { timer = setTimeout(resolve, endMilliseconds) })
    await Promise.race([Promise.all(this.#live), patience])
    clearTimeout(timer)
  }

  subscribe(listener: (event: SessionEvent) => void): () => void {
    this.#listeners.add(listener)
    // Whoever comes back may have missed openings and ends.
    if (this.connections > 0) listener({ type: 'activity', connections: this.#activity.whole(), whole: true })
    for (const event of this.#untold.splice(0)) listener(event)
    return () => this.#listeners.delete(listener)
  }

  async #serve(client: Duplex, number: number, alive: () => Promise<boolean>): Promise<void> {
    const { audit } = this.#parts
    const common = { session: this.id, connection: number }
    audit.note({ kind: 'connection.start', ...common })
    this.#activity.opened(number)
    this.#tell({ type: 'connection.opened', connection: number })
    const { recorder } = this
    recorder?.add({ type: 'connection.start' }, number)
    let failure: GatewayError | undefined
    let goodbye: NodeJS.Timeout | undefined
    const cutOffSoon = () => { goodbye = setTimeout(() => client.destroy(this.signal.reason as GatewayError), goodbyeMilliseconds) }
    this.signal.addEventListener('abort', cutOffSoon, { once: true })
    // Whatever the protocol listens to and when: an error of the client's stream never ends the process.
    client.on('error', () => {})
    try {
      await this.entry.protocol.serve(client, {
        ...this.entry.edge,
        id: this.id,
        connection: number,
        principal: this.who.principal,
        ...(this.clientPassword === undefined ? {} : { clientPassword: this.clientPassword }),
        signal: this.signal,
        protection: () => this.#current().protection,
        detection: () => this.#current().detection,
        authorize: this.#gateFor(number, alive),
        introduce: (name, shown) => this.#activity.introduced(number, name, shown),
        ...(recorder === undefined ? {} : { recording: recorder.connection(number) })
      })
    } catch (error) {
      failure = asGatewayError(error)
      if (failure.code === 'internal') this.#parts.onBug(failure, common)
    }
    this.signal.removeEventListener('abort', cutOffSoon)
    clearTimeout(goodbye)
    client.destroy(failure)
    recorder?.add({ type: 'connection.end', ...(failure === undefined ? {} : { error: failure.message }) }, number)
    audit.note({ kind: 'connection.end', ...common, ...(failure === undefined ? {} : { errorClass: failure.code }) })
    this.#tell({
      type: 'connection.closed',
      connection: number,
      ...(failure === undefined ? {} : { error: failure.message }),
      ...this.#activity.closed(number)
    })
  }

  #gateFor(connection: number, alive: () => Promise<boolean>): Session['authorize'] {
    const { audit, reviews, lookups, elapsed, now, recheck } = this.#parts
    const events: GateEvents = {
      permitted: (operations, entries) => {
        this.statements += operations.length
        this.#activity.permitted(connection, operations, entries)
        this.#earlier.add(operations, entries, now())
        if (this.recorder !== undefined) recordPermitted(this.recorder, connection, operations, entries)
      },
      settled: (entry, outcome) => {
        this.#activity.settled(connection, entry, outcome)
        this.#earlier.settle(entry, outcome)
        for (const message of this.#sightings.news(outcome)) this.#tell({ type: 'warning', message, hint: `hoop policy suggest ${this.entry.target.name}` })
      },
      denied: (operation, decision) => {
        this.denied++
        const reason = decision.action === 'deny' ? decision.reason : ''
        this.recorder?.denied(connection, { rule: decision.rule, reason, text: operation.kind === 'statement' ? operation.text : 'cancel request' })
        this.#tell({
          type: 'denied',
          connection,
          rule: decision.rule,
          reason,
          statement: operation.kind === 'statement' ? beginning(operation.redacted ?? operation.verb, 200) : 'cancel request'
        })
      }
    }
    const current = () => this.#current()
    const earlier = this.#earlier
    const visit: Visit = {
      session: this.id,
      connection,
      actor: this.actor,
      requester: this.who,
      target: this.targetFacts,
      signal: this.signal,
      decide: (operation, estimatedRows) =>
        current().decide(operation, { now: now(), ...(estimatedRows === undefined ? {} : { estimatedRows }) }),
      get policyVersion() { return current().version },
      protection: () => current().protection,
      get earlier() { return earlier.list },
      alive,
      recheck: () => recheck(this.who),
      tell: (event) => this.#tell(event),
      record: (review, rule, asked, text) => this.recorder?.held(connection, { review, rule, asked, text })
    }
    const { seal } = this
    const gate = createGate({ audit, reviews, facts: this.#facts, ...(seal === undefined ? {} : { seal }) }, visit, events, elapsed)
    const account = accountOf(this.who.principal, this.entry.target)
    return async (operations, waiting) => {
      const { lookups: limit } = this.#parts.policy().protection.masking
      return gate.authorize(counted(operations, (asked) => lookups.spend(account, asked, limit, elapsed()), limit), waiting)
    }
  }

  /** Ends exemptions that are over, and tells it; what is asked of the session does so by itself. */
  refresh(): void {
    this.#current()
  }

  #current() {
    const { version, protection } = this.#compiled
    const isCurrent = version === this.#parts.policy().version && this.#parts.now() < (protection?.until ?? Infinity)
    if (isCurrent) return this.#compiled
    this.#compiled = this.#compile(protection)
    const rules = lapsed(protection, this.#compiled.protection)
    if (rules.length > 0) this.#tellLapsed(rules)
    return this.#compiled
  }

  /** @param before what was in force, kept where it is the same: what was judged by it is not judged again */
  #compile(before?: Protection): Compiled {
    const policy = this.#parts.policy()
    const { principal } = this.who
    const { target } = this.entry
    const protection = protectionFor(policy.protection, principal, target, { now: this.#parts.now(), grant: this.#grant })
    this.#grant = left(this.#grant, protection)
    return {
      version: policy.version,
      decide: compile(policy, principal, target),
      protection: JSON.stringify(protection) === JSON.stringify(before) ? before : protection,
      detection: detectionFor(policy.protection, target)
    }
  }

  #tellLapsed(rules: readonly string[]): void {
    const { name } = this.entry.target
    const message = `values are masked from now on: the exemption from ${rules.map((rule) => `"${rule}"`).join(' and ')} has ended`
    const event = { type: 'warning', message, hint: `hoop connect ${name} --clear "..." asks again, where the policy lets you` } as const
    if (this.#listeners.size === 0) this.#untold.push(event)
    this.#tell(event)
  }

  #tell(event: SessionEvent): void {
    if (this.recorder !== undefined) recordTold(this.recorder, event)
    for (const listener of this.#listeners) listener(event)
  }
}

export function targetFactsOf({ name, protocol, address, database }: Target): TargetFacts {
  return { name, protocol, address, ...(database === undefined ? {} : { database }) }
}
