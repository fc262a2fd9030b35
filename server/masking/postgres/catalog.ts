// A snapshot of a database's catalog, as the analysis needs it. Pure: built from rows that server/protocols/postgres/snapshot.ts reads.
import type { Label } from './finding.ts'

export type Oid = number

export interface Catalog {
  /** Counts snapshots; a finding is good for the one it was made with. */
  readonly epoch: number
  readonly major: number
  readonly relations: ReadonlyMap<Oid, Relation>
  /** By bare name, over all schemas. */
  readonly relationsByName: ReadonlyMap<string, readonly Relation[]>
  /** Functions of the database's own (not of pg_catalog), by bare name. */
  readonly functions: ReadonlyMap<string, readonly OwnFunction[]>
  /** Functions of pg_catalog, by name: the worst volatility of its overloads, and whether any returns a set. */
  readonly builtins: ReadonlyMap<string, Builtin>
  /** Operators, casts, types and aggregates made by people, with the function behind each. */
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
  readonly indexes: readonly { readonly columns: readonly number[], readonly expression: boolean, readonly unique: boolean }[]
  readonly triggers: readonly { readonly name: string, readonly function: Oid, readonly events: readonly ('insert' | 'update' | 'delete' | 'truncate')[] }[]
  readonly rules: boolean
  /** Row security is on: text of the policies' expressions. */
  readonly policies: readonly string[]
  /** Changes when the relation does: xmin of its pg_class row and of its columns'. */
  readonly stamp: string
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
  /** pg_get_functiondef; absent for aggregates and C. */
  readonly definition?: string
  readonly body?: string
  readonly argumentTypes: readonly Oid[]
  readonly resultType: Oid
  /** OUT and TABLE columns. */
  readonly outNames: readonly string[]
  /** Aggregates: transition, final and other support functions. */
  readonly support: readonly Oid[]
  readonly extension?: string
  readonly stamp: string
}

export interface Builtin {
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
  readonly relation?: Oid
  /** A domain's CHECKs, as text. */
  readonly checks: readonly string[]
  /** Made by people, with functions of their own. */
  readonly own: boolean
}

/** Protected columns by relation and attribute number. */
export type Protected = ReadonlyMap<Oid, ReadonlyMap<number, Label>>
