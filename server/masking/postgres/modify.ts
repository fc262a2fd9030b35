// INSERT, UPDATE, DELETE: what is written where, what the server checks while writing, what RETURNING gives back. Pure.
import { as, isTree, list, text, type Tree } from '../../sql/postgres/tree.ts'
import type { Relation } from './catalog.ts'
import { evaluate } from './expression.ts'
import type { Flow } from './finding.ts'
import { readFrom } from './from.ts'
import { askedFor, readCondition } from './predicate.ts'
import { readQuery, targetFields, withCommon } from './query.ts'
import { itemOf, relationOf } from './relation.ts'
import { union, type Reading } from './reading.ts'
import { below, clean, inside, join, noFrom, type Field, type From, type RangeItem, type Scope, type Value } from './scope.ts'
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
    default: return remove(node, relation, item, scope, reading)
  }
}

function insert(node: Tree, relation: Relation, item: RangeItem, scope: Scope, reading: Reading): readonly Field[] | undefined {
  const named = list(node.cols).map((column) => as(column, 'ResTarget') ?? {})
  if (named.some(({ indirection }) => indirection !== undefined)) reading.unproven('a part of a column is written')
  const columns = named.length > 0 ? named.map(({ name }) => text(name) ?? '') : relation.columns.map(({ name }) => name)
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
      for (const [name, change] of changes) assigned.set(name, change)
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
  for (const row of list(select.valuesLists)) {
    for (const [at, cell] of list(row).entries()) {
      // DEFAULT is the column's own expression, looked at with the others.
      if (as(cell, 'SetToDefault') !== undefined) continue
      const column = columns[at] ?? ''
      const value = evaluate(cell, below(scope), reading)
      written.set(column, merged(written.get(column), { column, value, asked: askedFor(cell) }))
    }
  }
  return written
}

/** The same column in another row. */
function merged(before: Written | undefined, next: Written): Written {
  if (before === undefined) return next
  const value = next.value.labels.size === 0 ? before.value : { labels: union([before.value, next.value]), path: next.value.path }
  const asked = before.asked === undefined || next.asked === undefined ? undefined : [...before.asked, ...next.asked]
  return { column: next.column, value, asked }
}

function update(node: Tree, relation: Relation, item: RangeItem, scope: Scope, reading: Reading): readonly Field[] | undefined {
  const from = readFrom(node.fromClause, inside(scope, { fields: item.fields, items: [item] }), reading)
  const level = inside(scope, from)
  const changes = assignments(node.targetList, level, reading)
  for (const change of changes.values()) launder(relation, change, reading)
  readCondition(node.whereClause, level, reading, true)
  checkWrite(relation, 'update', changes, reading)
  return returning(node, item, others(from, item), changes, scope, reading)
}

function remove(node: Tree, relation: Relation, item: RangeItem, scope: Scope, reading: Reading): readonly Field[] | undefined {
  const from = readFrom(node.usingClause, inside(scope, { fields: item.fields, items: [item] }), reading)
  readCondition(node.whereClause, inside(scope, from), reading, true)
  checkWrite(relation, 'delete', new Map(), reading)
  return returning(node, item, others(from, item), new Map(), scope, reading)
}

function others(from: From, item: RangeItem): From {
  return { fields: from.fields.filter((field) => !item.fields.includes(field)), items: from.items.filter((one) => one !== item) }
}

/** SET a = …, (b, c) = (…) */
function assignments(targets: unknown, scope: Scope, reading: Reading): ReadonlyMap<string, Written> {
  const changes = new Map<string, Written>()
  let row: readonly Value[] = []
  for (const target of list(targets).map((one) => as(one, 'ResTarget') ?? {})) {
    const column = text(target.name) ?? ''
    const multiple = as(target.val, 'MultiAssignRef')
    let value: Value = clean
    let asked: Flow['asked']
    if (multiple !== undefined) {
      if (multiple.colno === 1 || multiple.colno === undefined) row = rowValues(multiple.source, scope, reading)
      value = row[(typeof multiple.colno === 'number' ? multiple.colno : 1) - 1] ?? { labels: union(row), path: [] }
    } else if (as(target.val, 'SetToDefault') === undefined) {
      value = evaluate(target.val, scope, reading)
      asked = askedFor(target.val)
    } else {
      asked = []
    }
    if (target.indirection !== undefined) {
      for (const step of list(target.indirection)) {
        const index = as(step, 'A_Indices')
        const bounds = [evaluate(index?.lidx, scope, reading), evaluate(index?.uidx, scope, reading)]
        value = { labels: union([value, ...bounds]), path: value.path }
      }
      reading.mayFail()
      reading.unproven('a part of a column is written')
    }
    changes.set(column, { column, value, asked })
  }
  return changes
}

function rowValues(source: unknown, scope: Scope, reading: Reading): readonly Value[] {
  const row = as(source, 'RowExpr')
  if (row !== undefined) return list(row.args).map((item) => as(item, 'SetToDefault') === undefined ? evaluate(item, scope, reading) : clean)
  const query = as(source, 'SubLink')
  if (query !== undefined && isTree(query.subselect)) {
    // One value for its whole row: which column is which matters less than that nothing is missed.
    const value = evaluate(source, scope, reading)
    const { identity: _, ...derived } = value
    return new Array<Value>(100).fill(derived)
  }
  const value = evaluate(source, scope, reading)
  return new Array<Value>(100).fill({ labels: value.labels, path: value.path })
}

function returned(node: Tree): readonly unknown[] | undefined {
  if (node.returningList !== undefined) return list(node.returningList)
  return isTree(node.returningClause) ? list(node.returningClause.exprs) : undefined
}

/** A column that was written shows what was written into it, whatever its own name says. */
function returning(
  node: Tree,
  item: RangeItem,
  from: From,
  written: ReadonlyMap<string, Written>,
  scope: Scope,
  reading: Reading
): readonly Field[] | undefined {
  const targets = returned(node)
  if (targets === undefined) return undefined
  const fields = item.fields.map((field): Field => {
    const value = written.get(field.name)?.value
    if (value === undefined || value.labels.size === 0 || reading.off('returning')) return field
    const { identity, ...rest } = field
    const same = identity !== undefined && identity === value.identity
    return { ...rest, labels: union([field, value]), path: value.path, ...(same ? { identity } : {}) }
  })
  const now = { ...item, fields }
  const versions = ['old', 'new', ...versionNames(node)].map((name) => ({ ...now, name }))
  const isShadowed = (name: string) => [now, ...from.items].some((one) => one.name === name)
  // PostgreSQL 18: RETURNING old.x, new.x.
  const items = reading.world.catalog.major >= 18 ? [now, ...versions.filter(({ name }) => !isShadowed(name))] : [now]
  const level = inside(scope, join({ fields, items }, from))
  return targets.flatMap((target) => targetFields(as(target, 'ResTarget') ?? {}, level, reading))
}

function versionNames(node: Tree): readonly string[] {
  const clause = isTree(node.returningClause) ? node.returningClause : {}
  return list(clause.options).flatMap((option) => text(as(option, 'ReturningOption')?.value) ?? [])
}
