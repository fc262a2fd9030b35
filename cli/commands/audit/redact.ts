// `hoop audit redact SESSION --reason TEXT`: makes what one session sealed unreadable for good. For admins.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'

export function register(audit: Command, context: () => Promise<Context>): void {
  audit.command('redact')
    .description('Destroy the key of one session: its exact texts and parameters can never be opened again. For admins.')
    .argument('<session>', 'as hoop sessions lists it')
    .requiredOption('--reason <text>', 'why; stays in the audit log')
    .option('--json', 'the number of the redaction\'s entry as one JSON object')
    .addHelpText('after', helpTail([
      ['hoop audit redact 01k5b2y8v4s0q9m3t7x6c1n0ad --reason "a password was typed"', 'cannot be undone'],
      ['hoop sessions --since 1h', 'find the id'],
      ['hoop sessions show 01k5b2y8v4s0q9m3t7x6c1n0ad', 'what stays: who, when, the statement without its constants']
    ], ['hoop audit open', 'hoop audit verify']))
    .action(async (session: string, { reason, json }: { reason: string, json?: boolean }) => {
      const { terminal, gateway } = await context()
      const { entry } = await (await gateway()).redactSession(session, reason)
      if (json === true) return terminal.json({ session, entry })
      terminal.out(`redacted: entry ${entry} says so, and the session's key is gone`)
      terminal.say('copies of the log\'s keys folder made before still open it: delete the key there, too')
    })
}
