// `hoop audit export status`: how far each sink of the audit export is, for auditors and admins.
import type { Command } from 'commander'
import type { Context } from '../../../context.ts'
import { exitCodes } from '../../../failure.ts'
import { helpTail } from '../../../help.ts'
import { room, tableLines, timeFrom } from '../../../table.ts'
import type { ExportStatus } from '../../../../shared/api.ts'

export function register(exports: Command, context: () => Promise<Context>): void {
  exports.command('status')
    .description('Show how far each sink of the audit export is behind the log (auditors and admins). Exit code 1 when one does not get through.')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', helpTail([
      ['hoop audit export status', 'as a table'],
      ['hoop audit export status --json', 'for monitoring'],
      ['hoop audit export status || page-somebody', 'in a script']
    ], ['hoop audit verify']))
    .action(async ({ json }: { json?: boolean }) => {
      const { terminal, gateway, exitWith } = await context()
      const found = await (await gateway()).auditExports()
      if (found.some(({ state }) => state !== 'running')) exitWith(exitCodes.failed)
      if (json === true) return found.forEach((sink) => terminal.json(sink))
      if (found.length === 0) return terminal.say('the audit log is exported nowhere; see audit.export in the gateway\'s configuration')
      statusLines(found, room(terminal)).forEach((line) => terminal.out(line))
    })
}

/** Pure. */
export function statusLines(found: readonly ExportStatus[], columns = Infinity): string[] {
  const rows = found.map(({ name, kind, state, next, lagEntries, lagSeconds, deadLetters, strict, blocking, lastError }) => [
    name,
    kind,
    `${state}${blocking ? ', blocks statements' : strict ? ', strict' : ''}`,
    state === 'stopped' ? '-' : String(next),
    state === 'stopped' ? '-' : `${lagEntries} entries, ${lagSeconds} s`,
    String(deadLetters),
    lastError === undefined ? '-' : `${timeFrom(lastError.at)}: ${lastError.reason}`
  ])
  return tableLines(['SINK', 'KIND', 'STATE', 'NEXT ENTRY', 'BEHIND', 'DEAD LETTERS', 'LAST ERROR'], rows, columns)
}
