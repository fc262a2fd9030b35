// `hoop reviews`: what waits for a decision, and what became of it.
import { Option, type Command } from 'commander'
import type { ReviewSummary } from '../../shared/api.ts'
import type { ReviewState } from '../../shared/model.ts'
import type { Context } from '../context.ts'
import { helpTail } from '../help.ts'
import { requesterText, stateText, wishText } from '../reviews/text.ts'
import { sinceFrom } from '../since.ts'
import { room, tableLines } from '../table.ts'
import { wholeNumber } from '../whole-number.ts'

interface Flags {
  readonly state: ReviewState | 'all'
  readonly target?: string
  readonly mine?: boolean
  readonly since?: string
  readonly limit: number
  readonly json?: boolean
}

const states = ['pending', 'approved', 'rejected', 'expired', 'withdrawn', 'void', 'all']

export function register(program: Command, context: () => Promise<Context>): void {
  program.command('reviews')
    .description('List what waits for a decision: what you asked for and what you may decide; everything where you are an admin.')
    .addOption(new Option('--state <state>', 'only those').choices(states).default('pending'))
    .option('--target <target>', 'on this target only')
    .option('--mine', 'only what you asked for yourself')
    .option('--since <time>', 'not older than, such as 2h, 7d or 2026-01-31')
    .option('--limit <count>', 'at most this many', wholeNumber(1, 500), 100)
    .option('--json', 'one JSON object a line')
    .addHelpText('after', helpTail([
      ['hoop reviews', 'what waits now'],
      ['hoop reviews --state all --since 1d --target prod-db', 'what was asked and decided since yesterday'],
      ['hoop reviews watch', 'the screen to decide on']
    ], ['hoop reviews show', 'hoop reviews approve', 'hoop reviews watch']))
    .action(async ({ state, since, json, mine, target, limit }: Flags) => {
      const { terminal, gateway, now } = await context()
      const from = since === undefined ? 0 : Date.parse(sinceFrom(since, now()))
      const listed = await (await gateway()).reviews({
        limit,
        ...(state === 'all' ? {} : { state }),
        ...(target === undefined ? {} : { target }),
        ...(mine === true ? { mine } : {})
      })
      const reviews = listed.filter(({ createdAt }) => Date.parse(createdAt) >= from)
      if (json === true) return reviews.forEach((review) => terminal.json(review))
      if (reviews.length === 0) return terminal.say(state === 'pending' ? 'nothing waits for a decision' : 'there are no such reviews')
      const rows = reviews.map((review) => row(review, now()))
      tableLines(['REVIEW', 'STATE', 'WHO', 'TARGET', 'DECIDE', 'STATEMENT'], rows, room(terminal)).forEach((line) => terminal.out(line))
    })
}

function row(review: ReviewSummary, now: number): string[] {
  const { state, id, target, mine, mayDecide, given, needed } = review
  const decide = state !== 'pending' ? '-' : mayDecide ? `you (${given}/${needed})` : mine ? `others (${given}/${needed})` : `${given}/${needed}`
  return [id, stateText(review, now), requesterText(review), target, decide, wishText(review)]
}
