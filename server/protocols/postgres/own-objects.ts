// What a session has made or changed that nobody else sees yet, and its temporary relations, read on its own connection. A question that
// fails there leaves the client's transaction as it was.
import { asGatewayError } from '../../../shared/errors.ts'
import { catalogInSlices } from '../../masking/postgres/build-catalog.ts'
import type { Row } from '../../masking/postgres/catalog-rows.ts'
import type { Catalog, Oid } from '../../masking/postgres/catalog.ts'
import { sessionCatalog, type Gone } from '../../masking/postgres/session-catalog.ts'
import type { Sliced } from '../../masking/slices.ts'
import { driven } from './slices.ts'
import { ownObjectsQuery, ownQueries } from './snapshot-queries.ts'
import type { TransactionStatus } from './wire/backend.ts'

/** The connection, between two statements. */
export interface OwnConnection {
  /** Of the last ReadyForQuery, now. Not to be `E`: nothing can be asked then. */
  readonly status: TransactionStatus
  /** Rows as text, of all statements in the text. @throws GatewayError where the server refuses one of them */
  ask(text: string): Promise<readonly Row[]>
}

/** Why no name in a statement can be told what it means, until the transaction ends. */
export class NamesUnknown extends Error {}

/** What a session has at most; whoever has more has its statements judged as unknown. */
const maxOwnRelations = 5_000

/** A session's catalog, and all it was made of. */
export interface SessionCatalog {
  /** Everybody's. */
  readonly base: Catalog
  /** The session's own rows. */
  readonly rows: string
  /** `base` itself where it has nothing of its own. */
  readonly catalog: Catalog
}

/**
 * @param base everybody's catalog, read before this is called
 * @param before the session's last: it is that one where it would be made of the same, with all that was derived from it
 * @throws NamesUnknown
 */
export async function readSessionCatalog(
  connection: OwnConnection,
  base: Catalog,
  before: SessionCatalog | undefined
): Promise<SessionCatalog> {
  const listed = await undisturbed(connection, [
    `SELECT 'isolation', pg_catalog.current_setting('transaction_isolation')`,
    ownObjectsQuery
  ])
  const of = (kind: string) => listed.filter(([what]) => what === kind)
  const oids = (rows: readonly Row[]): Oid[] => rows.map(([, oid]) => Number(oid)).filter((oid) => oid > 0)
  const there = oids(of('relation').filter(([, , exists]) => exists === 'true'))
  const gone = { relations: new Set(oids(of('relation').filter(([, , exists]) => exists !== 'true'))), types: new Set(oids(of('type'))) }
  if (there.length > maxOwnRelations) throw new NamesUnknown('the transaction has changed too many relations')
  for (const [, oid, name] of of('schema')) {
    if ((base.schemas.get(Number(oid)) ?? name) !== name) throw new NamesUnknown('the transaction has renamed a schema')
  }
  // Such a transaction sees others' changes to names, but rows of the catalog as they were when it began.
  const isolated = connection.status === 'T' && of('isolation').some(([, level]) => level === 'repeatable read' || level === 'serializable')
  if (isolated && (gone.relations.size > 0 || there.some((oid) => base.relations.has(oid)))) {
    throw new NamesUnknown('a transaction that is isolated from others\' changes has changed a relation')
  }
  const questions = Object.entries(ownQueries(there, oids(of('function'))))
  const rows = await undisturbed(connection, [
    `SELECT 'setting', pg_catalog.set_config('search_path', '', true)`,
    ...questions.map(([list, text]) => `SELECT '${list}', q.* FROM (${text}) q`)
  ])
  const own = JSON.stringify([there, [...gone.relations], [...gone.types], rows])
  if (before?.base === base && before.rows === own) return before
  return { base, rows: own, catalog: await driven(madeOf(base, there, gone, questions.map(([list]) => list), rows)) }
}

function* madeOf(base: Catalog, there: readonly Oid[], gone: Gone, names: readonly string[], rows: readonly Row[]): Sliced<Catalog> {
  const rowsOf = (list: string) => rows.filter(([from]) => from === list).map((row) => row.slice(1))
  const lists = names.map((list): readonly [string, readonly Row[]] => [list, rowsOf(list)])
  const read = Object.fromEntries(lists) as Record<keyof ReturnType<typeof ownQueries>, readonly Row[]>
  const own = yield* catalogInSlices({ ...read, schemas: [], builtins: [], major: base.major, searchPath: base.searchPath })
  const nothing = there.length === 0 && gone.relations.size === 0 && gone.types.size === 0
    && own.functionsByOid.size === 0 && own.types.size === 0 && own.operators.size === 0 && own.casts.length === 0
  return nothing ? base : yield* sessionCatalog(base, own, gone)
}

/**
 * Printing definitions takes locks; within a transaction of the client's they are given back, and with them whatever was set, also where
 * one of the questions fails.
 */
async function undisturbed(connection: OwnConnection, questions: readonly string[]): Promise<readonly Row[]> {
  const limits = `SELECT 'setting', pg_catalog.set_config('lock_timeout', '2s', true), pg_catalog.set_config('statement_timeout', '10s', true)`
  const within = connection.status === 'T'
  const [before, after] = within ? [['SAVEPOINT hoop'], ['ROLLBACK TO hoop', 'RELEASE hoop']] : [[], []]
  try {
    return await connection.ask([...before, limits, ...questions, ...after].join('; '))
  } catch (error) {
    if (asGatewayError(error).code !== 'target_refused') throw error
    if (connection.status === 'E') await connection.ask(after.join('; '))
    throw new NamesUnknown('what the session has changed cannot be read just now')
  }
}
