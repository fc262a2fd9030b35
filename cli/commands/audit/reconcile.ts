// `hoop audit reconcile DIR CSVLOG ...`: did anything reach the database that is not in the audit log, or the other way round?
import type { Command } from 'commander'
import { looked, readEntries } from '../../audit/entries.ts'
import { readDatabaseLogs } from '../../audit/reconciling.ts'
import type { Listed, Reconciliation } from '../../audit/reconcile.ts'
import type { Context } from '../../context.ts'
import { exitCodes } from '../../failure.ts'
import { helpTail } from '../../help.ts'
import { openLogFiles } from '../../log-files.ts'
import { counted } from '../../counted.ts'
import { tableLines, timeFrom } from '../../table.ts'

export function register(audit: Command, context: () => Promise<Context>): void {
  audit.command('reconcile')
    .description('Compare an audit log with PostgreSQL\'s own: statements that are on one side only.')
    .argument('<dir>', 'the audit log\'s folder, or a copy of it')
    .argument('<csvlog...>', 'the database\'s log files, in order (log_destination = csvlog, log_statement = all)')
    .option('--json', 'the comparison as one JSON object')
    .addHelpText('after', helpTail([
      ['hoop audit reconcile ./audit postgresql-Mon.csv postgresql-Tue.csv', 'two days'],
      ['hoop audit reconcile ./audit postgresql.csv --json', 'for a program'],
      ['hoop audit search ./audit --session ID', 'what the audit log says of a session that is named']
    ], ['hoop audit verify', 'hoop audit report']))
    .action(async (directory: string, logs: readonly string[], { json }: { readonly json?: boolean }) => {
      const { terminal, exitWith, signal } = await context()
      const files = await openLogFiles(directory)
      const progress = terminal.progress(`reading ${logs.join(', ')}`)
      const reconciler = await readDatabaseLogs(logs, signal).finally(() => progress.done())
      const comparing = terminal.progress('comparing with the audit log')
      try {
        for await (const entries of readEntries(files, { since: reconciler.since })) {
          signal.throwIfAborted()
          for (const entry of entries) looked(entry, () => reconciler.entry(entry))
        }
      } finally {
        comparing.done()
      }
      const result = reconciler.result()
      if (json === true) terminal.json(result)
      else for (const line of lines(result)) terminal.out(line)
      if (result.databaseOnly.total + result.logOnly.total + result.past.total > 0) exitWith(exitCodes.failed)
    })
}

/** Pure. */
function lines({ from, to, matched, gateway, databaseOnly, logOnly, past }: Reconciliation): string[] {
  return [
    `compared: ${timeFrom(from)} to ${timeFrom(to)} UTC`,
    `on both sides: ${counted(matched, 'statement')}; besides, ${counted(gateway, 'question')} of the gateway's own about the catalog`,
    ...side('only in the database\'s log', databaseOnly, ['LINE', 'TIME (UTC)', 'SESSION', 'ROLE', 'VERB', 'TIMES', 'SHA-256 OF THE TEXT']),
    ...side('only in the audit log', logOnly, ['ENTRY', 'TIME (UTC)', 'SESSION', 'WHO', 'VERB', 'TIMES', 'SHA-256 OF THE TEXT']),
    ...side('past the gateway, with a role it uses', past, ['LINE', 'TIME (UTC)', 'APPLICATION', 'ROLE', 'VERB', 'TIMES', 'SHA-256 OF THE TEXT'])
  ]
}

function side(title: string, { total, items }: Listed, head: readonly string[]): string[] {
  if (total === 0) return [`${title}: none`]
  const more = total - items.reduce((sum, { times }) => sum + times, 0)
  const rows = items.map(({ at, time, session, who, verb, times, sha256 }) =>
    [String(at), timeFrom(time), session, who, verb, String(times), sha256])
  return [`${title}: ${total}`, ...tableLines(head, rows), ...(more > 0 ? [`and ${more} more`] : [])]
}
