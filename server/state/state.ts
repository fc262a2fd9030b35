// What a gateway remembers beside the audit log: people, logins, tokens, sessions, reviews. Small, embedded, one file, one gateway.
// Calls are synchronous and durable when they return (one fsync each); none stands on the path of a statement.
import { openDatabase } from './database.ts'
import { loginsIn, type Logins } from './logins.ts'
import { reviewsIn, type ReviewRows } from './reviews.ts'
import { migrations } from './schema.ts'
import { serviceTokensIn, type ServiceTokens } from './service-tokens.ts'
import { sessionsIn, type Sessions } from './sessions.ts'
import { usersIn, type Users } from './users.ts'

export interface State {
  readonly sessions: Sessions
  readonly users: Users
  readonly logins: Logins
  readonly serviceTokens: ServiceTokens
  readonly reviews: ReviewRows
  /** Several changes as one; undone as a whole when `work` throws. */
  transaction<T>(work: () => T): T
  close(): void
}

/** @throws GatewayError config_invalid: damaged, of another program, of a newer gateway, in use, not writable */
export async function openState({ path }: { path: string }): Promise<State> {
  const database = openDatabase(path, migrations)
  return {
    sessions: sessionsIn(database),
    users: usersIn(database),
    logins: loginsIn(database),
    serviceTokens: serviceTokensIn(database),
    reviews: reviewsIn(database),
    transaction: (work) => database.transaction(work),
    close: () => database.close()
  }
}
