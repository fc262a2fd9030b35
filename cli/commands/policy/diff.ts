// `hoop policy diff OLD NEW --audit DIR`: which decisions on what was asked would be others under another policy.
import type { Command } from 'commander'
import { looked, readEntries } from '../../audit/entries.ts'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { openLogFiles } from '../../log-files.ts'
import { counted } from '../../counted.ts'
import { serverModule } from '../../server.ts'
import { sinceFrom } from '../../since.ts'
import { room, tableLines } from '../../table.ts'

interface Flags {
  readonly audit: string
  readonly since?: string
  readonly json?: boolean
}

export function register(policy: Command, context: () => Promise<Context>): void {
  policy.command('diff')
    .description('Judge the statements of an audit log by two configurations, and list the decisions that would change.')
    .argument('<old>', 'the configuration as it is')
    .argument('<new>', 'the configuration as it may be')
    .requiredOption('--audit <dir>', 'the audit log\'s folder, or a copy of it')
    .option('--since <time>', 'not older than, such as 2h, 7d or 2026-01-31')
    .option('--json', 'one JSON object a change, one a line')
    .addHelpText('after', helpTail([
      ['hoop policy diff hoop.yaml new.yaml --audit /var/lib/hoop/audit', 'what the new one would change'],
      ['hoop policy diff hoop.yaml new.yaml --audit ./audit --since 30d', 'for what was asked in the last month'],
      ['hoop policy diff hoop.yaml new.yaml --audit ./audit --json', 'for a program']
    ], ['hoop policy test', 'hoop policy explain', 'hoop audit search']))
    .action(async (before: string, after: string, { audit, since, json }: Flags) => {
      const { terminal, now, signal } = await context()
      const from = since === undefined ? undefined : sinceFrom(since, now())
      const replay = await (await serverModule()).replayPolicies(before, after)
      const files = await openLogFiles(audit)
      let read = 0
      const progress = terminal.progress(() => `judging anew: ${read.toLocaleString('en-US')} entries`)
      try {
        for await (const entries of readEntries(files, from === undefined ? {} : { since: from })) {
          signal.throwIfAborted()
          for (const entry of entries) if (from === undefined || entry.time >= from) looked(entry, () => replay.take([entry]))
          read += entries.length
        }
      } finally {
        progress.done()
      }
      const { statements, changed, changes, warnings } = replay.end()
      for (const warning of warnings) terminal.say(`warning: ${warning}`)
      if (json === true) changes.forEach((change) => terminal.json(change))
      else if (changes.length > 0) {
        const rows = changes.map(({ count, who, target, before: was, after: is, statement }) =>
          [String(count), who, target, `${was.action} -> ${is.action}`, is.rule, statement])
        tableLines(['COUNT', 'WHO', 'TARGET', 'DECISION', 'NEW RULE', 'STATEMENT'], rows, room(terminal)).forEach((line) => terminal.out(line))
      }
      terminal.say(`${counted(statements, 'statement')}, ${changed === 0 ? 'every decision stays' : `${counted(changed, 'decision')} would change`}`)
    })
}
