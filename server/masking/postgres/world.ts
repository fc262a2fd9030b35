// What a statement is judged against: the catalog, what of it is protected, and what the session has by name. Types only.
import type { Tree } from '../../sql/postgres/tree.ts'
import type { Catalog, Oid, Protected } from './catalog.ts'
import type { Finding } from './finding.ts'

/** Its first four fields are one object each for as long as they hold the same: what is derived from them is kept by them. */
export interface World {
  readonly catalog: Catalog
  readonly protected: Protected
  /** Columns tied to a protected one by a constraint: writing them tests it. */
  readonly hazards: ReadonlyMap<Oid, ReadonlySet<number>>
  /** Functions, views and relations with row security that policy trusts, by oid. */
  readonly vouched: ReadonlySet<Oid>
  /** The one statement in a text, tagged; undefined where it is none or several. For definitions kept as text in the catalog. */
  parse(text: string): Tree | undefined
  /** What libpg_query makes of CREATE FUNCTION ... LANGUAGE plpgsql; without it such functions are not known to be harmless. */
  parsePlPgSql?(definition: string): unknown
  /** What the server itself says a relation's name means; without it, the search path decides. */
  resolve?(name: readonly string[]): Oid | undefined
  readonly searchPath: readonly string[]
  /** Statements prepared and cursors declared by this session, by name. */
  readonly prepared?: ReadonlyMap<string, Finding>
  readonly cursors?: ReadonlyMap<string, Finding>
  /** Rules switched off, for the tests that show each is needed. */
  readonly without?: ReadonlySet<string>
}
