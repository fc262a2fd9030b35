// `hoop whoami`: who the gateway takes this command line for, and until when.
import type { Command } from 'commander'
import type { WhoAmI } from '../../shared/api.ts'
import type { Context } from '../context.ts'
import { helpTail } from '../help.ts'

export function register(program: Command, context: () => Promise<Context>): void {
  program.command('whoami')
    .summary('show who you are to the gateway')
    .description('Show who you are to the gateway: identity, groups, and when the login ends.')
    .option('--json', 'as one JSON object: principal, expiresAt, loginEndsAt, admin')
    .addHelpText('after', helpTail([
      ['hoop whoami', 'who, groups, and until when'],
      ['hoop whoami --json', 'the same for a script'],
      ['HOOP_TOKEN_FILE=token hoop whoami', 'who a service token is']
    ], ['hoop login', 'hoop logout', 'hoop tokens list']))
    .action(async ({ json = false }: { readonly json?: boolean }) => {
      const { terminal, settings, tokens, now, gateway } = await context()
      const found = await (await gateway()).whoami()
      if (json) return terminal.json(found)
      const kept = settings.token !== undefined ? 'HOOP_TOKEN' : tokens.where === 'keychain' ? 'the system keychain' : 'a file only you can read'
      for (const line of linesOf(found, kept, now())) terminal.out(line)
    })
}

/** Pure. */
export function linesOf({ principal, admin, expiresAt, loginEndsAt }: WhoAmI, kept: string, now: number): string[] {
  const { email, name, subject, issuer, groups, kind, onBehalfOf } = principal
  const rows: [string, string | undefined][] = [
    ['who', [email ?? subject, name === undefined ? undefined : `(${name})`].filter(Boolean).join(' ')],
    ['identity', `${subject} at ${issuer}`],
    ['kind', kind === 'human' ? undefined : `${kind}, for ${onBehalfOf?.email ?? onBehalfOf?.subject ?? 'nobody'}`],
    ['groups', groups.length === 0 ? 'none' : groups.join(', ')],
    ['admin', admin ? 'yes' : undefined],
    ['token ends', `${expiresAt} (${until(expiresAt, now)})`],
    ['login ends', `${loginEndsAt} (${until(loginEndsAt, now)})`],
    ['kept in', kept]
  ]
  return rows.filter((row): row is [string, string] => row[1] !== undefined).map(([title, text]) => `${title.padEnd(10)}  ${text}`)
}

/** Whole minutes, hours or days, whichever says enough. */
function until(time: string, now: number): string {
  const minutes = Math.floor((Date.parse(time) - now) / 60_000)
  if (minutes < 0) return 'ended'
  if (minutes < 1) return 'in less than a minute'
  if (minutes < 120) return `in ${minutes} min`
  return minutes < 2 * 24 * 60 ? `in ${Math.floor(minutes / 60)} h` : `in ${Math.floor(minutes / 60 / 24)} days`
}
