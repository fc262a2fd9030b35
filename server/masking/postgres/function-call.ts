// A FuncCall: arguments, FILTER, ORDER BY, OVER; count, which tells of presence alone; set_config. Pure.
import { keepsPinned, namesOthersTemporary, settingKind } from '../../sql/postgres/settings.ts'
import { as, constant, isTree, list, strings, text, type Tree } from '../../sql/postgres/tree.ts'
import { calleeOf, callFunction } from './calls.ts'
import { derived, evaluate, evaluateAll, mayFailUnless } from './expression.ts'
import { totalCast } from './operators.ts'
import { scansOff } from './order-hazard.ts'
import { union, type Reading } from './reading.ts'
import { clean, type Scope, type Value } from './scope.ts'
import { intoType, typeNamed, valueType } from './typing.ts'

export function call(node: Tree, scope: Scope, reading: Reading): Value {
  const parts = strings(node.funcname)
  const name = parts.at(-1) ?? ''
  const builtin = parts.length === 1 || (parts.length === 2 && parts[0] === 'pg_catalog')
  const { args, filter } = filtered(node, scope, reading)
  const constants = list(node.args).map(constant)
  if (builtin && name === 'set_config') {
    if (!setsFreely(constants)) reading.unproven('set_config may set what the session must not')
    // In what the catalog keeps, it runs where the statement does not say so: names would mean something else, and nobody would know.
    if (reading.depth > 0 && constants[0]?.toLowerCase() === 'search_path') reading.unproven('set_config moves the search path from where it is not seen')
    // Whether it was called shows: in SHOW, and in what the server reports of its own accord.
    if (!reading.off('settings')) reading.mayFail()
    return clean
  }
  const keys = list(node.agg_order).map((sort) => evaluate(as(sort, 'SortBy')?.node, scope, reading))
  const around = [...keys, ...filter, ...(isTree(node.over) ? [windowOf(node.over, scope, reading)] : [])]
  const outer = union(around)

  if (builtin && name === 'count' && calleeOf(['count'], reading)?.own.length === 0 && outer.size === 0 && node.agg_distinct !== true) {
    const [counted] = args
    if (counted === undefined) return { ...clean, type: 'int8' }
    if (counted.identity !== undefined) {
      reading.flow('null', counted.labels, `count(${counted.path.at(-1)})`)
      return { ...clean, type: 'int8' }
    }
  }
  const type = notationOfCast(parts, args, reading)
  if (type !== undefined) return type
  // PERCENTILE_CONT and the like compute with what they order by.
  if (node.agg_within_group === true && name !== 'mode') mayFailUnless(false, { labels: outer, path: [] }, name, reading)
  const value = callFunction(parts, node.func_variadic === true ? args.map(spread) : args, constants, reading, around)
  noteOrder(node, [...node.agg_distinct === true ? args : [], ...keys], args[0]?.type, value, scope, reading)
  return value
}

const orderless = new Set(['count', 'min', 'max', 'bool_and', 'bool_or', 'every', 'bit_and', 'bit_or', 'bit_xor'])
const exact = new Set(['int2', 'int4', 'int8', 'numeric', 'money', 'interval'])

function noteOrder(
  node: Tree, sorted: readonly Value[], type: string | undefined, value: Value, scope: Scope, reading: Reading
): void {
  if (node.over !== undefined) return
  const callee = calleeOf(strings(node.funcname), reading)
  if (callee?.builtin?.aggregate !== true && callee?.own.some(({ aggregate }) => aggregate) !== true) return
  const steady = orderless.has(callee.name) || (['sum', 'avg'].includes(callee.name) && exact.has(type ?? ''))
  // An aggregate of an outer query's columns is that query's.
  for (let level: Scope | undefined = scope; level !== undefined; level = level.outer) {
    for (const label of union(sorted)) level.aggregates?.sorting.add(label)
    if (level.aggregates !== undefined && value.labels.size === 0 && (!steady || callee.own.length > 0)) level.aggregates.showsOrder = true
  }
}

/** VARIADIC spreads an array, of which no position is known. */
function spread({ type: _, ...value }: Value): Value {
  return value
}

/** Arguments, and the condition by which an aggregate takes them or not. */
function filtered(node: Tree, scope: Scope, reading: Reading): { readonly args: Value[], readonly filter: Value[] } {
  if (node.agg_filter === undefined) return { args: evaluateAll(node.args, scope, reading), filter: [] }
  let args: Value[] = []
  const filter = reading.guarded('FILTER', () => {
    args = evaluateAll(node.args, scope, reading)
    return evaluate(node.agg_filter, scope, reading)
  })
  return { args, filter: [filter] }
}

/** OVER, or a definition of WINDOW. Its keys decide the order of rows, too. */
export function windowOf(node: Tree, scope: Scope, reading: Reading): Value {
  const based = [text(node.name), text(node.refname)].flatMap((name) => scope.windows?.get(name ?? '') ?? [])
  const keys = [...evaluateAll(node.partitionClause, scope, reading), ...list(node.orderClause).map((sort) => evaluate(as(sort, 'SortBy')?.node, scope, reading))]
  const frame = [evaluate(node.startOffset, scope, reading), evaluate(node.endOffset, scope, reading)]
  reading.flow('order', union(keys), 'the rows are ordered for a window by a protected value')
  // RANGE adds to the key, and may overflow.
  if (node.startOffset !== undefined || node.endOffset !== undefined) mayFailUnless(false, { labels: union([...keys, ...frame]), path: [] }, 'a window frame', reading)
  return derived([...based, ...keys, ...frame])
}

/** `set_config('work_mem', '1MB', false)` of a setting a session may change. */
function setsFreely([name, value]: readonly (string | undefined)[]): boolean {
  if (name === undefined || value === undefined) return false
  return mayBeSet(name, value)
}

/** The gateway sets these where an index would give rows in the order of a protected column. */
const kept = new Set(scansOff.index)
const chatty = /^(debug[1-5]?|log|info)$/i

/** @param value undefined: its default */
export function mayBeSet(name: string, value: string | undefined): boolean {
  const key = name.toLowerCase()
  if (kept.has(key)) return false
  // Others' temporary tables are not this session's to drop or rename: their sessions take them for what the names mean.
  if (value !== undefined && namesOthersTemporary(key, value)) return false
  if (key === 'client_min_messages') return value === undefined || !chatty.test(value)
  const kind = settingKind(key)
  return kind === 'session' || (kind === 'pinned' && keepsPinned(key, value))
}

/** `text(x)`: where there is no such function, a type's name is a cast. */
function notationOfCast(parts: readonly string[], args: readonly Value[], reading: Reading): Value | undefined {
  const [only, ...more] = args
  if (only === undefined || more.length > 0 || only.type === 'row' || calleeOf(parts, reading) !== undefined) return undefined
  const [name = '', schema] = parts.toReversed()
  const type = typeNamed(schema, name, reading)
  if (type === undefined) return undefined
  intoType(type, reading)
  const target = valueType(type.oid, reading)
  const value = derived([only], (last) => `${name}(${last})`, target)
  mayFailUnless(type.kind !== 'd' && totalCast(only.type, target, false), value, `the cast to ${name}`, reading)
  return value
}
