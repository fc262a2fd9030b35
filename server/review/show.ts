// A review as the API shows it to somebody: what they may see of it, and what is theirs to do. Pure.
import type { HeldStatement, ReviewDetail, ReviewSummary } from '../../shared/api.ts'
import type { Actor } from '../../shared/audit/entry.ts'
import type { HeldContext, Principal } from '../../shared/model.ts'
import { groupsAsked, isOf, mayDecide, tally, type People, type Review } from './review.ts'

/** What is known of a review only while it waits. */
export interface Held {
  readonly statements: readonly HeldStatement[]
  readonly context?: HeldContext
  readonly earlier: ReviewDetail['earlier']
}

/** Those who asked, those who may decide, admins. To everybody else it is as if there were none. */
export function maySee(review: Review, viewer: Principal, people: People): boolean {
  return isAdmin(viewer, people) || isOf(review, viewer) || mayDecide(review, viewer, people)
}

/** A person, and an admin as of now: whoever lost the group meanwhile is none. */
export function isAdmin({ issuer, subject, kind }: Principal, people: People): boolean {
  const person = people(issuer, subject)
  return kind === 'human' && person !== undefined && person.admin && !person.disabled
}

export function summaryFor(review: Review, viewer: Principal, people: People): ReviewSummary {
  const { id, kind, state, target, requester, rule, statement, session, connection, requesterReason } = review
  const { createdAt, expiresAt, endedAt } = review
  const { groups: _, ...shown } = requester
  return {
    id,
    kind,
    state,
    target: target.name,
    requester: shown,
    rule,
    ...(statement === undefined ? {} : { statement }),
    createdAt: iso(createdAt),
    expiresAt: iso(expiresAt),
    ...(endedAt === undefined ? {} : { endedAt: iso(endedAt) }),
    asked: groupsAsked(review),
    ...tally(review, people),
    ...(session === undefined ? {} : { session }),
    ...(connection === undefined ? {} : { connection }),
    ...(requesterReason === undefined ? {} : { requesterReason }),
    mine: isOf(review, viewer),
    mayDecide: state === 'pending' && mayDecide(review, viewer, people)
  }
}

/** Exact statements only for those who asked and those who may decide: admins administer reviews without reading what is in them. */
export function detailFor(review: Review, held: Held | undefined, viewer: Principal, people: People): ReviewDetail {
  const { terms, binding, votes, endReason, windowEndsAt } = review
  const inside = isOf(review, viewer) || mayDecide(review, viewer, people)
  return {
    ...summaryFor(review, viewer, people),
    terms,
    binding,
    statements: inside && held !== undefined ? held.statements : [],
    ...(held?.context === undefined ? {} : { context: held.context }),
    earlier: held?.earlier ?? [],
    votes: votes.map(({ by, approve, breakGlass, reason, at }) => ({
      by: nameOf(by),
      approve,
      breakGlass,
      ...(reason === undefined ? {} : { reason }),
      at: iso(at)
    })),
    ...(endReason === undefined ? {} : { endReason }),
    ...(windowEndsAt === undefined ? {} : { windowEndsAt: iso(windowEndsAt) })
  }
}

/** As people know them. */
export function nameOf({ email, subject }: Pick<Actor, 'email' | 'subject'>): string {
  return email ?? subject
}

function iso(at: number): string {
  return new Date(at).toISOString()
}
