// The table of reviews: what was asked of whom, who voted, how it ended. Redacted forms only: exact statements and parameters are
// never here.
import type { Actor, TargetFacts } from '../../shared/audit/entry.ts'
import type { Id, Principal, ReviewState, ReviewTerms, SessionId } from '../../shared/model.ts'
import type { Database, Value } from './database.ts'

const defaultLimit = 100
const maxLimit = 1000

/** What is kept of a review for good. Times are milliseconds since 1970. */
export interface ReviewRecord {
  readonly id: Id
  readonly kind: 'statement' | 'access'
  readonly state: ReviewState
  readonly requester: Principal
  readonly target: TargetFacts
  readonly rule: string
  readonly terms: ReviewTerms
  readonly binding: string
  /** Redacted, of the first statement. */
  readonly statement?: string
  readonly session?: SessionId
  readonly connection?: number
  readonly createdAt: number
  readonly expiresAt: number
  readonly requesterReason?: string
  readonly votes: readonly CastVote[]
  readonly endedAt?: number
  readonly endReason?: string
  readonly endedBy?: Actor
  /** Of approved access: its absolute end. */
  readonly windowEndsAt?: number
}

export interface CastVote {
  /** With the groups of then. */
  readonly by: Actor
  readonly approve: boolean
  readonly breakGlass: boolean
  readonly reason?: string
  readonly at: number
  /** The voter was disabled before what they voted on ran: it counts no more, whatever happens later. */
  readonly struck: boolean
}

export interface ReviewFilter {
  readonly state?: ReviewState
  readonly target?: string
  /** Asked for by this principal, or on their behalf. */
  readonly requester?: { readonly issuer: string, readonly subject: string }
  /** Left out: everybody's. Otherwise those of this principal, and those one of these groups was asked about. */
  readonly visibleTo?: { readonly issuer: string, readonly subject: string, readonly groups: readonly string[] }
  /** 1 to 1000; 100 where absent. */
  readonly limit?: number
}

export interface ReviewRows {
  /** Adds it, or replaces what was there. */
  put(record: ReviewRecord): void
  get(id: Id): ReviewRecord | undefined
  /** Newest first. */
  list(filter: ReviewFilter): ReviewRecord[]
  pending(): ReviewRecord[]
  /** Approved access that has not run out. */
  openWindows(now: number): ReviewRecord[]
}

interface Row {
  readonly record: string
}

export function reviewsIn(database: Database): ReviewRows {
  const recordsOf = (rows: readonly Row[]) => rows.map(({ record }) => JSON.parse(record) as ReviewRecord)
  return {
    put(record) {
      const { id, state, requester, target, terms, windowEndsAt } = record
      database.run(
        `INSERT INTO reviews (id, state, target, issuer, subject, behind_issuer, behind_subject, asked, window_ends_at, record)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, window_ends_at = excluded.window_ends_at, record = excluded.record`,
        id,
        state,
        target.name,
        requester.issuer,
        requester.subject,
        requester.onBehalfOf?.issuer ?? null,
        requester.onBehalfOf?.subject ?? null,
        JSON.stringify(terms.places.map(({ group }) => group)),
        windowEndsAt ?? null,
        JSON.stringify(record)
      )
    },
    get: (id) => recordsOf(database.rows<Row>('SELECT record FROM reviews WHERE id = ?', id))[0],
    list(filter) {
      const { sql, values } = listing(filter)
      return recordsOf(database.rows<Row>(sql, ...values))
    },
    pending: () => recordsOf(database.rows<Row>('SELECT record FROM reviews WHERE state = \'pending\' ORDER BY id')),
    openWindows: (now) => recordsOf(database.rows<Row>('SELECT record FROM reviews WHERE state = \'approved\' AND window_ends_at > ? ORDER BY id', now))
  }
}

function listing({ state, target, requester, visibleTo, limit = defaultLimit }: ReviewFilter): { sql: string, values: Value[] } {
  const conditions: string[] = []
  const values: Value[] = []
  const want = (condition: string, ...more: Value[]) => {
    conditions.push(condition)
    values.push(...more)
  }
  const own = '(issuer = ? AND subject = ?) OR (behind_issuer = ? AND behind_subject = ?)'
  const names = ({ issuer, subject }: { issuer: string, subject: string }) => [issuer, subject, issuer, subject]
  if (state !== undefined) want('state = ?', state)
  if (target !== undefined) want('target = ?', target)
  if (requester !== undefined) want(`(${own})`, ...names(requester))
  if (visibleTo !== undefined) {
    const asked = 'EXISTS (SELECT 1 FROM json_each(reviews.asked) AS one WHERE one.value IN (SELECT value FROM json_each(?)))'
    want(`(${own} OR ${asked})`, ...names(visibleTo), JSON.stringify(visibleTo.groups))
  }
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
  const page = Math.max(1, Math.min(maxLimit, Math.trunc(limit)))
  return { sql: `SELECT record FROM reviews ${where} ORDER BY id DESC LIMIT ?`, values: [...values, page] }
}
