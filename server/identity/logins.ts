// From a token of an identity provider to the gateway's own: logging in, refreshing, and what ends a login.
import type { JWTVerifyGetKey } from 'jose'
import type { EntryFacts } from '../../shared/audit/entry.ts'
import type { TokenRequest, TokenResponse } from '../../shared/api.ts'
import { GatewayError } from '../../shared/errors.ts'
import { makeId } from '../../shared/id.ts'
import type { Principal } from '../../shared/model.ts'
import type { Login } from '../state/logins.ts'
import type { State } from '../state/state.ts'
import { clockSkewSeconds, verifyToken } from './id-token.ts'
import { isLiveLogin, loginPrincipal, ownerOf, personPrincipal } from './live.ts'
import { actorOf, hashOf, principalFrom } from './principal.ts'
import { Refused } from './refusal.ts'
import { newToken, tokenUse } from './tokens.ts'
import { verifyWorkload, workloadPrincipal, type Workload } from './workloads.ts'

/** An ID token is exchanged right after it was made; one that turns up later was found somewhere. */
const idTokenMaxAgeSeconds = 600
const pruneMilliseconds = 3600_000

export interface LoginSettings {
  readonly issuer: string
  readonly clientId: string
  readonly groupsClaim: string
  readonly loginHours: number
  readonly accessMinutes: number
  readonly workloads: readonly Workload[]
}

export interface LoginParts {
  readonly settings: LoginSettings
  readonly state: State
  readonly note: (facts: EntryFacts) => void
  readonly now: () => number
  readonly randomBytes: (n: number) => Uint8Array
  readonly keysOf: (issuer: string) => JWTVerifyGetKey
  /** Somebody's rights have changed. */
  readonly changed: () => void
  /** A login was ended by somebody else than its bearer. */
  readonly revoked: (login: Login, reason: string) => void
}

export interface Logins {
  /** @throws GatewayError unauthenticated | bad_request */
  exchange(request: TokenRequest, source: string): Promise<TokenResponse>
}

export function createLogins({ settings, state, note, now, randomBytes, keysOf, changed, revoked }: LoginParts): Logins {
  const { issuer, clientId, groupsClaim, loginHours, accessMinutes, workloads } = settings
  let prunedAt = 0

  return {
    async exchange(request, source) {
      prune()
      try {
        switch (request.grant) {
          case 'id_token': return await logIn(request.idToken, request.nonce, source)
          case 'workload': return await logInWorkload(request.idToken, source)
          case 'refresh': return refresh(request.refreshToken)
          default: throw new GatewayError('bad_request', 'grant is id_token, workload or refresh')
        }
      } catch (error) {
        noteRefusal(error, request.grant, source)
        throw error
      }
    }
  }

  async function logIn(idToken: string, nonce: string | undefined, source: string): Promise<TokenResponse> {
    const expected = { issuer, audience: clientId, maxAgeSeconds: idTokenMaxAgeSeconds, keys: keysOf(issuer), now: now() }
    const claims = await verifyToken(idToken, expected)
    // Absent on both sides for the device flow only: a stolen token of a browser login needs its nonce too.
    if (claims.nonce !== nonce) throw new Refused('nonce is not right')
    const principal = principalFrom(claims, groupsClaim)
    const response = state.transaction(() => {
      present(idToken, claims.iat as number)
      const user = state.users.loggedIn(newId(), principal, now())
      if (user.disabledAt !== undefined) throw new Refused('the person is disabled', actorOf(principal))
      return start(user.id, personPrincipal(user), undefined)
    })
    changed()
    note({ kind: 'login', actor: actorOf(principal), source, method: 'id_token', accepted: true })
    return response
  }

  async function logInWorkload(token: string, source: string): Promise<TokenResponse> {
    const verified = await verifyWorkload(token, workloads, keysOf, now())
    const { owner } = verified.workload
    const person = state.users.find(owner.issuer ?? issuer, owner.subject)
    if (person === undefined) throw new Refused(`the owner of the workload ${verified.workload.name} has never logged in`)
    const principal = workloadPrincipal(verified, ownerOf(person))
    if (person.disabledAt !== undefined) throw new Refused('the owner of the workload is disabled', actorOf(principal))
    const response = state.transaction(() => start(person.id, principal, principal))
    note({ kind: 'login', actor: actorOf(principal), source, method: 'workload', accepted: true })
    return response
  }

  function refresh(token: string): TokenResponse {
    const hash = hashOf(token)
    const found = tokenUse(token) === 'refresh' ? state.logins.findRefreshToken(hash) : undefined
    if (found === undefined) throw new Refused('no such refresh token')
    const { login } = found
    const actor = actorOf(loginPrincipal(login))
    if (found.usedAt !== undefined) {
      // Either its owner or a thief holds the newer one, and nobody can say which.
      const ended = state.logins.end(login.id, now())
      changed()
      note({ kind: 'token', actor, action: 'reuse', token: login.id })
      if (ended) revoked(login, 'a refresh token of your login was used twice, which happens when it was copied')
      throw new Refused('a used refresh token was presented again', actor)
    }
    if (!isLiveLogin(login, now())) throw new Refused('its login has ended', actor)
    const response = state.transaction(() => {
      state.logins.useRefreshToken(hash, now())
      return { ...grant(login), refreshToken: grantRefresh(login.id) }
    })
    note({ kind: 'token', actor, action: 'refresh', token: login.id })
    return response
  }

  /** Remembered by the signed text, which cannot be varied as a signature's encoding can. */
  function present(idToken: string, issuedAtSeconds: number): void {
    const signed = idToken.slice(0, idToken.lastIndexOf('.'))
    const forgetAt = (issuedAtSeconds + idTokenMaxAgeSeconds + clockSkewSeconds + 1) * 1000
    if (!state.logins.present(hashOf(signed), forgetAt)) throw new Refused('it was exchanged before')
  }

  function start(userId: string, principal: Principal, workload: Principal | undefined): TokenResponse {
    const id = newId()
    const endsAt = now() + Math.round(loginHours * 3600_000)
    state.logins.insert({ id, userId, startedAt: now(), endsAt, ...(workload === undefined ? {} : { workload }) })
    const response = grant(state.logins.get(id)!)
    return workload === undefined ? { ...response, refreshToken: grantRefresh(id), principal } : { ...response, principal }
  }

  function grant(login: Login): TokenResponse {
    const accessToken = newToken('access', randomBytes)
    const expiresAt = Math.min(now() + accessMinutes * 60_000, login.endsAt)
    state.logins.addAccessToken(hashOf(accessToken), login.id, expiresAt)
    return { accessToken, expiresInSeconds: Math.floor((expiresAt - now()) / 1000), principal: loginPrincipal(login) }
  }

  function grantRefresh(login: string): string {
    const token = newToken('refresh', randomBytes)
    state.logins.addRefreshToken(hashOf(token), login)
    return token
  }

  function noteRefusal(error: unknown, method: string, source: string): void {
    if (!(error instanceof GatewayError)) return
    const refused = error instanceof Refused ? error : undefined
    note({
      kind: 'login',
      ...(refused?.actor === undefined ? {} : { actor: refused.actor }),
      source,
      method,
      accepted: false,
      reason: refused?.reason ?? 'the identity provider could not be asked'
    })
  }

  function prune(): void {
    if (now() - prunedAt < pruneMilliseconds) return
    prunedAt = now()
    state.logins.prune(now())
  }

  function newId(): string {
    return makeId(now(), randomBytes(16))
  }
}
