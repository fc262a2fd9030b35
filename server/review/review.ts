// A review as a state machine: who may decide it, what each vote makes of it, and when an approval still counts. Pure.
// Waiting, writing down and telling people are reviews.ts's.
import { createHash } from 'node:crypto'
import type { ReviewVote } from '../../shared/api.ts'
import type { Actor } from '../../shared/audit/entry.ts'
import { GatewayError } from '../../shared/errors.ts'
import type { Principal, ReviewState, ReviewTerms } from '../../shared/model.ts'
import type { CastVote, ReviewRecord } from '../state/reviews.ts'
import { filledPlaces, placesIn } from './places.ts'

export type Review = ReviewRecord
export type EndState = Exclude<ReviewState, 'pending'>

/** What is known of a person now: by their latest login, and the latest word of an admin. */
export interface Person {
  readonly groups: readonly string[]
  readonly disabled: boolean
  /** Member of the admin group. */
  readonly admin: boolean
}
export type People = (issuer: string, subject: string) => Person | undefined

export interface Ballot extends ReviewVote {
  readonly approve: boolean
}

/** What may become of what. Nothing else may: not even an approved one may expire. */
export const moves: Readonly<Record<ReviewState, readonly EndState[]>> = {
  pending: ['approved', 'rejected', 'expired', 'withdrawn', 'void'],
  approved: ['void'],
  rejected: [],
  expired: [],
  withdrawn: [],
  void: []
}

export const maxReasonLength = 1_000

/** @throws GatewayError conflict where the move is none of `moves` */
export function ended(review: Review, state: EndState, facts: { at: number, reason?: string, by?: Actor }): Review {
  if (!moves[review.state].includes(state)) throw notAnyMore(review)
  const { endReason: _, endedBy: __, windowEndsAt: ___, ...rest } = review
  return {
    ...rest,
    state,
    endedAt: facts.at,
    ...(facts.reason === undefined ? {} : { endReason: facts.reason }),
    ...(facts.by === undefined ? {} : { endedBy: facts.by }),
    ...(state === 'approved' && review.kind === 'access' ? { windowEndsAt: facts.at + (review.terms.windowSeconds ?? 0) * 1000 } : {})
  }
}

/**
 * The review after one vote. A standing approval given again changes nothing by itself.
 * @throws GatewayError forbidden (not theirs to decide), conflict (over, or not what they were shown), bad_request (says no reason)
 */
export function voted(review: Review, by: Principal, ballot: Ballot, people: People, at: number): Review {
  const breakGlass = ballot.breakGlass === true
  const obstacle = breakGlass ? obstacleToBreakingGlass(review, by, people) : obstacleToDeciding(review, by, people)
  if (obstacle !== undefined) throw new GatewayError('forbidden', obstacle)
  if (review.state !== 'pending') throw notAnyMore(review)
  if (at >= review.expiresAt) throw new GatewayError('conflict', 'nobody decided in time; the review has expired')
  if (ballot.binding !== review.binding) {
    throw new GatewayError('conflict', 'what waits is not what you were shown', { hint: `look at it again: hoop reviews show ${review.id}` })
  }
  if (breakGlass && !ballot.approve) throw new GatewayError('bad_request', 'breaking the glass releases; to take it back, withdraw it')
  const reason = reasonFrom(ballot.reason)
  if (reason === undefined && (breakGlass || review.terms.approverReason)) {
    throw new GatewayError('bad_request', 'this needs a reason', { hint: 'add --reason "..."' })
  }
  if (ballot.approve && !breakGlass && review.terms.requesterReason && review.requesterReason === undefined) {
    throw new GatewayError('conflict', 'whoever asked for it has not said why yet', { hint: 'the rule wants their reason before anybody approves' })
  }
  const repeated = ballot.approve && !breakGlass && standing(review).some((vote) => vote.approve && isSame(vote.by, by))
  const why = reason === undefined ? {} : { reason }
  const vote: CastVote = { by: actorOf(by), approve: ballot.approve, breakGlass, ...why, at, struck: false }
  const after = repeated ? review : { ...review, votes: [...review.votes, vote] }
  // Else it would read as if somebody had approved what they asked for themselves.
  const outcome = { at, by: vote.by, ...(breakGlass ? { reason: `broke the glass: ${reason}` } : why) }
  if (!ballot.approve) return ended(after, 'rejected', outcome)
  return breakGlass || isFilled(after, people) ? ended(after, 'approved', outcome) : after
}

/** The requester's reason. Not after the first vote: nobody has then approved another reason than the one that stands. */
export function explained(review: Review, by: Principal, reason: string): Review {
  if (!isOf(review, by)) throw new GatewayError('forbidden', 'only whoever asked for it says why')
  if (review.state !== 'pending') throw notAnyMore(review)
  if (standing(review).length > 0) throw new GatewayError('conflict', 'somebody has voted already; the reason stays as they saw it')
  const text = reasonFrom(reason)
  if (text === undefined) throw new GatewayError('bad_request', 'the reason is empty')
  return { ...review, requesterReason: text }
}

/** The review without what a person who was disabled voted; the same object where they did not. */
export function struck(review: Review, person: Pick<Principal, 'issuer' | 'subject'>): Review {
  if (!standing(review).some(({ by }) => isSame(by, person))) return review
  return { ...review, votes: review.votes.map((vote) => isSame(vote.by, person) ? { ...vote, struck: true } : vote) }
}

