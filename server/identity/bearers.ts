// Who stands behind a bearer token. Asked on every request, so what was read is remembered, and forgotten whole
// whenever anybody's rights change: the state file is this gateway's alone, so nothing changes behind its back.
import type { State } from '../state/state.ts'
import { isLiveLogin, isLiveToken, serviceIssuer, verifiedLogin, verifiedToken, type Rights } from './live.ts'
import { hashOf } from './principal.ts'
import { notAccepted } from './refusal.ts'
import { tokenUse } from './tokens.ts'
import type { Verified } from './verified.ts'

const maxRemembered = 10_000
/** "Last used" is for people who clean up; a write for each use would cost an fsync each. */
const usedMilliseconds = 60_000

export interface Bearers {
  /** @throws GatewayError unauthenticated */
  verify(bearer: string): Verified
  /** @throws GatewayError unauthenticated */
  recheck(who: Verified): void
  /** When a service token was last used, as far as memory knows better than the file. */
  lastUsed(token: string): number | undefined
  forget(): void
}

export function createBearers({ state, rights, now }: { state: State, rights: Rights, now: () => number }): Bearers {
  const remembered = new Map<string, Verified>()
  const used = new Map<string, { at: number, written: number }>()

  return {
    verify(bearer) {
      const use = tokenUse(bearer)
      if (use !== 'access' && use !== 'service') throw notAccepted()
      const hash = hashOf(bearer)
      const who = remembered.get(hash) ?? remember(hash, use === 'access' ? readAccess(hash) : readService(hash))
      if (who === undefined || who.expiresAt <= now() || who.loginEndsAt <= now()) throw notAccepted()
      if (use === 'service') noteUse(who.login)
      return who
    },

    recheck(who) {
      const at = now()
      if (who.principal.issuer === serviceIssuer) {
        const token = state.serviceTokens.get(who.login)
        if (token !== undefined && isLiveToken(token, at)) return
      } else {
        const login = state.logins.get(who.login)
        if (login !== undefined && isLiveLogin(login, at)) return
      }
      throw notAccepted()
    },

    lastUsed: (token) => used.get(token)?.at,
    forget: () => { remembered.clear() }
  }

  function readAccess(hash: string): Verified | undefined {
    const found = state.logins.findAccessToken(hash)
    return found !== undefined && isLiveLogin(found.login, now()) ? verifiedLogin(found.login, found.expiresAt, rights) : undefined
  }

  function readService(hash: string): Verified | undefined {
    const token = state.serviceTokens.findByHash(hash)
    return token !== undefined && isLiveToken(token, now()) ? verifiedToken(token) : undefined
  }

  function remember(hash: string, who: Verified | undefined): Verified | undefined {
    // Only what exists is remembered: guesses must not push out people.
    if (who === undefined) return undefined
    if (remembered.size >= maxRemembered) remembered.delete(remembered.keys().next().value!)
    remembered.set(hash, who)
    return who
  }

  function noteUse(token: string): void {
    const at = now()
    const last = used.get(token)
    if (last !== undefined && at - last.written < usedMilliseconds) {
      last.at = at
    } else {
      used.set(token, { at, written: at })
      state.serviceTokens.used(token, at)
    }
  }
}
