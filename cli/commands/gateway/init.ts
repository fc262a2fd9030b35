// `hoop gateway init [FILE]`: a commented configuration to begin with.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { runGateway } from '../../server.ts'

export function register(gateway: Command, context: () => Promise<Context>): void {
  gateway.command('init')
    .description('Write a commented configuration to begin with; a file that exists is left as it is.')
    .argument('[file]', 'where to', 'hoop.yaml')
    .addHelpText('after', helpTail([
      ['hoop gateway init', 'writes hoop.yaml in this folder'],
      ['hoop gateway init /etc/hoop/hoop.yaml', 'or another file'],
      ['hoop gateway check', 'once your database is in it']
    ], ['hoop gateway check', 'hoop gateway start', 'hoop demo']))
    .action(async (file: string) => runGateway(await context(), (server, io) => server.init(file, io)))
}
