// The people of the embedded provider: their passwords, as keyed hashes that never leave memory, and their claims. Pure apart from its key.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

export interface EmbeddedUser {
  readonly username: string
  readonly password: string
  readonly email: string
  readonly name?: string | undefined
  readonly groups: readonly string[]
}

export interface Accounts {
  /** Takes as long for a name that does not exist. */
  accepts(username: string, password: string): boolean
  /** The subject is the username. */
  claims(subject: string): Readonly<Record<string, unknown>> & { readonly sub: string } | undefined
}

/**
 * The configuration holds the passwords themselves, so a slow hash would protect nothing at rest; the hash makes comparing them
 * take the same time whatever was typed.
 */
export function createAccounts(users: readonly EmbeddedUser[]): Accounts {
  const key = randomBytes(32)
  const hash = (password: string) => createHmac('sha256', key).update(password).digest()
  const known = new Map(users.map(({ password, ...user }) => [user.username, { ...user, hash: hash(password) }]))
  const nobody = randomBytes(32)

  return {
    accepts(username, password) {
      const user = known.get(username)
      const same = timingSafeEqual(hash(password), user?.hash ?? nobody)
      return same && user !== undefined
    },
    claims(subject) {
      const user = known.get(subject)
      if (user === undefined) return undefined
      return {
        sub: user.username,
        preferred_username: user.username,
        email: user.email,
        email_verified: true,
        name: user.name ?? user.username,
        groups: user.groups
      }
    }
  }
}
