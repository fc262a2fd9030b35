// What a gateway remembers beside the audit log: people, logins, tokens, sessions, reviews. Small, embedded, one file, one gateway.
// Calls are synchronous and do not wait for the disk; whoever tells anybody of a change waits for `synced` first. None stands on the path
// of a statement.
import type { GatewayError } from '../../shared/errors.ts'
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
  /**
   * Resolves once all that was changed before the call is durable: it outlives the machine, and not only the process.
   * @throws GatewayError state_unavailable once a sync has failed; then nothing can be changed any more
   */
  synced(): Promise<void>
  /** What `work` returns or throws, once all that was changed meanwhile is durable. @throws as `synced`, instead of either */
  durably<T>(work: () => T | Promise<T>): Promise<T>
  close(): void
}

/**
 * @param o.onFailure told once, when nothing can be changed any more
 * @throws GatewayError config_invalid: damaged, of another program, of a newer gateway, in use, not writable
 */
export async function openState({ path, onFailure }: { path: string, onFailure?: (failure: GatewayError) => void }): Promise<State> {
  const database = openDatabase(path, migrations, onFailure === undefined ? {} : { onFailure })
  return {
    sessions: sessionsIn(database),
    users: usersIn(database),
    logins: loginsIn(database),
    serviceTokens: serviceTokensIn(database),
    reviews: reviewsIn(database),
    transaction: (work) => database.transaction(work),
    synced: () => database.synced(),
    durably: (work) => database.durably(work),
    close: () => database.close()
  }
}
