// `hoop reviews withdraw ID`: the one who asked takes it back.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { reviewId } from '../../reviews/find.ts'

export function register(reviews: Command, context: () => Promise<Context>): void {
  reviews.command('withdraw')
    .description('Take back what you asked for: the statement never runs, its client gets an error and its session goes on.')
    .argument('<id>', 'as hoop reviews lists it; its beginning or end will do')
    .addHelpText('after', helpTail([
      ['hoop reviews withdraw c1n0ad', 'by the end of its id'],
      ['hoop reviews --mine', 'find the id'],
      ['hoop reviews --mine --state withdrawn', 'what you took back']
    ], ['hoop reviews', 'hoop reviews reason']))
    .action(async (typed: string) => {
      const { terminal, gateway } = await context()
      const client = await gateway()
      const id = await reviewId(client, typed, { pending: true })
      await client.withdrawReview(id)
      terminal.say(`${id} is withdrawn`)
    })
}
