// `hoop sessions follow ID`: what the client of an open session is shown, as it happens.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { asGatewayError, GatewayError } from '../../../shared/errors.ts'
import { ReplayText } from '../../replay/text.ts'
import { sessionId } from '../../sessions/find.ts'

export function register(sessions: Command, context: () => Promise<Context>): void {
  sessions.command('follow')
    .description('Show what the client of an open session is shown, as it happens, until it ends. That you look is written down.')
    .argument('<id>', 'as hoop sessions lists it; its beginning or end will do')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', helpTail([
      ['hoop sessions follow 01k5b2y8v4s0q9m3t7x6c1n0ad', 'look on'],
      ['hoop sessions follow 01k5b2y8v4s0q9m3t7x6c1n0ad --json', 'for a program'],
      ['hoop sessions --status open', 'find the id']
    ], ['hoop sessions replay', 'hoop sessions kill']))
    .action(async (typed: string, _: unknown, command: Command) => {
      // A flag that the listing has too is taken for the listing's own.
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      const { terminal, now, signal, ...rest } = await context()
      const gateway = await rest.gateway()
      const id = await sessionId({ gateway, now }, typed, { open: true })
      const text = new ReplayText()
      const events = await gateway.follow(id)
      terminal.say(`following ${id}; Ctrl-C stops looking and leaves the session as it is`)
      let over = false
      try {
        for await (const event of events) {
          over = event.type === 'end'
          if (json === true) terminal.json(event)
          else for (const line of text.lines(event)) terminal.out(line)
          // What is not taken here is not taken from the gateway either.
          await terminal.flush()
        }
      } catch (error) {
        // How the session ended has been shown.
        if (over || signal.aborted) return
        const { code, message } = asGatewayError(error)
        throw new GatewayError(code, code === 'gateway_unreachable' ? 'the connection to the gateway was lost' : message, { hint: `what was shown until then, and since: hoop sessions replay ${id}`, cause: error })
      }
    })
}
