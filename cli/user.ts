// A person, by what an admin types: the id, or an e-mail address that only one has.
import type { UserSummary } from '../shared/api.ts'
import { GatewayError } from '../shared/errors.ts'
import type { Gateway } from './gateway.ts'

/** @throws GatewayError not_found, or usage when an address does not say which person is meant */
export async function oneUser(gateway: Pick<Gateway, 'users'>, typed: string): Promise<UserSummary> {
  const users = await gateway.users()
  const found = users.filter(({ id, email }) => id === typed || email === typed)
  if (found.length === 1) return found[0]!
  if (found.length === 0) throw new GatewayError('not_found', `there is no user "${typed}"`, { hint: 'hoop users list' })
  throw new GatewayError('usage', `${found.length} people have the address ${typed}`, { hint: `name one by id: ${found.map(({ id }) => id).join(', ')}` })
}
