// `hoop sessions`: who opened what, and when.
import { Option, type Command } from 'commander'
import { rememberNames } from '../completion/remembered.ts'
import type { Context } from '../context.ts'
import { helpTail } from '../help.ts'
import { listSessions } from '../sessions/list.ts'
import { shellWord } from '../shell-word.ts'
import { sinceFrom } from '../since.ts'
import { room, tableLines, timeFrom } from '../table.ts'
import type { SessionSummary } from '../../shared/api.ts'
import { wholeNumber } from '../whole-number.ts'

interface Flags {
  readonly target?: string
  readonly user?: string
  readonly since?: string
  readonly until?: string
  readonly status?: 'open' | 'ended'
  readonly before?: string
  readonly limit: number
  readonly json?: boolean
}

export function register(program: Command, context: () => Promise<Context>): void {
  program.command('sessions')
    .description('List sessions, newest first: your own, or everybody\'s where you are an admin.')
    .option('--target <target>', 'on this target only')
    .option('--user <user>', 'of this person only: e-mail address or subject')
    .option('--since <time>', 'not older than, such as 2h, 7d or 2026-01-31')
    .option('--until <time>', 'started before, in the same words')
    .addOption(new Option('--status <status>', 'only those that are open, or have ended').choices(['open', 'ended']))
    .option('--before <id>', 'older than this one: the next page')
    .option('--limit <count>', 'at most this many', wholeNumber(1, 9999), 50)
    .option('--json', 'one JSON object a line')
    .addHelpText('after', helpTail([
      ['hoop sessions --since 7d --until 2d --status ended', 'of a while ago'],
      ['hoop sessions --target prod-db --user ann@example.com', 'of one person on one target'],
      ['hoop sessions show ID', 'one of them, statement by statement']
    ], ['hoop sessions show', 'hoop audit verify']))
    .action(async (flags: Flags) => {
      const { since, until, json, limit, ...rest } = flags
      const { terminal, settings, gatewayUrl, gateway, now } = await context()
      const { sessions, more } = await listSessions(await gateway(), limit, {
        ...rest,
        ...(since === undefined ? {} : { since: sinceFrom(since, now()) }),
        ...(until === undefined ? {} : { until: sinceFrom(until, now()) })
      })
      if (json === true) sessions.forEach((session) => terminal.json(session))
      else if (sessions.length === 0) terminal.say(Object.keys(rest).length === 0 && since === undefined && until === undefined ? 'there are no sessions yet' : 'there are no such sessions')
      else tableLines(['SESSION', 'STARTED (UTC)', 'USER', 'TARGET', 'STATEMENTS', 'DENIED', 'ENDED'], sessions.map(row), room(terminal)).forEach((line) => terminal.out(line))
      if (more) terminal.say(`hint: there are more: ${nextPage(flags, sessions.at(-1)!.id)}`)
      await rememberNames({ configDirectory: settings.configDirectory, gatewayUrl: gatewayUrl() }, 'sessions', sessions.map(candidate))
    })
}

/** The same words again, from there on. */
function nextPage({ before: _, limit, json, ...flags }: Flags, last: string): string {
  const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, shellWord(value as string)])
  return ['hoop sessions', ...words, '--limit', String(limit), ...(json === true ? ['--json'] : []), '--before', last].join(' ')
}

function candidate({ id, target, principal, startedAt }: SessionSummary): { word: string, about: string } {
  return { word: id, about: `${target}, ${principal.email ?? principal.subject}, ${startedAt}` }
}

function row({ id, startedAt, principal, target, statements, denied, endedAt, endReason }: SessionSummary): string[] {
  const ended = endedAt === undefined ? 'still open' : `${timeFrom(endedAt)}${endReason === undefined ? '' : ` ${endReason}`}`
  return [id, timeFrom(startedAt), principal.email ?? principal.subject, target, String(statements ?? '-'), String(denied ?? '-'), ended]
}
