// `hoop tokens revoke ID`: ends a service token and every session it opened.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'

export function register(tokens: Command, context: () => Promise<Context>): void {
  tokens.command('revoke')
    .description('End a service token, and the sessions it opened, at once.')
    .argument('<id>', 'as hoop tokens list shows it')
    .addHelpText('after', helpTail([
      ['hoop tokens list', 'find the id'],
      ['hoop tokens revoke 01k5b2y8v4s0q9m3t7x6c1n0ad', 'end it'],
      ['hoop sessions --since 1d', 'what it was used for']
    ], ['hoop tokens list', 'hoop tokens create']))
    .action(async (id: string) => {
      const { terminal, gateway } = await context()
      await (await gateway()).revokeServiceToken(id)
      terminal.say(`${id} is revoked; what it opened has ended`)
    })
}
