// Every path of the gateway's HTTP API with its request and response, in one place. JSON bodies; errors are problem+json (ApiProblem).
// All paths but `discovery`, `health` and `tokens` need `Authorization: Bearer <access token>`.
import type { AuditEntry } from './audit/entry.ts'
import type { ErrorCode } from './errors.ts'
import type {
  Effect,
  Exemption,
  HeldContext,
  Id,
  Principal,
  ReviewState,
  ReviewTerms,
  SessionId,
  StatementFlag,
  Usage
} from './model.ts'

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
  /** POST ExplainRequest -> Explanation: what would happen to a statement, by those who may open the target */
  explain: (target: string) => `/v1/targets/${target}/explain`,
  /**
   * POST OpenSession -> OpenedSession, or 202 ReviewSummary where opening the target waits for people;
   * GET ?target&user&since&until&status&limit&before -> SessionSummary[], newest first, at most 1,000
   */
  sessions: '/v1/sessions',
  /** GET -> SessionDetail; DELETE EndSession, or no body, ends it */
  session: (id: SessionId) => `/v1/sessions/${id}`,
  /** WebSocket, JSON text frames: SessionEvent */
  sessionEvents: (id: SessionId) => `/v1/sessions/${id}/events`,
  /** GET -> NDJSON, one ReplayLine each: what was shown, where it is recorded. That somebody looked is written down first */
  recording: (id: SessionId) => `/v1/sessions/${id}/recording`,
  /** WebSocket, JSON text frames: RecordingEvent, from now on. That somebody looks is written down first */
  follow: (id: SessionId) => `/v1/sessions/${id}/follow`,
  /** WebSocket, binary frames: the bytes of one local connection */
  sessionConnections: (id: SessionId) => `/v1/sessions/${id}/connections`,
  /** GET ?state&target&mine&limit -> ReviewSummary[], newest first: those one asked for and those one may decide; admins see all */
  reviews: '/v1/reviews',
  /** GET -> ReviewDetail; that one of those asked has looked is written down */
  review: (id: Id) => `/v1/reviews/${id}`,
  /** POST ReviewVote -> ReviewDetail */
  approveReview: (id: Id) => `/v1/reviews/${id}/approve`,
  /** POST ReviewVote -> ReviewDetail */
  rejectReview: (id: Id) => `/v1/reviews/${id}/reject`,
  /** POST: by the one who asked */
  withdrawReview: (id: Id) => `/v1/reviews/${id}/withdraw`,
  /** POST ReviewReason: by the one who asked */
  reviewReason: (id: Id) => `/v1/reviews/${id}/reason`,
  /** POST: by an admin */
  expireReview: (id: Id) => `/v1/reviews/${id}/expire`,
  /** WebSocket, JSON text frames: ReviewEvent */
  reviewEvents: '/v1/reviews/events',
  /** GET -> SealedEntry, by auditors and admins, who find an `audit.read` entry in the log for it */
  sealedEntry: (index: string | number) => `/v1/audit/entries/${index}/sealed`,
  /** POST Redact -> Redacted, by an admin; the session has ended */
  redactSession: (id: SessionId) => `/v1/sessions/${id}/redact`,
  /** POST CreateServiceToken -> CreatedServiceToken; GET -> ServiceTokenSummary[] */
  serviceTokens: '/v1/service-tokens',
  /** DELETE */
  serviceToken: (id: Id) => `/v1/service-tokens/${id}`,
  /** POST ProposePrune -> PruneProposal; GET -> PruneProposal[]: what may be removed from the audit log, by admins */
  auditPrunes: '/v1/audit/prunes',
  /** POST -> ConfirmedPrune: by another admin than the one who proposed */
  confirmPrune: (id: Id) => `/v1/audit/prunes/${id}/confirm`,
  /** GET -> UserSummary[] */
  users: '/v1/users',
  /** POST */
  disableUser: (id: Id) => `/v1/users/${id}/disable`,
  /** POST */
  enableUser: (id: Id) => `/v1/users/${id}/enable`,
  /** GET -> ExportStatus[], in the order of the configuration */
  auditExports: '/v1/audit/exports'
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
  /** Absent where none is configured. */
  readonly witnesses?: readonly WitnessHealth[]
}

/** A witness of the audit log; one that has a `problem` is behind, and statements go on. */
export interface WitnessHealth {
  /** As in `audit.witnesses`. */
  readonly name: string
  /** How many entries it has cosigned. */
  readonly entries: number
  /** RFC 3339; when, by the witness's clock. */
  readonly time?: string
  readonly problem?: string
}

export interface ProposePrune {
  /** RFC 3339, UTC. */
  readonly before: string
  readonly reason: string
}

/** Entries of the audit log that go once another admin confirms it. */
export interface PruneProposal {
  readonly id: Id
  /** Index of the first entry that stays. */
  readonly first: number
  readonly entries: number
  readonly bytes: number
  /** RFC 3339, of the newest one that goes. */
  readonly newest: string
  /** Of the tree over all that is gone then, base64. */
  readonly root: string
  readonly reason: string
  readonly requestedBy: string
  /** RFC 3339. */
  readonly expiresAt: string
}

