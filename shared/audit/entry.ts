// One leaf of the audit log: what was asked, decided and done. Types only; see docs/audit.md for the meaning of each field.
import type { KeyRotation } from './rotation.ts'
import type { Decision, Effect, Exemption, Exposure, Outcome, Principal, ReviewState, StatementFlag, Target } from '../model.ts'

/** What the writer of an entry says; index, origin and clocks are added by the log. */
export type EntryFacts =
  /** `exemption`: what it may show in clear, for the reason given. */
  | { readonly kind: 'session.start', readonly session: string, readonly actor: Actor, readonly target: TargetFacts, readonly source: string, readonly key?: SessionKeyFacts, readonly exemption?: { readonly reason: string, readonly rules: readonly Exemption[] } }
  | { readonly kind: 'session.end', readonly session: string, readonly actor: Actor, readonly reason: string, readonly connections: number, readonly recording?: RecordingFacts }
  | { readonly kind: 'connection.start', readonly session: string, readonly connection: number, readonly client?: string }
  | { readonly kind: 'connection.end', readonly session: string, readonly connection: number, readonly errorClass?: string }
  | { readonly kind: 'statement.intent', readonly session: string, readonly connection: number, readonly actor: Actor, readonly target: TargetFacts, readonly statement: StatementFacts, readonly decision: DecisionFacts, readonly sealed?: SealedFacts }
  /** A refusal: nothing of the statement went upstream. */
  | { readonly kind: 'decision', readonly session: string, readonly connection: number, readonly actor: Actor, readonly target: TargetFacts, readonly statement: StatementFacts, readonly decision: DecisionFacts, readonly sealed?: SealedFacts }
  /** `intent` is the index of the entry whose operation ended. */
  | { readonly kind: 'outcome', readonly session: string, readonly connection: number, readonly intent: number, readonly outcome: OutcomeFacts }
  | { readonly kind: 'cancel', readonly session: string, readonly connection: number, readonly actor: Actor, readonly cancels: number, readonly decision: DecisionFacts }
  /** What waits for people, before anybody is asked. `binding`: SHA-256 over all that the approval is bound to, lower-case hex. */
  | { readonly kind: 'review.held', readonly review: string, readonly session?: string, readonly connection?: number, readonly actor: Actor, readonly target: TargetFacts, readonly statements: readonly StatementFacts[], readonly binding: string, readonly decision: DecisionFacts, readonly asked: readonly string[], readonly expiresAt: string, readonly sealed?: SealedFacts }
  | { readonly kind: 'review.asked', readonly review: string, readonly sink: string, readonly delivered: boolean }
  | { readonly kind: 'review.seen', readonly review: string, readonly actor: Actor }
  | { readonly kind: 'review.reason', readonly review: string, readonly actor: Actor, readonly reason: string }
  | { readonly kind: 'review.vote', readonly review: string, readonly actor: Actor, readonly approve: boolean, readonly reason?: string, readonly breakGlass?: boolean }
  /** It ended otherwise than by running; or an approval was given that has not been used yet. */
  | { readonly kind: 'review.end', readonly review: string, readonly state: Exclude<ReviewState, 'pending'>, readonly actor?: Actor, readonly reason?: string }
  /** What was approved is about to run; its intents follow at once. */
  | { readonly kind: 'review.release', readonly review: string, readonly session: string, readonly connection: number, readonly approvers: readonly Actor[] }
  | { readonly kind: 'login', readonly actor?: Actor, readonly source: string, readonly method: string, readonly accepted: boolean, readonly reason?: string }
  | { readonly kind: 'token', readonly actor: Actor, readonly action: 'create' | 'refresh' | 'revoke' | 'reuse', readonly token: string, readonly subject?: string }
  | { readonly kind: 'revocation', readonly actor: Actor, readonly subject: { readonly issuer: string, readonly subject: string }, readonly action: 'disable' | 'enable' }
  /** Somebody read sealed things, or the log, through the gateway. `entry`: the one that was opened. */
  | { readonly kind: 'audit.read', readonly actor: Actor, readonly action: 'open' | 'search' | 'export' | 'replay' | 'follow', readonly session?: string, readonly entry?: number, readonly detail?: string }
  /** The session's key is destroyed: what it sealed opens for nobody any more. `keySha256`: of the key file, as in `session.start`. */
  | { readonly kind: 'redaction', readonly session: string, readonly keySha256: string, readonly actor: Actor, readonly reason: string }
  /** `protects`: what it says is protected, as its author wrote it, cut where an entry would be too large. */
  | { readonly kind: 'policy.change', readonly policy: string, readonly previous?: string, readonly rules?: number, readonly protects?: readonly ProtectsFacts[] }
  | { readonly kind: 'admin', readonly actor?: Actor, readonly action: string, readonly detail?: string }
  /** From the next entry on, checkpoints are signed by the key `next`. */
  | ({ readonly kind: 'key.rotate' } & KeyRotation)
  /**
   * Two people have approved that the entries [0, first) are removed. `root`: of the tree over them, base64. `keys`: key rotations among
   * them, by the index of their entry.
   */
  | { readonly kind: 'retention.prune', readonly first: number, readonly root: string, readonly approvers: readonly [Actor, Actor], readonly reason: string, readonly keys?: readonly (KeyRotation & { readonly at: number })[] }
  | { readonly kind: 'heartbeat', readonly sessions: number }
  | { readonly kind: 'clock.jump', readonly deltaMilliseconds: number }
  /** A sink refused this one, and `count` - 1 more of the same batch; its dead-letter file names them all. */
  | { readonly kind: 'export.dead-letter', readonly sink: string, readonly entry: number, readonly count: number, readonly reason: string }
  /** Written by the log itself at start: what it found torn or left without an outcome. */
  | { readonly kind: 'recovery', readonly droppedBytes: number, readonly unknownOutcomes: number, readonly discontinuity?: string }

