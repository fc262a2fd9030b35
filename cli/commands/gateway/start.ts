// `hoop gateway start`: runs the gateway, until it is told to stop.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { runGateway } from '../../server.ts'

interface Flags {
  readonly config: string
  readonly acceptLoss?: boolean
  readonly rotateAuditKey?: boolean
}

export function register(gateway: Command, context: () => Promise<Context>): void {
  gateway.command('start')
    .description('Run the gateway until SIGTERM or Ctrl-C. SIGHUP, or a change of the file, reloads the policy.')
    .option('--config <file>', 'the configuration', 'hoop.yaml')
    .option('--rotate-audit-key', 'the audit log is signed by a new key from now on; an entry signed by both says so')
    .option('--accept-loss', 'go on with an audit log that has lost entries; the loss is written into it')
    .addHelpText('after', helpTail([
      ['hoop gateway start', 'with hoop.yaml in this folder'],
      ['hoop gateway start --config /etc/hoop/hoop.yaml', 'with another one'],
      ['hoop gateway start --rotate-audit-key', 'once, after which auditors and witnesses want the new key']
    ], ['hoop gateway check', 'hoop login', 'hoop help environment']))
    .action(async ({ config, acceptLoss = false, rotateAuditKey: rotateKey = false }: Flags) =>
      runGateway(await context(), (server, io) => server.start(config, { acceptLoss, rotateKey }, io)))
}
