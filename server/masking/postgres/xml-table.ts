// XMLTABLE: rows and columns out of an XML document. Pure. As PostgreSQL docs, *XML Functions*.
import { as, list, text, type Tree } from '../../sql/postgres/tree.ts'
import { evaluate, evaluateAll } from './expression.ts'
import type { Reading } from './reading.ts'
import type { Field, Scope } from './scope.ts'
import { columnType, tableOf } from './sql-json.ts'

/** Paths of columns and their defaults are expressions, which see what stands further left. */
export function xmlTable(node: Tree, scope: Scope, reading: Reading): readonly Field[] {
  const columns = list(node.columns).map((column) => as(column, 'RangeTableFuncCol') ?? {})
  const parts = [
    evaluate(node.docexpr, scope, reading),
    evaluate(node.rowexpr, scope, reading),
    ...evaluateAll(node.namespaces, scope, reading),
    ...columns.flatMap(({ colexpr, coldefexpr }) => [evaluate(colexpr, scope, reading), evaluate(coldefexpr, scope, reading)])
  ]
  return tableOf('XMLTABLE', parts, columns.map((column) => ({
    name: text(column.colname) ?? '',
    type: columnType(column.for_ordinality === true, column.typeName, reading)
  })), reading)
}
