// `hoop profiles`: the gateways that are remembered by name.
import type { Command } from 'commander'
import { asGatewayError } from '../../shared/errors.ts'
import type { Context } from '../context.ts'
import { helpTail } from '../help.ts'
import { profileNames, readProfile, type Profile } from '../profiles.ts'
import { room, tableLines } from '../table.ts'

/** With --json, one a line. */
interface Listed extends Profile {
  readonly profile: string
  /** What commands use just now, HOOP_PROFILE and --profile considered. */
  readonly inUse: boolean
  /** Why the file cannot be used. */
  readonly problem?: string
}

export function register(program: Command, context: () => Promise<Context>): void {
  program.command('profiles')
    .description('List the gateways that are remembered by name.')
    .option('--json', 'one JSON object a line: profile, gateway, ca, inUse')
    .addHelpText('after', helpTail([
      ['hoop profiles', 'as a table'],
      ['hoop --profile staging targets', 'use one once; HOOP_PROFILE=staging: in a whole shell'],
      ['hoop profiles use staging', 'use one from now on']
    ], ['hoop login', 'hoop profiles use', 'hoop profiles remove']))
    .action(async ({ json = false }: { readonly json?: boolean }) => {
      const { terminal, settings: { configDirectory, profile: used } } = await context()
      const names = await profileNames(configDirectory)
      const found = await Promise.all(names.map(async (profile): Promise<Listed> => ({
        profile,
        ...await readProfile(configDirectory, profile).catch((error: unknown) => ({ problem: asGatewayError(error).message })),
        inUse: profile === used
      })))
      if (json) found.forEach((one) => terminal.json(one))
      else if (found.length === 0) terminal.say('no gateway is remembered: hoop login https://hoop.example.com')
      else tableLines(['IN USE', 'PROFILE', 'CERTIFICATES', 'GATEWAY'], found.map(row), room(terminal)).forEach((line) => terminal.out(line))
    })
}

function row({ profile, gateway, ca, inUse, problem }: Listed): string[] {
  return [inUse ? '*' : '', profile, ca ?? 'the system\'s', problem ?? gateway ?? '-']
}
