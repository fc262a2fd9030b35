// SELECT, VALUES, set operations and WITH: the columns of a query; everything else it shows are flows. Pure.
import { as, constant, isTree, kindOf, list, some, strings, text, type Tree } from '../../sql/postgres/tree.ts'
import { calleeOf } from './calls.ts'
import { becomeOne, derived, evaluate, evaluateAll, mayFailUnless } from './expression.ts'
import { readFrom, step } from './from.ts'
import { windowOf } from './function-call.ts'
import { readChange } from './modify.ts'
import { resultName } from './names.ts'
import { readCondition } from './predicate.ts'
import { union, type Reading } from './reading.ts'
import { fixpoint, withAdded } from './recursive.ts'
import { either, find, inside, nested, renamed, settled, star, type Aggregates, type Common, type CommonField, type Field, type Scope, type Value } from './scope.ts'

export interface Query {
  readonly fields: readonly Field[]
  readonly atMostOneRow: boolean
}

const noRows: Query = { fields: [], atMostOneRow: false }
const changes: ReadonlySet<string> = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'])

/** @param tagged a SelectStmt or, in WITH, a change with RETURNING. @param scope a level of its own, FROM still empty */
export function readQuery(tagged: Tree, scope: Scope, reading: Reading): Query {
  const [kind, node] = kindOf(tagged)
  if (kind === 'SelectStmt') return readSelect(node, scope, reading)
  if (changes.has(kind)) return { ...noRows, fields: readChange(kind, node, scope, reading) ?? [] }
  reading.unproven(`${kind || 'this syntax'} is not understood`)
  return noRows
}

export function readSelect(node: Tree, around: Scope, reading: Reading): Query {
  const scope = withCommon(node.withClause, around, reading)
  if (node.intoClause !== undefined) reading.unproven('SELECT INTO below the top of a statement')
  if (node.op !== undefined && node.op !== 'SETOP_NONE') return setOperation(node, nested(scope), reading)
  if (node.valuesLists !== undefined) return values(node, scope, reading)

  const from = readFrom(node.fromClause, scope, reading)
  const level = inside(scope, from)
  readCondition(node.whereClause, level, reading, true)
  const aggregates: Aggregates = { sorting: new Set(), showsOrder: false }
  const inner = { ...level, aggregates, windows: windowsOf(node.windowClause, level, reading) }
  const targets = list(node.targetList).flatMap((target) => targetFields(as(target, 'ResTarget') ?? {}, inner, reading))
  const keys = readKeys(node, targets, inner, reading)
  readCondition(node.havingClause, inner, reading, false)
  if (aggregates.showsOrder) reading.flow('order', aggregates.sorting, 'one aggregate sorts by a protected value, and another shows in what order it sees the rows')
  const one = limit(node, inner, reading)
  const grouped = node.groupClause !== undefined || keys
  return { fields: targets, atMostOneRow: one || (!grouped && isAggregate(node.targetList, reading)) }
}

/** One entry of the SELECT list: several columns where it is a star. */
export function targetFields(target: Tree, scope: Scope, reading: Reading): Field[] {
  const fields = list(as(target.val, 'ColumnRef')?.fields)
  if (as(fields.at(-1), 'A_Star') !== undefined) {
    const all = star(strings(fields), scope)
    if (all === undefined) reading.unproven(`${[...strings(fields), '*'].join('.')} is unknown`)
    return [...all ?? []]
  }
  const indirection = as(target.val, 'A_Indirection')
  if (indirection !== undefined && as(list(indirection.indirection).at(-1), 'A_Star') !== undefined) {
    // (row).*
    const names = strings(as(indirection.arg, 'ColumnRef')?.fields)
    const found = names.length === 1 ? find(names, scope) : undefined
    if (found?.type === 'row' && found.item.starless !== true && list(indirection.indirection).length === 1) return [...found.item.fields]
    evaluate(indirection.arg, scope, reading)
    reading.unproven('the columns of a row that is computed are not known')
    return []
  }
  const name = text(target.name) ?? resultName(target.val)
  const value = settled(evaluate(target.val, scope, reading))
  return [{ ...value, name, path: target.name === undefined || value.labels.size === 0 ? value.path : step(value.path, name) }]
}

