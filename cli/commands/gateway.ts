// `hoop gateway ...`: hands its words to the gateway, which lives in a bundle of its own and parses them itself.
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { serverModule } from '../server.ts'

export function register(program: Command, context: () => Promise<Context>): void {
  program.command('gateway')
    .description('Run the gateway, check or write its configuration.')
    .argument('[words...]')
    .helpOption(false)
    .allowUnknownOption()
    .action(async (_: readonly string[], __: object, command: Command) => {
      const { terminal, exitWith, divertSignals } = await context()
      const { gateway } = await serverModule()
      // The gateway stops in its own order, and has its own second Ctrl-C.
      const restore = divertSignals(() => undefined)
      try {
        exitWith(await gateway(command.args, {
          out: (line) => terminal.out(line.trimEnd()),
          progress: (text) => terminal.progress(text),
          err: (line) => terminal.say(line.replace(/^hoop: /, '').trimEnd())
        }))
      } finally {
        restore()
      }
    })
}
