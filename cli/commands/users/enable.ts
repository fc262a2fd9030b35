// `hoop users enable`: lets a disabled person log in again; what had ended stays ended.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { oneUser } from '../../user.ts'

export function register(users: Command, context: () => Promise<Context>): void {
  users.command('enable')
    .description('Let a disabled person log in again (admins only).')
    .argument('<user>', 'id or e-mail address, as hoop users list shows them')
    .addHelpText('after', helpTail([
      ['hoop users list', 'find the id'],
      ['hoop users enable 01k5b2y8v4s0q9m3t7x6c1n0ad', 'let them in again'],
      ['hoop users enable ann@example.com', 'the same, where one person alone has that address']
    ], ['hoop users list', 'hoop users disable']))
    .action(async (typed: string) => {
      const { terminal, gateway } = await context()
      const client = await gateway()
      const { id, email, subject, issuer } = await oneUser(client, typed)
      await client.enableUser(id)
      terminal.say(`${email ?? subject} (${subject} at ${issuer}) may log in again; what had ended stays ended`)
    })
}
