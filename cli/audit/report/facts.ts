// What a report tells, counted in one pass over the log's entries; no row value and no constant is among it. Pure.
// Long because it is one list of facts and one switch over the kinds of entries.
import type { Actor, AuditEntry, ProtectsFacts, StatementFacts } from '../../../shared/audit/entry.ts'
import { columnsOf } from '../search.ts'
import { clearColumns, personOf, whatOf } from '../words.ts'

/** [from, to), RFC 3339; statements of one target, or of all. */
export interface Scope {
  readonly from: string
  readonly to: string
  readonly target?: string
}

export interface Person {
  readonly who: string
  readonly issuer: string
  readonly subject: string
  readonly kind: Actor['kind']
  groups: readonly string[]
  /** Accepted, in the whole log up to the period's end. */
  firstLogin?: string
  lastLogin?: string
  statements: number
  denied: number
  /** Statements that showed protected columns masked, and in clear. */
  masked: number
  clear: number
}

/** Somebody was shut out: when, by whom, and whether anything of theirs ran afterwards. */
export interface Leaver {
  readonly entry: number
  readonly who: string
  readonly by: string
  readonly at: string
  enabledAt?: string
  /** Sessions that ended from the cut-off on, and when the last of them did. */
  sessionsEnded: number
  lastSessionEnd?: string
  /** Statements permitted after the cut-off and before they were let in again: none, if the gateway keeps its word. */
  statementsAfter: number
}

export interface ColumnCount {
  masked: number
  clear: number
  /** Statements whose rows, order or failure may depend on it, and that were allowed to. */
  flagged: number
  refused: number
}

export interface ClearRead {
  readonly entry: number
  readonly at: string
  readonly who: string
  readonly target: string
  readonly columns: readonly string[]
  readonly statement: string
}

export interface HeldReview {
  readonly review: string
  readonly entry: number
  readonly at: string
  readonly requester: string
  readonly target: string
  readonly rule: string
  readonly statement: string
  readonly votes: { readonly by: string, readonly at: string, readonly approve: boolean, readonly breakGlass: boolean }[]
  state: string
  endedAt?: string
  ranAt?: string
}

export interface FailedLogin {
  readonly entry: number
  readonly at: string
  readonly source: string
  readonly method: string
  readonly who: string
  readonly reason: string
}

export interface TokenEvent {
  readonly entry: number
  readonly at: string
  readonly action: string
  readonly token: string
  readonly owner: string
}

/** Statements; `held` ones were approved, and ran. */
export interface Decided {
  allowed: number
  held: number
  denied: number
}

/** A time in which the log says less than it should. */
export interface Gap {
  readonly entry: number
  readonly at: string
  readonly what: string
}

/** A list that stops growing, and says how much more there was. */
export interface Bounded<T> {
  readonly items: T[]
  more: number
}

const maxItems = 2_000
/** A heartbeat comes each minute, so one that runs is never silent for longer. */
const silenceMilliseconds = 150_000

export class ReportFacts {
  origin = ''
  entries = 0
  firstEntry: number | undefined
  lastEntry: number | undefined
  allowed = 0
  denied = 0
  failed = 0
  sessions = 0
  gatewayStarts = 0
  readonly targets = new Set<string>()
  /** By day, `2026-11-25`. */
  readonly days = new Map<string, Decided>()
  readonly rules = new Map<string, Decided>()
  /** Why sessions ended. */
  readonly ends = new Map<string, number>()
  readonly people = new Map<string, Person>()
  readonly leavers: Leaver[] = []
  readonly columns = new Map<string, ColumnCount>()
  readonly policies: { readonly entry: number, readonly at: string, readonly policy: string, readonly previous?: string }[] = []
  /** What the last policy before the period's end says is protected. */
  protects: readonly ProtectsFacts[] = []
  readonly clearReads = bounded<ClearRead>()
  readonly reviews = new Map<string, HeldReview>()
  readonly failedLogins = bounded<FailedLogin>()
  readonly tokens = bounded<TokenEvent>()
  readonly gaps = bounded<Gap>()
  readonly #scope: Scope
  readonly #keys = new Map<Leaver, string>()
  #last: { readonly time: string, readonly boot: string, readonly index: number } | undefined

  constructor(scope: Scope) {
    this.#scope = scope
  }