export interface ConfirmedPrune {
  /** Index of the entry that says so. */
  readonly entry: number
  readonly first: number
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

/** All that an entry's exact texts can be opened with, but for the private key, which stays with the auditor. Bytes are base64. */
export interface SealedEntry {
  /** As it lies in the log. */
  readonly entry: string
  /** What is attached to it; empty where that is nothing. */
  readonly attachment: string
  /** The file with its session's key; absent where there is none. */
  readonly key?: string
  /** What destroyed the key. */
  readonly redaction?: AuditEntry
}

export interface Redact {
  readonly reason: string
}

export interface Redacted {
  /** Index of the `redaction` entry. */
  readonly entry: number
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
  /** Why protected values are to be seen in clear; 1 to 1,000 characters. For those whom an exemption lets ask; refused to others. */
  readonly clear?: string
}

export interface OpenedSession {
  readonly id: SessionId
  readonly target: TargetSummary
  readonly usage: Usage
  readonly clientPassword?: string
  /** What is shown in clear, where that was asked for. */
  readonly clear?: readonly Exemption[]
}

export interface SessionSummary {
  readonly id: SessionId
  readonly principal: Pick<Principal, 'issuer' | 'subject' | 'email' | 'kind'>
  readonly target: string
  readonly startedAt: string
  readonly endedAt?: string
  readonly endReason?: string
  /** Absent, as the other counts: the gateway stopped without an orderly end, and nobody had counted yet. The audit log has them all. */
  readonly statements?: number
  readonly denied?: number
}

export interface SessionDetail extends SessionSummary {
  readonly connections?: number
  /** Entries of the audit log that speak of this session, in order: intents, decisions, outcomes, start and end. */
  readonly entries: readonly AuditEntry[]
  /** There are more than these first ones; the log's files have them all. */
  readonly truncated?: boolean
}

export interface ReviewSummary {
  readonly id: Id
  /** `access` opens a target for a while, `statement` runs one thing once. */
  readonly kind: 'statement' | 'access'
  readonly state: ReviewState
  readonly target: string
  readonly requester: Pick<Principal, 'issuer' | 'subject' | 'email' | 'name' | 'kind' | 'onBehalfOf'>
  readonly rule: string
  /** Redacted, of the first statement; absent for access. */
  readonly statement?: string
  readonly createdAt: string
  readonly expiresAt: string
  readonly endedAt?: string
  /** Groups whose members may decide. */
  readonly asked: readonly string[]
  readonly needed: number
  readonly given: number
  readonly session?: SessionId
  readonly connection?: number
  readonly requesterReason?: string
  /** Whether the asker of this API call asked for it, or may decide it (break-glass included). */
  readonly mine: boolean
  readonly mayDecide: boolean
}

export interface ReviewDetail extends ReviewSummary {
  readonly terms: ReviewTerms
  /** SHA-256 over all that an approval is bound to; a vote repeats it, so that nobody approves what they have not seen. */
  readonly binding: string
  /** Exact text and parameters; while it is pending, and only for the one who asked and those who may decide. */
  readonly statements: readonly HeldStatement[]
  readonly context?: HeldContext
  /** The session's statements before it, oldest first, redacted. */
  readonly earlier: readonly { readonly time: string, readonly statement: string, readonly outcome?: string }[]
  readonly votes: readonly CastVote[]
  /** Why it ended as it did. */
  readonly endReason?: string
  /** Of approved access: its absolute end. */
  readonly windowEndsAt?: string
}

export interface CastVote {
  /** As people know them. */
  readonly by: string
  readonly approve: boolean
  readonly breakGlass: boolean
  readonly reason?: string
  readonly at: string
}

export interface HeldStatement {
  readonly text: string
  /** As text where they are valid UTF-8, else `\\x` and hex; null is SQL NULL. */
  readonly parameters: readonly (string | null)[]
  readonly sha256: string
  /** Bytes of the exact text. */
  readonly length: number
  readonly verb: string
  readonly effects: readonly Effect[]
  readonly relations: readonly string[]
  readonly flags: readonly StatementFlag[]
}

export interface EndSession {
  /** Told to the session's clients, and written down. */
  readonly reason: string
}

export interface ReviewVote {
  readonly binding: string
  readonly reason?: string
  /** Release what one asked for oneself. */
  readonly breakGlass?: boolean
}

export interface ReviewReason {
  readonly reason: string
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

export interface ExportStatus {
  readonly name: string
  readonly kind: string
  /** `failing`: it goes on trying. `stopped`: its cursor cannot be used, and somebody has to see to it. */
  readonly state: 'running' | 'failing' | 'stopped'
  /** Index of the entry to be sent next. */
  readonly next: number
  readonly lagEntries: number
  /** Age of the oldest entry that was not received yet; 0 when there is none. */
  readonly lagSeconds: number
  /** Entries it refused for good. */
  readonly deadLetters: number
  readonly strict: boolean
  /** Statements are refused because of it. */
  readonly blocking: boolean
  /** The last one, long over or not. */
  readonly lastError?: { readonly at: string, readonly reason: string }
}
