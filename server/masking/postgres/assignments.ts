// What one statement puts into the columns of a relation: SET, rows of VALUES. Pure. Gathers; what storing it does is in write.ts.
import { as, list, text } from '../../sql/postgres/tree.ts'
import { evaluate } from './expression.ts'
import type { Flow } from './finding.ts'
import { askedFor } from './predicate.ts'
import { union, type Reading } from './reading.ts'
import { clean, type Scope, type Value } from './scope.ts'
import type { Written } from './write.ts'

/** SET a = …, (b, c) = (…) */
export function assignments(targets: unknown, scope: Scope, reading: Reading): ReadonlyMap<string, Written> {
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
  // One value for its whole row: which column is which matters less than that nothing is missed.
  const { labels, path } = evaluate(source, scope, reading)
  return new Array<Value>(100).fill({ labels, path })
}

/** The columns an INSERT names, all of them where it names none. */
export function namedColumns(targets: unknown, all: readonly string[], reading: Reading): readonly string[] {
  const named = list(targets).map((column) => as(column, 'ResTarget') ?? {})
  if (named.some(({ indirection }) => indirection !== undefined)) reading.unproven('a part of a column is written')
  return named.length > 0 ? named.map(({ name }) => text(name) ?? '') : all
}

/** One row of VALUES. DEFAULT is the column's own expression, looked at with the others. */
export function rowInto(columns: readonly string[], cells: unknown, scope: Scope, reading: Reading): readonly Written[] {
  return list(cells).flatMap((cell, at) => {
    if (as(cell, 'SetToDefault') !== undefined) return []
    return { column: columns[at] ?? '', value: evaluate(cell, scope, reading), asked: askedFor(cell) }
  })
}

/** The same columns in another row, or by another clause: a column holds either. */
export function addTo(written: Map<string, Written>, changes: Iterable<Written>): void {
  for (const next of changes) written.set(next.column, either(written.get(next.column), next))
}

function either(before: Written | undefined, next: Written): Written {
  if (before === undefined) return next
  const value = next.value.labels.size === 0 ? before.value : { labels: union([before.value, next.value]), path: next.value.path }
  const asked = before.asked === undefined || next.asked === undefined ? undefined : [...before.asked, ...next.asked]
  return { column: next.column, value, asked }
}
