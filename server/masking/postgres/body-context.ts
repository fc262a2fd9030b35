// What the test of a function's body needs to know. Types only.
import type { Tree } from '../../sql/postgres/tree.ts'
import type { Catalog, Oid, Protected } from './catalog.ts'

export interface BodyContext {
  readonly catalog: Catalog
  readonly protected: Protected
  readonly hazards?: ReadonlyMap<Oid, ReadonlySet<number>>
  readonly vouched: ReadonlySet<Oid>
  /** The one statement in a text, tagged; undefined where it is none or several. */
  parse(text: string): Tree | undefined
  /** What libpg_query makes of CREATE FUNCTION ... LANGUAGE plpgsql; undefined where it cannot. Without it, none is clean. */
  parsePlPgSql?(definition: string): unknown
}
