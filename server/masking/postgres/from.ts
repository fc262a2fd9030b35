// FROM: relations, subqueries, functions and joins, each with the columns it makes visible. Pure.
// As PostgreSQL docs, *Table Expressions*; which side's column a merged one is does not matter, its value is equal to both.
import { as, isTree, kindOf, list, strings, text, type Tree } from '../../sql/postgres/tree.ts'
import { calleeOf } from './calls.ts'
import type { OwnFunction } from './catalog.ts'
import { derived, evaluate, evaluateAll, mayFailUnless } from './expression.ts'
import { resultName } from './names.ts'
import { readCondition } from './predicate.ts'
import { readQuery } from './query.ts'
import { itemOf, labelOf, relationOf } from './relation.ts'
import { nothing, union, type Reading } from './reading.ts'
import { below, inside, join, noFrom, renamed, type Field, type From, type RangeItem, type Scope, type Value } from './scope.ts'
import { jsonTable } from './sql-json.ts'
import { aliasOf, namedType, valueType } from './typing.ts'
import { xmlTable } from './xml-table.ts'

/** @param scope the level the clause is of, and those around; what stands further left is seen by LATERAL and functions only */
export function readFrom(clause: unknown, scope: Scope, reading: Reading): From {
  return list(clause).reduce<From>((left, item) => join(left, readItem(item, left, scope, reading)), scope.from)
}

function readItem(value: unknown, left: From, scope: Scope, reading: Reading): From {
  const [kind, node] = isTree(value) ? kindOf(value) : ['', {}]
  switch (kind) {
    case 'RangeVar': return visible(rangeVar(node, scope, reading))
    case 'RangeSubselect': {
      const around = node.lateral === true ? { ...scope, from: left } : { ...scope, from: noFrom }
      const { name, columns } = aliasOf(node)
      const { fields } = readQuery(isTree(node.subquery) ? node.subquery : {}, below(around), reading)
      return visible({ name: name ?? '', fields: named(renamed(fields, columns), name) })
    }
    case 'RangeFunction': return visible(rangeFunction(node, below({ ...scope, from: left }), reading))
    case 'RangeTableFunc': return visible(tableItem(node, 'xmltable', xmlTable(node, below({ ...scope, from: left }), reading)))
    case 'JsonTable': return visible(tableItem(node, 'json_table', jsonTable(node, below({ ...scope, from: left }), reading)))
    case 'RangeTableSample': {
      const method = strings(node.method)
      if (method.length !== 1 || !['bernoulli', 'system'].includes(method[0]!)) reading.unproven(`the sampling method ${method.join('.')} is unknown`)
      const parts = [...evaluateAll(node.args, inside(scope, left), reading), evaluate(node.repeatable, inside(scope, left), reading)]
      reading.flow('other', union(parts), 'which rows are sampled depends on a protected value')
      mayFailUnless(false, { labels: union(parts), path: [] }, 'sampling', reading)
      return readItem(node.relation, left, scope, reading)
    }
    case 'JoinExpr': return joinExpr(node, left, scope, reading)
    default:
      reading.unproven(`${kind || 'this syntax'} in FROM is not understood`)
      return noFrom
  }
}

function visible(item: RangeItem): From {
  return { fields: item.fields, items: [item] }
}

/** The path by which a value went through an alias. */
function named(fields: readonly Field[], alias: string | undefined): readonly Field[] {
  return alias === undefined ? fields : fields.map((field) => field.labels.size === 0 ? field : { ...field, path: step(field.path, `${alias}.${field.name}`) })
}

export function step(path: readonly string[], to: string): readonly string[] {
  return path.at(-1) === to ? path : [...path, to]
}

function rangeVar(node: Tree, scope: Scope, reading: Reading): RangeItem {
  const { name: alias, columns } = aliasOf(node)
  const written = text(node.relname) ?? ''
  const common = node.schemaname === undefined ? scope.common.get(written) : undefined
  if (common !== undefined) {
    const all = common()
    if (all === undefined) reading.unproven(`the WITH query ${written} refers to itself in a way that is not understood`)
    const fields = (all ?? []).map(({ added: _, ...field }) => field)
    const starless = all?.some(({ added }) => added === true) === true && scope.own?.get(written) !== common && !reading.off('starless')
    return { name: alias ?? written, fields: renamed(fields, columns), ...(starless ? { starless } : {}) }
  }
  const relation = relationOf(node, reading)
  if (relation === undefined) return { name: alias ?? written, fields: [] }
  const item = itemOf(relation, alias ?? relation.name, reading)
  const fields = renamed(item.fields, columns)
  return alias === undefined ? { ...item, fields } : { name: alias, fields, relation }
}

function tableItem(node: Tree, called: string, fields: readonly Field[]): RangeItem {
  const { name, columns } = aliasOf(node)
  return { name: name ?? called, fields: named(renamed(fields, columns), name) }
}

