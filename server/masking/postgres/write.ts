// What storing a value does besides: constraints it is held against, defaults and triggers that run, where it can be read again. Pure.
import type { Constraint, Relation, RelationColumn } from './catalog.ts'
import { triggerClean } from './body.ts'
import { unprovenCode } from './code.ts'
import { evaluate } from './expression.ts'
import type { Flow, Label } from './finding.ts'
import { expressionOf, family, itemOf, labelOf, referrers } from './relation.ts'
import { named, Reading } from './reading.ts'
import { noScope, type Value } from './scope.ts'
import { intoType } from './typing.ts'

/** What goes into one column. `asked`: the constants, where it is nothing else. */
export interface Written {
  readonly column: string
  readonly value: Value
  readonly asked: Flow['asked']
}

type Event = 'insert' | 'update' | 'delete' | 'truncate'

/** A protected value may only go where it comes from, unchanged: anywhere else it could be read again, or through another mask. */
export function launder(relation: Relation, { column, value }: Written, reading: Reading): void {
  if (value.labels.size === 0) return
  const attnum = relation.columns.find(({ name }) => name === column)?.attnum
  const own = attnum === undefined ? undefined : labelOf(relation, attnum, reading)
  if (own !== undefined && value.identity === own) return
  reading.flow('launder', value.labels, `${value.path.at(-1) ?? named(value.labels)} is stored in ${relation.name}.${column}`, { into: `${relation.schema}.${relation.name}.${column}` })
}

/** Checks, keys, triggers, defaults: of the relation and, as rows may be theirs, of its partitions and heirs. */
export function checkWrite(relation: Relation, event: Event, written: ReadonlyMap<string, Written>, reading: Reading): void {
  for (const one of family(relation, reading)) {
    reading.relations.set(one.oid, one)
    if (one.rules && !reading.off('rules')) reading.unproven(`${one.name} has rules that rewrite what is written to it`)
    triggers(one, event, reading)
    // What takes a row to another partition is a DELETE here and an INSERT there.
    if (event === 'update' && relation.kind === 'p' && !reading.off('moves')) for (const move of ['delete', 'insert'] as const) triggers(one, move, reading)
    if (event !== 'delete') {
      defaults(one, event, written, reading)
      checks(one, reading)
    }
    constraints(one, event, written, reading)
    referenced(one, event, written, reading)
  }
}

function triggers(relation: Relation, event: Event, reading: Reading): void {
  if (reading.off('triggers')) return
  for (const trigger of relation.triggers) {
    if (!trigger.events.includes(event)) continue
    reading.functions.add(trigger.function)
    const { clean, why } = triggerClean(relation, trigger, reading.world)
    if (!clean) reading.unproven(`the trigger ${trigger.name} on ${relation.name} is not known to be harmless: ${why ?? 'its code is not understood'}`)
    // WHEN is an expression of the row; with protected values in it, whether the trigger runs depends on them.
    const names = relation.columns.filter(({ attnum }) => labelOf(relation, attnum, reading) !== undefined).map(({ name }) => name)
    const [, condition] = /\bWHEN \(([\s\S]*)\) EXECUTE (?:FUNCTION|PROCEDURE) /.exec(trigger.definition) ?? []
    if (condition !== undefined && (names.some((name) => condition.includes(name)) || /\b(old|new)\.\*/i.test(condition))) {
      reading.unproven(`whether the trigger ${trigger.name} on ${relation.name} runs depends on a protected value`)
    }
  }
}

/** Conditions of the table and of its columns' domains are code that runs on every write. */
function checks(relation: Relation, reading: Reading): void {
  if (reading.off('checks')) return
  for (const { name, expression } of relation.constraints) {
    const why = expression === undefined ? undefined : unprovenCode(expression, reading)
    if (why !== undefined) reading.unproven(`the constraint ${name} of ${relation.name} is not known to be harmless: ${why}`)
  }
  for (const { type } of relation.columns) {
    const own = reading.world.catalog.types.get(type)
    if (own?.own === true) intoType(own, reading, true)
  }
}

/** Columns that are computed: defaults where nothing is written, generated columns always. */
function defaults(relation: Relation, event: Event, written: ReadonlyMap<string, Written>, reading: Reading): void {
  for (const column of relation.columns) {
    if (column.default === undefined || (!column.generated && (event !== 'insert' || written.has(column.name)))) continue
    if (reading.off('defaults')) continue
    const expression = expressionOf(column.default, reading)
    const { resolve: _, ...world } = reading.world
    const own = new Reading({ ...world, searchPath: [] })
    own.depth = reading.depth + 1
    if (expression === undefined) own.unproven('it cannot be read')
    const item = itemOf({ ...relation, policies: [] }, relation.name, own, true)
    const { labels } = evaluate(expression, { ...noScope, from: { fields: item.fields, items: [item] } }, own)
    for (const flow of own.flows) {
      // On INSERT it computes from what the client itself writes.
      if (event === 'insert' && column.generated) continue
      reading.flow(flow.kind, flow.labels, `in the expression of ${relation.name}.${column.name}, ${flow.why}`)
    }
    for (const reason of own.opaque) reading.unproven(`in the expression of ${relation.name}.${column.name}, ${reason}`)
    if (!column.generated) reading.flow('launder', labels, `the default of ${relation.name}.${column.name} is a protected value`, { into: `${relation.schema}.${relation.name}.${column.name}` })
  }
}

