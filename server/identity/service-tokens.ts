// Tokens for jobs and agents: made by a person, for named targets, for at most 90 days, and gone with that person.
import type { CreatedServiceToken, CreateServiceToken, ServiceTokenSummary } from '../../shared/api.ts'
import type { EntryFacts } from '../../shared/audit/entry.ts'
import { GatewayError } from '../../shared/errors.ts'
import { makeId } from '../../shared/id.ts'
import type { ServiceToken } from '../state/service-tokens.ts'
import type { State } from '../state/state.ts'
import { ownerOf, tokenPrincipal } from './live.ts'
import { actorOf, hashOf } from './principal.ts'
import { newToken } from './tokens.ts'
import type { Revocation, Verified } from './verified.ts'

const dayMilliseconds = 24 * 3600_000
const maxDays = 90
const maxTargets = 100
const maxLivePerOwner = 100
const name = /^[\p{L}\p{N}][\p{L}\p{N} ._@:/-]{0,99}$/u

export interface ServiceTokenParts {
  readonly state: State
  readonly note: (facts: EntryFacts) => void
  readonly now: () => number
  readonly randomBytes: (n: number) => Uint8Array
  readonly changed: () => void
  readonly revoked: (revocation: Revocation) => void
  readonly lastUsed: (token: string) => number | undefined
}

export interface ServiceTokenDesk {
  /** @throws GatewayError forbidden | bad_request | limit_exceeded */
  create(who: Verified, request: CreateServiceToken): CreatedServiceToken
  /** Own ones; admins see everybody's. */
  list(who: Verified): ServiceTokenSummary[]
  /** @throws GatewayError not_found, for those of others too */
  revoke(who: Verified, id: string): void
}

export function createServiceTokens({ state, note, now, randomBytes, changed, revoked, lastUsed }: ServiceTokenParts): ServiceTokenDesk {
  const personOf = ({ principal }: Verified) =>
    principal.kind === 'human' ? state.users.find(principal.issuer, principal.subject) : undefined

  return {
    create(who, request) {
      const owner = personOf(who)
      if (owner === undefined) {
        throw new GatewayError('forbidden', 'only people make service tokens', { hint: 'make it as the person who answers for it: hoop login' })
      }
      check(request)
      const at = now()
      if (state.serviceTokens.countLive(owner.id, at) >= maxLivePerOwner) {
        throw new GatewayError('limit_exceeded', `you have ${maxLivePerOwner} service tokens, the most a person may have`, { hint: 'hoop tokens revoke ID' })
      }
      const secret = newToken('service', randomBytes)
      const token: ServiceToken = {
        id: makeId(at, randomBytes(16)),
        owner,
        name: request.name,
        kind: request.kind,
        targets: [...new Set(request.targets)],
        createdAt: at,
        expiresAt: at + request.expiresInDays * dayMilliseconds
      }
      state.serviceTokens.insert({ ...token, hash: hashOf(secret), ownerId: owner.id })
      note({ kind: 'token', actor: actorOf(who.principal), action: 'create', token: token.id, subject: tokenPrincipal(token).subject })
      return { ...summaryOf(token), secret }
    },

    list(who) {
      const person = personOf(who)
      if (person === undefined) return []
      return state.serviceTokens.list(who.admin ? undefined : person.id)
        .map((token) => summaryOf(token, lastUsed(token.id)))
    },

    revoke(who, id) {
      const token = state.serviceTokens.get(id)
      if (token === undefined || !(who.admin || token.owner.id === personOf(who)?.id)) {
        throw new GatewayError('not_found', 'there is no such service token', { hint: 'hoop tokens list shows yours' })
      }
      if (!state.serviceTokens.revoke(id, now())) return
      changed()
      const { issuer, subject } = tokenPrincipal(token)
      note({ kind: 'token', actor: actorOf(who.principal), action: 'revoke', token: id, subject })
      revoked({ issuer, subject, login: id, reason: 'the service token was revoked' })
    }
  }
}

function check(request: CreateServiceToken): void {
  const wrong = (message: string) => new GatewayError('bad_request', message)
  if (!name.test(request.name)) throw wrong('name is 1 to 100 letters, digits, spaces and . _ @ : / -, and begins with a letter or digit')
  if (request.targets.length === 0) throw wrong('targets names at least one target')
  if (request.targets.length > maxTargets) throw wrong(`targets names at most ${maxTargets} targets`)
  if (!request.targets.every((target) => typeof target === 'string' && target !== '' && target.length <= 63)) throw wrong('targets are names of targets')
  const { expiresInDays: days } = request
  if (!Number.isInteger(days) || days < 1 || days > maxDays) throw wrong(`expiresInDays is a whole number from 1 to ${maxDays}`)
  if (request.kind !== 'service' && request.kind !== 'agent') throw wrong('kind is service or agent')
}

function summaryOf(token: ServiceToken, lastUsedAt = token.lastUsedAt): ServiceTokenSummary {
  return {
    id: token.id,
    name: token.name,
    owner: ownerOf(token.owner),
    targets: token.targets,
    kind: token.kind,
    createdAt: iso(token.createdAt),
    expiresAt: iso(token.expiresAt),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt: iso(lastUsedAt) }),
    ...(token.revokedAt === undefined ? {} : { revokedAt: iso(token.revokedAt) })
  }
}

function iso(at: number): string {
  return new Date(at).toISOString()
}
