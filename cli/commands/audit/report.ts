// `hoop audit report DIR --from --to`: what an auditor wants of a period, from the log's files, as text, JSON or one HTML page.
import { Option, type Command } from 'commander'
import { looked, readEntries } from '../../audit/entries.ts'
import { readDatabaseLogs } from '../../audit/reconciling.ts'
import { ReportFacts, type Scope } from '../../audit/report/facts.ts'
import type { Report } from '../../audit/report/document.ts'
import { checkpointOption, keyOption, ownKeyNote, prepareVerifying, witnessOption, type VerifyFlags } from '../../audit/verifying.ts'
import { collected } from '../../collected.ts'
import type { Context } from '../../context.ts'
import { exitCodes } from '../../failure.ts'
import { helpTail } from '../../help.ts'
import { shellWord } from '../../shell-word.ts'
import { sinceFrom } from '../../since.ts'
import { GatewayError } from '../../../shared/errors.ts'
import { version } from '../../../shared/version.ts'

interface Flags extends VerifyFlags {
  readonly from: string
  readonly to?: string
  readonly target?: string
  readonly csvlog: readonly string[]
  readonly html?: boolean
  readonly json?: boolean
}

export function register(audit: Command, context: () => Promise<Context>): void {
  audit.command('report')
    .description('Tell of a period what an auditor wants to know: who did what, what was protected, what was refused, and whether the log is whole.')
    .argument('<dir>', 'the log\'s folder, or a copy of it')
    .requiredOption('--from <time>', 'beginning of the period, such as 2026-07-01 or 90d')
    .option('--to <time>', 'its end, which is not part of it (default: now)')
    .option('--target <target>', 'statements on this target only')
    .option(...keyOption)
    .option(...checkpointOption)
    .option(...witnessOption)
    .option('--csvlog <file>', 'a log of the database, to compare with; give it once for each, in order', collected, [])
    .addOption(new Option('--html', 'one HTML page that needs nothing else and prints well').conflicts('json'))
    .addOption(new Option('--json', 'what was counted, as one JSON object').conflicts('html'))
    .addHelpText('after', helpTail([
      ['hoop audit report ./audit --from 2026-07-01 --to 2026-10-01 --html > q3.html', 'a quarter, to print'],
      ['hoop audit report ./audit --from 30d --target prod-db', 'the last thirty days of one target'],
      ['hoop audit report ./audit --from 1d --csvlog postgresql.csv --key gateway.pub', 'compared with the database\'s own log']
    ], ['hoop audit verify', 'hoop audit search', 'hoop audit reconcile']))
    .action(async (directory: string, flags: Flags) => {
      const parts = await context()
      const report = await make(parts, directory, flags)
      const { terminal, exitWith } = parts
      if (flags.json === true) terminal.json((await import('../../audit/report/json.ts')).jsonOf(report))
      else if (flags.html === true) terminal.exact((await import('../../audit/report/html.ts')).htmlOf(report))
      else for (const line of (await import('../../audit/report/text.ts')).textOf(report)) terminal.out(line)
      if (!report.verified.ok) exitWith(exitCodes.failed)
    })
}

async function make({ terminal, signal, now }: Context, directory: string, flags: Flags): Promise<Report> {
  const { from, to, target, csvlog } = flags
  const scope: Scope = {
    from: sinceFrom(from, now()),
    to: to === undefined ? new Date(now()).toISOString() : sinceFrom(to, now()),
    ...(target === undefined ? {} : { target })
  }
  if (scope.from >= scope.to) throw new GatewayError('usage', 'the period ends before it begins', { hint: '--from 2026-07-01 --to 2026-10-01' })
  const { files, keyFile, keyFromFolder, verify } = await prepareVerifying(directory, flags)
  let doing = 'reading'
  let read = 0
  const progress = terminal.progress(() => `${doing}: ${read.toLocaleString('en-US')} entries`)
  try {
    const reconciler = csvlog.length === 0 ? undefined : await readDatabaseLogs(csvlog, signal)
    doing = 'verifying the log'
    const verified = await verify((entries) => {
      signal.throwIfAborted()
      read = entries
    })
    const facts = new ReportFacts(scope)
    ;[doing, read] = ['counting', 0]
    try {
      for await (const entries of readEntries(files)) {
        signal.throwIfAborted()
        read += entries.length
        for (const entry of entries) {
          looked(entry, () => {
            facts.add(entry)
            reconciler?.entry(entry)
          })
        }
      }
    } catch (error) {
      // Of a damaged log what can be read is told, below the word that it is damaged.
      if (verified.ok || signal.aborted) throw error
    }
    return {
      scope,
      madeAt: new Date(now()).toISOString(),
      version,
      facts,
      verified: keyFromFolder ? { ...verified, notes: [...verified.notes, ownKeyNote] } : verified,
      ...(reconciler === undefined ? {} : { reconciled: reconciler.result() }),
      again: againFrom(directory, keyFile, flags, scope)
    }
  } finally {
    progress.done()
  }
}

/** Pure. */
function againFrom(directory: string, keyFile: string, { checkpoint, witness, csvlog }: Flags, { from, to, target }: Scope): string[] {
  const commands = [
    ['verify', directory, '--key', keyFile, ...checkpoint.flatMap((file) => ['--checkpoint', file]), ...witness.flatMap((of) => ['--witness', of])],
    ...(csvlog.length === 0 ? [] : [['reconcile', directory, ...csvlog]]),
    ['search', directory, '--since', from, '--until', to, ...(target === undefined ? [] : ['--target', target]), '--json']
  ]
  return commands.map((words) => ['hoop', 'audit', ...words.map(shellWord)].join(' '))
}
