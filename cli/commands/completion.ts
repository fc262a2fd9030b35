// `hoop completion SHELL`: the script that completes hoop's words in a shell.
import { Argument, type Command } from 'commander'
import { scripts, shells, type Shell } from '../completion/scripts.ts'
import type { Context } from '../context.ts'
import { helpTail } from '../help.ts'

export function register(program: Command, _: () => Promise<Context>): void {
  program.command('completion')
    .description('Print the script that completes commands, flags, targets and session ids in your shell.')
    .addArgument(new Argument('<shell>', 'whose script').choices(shells))
    .addHelpText('after', helpTail([
      ['source <(hoop completion bash)', 'in ~/.bashrc'],
      ['source <(hoop completion zsh)', 'in ~/.zshrc, after compinit'],
      ['hoop completion fish > ~/.config/fish/completions/hoop.fish', 'once']
    ], ['hoop targets', 'hoop help environment']))
    // As help is: without the settings, so that a profile that is wrong spoils no shell's start.
    .action((shell: Shell, _: object, command: Command) => command.configureOutput().writeOut!(scripts[shell]))
}
