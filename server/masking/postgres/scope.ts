// What a name means: range items with their columns, the levels of a query around them, stars. Pure.
// As PostgreSQL docs, *Table Expressions*, and its parser (parse_relation.c, colNameToVar before refnameNamespaceItem).
import type { ColumnPlace, Relation } from './catalog.ts'
import type { Label } from './finding.ts'
import { nothing, union } from './reading.ts'

/** What is known of a value. */
export interface Value {
  /** Protected columns it may depend on. */
  readonly labels: ReadonlySet<Label>
  /** It is this protected column unchanged, or NULL. */
  readonly identity?: Label
  readonly origin?: ColumnPlace
  readonly path: readonly string[]
  /** Name of a type of pg_catalog, or `enum`, `array`, `row`, `own`; `unknown` of untyped literals and parameters; absent: not inferred. */
  readonly type?: string
}

export interface Field extends Value {
  readonly name: string
}

export const clean: Value = { labels: nothing, path: [] }

/** One thing in FROM that columns can be taken from. */
export interface RangeItem {
  readonly name: string
  /** Of a relation without an alias: it can be named with its schema. */
  readonly schema?: string
  readonly fields: readonly Field[]
  /** A stored relation, which has ctid and the like. */
  readonly relation?: Relation
  /** A star leaves some of its columns out, or may: those that SEARCH and CYCLE add, below the query that WITH belongs to. */
  readonly starless?: true
}

/** What a FROM clause, or a part of it, makes visible. */
export interface From {
  /** By their own name, in the order of `*`; of a join USING each shared column once. */
  readonly fields: readonly Field[]
  /** By the name of their item. */
  readonly items: readonly RangeItem[]
}

export const noFrom: From = { fields: [], items: [] }

/** Of a WITH query. */
export interface CommonField extends Field {
  /** By its SEARCH or CYCLE. */
  readonly added?: true
}

/** A WITH query: read where it is first used, since names may point forward. */
export type Common = () => readonly CommonField[] | undefined

/** A level of names: the FROM clause in reach, and the levels around it. */
export interface Scope {
  readonly from: From
  readonly outer?: Scope
  readonly common: ReadonlyMap<string, Common>
  /** Those of them that belong to the query of this very level. */
  readonly own?: ReadonlyMap<string, Common>
  readonly windows?: ReadonlyMap<string, Value>
  readonly aggregates?: Aggregates
}

/**
 * The aggregates of one query share its input: PostgreSQL 16 and later sort it once for those with DISTINCT or ORDER BY, and the
 * others then see it in that order.
 */
export interface Aggregates {
  /** What such an aggregate sorts by. */
  readonly sorting: Set<Label>
  /** Some aggregate shows in its answer, which is clean, in what order it saw the rows. */
  showsOrder: boolean
}

export const noScope: Scope = { from: noFrom, common: new Map() }

/** Of every stored table; they say where a row is and which transaction made it, never what is in it. */
const systemColumns: Readonly<Record<string, string>> = { ctid: 'tid', xmin: 'xid', xmax: 'xid', cmin: 'cid', cmax: 'cid', tableoid: 'oid' }

export type Found =
  | { readonly type: 'value', readonly value: Value }
  | { readonly type: 'row', readonly item: RangeItem }
  /** `alias.name` where there is no such column: the function of that name, called with the row. */
  | { readonly type: 'call', readonly item: RangeItem, readonly name: string }
  | { readonly type: 'none' }

export function inside(scope: Scope, from: From): Scope {
  return { ...scope, from }
}

/** The same names for a query within: what belongs to the one around is no longer its own. */
export function nested({ own: _, ...scope }: Scope): Scope {
  return scope
}

/** A level for a query of its own within this one. */
export function below(scope: Scope): Scope {
  return { from: noFrom, outer: scope, common: scope.common }
}

export function join(left: From, right: From): From {
  return { fields: [...left.fields, ...right.fields], items: [...left.items, ...right.items] }
}

