// `hoop targets`: what I may open.
import type { Command } from 'commander'
import { rememberNames } from '../completion/remembered.ts'
import type { Context } from '../context.ts'
import { helpTail } from '../help.ts'
import { room, tableLines } from '../table.ts'
import { rememberedPorts } from '../tunnel/ports.ts'
import type { TargetSummary } from '../../shared/api.ts'

export function register(program: Command, context: () => Promise<Context>): void {
  program.command('targets')
    .description('List the targets you may open.')
    .option('--json', 'one JSON object a line; port is the local one it had last, once it had one')
    .addHelpText('after', helpTail([
      ['hoop targets', 'as a table'],
      ['hoop targets --json', 'for scripts'],
      ['hoop connect prod-db', 'open one of them']
    ], ['hoop connect']))
    .action(async ({ json }: { json?: boolean }) => {
      const { terminal, settings, gatewayUrl, gateway } = await context()
      const targets = await (await gateway()).targets()
      // A file of ports that cannot be used is connect's to complain about.
      const ports = await rememberedPorts(settings.configDirectory, gatewayUrl()).catch(() => new Map<string, number>())
      if (json === true) targets.forEach((target) => terminal.json({ ...target, port: ports.get(target.name) }))
      else if (targets.length === 0) terminal.say('there is no target you may open: ask whoever writes the policy')
      else tableLines(['TARGET', 'PROTOCOL', 'DATABASE', 'PORT', 'LABELS'], targets.map((target) => row(target, ports.get(target.name))), room(terminal)).forEach((line) => terminal.out(line))
      const where = { configDirectory: settings.configDirectory, gatewayUrl: gatewayUrl() }
      await rememberNames(where, 'targets', targets.map(({ name, protocol }) => ({ word: name, about: protocol })))
    })
}

/** The port is known once the target has been opened here. */
function row({ name, protocol, database, labels }: TargetSummary, port: number | undefined): string[] {
  return [name, protocol, database ?? '-', port === undefined ? '-' : String(port), Object.entries(labels).map(([key, value]) => `${key}=${value}`).join(' ') || '-']
}
