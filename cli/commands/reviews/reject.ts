// `hoop reviews reject ID`: says no, with a reason the one who asked gets to read.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { vote, type VoteFlags } from '../../reviews/vote.ts'

export function register(reviews: Command, context: () => Promise<Context>): void {
  reviews.command('reject')
    .description('Reject what is held: it never runs, and the one who asked reads your reason.')
    .argument('<id>', 'as hoop reviews lists it; its beginning or end will do')
    .option('--reason <text>', 'why; some rules want one')
    .option('-y, --yes', 'on a terminal: do not show it and ask')
    .option('--json', 'one JSON object: the review afterwards')
    .addHelpText('after', helpTail([
      ['hoop reviews reject c1n0ad', 'shows it and asks'],
      ['hoop reviews reject c1n0ad --reason "use a migration"', 'with a reason'],
      ['hoop reviews reject c1n0ad --reason "no" --yes', 'for whoever has seen it already, and for scripts']
    ], ['hoop reviews show', 'hoop reviews approve', 'hoop reviews watch']))
    // A flag that the listing has too is taken for the listing's own.
    .action(async (typed: string, _: unknown, command: Command) =>
      vote(await context(), typed, false, command.optsWithGlobals<VoteFlags>()))
}