/** @param parts names of a ColumnRef without a star */
export function find(parts: readonly string[], scope: Scope): Found {
  const [column = '', item, schema] = parts.toReversed()
  if (item !== undefined) return findQualified(column, item, schema, scope)
  for (let level: Scope | undefined = scope; level !== undefined; level = level.outer) {
    const stored = level.from.items.some(({ relation }) => relation !== undefined)
    const value = byName(level.from.fields, column) ?? (stored ? systemColumn(column) : undefined)
    if (value !== undefined) return { type: 'value', value }
  }
  const row = itemNamed(column, undefined, scope)
  return row === undefined ? { type: 'none' } : { type: 'row', item: row }
}

function findQualified(column: string, name: string, schema: string | undefined, scope: Scope): Found {
  const item = itemNamed(name, schema, scope)
  if (item === undefined) return { type: 'none' }
  const value = byName(item.fields, column) ?? (item.relation === undefined ? undefined : systemColumn(column))
  return value === undefined ? { type: 'call', item, name: column } : { type: 'value', value }
}

export function itemNamed(name: string, schema: string | undefined, scope: Scope): RangeItem | undefined {
  for (let level: Scope | undefined = scope; level !== undefined; level = level.outer) {
    const found = level.from.items.filter((item) => item.name === name && (schema === undefined || item.schema === schema))
    // The server refuses what is ambiguous; until it does, it is all of them.
    if (found.length === 1) return found[0]
    if (found.length > 1) return { name, fields: found.flatMap(({ fields }) => fields) }
  }
  return undefined
}

function systemColumn(name: string): Value | undefined {
  const type = Object.hasOwn(systemColumns, name) ? systemColumns[name] : undefined
  return type === undefined ? undefined : { labels: nothing, path: [], type }
}

/** Several of one name: the server refuses, and until then it may be any. */
function byName(fields: readonly Field[], name: string): Value | undefined {
  const found = fields.filter((field) => field.name === name)
  return found.length > 1 ? { labels: union(found), path: found.flatMap(({ path }) => path) } : found[0]
}

/** `alias`, as a value: all its columns at once. */
export function rowOf(item: RangeItem): Value {
  return { labels: union(item.fields), path: item.fields.find(({ labels }) => labels.size > 0)?.path ?? [], type: 'row' }
}

/** What `*` and `alias.*` stand for, in the server's order; undefined: no such item, or not known. */
export function star(qualifier: readonly string[], scope: Scope): readonly Field[] | undefined {
  const [name, schema] = qualifier.toReversed()
  const item = name === undefined ? undefined : itemNamed(name, schema, scope)
  const starless = (name === undefined ? scope.from.items : [item]).some((one) => one?.starless === true)
  if (starless) return undefined
  return name === undefined ? scope.from.fields : item?.fields
}

/** `AS t (a, b)`: the first columns get these names, the rest keep theirs. */
export function renamed(fields: readonly Field[], names: readonly string[]): readonly Field[] {
  return fields.map((field, index) => names[index] === undefined || names[index] === field.name ? field : { ...field, name: names[index] })
}

/** Two values of which a cell may hold either. */
export function either(a: Value, b: Value): Value {
  if (a.labels.size === 0 && b.labels.size === 0) return { labels: nothing, path: [], ...sameType(a, b) }
  return {
    labels: union([a, b]),
    ...(a.identity !== undefined && a.identity === b.identity ? { identity: a.identity } : {}),
    path: a.labels.size > 0 ? a.path : b.path,
    ...sameType(a, b)
  }
}

function sameType(a: Value, b: Value): { type?: string } {
  if (a.type === b.type || b.type === 'unknown') return a.type === undefined ? {} : { type: a.type }
  return a.type === 'unknown' && b.type !== undefined ? { type: b.type } : {}
}

/** Once it is the answer of a query or one of several, an untyped literal is text. */
export function settled<Settled extends Value>(value: Settled): Settled {
  return value.type === 'unknown' ? { ...value, type: 'text' } : value
}