/** Asked right before release: by what is known now, is every place still filled, by people who may? */
export function isStillApproved(review: Review, people: People): boolean {
  if (review.state !== 'approved') return false
  const mayBreak = ({ by }: CastVote) => inOneOf(review.terms.breakGlass, people(by.issuer, by.subject))
  return standing(review).some((vote) => vote.breakGlass && mayBreak(vote)) || isFilled(review, people)
}

/** Whose votes stand. */
export function approversOf(review: Review): readonly Actor[] {
  return approvals(review).map(({ by }) => by)
}

/** While it waits, by what is known of the voters now; afterwards, by what they were when they voted. */
export function tally(review: Review, people: People): { readonly needed: number, readonly given: number } {
  const groups = review.state === 'pending' ? groupsOfVoters(review, people) : approvals(review).map(({ by }) => by.groups)
  return { needed: placesIn(review.terms.places), given: filledPlaces(review.terms.places, groups) }
}

/** Why somebody may not decide it; undefined where they may. Says nothing of whether it is still open. */
export function obstacleToDeciding(review: Review, who: Principal, people: People): string | undefined {
  if (who.kind !== 'human') return 'only people decide reviews'
  if (isSame(review.requester, who)) return 'you asked for it: somebody else decides'
  if (isOf(review, who)) return 'it was asked for on your behalf: somebody else decides'
  if (!inOneOf(groupsAsked(review), people(who.issuer, who.subject))) return 'you were not asked: you are in none of the groups that decide this'
  return undefined
}

/** Only what one asked for oneself, and as a person: nobody breaks the glass for an agent. */
export function obstacleToBreakingGlass(review: Review, who: Principal, people: People): string | undefined {
  if (who.kind !== 'human') return 'only people decide reviews'
  if (!isSame(review.requester, who)) return 'the glass is broken by whoever asked, for nobody else'
  if (!inOneOf(review.terms.breakGlass, people(who.issuer, who.subject))) return 'the rule does not let you break the glass'
  return undefined
}

export function mayDecide(review: Review, who: Principal, people: People): boolean {
  return obstacleToDeciding(review, who, people) === undefined || obstacleToBreakingGlass(review, who, people) === undefined
}

/** Theirs: they asked, or what acts for them did. */
export function isOf(review: Review, who: Pick<Principal, 'issuer' | 'subject'>): boolean {
  const { requester } = review
  return isSame(requester, who) || (requester.onBehalfOf !== undefined && isSame(requester.onBehalfOf, who))
}

export function groupsAsked(review: Pick<Review, 'terms'>): readonly string[] {
  return [...new Set(review.terms.places.map(({ group }) => group))]
}

/** What approval of access is bound to: another rule, other terms or another address behind the name ask again. Lower-case hex. */
export function accessBinding(who: Principal, target: Review['target'], rule: string, terms: ReviewTerms): string {
  const { places, windowSeconds, breakGlass, requesterReason, approverReason } = terms
  const bound = [
    'hoop access 1',
    who.issuer,
    who.subject,
    target.name,
    target.protocol,
    target.address,
    target.database ?? null,
    rule,
    places.map(({ group, count }) => [group, count]),
    windowSeconds ?? null,
    breakGlass,
    requesterReason,
    approverReason
  ]
  return createHash('sha256').update(JSON.stringify(bound)).digest('hex')
}

function isFilled(review: Review, people: People): boolean {
  return filledPlaces(review.terms.places, groupsOfVoters(review, people)) === placesIn(review.terms.places)
}

/** Groups, now, of those whose approval stands and who could still give it. */
function groupsOfVoters(review: Review, people: People): readonly (readonly string[])[] {
  return approvals(review).filter(({ breakGlass }) => !breakGlass).flatMap(({ by }) => {
    const person = people(by.issuer, by.subject)
    return person === undefined || person.disabled ? [] : [person.groups]
  })
}

/** One for each person. */
function approvals(review: Review): readonly CastVote[] {
  const given = standing(review).filter(({ approve }) => approve)
  return given.filter(({ by }, i) => given.findIndex((vote) => isSame(vote.by, by)) === i)
}

function standing(review: Review): readonly CastVote[] {
  return review.votes.filter((vote) => !vote.struck)
}

function inOneOf(groups: readonly string[], person: Person | undefined): boolean {
  return person !== undefined && !person.disabled && groups.some((group) => person.groups.includes(group))
}

function isSame(a: Pick<Principal, 'issuer' | 'subject'>, b: Pick<Principal, 'issuer' | 'subject'>): boolean {
  return a.issuer === b.issuer && a.subject === b.subject
}

export function actorOf({ name: _, ...actor }: Principal): Actor {
  return actor
}

/** What somebody says, without blanks around it; undefined where that is nothing. @throws GatewayError bad_request */
export function reasonFrom(text: string | undefined): string | undefined {
  const trimmed = text?.trim() ?? ''
  if (trimmed.length > maxReasonLength) throw new GatewayError('bad_request', `a reason has at most ${maxReasonLength} characters`)
  return trimmed === '' ? undefined : trimmed
}

function notAnyMore({ state }: Review): GatewayError {
  return new GatewayError('conflict', `the review is ${state}: there is nothing to decide any more`)
}
