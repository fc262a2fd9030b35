// Which entries of a log somebody looks for. Pure.
import type { Actor, AuditEntry, EntryFacts, StatementFacts } from '../../shared/audit/entry.ts'
import { GatewayError } from '../../shared/errors.ts'
import { didYouMean, nearest } from '../../shared/nearest.ts'

export type DecisionWord = 'allowed' | 'held' | 'denied'

/** What all have to hold. Times are RFC 3339, `until` is not included. */
export interface Filter {
  /** E-mail address, subject, or one of these of whom they act for. */
  readonly person?: string
  /** `schema.relation`, or the relation alone. */
  readonly relation?: string
  /** Protected column, `schema.relation.column` or its end: masked, shown in clear, or looked at. */
  readonly column?: string
  readonly decision?: DecisionWord
  readonly target?: string
  readonly session?: string
  readonly since?: string
  readonly until?: string
  /** Kinds of entries; without them: what was asked. */
  readonly kinds?: readonly string[]
}

/** Every kind there is: that none is like a kind nobody knows proves nothing. */
const everyKind = {
  'session.start': true,
  'session.end': true,
  'connection.start': true,
  'connection.end': true,
  'statement.intent': true,
  decision: true,
  outcome: true,
  cancel: true,
  'review.held': true,
  'review.asked': true,
  'review.seen': true,
  'review.reason': true,
  'review.vote': true,
  'review.end': true,
  'review.release': true,
  login: true,
  token: true,
  revocation: true,
  'audit.read': true,
  redaction: true,
  'policy.change': true,
  admin: true,
  'key.rotate': true,
  'retention.prune': true,
  heartbeat: true,
  'clock.jump': true,
  'export.dead-letter': true,
  recovery: true
} satisfies Record<EntryFacts['kind'], true>

/** @throws GatewayError usage, with the nearest kinds or all of them */
export function checkKinds(kinds: readonly string[]): void {
  const unknown = kinds.find((kind) => !Object.hasOwn(everyKind, kind))
  if (unknown === undefined) return
  const all = Object.keys(everyKind)
  const meant = nearest(unknown, all)
  throw new GatewayError('usage', `there are no entries of the kind "${unknown}"`, {
    hint: meant.length > 0 ? didYouMean(meant) : `one of ${all.join(', ')}`
  })
}

/** What somebody asked, and was answered. */
const askedKinds: readonly EntryFacts['kind'][] = ['statement.intent', 'decision', 'review.held', 'cancel']

export function matcher(filter: Filter): (entry: AuditEntry) => boolean {
  const kinds = new Set<string>(filter.kinds ?? askedKinds)
  return (entry) => {
    if (!kinds.has(entry.kind)) return false
    if (filter.since !== undefined && entry.time < filter.since) return false
    if (filter.until !== undefined && entry.time >= filter.until) return false
    if (filter.session !== undefined && !('session' in entry && entry.session === filter.session)) return false
    if (filter.target !== undefined && !('target' in entry && entry.target.name === filter.target)) return false
    if (filter.person !== undefined && !isBy(entry, filter.person)) return false
    if (filter.decision !== undefined && decisionOf(entry) !== filter.decision) return false
    return names(entry, filter.relation, ({ relations }) => relations) && names(entry, filter.column, columnsOf)
  }
}

function names(entry: AuditEntry, wanted: string | undefined, of: (statement: StatementFacts) => readonly string[]): boolean {
  return wanted === undefined || statementsOf(entry).some((statement) => of(statement).some((name) => endsAlike(name, wanted)))
}

/** Of an intent, a refusal, or what was held; none of other kinds. */
export function statementsOf(entry: AuditEntry): readonly StatementFacts[] {
  if (entry.kind === 'statement.intent' || entry.kind === 'decision') return [entry.statement]
  return entry.kind === 'review.held' ? entry.statements : []
}

/** Protected columns a statement had to do with, however. */
export function columnsOf({ exposure }: StatementFacts): readonly string[] {
  if (exposure === undefined) return []
  // A flag is a kind and its columns: "lookup public.patients.email"; a reason to refuse ends in them, in brackets.
  const named = [...exposure.flags, ...exposure.why].flatMap((text) => text.match(dotted) ?? [])
  return [...exposure.masked, ...exposure.clear.flatMap(({ columns }) => columns), ...named]
}

const dotted = /(?:"[^"]*"|[^\s",()]+)(?:\.(?:"[^"]*"|[^\s".,()]+)){2}/g

/** A held statement that was approved is told as held: a person stood between. */
export function decisionOf(entry: AuditEntry): DecisionWord | undefined {
  if (!('decision' in entry)) return undefined
  const { action } = entry.decision
  return action === 'allow' ? 'allowed' : action === 'hold' ? 'held' : 'denied'
}

function isBy(entry: AuditEntry, person: string): boolean {
  const actor: Partial<Actor> | undefined = 'actor' in entry ? entry.actor : undefined
  const wanted = person.toLowerCase()
  return [actor?.email, actor?.subject, actor?.onBehalfOf?.email, actor?.onBehalfOf?.subject].some((name) => name?.toLowerCase() === wanted)
}

/** `patients` is found as `public.patients`, and the other way round; `ents` is not. */
function endsAlike(name: string, wanted: string): boolean {
  const [a, b] = [name.toLowerCase(), wanted.toLowerCase()]
  return a === b || a.endsWith(`.${b}`) || b.endsWith(`.${a}`)
}
