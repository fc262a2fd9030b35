// `hoop audit report DIR --from --to`: what an auditor wants of a period, from the log's files, as text, JSON or one HTML page.
import { join } from 'node:path'
import { Option, type Command } from 'commander'
import { readEntries } from '../../audit/entries.ts'
import { reconcileLogs } from '../../audit/reconciling.ts'
import { ReportFacts, type Scope } from '../../audit/report/facts.ts'
import type { Report } from '../../audit/report/document.ts'
import type { Context } from '../../context.ts'
import { exitCodes } from '../../failure.ts'
import { helpTail } from '../../help.ts'
import { keyLine, openLogFiles, readWhole } from '../../log-files.ts'
import { sinceFrom } from '../../since.ts'
import { GatewayError } from '../../../shared/errors.ts'
import { version } from '../../../shared/version.ts'

interface Flags {
  readonly from: string
  readonly to?: string
  readonly target?: string
  readonly key?: string
  readonly checkpoint: readonly string[]
  readonly witness: readonly string[]
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
    .option('--key <file>', 'the log\'s public key, kept where its owner cannot write (default: log.pub in the folder)')
    .option('--checkpoint <file>', 'a signed checkpoint kept elsewhere; give it once for each', collected, [])
    .option('--witness <key>', 'a witness\'s key, its line or a file with it; give it once for each. Each must have cosigned the log', collected, [])
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
  const { from, to, target, key, checkpoint, witness, csvlog } = flags
  const scope: Scope = {
    from: sinceFrom(from, now()),
    to: to === undefined ? new Date(now()).toISOString() : sinceFrom(to, now()),
    ...(target === undefined ? {} : { target })
  }
  if (scope.from >= scope.to) throw new GatewayError('usage', 'the period ends before it begins', { hint: '--from 2026-07-01 --to 2026-10-01' })
  const files = await openLogFiles(directory)
  const keyFile = key ?? join(directory, 'log.pub')
  const verifierKey = await keyLine(keyFile)
  const witnesses = await Promise.all(witness.map(keyLine))
  const kept = await Promise.all(checkpoint.map(readWhole))
  const { verifyLog } = await import('../../../shared/audit/verify.ts')
  const steps = terminal.progress('verifying the log')
  try {
    const verified = await verifyLog(files, verifierKey, () => signal.throwIfAborted(), kept, witnesses)
    const facts = new ReportFacts(scope)
    try {
      for await (const entries of readEntries(files)) {
        signal.throwIfAborted()
        for (const entry of entries) facts.add(entry)
      }
    } catch (error) {
      // Of a damaged log what can be read is told, below the word that it is damaged.
      if (verified.ok || signal.aborted) throw error
    }
    const reconciled = csvlog.length === 0 ? undefined : await reconcileLogs(files, csvlog, signal)
    return {
      scope,
      madeAt: new Date(now()).toISOString(),
      version,
      facts,
      verified: key === undefined
        ? { ...verified, notes: [...verified.notes, 'the key came from the log\'s own folder: whoever can write there could have changed both (name yours with --key)'] }
        : verified,
      ...(reconciled === undefined ? {} : { reconciled }),
      again: [
        ['hoop audit verify', directory, '--key', keyFile, ...checkpoint.flatMap((file) => ['--checkpoint', file]), ...witness.flatMap((of) => ['--witness', of])].join(' '),
        ...(csvlog.length === 0 ? [] : [['hoop audit reconcile', directory, ...csvlog].join(' ')]),
        `hoop audit search ${directory} --since ${scope.from} --until ${scope.to}${target === undefined ? '' : ` --target ${target}`} --json`
      ]
    }
  } finally {
    steps.done()
  }
}

function collected(word: string, before: readonly string[]): readonly string[] {
  return [...before, word]
}