/** Functions in FROM: their arguments decide how many rows there are. */
function rangeFunction(node: Tree, scope: Scope, reading: Reading): RangeItem {
  const { name, columns } = aliasOf(node)
  const calls = list(node.functions).map((entry) => list(entry))
  const single = calls.length === 1
  const fields = calls.flatMap(([call, definition]) => {
    const written = list(definition).length > 0 ? definition : single ? node.coldeflist : undefined
    return functionFields(call, written, single ? name : undefined, scope, reading)
  })
  const all: Field[] = node.ordinality === true ? [...fields, { name: 'ordinality', labels: nothing, path: [], type: 'int8' }] : fields
  return { name: name ?? resultName(calls[0]?.[0]), fields: named(renamed(all, columns), name) }
}

function functionFields(call: unknown, definitions: unknown, alias: string | undefined, scope: Scope, reading: Reading): Field[] {
  const value = evaluate(call, scope, reading)
  if (value.labels.size > 0) reading.flow('srf', value.labels, `which rows ${resultName(call)} makes depends on a protected value`)
  const { identity: _, origin: _origin, ...plain } = value
  const field = (name: string, type?: string): Field => ({ ...untyped(plain), name, ...(type === undefined ? {} : { type }) })
  const defined = list(definitions).map((definition) => as(definition, 'ColumnDef') ?? {})
  if (defined.length > 0) return defined.map((column) => field(text(column.colname) ?? '', isTree(column.typeName) ? namedType(column.typeName, reading).type : undefined))

  const function_ = as(call, 'FuncCall')
  const callee = function_ === undefined ? undefined : calleeOf(strings(function_.funcname), reading)
  const [own, ...overloads] = callee?.own ?? []
  const outNames = overloads.length === 0 ? own?.outNames ?? callee?.builtin?.outNames ?? [] : callee!.own.flatMap((one) => one.outNames)
  if (outNames.length > 1) return [...new Set(outNames)].map((name) => field(name))
  const ofRow = overloads.length === 0 && own !== undefined ? rowFields(own, plain, reading) : undefined
  if (ofRow !== undefined) return ofRow
  // A function of one unnamed column gives it the alias's name, one of a named column keeps that.
  const name = outNames[0] ?? alias ?? resultName(call)
  return [{ ...plain, name }]
}

function untyped({ type: _, ...value }: Value): Value {
  return value
}

/** A function that answers rows of a relation: its columns are what they are there. */
function rowFields(own: OwnFunction, value: Value, reading: Reading): Field[] | undefined {
  const { catalog } = reading.world
  const relationOid = catalog.types.get(own.resultType)?.relation
  const relation = relationOid === undefined ? undefined : catalog.relations.get(relationOid)
  return relation?.columns.map((column) => {
    const label = labelOf(relation, column.attnum, reading)
    const type = valueType(column.type, reading)
    return {
      name: column.name,
      labels: union([value, { labels: label === undefined ? nothing : new Set([label]) }]),
      path: label === undefined ? value.path : [`${relation.name}.${column.name}`, `${own.name}()`],
      ...(type === undefined ? {} : { type })
    }
  })
}

function joinExpr(node: Tree, left: From, scope: Scope, reading: Reading): From {
  const a = readItem(node.larg, left, scope, reading)
  // The right side sees the left one if it is LATERAL.
  const b = readItem(node.rarg, join(left, a), scope, reading)
  const both = join(a, b)
  const exact = node.jointype === 'JOIN_INNER'
  const shared = node.isNatural === true
    ? a.fields.map(({ name }) => name).filter((name) => b.fields.some((field) => field.name === name))
    : strings(node.usingClause)
  const merged = shared.map((name) => merge(name, a, b, reading))
  if (node.quals !== undefined) readCondition(node.quals, { ...scope, from: both }, reading, exact)
  const fields = [...merged, ...[...a.fields, ...b.fields].filter(({ name }) => !shared.includes(name))]
  const { name, columns } = aliasOf(node)
  const starless = both.items.some((one) => one.starless === true)
  if (starless && (columns.length > 0 || node.isNatural === true)) reading.unproven('which columns a join has is not known')
  if (name !== undefined) return visible({ name, fields: named(renamed(fields, columns), name), ...(starless ? { starless } : {}) })
  const usingAlias = isTree(node.join_using_alias) ? text(node.join_using_alias.aliasname) : undefined
  const items = usingAlias === undefined ? both.items : [...both.items, { name: usingAlias, fields: merged }]
  return { fields, items }
}

/** A column of USING or NATURAL: an equality, and a value that is both. */
function merge(name: string, a: From, b: From, reading: Reading): Field {
  const sides = [a, b].map(({ fields }) => fields.filter((field) => field.name === name))
  const all = sides.flat()
  const [one, other] = sides.map(([field]) => field)
  if (one === undefined || other === undefined) reading.unproven(`the column ${name} is not on both sides of a join`)
  const value = derived(all)
  const both = one?.identity !== undefined && other?.identity !== undefined
  if (value.labels.size > 0 && !reading.off('using')) reading.flow(both ? 'join' : 'other', value.labels, `rows are joined on ${name}`)
  const identity = both && one.identity === other.identity ? one.identity : undefined
  const type = one?.type === other?.type ? one?.type : undefined
  const origin = value.labels.size === 0 && all.length === 2 ? one?.origin : undefined
  return {
    name,
    labels: value.labels,
    path: value.path,
    ...(identity === undefined ? {} : { identity }),
    ...(type === undefined ? {} : { type }),
    ...(origin === undefined ? {} : { origin })
  }
}
