// `hoop targets`: what I may open.
import type { Command } from 'commander'
import { rememberNames } from '../completion/remembered.ts'
import type { Context } from '../context.ts'
import { helpTail } from '../help.ts'
import { tableLines } from '../table.ts'

export function register(program: Command, context: () => Promise<Context>): void {
  program.command('targets')
    .description('List the targets you may open.')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', helpTail([
      ['hoop targets', 'as a table'],
      ['hoop targets --json', 'for scripts'],
      ['hoop connect prod-db', 'open one of them']
    ], ['hoop connect']))
    .action(async ({ json }: { json?: boolean }) => {
      const { terminal, settings, gatewayUrl, gateway } = await context()
      const targets = await (await gateway()).targets()
      const where = { configDirectory: settings.configDirectory, gatewayUrl: gatewayUrl() }
      await rememberNames(where, 'targets', targets.map(({ name, protocol }) => ({ word: name, about: protocol })))
      if (json === true) return targets.forEach((target) => terminal.json(target))
      if (targets.length === 0) return terminal.say('there is no target you may open: ask whoever writes the policy')
      const rows = targets.map(({ name, protocol, database, labels }) =>
        [name, protocol, database ?? '-', Object.entries(labels).map(([key, value]) => `${key}=${value}`).join(' ') || '-'])
      tableLines(['TARGET', 'PROTOCOL', 'DATABASE', 'LABELS'], rows).forEach((line) => terminal.out(line))
    })
}
