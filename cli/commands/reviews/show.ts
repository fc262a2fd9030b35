// `hoop reviews show ID`: everything an approver has to know, the exact statement first.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { detailLines } from '../../reviews/detail.ts'
import { reviewId } from '../../reviews/find.ts'

export function register(reviews: Command, context: () => Promise<Context>): void {
  reviews.command('show')
    .description('Show one review: the exact statement, who asks, why, and what stands around it.')
    .argument('<id>', 'as hoop reviews lists it; its beginning or end will do')
    .option('--json', 'one JSON object')
    .addHelpText('after', helpTail([
      ['hoop reviews show 01k5b2y8v4s0q9m3t7x6c1n0ad', 'what is asked, and by whom'],
      ['hoop reviews show c1n0ad', 'the same, by the end of its id'],
      ['hoop reviews show c1n0ad --json', 'with every fact']
    ], ['hoop reviews approve', 'hoop reviews reject', 'hoop reviews watch']))
    .action(async (typed: string, _: unknown, command: Command) => {
      // A flag that the listing has too is taken for the listing's own.
      const { json } = command.optsWithGlobals<{ readonly json?: boolean }>()
      const { terminal, gateway, now } = await context()
      const client = await gateway()
      const review = await client.review(await reviewId(client, typed))
      if (json === true) return terminal.json(review)
      // In a file, lines are as long as they are; on a terminal nothing wraps by itself.
      const columns = terminal.interactive ? terminal.columns : 1000
      for (const { text } of detailLines(review, { columns, now: now() })) terminal.out(text)
    })
}
