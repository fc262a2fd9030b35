// `hoop reviews reason ID TEXT`: the one who asked says why.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { reviewId } from '../../reviews/find.ts'
import { checkReason } from '../../reviews/vote.ts'

export function register(reviews: Command, context: () => Promise<Context>): void {
  reviews.command('reason')
    .description('Say why you want what is held, for those who decide.')
    .argument('<id>', 'as hoop reviews lists it; its beginning or end will do')
    .argument('<text>', 'the reason, in quotes')
    .addHelpText('after', helpTail([
      ['hoop reviews reason c1n0ad "INC-4711: duplicates of Monday\'s import"', 'by the end of its id'],
      ['hoop reviews --mine', 'find the id'],
      ['hoop query prod-db --wait --reason "INC-4711" "DELETE ..."', 'say it from the start']
    ], ['hoop reviews', 'hoop reviews withdraw']))
    .action(async (typed: string, reason: string) => {
      checkReason(reason)
      const { terminal, gateway } = await context()
      const client = await gateway()
      const id = await reviewId(client, typed, { pending: true })
      await client.giveReason(id, reason.trim())
      terminal.say(`those who decide ${id} see it now`)
    })
}
