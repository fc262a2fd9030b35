// Sessions of the gateway's list, as many as are wanted, in as many requests as that takes.
import type { SessionSummary } from '../../shared/api.ts'
import type { Gateway, SessionsFilter } from '../gateway.ts'

/** The most a gateway gives at once. */
const pageSize = 1000

/** @returns newest first; `more`: there are older ones than the last */
export async function listSessions(
  gateway: Pick<Gateway, 'sessions'>,
  limit: number,
  filter: Omit<SessionsFilter, 'limit'>
): Promise<{ readonly sessions: readonly SessionSummary[], readonly more: boolean }> {
  const sessions: SessionSummary[] = []
  // One more than is shown tells whether there is one.
  while (sessions.length <= limit) {
    const wanted = Math.min(pageSize, limit + 1 - sessions.length)
    const last = sessions.at(-1)?.id
    const page = await gateway.sessions({ ...filter, limit: wanted, ...(last === undefined ? {} : { before: last }) })
    sessions.push(...page)
    if (page.length < wanted) break
  }
  return { sessions: sessions.slice(0, limit), more: sessions.length > limit }
}
