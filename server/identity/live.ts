// When a login or a service token is still good, and whom it makes of its bearer. Pure.
import type { Principal } from '../../shared/model.ts'
import type { Login } from '../state/logins.ts'
import type { ServiceToken } from '../state/service-tokens.ts'
import type { User } from '../state/users.ts'
import type { Verified } from './verified.ts'

/** Principals of service tokens have this issuer, which no provider can have: their subjects cannot be anybody else's. */
export const serviceIssuer = 'urn:hoop:service-tokens'

export function isLiveLogin(login: Login, now: number): boolean {
  return login.endedAt === undefined && login.endsAt > now && login.user.disabledAt === undefined
}

export function isLiveToken(token: ServiceToken, now: number): boolean {
  return token.revokedAt === undefined && token.expiresAt > now && token.owner.disabledAt === undefined
}

/** As the latest login described the person: a group lost there is lost everywhere. */
export function personPrincipal({ issuer, subject, email, name, groups }: User): Principal {
  return { issuer, subject, ...(email === undefined ? {} : { email }), ...(name === undefined ? {} : { name }), groups, kind: 'human' }
}

export function ownerOf({ issuer, subject, email }: User): NonNullable<Principal['onBehalfOf']> {
  return { issuer, subject, ...(email === undefined ? {} : { email }) }
}

export function loginPrincipal(login: Login): Principal {
  return login.workload ?? personPrincipal(login.user)
}

/** The groups are the owner's of now, so that a token never outranks its owner. */
export function tokenPrincipal({ id, name, kind, owner }: ServiceToken): Principal {
  return { issuer: serviceIssuer, subject: `${kind}:${id}`, name, groups: owner.groups, kind, onBehalfOf: ownerOf(owner) }
}

export interface Rights {
  readonly adminGroup: string
  readonly auditorGroup: string
}

/** Only people have rights beyond their own things. */
export function verifiedLogin(login: Login, expiresAt: number, { adminGroup, auditorGroup }: Rights): Verified {
  const principal = loginPrincipal(login)
  return {
    principal,
    login: login.id,
    loginEndsAt: login.endsAt,
    expiresAt,
    admin: principal.kind === 'human' && principal.groups.includes(adminGroup),
    auditor: principal.kind === 'human' && principal.groups.includes(auditorGroup)
  }
}

export function verifiedToken(token: ServiceToken): Verified {
  return {
    principal: tokenPrincipal(token),
    login: token.id,
    loginEndsAt: token.expiresAt,
    expiresAt: token.expiresAt,
    admin: false,
    auditor: false,
    targets: token.targets
  }
}
