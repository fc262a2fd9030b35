// Why a token was refused: a person at the other end learns that it was, the audit log learns why. One message, so that
// a forger cannot feel the way. Pure.
import { GatewayError } from '../../shared/errors.ts'
import type { Actor } from '../../shared/audit/entry.ts'

/** `reason` is for the audit log only: words of ours, never the token's. `actor` is set once it is known for certain. */
export class Refused extends GatewayError {
  constructor(readonly reason: string, readonly actor?: Actor) {
    super('unauthenticated', 'the identity token was not accepted', { hint: 'log in again with: hoop login' })
  }
}

/** For bearers: unknown, expired, revoked and disabled look alike. */
export function notAccepted(): GatewayError {
  return new GatewayError('unauthenticated', 'the access token was not accepted', { hint: 'log in again with: hoop login' })
}
