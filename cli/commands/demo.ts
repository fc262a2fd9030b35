// `hoop demo`: everything on this machine, for trying hoop out.
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { helpTail } from '../help.ts'

export function register(program: Command, context: () => Promise<Context>): void {
  program.command('demo')
    .summary('try everything on this machine')
    .description('Try everything on this machine: starts a database with a made-up clinic, an identity provider and a gateway, and works through them.')
    .option('--keep', 'leave the temporary folder with configuration and audit log, and say where it is')
    .addHelpText('after', helpTail([
      ['hoop demo', 'on a terminal it stays open until Ctrl-C'],
      ['hoop demo --keep', 'keep the configuration and the audit log to look at'],
      ['hoop demo < /dev/null', 'run through it once and end']
    ], ['hoop gateway init', 'hoop connect', 'hoop audit verify']))
    .action(async ({ keep = false }: { readonly keep?: boolean }) => {
      const { runDemo, ownProgram } = await import('../demo/run.ts')
      await runDemo(await context(), { keep, program: ownProgram() })
    })
}
