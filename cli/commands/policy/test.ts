// `hoop policy test FILE`: does a policy say what its author means. Beside the gateway's configuration.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { exitCodes } from '../../failure.ts'
import { helpTail } from '../../help.ts'
import { counted } from '../../counted.ts'
import { serverModule } from '../../server.ts'

interface Flags {
  readonly config: string
  readonly connect?: boolean
  readonly json?: boolean
}

export function register(policy: Command, context: () => Promise<Context>): void {
  policy.command('test')
    .description('Compare what a policy says of some statements with what it should say; exit code 1 where a case fails. No statement runs.')
    .argument('<file>', 'the cases, as YAML: who, target, statement, expect')
    .option('--config <file>', 'the gateway\'s configuration', 'hoop.yaml')
    .option('--connect', 'ask the targets for their catalogs: wanted where columns are protected')
    .option('--json', 'one JSON object a case, one a line')
    .addHelpText('after', helpTail([
      ['hoop policy test policy-cases.yaml', 'with hoop.yaml in this folder'],
      ['hoop policy test policy-cases.yaml --config new.yaml', 'before a configuration is rolled out'],
      ['hoop policy test policy-cases.yaml --connect', 'with the targets\' catalogs']
    ], ['hoop policy diff', 'hoop policy explain', 'hoop policy check']))
    .action(async (file: string, { config, connect = false, json }: Flags) => {
      const { terminal, exitWith } = await context()
      const tested = await (await serverModule()).testPolicy(config, file, connect)
      const failed = tested.filter(({ ok }) => !ok).length
      if (failed > 0) exitWith(exitCodes.failed)
      if (json === true) return tested.forEach((one) => terminal.json(one))
      for (const { ok, name, problem } of tested) terminal.out(ok ? `ok      ${name}` : `failed  ${name}: ${problem ?? ''}`)
      terminal.say(failed === 0 ? `${counted(tested.length, 'case')}, all as expected` : `error: ${failed} of ${counted(tested.length, 'case')} failed`)
    })
}
