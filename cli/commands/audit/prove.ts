// `hoop audit prove N`: one file that proves one entry, to whoever has the log's public key and nothing else.
import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { openLog } from '../../log-files.ts'
import { wholeNumber } from '../../whole-number.ts'
import { GatewayError } from '../../../shared/errors.ts'

export function register(audit: Command, context: () => Promise<Context>): void {
  audit.command('prove')
    .description('Write a file that proves one entry of an audit log: the entry, its place, and the signed tree it is in.')
    .argument('<entry>', 'its index', wholeNumber(0, Number.MAX_SAFE_INTEGER, 'the index of an entry,'))
    .requiredOption('--dir <dir>', 'the log\'s folder, or a copy of it')
    .option('-o, --output <file>', 'where to write it (default: stdout)')
    .addHelpText('after', helpTail([
      ['hoop audit prove 73894 --dir ./audit -o entry-73894.tlog-proof', 'the file; whoever gets it reads the entry too'],
      ['hoop audit prove 73894 --dir ./audit', 'on the terminal'],
      ['hoop audit check entry-73894.tlog-proof --key gateway.pub', 'what the other side does with it']
    ], ['hoop audit check', 'hoop audit verify']))
    .action(async (index: number, { dir, output }: { dir: string, output?: string }) => {
      const { terminal } = await context()
      const [{ proofFrom }, { tlogProofText }] = await Promise.all([import('../../audit/prove.ts'), import('../../../shared/audit/tlog-proof.ts')])
      const text = tlogProofText(await proofFrom(await openLog(dir), index))
      if (output === undefined) return terminal.out(text.trimEnd())
      await writeFile(output, text, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
        throw new GatewayError('bad_request', `${output} ${error.code === 'EEXIST' ? 'exists already' : `cannot be written (${error.code})`}`)
      })
      terminal.say(`wrote ${output}`)
    })
}