  get joiners(): Person[] {
    return [...this.people.values()].filter(({ firstLogin }) => firstLogin !== undefined && firstLogin >= this.#scope.from)
  }

  get breakGlass(): HeldReview[] {
    return [...this.reviews.values()].filter(({ votes }) => votes.some((vote) => vote.breakGlass))
  }

  /** In the log's order, from its beginning: who joined is known only by who was there before. */
  add(entry: AuditEntry): void {
    if (entry.time >= this.#scope.to) return
    this.origin = entry.origin
    const within = entry.time >= this.#scope.from
    if (entry.kind === 'policy.change') this.protects = entry.protects ?? []
    if (within) this.#count(entry)
    this.#people(entry, within)
    if (within) this.#statement(entry)
    this.#review(entry, within)
    this.#last = entry
  }

  #count(entry: AuditEntry): void {
    const { index: at, time, kind, boot } = entry
    this.entries++
    this.firstEntry ??= at
    this.lastEntry = at
    if (this.#last !== undefined && this.#last.boot !== boot) {
      this.gatewayStarts++
      put(this.gaps, { entry: at, at: time, what: `the gateway did not run since ${this.#last.time} (entry ${this.#last.index})` })
    } else if (this.#last !== undefined && Date.parse(time) - Date.parse(this.#last.time) > silenceMilliseconds) {
      put(this.gaps, { entry: at, at: time, what: `nothing was written since ${this.#last.time} (entry ${this.#last.index}), not even a heartbeat` })
    }
    if (kind === 'clock.jump') put(this.gaps, { entry: at, at: time, what: `the clock was moved by ${Math.round(entry.deltaMilliseconds / 1000)} s` })
    if (kind === 'recovery') {
      put(this.gaps, { entry: at, at: time, what: `a start after a crash: ${entry.unknownOutcomes} statements whose end is not known${entry.discontinuity === undefined ? '' : '; a loss of entries was accepted'}` })
    }
    if (kind === 'policy.change') this.policies.push({ entry: at, at: time, policy: entry.policy, ...(entry.previous === undefined ? {} : { previous: entry.previous }) })
  }

  #people(entry: AuditEntry, within: boolean): void {
    const { index: at, time } = entry
    switch (entry.kind) {
      case 'login':
        if (!entry.accepted && within) {
          put(this.failedLogins, {
            entry: at,
            at: time,
            source: entry.source,
            method: entry.method,
            who: entry.actor === undefined ? 'not known' : personOf(entry.actor),
            reason: entry.reason ?? ''
          })
        }
        if (entry.accepted && entry.actor !== undefined) {
          const person = this.#person(entry.actor)
          person.groups = entry.actor.groups
          person.firstLogin ??= time
          person.lastLogin = time
        }
        break
      case 'token':
        // Refreshing happens every ten minutes and says nothing.
        if (within && entry.action !== 'refresh') put(this.tokens, { entry: at, at: time, action: entry.action, token: entry.token, owner: personOf(entry.actor) })
        break
      case 'revocation': this.#revoked(entry, within); break
      case 'session.start':
        if (within && this.#concerns(entry.target.name)) this.sessions++
        break
      case 'session.end':
        if (within) this.ends.set(entry.reason, (this.ends.get(entry.reason) ?? 0) + 1)
        for (const leaver of this.#out(entry.actor)) {
          leaver.sessionsEnded++
          leaver.lastSessionEnd = time
        }
        break
      case 'statement.intent':
        for (const leaver of this.#out(entry.actor)) leaver.statementsAfter++
        break
      default:
    }
  }

  #revoked({ subject, actor, action, time, index: at }: Extract<AuditEntry, { kind: 'revocation' }>, within: boolean): void {
    const key = keyOf(subject)
    if (action === 'enable') {
      for (const leaver of this.#out(subject)) leaver.enabledAt = time
      return
    }
    if (!within) return
    const who = this.people.get(key)?.who ?? subject.subject
    const leaver: Leaver = { entry: at, who, by: personOf(actor), at: time, sessionsEnded: 0, statementsAfter: 0 }
    this.#keys.set(leaver, key)
    this.leavers.push(leaver)
  }

  /** Times this person, or who they act for, was shut out and is not let in again yet. */
  #out(actor: Identified & { readonly onBehalfOf?: Identified }): Leaver[] {
    if (this.leavers.length === 0) return []
    const keys = new Set([keyOf(actor), ...(actor.onBehalfOf === undefined ? [] : [keyOf(actor.onBehalfOf)])])
    return this.leavers.filter((leaver) => leaver.enabledAt === undefined && keys.has(this.#keys.get(leaver)!))
  }

  #statement(entry: AuditEntry): void {
    if (entry.kind === 'outcome' && (entry.outcome.status === 'error' || entry.outcome.status === 'unknown')) this.failed++
    if (entry.kind !== 'statement.intent' && entry.kind !== 'decision') return
    const { actor, target, statement, decision, time, index: at } = entry
    if (!this.#concerns(target.name)) return
    this.targets.add(target.name)
    const what = entry.kind === 'decision' ? 'denied' : decision.action === 'hold' ? 'held' : 'allowed'
    if (what === 'denied') this.denied++
    else this.allowed++
    bump(this.days, time.slice(0, 10), what)
    bump(this.rules, decision.rule, what)
    const person = this.#person(actor)
    if (what === 'denied') person.denied++
    else person.statements++
    const { masked, clear } = this.#columns(statement, what === 'denied')
    if (masked) person.masked++
    if (!clear) return
    person.clear++
    const columns = clearColumns(statement.exposure)
    put(this.clearReads, { entry: at, at: time, who: personOf(actor), target: target.name, columns, statement: whatOf(entry) })
  }

  /** A statement that is refused shows nothing. */
  #columns(statement: StatementFacts, refused: boolean): { masked: boolean, clear: boolean } {
    const { exposure } = statement
    if (exposure === undefined) return { masked: false, clear: false }
    const shown = new Set([...exposure.masked, ...clearColumns(exposure)])
    const count = (name: string, what: keyof ColumnCount) => {
      const counts = this.columns.get(name) ?? { masked: 0, clear: 0, flagged: 0, refused: 0 }
      counts[what]++
      this.columns.set(name, counts)
    }
    if (!refused) for (const name of exposure.masked) count(name, 'masked')
    if (!refused) for (const name of clearColumns(exposure)) count(name, 'clear')
    for (const name of new Set(columnsOf(statement))) if (refused || !shown.has(name)) count(name, refused ? 'refused' : 'flagged')
    return { masked: !refused && exposure.masked.length > 0, clear: !refused && exposure.clear.length > 0 }
  }

  #review(entry: AuditEntry, within: boolean): void {
    if (entry.kind === 'review.held') {
      if (!within || !this.#concerns(entry.target.name)) return
      this.reviews.set(entry.review, {
        review: entry.review,
        entry: entry.index,
        at: entry.time,
        requester: personOf(entry.actor),
        target: entry.target.name,
        rule: entry.decision.rule,
        statement: entry.statements.length === 0 ? 'opening the target' : whatOf(entry),
        votes: [],
        state: 'pending'
      })
      return
    }
    if (!('review' in entry) || typeof entry.review !== 'string') return
    const review = this.reviews.get(entry.review)
    if (review === undefined) return
    if (entry.kind === 'review.vote') {
      review.votes.push({ by: personOf(entry.actor), at: entry.time, approve: entry.approve, breakGlass: entry.breakGlass === true })
    } else if (entry.kind === 'review.end') {
      review.state = entry.state
      review.endedAt = entry.time
    } else if (entry.kind === 'review.release') {
      review.state = 'approved'
      review.ranAt = entry.time
    }
  }

  #concerns(target: string): boolean {
    return this.#scope.target === undefined || this.#scope.target === target
  }

  #person(actor: Actor): Person {
    const key = keyOf(actor)
    let person = this.people.get(key)
    if (person === undefined) {
      const { issuer, subject, kind, groups } = actor
      this.people.set(key, person = { who: personOf(actor), issuer, subject, kind, groups, statements: 0, denied: 0, masked: 0, clear: 0 })
    }
    return person
  }
}

type Identified = Pick<Actor, 'issuer' | 'subject'>

function keyOf({ issuer, subject }: Identified): string {
  return JSON.stringify([issuer, subject])
}

function bump(counts: Map<string, Decided>, key: string, what: keyof Decided): void {
  const found = counts.get(key) ?? { allowed: 0, held: 0, denied: 0 }
  found[what]++
  counts.set(key, found)
}

function bounded<T>(): Bounded<T> {
  return { items: [], more: 0 }
}

function put<T>(list: Bounded<T>, item: T): void {
  if (list.items.length < maxItems) list.items.push(item)
  else list.more++
}
