// `hoop policy suggest TARGET`: what looks worth protecting, as YAML. Beside the gateway, since it reads tables with the gateway's own
// credential: whoever can read its configuration could do so anyway, and nobody else should be able to over the network.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { suggestionLines } from '../../policy/suggestions.ts'
import { serverModule } from '../../server.ts'
import { wholeNumber } from '../../whole-number.ts'

interface Flags {
  readonly config: string
  readonly rows: number
  readonly json?: boolean
}

export function register(policy: Command, context: () => Promise<Context>): void {
  policy.command('suggest')
    .description('Propose what to protect, from names, comments and a few rows of each table, as a section for hoop.yaml; values are not shown.')
    .argument('<target>', 'a target of the configuration')
    .option('--config <file>', 'the gateway\'s configuration', 'hoop.yaml')
    .option('--rows <count>', 'rows to look at in each table; 0: names and comments only', wholeNumber(0, 1000), 200)
    .option('--json', 'one JSON object')
    .addHelpText('after', helpTail([
      ['hoop policy suggest prod-db', 'to read through'],
      ['hoop policy suggest prod-db > protect.yaml', 'to edit, and put into hoop.yaml'],
      ['hoop policy suggest prod-db --rows 0', 'without reading any row']
    ], ['hoop policy check', 'hoop gateway check']))
    .action(async (target: string, { config, rows, json }: Flags) => {
      const { terminal } = await context()
      const progress = terminal.progress(`reading ${target}: its catalog${rows === 0 ? '' : ' and some rows of each table'}`)
      const found = await (await serverModule()).suggest(config, target, rows).finally(() => progress.done())
      if (json === true) return terminal.json(found)
      for (const line of suggestionLines(found)) terminal.out(line)
    })
}
