// `hoop audit check PROOF`: does the file prove its entry? Needs the log's public key, and no log.
import type { Command } from 'commander'
import { collected } from '../../collected.ts'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { keyLine, readWhole } from '../../log-files.ts'
import { timeFrom } from '../../table.ts'
import type { Proven } from '../../../shared/audit/tlog-proof.ts'
import { safeText } from '../../../shared/text.ts'

interface Flags {
  readonly key: string
  readonly witness: readonly string[]
  readonly json?: boolean
}

export function register(audit: Command, context: () => Promise<Context>): void {
  audit.command('check')
    .description('Check a proof of one entry against a log\'s public key, and show the entry.')
    .argument('<proof>', 'the file from hoop audit prove')
    .requiredOption('--key <key>', 'the public key that was in force, kept elsewhere: its line or a file with it')
    .option('--witness <key>', 'a witness\'s key; give it once for each. Each must have cosigned it',
      collected, [])
    .option('--json', 'what is proven as one JSON object')
    .addHelpText('after', helpTail([
      ['hoop audit check entry.tlog-proof --key gateway.pub', 'against the log\'s key'],
      ['hoop audit check entry.tlog-proof --key gateway.pub --witness witness.pub', 'and a witness\'s'],
      ['hoop audit check entry.tlog-proof --key gateway.pub --json', 'for a program']
    ], ['hoop audit prove', 'hoop audit verify']))
    .action(async (path: string, { key, witness, json }: Flags) => {
      const { terminal } = await context()
      const [{ checkProof, parseTlogProof }, { parseVerifierKey }, { parseWitnessKey }] = await Promise.all([
        import('../../../shared/audit/tlog-proof.ts'), import('../../../shared/audit/checkpoint.ts'), import('../../../shared/audit/cosignature.ts')
      ])
      const log = parseVerifierKey(await keyLine(key))
      const witnesses = (await Promise.all(witness.map(keyLine))).map(parseWitnessKey)
      const proven = checkProof(parseTlogProof(await readWhole(path)), log, witnesses)
      const entry = Buffer.from(proven.entry).toString()
      if (json === true) terminal.json({ ...proven, entry: JSON.parse(entry) as unknown })
      else for (const line of provenLines(proven, entry)) terminal.out(line)
    })
}

/** Pure. What is proven, by whom, and what it does not rest on. */
export function provenLines({ origin, index, size, signedBy, cosigned }: Proven, entry: string): string[] {
  return [
    `proven: entry ${index} of the log ${origin}, as it stands below, is in the tree of ${size} entries signed by ${signedBy}`,
    ...cosigned.map(({ witness, time }) => `anchored by the witness ${witness} at ${timeFrom(new Date(time * 1000).toISOString())} UTC`),
    ...(cosigned.length > 0 ? [] : ['not anchored: it rests on the log\'s own key (a witness\'s key with --witness says more)']),
    '',
    safeText(JSON.stringify(JSON.parse(entry), null, 2))
  ]
}
