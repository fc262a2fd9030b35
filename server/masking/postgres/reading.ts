// What is being found out about one statement while it is read. Pure. Gathers; judges nothing.
import type { Oid, Relation } from './catalog.ts'
import type { Finding, Flow, FlowKind, Label, Reason } from './finding.ts'
import type { World } from './world.ts'

/** Which rows there are, in which order: inside an expression they are part of its value, not a flow of the statement. */
const rowKinds: ReadonlySet<FlowKind> = new Set(['lookup', 'join', 'group', 'distinct', 'setop', 'order', 'other', 'srf'])

/** An INSERT of as many values as a text may have takes 200,000; a step takes a microsecond. */
const maxSteps = 500_000

export class Reading {
  flows: Flow[] = []
  readonly opaque = new Set<Reason>()
  readonly relations = new Map<Oid, Relation>()
  readonly functions = new Set<Oid>()
  changesCatalog = false
  ofSession = false
  /** How many things have been met that may fail, or do something, even where all values are clean. */
  failing = 0
  /** Protected columns that decide, within values, which rows are looked at or which branch is taken: a plan with counts shows it. */
  readonly deciding = new Set<Label>()
  /** Views and functions being looked into. */
  depth = 0

  #steps = 0

  constructor(readonly world: World) {}

  /** @throws RangeError for a statement that would take seconds to follow, as of recursive queries within each other */
  step(): void {
    if (++this.#steps > maxSteps) throw new RangeError('too much to follow')
  }

  flow(kind: FlowKind, labels: ReadonlySet<Label>, why: string, more: Pick<Flow, 'into' | 'asked'> = {}): void {
    if (labels.size > 0 && !this.off(kind)) this.flows.push({ kind, labels, why, ...more })
  }

  /** What has decided so far which rows there are. */
  rows(): ReadonlySet<Label> {
    return union(this.flows.filter(({ kind }) => rowKinds.has(kind)))
  }

  /** What the session has by that name; undefined: nothing known. */
  named(kind: 'cursor' | 'prepared', name: string): Finding | undefined {
    this.ofSession = true
    return (kind === 'cursor' ? this.world.cursors : this.world.prepared)?.get(name)
  }

  /** Which relation is named that is not there. */
  missing: Reason | undefined

  unproven(reason: Reason): void {
    this.opaque.add(reason)
  }

  mayFail(): void {
    this.failing++
  }

  /** For the tests that show a rule is needed. */
  off(rule: string): boolean {
    return this.world.without?.has(rule) === true
  }

  /** Takes the flows of rows out of what is read: they have become part of a value, with the labels answered. */
  rowsAsValue<Result>(read: () => Result): { readonly result: Result, readonly labels: ReadonlySet<Label> } {
    const before = this.flows
    this.flows = []
    const result = read()
    const rows = this.flows.filter(({ kind }) => rowKinds.has(kind))
    this.flows = [...before, ...this.flows.filter(({ kind }) => !rowKinds.has(kind))]
    const labels = union(rows)
    this.#decide(labels)
    return { result, labels }
  }

  /**
   * Reads a construct that evaluates its parts only sometimes. Where that depends on a protected value, anything in it that can
   * fail tells: CASE WHEN ssn LIKE '9%' THEN 1/(id-id) END differs between two databases though its cell is masked.
   */
  guarded<Result extends { readonly labels: ReadonlySet<Label> }>(why: string, read: () => Result): Result {
    const before = this.failing
    const result = read()
    this.#decide(result.labels)
    if (this.failing > before && !this.off('guard')) this.flow('error', result.labels, `${why} decides by a protected value whether something that may fail is evaluated`)
    return result
  }

  #decide(labels: ReadonlySet<Label>): void {
    for (const label of labels) this.deciding.add(label)
  }
}

export function union(parts: Iterable<{ readonly labels: ReadonlySet<Label> }>): ReadonlySet<Label> {
  const all = new Set<Label>()
  for (const { labels } of parts) for (const label of labels) all.add(label)
  return all
}

export const nothing: ReadonlySet<Label> = new Set()

/** `a.b, a.c` for people. */
export function named(labels: ReadonlySet<Label>): string {
  return [...labels].sort().join(', ')
}
