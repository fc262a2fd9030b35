// What server/protocols/postgres/snapshot.ts reads of a database's catalog, as text: one list of rows per question. Types only; the
// questions are in server/protocols/postgres/snapshot-queries.ts.

export type Row = readonly (string | null)[]

/** Columns of each list, in order; oids and numbers in decimal, booleans as `t` and `f`, lists as PostgreSQL writes arrays. */
export interface CatalogRows {
  readonly major: number
  /** Schemas of the search path, in order. */
  readonly searchPath: readonly string[]
  /** oid, name */
  readonly schemas: readonly Row[]
  /** oid, schema, name, relkind, oid of its TOAST relation or 0, type of its rows or 0, xmin, definition of a view */
  readonly relations: readonly Row[]
  /** relation, attnum, name, type, typmod, not null, generated, default, xmin; ordered by relation and attnum */
  readonly columns: readonly Row[]
  /** relation, attnum, comment, or null; security label, or null */
  readonly comments: readonly Row[]
  /** child, parent */
  readonly parents: readonly Row[]
  /** relation or 0, domain or 0, name, contype, columns, referenced relation, referenced columns, expression, xmin */
  readonly constraints: readonly Row[]
  /** relation, key columns (0: an expression), all columns, has expressions, has a predicate, unique */
  readonly indexes: readonly Row[]
  /** relation, name, function, tgtype, definition, enabled, xmin */
  readonly triggers: readonly Row[]
  /** relation, whether it is a view's own, xmin */
  readonly rules: readonly Row[]
  /** relation, USING, WITH CHECK, xmin */
  readonly policies: readonly Row[]
  /**
   * oid, schema, name, language, provolatile, returns set, security definer, prokind, definition, body, argument types, result type,
   * OUT names, support functions, settings, extension, xmin
   */
  readonly functions: readonly Row[]
  /** oid, name, provolatile, returns set, prokind, OUT names, result type */
  readonly builtins: readonly Row[]
  /** name, function */
  readonly operators: readonly Row[]
  /** source, target, castcontext, function */
  readonly casts: readonly Row[]
  /** oid, schema, name, typtype, typcategory, element, base, relation, support functions */
  readonly types: readonly Row[]
}