/** Keys and checks that hold a written value against a stored, protected one: whether the write fails tells of it. */
function constraints(relation: Relation, event: Event, written: ReadonlyMap<string, Written>, reading: Reading): void {
  if (event === 'delete') return
  const touched = relation.columns.filter((column) => written.has(column.name) || (!reading.off('computed') && computes(column, event, written)))
  const tied: readonly Pick<Constraint, 'kind' | 'columns' | 'references'>[] = [
    ...relation.constraints,
    ...relation.indexes.filter(({ unique, expression, partial }) => unique || expression || partial).map(({ columns }) => ({ kind: 'i', columns }))
  ]
  for (const column of touched) {
    const labels = new Set<Label>()
    // A row that is new is checked by itself: what the server fills in is held against stored rows by keys alone.
    const filled = event === 'insert' && !written.has(column.name)
    for (const { kind, columns, references } of tied) {
      if (!columns.includes(column.attnum) || (filled && kind === 'c')) continue
      for (const attnum of columns) add(labels, labelOf(relation, attnum, reading))
      for (const attnum of references?.columns ?? []) add(labels, reading.world.protected.get(references!.relation)?.get(attnum))
    }
    if (!filled && reading.world.hazards.get(relation.oid)?.has(column.attnum) === true && labels.size === 0) {
      for (const label of reading.world.protected.get(relation.oid)?.values() ?? []) labels.add(label)
    }
    if (reading.off('hazards') && labelOf(relation, column.attnum, reading) === undefined) continue
    tests(relation, column.name, labels, written.has(column.name) ? written.get(column.name)!.asked : askedBy(column, written), reading)
  }
}

/** Whether the server writes it of itself: a default where nothing is given, what is made from a column that is written. */
function computes({ default: expression, generated }: RelationColumn, event: Event, written: ReadonlyMap<string, Written>): boolean {
  if (expression === undefined) return false
  return generated ? [...written.keys()].some((name) => expression.includes(name.replaceAll('"', '""'))) : event === 'insert'
}

/** A default asks for no value of the client's choice; what is made from values given asks for them. */
function askedBy({ generated }: RelationColumn, written: ReadonlyMap<string, Written>): Flow['asked'] {
  const all = generated ? [...written.values()].map(({ asked }) => asked) : []
  return all.some((asked) => asked === undefined) ? undefined : all.flatMap((asked) => asked ?? [])
}

function tests(relation: Relation, column: string, labels: ReadonlySet<Label>, asked: Flow['asked'], reading: Reading): void {
  const into = `${relation.schema}.${relation.name}.${column}`
  // Whatever is computed or selected may be as many values as there are rows.
  if (asked === undefined) reading.flow('other', labels, `whether ${relation.name}.${column} can be written depends on ${named(labels)}`, { into })
  else reading.flow('constraint', labels, `whether ${relation.name}.${column} can be written depends on ${named(labels)}`, { into, asked })
}

/** Foreign keys from elsewhere: whether a row may go, or change its key, depends on who refers to it. */
function referenced(relation: Relation, event: Event, written: ReadonlyMap<string, Written>, reading: Reading): void {
  if (event === 'insert' || reading.off('referrers')) return
  for (const other of referrers(relation, reading)) {
    for (const { columns, references } of other.constraints) {
      if (references?.relation !== relation.oid) continue
      const keys = relation.columns.filter(({ attnum }) => references.columns.includes(attnum)).map(({ name }) => name)
      if (event === 'update' && !keys.some((name) => written.has(name))) continue
      const labels = new Set<Label>()
      for (const attnum of columns) add(labels, labelOf(other, attnum, reading))
      for (const attnum of references.columns) add(labels, labelOf(relation, attnum, reading))
      reading.relations.set(other.oid, other)
      cascades(other, reading)
      reading.flow('other', labels, `whether rows of ${relation.name} can change depends on ${other.name}, which refers to it by ${named(labels)}`)
    }
  }
}

/** A foreign key may delete or change the rows that refer, and so on: their triggers run, too. */
function cascades(relation: Relation, reading: Reading, seen: Set<Relation> = new Set()): void {
  if (seen.has(relation)) return
  seen.add(relation)
  triggers(relation, 'delete', reading)
  triggers(relation, 'update', reading)
  for (const other of referrers(relation, reading)) cascades(other, reading, seen)
}

/** TRUNCATE: no row is looked at, but triggers run. */
export function checkTruncate(relation: Relation, reading: Reading): void {
  for (const one of family(relation, reading)) triggers(one, 'truncate', reading)
}

function add(labels: Set<Label>, label: Label | undefined): void {
  if (label !== undefined) labels.add(label)
}
