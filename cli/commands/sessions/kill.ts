// `hoop sessions kill ID`: ends a session; its clients are told why.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { checkReason } from '../../reviews/vote.ts'
import { sessionId } from '../../sessions/find.ts'

export function register(sessions: Command, context: () => Promise<Context>): void {
  sessions.command('kill')
    .description('End a session at once: your own, or anybody\'s where you are an admin. Its clients are told the reason, which is written down.')
    .argument('<id>', 'as hoop sessions lists it; its beginning or end will do')
    .requiredOption('--reason <text>', 'why')
    .addHelpText('after', helpTail([
      ['hoop sessions kill 01k5b2y8v4s0q9m3t7x6c1n0ad --reason "runs for two hours, locks visits"', 'end it'],
      ['hoop sessions --status open', 'find the id'],
      ['hoop sessions show 01k5b2y8v4s0q9m3t7x6c1n0ad', 'what it did until then']
    ], ['hoop sessions', 'hoop sessions follow', 'hoop users disable']))
    .action(async (typed: string, { reason }: { reason: string }) => {
      checkReason(reason)
      const { terminal, now, ...rest } = await context()
      const gateway = await rest.gateway()
      const id = await sessionId({ gateway, now }, typed, { open: true })
      await gateway.killSession(id, reason)
      terminal.say(`ended ${id}`)
    })
}
