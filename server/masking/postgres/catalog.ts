// A snapshot of a database's catalog, as the analysis needs it. Pure: built from rows that server/protocols/postgres/snapshot.ts reads;
// the building is in build-catalog.ts.
import type { Label } from './finding.ts'

export type Oid = number

export interface Catalog {
  /** Counts snapshots; a finding is good for the one it was made with. */
  readonly epoch: number
  readonly major: number
  /** Names of schemas. */
  readonly schemas: ReadonlyMap<Oid, string>
  readonly relations: ReadonlyMap<Oid, Relation>
  /** By bare name, over all schemas. */
  readonly relationsByName: ReadonlyMap<string, readonly Relation[]>
  /** Functions of the database's own (not of pg_catalog), by bare name. */
  readonly functions: ReadonlyMap<string, readonly OwnFunction[]>
  readonly functionsByOid: ReadonlyMap<Oid, OwnFunction>
  /** Functions of pg_catalog, by name: the worst volatility of its overloads, and whether any returns a set. */
  readonly builtins: ReadonlyMap<string, Builtin>
  /** Names of PostgreSQL's own functions, for what refers to one by oid: operators, casts, aggregates, triggers. */
  readonly builtinNames: ReadonlyMap<Oid, string>
  /** Operators made by people, by bare name: the functions behind all of that name. Casts: a function of 0 is an I/O or binary cast. */
  readonly operators: ReadonlyMap<string, readonly Oid[]>
  readonly casts: readonly { readonly source: Oid, readonly target: Oid, readonly context: 'explicit' | 'assignment' | 'implicit', readonly function: Oid }[]
  readonly types: ReadonlyMap<Oid, Type>
  readonly typesByName: ReadonlyMap<string, readonly Type[]>
  readonly searchPath: readonly string[]
}

export interface Relation {
  readonly oid: Oid
  readonly schema: string
  readonly name: string
  /** As pg_class.relkind: r table, p partitioned, v view, m materialized view, f foreign, S sequence, i index, t TOAST, c composite. */
  readonly kind: string
  readonly columns: readonly RelationColumn[]
  /** Text of a view's or materialized view's query, fully qualified. */
  readonly definition?: string
  readonly parents: readonly Oid[]
  readonly constraints: readonly Constraint[]
  readonly indexes: readonly Index[]
  /** Those of people that are not disabled. */
  readonly triggers: readonly Trigger[]
  /** Rewrite rules besides a view's own. */
  readonly rules: boolean
  /** Row security is on: text of the policies' expressions. */
  readonly policies: readonly string[]
  /** Of PostgreSQL's own: made by initdb. */
  readonly system: boolean
  /** Of a TOAST relation: the one whose long values it keeps. */
  readonly toastOf?: Oid
  /** The type of its rows; 0 where it has none. */
  readonly rowType: Oid
  /** Changes when the relation does: xmin of its rows in pg_class, pg_attribute, pg_constraint, pg_trigger, pg_rewrite, pg_policy. */
  readonly stamp: string
}

/** One column of a relation. */
export interface ColumnPlace {
  readonly relation: Oid
  readonly attnum: number
}

export function columnAt(catalog: Catalog | undefined, place: ColumnPlace | undefined): RelationColumn | undefined {
  return place === undefined ? undefined : catalog?.relations.get(place.relation)?.columns.find(({ attnum }) => attnum === place.attnum)
}

export interface Trigger {
  readonly name: string
  readonly function: Oid
  readonly events: readonly ('insert' | 'update' | 'delete' | 'truncate')[]
  /** CREATE TRIGGER, with its WHEN and arguments. */
  readonly definition: string
}

export interface Index {
  /** Columns of the key, in order; 0 for an expression. */
  readonly keys: readonly number[]
  /** Every column it mentions: key, INCLUDE, expressions, predicate. */
  readonly columns: readonly number[]
  readonly expression: boolean
  readonly partial: boolean
  readonly unique: boolean
}

export interface RelationColumn {
  readonly attnum: number
  readonly name: string
  readonly type: Oid
  readonly typeModifier: number
  readonly notNull: boolean
  /** Text of the default's or the generated column's expression. */
  readonly default?: string
  readonly generated: boolean
  readonly comment?: string
  /** Security labels of any provider (SECURITY LABEL ... ON COLUMN). */
  readonly securityLabels?: readonly string[]
}

export interface Constraint {
  readonly name: string
  /** As pg_constraint.contype: c check, f foreign key, p primary key, u unique, x exclusion, t trigger. */
  readonly kind: string
  readonly columns: readonly number[]
  readonly references?: { readonly relation: Oid, readonly columns: readonly number[] }
  readonly expression?: string
}

export interface OwnFunction {
  readonly oid: Oid
  readonly schema: string
  readonly name: string
  readonly language: string
  readonly volatility: 'immutable' | 'stable' | 'volatile'
  readonly returnsSet: boolean
  readonly securityDefiner: boolean
  readonly aggregate: boolean
  /** pg_get_functiondef; absent for aggregates. The body is pg_proc.prosrc, of C with its library before it. */
  readonly definition?: string
  readonly body?: string
  readonly argumentTypes: readonly Oid[]
  readonly resultType: Oid
  /** OUT and TABLE columns. */
  readonly outNames: readonly string[]
  /** The settings it runs with, `name=value`. */
  readonly settings: readonly string[]
  /** Aggregates: transition, final and other support functions. */
  readonly support: readonly Oid[]
  readonly extension?: string
  readonly stamp: string
}

export interface Builtin {
  /** Where all overloads have the same. */
  readonly result?: Oid
  readonly volatility: 'immutable' | 'stable' | 'volatile'
  readonly returnsSet: boolean
  readonly aggregate: boolean
  readonly outNames: readonly string[]
}

export interface Type {
  readonly oid: Oid
  readonly schema: string
  readonly name: string
  /** As pg_type.typtype: b base, c composite, d domain, e enum, p pseudo, r range, m multirange. */
  readonly kind: string
  readonly category: string
  /** Element of an array, base of a domain. */
  readonly element?: Oid
  readonly base?: Oid
  /** Of a composite type. */
  readonly relation?: Oid
  /** A domain's CHECKs, as text. */
  readonly checks: readonly string[]
  /** Made by people. */
  readonly own: boolean
  /** Of a base type made by people: its input, output, receive and send functions. */
  readonly support: readonly Oid[]
}

/** Protected columns by relation and attribute number. */
export type Protected = ReadonlyMap<Oid, ReadonlyMap<number, Label>>
