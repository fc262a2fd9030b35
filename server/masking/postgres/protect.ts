// Which columns are protected: those the policy names, and those that hold the same values by construction. Pure.
// Views are not here: what their columns are follows from their definitions, which the analysis reads.
import { didYouMean, nearest } from '../../../shared/nearest.ts'
import { inSlices, whole, type Sliced } from '../slices.ts'
import type { Catalog, Oid, Protected, Relation, RelationColumn } from './catalog.ts'
import type { Label } from './finding.ts'
import { columnPattern, glob, mentions, type ColumnPattern } from './patterns.ts'
import { orderedOf, type OrderHazard } from './order-hazard.ts'
import { systemSecrets } from './system-secrets.ts'

export interface ProtectRule {
  readonly name: string
  /** `schema.relation.column` with `*`; parts may be left out from the left. */
  readonly columns: readonly string[]
  /** Protects every column whose comment has this in it, or, with a `*`, matches it; upper and lower case alike. */
  readonly byComment?: string
  /** Likewise, of a security label of any provider. */
  readonly bySecurityLabel?: string
}

export interface Protection {
  readonly protected: Protected
  /** Unprotected columns that a constraint ties to a protected one: whether a write to them succeeds may depend on it. */
  readonly hazards: ReadonlyMap<Oid, ReadonlySet<number>>
  /** Relations whose rows may be returned in the order of a protected column without naming it, through an index. */
  readonly ordered: ReadonlyMap<Oid, OrderHazard>
  /** For the author: names that match nothing, with the nearest that exist. */
  readonly problems: readonly string[]
}

const tableKinds = new Set(['r', 'p', 'f'])
/** Relations whose columns a policy may name. */
const namedKinds = new Set([...tableKinds, 'v', 'm'])

export function labelOf(relation: Relation, column: RelationColumn): Label {
  return `${relation.schema}.${relation.name}.${column.name}`
}

/**
 * All at once.
 * @param before columns that were protected earlier and stay so under whatever name they have now: renaming a column is no way to
 * lay it open
 */
export function protectedColumns(catalog: Catalog, rules: readonly ProtectRule[], before?: Protected): Protection {
  return whole(protectedInSlices(catalog, rules, before))
}

export function* protectedInSlices(catalog: Catalog, rules: readonly ProtectRule[], before?: Protected): Sliced<Protection> {
  const { protected: found, problems } = yield* markedInSlices(catalog, rules, before)
  return {
    protected: found,
    hazards: yield* hazardsOf(catalog, found),
    ordered: yield* orderedOf(catalog, found),
    get problems() { return problems() }
  }
}

interface Marked {
  readonly protected: Protected
  readonly problems: () => readonly string[]
}

/** The columns alone, without what follows from where they are. */
export function* markedInSlices(catalog: Catalog, rules: readonly ProtectRule[], before: Protected = new Map()): Sliced<Marked> {
  const marks = new Marks(catalog, yield* tiesOf(catalog))
  /** Said when somebody asks: what was meant instead is looked for among all names. */
  const problems: (() => string)[] = []
  for (const rule of rules) {
    for (const written of rule.columns) {
      const pattern = columnPattern(written)
      if (pattern === undefined) problems.push(() => `protect rule "${rule.name}": "${written}" is not a name of a column; write schema.table.column`)
      else if (!(yield* marks.markMatching(pattern))) problems.push(() => `protect rule "${rule.name}": ${nothing(catalog, written, pattern)}`)
    }
    for (const [what, wanted] of [['comment', rule.byComment], ['securityLabel', rule.bySecurityLabel]] as const) {
      if (wanted !== undefined && !(yield* marks.markSaid(wanted, what))) {
        problems.push(() => `protect rule "${rule.name}": no column's ${what === 'comment' ? 'comment' : 'security label'} matches "${wanted}"`)
      }
    }
  }
  yield* marks.markAgain(before)
  // Without a rule nothing is masked at all.
  if (rules.length > 0) marks.markSystem()
  yield* marks.close()
  return { protected: marks.found, problems: () => problems.map((say) => say()) }
}

