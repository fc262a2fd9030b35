// `hoop sessions`: who opened what, and when.
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { helpTail } from '../help.ts'
import { sinceFrom } from '../since.ts'
import { tableLines, timeFrom } from '../table.ts'
import type { SessionSummary } from '../../shared/api.ts'
import { wholeNumber } from '../whole-number.ts'

interface Flags {
  readonly target?: string
  readonly user?: string
  readonly since?: string
  readonly limit: number
  readonly json?: boolean
}

export function register(program: Command, context: () => Promise<Context>): void {
  program.command('sessions')
    .description('List sessions, newest first: your own, or everybody\'s where you are an admin.')
    .option('--target <target>', 'on this target only')
    .option('--user <user>', 'of this person only: e-mail address or subject')
    .option('--since <time>', 'not older than, such as 2h, 7d or 2026-01-31')
    .option('--limit <count>', 'at most this many', wholeNumber(1, 9999), 50)
    .option('--json', 'one JSON object a line')
    .addHelpText('after', helpTail([
      ['hoop sessions --since 1d', 'since yesterday'],
      ['hoop sessions --target prod-db --user ann@example.com', 'of one person on one target'],
      ['hoop sessions show ID', 'one of them, statement by statement']
    ], ['hoop sessions show', 'hoop audit verify']))
    .action(async ({ since, json, ...filter }: Flags) => {
      const { terminal, gateway, now } = await context()
      const from = since === undefined ? {} : { since: sinceFrom(since, now()) }
      const sessions = await (await gateway()).sessions({ ...filter, ...from })
      if (json === true) return sessions.forEach((session) => terminal.json(session))
      if (sessions.length === 0) return terminal.say('there are no such sessions')
      tableLines(['SESSION', 'STARTED (UTC)', 'USER', 'TARGET', 'STATEMENTS', 'DENIED', 'ENDED'], sessions.map(row)).forEach((line) => terminal.out(line))
    })
}

function row({ id, startedAt, principal, target, statements, denied, endedAt, endReason }: SessionSummary): string[] {
  const ended = endedAt === undefined ? 'still open' : `${timeFrom(endedAt)}${endReason === undefined ? '' : ` ${endReason}`}`
  return [id, timeFrom(startedAt), principal.email ?? principal.subject, target, String(statements), String(denied), ended]
}
