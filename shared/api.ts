// Every path of the gateway's HTTP API with its request and response, one list. JSON bodies; errors are problem+json (ApiProblem).
// All paths but `discovery`, `health` and `tokens` need `Authorization: Bearer <access token>`.
import type { AuditEntry } from './audit/entry.ts'
import type { ErrorCode } from './errors.ts'
import type { Id, Principal, SessionId, Usage } from './model.ts'

export const paths = {
  /** GET -> Discovery */
  discovery: '/.well-known/hoop',
  /** GET -> Health; 503 while statements are refused */
  health: '/health',
  /** POST TokenRequest -> TokenResponse */
  tokens: '/v1/tokens',
  /** DELETE: ends the login behind the presented token, its refresh token included */
  currentToken: '/v1/tokens/current',
  /** GET -> WhoAmI */
  whoami: '/v1/whoami',
  /** GET -> TargetSummary[] */
  targets: '/v1/targets',
  /** POST OpenSession -> OpenedSession; GET ?target&user&since&limit&before -> SessionSummary[], newest first */
  sessions: '/v1/sessions',
  /** GET -> SessionDetail; DELETE ends it */
  session: (id: SessionId) => `/v1/sessions/${id}`,
  /** WebSocket, JSON text frames: SessionEvent */
  sessionEvents: (id: SessionId) => `/v1/sessions/${id}/events`,
  /** WebSocket, binary frames: the bytes of one local connection */
  sessionConnections: (id: SessionId) => `/v1/sessions/${id}/connections`,
  /** POST CreateServiceToken -> CreatedServiceToken; GET -> ServiceTokenSummary[] */
  serviceTokens: '/v1/service-tokens',
  /** DELETE */
  serviceToken: (id: Id) => `/v1/service-tokens/${id}`,
  /** GET -> UserSummary[] */
  users: '/v1/users',
  /** POST */
  disableUser: (id: Id) => `/v1/users/${id}/disable`,
  /** POST */
  enableUser: (id: Id) => `/v1/users/${id}/enable`
} as const

export interface ApiProblem {
  readonly type: 'about:blank'
  readonly title: string
  readonly status: number
  readonly code: ErrorCode
  readonly detail: string
  readonly hint?: string
  /** Nearest names, where something was not found. */
  readonly nearest?: readonly string[]
}

export interface Discovery {
  readonly product: 'hoop'
  readonly version: string
  readonly issuer: string
  readonly clientId: string
  readonly scopes: readonly string[]
  /** Whether `hoop login --device` may be used. */
  readonly deviceFlow: boolean
}

export interface Health {
  readonly status: 'ok' | 'refusing'
  readonly version: string
  readonly sessions: number
  /** Why statements are refused, for the operator. */
  readonly reason?: string
}

export type TokenRequest =
  /** An ID token of the configured issuer; `nonce` is the one sent in the authorization request, absent for the device flow. */
  | { readonly grant: 'id_token', readonly idToken: string, readonly nonce?: string }
  /** A CI workload's own OIDC token. */
  | { readonly grant: 'workload', readonly idToken: string }
  | { readonly grant: 'refresh', readonly refreshToken: string }

export interface TokenResponse {
  readonly accessToken: string
  /** Absent for workloads. */
  readonly refreshToken?: string
  readonly expiresInSeconds: number
  readonly principal: Principal
}

export interface WhoAmI {
  readonly principal: Principal
  /** RFC 3339; when the presented token ends. */
  readonly expiresAt: string
  /** RFC 3339; when the whole login ends and has to be made again. */
  readonly loginEndsAt: string
  readonly admin: boolean
}

export interface TargetSummary {
  readonly name: string
  readonly protocol: string
  readonly database?: string
  readonly labels: Readonly<Record<string, string>>
}

export interface OpenSession {
  readonly target: string
  /** Ask for a password that native clients must present: for machines where the peer of a local socket cannot be checked. */
  readonly clientPassword?: boolean
}

export interface OpenedSession {
  readonly id: SessionId
  readonly target: TargetSummary
  readonly usage: Usage
  readonly clientPassword?: string
}

export interface SessionSummary {
  readonly id: SessionId
  readonly principal: Pick<Principal, 'issuer' | 'subject' | 'email' | 'kind'>
  readonly target: string
  readonly startedAt: string
  readonly endedAt?: string
  readonly endReason?: string
  readonly statements: number
  readonly denied: number
}

export interface SessionDetail extends SessionSummary {
  readonly connections: number
  /** Entries of the audit log that speak of this session, in order: intents, decisions, outcomes, start and end. */
  readonly entries: readonly AuditEntry[]
  /** There are more than these first ones; the log's files have them all. */
  readonly truncated?: boolean
}

export interface CreateServiceToken {
  readonly name: string
  /** Targets it may open. */
  readonly targets: readonly string[]
  /** 1 to 90. */
  readonly expiresInDays: number
  readonly kind: 'service' | 'agent'
}

export interface ServiceTokenSummary {
  readonly id: Id
  readonly name: string
  readonly owner: { readonly issuer: string, readonly subject: string, readonly email?: string }
  readonly targets: readonly string[]
  readonly kind: 'service' | 'agent'
  readonly createdAt: string
  readonly expiresAt: string
  readonly lastUsedAt?: string
  readonly revokedAt?: string
}

/** The secret is shown this once. */
export interface CreatedServiceToken extends ServiceTokenSummary {
  readonly secret: string
}

export interface UserSummary {
  readonly id: Id
  readonly issuer: string
  readonly subject: string
  readonly email?: string
  readonly name?: string
  readonly groups: readonly string[]
  readonly lastLoginAt?: string
  readonly disabledAt?: string
}
