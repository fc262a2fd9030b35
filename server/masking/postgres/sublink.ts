// A query inside an expression: its columns, and which rows it has, are part of a value. Pure.
import { isTree, list, strings, text, type Tree } from '../../sql/postgres/tree.ts'
import { operate } from './calls.ts'
import { derived, evaluate, mayFailUnless } from './expression.ts'
import type { Label } from './finding.ts'
import { readQuery } from './query.ts'
import { type Reading } from './reading.ts'
import { below, clean, type Field, type Scope, type Value } from './scope.ts'

export function sublink(node: Tree, scope: Scope, reading: Reading): Value {
  const failingBefore = reading.failing
  const { result, labels } = reading.rowsAsValue(() => readQuery(isTree(node.subselect) ? node.subselect : {}, below(scope), reading))
  const rows: Value = { labels, path: firstOf(labels) }
  if (reading.failing > failingBefore && !reading.off('guard')) {
    reading.flow('error', labels, 'which rows a subquery evaluates, something that may fail among them, depends on a protected value')
  }
  switch (text(node.subLinkType)) {
    case 'EXISTS_SUBLINK': return derived([rows], () => 'EXISTS', 'bool')
    case 'ARRAY_SUBLINK': {
      const value = derived([...result.fields, rows], (last) => `ARRAY(${last})`, 'array')
      const [element] = result.fields
      mayFailUnless(element?.type !== undefined && element.type !== 'array', value, 'making an array of arrays', reading)
      return value
    }
    case 'EXPR_SUBLINK':
    case 'MULTIEXPR_SUBLINK': return scalar(result.fields, rows, result.atMostOneRow, reading)
    case 'ANY_SUBLINK':
    case 'ALL_SUBLINK': return compared(node, result.fields, rows, scope, reading)
    default:
      reading.unproven(`${text(node.subLinkType)} is not understood`)
      return derived([...result.fields, rows])
  }
}

/** More than one row is an error. */
function scalar(fields: readonly Field[], rows: Value, atMostOneRow: boolean, reading: Reading): Value {
  mayFailUnless(atMostOneRow, rows, 'a subquery that must have one row', reading)
  const [only, ...more] = fields
  if (only === undefined || more.length > 0 || rows.labels.size > 0) return derived([...fields, rows], (last) => `(${last})`, only?.type)
  const { origin: _, name: _name, ...value } = only
  return value
}

function compared(node: Tree, fields: readonly Field[], rows: Value, scope: Scope, reading: Reading): Value {
  const name = node.operName === undefined ? ['='] : strings(node.operName)
  const row = isTree(node.testexpr) && isTree(node.testexpr.RowExpr) ? list(node.testexpr.RowExpr.args) : [node.testexpr]
  const tests = row.map((test) => evaluate(test, scope, reading))
  const results = fields.map((field, at) => operate(name, tests[at] ?? clean, field, undefined, reading))
  return derived([...results, ...tests, rows], undefined, 'bool')
}

function firstOf(labels: ReadonlySet<Label>): readonly string[] {
  const [first] = labels
  return first === undefined ? [] : [first]
}
