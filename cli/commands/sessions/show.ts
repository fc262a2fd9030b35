// `hoop sessions show ID`: what was asked in one session, what was decided, and how it ended.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { outcomeText, whatOf } from '../../audit/words.ts'
import { counted } from '../../counted.ts'
import { helpTail } from '../../help.ts'
import { exemptionText } from '../../policy/words.ts'
import { sessionId } from '../../sessions/find.ts'
import { room, tableLines, timeFrom } from '../../table.ts'
import type { SessionDetail } from '../../../shared/api.ts'
import type { AuditEntry } from '../../../shared/audit/entry.ts'
import { safeLine } from '../../../shared/text.ts'

export function register(sessions: Command, context: () => Promise<Context>): void {
  sessions.command('show')
    .description('Show one session, statement by statement, with decision and outcome.')
    .argument('<id>', 'as hoop sessions lists it; its beginning or end will do')
    .option('--json', 'one JSON object: the session with its audit entries')
    .addHelpText('after', helpTail([
      ['hoop sessions show c1n0ad', 'as a table, by the end of its id'],
      ['hoop sessions show 01k5b2y8v4s0q9m3t7x6c1n0ad --json', 'with every fact the audit log holds'],
      ['hoop sessions --since 1h', 'find the id']
    ], ['hoop sessions', 'hoop audit verify']))
    .action(async (typed: string, _: unknown, command: Command) => {
      // A flag that the listing has too is taken for the listing's own.
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      const { terminal, now, ...rest } = await context()
      const gateway = await rest.gateway()
      const session = await gateway.session(await sessionId({ gateway, now }, typed))
      if (json === true) return terminal.json(session)
      for (const line of [...headLines(session), ...exemptionLines(session.entries), '', ...statementLines(session.entries, room(terminal))]) terminal.out(line)
    })
}

function headLines(session: SessionDetail): string[] {
  const { id, principal, target, startedAt, endedAt, endReason, entries } = session
  return tableLines(['SESSION', id], [
    ['who', `${principal.email ?? principal.subject} (${principal.kind}; ${principal.subject} at ${principal.issuer})`],
    ['target', target],
    ['started', `${timeFrom(startedAt)} UTC`],
    ['ended', endedAt === undefined ? 'still open' : `${timeFrom(endedAt)} UTC${endReason === undefined ? '' : `: ${endReason}`}`],
    ...recordedRow(id, entries),
    ['counted', countsText(session)]
  ])
}

function countsText({ connections, statements, denied }: SessionDetail): string {
  if (connections === undefined) return 'nothing: the gateway stopped before it could; what is below is from the audit log'
  return `${counted(connections, 'connection')}, ${counted(statements!, 'statement')} allowed, ${denied} denied`
}

function recordedRow(id: string, entries: readonly AuditEntry[]): string[][] {
  const end = entries.find((entry) => entry.kind === 'session.end')
  if (end?.recording === undefined) return []
  const { events, cut, incomplete } = end.recording
  const lacks = [...(cut === true ? ['cut by a limit'] : []), ...(incomplete === true ? ['not to its end'] : [])]
  return [['recorded', `${[`${events} events`, ...lacks].join(', ')}: hoop sessions replay ${id}`]]
}

/** Pure. What was to be seen in clear, until when, and why. */
function exemptionLines(entries: readonly AuditEntry[]): string[] {
  return entries.flatMap((entry) => entry.kind !== 'session.start' || entry.exemption === undefined
    ? []
    : [
        `asked to see in clear  ${entry.exemption.rules.map(exemptionText).join(', ')}: ${safeLine(entry.exemption.reason)}`
      ])
}

/** Pure. One row for each thing asked; `AT` is its number in the audit log. @param columns as wide as lines may be */
export function statementLines(entries: readonly AuditEntry[], columns = Infinity): string[] {
  const outcomes = new Map(entries.flatMap((entry) => entry.kind === 'outcome' ? [[entry.intent, entry.outcome] as const] : []))
  const rows = entries.flatMap((entry): string[][] => {
    if (entry.kind !== 'statement.intent' && entry.kind !== 'decision' && entry.kind !== 'cancel') return []
    const { action, rule, reason } = entry.decision
    const outcome = entry.kind === 'decision' || action === 'deny' ? 'nothing ran' : outcomeText(outcomes.get(entry.index))
    const step = entry.kind === 'cancel' ? 'cancel' : entry.statement.step
    return [[String(entry.index), timeFrom(entry.time).slice(11), String(entry.connection), step, `${action}: ${reason ?? rule}`, outcome, whatOf(entry)]]
  })
  if (rows.length === 0) return ['no statements']
  return tableLines(['AT', 'TIME', 'CONN', 'STEP', 'DECISION', 'OUTCOME', 'STATEMENT'], rows, columns)
}
