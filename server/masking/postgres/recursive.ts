// WITH RECURSIVE: a query whose columns depend on themselves, and the columns that SEARCH and CYCLE add to it. Pure.
// As PostgreSQL docs, *WITH Queries*, and its rewriter (rewriteSearchCycle.c).
import { isTree, strings, text, type Tree } from '../../sql/postgres/tree.ts'
import { becomeOne, derived, evaluate, mayFailUnless } from './expression.ts'
import { combine, readSelect, withCommon } from './query.ts'
import { union, type Reading } from './reading.ts'
import { nested, noScope, renamed, settled, type CommonField, type Field, type Scope, type Value } from './scope.ts'

const maxRounds = 8

/** Read again until nothing is added. @param node a UNION of which the right side refers to it */
export function fixpoint(name: string, node: Tree, columns: readonly string[], around: Scope, reading: Reading): readonly Field[] {
  const scope = nested(withCommon(node.withClause, around, reading))
  const start = readSelect(isTree(node.larg) ? node.larg : {}, scope, reading).fields
  let fields: readonly Field[] = renamed(start, columns).map(({ origin: _, ...field }) => field)
  for (let round = 0; round < maxRounds; round++) {
    const inner = { ...scope, common: new Map(scope.common).set(name, () => fields) }
    const next = combine(fields, readSelect(isTree(node.rarg) ? node.rarg : {}, inner, reading).fields, reading)
    const grown = next.some((field, at) => !isSame(field, fields[at]))
    fields = next
    if (grown) continue
    if (node.all !== true) reading.flow('setop', union(fields), 'rows are compared with each other by protected values')
    if (node.sortClause !== undefined || node.limitCount !== undefined || node.limitOffset !== undefined) reading.unproven('ORDER BY or LIMIT of a recursive query')
    return fields
  }
  reading.unproven(`the recursive query ${name} does not settle`)
  return fields
}

function isSame(a: Value, b: Value | undefined): boolean {
  return a.labels.size === b?.labels.size && a.identity === b.identity && a.type === b.type
}

/** The columns of a WITH query with those that its SEARCH and CYCLE add, in the server's order. */
export function withAdded(node: Tree, fields: readonly Field[], reading: Reading): readonly CommonField[] {
  return [
    ...fields,
    ...isTree(node.search_clause) ? searched(node.search_clause, fields, reading) : [],
    ...isTree(node.cycle_clause) ? cycled(node.cycle_clause, fields, reading) : []
  ]
}

/** SEARCH ... BY columns SET name: the row of these columns, or an array of such rows. */
function searched(clause: Tree, fields: readonly Field[], reading: Reading): readonly CommonField[] {
  const value = rowOf(clause.search_col_list, fields, reading)
  const plain = reading.off('search') ? { ...value, labels: new Set<string>() } : value
  return [{ ...plain, name: text(clause.search_seq_column) ?? '', type: clause.search_breadth_first === true ? 'row' : 'array', added: true }]
}

/** CYCLE columns SET mark USING path: a row met before on its path is marked, and nothing follows from it. */
function cycled(clause: Tree, fields: readonly Field[], reading: Reading): readonly CommonField[] {
  const value = rowOf(clause.cycle_col_list, fields, reading)
  if (!reading.off('cycle')) reading.flow('other', value.labels, 'where a recursive query ends depends on a protected value')
  // Rows are equal column by column, and a later one may be of a type that cannot be compared.
  mayFailUnless(reading.off('cycle'), value, 'comparing rows', reading)
  const marks = [clause.cycle_mark_value, clause.cycle_mark_default].map((mark) => evaluate(mark, noScope, reading))
  becomeOne(marks, reading)
  const { type: _, ...mark } = settled(derived([value, ...marks]))
  return [
    { ...mark, name: text(clause.cycle_mark_column) ?? '', added: true },
    { ...value, name: text(clause.cycle_path_column) ?? '', type: 'array', added: true }
  ]
}

function rowOf(columns: unknown, fields: readonly Field[], reading: Reading): Value {
  return derived(strings(columns).map((name) => {
    const field = fields.find((one) => one.name === name)
    if (field === undefined) reading.unproven(`the column ${name} of a recursive query is unknown`)
    return field ?? { labels: union(fields), path: [] }
  }), (last) => `ROW(${last})`)
}
