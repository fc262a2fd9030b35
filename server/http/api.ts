// The HTTP API: one table from path to handler, and the one way every request goes: authenticate, authorise, check, handle.
import type { HttpBindings } from '@hono/node-server'
import { Hono, type Context } from 'hono'
import { z } from 'zod'
import { paths } from '../../shared/api.ts'
import { GatewayError } from '../../shared/errors.ts'
import type { Verified } from '../identity/identity.ts'
import { authenticate } from './authenticate.ts'
import { authorise, replayedAs } from './authorise.ts'
import { auditHandlers, redactSession } from './handlers/audit.ts'
import { gatewayHandlers } from './handlers/gateway.ts'
import { createServiceToken, peopleHandlers } from './handlers/people.ts'
import { proposePrune, retentionHandlers } from './handlers/retention.ts'
import { endSession, explainStatement, openSession, sessionFilter, sessionHandlers } from './handlers/sessions.ts'
import { ballot, reviewFilter, reviewHandlers, reviewReason } from './handlers/reviews.ts'
import { tokenHandlers, tokenRequest } from './handlers/tokens.ts'
import { hasBody, readBody, readQuery, refuseBody } from './input.ts'
import { answerHeaders, HttpRefusal, problemFrom, problemHeaders } from './problem.ts'
import { Answer, Lines, route, type ApiParts, type Call, type Route } from './route.ts'
import { sourceOf } from './source.ts'

/** Stands in a path for an id, and matches nothing else. */
const id = ':id{[a-z0-9]{26}}'
/** Likewise for the name of a target; whether there is one for the asker, its handler finds out. */
const targetName = ':id{[a-z0-9][a-z0-9._-]{0,62}}'
/** Likewise for the index of an audit entry. */
const entryIndex = ':id{[0-9]{1,15}}'
const noQuery = z.strictObject({})

export function routesOf(parts: ApiParts): readonly Route<never, never>[] {
  const gateway = gatewayHandlers(parts)
  const audit = auditHandlers(parts)
  const tokens = tokenHandlers(parts)
  const sessions = sessionHandlers(parts)
  const people = peopleHandlers(parts)
  const reviews = reviewHandlers(parts)
  const retention = retentionHandlers(parts)
  const object = parts.sessions.owner
  const replayable = (session: string, who: Verified) => replayedAs(object(session), who, parts.replaysOwn ?? true)
  const seen = (review: string, { principal }: Verified) => parts.reviews.owner(principal, review)
  return [
    route({ method: 'GET', path: paths.discovery, may: 'anyone', handle: gateway.discovery }),
    route({ method: 'GET', path: paths.health, may: 'anyone', handle: gateway.health }),
    route({ method: 'POST', path: paths.tokens, may: 'anyone', letsIn: true, body: tokenRequest, handle: tokens.exchange }),
    route({ method: 'DELETE', path: paths.currentToken, may: 'login.end', status: 204, handle: tokens.endCurrent }),
    route({ method: 'GET', path: paths.whoami, may: 'self.read', handle: tokens.whoami }),
    route({ method: 'GET', path: paths.targets, may: 'targets.list', handle: sessions.targets }),
    route({ method: 'POST', path: paths.explain(targetName), may: 'statement.explain', body: explainStatement, handle: sessions.explain }),
    route({ method: 'GET', path: paths.sessions, may: 'sessions.list', query: sessionFilter, handle: sessions.list }),
    route({ method: 'POST', path: paths.sessions, may: 'session.open', body: openSession, status: 201, handle: sessions.open }),
    route({ method: 'GET', path: paths.session(id), may: 'session.read', object, handle: sessions.show }),
    route({ method: 'DELETE', path: paths.session(id), may: 'session.end', object, body: endSession, bodyOptional: true, status: 204, handle: sessions.end }),
    route({ method: 'GET', path: paths.recording(id), may: 'session.replay', object: replayable, handle: sessions.replay }),
    route({ method: 'GET', path: paths.follow(id), may: 'session.replay', object: replayable, handle: webSocketOnly }),
    route({ method: 'GET', path: paths.sessionEvents(id), may: 'session.listen', object, handle: webSocketOnly }),
    route({ method: 'GET', path: paths.sessionConnections(id), may: 'session.connect', object, handle: webSocketOnly }),
    route({ method: 'GET', path: paths.reviews, may: 'reviews.list', query: reviewFilter, handle: reviews.list }),
    route({ method: 'GET', path: paths.reviewEvents, may: 'reviews.listen', handle: webSocketOnly }),
    route({ method: 'GET', path: paths.review(id), may: 'review.read', object: seen, handle: reviews.show }),
    route({ method: 'POST', path: paths.approveReview(id), may: 'review.decide', object: seen, body: ballot, handle: reviews.approve }),
    route({ method: 'POST', path: paths.rejectReview(id), may: 'review.decide', object: seen, body: ballot, handle: reviews.reject }),
    route({ method: 'POST', path: paths.withdrawReview(id), may: 'review.withdraw', object: seen, status: 204, handle: reviews.withdraw }),
    route({ method: 'POST', path: paths.reviewReason(id), may: 'review.withdraw', object: seen, body: reviewReason, status: 204, handle: reviews.giveReason }),
    route({ method: 'POST', path: paths.expireReview(id), may: 'review.expire', object: seen, status: 204, handle: reviews.expire }),
    route({ method: 'GET', path: paths.sealedEntry(entryIndex), may: 'audit.read', handle: audit.sealedEntry }),
    route({ method: 'POST', path: paths.redactSession(id), may: 'audit.manage', body: redactSession, handle: audit.redact }),
    route({ method: 'POST', path: paths.serviceTokens, may: 'service-token.create', letsIn: true, body: createServiceToken, status: 201, handle: people.createToken }),
    route({ method: 'GET', path: paths.serviceTokens, may: 'service-tokens.list', handle: people.tokens }),
    route({ method: 'DELETE', path: paths.serviceToken(id), may: 'service-token.revoke', status: 204, handle: people.revokeToken }),
    route({ method: 'GET', path: paths.auditPrunes, may: 'audit.manage', handle: retention.list }),
    route({ method: 'POST', path: paths.auditPrunes, may: 'audit.manage', body: proposePrune, status: 201, handle: retention.propose }),
    route({ method: 'POST', path: paths.confirmPrune(id), may: 'audit.manage', handle: retention.confirm }),
    route({ method: 'GET', path: paths.users, may: 'users.list', handle: people.users }),
    route({ method: 'POST', path: paths.disableUser(id), may: 'user.disable', status: 204, handle: people.disable }),
    route({ method: 'POST', path: paths.enableUser(id), may: 'user.enable', letsIn: true, status: 204, handle: people.enable }),
    route({ method: 'GET', path: paths.auditExports, may: 'audit.read', handle: audit.exports })
  ]
}