/** GROUP BY, DISTINCT and ORDER BY. @returns whether rows are grouped by anything */
function readKeys(node: Tree, targets: readonly Field[], scope: Scope, reading: Reading): boolean {
  const groups = list(node.groupClause).flatMap(groupedBy).map((item) => key(item, targets, scope, reading, 'columns first'))
  reading.flow('group', union(groups), 'rows are grouped by a protected value')
  const distinct = list(node.distinctClause)
  if (distinct.length > 0) {
    // DISTINCT without ON is a list of one empty node.
    const on = distinct.filter((item) => isTree(item) && Object.keys(item).length > 0)
    const compared = on.length === 0 ? targets : on.map((item) => key(item, targets, scope, reading, 'results first'))
    reading.flow('distinct', union(compared), 'DISTINCT compares protected values')
  }
  const sorts = list(node.sortClause).map((sort) => sortKey(sort, targets, scope, reading))
  reading.flow('order', union(sorts), 'rows are ordered by a protected value')
  return groups.length > 0
}

function sortKey(sort: unknown, targets: readonly Field[], scope: Scope, reading: Reading): Value {
  const { node, useOp } = as(sort, 'SortBy') ?? {}
  if (useOp !== undefined && !['<', '>'].includes(strings(useOp).join('.'))) reading.unproven(`ORDER BY USING ${strings(useOp).join('.')}`)
  return key(node, targets, scope, reading, 'results first')
}

function groupedBy(item: unknown): readonly unknown[] {
  const set = as(item, 'GroupingSet')
  if (set !== undefined) return list(set.content).flatMap(groupedBy)
  const row = as(item, 'RowExpr')
  return row === undefined ? [item] : list(row.args).flatMap(groupedBy)
}

/** A key is the number or the name of a result column, or an expression; GROUP BY takes an input column of that name first. */
function key(item: unknown, targets: readonly Field[], scope: Scope, reading: Reading, order: 'columns first' | 'results first'): Value {
  const number = as(item, 'A_Const')?.ival
  if (isTree(number)) {
    const target = targets[(typeof number.ival === 'number' ? number.ival : 0) - 1]
    // Stars of unknown relations shift the numbers; then something is opaque already.
    return target ?? derived(targets)
  }
  const names = strings(as(item, 'ColumnRef')?.fields)
  if (names.length === 1 && list(as(item, 'ColumnRef')?.fields).length === 1) {
    const results = targets.filter(({ name }) => name === names[0])
    const found = order === 'columns first' ? find(names, { ...scope, outer: undefined }) : undefined
    if (results.length > 0 && found?.type !== 'value') return derived(results)
  }
  return evaluate(item, scope, reading)
}

/** @returns whether it lets one row through at most */
function limit(node: Tree, scope: Scope, reading: Reading): boolean {
  const counts = [evaluate(node.limitCount, scope, reading), evaluate(node.limitOffset, scope, reading)]
  reading.flow('other', union(counts), 'how many rows there are depends on a protected value')
  const written = constant(node.limitCount)
  if ([node.limitCount, node.limitOffset].some((count) => count !== undefined && constant(count) === undefined && as(count, 'A_Const') === undefined && as(count, 'ParamRef') === undefined)) {
    mayFailUnless(false, derived(counts), 'LIMIT', reading)
  }
  return (written === '0' || written === '1') && node.limitOption !== 'LIMIT_OPTION_WITH_TIES'
}

function windowsOf(clause: unknown, scope: Scope, reading: Reading): ReadonlyMap<string, Value> {
  const windows = new Map<string, Value>()
  for (const definition of list(clause)) {
    const node = as(definition, 'WindowDef') ?? {}
    windows.set(text(node.name) ?? '', windowOf({ ...node, name: undefined }, { ...scope, windows }, reading))
  }
  return windows
}

