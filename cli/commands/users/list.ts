// `hoop users list`: people the gateway has seen, for admins.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { room, tableLines, timeFrom } from '../../table.ts'

export function register(users: Command, context: () => Promise<Context>): void {
  users.command('list')
    .description('List the people who have logged in (admins only).')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', helpTail([
      ['hoop users list', 'as a table'],
      ['hoop users list --json', 'for scripts'],
      ['hoop users disable ID', 'shut one of them out']
    ], ['hoop users disable', 'hoop users enable']))
    .action(async ({ json }: { json?: boolean }) => {
      const { terminal, gateway } = await context()
      const found = await (await gateway()).users()
      if (json === true) return found.forEach((user) => terminal.json(user))
      if (found.length === 0) return terminal.say('nobody has logged in yet')
      const rows = found.map(({ id, email, subject, issuer, groups, lastLoginAt, disabledAt }) => [
        id,
        email ?? '-',
        `${subject} at ${issuer}`,
        groups.join(' ') || '-',
        lastLoginAt === undefined ? 'never' : timeFrom(lastLoginAt),
        disabledAt === undefined ? 'enabled' : `disabled ${timeFrom(disabledAt)}`
      ])
      tableLines(['USER', 'E-MAIL', 'SUBJECT', 'GROUPS', 'LAST LOGIN', 'STANDING'], rows, room(terminal)).forEach((line) => terminal.out(line))
    })
}
