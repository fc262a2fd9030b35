// What the gate and the edge are given of reviews, and what reviews need of the rest of the gateway. Types only.
import type { HeldStatement, ReviewDetail, ReviewSummary, ReviewVote } from '../../shared/api.ts'
import type { Actor, EntryFacts, StatementFacts, TargetFacts } from '../../shared/audit/entry.ts'
import type { Attachment } from '../../shared/audit/frame.ts'
import type { GatewayError } from '../../shared/errors.ts'
import type { ReviewEvent } from '../../shared/events.ts'
import type { Decision, HeldContext, Id, Principal, ReviewState, ReviewTerms, SessionId } from '../../shared/model.ts'
import type { State } from '../state/state.ts'
import type { EndState, Person, Review } from './review.ts'

/** Whoever asks: as `Verified`. */
export interface Requester {
  readonly principal: Principal
  /** The review is withdrawn when it is revoked, or has ended. */
  readonly login: Id
  /** Milliseconds since 1970. */
  readonly loginEndsAt: number
}

export interface ReviewRequest {
  readonly requester: Requester
  readonly target: TargetFacts
  readonly session: SessionId
  readonly connection: number
  readonly rule: string
  readonly terms: ReviewTerms
  /** Version of the policy that held it. */
  readonly policy: string
  /** SHA-256 over all that the approval is bound to, lower-case hex. */
  readonly binding: string
  /** Exact, for those who decide. */
  readonly statements: readonly HeldStatement[]
  /** The same, redacted, for the audit log and the state. */
  readonly facts: readonly StatementFacts[]
  /** The exact ones, sealed, for the audit log; absent where nothing is sealed. */
  readonly sealed?: Attachment
  readonly earlier?: ReviewDetail['earlier']
  /** Shown once it resolves; what fails is not shown. */
  readonly context?: Promise<HeldContext>
}

export interface AccessRequest {
  readonly requester: Requester
  readonly target: TargetFacts
  readonly decision: Extract<Decision, { action: 'hold' }>
  readonly policy: string
}

/** How a review ended. Texts are as people wrote them: made safe by whoever shows them. */
export interface ReviewVerdict {
  readonly state: EndState
  readonly by?: Actor
  readonly reason?: string
}

/** One held batch, in the hands of the gate. Every path ends in `use`, `withdraw` or `void`. */
export interface OpenReview {
  readonly id: Id
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  readonly asked: readonly string[]
  /** Never rejects. */
  readonly outcome: Promise<ReviewVerdict>
  /** Whoever asked went away or cancelled. After an approval it is void instead. */
  withdraw(why: string): void
  /** What would run is not what was, or would be, approved. */
  void(why: string): void
  /** Every voter still there, still in their groups, and it was not used yet. */
  stillApproved(): boolean
  /** Takes the approval, once: those who gave it, for the review.release entry; undefined where `stillApproved` is false. */
  use(): readonly Actor[] | undefined
}

export interface AccessWindow {
  readonly review: Id
  /** Milliseconds since 1970. */
  readonly endsAt: number
}

export interface ReviewListing {
  readonly state?: ReviewState
  readonly target?: string
  /** Only what the viewer asked for. */
  readonly mine?: boolean
  readonly limit?: number
}

export interface Reviews {
  /**
   * Writes review.held, then asks people.
   * @throws GatewayError limit_exceeded | audit_unavailable | session_ended
   */
  hold(request: ReviewRequest): Promise<OpenReview>
  /** As `hold`, for opening a target; the same asked again while it waits is the same review. */
  ask(request: AccessRequest): Promise<ReviewSummary>
  /** Approved access that has not run out, for exactly this: the rule and its terms, principal and target. */
  windowFor(who: Principal, target: TargetFacts, decision: Extract<Decision, { action: 'hold' }>): AccessWindow | undefined
  /** Has that window neither run out nor been taken back? */
  isOpenWindow(review: Id): boolean
  /** Newest first; only what the viewer may see. */
  list(viewer: Principal, listing: ReviewListing): ReviewSummary[]
  /** undefined where there is none, or none the viewer may see. That one of those asked has looked is written down. */
  show(viewer: Principal, id: Id): ReviewDetail | undefined
  /** Whose it is; undefined where there is none, or none the viewer may see. */
  owner(viewer: Principal, id: Id): Pick<Principal, 'issuer' | 'subject'> | undefined
  /**
   * The vote is durable in the audit log before it counts.
   * @throws GatewayError not_found | forbidden | conflict | bad_request | audit_unavailable
   */
  decide(id: Id, by: Principal, ballot: ReviewVote & { readonly approve: boolean }): Promise<ReviewDetail>
  /** @throws GatewayError as `decide` */
  giveReason(id: Id, by: Principal, reason: string): Promise<void>
  /** By whoever asked. @throws GatewayError not_found | forbidden | conflict */
  withdraw(id: Id, by: Principal): void
  /** By an admin: ends what waits, or a window. @throws GatewayError not_found | forbidden | conflict */
  expire(id: Id, by: Principal): void
  /** @throws GatewayError limit_exceeded, as `subscribe` would */
  maySubscribe(viewer: Principal): void
  /** Every pending review the viewer may see, then each change of one, until the returned function is called. */
  subscribe(viewer: Principal, listener: (event: ReviewEvent) => void): () => void
  /** How many wait. */
  readonly size: number
  /** Ends what is due. Called by a timer; a test that turns the clock calls it itself. */
  sweep(): void
  /** What waits is void: this gateway cannot release it any more. */
  close(): void
}

export interface ReviewLimits {
  readonly pendingPerPrincipal: number
  readonly pending: number
  /** Exact statements and parameters of all that wait. */
  readonly heldBytes: number
}

/** What the rest of the gateway is to reviews. */
export interface ReviewParts {
  readonly state: State
  readonly audit: {
    append(facts: readonly EntryFacts[], attachments?: readonly Attachment[]): Promise<readonly number[]>
    note(facts: EntryFacts): void
  }
  readonly identity: {
    /** By their latest login; undefined for whoever has never logged in. */
    person(issuer: string, subject: string): Person | undefined
    onRevoked(listener: (revocation: { issuer: string, subject: string, login?: Id }) => void): () => void
  }
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly randomBytes: (n: number) => Uint8Array
  /** Tells people; returns at once and never throws. `broken`: somebody released what they asked for themselves. */
  readonly notify: (review: Review, event: 'held' | 'broken') => void
  readonly limits: ReviewLimits
  /** The state could not be written, or a listener failed. */
  readonly onBug: (error: GatewayError, facts: object) => void
}
