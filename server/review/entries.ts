// The review.held entries of one review. Pure. One entry holds 65,535 bytes, so a long batch is told in several; all of them name
// the review and the binding, which is over the whole batch.
import type { EntryFacts, StatementFacts } from '../../shared/audit/entry.ts'
import { actorOf, groupsAsked, type Review } from './review.ts'

/** Of the statements in one entry, as JSON; what stands beside them is far smaller than the rest. */
const maxStatementBytes = 40_000

export function heldEntries(review: Review, policy: string, statements: readonly StatementFacts[]): EntryFacts[] {
  const { id, session, connection, requester, target, binding, rule, expiresAt } = review
  return chunks(statements).map((chunk) => ({
    kind: 'review.held',
    review: id,
    ...(session === undefined ? {} : { session }),
    ...(connection === undefined ? {} : { connection }),
    actor: actorOf(requester),
    target,
    statements: chunk,
    binding,
    decision: { action: 'hold', rule, policy, review: id },
    asked: groupsAsked(review),
    expiresAt: new Date(expiresAt).toISOString()
  }))
}

/** At least one, empty where there are no statements. */
function chunks(statements: readonly StatementFacts[]): StatementFacts[][] {
  const all: StatementFacts[][] = [[]]
  let bytes = 0
  for (const statement of statements) {
    const size = Buffer.byteLength(JSON.stringify(statement))
    if (bytes > 0 && bytes + size > maxStatementBytes) {
      all.push([])
      bytes = 0
    }
    all.at(-1)!.push(statement)
    bytes += size
  }
  return all
}
