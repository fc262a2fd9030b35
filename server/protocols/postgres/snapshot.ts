// Reads a database's catalog, on a connection of the gateway's own: everything in one transaction, so that its parts fit together.
import { GatewayError } from '../../../shared/errors.ts'
import { catalogInSlices, stampOf } from '../../masking/postgres/build-catalog.ts'
import type { CatalogRows, Row } from '../../masking/postgres/catalog-rows.ts'
import type { Catalog, Oid } from '../../masking/postgres/catalog.ts'
import type { Asker } from './ask.ts'
import { driven } from './slices.ts'
import { catalogQueries, digestQuery, functionStampQuery, relationStampQuery } from './snapshot-queries.ts'

/** An object that goes away while its definition is asked for makes that question fail. */
const attempts = 3

/**
 * The connection is to be idle and not in a transaction; it is left so.
 * @param previous of the same database
 * @throws GatewayError target_refused when the server would not answer
 */
export async function readCatalog(asker: Asker, major: number, previous?: Catalog): Promise<Catalog> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await driven(catalogInSlices(await readRows(asker, major), previous))
    } catch (error) {
      if (attempt === attempts || !(error instanceof GatewayError) || error.code !== 'target_refused') throw error
    }
  }
}

export async function readRows(asker: Asker, major: number): Promise<CatalogRows> {
  const searchPath = await asker.ask({ text: 'SELECT pg_catalog.unnest(pg_catalog.current_schemas(false))' })
  await asker.ask({ text: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' })
  try {
    // Definitions are printed under locks that a schema change may hold.
    await asker.ask({ text: `SELECT pg_catalog.set_config('search_path', '', true), pg_catalog.set_config('lock_timeout', '5s', true),
      pg_catalog.set_config('statement_timeout', '60s', true)` })
    const lists: (readonly [string, readonly Row[]])[] = []
    for (const [list, text] of Object.entries(catalogQueries)) lists.push([list, await asker.ask({ text })])
    const read = Object.fromEntries(lists) as Record<keyof typeof catalogQueries, readonly Row[]>
    return { ...read, major, searchPath: searchPath.flatMap(([schema]) => schema ?? []) }
  } finally {
    await asker.ask({ text: 'ROLLBACK' })
  }
}

/** Two alike: nothing that `readCatalog` reads has changed. Much cheaper than reading. */
export async function catalogDigest(asker: Asker): Promise<string> {
  const [row] = await asker.ask({ text: digestQuery })
  return row?.[0] ?? ''
}

export interface Stamps {
  readonly relations: ReadonlyMap<Oid, string>
  readonly functions: ReadonlyMap<Oid, string>
}

/** Relation.stamp and OwnFunction.stamp as they are now, of those that exist. */
export async function readStamps(asker: Asker, relations: readonly Oid[], functions: readonly Oid[]): Promise<Stamps> {
  const stamped = relations.length === 0 ? [] : await asker.ask({ text: relationStampQuery(relations.join(',')) })
  const replaced = functions.length === 0 ? [] : await asker.ask({ text: functionStampQuery(functions.join(',')) })
  return {
    relations: new Map(stamped.map(([oid, xmin, ...lists]) => [
      Number(oid),
      stampOf(xmin ?? '', lists.map((list) => (JSON.parse(list ?? '[]') as string[]).map((one) => [one])))
    ])),
    functions: new Map(replaced.map(([oid, xmin]) => [Number(oid), xmin ?? '']))
  }
}
