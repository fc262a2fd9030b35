// What the rest of the gateway knows of identity: who stands behind a presented token, and what a revocation says. Types only.
import type { Id, Principal } from '../../shared/model.ts'

export interface Verified {
  readonly principal: Principal
  /** The login, or the service token, behind it; a revocation of it ends what it opened. */
  readonly login: Id
  /** Milliseconds since 1970; nothing opened with it outlives this. */
  readonly loginEndsAt: number
  /** Milliseconds since 1970; of the presented token. */
  readonly expiresAt: number
  /** Member of the admin group, as of the latest login. People only. */
  readonly admin: boolean
  /** Member of the auditor group, likewise: may read the whole audit log, and what is sealed in it where they hold the key. */
  readonly auditor: boolean
  /** Present for service tokens: the only targets it may open. */
  readonly targets?: readonly string[]
}

/** Without `login`: everything of that person, and of what acts for them. */
export interface Revocation {
  readonly issuer: string
  readonly subject: string
  readonly login?: Id
  /** For the person whose session ends. */
  readonly reason: string
}
