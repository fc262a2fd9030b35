// `hoop tokens create NAME`: a service token that acts for you, on the targets named, until it ends.
import type { Command } from 'commander'
import { collected } from '../../collected.ts'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { timeFrom } from '../../table.ts'
import { wholeNumber } from '../../whole-number.ts'
import type { TargetSummary } from '../../../shared/api.ts'
import { GatewayError } from '../../../shared/errors.ts'
import { didYouMean, nearest } from '../../../shared/nearest.ts'

interface Flags {
  readonly target: readonly string[]
  readonly days: number
  readonly agent?: boolean
  readonly json?: boolean
}

export function register(tokens: Command, context: () => Promise<Context>): void {
  tokens.command('create')
    .description('Make a service token for a CI job or an agent; it is shown this once, and ends with you.')
    .argument('<name>', 'what it is for')
    .requiredOption('--target <target>', 'a target it may open; give it once for each', collected)
    .option('--days <count>', 'ends after so many days, 1 to 90', wholeNumber(1, 90), 30)
    .option('--agent', 'for an AI agent: rules may tell it from a job')
    .option('--json', 'one JSON object, the secret included')
    .addHelpText('after', helpTail([
      ['hoop tokens create nightly-report --target prod-db', 'for 30 days'],
      ['hoop tokens create assistant --agent --target staging-db --days 7', 'for an agent'],
      ['HOOP_TOKEN=hoop_st_... hoop connect prod-db -- ./report', 'how it is used']
    ], ['hoop tokens list', 'hoop tokens revoke', 'hoop help environment']))
    .action(async (name: string, { target: targets, days, agent, json }: Flags) => {
      const { terminal, gateway } = await context()
      if (name.trim() === '') throw new GatewayError('usage', 'a token wants a name that says what it is for', { hint: 'hoop tokens create nightly-report --target prod-db' })
      const client = await gateway()
      refuseUnknown(targets, await client.targets())
      const created = await client.createServiceToken({ name, targets, expiresInDays: days, kind: agent === true ? 'agent' : 'service' })
      if (json === true) return terminal.json(created)
      terminal.say(`"${created.name}" may open ${created.targets.join(', ')} until ${timeFrom(created.expiresAt)} UTC; end it sooner with: hoop tokens revoke ${created.id}`)
      terminal.say('keep it where secrets are kept: it is not shown again')
      terminal.out(created.secret)
    })
}

/** A token that opens nothing would be found out by a job, at night. @throws GatewayError target_unknown, with the nearest names */
function refuseUnknown(wanted: readonly string[], known: readonly TargetSummary[]): void {
  const names = known.map(({ name }) => name)
  const unknown = wanted.find((target) => !names.includes(target))
  if (unknown === undefined) return
  const meant = nearest(unknown, names)
  throw new GatewayError('target_unknown', `there is no target "${unknown}" for you`, {
    hint: meant.length > 0 ? `${didYouMean(meant)} hoop targets lists what you may open` : 'hoop targets lists what you may open'
  })
}
