// The table of sessions: one row per `hoop connect`, for listings. What happened within one is in the audit log.
import type { SessionSummary } from '../../shared/api.ts'
import type { Principal, SessionId } from '../../shared/model.ts'
import type { Database, Value } from './database.ts'

const defaultLimit = 100
const maxLimit = 1000

export interface StartedSession {
  readonly id: SessionId
  readonly principal: Principal
  readonly target: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** Index of its session.start entry in the audit log. */
  readonly firstEntry: number
}

export interface EndedSession {
  readonly endedAt: number
  readonly endReason: string
  readonly connections: number
  readonly statements: number
  readonly denied: number
  readonly lastEntry?: number
}

export interface SessionFilter {
  readonly target?: string
  /** Matches e-mail (in any case) or subject. */
  readonly user?: string
  /** Started at or after; milliseconds since 1970. */
  readonly since?: number
  /** Started before; milliseconds since 1970. */
  readonly until?: number
  readonly status?: 'open' | 'ended'
  /** Older than this one: the last row of the page before. */
  readonly before?: SessionId
  /** 1 to 1000; 100 where absent. */
  readonly limit?: number
  /** With `subject`: that principal's only. */
  readonly issuer?: string
  readonly subject?: string
}

export type SessionRecord = SessionSummary & { readonly connections?: number, readonly firstEntry: number, readonly lastEntry?: number }

export interface Sessions {
  insert(row: StartedSession): void
  /** A session that has ended stays as it ended. */
  end(id: SessionId, facts: EndedSession): void
  /** Newest first. */
  list(filter: SessionFilter): SessionSummary[]
  get(id: SessionId): SessionRecord | undefined
  /** Closes what a killed gateway left open; called once, before the first session of this run. */
  endOrphans(endedAt: number, endReason: string): void
}

export function sessionsIn(database: Database): Sessions {
  return {
    insert({ id, principal, target, startedAt, firstEntry }) {
      database.run(
        'INSERT INTO sessions (id, issuer, subject, email, kind, target, started_at, first_entry) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        id,
        principal.issuer,
        principal.subject,
        principal.email ?? null,
        principal.kind,
        target,
        startedAt,
        firstEntry
      )
    },

    end(id, { endedAt, endReason, connections, statements, denied, lastEntry }) {
      database.run(
        `UPDATE sessions SET ended_at = ?, end_reason = ?, connections = ?, statements = ?, denied = ?, last_entry = ?
         WHERE id = ? AND ended_at IS NULL`,
        endedAt,
        endReason,
        connections,
        statements,
        denied,
        lastEntry ?? null,
        id
      )
    },

    list(filter) {
      const { sql, values } = listing(filter)
      return database.rows<SessionRow>(sql, ...values).map(summaryOf)
    },

    get(id) {
      const row = database.row<SessionRow>('SELECT * FROM sessions WHERE id = ?', id)
      if (row === undefined) return undefined
      return {
        ...summaryOf(row),
        ...(isCounted(row) ? { connections: row.connections } : {}),
        firstEntry: row.first_entry,
        ...(row.last_entry === null ? {} : { lastEntry: row.last_entry })
      }
    },

    endOrphans(endedAt, endReason) {
      database.run('UPDATE sessions SET ended_at = max(?, started_at), end_reason = ? WHERE ended_at IS NULL', endedAt, endReason)
    }
  }
}

/** Each branch walks one index backwards and stops after a page; `user` is two of them, since OR would sort everything. */
function listing(filter: SessionFilter): { sql: string, values: Value[] } {
  const { target, user, since, until, status, before, limit = defaultLimit, issuer, subject } = filter
  const page = Math.max(1, Math.min(maxLimit, Math.trunc(limit)))
  const wanted: [condition: string, value: Value][] = []
  if (target !== undefined) wanted.push(['target = ?', target])
  if (issuer !== undefined) wanted.push(['issuer = ?', issuer])
  if (subject !== undefined) wanted.push(['subject = ?', subject])
  if (before !== undefined) wanted.push(['id < ?', before])
  if (since !== undefined) {
    // The least id since then bounds the walk, which would otherwise search a quiet week's listing back to the beginning.
    // "+" has it found by the index on started_at; by id, it would itself be that search.
    wanted.push(['id >= (SELECT min(+id) FROM sessions WHERE started_at >= ?)', since], ['started_at >= ?', since])
  }
  // Likewise the greatest id until then: the walk begins there, and not at today's sessions.
  if (until !== undefined) wanted.push(['id <= (SELECT max(+id) FROM sessions WHERE started_at < ?)', until], ['started_at < ?', until])
  const state = status === undefined ? [] : [`ended_at IS ${status === 'open' ? '' : 'NOT '}NULL`]
  const branch = (more: typeof wanted) => {
    const all = [...wanted, ...more]
    const conditions = [...all.map(([condition]) => condition), ...state]
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
    return { sql: `SELECT * FROM sessions ${where} ORDER BY id DESC LIMIT ?`, values: [...all.map(([, value]) => value), page] }
  }
  if (user === undefined) return branch([])
  const [byEmail, bySubject] = [branch([['email = ?', user]]), branch([['subject = ?', user]])]
  return {
    sql: `SELECT * FROM (${byEmail.sql}) UNION SELECT * FROM (${bySubject.sql}) ORDER BY id DESC LIMIT ?`,
    values: [...byEmail.values, ...bySubject.values, page]
  }
}

interface SessionRow {
  readonly id: string
  readonly issuer: string
  readonly subject: string
  readonly email: string | null
  readonly kind: Principal['kind']
  readonly target: string
  readonly started_at: number
  readonly ended_at: number | null
  readonly end_reason: string | null
  readonly connections: number
  readonly statements: number
  readonly denied: number
  readonly first_entry: number
  readonly last_entry: number | null
}

function summaryOf(row: SessionRow): SessionSummary {
  return {
    id: row.id,
    principal: { issuer: row.issuer, subject: row.subject, ...(row.email === null ? {} : { email: row.email }), kind: row.kind },
    target: row.target,
    startedAt: new Date(row.started_at).toISOString(),
    ...(row.ended_at === null ? {} : { endedAt: new Date(row.ended_at).toISOString() }),
    ...(row.end_reason === null ? {} : { endReason: row.end_reason }),
    ...(isCounted(row) ? { statements: row.statements, denied: row.denied } : {})
  }
}

/** Not where its gateway was killed: it would have counted at the end. */
function isCounted({ ended_at: ended, last_entry: last, connections, statements, denied }: SessionRow): boolean {
  return ended === null || last !== null || connections + statements + denied > 0
}
