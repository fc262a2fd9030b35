// Audit entries of one session as lines: what was asked, what was decided, how it ended. Pure.
import type { AuditEntry } from '../../shared/audit/entry.ts'
import { counted } from '../counted.ts'
import { tableLines } from '../table.ts'
import { hung } from '../hung.ts'

/** Every entry, in the log's order. @param columns as wide as lines may be: what an entry says goes on below itself */
export function entryLines(entries: readonly AuditEntry[], columns = Infinity): string[] {
  const [head, ...lines] = tableLines(['AT', 'ENTRY', 'SAYS'], entries.map((entry) => [String(entry.index), entry.kind, says(entry)])) as [string]
  return [head, ...lines.flatMap((line) => hung(line, columns, head.indexOf('SAYS')))]
}

function says(entry: AuditEntry): string {
  switch (entry.kind) {
    case 'session.start': return `${entry.actor.email ?? entry.actor.subject} opens ${entry.target.name}`
    case 'session.end': return entry.reason
    case 'connection.start': return `connection ${entry.connection}${entry.client === undefined ? '' : ` from ${entry.client}`}`
    case 'connection.end': return `connection ${entry.connection}`
    case 'statement.intent':
    case 'decision': {
      const { decision, statement } = entry
      const masked = statement.exposure?.masked ?? []
      return `${decision.action} (${decision.rule})${masked.length === 0 ? '' : `, masking ${masked.join(', ')}`}: ${statement.redacted ?? statement.verb}`
    }
    case 'outcome': {
      const { status, rows, errorClass, durationMilliseconds } = entry.outcome
      const facts = [status, rows === undefined ? undefined : counted(rows, 'row'), errorClass, `${durationMilliseconds.toFixed(1)} ms`]
      return `of ${entry.intent}: ${facts.filter((fact) => fact !== undefined).join(', ')}`
    }
    case 'review.held': return `${entry.review} waits for ${entry.asked.join(', ')} (${entry.decision.rule})`
    case 'review.release': return `${entry.review}, approved by ${entry.approvers.map(({ email, subject }) => email ?? subject).join(', ')}`
    default: return ''
  }
}
