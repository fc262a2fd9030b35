// `hoop gateway ...`: hands its words to the gateway, which lives in a bundle of its own and parses them itself.
import type { Command } from 'commander'
import type { Context } from '../context.ts'

/** The part of the gateway's bundle that is used here. */
interface GatewayModule {
  gateway(argv: readonly string[], io: { out: (line: string) => void, err: (line: string) => void }): Promise<number>
}

export function register(program: Command, context: () => Promise<Context>): void {
  program.command('gateway')
    .description('Run the gateway, check or write its configuration.')
    .argument('[words...]')
    .helpOption(false)
    .allowUnknownOption()
    .action(async (_: readonly string[], __: object, command: Command) => {
      const { terminal, exitWith, divertSignals } = await context()
      const { gateway } = await import(bundle()) as GatewayModule
      // The gateway stops in its own order, and has its own second Ctrl-C.
      const restore = divertSignals(() => undefined)
      try {
        exitWith(await gateway(command.args, {
          out: (line) => terminal.out(line.trimEnd()),
          err: (line) => terminal.say(line.replace(/^hoop: /, '').trimEnd())
        }))
      } finally {
        restore()
      }
    })
}

/** Beside the built command line; computed, so that neither bundle takes in the other. */
function bundle(): string {
  return new URL(import.meta.url.endsWith('.ts') ? '../../server/main.ts' : './server.js', import.meta.url).href
}