/** A foreign key: of which relation, from which columns to which. */
interface Reference {
  readonly relation: Relation
  readonly columns: readonly number[]
  readonly referenced: readonly number[]
}

/** What holds a relation to others, by the relation. */
interface Ties {
  readonly children: ReadonlyMap<Oid, readonly Oid[]>
  readonly referencing: ReadonlyMap<Oid, readonly Reference[]>
  readonly toast: ReadonlyMap<Oid, Relation>
}

const allTies = new WeakMap<Catalog, Ties>()

function* tiesOf(catalog: Catalog): Sliced<Ties> {
  const known = allTies.get(catalog)
  if (known !== undefined) return known
  const [children, referencing, toast] = [new Map<Oid, Oid[]>(), new Map<Oid, Reference[]>(), new Map<Oid, Relation>()]
  yield* inSlices(catalog.relations.values(), (relation) => {
    for (const parent of relation.parents) push(children, parent, relation.oid)
    if (relation.toastOf !== undefined) toast.set(relation.toastOf, relation)
    for (const { columns, references } of relation.constraints) {
      if (references !== undefined) push(referencing, references.relation, { relation, columns, referenced: references.columns })
    }
  })
  const ties = { children, referencing, toast }
  allTies.set(catalog, ties)
  return ties
}

class Marks {
  readonly found = new Map<Oid, Map<number, Label>>()
  /** Marked, but not yet followed. */
  readonly #pending: [Relation, RelationColumn, Label][] = []

  constructor(private readonly catalog: Catalog, private readonly ties: Ties) {}

  * markMatching({ schema, relation: name, column: columnName }: ColumnPattern): Sliced<boolean> {
    let any = false
    // Policies name most tables in full, hundreds of them.
    const named = name.only === undefined ? this.catalog.relations.values() : this.catalog.relationsByName.get(name.only) ?? []
    yield* inSlices(named, (relation) => {
      if (relation.system || !namedKinds.has(relation.kind) || !name.test(relation.name) || !schema.test(relation.schema)) return
      for (const column of relation.columns) {
        if (!columnName.test(column.name)) continue
        this.#mark(relation, column, labelOf(relation, column))
        any = true
      }
    })
    return any
  }

  * markSaid(wanted: string, what: 'comment' | 'securityLabel'): Sliced<boolean> {
    const pattern = glob((wanted.includes('*') ? wanted : `*${wanted}*`).toLowerCase())
    let any = false
    yield* inSlices(this.catalog.relations.values(), (relation) => {
      if (!namedKinds.has(relation.kind)) return
      for (const column of relation.columns) {
        const said = what === 'comment' ? [column.comment ?? ''] : column.securityLabels ?? []
        if (!said.some((text) => text !== '' && pattern.test(text.toLowerCase()))) continue
        this.#mark(relation, column, labelOf(relation, column))
        any = true
      }
    })
    return any
  }

  * markAgain(before: Protected): Sliced<void> {
    yield* inSlices(before, ([oid, columns]) => {
      const relation = this.catalog.relations.get(oid)
      for (const column of relation?.columns ?? []) {
        const label = columns.get(column.attnum)
        if (label !== undefined) this.#mark(relation!, column, label)
      }
    })
  }

  markSystem(): void {
    for (const [written, columns] of systemSecrets) {
      const [schema, name] = written.split('.') as [string, string]
      const wanted = new Set(columns.trim().split(/\s+/))
      for (const relation of this.catalog.relationsByName.get(name) ?? []) {
        if (schema === '*' ? relation.system : relation.schema !== schema) continue
        for (const column of relation.columns) if (wanted.has(column.name)) this.#mark(relation, column, labelOf(relation, column))
      }
    }
  }

