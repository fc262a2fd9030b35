// INSERT, UPDATE, DELETE: which rows are written, and what goes where. Pure. MERGE is in merge.ts, what storing does in write.ts.
import { as, isTree, list, text, type Tree } from '../../sql/postgres/tree.ts'
import { addTo, assignments, namedColumns, rowInto } from './assignments.ts'
import type { Relation } from './catalog.ts'
import { evaluate } from './expression.ts'
import { readFrom } from './from.ts'
import { merge } from './merge.ts'
import { readCondition } from './predicate.ts'
import { readQuery, withCommon } from './query.ts'
import { itemOf, relationOf } from './relation.ts'
import { returned, returning } from './returning.ts'
import type { Reading } from './reading.ts'
import { below, inside, noFrom, type Field, type From, type RangeItem, type Scope } from './scope.ts'
import { aliasOf } from './typing.ts'
import { checkWrite, launder, type Written } from './write.ts'

/** @returns the columns of RETURNING; undefined without */
export function readChange(kind: string, node: Tree, around: Scope, reading: Reading): readonly Field[] | undefined {
  const scope = withCommon(node.withClause, around, reading)
  const relation = relationOf(isTree(node.relation) ? node.relation : {}, reading)
  if (relation === undefined) return returned(node) === undefined ? undefined : []
  if (relation.kind !== 'r' && relation.kind !== 'p') reading.unproven(`${relation.name} is not a table, and what writing to it does is not understood`)
  const alias = aliasOf(isTree(node.relation) ? node.relation : {})
  const item = itemOf(relation, alias.name ?? relation.name, reading, true)
  switch (kind) {
    case 'InsertStmt': return insert(node, relation, item, scope, reading)
    case 'UpdateStmt': return update(node, relation, item, scope, reading)
    case 'MergeStmt': return merge(node, relation, item, scope, reading)
    default: return remove(node, relation, item, scope, reading)
  }
}

function insert(node: Tree, relation: Relation, item: RangeItem, scope: Scope, reading: Reading): readonly Field[] | undefined {
  const columns = namedColumns(node.cols, relation.columns.map(({ name }) => name), reading)
  const written = sourceOf(node.selectStmt, columns, scope, reading)
  for (const one of written.values()) launder(relation, one, reading)
  checkWrite(relation, 'insert', written, reading)

  const conflict = isTree(node.onConflictClause) ? node.onConflictClause : undefined
  const assigned = new Map(written)
  if (conflict !== undefined) {
    const excluded = { ...item, name: 'excluded', fields: item.fields.map(({ origin: _, ...field }) => field) }
    const level = inside(scope, { fields: item.fields, items: [item, excluded] })
    const infer = isTree(conflict.infer) ? conflict.infer : {}
    for (const element of list(infer.indexElems)) evaluate(as(element, 'IndexElem')?.expr, level, reading)
    readCondition(infer.whereClause, level, reading, false)
    if (conflict.action === 'ONCONFLICT_UPDATE') {
      const changes = assignments(conflict.targetList, level, reading)
      for (const change of changes.values()) launder(relation, change, reading)
      readCondition(conflict.whereClause, level, reading, true)
      checkWrite(relation, 'update', changes, reading)
      addTo(assigned, changes.values())
    }
  }
  return returning(node, item, noFrom, assigned, scope, reading)
}

/** What INSERT puts into its columns, in order. */
function sourceOf(source: unknown, columns: readonly string[], scope: Scope, reading: Reading): ReadonlyMap<string, Written> {
  const select = as(source, 'SelectStmt')
  const written = new Map<string, Written>()
  if (select === undefined) return written
  const plain = select.valuesLists !== undefined && select.withClause === undefined && select.sortClause === undefined
  if (!plain) {
    const { fields } = readQuery({ SelectStmt: select }, below(scope), reading)
    for (const [at, value] of fields.entries()) written.set(columns[at] ?? '', { column: columns[at] ?? '', value, asked: undefined })
    return written
  }
  for (const row of list(select.valuesLists)) addTo(written, rowInto(columns, row, below(scope), reading))
  return written
}

function update(node: Tree, relation: Relation, item: RangeItem, scope: Scope, reading: Reading): readonly Field[] | undefined {
  const from = readFrom(node.fromClause, inside(scope, { fields: item.fields, items: [item] }), reading)
  const level = inside(scope, from)
  const changes = assignments(node.targetList, level, reading)
  for (const change of changes.values()) launder(relation, change, reading)
  readWhere(node, relation, level, reading)
  checkWrite(relation, 'update', changes, reading)
  return returning(node, item, others(from, item), changes, scope, reading)
}

function remove(node: Tree, relation: Relation, item: RangeItem, scope: Scope, reading: Reading): readonly Field[] | undefined {
  const from = readFrom(node.usingClause, inside(scope, { fields: item.fields, items: [item] }), reading)
  readWhere(node, relation, inside(scope, from), reading)
  checkWrite(relation, 'delete', new Map(), reading)
  return returning(node, item, others(from, item), new Map(), scope, reading)
}

function others(from: From, item: RangeItem): From {
  return { fields: from.fields.filter((field) => !item.fields.includes(field)), items: from.items.filter((one) => one !== item) }
}

/** WHERE, or the row that a cursor is at: then what decides the cursor's rows decides this. */
function readWhere(node: Tree, relation: Relation, level: Scope, reading: Reading): void {
  const current = as(node.whereClause, 'CurrentOfExpr')
  if (current === undefined) return readCondition(node.whereClause, level, reading, true)
  const name = text(current.cursor_name) ?? ''
  const cursor = reading.named('cursor', name)
  if (cursor?.relations.some(({ oid }) => oid === relation.oid) !== true) return reading.unproven(`the cursor ${name} is not known to be one of ${relation.name}`)
  for (const reason of cursor.opaque) reading.unproven(reason)
  if (reading.off('current-of')) return
  for (const { kind, labels, why, asked } of cursor.flows) {
    // Parameters were the cursor's own, and are not known here.
    const known = asked?.every((one) => typeof one === 'string') === true ? { asked } : {}
    reading.flow(kind, labels, `in the cursor ${name}, ${why}`, known)
  }
}