type Bound = Context<{ Bindings: HttpBindings }>

export function createApi(parts: ApiParts): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>()
  const routes = routesOf(parts)
  for (const row of routes) app.on(row.method, row.path, (context) => serve(row, context))
  for (const path of new Set(routes.map((row) => row.path))) {
    const allowed = routes.filter((row) => row.path === path).map((row) => row.method)
    app.all(path, (context) => {
      context.header('allow', allowed.join(', '))
      throw new HttpRefusal(405, 'bad_request', `this path takes ${allowed.join(' and ')}`)
    })
  }
  app.notFound((context) => problem(context, new GatewayError('not_found', 'there is no such path')))
  app.onError((error, context) => problem(context, error))
  return app

  async function serve(row: Route<never, never>, context: Bound): Promise<Response> {
    const { incoming } = context.env
    const itsId = context.req.param('id') ?? ''
    const who = row.may === 'anyone' ? undefined : authenticate(parts.identity, incoming)
    if (row.may !== 'anyone') authorise(who!, row.may, ...(row.object === undefined ? [] : [row.object(itsId, who!)] as const))
    const query = readQuery(context.req.queries(), (row.query ?? noQuery) as z.ZodType<never>)
    if (row.body === undefined) refuseBody(incoming)
    const bodiless = row.body === undefined || (row.bodyOptional === true && !hasBody(incoming))
    const body = bodiless ? undefined : await readBody(incoming, row.body!)
    if (row.letsIn === true && parts.audit.signal.aborted) throw parts.audit.signal.reason as GatewayError
    const call = { who, id: itsId, query, body, source: sourceOf(incoming.socket) } as unknown as Call<never, never>
    // What an answer tells of, a refusal's too, is durable before it is given.
    const result: unknown = row.method === 'GET' ? await row.handle(call) : await parts.durably(() => row.handle(call))
    if (row.status === 204) return context.body(null, 204, answerHeaders)
    if (result instanceof Lines) return context.body(streamOf(result, parts.log), 200, { ...answerHeaders, 'content-type': 'application/x-ndjson' })
    if (result instanceof Answer) return context.json(result.body as object, result.status, answerHeaders)
    return context.json(result as object, row.status ?? 200, answerHeaders)
  }

  function problem(context: Bound, error: unknown): Response {
    const told = problemFrom(error)
    if (told.code === 'internal') {
      // Not the URL as sent: its query may hold what does not belong there.
      parts.log.error({ error: (error as Error).cause ?? error, method: context.req.method, path: context.req.path }, 'a request failed: a bug')
    }
    // A body that was refused unread must not be read as the next request.
    if (!context.env.incoming.complete) context.header('connection', 'close')
    return context.body(JSON.stringify(told), told.status as 500, { ...answerHeaders, ...problemHeaders(told) })
  }
}

/** One line after another, as fast as they are taken. What fails on the way breaks off the answer, so that nobody takes it for whole. */
function streamOf({ values }: Lines, log: ApiParts['log']): ReadableStream<Uint8Array> {
  const iterator = values[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const lines: string[] = []
        for (let length = 0; length < 16 * 1024;) {
          const next = await iterator.next()
          if (next.done === true) break
          const line = `${JSON.stringify(next.value)}\n`
          lines.push(line)
          length += line.length
        }
        if (lines.length === 0) controller.close()
        else controller.enqueue(Buffer.from(lines.join('')))
      } catch (error) {
        log.error({ error }, 'an answer broke off')
        controller.error(error)
      }
    },
    async cancel() { await iterator.return?.() }
  })
}

function webSocketOnly(): never {
  throw new HttpRefusal(426, 'bad_request', 'this path is a WebSocket')
}
