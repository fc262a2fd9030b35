// `hoop users disable`: ends a person's logins, sessions and service tokens at once, and lets them in no more.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { oneUser } from '../../user.ts'

export function register(users: Command, context: () => Promise<Context>): void {
  users.command('disable')
    .description('Shut a person out: logins, sessions and service tokens end at once (admins only).')
    .argument('<user>', 'id or e-mail address, as hoop users list shows them')
    .addHelpText('after', helpTail([
      ['hoop users list', 'find the id'],
      ['hoop users disable 01k5b2y8v4s0q9m3t7x6c1n0ad', 'shut them out'],
      ['hoop users disable ann@example.com', 'the same, where one person alone has that address']
    ], ['hoop users list', 'hoop users enable']))
    .action(async (typed: string) => {
      const { terminal, gateway } = await context()
      const client = await gateway()
      const { id, email, subject, issuer } = await oneUser(client, typed)
      await client.disableUser(id)
      terminal.say(`${email ?? subject} (${subject} at ${issuer}) is disabled: logins, sessions and service tokens have ended`)
    })
}
