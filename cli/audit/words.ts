// Entries as lines people read. Pure; whoever prints makes them safe.
import type { Actor, AuditEntry, OutcomeFacts } from '../../shared/audit/entry.ts'
import type { Exposure } from '../../shared/model.ts'
import { counted } from '../counted.ts'
import { timeFrom } from '../table.ts'
import type { Told } from './statements.ts'

export const entryHead = ['ENTRY', 'TIME (UTC)', 'WHO', 'TARGET', 'DECISION', 'OUTCOME', 'WHAT'] as const

export function entryLine({ entry, outcome }: Told): string[] {
  return [
    String(entry.index),
    timeFrom(entry.time),
    'actor' in entry && entry.actor !== undefined ? personOf(entry.actor) : '',
    'target' in entry ? entry.target.name : '',
    'decision' in entry ? `${entry.decision.action}: ${entry.decision.rule}` : '',
    entry.kind === 'statement.intent' ? outcomeText(outcome) : entry.kind === 'decision' ? 'nothing ran' : '',
    whatOf(entry)
  ]
}

/** As people know them; whoever acts for somebody else says for whom. */
export function personOf({ email, subject, onBehalfOf }: Pick<Actor, 'email' | 'subject' | 'onBehalfOf'>): string {
  return `${email ?? subject}${onBehalfOf === undefined ? '' : ` for ${onBehalfOf.email ?? onBehalfOf.subject}`}`
}

export function outcomeText(outcome: OutcomeFacts | undefined): string {
  if (outcome === undefined) return 'running, or not known'
  const { status, rows, errorClass, durationMilliseconds, exposure } = outcome
  const clear = clearColumns(exposure)
  return [
    errorClass === undefined ? status : `${status} ${errorClass}`,
    ...(clear.length === 0 ? [] : [`in clear: ${clear.join(' ')}`]),
    ...(rows === undefined ? [] : [counted(rows, 'row')]),
    `${Math.round(durationMilliseconds * 10) / 10} ms`
  ].join(', ')
}

/** Protected columns shown in clear, each once, whichever rules' exemptions show it. */
export function clearColumns({ clear }: Pick<Exposure, 'clear'> = { clear: [] }): string[] {
  return [...new Set(clear.flatMap(({ columns }) => columns))].sort()
}

/** The statement without its constants, or what else an entry is about. */
export function whatOf(entry: AuditEntry): string {
  switch (entry.kind) {
    case 'statement.intent': case 'decision': {
      const { redacted, verb, length } = entry.statement
      return redacted ?? `${verb} (${length} bytes that cannot be shown without their values)`
    }
    case 'review.held': return entry.statements.map(({ redacted, verb }) => redacted ?? verb).join('; ')
    case 'cancel': return `cancel what connection ${entry.cancels} runs`
    case 'login': return `login by ${entry.method} ${entry.accepted ? 'accepted' : `refused: ${entry.reason ?? 'no reason told'}`}`
    case 'token': return `${entry.action} token ${entry.token}`
    case 'revocation': return `${entry.action} ${entry.subject.subject}`
    case 'policy.change': return `policy ${entry.policy.slice(0, 16)} came into force`
    case 'admin': return entry.detail === undefined ? entry.action : `${entry.action}: ${entry.detail}`
    default: return entry.kind
  }
}
