// `hoop sessions replay ID`: what the client of a session was shown, printed at once.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { ReplayText } from '../../replay/text.ts'
import { exitCodes } from '../../failure.ts'

export function register(sessions: Command, context: () => Promise<Context>): void {
  sessions.command('replay')
    .description('Show again what the client of a session was shown, after masking; say whether the recording matches the audit log.')
    .argument('<id>', 'as hoop sessions lists it')
    .option('--text', 'as lines, all at once')
    .option('--json', 'one JSON object a line: the session first, then each event')
    .addHelpText('after', helpTail([
      ['hoop sessions replay 01k5b2y8v4s0q9m3t7x6c1n0ad --text', 'statements, rows and errors as lines'],
      ['hoop sessions replay 01k5b2y8v4s0q9m3t7x6c1n0ad --json', 'every event with its time'],
      ['hoop sessions --since 1h', 'find the id']
    ], ['hoop sessions show', 'hoop sessions follow']))
    .action(async (id: string, _: unknown, command: Command) => {
      // A flag that the listing has too is taken for the listing's own.
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      const { terminal, gateway, exitWith } = await context()
      const text = new ReplayText()
      for await (const line of await (await gateway()).recording(id)) {
        if (json === true) terminal.json(line)
        else for (const shown of text.lines(line)) terminal.out(shown)
        const wrong = line.type === 'damaged' || (line.type === 'recording' && line.matches === false)
        if (wrong) exitWith(exitCodes.failed)
        await terminal.flush()
      }
    })
}
