// `hoop reviews expire ID`: an admin ends the wait.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { reviewId } from '../../reviews/find.ts'

export function register(reviews: Command, context: () => Promise<Context>): void {
  reviews.command('expire')
    .description('End the wait of a review as if its time were over, or the time that was approved on a target: for admins.')
    .argument('<id>', 'as hoop reviews lists it; its beginning or end will do')
    .addHelpText('after', helpTail([
      ['hoop reviews expire c1n0ad', 'by the end of its id'],
      ['hoop reviews', 'what waits, of everybody'],
      ['hoop reviews --state expired --since 1d', 'what expired since yesterday']
    ], ['hoop reviews', 'hoop reviews reject']))
    .action(async (typed: string) => {
      const { terminal, gateway } = await context()
      const client = await gateway()
      // Time that was approved on a target can be ended, too.
      const id = await reviewId(client, typed)
      await client.expireReview(id)
      terminal.say(`ended ${id}`)
    })
}
