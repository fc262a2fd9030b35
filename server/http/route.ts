// What a row of the API's table is, and what its handler is given. Types, and the two small things handlers return and are made with.
import type { z } from 'zod'
import type { Exports } from '../audit/export/exports.ts'
import type { AuditLog } from '../audit/log.ts'
import type { Redactions } from '../audit/redactions.ts'
import type { SessionKeys } from '../audit/session-keys.ts'
import type { Retention } from '../audit/retention.ts'
import type { Witnesses } from '../audit/witnesses.ts'
import type { Identity, Verified } from '../identity/identity.ts'
import type { Log } from '../log.ts'
import type { Reviews } from '../review/reviews.ts'
import type { Owner, SessionRegistry } from '../session/registry.ts'
import type { Catalog } from '../targets/catalog.ts'
import type { Discovery } from '../../shared/api.ts'
import type { Id } from '../../shared/model.ts'
import type { Action } from './authorise.ts'

export interface ApiParts {
  readonly identity: Identity
  readonly sessions: SessionRegistry
  readonly reviews: Reviews
  readonly catalog: Catalog
  readonly audit: AuditLog
  /** Whether people may see what was recorded of their own sessions. */
  readonly replaysOwn?: boolean
  readonly exports: Pick<Exports, 'status' | 'blocking'>
  readonly sessionKeys: SessionKeys
  readonly redactions: Redactions
  readonly witnesses: Pick<Witnesses, 'status'>
  readonly retention: Retention
  /** What the work comes to, once all that it changed in the state is durable. @throws GatewayError state_unavailable */
  readonly durably: <T>(work: () => T | Promise<T>) => Promise<T>
  readonly log: Log
  readonly version: string
  readonly discovery: Discovery
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** One request, by now authenticated, authorised and checked. */
export interface Call<Body = undefined, Query = undefined> {
  /** There is nobody where `may` is "anyone"; a handler of such a route does not look. */
  readonly who: Verified
  /** Of the path: an id, or the name of a target, wherever the path has one. */
  readonly id: Id
  readonly body: Body
  readonly query: Query
  /** The client's address. Headers that claim another are not read. */
  readonly source: string
}

export interface Route<Body = undefined, Query = undefined> {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly may: Action | 'anyone'
  /** Whose the thing in the path is, as far as `who` may know of it; given for every action about a session or a review. */
  readonly object?: (id: Id, who: Verified) => Owner | undefined
  readonly body?: z.ZodType<Body>
  /** It may be left out. */
  readonly bodyOptional?: boolean
  readonly query?: z.ZodType<Query>
  /** It lets somebody in: refused while the log cannot be written, where nobody would ever find it. What shuts somebody out is not. */
  readonly letsIn?: true
  /** Of success; 204 has no body. 200 where absent. */
  readonly status?: 201 | 204
  readonly handle: (call: Call<Body, Query>) => unknown
}

/** A handler's result where its status is not the route's. */
export class Answer<T> {
  constructor(readonly status: 200 | 202 | 503, readonly body: T) {}
}

/** A handler's result that is sent as it comes: NDJSON, one value a line. */
export class Lines {
  constructor(readonly values: AsyncIterable<unknown>) {}
}

/** Checks a row's types, which the table then forgets. */
export function route<Body = undefined, Query = undefined>(row: Route<Body, Query>): Route<never, never> {
  return row as unknown as Route<never, never>
}
