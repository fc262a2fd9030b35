// `hoop tokens list`: service tokens, one's own or, for admins, everybody's. Never their secrets.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { room, tableLines, timeFrom } from '../../table.ts'
import type { ServiceTokenSummary } from '../../../shared/api.ts'

export function register(tokens: Command, context: () => Promise<Context>): void {
  tokens.command('list')
    .description('List service tokens: your own, or everybody\'s where you are an admin.')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', helpTail([
      ['hoop tokens list', 'as a table'],
      ['hoop tokens list --json', 'for scripts'],
      ['hoop tokens revoke ID', 'end one of them']
    ], ['hoop tokens create', 'hoop tokens revoke']))
    .action(async ({ json }: { json?: boolean }) => {
      const { terminal, gateway, now } = await context()
      const found = await (await gateway()).serviceTokens()
      if (json === true) return found.forEach((token) => terminal.json(token))
      if (found.length === 0) return terminal.say('there are no service tokens')
      const rows = found.map((token) => [
        token.id,
        token.name,
        token.owner.email ?? token.owner.subject,
        token.kind,
        token.targets.join(' '),
        token.lastUsedAt === undefined ? 'never' : timeFrom(token.lastUsedAt),
        standing(token, now())
      ])
      tableLines(['TOKEN', 'NAME', 'OWNER', 'KIND', 'TARGETS', 'LAST USED', 'STANDING'], rows, room(terminal)).forEach((line) => terminal.out(line))
    })
}

function standing({ revokedAt, expiresAt }: ServiceTokenSummary, now: number): string {
  if (revokedAt !== undefined) return `revoked ${timeFrom(revokedAt)}`
  return Date.parse(expiresAt) <= now ? `expired ${timeFrom(expiresAt)}` : `good until ${timeFrom(expiresAt)}`
}
