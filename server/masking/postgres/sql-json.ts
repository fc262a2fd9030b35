// JSON_TABLE, and JSON_VALUE, JSON_QUERY and JSON_EXISTS, of PostgreSQL 17 and later: paths into a document. Pure.
// As PostgreSQL docs, *SQL/JSON Query Functions* and *JSON_TABLE*.
import { as, constant, isTree, list, text, type Tree } from '../../sql/postgres/tree.ts'
import { derived, evaluate, mayFailUnless } from './expression.ts'
import { nothing, type Reading } from './reading.ts'
import type { Field, Scope, Value } from './scope.ts'
import { namedType } from './typing.ts'

/** What each answers without RETURNING. */
const answers: Readonly<Record<string, string>> = { JSON_VALUE_OP: 'text', JSON_QUERY_OP: 'jsonb', JSON_EXISTS_OP: 'bool' }

/** `$.a.b[0][*]`: walking into a document never fails where what is not there is passed over. */
const plainPath = /^\s*(?:lax\s+)?\$(?:\.[A-Za-z_]\w*|\[(?:\*|\d{1,9})\])*\s*$/
const passing = new Set([undefined, 'JSON_BEHAVIOR_NULL', 'JSON_BEHAVIOR_EMPTY', 'JSON_BEHAVIOR_EMPTY_ARRAY', 'JSON_BEHAVIOR_EMPTY_OBJECT', 'JSON_BEHAVIOR_TRUE', 'JSON_BEHAVIOR_FALSE', 'JSON_BEHAVIOR_UNKNOWN'])

export function jsonFunction(node: Tree, scope: Scope, reading: Reading): Value {
  const op = text(node.op) ?? ''
  const document = jsonItem(node.context_item, scope, reading)
  // What stands in for nothing or an error is evaluated only then.
  const { labels, path } = reading.guarded('ON EMPTY or ON ERROR', () => derived([
    document, evaluate(node.pathspec, scope, reading), ...argumentsOf(node, scope, reading), ...behaviours(node, scope, reading)
  ], (last) => `${op.replace(/_OP$/, '').toLowerCase()}(${last})`))
  const output = isTree(node.output) && isTree(node.output.typeName) ? namedType(node.output.typeName, reading).type : undefined
  const value: Value = { labels, path, ...typed(node.output === undefined ? answers[op] : output) }
  const quiet = [node.on_empty, node.on_error].every((one) => passing.has(isTree(one) ? text(one.btype) : undefined))
  const total = document.type === 'jsonb' && node.output === undefined && node.passing === undefined && quiet && plainPath.test(constant(node.pathspec) ?? '')
  mayFailUnless(total || reading.off('json-path'), value, 'reading JSON', reading)
  return value
}

/** Rows and columns of a document; it decides both. */
export function jsonTable(node: Tree, scope: Scope, reading: Reading): readonly Field[] {
  const parts = [jsonItem(node.context_item, scope, reading), ...argumentsOf(node, scope, reading), ...behaviours(node, scope, reading)]
  const columns = columnsOf(node.columns, parts, scope, reading)
  return tableOf('JSON_TABLE', parts, columns, reading)
}

export interface TableColumn { readonly name: string, readonly type: string | undefined }

/** Whether reading the document or converting what is in it fails, how many rows it makes, and what is in them depends on all its parts. */
export function tableOf(name: string, parts: readonly Value[], columns: readonly TableColumn[], reading: Reading): readonly Field[] {
  const value = derived(parts, (last) => `${name}(${last})`)
  if (!reading.off('table-rows')) reading.flow('srf', value.labels, `which rows ${name} makes depends on a protected value`)
  mayFailUnless(false, value, name, reading)
  const labels = reading.off('table-columns') ? nothing : value.labels
  return columns.map((column) => ({ name: column.name, labels, path: value.path, ...typed(column.type) }))
}

export function columnType(forOrdinality: boolean, name: unknown, reading: Reading): string | undefined {
  return forOrdinality ? 'int4' : isTree(name) ? namedType(name, reading).type : undefined
}

/** Those of nested paths come after the others. @param parts what else is evaluated is added to it */
function columnsOf(columns: unknown, parts: Value[], scope: Scope, reading: Reading): readonly TableColumn[] {
  const all = list(columns).map((column) => as(column, 'JsonTableColumn') ?? {})
  const isNested = ({ coltype }: Tree) => coltype === 'JTC_NESTED'
  const own = all.filter((column) => !isNested(column)).map((column) => {
    parts.push(...behaviours(column, scope, reading))
    return { name: text(column.name) ?? '', type: columnType(column.coltype === 'JTC_FOR_ORDINALITY', column.typeName, reading) }
  })
  return [...own, ...all.filter(isNested).flatMap((column) => columnsOf(column.columns, parts, scope, reading))]
}

function jsonItem(value: unknown, scope: Scope, reading: Reading): Value {
  return evaluate(isTree(value) ? value.raw_expr : undefined, scope, reading)
}

function argumentsOf(node: Tree, scope: Scope, reading: Reading): readonly Value[] {
  return list(node.passing).map((argument) => jsonItem(as(argument, 'JsonArgument')?.val, scope, reading))
}

/** DEFAULT … ON EMPTY, DEFAULT … ON ERROR */
function behaviours(node: Tree, scope: Scope, reading: Reading): readonly Value[] {
  return [node.on_empty, node.on_error].map((one) => evaluate(isTree(one) ? one.expr : undefined, scope, reading))
}

function typed(type: string | undefined): { type?: string } {
  return type === undefined ? {} : { type }
}
