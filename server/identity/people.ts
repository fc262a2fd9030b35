// Admins' view of people: listing them, and ending everything of one of them at once.
import type { UserSummary } from '../../shared/api.ts'
import type { EntryFacts } from '../../shared/audit/entry.ts'
import { GatewayError } from '../../shared/errors.ts'
import type { State } from '../state/state.ts'
import type { User } from '../state/users.ts'
import { actorOf } from './principal.ts'
import type { Revocation, Verified } from './verified.ts'

export interface PeopleParts {
  readonly state: State
  readonly note: (facts: EntryFacts) => void
  readonly now: () => number
  readonly changed: () => void
  readonly revoked: (revocation: Revocation) => void
}

export interface People {
  /** @throws GatewayError forbidden, as all here */
  list(who: Verified): UserSummary[]
  /**
   * When it returns, the person's logins, tokens, service tokens and workloads are dead and every listener was told.
   * Nobody disables themself: so the last admin is always left.
   * @throws GatewayError not_found | conflict | state_unavailable, and then every listener was told all the same
   */
  disable(who: Verified, id: string): void
  /** What was ended stays ended; the person may log in again. */
  enable(who: Verified, id: string): void
}

export function createPeople({ state, note, now, changed, revoked }: PeopleParts): People {
  return {
    list(who) {
      mustBeAdmin(who)
      return state.users.list().map(summaryOf)
    },

    disable(who, id) {
      const person = found(who, id)
      if (isSame(who, person)) {
        throw new GatewayError('conflict', 'you cannot disable yourself', { hint: 'ask another admin' })
      }
      const at = now()
      const { issuer, subject } = person
      const endAll = () => revoked({ issuer, subject, reason: 'your access was ended by an administrator' })
      try {
        state.transaction(() => {
          if (person.disabledAt === undefined) state.users.setDisabled(id, at)
          state.logins.endAllOf(id, at)
          state.serviceTokens.revokeAllOf(id, at)
        })
      } catch (error) {
        // It cannot be remembered, and nothing new begins while that is so. What runs ends all the same.
        endAll()
        throw error
      }
      changed()
      note({ kind: 'revocation', actor: actorOf(who.principal), subject: { issuer, subject }, action: 'disable' })
      endAll()
    },

    enable(who, id) {
      const person = found(who, id)
      if (person.disabledAt === undefined) return
      state.users.setDisabled(id, undefined)
      changed()
      const { issuer, subject } = person
      note({ kind: 'revocation', actor: actorOf(who.principal), subject: { issuer, subject }, action: 'enable' })
    }
  }

  function found(who: Verified, id: string): User {
    mustBeAdmin(who)
    const person = state.users.get(id)
    if (person === undefined) throw new GatewayError('not_found', 'there is no such person', { hint: 'hoop users list shows everybody who has logged in' })
    return person
  }
}

function mustBeAdmin(who: Verified): void {
  if (!who.admin) throw new GatewayError('forbidden', 'only admins may see and change people')
}

function isSame({ principal }: Verified, person: User): boolean {
  return principal.issuer === person.issuer && principal.subject === person.subject
}

function summaryOf({ id, issuer, subject, email, name, groups, lastLoginAt, disabledAt }: User): UserSummary {
  return {
    id,
    issuer,
    subject,
    ...(email === undefined ? {} : { email }),
    ...(name === undefined ? {} : { name }),
    groups,
    lastLoginAt: new Date(lastLoginAt).toISOString(),
    ...(disabledAt === undefined ? {} : { disabledAt: new Date(disabledAt).toISOString() })
  }
}
