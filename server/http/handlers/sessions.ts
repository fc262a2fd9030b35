// Targets one may open and what would happen to statements there; sessions: opening, listing, showing, ending. Their WebSockets are in
// ../tunnel.ts.
import { z } from 'zod'
import type { EndSession, OpenedSession, OpenSession, ReviewSummary, SessionDetail, SessionSummary, TargetSummary } from '../../../shared/api.ts'
import { GatewayError } from '../../../shared/errors.ts'
import type { ExplainRequest, Explanation } from '../../../shared/explain.ts'
import { isId } from '../../../shared/id.ts'
import { actorOf } from '../../identity/principal.ts'
import { reasonFrom } from '../../review/review.ts'
import { listsAll } from '../authorise.ts'
import { personsText } from '../input.ts'
import { Answer, Lines, type ApiParts, type Call } from '../route.ts'

export const openSession: z.ZodType<OpenSession> = z.strictObject({
  target: z.string().min(1).max(255),
  clientPassword: z.boolean().optional(),
  clear: personsText.optional()
})

export const explainStatement: z.ZodType<ExplainRequest> = z.strictObject({
  statement: z.string().min(1),
  database: z.string().min(1).max(63).optional()
}) as z.ZodType<ExplainRequest>

const moment = z.iso.datetime({ offset: true }).transform((time) => Date.parse(time))

export const sessionFilter = z.strictObject({
  target: z.string().min(1).max(255).optional(),
  /** E-mail address or subject. */
  user: z.string().min(1).max(255).optional(),
  since: moment.optional(),
  until: moment.optional(),
  status: z.enum(['open', 'ended']).optional(),
  before: z.string().refine(isId, 'not an id').optional(),
  limit: z.string().regex(/^\d{1,4}$/).transform(Number).pipe(z.number().min(1).max(1000)).optional()
})

export const endSession: z.ZodType<EndSession> = z.strictObject({
  reason: personsText.refine((text) => text.trim() !== '', 'say why')
})

export function sessionHandlers({ audit, catalog, sessions }: ApiParts) {
  return {
    targets: ({ who }: Call): TargetSummary[] => catalog.visible((target) => sessions.mayOpen(who, target)),

    explain: ({ who, id, body }: Call<ExplainRequest>): Promise<Explanation> => sessions.explain(who, id, body),

    /** 202 where opening the target waits for people: the same asked again later opens it, or is that same review. */
    async open({ who, body, source }: Call<OpenSession>): Promise<OpenedSession | Answer<ReviewSummary>> {
      const opened = await sessions.open(who, body, source)
      return 'usage' in opened ? opened : new Answer(202, opened)
    },

    list({ who, query }: Call<undefined, z.output<typeof sessionFilter>>): SessionSummary[] {
      const { issuer, subject } = who.principal
      return sessions.list(listsAll(who) ? query : { ...query, issuer, subject })
    },

    async show({ id }: Call): Promise<SessionDetail> {
      const detail = await sessions.detail(id)
      if (detail === undefined) throw new GatewayError('not_found', 'there is no such session')
      return detail
    },

    async replay({ who, id }: Call): Promise<Lines> {
      return new Lines(await sessions.replay(id, () =>
        audit.append([{ kind: 'audit.read', actor: actorOf(who.principal), action: 'replay', session: id }])))
    },

    /** Somebody else's, or one with a reason: who ended it, and why, is written down before it ends. */
    async end({ who, id, body }: Call<EndSession | undefined>): Promise<void> {
      const { principal } = who
      const owner = sessions.owner(id)
      const byOwner = owner?.issuer === principal.issuer && owner.subject === principal.subject
      const why = reasonFrom(body?.reason)
      const ended = byOwner ? 'closed by its owner' : 'an administrator ended the session'
      if (body !== undefined && !sessions.isOpen(id)) throw new GatewayError('session_ended', 'the session has ended already')
      if (sessions.isOpen(id) && (!byOwner || why !== undefined)) {
        await audit.append([{ kind: 'admin', actor: actorOf(principal), action: 'session.kill', detail: why === undefined ? id : `${id}: ${why}` }])
      }
      return sessions.end(id, new GatewayError('session_ended', why === undefined ? ended : `${ended}: ${why}`))
    }
  }
}
