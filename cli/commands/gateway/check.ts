// `hoop gateway check`: what is wrong with a configuration, and does each target answer.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { runGateway } from '../../server.ts'

interface Flags {
  readonly config: string
  readonly json?: boolean
}

export function register(gateway: Command, context: () => Promise<Context>): void {
  gateway.command('check')
    .description('Say what is wrong with a configuration, and whether each target answers; exit code 1 where something is wrong.')
    .option('--config <file>', 'the configuration', 'hoop.yaml')
    .option('--json', 'what was found of the targets as one JSON array')
    .addHelpText('after', helpTail([
      ['hoop gateway check', 'hoop.yaml in this folder'],
      ['hoop gateway check --config /etc/hoop/hoop.yaml', 'another one'],
      ['hoop gateway check --json', 'for a program']
    ], ['hoop gateway start', 'hoop policy check', 'hoop doctor']))
    .action(async ({ config, json = false }: Flags) => runGateway(await context(), (server, io) => server.check(config, json, io)))
}
