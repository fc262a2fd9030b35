// `hoop audit verify DIR`: is the log whole, as far as its files and a public key can prove? Needs no gateway and no login.
import { join } from 'node:path'
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { exitCodes } from '../../failure.ts'
import { helpTail } from '../../help.ts'
import { keyLine, openLog, readWhole } from '../../log-files.ts'
import { timeFrom } from '../../table.ts'
import type { VerifyReport } from '../../../shared/audit/verify.ts'

interface Flags {
  readonly key?: string
  readonly checkpoint: readonly string[]
  readonly witness: readonly string[]
  readonly json?: boolean
}

const several = (value: string, before: readonly string[]) => [...before, value]

/** Below this a log is read before a progress line could be. */
const progressFromEntries = 50_000

export function register(audit: Command, context: () => Promise<Context>): void {
  audit.command('verify')
    .description('Check an audit log from its files and a public key, and say what that proves and what it does not.')
    .argument('<dir>', 'the log\'s folder, or a copy of it')
    .option('--key <file>', 'the log\'s public key, kept where its owner cannot write (default: log.pub in the folder)')
    .option('--checkpoint <file>', 'a signed checkpoint kept elsewhere; give it once for each', several, [])
    .option('--witness <key>', 'a witness\'s key, its line or a file with it; give it once for each. Each must have cosigned the log', several, [])
    .option('--json', 'the report as one JSON object')
    .addHelpText('after', helpTail([
      ['hoop audit verify /var/lib/hoop/audit', 'with the key that lies beside the log'],
      ['hoop audit verify ./audit --key gateway.pub --witness witness.pub', 'with a key kept elsewhere, and what a witness cosigned'],
      ['hoop audit verify ./audit --key gateway.pub --checkpoint monday', 'also against a checkpoint kept elsewhere']
    ], ['hoop audit prove', 'hoop witness start']))
    .action(async (directory: string, { key, checkpoint, witness, json }: Flags) => {
      const { terminal, exitWith, signal } = await context()
      const { verifyLog } = await import('../../../shared/audit/verify.ts')
      const files = await openLog(directory)
      const verifierKey = await keyLine(key ?? join(directory, 'log.pub'))
      const witnesses = await Promise.all(witness.map(keyLine))
      const kept = await Promise.all(checkpoint.map(readWhole))
      let told = 0
      const progress = (entries: number) => {
        signal.throwIfAborted()
        if (entries - told < progressFromEntries) return
        told = entries
        terminal.say(`${entries} entries read`)
      }
      const report = await verifyLog(files, verifierKey, progress, kept, witnesses)
      if (json === true) terminal.json({ ...report, keyFromFolder: key === undefined })
      else for (const line of reportLines(report, key === undefined)) terminal.out(line)
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
    if (keys.length > 1) lines.push(`proven: its key was rotated ${keys.length - 1} times, each time signed by both keys: ${keys.join(', ')}`)
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
  const unproven = [...notes, ...(keyFromFolder ? ['the key came from the log\'s own folder: whoever can write there could have changed both (name yours with --key)'] : [])]
  if (unproven.length > 0) lines.push(ok ? 'not proven:' : 'besides:', ...unproven.map((note) => `  ${note}`))
  return lines
}
