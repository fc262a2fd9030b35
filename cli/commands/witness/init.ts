// `hoop witness init`: makes a witness's folder and key, and prints the line that others check its cosignatures with.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'

export function register(witness: Command, context: () => Promise<Context>): void {
  witness.command('init')
    .description('Make a witness\'s folder and key, and print its key for others.')
    .requiredOption('--state <dir>', 'the folder it will live in; made here')
    .requiredOption('--name <name>', 'the witness\'s name, as it stands in cosignatures: no spaces, no "+"')
    .addHelpText('after', helpTail([
      ['hoop witness init --state /var/lib/hoop-witness --name witness.example.com', 'make it'],
      ['cat /var/lib/hoop-witness/witness.pub', 'its key again, for audit.witnesses and hoop audit verify --witness'],
      ['hoop witness start --state /var/lib/hoop-witness --log gateway.pub', 'run it']
    ], ['hoop witness start', 'hoop audit verify']))
    .action(async ({ state, name }: { state: string, name: string }) => {
      const { terminal } = await context()
      const { makeWitness } = await import('../../witness/state.ts')
      const { verifierKey } = await makeWitness(state, name)
      terminal.out(verifierKey)
    })
}
