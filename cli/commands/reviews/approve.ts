// `hoop reviews approve ID`: lets what is held run, exactly as it was shown.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { vote, type VoteFlags } from '../../reviews/vote.ts'

export function register(reviews: Command, context: () => Promise<Context>): void {
  reviews.command('approve')
    .description('Approve what is held: it runs exactly as it was shown, once.')
    .argument('<id>', 'as hoop reviews lists it; its beginning or end will do')
    .option('--reason <text>', 'why; some rules want one')
    .option('--break-glass', 'release what you asked for yourself, where the rule lets you: needs a reason, raises an alert')
    .option('-y, --yes', 'on a terminal: do not show it and ask')
    .option('--json', 'one JSON object: the review afterwards')
    .addHelpText('after', helpTail([
      ['hoop reviews approve c1n0ad', 'shows it and asks'],
      ['hoop reviews approve c1n0ad --reason "INC-4711" --yes', 'for whoever has seen it already, and for scripts'],
      ['hoop reviews approve c1n0ad --break-glass --reason "INC-4711"', 'your own, in an emergency']
    ], ['hoop reviews show', 'hoop reviews reject', 'hoop reviews watch']))
    // A flag that the listing has too is taken for the listing's own.
    .action(async (typed: string, _: unknown, command: Command) =>
      vote(await context(), typed, true, command.optsWithGlobals<VoteFlags>()))
}
