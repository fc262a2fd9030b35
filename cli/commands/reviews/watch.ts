// `hoop reviews watch`: decisions as they are asked for; a screen on a terminal, lines elsewhere.
import type { Command } from 'commander'
import type { ReviewSummary } from '../../../shared/api.ts'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { followReviews } from '../../reviews/follow.ts'
import { endText, requesterText, stateText, wishText } from '../../reviews/text.ts'

export function register(reviews: Command, context: () => Promise<Context>): void {
  reviews.command('watch')
    .description('Watch for what waits for a decision, and decide it: a screen on a terminal, one line for each change elsewhere.')
    .option('--json', 'one JSON object for each change: the review as it is then')
    .addHelpText('after', helpTail([
      ['hoop reviews watch', 'arrow keys, Enter to read, a to approve, r to reject, q to quit'],
      ['hoop reviews watch --json | while read -r review; do ...; done', 'for programs'],
      ['hoop reviews watch > reviews.log', 'as lines']
    ], ['hoop reviews', 'hoop reviews approve', 'hoop reviews show']))
    .action(async (_: unknown, command: Command) => {
      // A flag that the listing has too is taken for the listing's own.
      const { json } = command.optsWithGlobals<{ readonly json?: boolean }>()
      await watch(await context(), json === true)
    })
}

async function watch(context: Context, json: boolean): Promise<void> {
  const { terminal, signal, now } = context
  // What is missing is told before a screen covers it.
  await context.gateway()
  if (terminal.interactive && terminal.onTerminal && !json) return (await import('../../screens/reviews-screen.tsx')).watchReviews(context)
  await followReviews({
    gateway: () => context.gateway(),
    signal,
    tell: (event) => {
      if (event.type === 'lost') terminal.say(`warning: ${event.error.message}; trying again`)
      else if (event.type === 'review' && json) terminal.json(event.review)
      else if (event.type === 'review') terminal.out(changeLine(event.review, now()))
    }
  })
}

function changeLine(review: ReviewSummary, now: number): string {
  const { id, state, target, given, needed } = review
  const how = state === 'pending' ? `${stateText(review, now)}, ${given}/${needed}` : endText(state)
  return `${id}  ${how}  ${requesterText(review)}  ${target}  ${wishText(review).replaceAll('\n', ' ')}`
}
