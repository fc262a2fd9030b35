// `hoop audit verify DIR`: is the log whole, as far as its files and a public key can prove? Needs no gateway and no login.
import type { Command } from 'commander'
import { showProgress } from '../../audit/progress.ts'
import { checkpointOption, keyOption, ownKeyNote, prepareVerifying, witnessOption, type VerifyFlags } from '../../audit/verifying.ts'
import type { Context } from '../../context.ts'
import { exitCodes } from '../../failure.ts'
import { helpTail } from '../../help.ts'
import { timeFrom } from '../../table.ts'
import type { VerifyReport } from '../../../shared/audit/verify.ts'

interface Flags extends VerifyFlags {
  readonly json?: boolean
}

export function register(audit: Command, context: () => Promise<Context>): void {
  audit.command('verify')
    .description('Check an audit log from its files and a public key, and say what that proves and what it does not.')
    .argument('<dir>', 'the log\'s folder, or a copy of it')
    .option(...keyOption)
    .option(...checkpointOption)
    .option(...witnessOption)
    .option('--json', 'the report as one JSON object')
    .addHelpText('after', helpTail([
      ['hoop audit verify /var/lib/hoop/audit', 'with the key that lies beside the log'],
      ['hoop audit verify ./audit --key gateway.pub --witness witness.pub', 'with a key kept elsewhere, and what a witness cosigned'],
      ['hoop audit verify ./audit --key gateway.pub --checkpoint monday', 'also against a checkpoint kept elsewhere']
    ], ['hoop audit prove', 'hoop witness start']))
    .action(async (directory: string, { json, ...flags }: Flags) => {
      const { terminal, exitWith, signal } = await context()
      const { files, verify, keyFromFolder } = await prepareVerifying(directory, flags)
      const progress = await showProgress(terminal, 'verifying', files)
      const report = await verify((entries) => {
        signal.throwIfAborted()
        progress.at(entries)
      }).finally(() => progress.done())
      if (json === true) terminal.json({ ...report, keyFromFolder })
      else for (const line of reportLines(report, keyFromFolder)) terminal.out(line)
      if (!report.ok) exitWith(exitCodes.failed)
    })
}

/** Pure. What was proven, then what was not. */
export function reportLines(report: VerifyReport, keyFromFolder: boolean): string[] {
  const { ok, origin, entries, prunedBefore, checkpointSize, rootHash, firstTime, lastTime, keys, anchors, problems, notes } = report
  const period = firstTime === undefined || lastTime === undefined ? '' : `, ${timeFrom(firstTime)} to ${timeFrom(lastTime)} UTC`
  const kept = prunedBefore === undefined ? '' : `, of which ${prunedBefore} to ${entries - 1} are still here`
  const lines = [`log ${origin}: ${entries} entries${kept}${period}`]
  if (ok) {
    lines.push('whole: every entry is there, in order and unchanged, as far as the signed checkpoint speaks')
    lines.push(`proven: the first ${checkpointSize} entries are those the log's key has signed (root ${rootHash})`)
    if (keys.length > 1) lines.push(`proven: its key was rotated ${keys.length === 2 ? 'once' : `${keys.length - 1} times`}, signed by both keys${keys.length === 2 ? '' : ' each time'}: ${keys.join(', ')}`)
    lines.push(...anchors.map(({ entries: first, witness, time }) => witness === undefined
      ? `anchored through entry ${first - 1} by a checkpoint kept elsewhere`
      : `anchored through entry ${first - 1} by the witness ${witness} at ${timeFrom(time!)} UTC`))
  } else {
    lines.push('DAMAGED:')
    lines.push(...problems.map(({ entry, file, message }) => {
      const where = [...(file === undefined ? [] : [file]), ...(entry === undefined ? [] : [`entry ${entry}`])].join(', ')
      return `  ${where === '' ? '' : `${where}: `}${message}`
    }))
  }
  const unproven = [...notes, ...(keyFromFolder ? [ownKeyNote] : [])]
  if (unproven.length > 0) lines.push(ok ? 'not proven:' : 'besides:', ...unproven.map((note) => `  ${note}`))
  return lines
}