  /** Follows what was marked to where the same values are, until nothing new is found. */
  * close(): Sliced<void> {
    const { children, referencing, toast: toasts } = this.ties
    let followed = 0
    for (let next = this.#pending.pop(); next !== undefined; next = this.#pending.pop()) {
      if (++followed % 16 === 0) yield
      const [relation, column, label] = next
      for (const parent of relation.parents) this.#markNamed(parent, column.name, label)
      // A table may have thousands of partitions, and be referenced by thousands. Most have none.
      const heirs = children.get(relation.oid)
      if (heirs !== undefined) yield* inSlices(heirs, (heir) => { this.#markNamed(heir, column.name, label) })
      for (const other of relation.columns) {
        if (!other.generated) continue
        if (mentions(other.default ?? '', column.name)) this.#mark(relation, other, label)
        yield
      }
      const references = referencing.get(relation.oid)
      if (references !== undefined) yield* inSlices(references, (reference) => { this.#markReferencing(reference, column, label) })
      const toast = toasts.get(relation.oid)
      if (toast !== undefined) for (const piece of toast.columns) this.#mark(toast, piece, label)
    }
  }

  #markNamed(oid: Oid, name: string, label: Label): void {
    const relation = this.catalog.relations.get(oid)
    const column = relation?.columns.find((one) => one.name === name)
    if (relation !== undefined && column !== undefined) this.#mark(relation, column, label)
  }

  #markReferencing({ relation, columns, referenced }: Reference, { attnum }: RelationColumn, label: Label): void {
    const at = referenced.indexOf(attnum)
    const tied = at < 0 ? undefined : relation.columns.find((one) => one.attnum === columns[at])
    if (tied !== undefined) this.#mark(relation, tied, label)
  }

  #mark(relation: Relation, column: RelationColumn, label: Label): void {
    let columns = this.found.get(relation.oid)
    if (columns === undefined) this.found.set(relation.oid, columns = new Map())
    // The first label stays: a column that is named itself keeps its own name, and one that is reached twice one of the two.
    if (columns.has(column.attnum)) return
    columns.set(column.attnum, label)
    this.#pending.push([relation, column, label])
  }
}

/** Columns that share a CHECK, a key or an exclusion with a protected one, or that a protected one references. */
function* hazardsOf(catalog: Catalog, found: Protected): Sliced<Map<Oid, Set<number>>> {
  const hazards = new Map<Oid, Set<number>>()
  const tie = (relation: Oid, columns: readonly number[]) => {
    for (const attnum of columns) {
      if (attnum <= 0 || found.get(relation)?.has(attnum)) continue
      const tied = hazards.get(relation)
      if (tied === undefined) hazards.set(relation, new Set([attnum]))
      else tied.add(attnum)
    }
  }
  yield* inSlices(found, ([oid, marked]) => {
    const relation = catalog.relations.get(oid)!
    const isMarked = (attnum: number) => marked.has(attnum)
    const tied = [
      ...relation.constraints.map(({ columns }) => columns),
      // Unique indexes without a constraint; and what stands in expressions and predicates of any that has one.
      ...relation.indexes.filter(({ unique, expression, partial }) => unique || expression || partial).map(({ columns }) => columns)
    ]
    for (const columns of tied) if (columns.some(isMarked)) tie(relation.oid, columns)
    for (const { columns, references } of relation.constraints) {
      if (references !== undefined && columns.some(isMarked)) tie(references.relation, references.columns)
    }
  })
  return hazards
}

function nothing(catalog: Catalog, written: string, pattern: ColumnPattern): string {
  const candidates: string[] = []
  for (const relation of catalog.relations.values()) {
    if (relation.system || !namedKinds.has(relation.kind)) continue
    for (const column of relation.columns) candidates.push(labelOf(relation, column))
  }
  const depth = written.split('.').length
  const shortened = [...new Set(candidates.map((name) => name.split('.').slice(-depth).join('.')))]
  // With a pattern in it, names are too far from it to compare.
  const near = written.includes('*') ? [] : nearest(written, shortened)
  const known = [...catalog.relations.values()].some(({ schema, name, system }) =>
    !system && pattern.schema.test(schema) && pattern.relation.test(name))
  const what = known ? `no column "${written}"` : `no table for "${written}"`
  return near.length === 0 ? what : `${what}; ${didYouMean(near.map((name) => `"${name}"`))}`
}

function push<K, T>(groups: Map<K, T[]>, key: K, item: T): void {
  const group = groups.get(key)
  if (group === undefined) groups.set(key, [item])
  else group.push(item)
}