/** An entry as it stands in the log. */
export type AuditEntry = EntryFacts & {
  readonly version: 1
  readonly index: number
  /** Name of the log, as in its checkpoints. */
  readonly origin: string
  /** Wall clock, RFC 3339 with milliseconds, UTC. */
  readonly time: string
  /** Nanoseconds since the gateway's process started, decimal digits: orders entries of one boot even when the wall clock moves. */
  readonly monotonic: string
  /** One per start of the gateway. */
  readonly boot: string
}

export type Actor = Omit<Principal, 'name'>
export type TargetFacts = Pick<Target, 'name' | 'protocol' | 'database' | 'address'>

/** What is attached to the entry, sealed: right behind it in the segment, and no part of the entry itself. */
export interface SealedFacts {
  /** SHA-256 of the attachment, lower-case hex. */
  readonly sha256: string
  readonly bytes: number
}

/** The file with the session's key, wrapped for each recipient. */
export interface SessionKeyFacts {
  /** SHA-256 of the file, lower-case hex. */
  readonly sha256: string
  /** Names, as in `audit.sealTo`. */
  readonly recipients: readonly string[]
}

/** The file with what the client was shown, as it was when the session ended. */
export interface RecordingFacts {
  /** Of the file, lower-case hex. */
  readonly sha256: string
  readonly bytes: number
  readonly events: number
  /** Something was shown that is not kept, and is marked so. */
  readonly cut?: true
  /** It could not be written to its end. */
  readonly incomplete?: true
}

export interface StatementFacts {
  readonly step: 'check' | 'prepare' | 'bind' | 'execute'
  readonly verb: string
  /** Without literals and comments; absent where the text could not be scanned. */
  readonly redacted?: string
  readonly sha256: string
  /** SHA-256 of the whole string, where this is one of several statements in it. */
  readonly partOf?: string
  /** Bytes of the exact text. */
  readonly length: number
  readonly parameters: number
  readonly effects: readonly Effect[]
  readonly relations: readonly string[]
  readonly flags: readonly StatementFlag[]
  /** Protected columns: masked in what goes back, shown in clear by an exemption, and what else depends on them. */
  readonly exposure?: Omit<Exposure, 'action'>
}

export interface DecisionFacts {
  readonly action: Decision['action']
  readonly rule: string
  /** Hash of the policy that decided. */
  readonly policy: string
  readonly reason?: string
  /** The review that released it. */
  readonly review?: string
}

/** One rule of the section `protect`. */
export interface ProtectsFacts {
  readonly name: string
  /** Patterns; of columns named by comment or security label, what these have to hold. */
  readonly columns: readonly string[]
  readonly mask: string
  /** Patterns left out. */
  readonly more?: number
}

export interface OutcomeFacts extends Outcome {
  /** Of what ran: protected columns that were masked, used in clear, and what else was allowed to depend on them; where there are any. */
  readonly exposure?: Pick<Exposure, 'masked' | 'clear' | 'flags'>
  readonly durationMilliseconds: number
}