/** One row for all: an aggregate without GROUP BY, and nothing that makes rows. */
function isAggregate(targets: unknown, reading: Reading): boolean {
  let aggregates = false
  const sets = some(targets, (tree) => {
    const call = as(tree, 'FuncCall')
    const callee = call === undefined ? undefined : calleeOf(strings(call.funcname), reading)
    if (callee === undefined) return call !== undefined
    if (call!.over === undefined && (callee.builtin?.aggregate === true || callee.own.some(({ aggregate }) => aggregate))) aggregates = true
    return callee.builtin?.returnsSet === true || callee.own.some(({ returnsSet }) => returnsSet)
  })
  return aggregates && !sets && !some(targets, (tree) => 'SubLink' in tree)
}

function values(node: Tree, scope: Scope, reading: Reading): Query {
  const rows = list(node.valuesLists).map((row) => evaluateAll(row, scope, reading))
  const [first = [], ...rest] = rows
  for (const at of first.keys()) becomeOne(rows.flatMap((row) => row[at] ?? []), reading)
  const fields = first.map((value, at): Field => ({ ...settled(rest.reduce((all, row) => either(all, row[at] ?? value), value)), name: `column${at + 1}` }))
  readKeys(node, fields, scope, reading)
  limit(node, scope, reading)
  return { fields, atMostOneRow: rows.length === 1 }
}

function setOperation(node: Tree, scope: Scope, reading: Reading): Query {
  const [left, right] = [node.larg, node.rarg].map((side) => readSelect(isTree(side) ? side : {}, scope, reading))
  const fields = combine(left!.fields, right!.fields, reading)
  const appends = node.op === 'SETOP_UNION' && node.all === true
  if (!appends) reading.flow('setop', union(fields), 'rows are compared with each other by protected values')
  const sorts = list(node.sortClause).map((sort) => sortKey(sort, fields, scope, reading))
  reading.flow('order', union(sorts), 'rows are ordered by a protected value')
  return { fields, atMostOneRow: limit(node, scope, reading) }
}

export function combine(left: readonly Field[], right: readonly Field[], reading: Reading): readonly Field[] {
  if (left.length !== right.length) reading.unproven('the queries of a set operation do not have the same number of columns')
  return left.map((field, at) => {
    becomeOne([field, right[at] ?? field], reading)
    const { origin: _, ...value } = either(field, right[at] ?? field)
    return { ...value, name: field.name }
  })
}

/** The names of WITH added to those in reach; each query is read once, also if nothing uses it. */
export function withCommon(clause: unknown, scope: Scope, reading: Reading): Scope {
  if (!isTree(clause)) return scope
  const common = new Map(scope.common)
  const inner = { ...nested(scope), common }
  const queries = list(clause.ctes).map((item) => as(item, 'CommonTableExpr') ?? {})
  const own = new Map<string, Common>()
  for (const node of queries) {
    // Without RECURSIVE a query sees those before it; with it, all.
    const seen = clause.recursive === true ? inner : { ...inner, common: new Map(common) }
    const read = commonQuery(node, clause.recursive === true, seen, reading)
    for (const names of [common, own]) names.set(text(node.ctename) ?? '', read)
  }
  for (const read of own.values()) read()
  return { ...inner, own }
}

function commonQuery(node: Tree, recursive: boolean, scope: Scope, reading: Reading): Common {
  const name = text(node.ctename) ?? ''
  const columns = strings(node.aliascolnames)
  let fields: readonly CommonField[] | undefined
  let state: 'unread' | 'reading' | 'read' = 'unread'
  return () => {
    if (state === 'unread') {
      state = 'reading'
      const query = isTree(node.ctequery) ? node.ctequery : {}
      const select = as(query, 'SelectStmt')
      const own = { ...scope, from: { fields: [], items: [] } }
      const union_ = recursive && select?.op === 'SETOP_UNION' && some(select.rarg, (tree) => as(tree, 'RangeVar')?.relname === name)
      fields = union_
        ? withAdded(node, fixpoint(name, select, columns, own, reading), reading)
        : renamed(readQuery(query, own, reading).fields, columns)
      if (!union_ && (node.search_clause ?? node.cycle_clause) !== undefined) reading.unproven('SEARCH or CYCLE of a query that is not recursive')
      state = 'read'
    }
    return fields
  }
}
