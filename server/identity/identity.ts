// Who is asking, and for how long: the parts of identity put together behind one interface. See docs/identity.md.
// Providers vouch for people once, at login; from then on the gateway's own tokens count, so that ending them needs nobody's help.
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import type {
  CreatedServiceToken,
  CreateServiceToken,
  ServiceTokenSummary,
  TokenRequest,
  TokenResponse,
  UserSummary
} from '../../shared/api.ts'
import type { EntryFacts } from '../../shared/audit/entry.ts'
import { GatewayError } from '../../shared/errors.ts'
import type { Id } from '../../shared/model.ts'
import type { State } from '../state/state.ts'
import { createBearers } from './bearers.ts'
import { loginPrincipal, serviceIssuer } from './live.ts'
import { createLogins, type LoginSettings } from './logins.ts'
import { isLoopback, providerKeys } from './oidc.ts'
import { createPeople } from './people.ts'
import { actorOf } from './principal.ts'
import { createRevocations } from './revocations.ts'
import { createServiceTokens } from './service-tokens.ts'
import type { Revocation, Verified } from './verified.ts'
import { checkWorkloads } from './workloads.ts'

export type { Revocation, Verified } from './verified.ts'

export interface Identity {
  /** @throws GatewayError unauthenticated; all refusals look alike */
  verify(bearer: string): Verified
  /**
   * A provider's token, or a refresh token, for the gateway's own.
   * @param source the client's address, for the audit log
   * @throws GatewayError unauthenticated; all refusals look alike
   */
  exchange(request: TokenRequest, source: string): Promise<TokenResponse>
  /** Logs out. @throws GatewayError bad_request for a service token, which is revoked instead */
  endLogin(who: Verified): void
  /** @throws GatewayError unauthenticated if it was revoked or disabled meanwhile */
  recheck(who: Verified): void
  /** Called synchronously, before the revoking call returns. @returns stops it */
  onRevoked(listener: (revocation: Revocation) => void): () => void
  /** As of their latest login; undefined for whoever has never logged in. */
  person(issuer: string, subject: string): KnownPerson | undefined
  createServiceToken(who: Verified, request: CreateServiceToken): CreatedServiceToken
  /** Own; admins see all. */
  serviceTokens(who: Verified): ServiceTokenSummary[]
  revokeServiceToken(who: Verified, id: Id): void
  /** @throws GatewayError forbidden unless an admin asks, as the next two */
  users(who: Verified): UserSummary[]
  disableUser(who: Verified, id: Id): void
  enableUser(who: Verified, id: Id): void
}

export interface KnownPerson {
  readonly groups: readonly string[]
  readonly disabled: boolean
  readonly admin: boolean
}

export interface IdentitySettings extends LoginSettings {
  /** People who have this group may list and disable people. */
  readonly adminGroup: string
  /** People who have this group may read the audit log. */
  readonly auditorGroup: string
  /** PEM bundle trusted for the issuer instead of the system's. */
  readonly ca?: string
}

export interface IdentityOptions {
  readonly settings: IdentitySettings
  readonly state: State
  /** Queues an audit entry. */
  readonly note: (facts: EntryFacts) => void
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly randomBytes: (n: number) => Uint8Array
  /** The issuer's public keys where it lives in this process; fetched from the issuer otherwise. */
  readonly issuerKeys?: JSONWebKeySet
}

/** @throws GatewayError config_invalid */
export async function openIdentity({ settings, state, note, now, randomBytes, issuerKeys }: IdentityOptions): Promise<Identity> {
  for (const { issuer } of [settings, ...settings.workloads]) mustBeConfidential(issuer)
  checkWorkloads(settings.workloads, settings)

  const revocations = createRevocations()
  const bearers = createBearers({ state, rights: settings, now })
  const changed = bearers.forget
  const revoked = revocations.tell
  const logins = createLogins({
    settings,
    state,
    note,
    now,
    randomBytes,
    changed,
    keysOf: keySources(settings, issuerKeys, now),
    revoked: (login, reason) => {
      const { issuer, subject } = loginPrincipal(login)
      revoked({ issuer, subject, login: login.id, reason })
    }
  })
  const tokens = createServiceTokens({ state, note, now, randomBytes, changed, revoked, lastUsed: bearers.lastUsed })
  const people = createPeople({ state, note, now, changed, revoked })

  /** A verified bearer may have been revoked between its verification and now. */
  const standing = (who: Verified): Verified => {
    bearers.recheck(who)
    return who
  }

  return {
    verify: bearers.verify,
    exchange: logins.exchange,
    recheck: bearers.recheck,
    onRevoked: revocations.listen,

    person(issuer, subject) {
      const user = state.users.find(issuer, subject)
      if (user === undefined) return undefined
      const { groups, disabledAt } = user
      return { groups, disabled: disabledAt !== undefined, admin: groups.includes(settings.adminGroup) }
    },

    endLogin(who) {
      if (who.principal.issuer === serviceIssuer) {
        throw new GatewayError('bad_request', 'a service token is not a login', { hint: `hoop tokens revoke ${who.login}` })
      }
      if (!state.logins.end(who.login, now())) return
      changed()
      const { issuer, subject } = who.principal
      note({ kind: 'token', actor: actorOf(who.principal), action: 'revoke', token: who.login })
      revoked({ issuer, subject, login: who.login, reason: 'its owner logged out' })
    },

    createServiceToken: (who, request) => tokens.create(standing(who), request),
    serviceTokens: (who) => tokens.list(standing(who)),
    revokeServiceToken: (who, id) => tokens.revoke(standing(who), id),
    users: (who) => people.list(standing(who)),
    disableUser: (who, id) => people.disable(standing(who), id),
    enableUser: (who, id) => people.enable(standing(who), id)
  }
}

function mustBeConfidential(issuer: string): void {
  const url = new URL(issuer)
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url))) return
  throw new GatewayError('config_invalid', `identity: the issuer ${issuer} is not an https URL`, { hint: 'http is for providers on this machine only' })
}

/** One source per issuer, each with its own memory. */
function keySources({ issuer: main, ca }: IdentitySettings, issuerKeys: JSONWebKeySet | undefined, now: () => number) {
  const sources = new Map<string, JWTVerifyGetKey>()
  if (issuerKeys !== undefined) sources.set(main, createLocalJWKSet(issuerKeys))
  return (issuer: string): JWTVerifyGetKey => {
    let source = sources.get(issuer)
    if (source === undefined) {
      source = providerKeys({ issuer, now, ...(issuer === main && ca !== undefined ? { ca } : {}) })
      sources.set(issuer, source)
    }
    return source
  }
}
