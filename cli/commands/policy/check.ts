// `hoop policy check [TARGET]`: does what the configuration protects exist, and what else should its author know. Beside the gateway.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { exitCodes } from '../../failure.ts'
import { helpTail } from '../../help.ts'
import { surveyLines } from '../../policy/survey.ts'
import { serverModule } from '../../server.ts'

interface Flags {
  readonly config: string
  readonly json?: boolean
}

export function register(policy: Command, context: () => Promise<Context>): void {
  policy.command('check')
    .description('Compare what the gateway\'s configuration protects with each target\'s catalog; exit code 1 where a name matches nothing.')
    .argument('[target]', 'only this one')
    .option('--config <file>', 'the gateway\'s configuration', 'hoop.yaml')
    .option('--json', 'one JSON object a target, one a line')
    .addHelpText('after', helpTail([
      ['hoop policy check', 'with hoop.yaml in this folder'],
      ['hoop policy check prod-db --config /etc/hoop/hoop.yaml', 'one target'],
      ['hoop policy check --json', 'before a configuration is rolled out']
    ], ['hoop gateway check', 'hoop policy suggest', 'hoop policy explain']))
    .action(async (target: string | undefined, { config, json }: Flags) => {
      const { terminal, exitWith } = await context()
      const progress = terminal.progress(`asking ${target ?? 'every target'} for its catalog`)
      const found = await (await serverModule()).survey(config, target).finally(() => progress.done())
      if (found.some((one) => 'error' in one || one.problems.length > 0)) exitWith(exitCodes.failed)
      if (json === true) return found.forEach((one) => terminal.json(one))
      for (const [i, one] of found.entries()) {
        if (i > 0) terminal.out('')
        if (!('error' in one)) {
          for (const line of surveyLines(one)) terminal.out(line)
          continue
        }
        terminal.out(`${one.target}: ${one.error}`)
        if (one.hint !== undefined) terminal.say(`hint: ${one.hint}`)
      }
    })
}
