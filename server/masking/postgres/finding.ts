// What the analysis says of one statement: where each output column's value comes from, what else depends on protected values, and
// what could not be proven. Types only; see docs/masking.md.
import type { ColumnPlace, Oid, Relation } from './catalog.ts'

/**
 * A protected column, `schema.relation.column`. A column protected by closure (a partition's, a generated one) has the label of its
 * source.
 */
export type Label = string

/** One column of a result, in order. */
export interface Column {
  readonly name: string
  /** Protected columns the value may depend on; empty: proven clean. */
  readonly labels: ReadonlySet<Label>
  /** The value is this protected column unchanged, so its own mask applies; anything else with labels is redacted. */
  readonly identity?: Label
  /** The stored column it comes from unchanged, where there is exactly one; compared with RowDescription's. */
  readonly origin?: ColumnPlace
  /** How the value got here, for explanations: `patients.ssn -> s -> substr(s)`. */
  readonly path: readonly string[]
}

/**
 * Ways by which something else than a cell depends on a protected value: rows, their order or number, an error.
 *   null        IS NULL, count(column)
 *   lookup      column = constant, IN (constants), = ANY(parameter), as a term of the top-level AND
 *   constraint  writing a protected column that is unique, checked or a foreign key, or a column tied to one by a constraint
 *   join        protected = protected, both bare columns
 *   group, distinct, setop, order    frequencies and ranks
 *   other       any other predicate
 *   srf         rows multiplied by a protected value
 *   error       whether evaluating fails depends on a protected value
 *   udf-arg     a protected value into a function that is not vouched for
 *   ddl         changing a relation with protected columns
 *   explain     EXPLAIN of any of these
 *   launder     a protected value into an unprotected place
 */
export type FlowKind =
  | 'null' | 'lookup' | 'constraint' | 'join' | 'group' | 'distinct' | 'setop' | 'order' | 'other' | 'srf' | 'error'
  | 'udf-arg' | 'ddl' | 'explain' | 'launder'

export interface Flow {
  readonly kind: FlowKind
  readonly labels: ReadonlySet<Label>
  /** Of launder and constraint: the column written, `schema.relation.column`. */
  readonly into?: string
  /** Of lookup: the value asked for, for the budget: a constant as text, or the number of a parameter from 1. */
  readonly asked?: readonly (string | { readonly parameter: number })[]
  /** For people: what in the statement does it. */
  readonly why: string
}

/** Something that could not be proven harmless; for people. */
export type Reason = string

export interface Finding {
  /** Undefined where the statement returns no rows, or its columns are not known before it runs. */
  readonly columns: readonly Column[] | undefined
  readonly flows: readonly Flow[]
  readonly opaque: readonly Reason[]
  /** Every relation it reads or writes, views' own relations included. */
  readonly relations: readonly Relation[]
  /** Whether any of them has protected columns, or something is opaque: only then are rows decoded and errors scrubbed. */
  readonly reached: boolean
  /** Functions of the database's own that it calls. */
  readonly functions: readonly Oid[]
  /** It changes the catalog (or may): the snapshot is stale afterwards. */
  readonly changesCatalog: boolean
  /** Which relation it names that is not there, as far as the catalog knows: the server's parser will say so better. */
  readonly missing?: Reason
  /** It names a cursor or a prepared statement, so it is good only for this session, as it is now. */
  readonly ofSession?: true
  /** What it makes that later statements of the session refer to by name, with the columns those will have. */
  readonly defines?: { readonly type: 'cursor' | 'prepared', readonly name: string, readonly columns: readonly Column[] | undefined }
}
