// What all forms want to know of a record, whatever its kind: who, where, what, how grave. Pure.
import { canonical } from '../../../../shared/audit/canonical.ts'
import type { Actor, AuditEntry, DecisionFacts, OutcomeFacts, StatementFacts, TargetFacts } from '../../../../shared/audit/entry.ts'
import { safeLine } from '../../../../shared/text.ts'
import type { ExportRecord } from '../contract.ts'

export type Severity = 'informational' | 'low' | 'medium' | 'high' | 'critical'

export interface RecordFacts {
  readonly kind: AuditEntry['kind'] | 'checkpoint'
  readonly origin: string
  /** RFC 3339. */
  readonly time: string
  /** Absent of a checkpoint. */
  readonly index?: number
  /** The same for each try: what a receiver drops duplicates by. */
  readonly uid: string
  readonly severity: Severity
  /** One line for people. */
  readonly message: string
  /** The entry in canonical form, which is the leaf of the log's tree; the signed note of a checkpoint. */
  readonly raw: string
  readonly session?: string
  readonly connection?: number
  readonly actor?: Actor
  readonly target?: TargetFacts
  readonly source?: string
  readonly statement?: StatementFacts
  readonly decision?: DecisionFacts
  readonly outcome?: OutcomeFacts
}

/** Members that several kinds have, under one name and with one meaning. */
type Shared = Partial<Pick<RecordFacts, 'session' | 'connection' | 'actor' | 'target' | 'source' | 'statement' | 'decision' | 'outcome'>>

export function factsOf(record: ExportRecord): RecordFacts {
  if (record.kind === 'checkpoint') {
    const { origin, time, checkpoint } = record
    const message = `checkpoint: ${checkpoint.size} entries are signed`
    return { kind: 'checkpoint', origin, time, uid: `${origin}/checkpoint/${checkpoint.size}`, severity: 'informational', message, raw: checkpoint.note }
  }
  const { entry, intent } = record
  const { index, origin, time, kind } = entry
  const { session, connection, source, outcome, ...own } = entry as Shared
  const { actor, target, statement, decision } = intent === undefined ? own : { ...intent, ...own }
  const facts = {
    kind,
    origin,
    time,
    index,
    uid: `${origin}/${index}`,
    severity: severityOf(entry),
    raw: canonical(entry),
    ...(session === undefined ? {} : { session }),
    ...(connection === undefined ? {} : { connection }),
    ...(source === undefined ? {} : { source }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(actor === undefined ? {} : { actor }),
    ...(target === undefined ? {} : { target }),
    ...(statement === undefined ? {} : { statement }),
    ...(decision === undefined ? {} : { decision })
  }
  return { ...facts, message: messageOf(facts) }
}

export function nameOf({ email, subject }: Pick<Actor, 'email' | 'subject'>): string {
  return email ?? subject
}

function messageOf({ kind, actor, target, statement, decision, outcome }: Omit<RecordFacts, 'message'>): string {
  return safeLine([
    `${kind}:`,
    ...(statement === undefined ? [] : [statement.verb]),
    ...(target === undefined ? [] : ['on', target.name]),
    ...(actor === undefined ? [] : ['by', nameOf(actor)]),
    ...(decision === undefined || decision.action === 'allow' ? [] : [`(${decision.action}: ${decision.rule})`]),
    ...(outcome === undefined ? [] : [`(${outcome.status})`])
  ].join(' '))
}

function severityOf(entry: AuditEntry): Severity {
  switch (entry.kind) {
    case 'decision': return 'medium'
    case 'login': return entry.accepted ? 'informational' : 'medium'
    case 'token': return entry.action === 'reuse' ? 'high' : 'informational'
    case 'review.vote': return entry.breakGlass === true ? 'high' : 'informational'
    case 'revocation': case 'policy.change': case 'audit.read': return 'low'
    case 'clock.jump': case 'export.dead-letter': case 'redaction': case 'retention.prune': case 'key.rotate': return 'medium'
    case 'recovery': return entry.discontinuity === undefined ? 'medium' : 'critical'
    default: return 'informational'
  }
}
