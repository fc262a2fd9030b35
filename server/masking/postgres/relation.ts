// What reading a relation brings: its columns with their labels, a view's definition, row security. Pure.
import { as, list, text, type Tree } from '../../sql/postgres/tree.ts'
import type { Oid, Relation } from './catalog.ts'
import { treeOf } from './code.ts'
import { evaluate } from './expression.ts'
import { memoryOf, type ViewFinding } from './memory.ts'
import { readQuery } from './query.ts'
import { nothing, Reading, union } from './reading.ts'
import { clean, noScope, type Field, type RangeItem, type Scope } from './scope.ts'
import { valueType } from './typing.ts'

const maxViewDepth = 40

/** As the server finds it: temporary relations, pg_catalog, the search path. */
export function resolve(node: Tree, reading: Reading): Relation | undefined {
  const { catalog, searchPath } = reading.world
  const [name, schema] = [text(node.relname) ?? '', text(node.schemaname)]
  const parts = schema === undefined ? [name] : [schema, name]
  if (reading.world.resolve !== undefined && reading.depth === 0) {
    const oid = reading.world.resolve(parts)
    return oid === undefined ? undefined : catalog.relations.get(oid)
  }
  const candidates = catalog.relationsByName.get(name) ?? []
  const within = (place: string) => candidates.find((one) => one.schema === place)
  if (schema !== undefined) return within(schema) ?? (schema === 'pg_temp' ? candidates.find(isTemporary) : undefined)
  // A path as the server gives it has both, where they are looked into.
  const first = searchPath.includes('pg_catalog') ? [] : ['pg_catalog']
  const temporary = searchPath.some((place) => place.startsWith(temporarySchema)) ? undefined : candidates.find(isTemporary)
  if (temporary !== undefined) return temporary
  for (const place of [...first, ...searchPath]) {
    const found = within(place)
    if (found !== undefined) return found
  }
  return undefined
}

const temporarySchema = 'pg_temp_'

/** Of the session itself: a catalog has nobody else's. */
function isTemporary({ schema }: Relation): boolean {
  return schema.startsWith(temporarySchema)
}

/** Resolves and notes it; undefined, and opaque, where there is none. */
export function relationOf(node: Tree, reading: Reading): Relation | undefined {
  const relation = resolve(node, reading)
  if (relation === undefined) {
    const reason = `the relation ${[node.schemaname, node.relname].filter(isString).join('.')} is unknown`
    reading.missing ??= reason
    reading.unproven(reason)
  } else reading.relations.set(relation.oid, relation)
  return relation
}

/** @param mode `read`: as a SELECT sees it; `written`: the target of a change, whose rows are stored ones */
export function itemOf(relation: Relation, name: string, reading: Reading, written = false): RangeItem {
  reading.relations.set(relation.oid, relation)
  const isView = (relation.kind === 'v' || relation.kind === 'm') && !relation.system && !reading.off('views')
  const fields = isView && !written ? viewFields(relation, reading) : storedFields(relation, reading)
  const item = { name, schema: relation.schema, fields, relation }
  if (relation.policies.length > 0) readPolicies(relation, item, reading)
  return item
}

export function labelOf(relation: Relation, attnum: number, reading: Reading): string | undefined {
  return reading.world.protected.get(relation.oid)?.get(attnum)
}

function storedFields(relation: Relation, reading: Reading): readonly Field[] {
  return relation.columns.map((column) => {
    const label = labelOf(relation, column.attnum, reading)
    const type = valueType(column.type, reading)
    return {
      name: column.name,
      labels: label === undefined ? nothing : new Set([label]),
      ...(label === undefined ? {} : { identity: label }),
      origin: { relation: relation.oid, attnum: column.attnum },
      path: [`${relation.name}.${column.name}`],
      ...(type === undefined ? {} : { type })
    }
  })
}

function viewFields(view: Relation, reading: Reading): readonly Field[] {
  const stored = storedFields(view, reading)
  const found = viewFinding(view, reading)
  for (const relation of found.relations) reading.relations.set(relation.oid, relation)
  for (const oid of found.functions) reading.functions.add(oid)
  if (!reading.world.vouched.has(view.oid)) {
    for (const flow of reading.off('view-flows') ? [] : found.flows) reading.flow(flow.kind, flow.labels, `in the view ${view.name}, ${flow.why}`, flow)
    for (const reason of found.opaque) reading.unproven(`in the view ${view.name}, ${reason}`)
    if (found.mayFail) reading.mayFail()
    for (const label of found.deciding) reading.deciding.add(label)
  }
  return stored.map((field, at) => {
    const { identity, labels, path } = found.fields[at] ?? clean
    if (labels.size === 0) return field
    const { identity: own, ...rest } = field
    const same = own === undefined && identity !== undefined ? { identity } : {}
    return { ...rest, ...same, labels: union([field, { labels }]), path: [...path, ...field.path] }
  })
}

/** A definition is fully qualified, so it means the same to everybody; it is read once for a catalog. */
function viewFinding(view: Relation, reading: Reading): ViewFinding {
  const { views } = memoryOf(reading.world)
  const before = views.get(view.oid)
  if (before !== undefined) return before
  const { resolve: _, ...world } = reading.world
  const inner = new Reading({ ...world, searchPath: [] })
  inner.depth = reading.depth + 1
  let fields: readonly Field[] = []
  const query = view.definition === undefined ? undefined : treeOf(view.definition, reading)
  if (inner.depth > maxViewDepth) inner.unproven('views are nested too deep')
  else if (query === undefined) inner.unproven('its definition cannot be read')
  else fields = readQuery(query, noScope, inner).fields
  if (fields.length !== view.columns.length && inner.opaque.size === 0) inner.unproven('its columns are not those of its definition')
  const finding: ViewFinding = {
    fields,
    flows: inner.flows,
    opaque: [...inner.opaque],
    relations: [...inner.relations.values()],
    functions: [...inner.functions],
    mayFail: inner.failing > 0,
    deciding: inner.deciding
  }
  views.set(view.oid, finding)
  return finding
}

/** Which rows one sees depends on what the policies look at. */
function readPolicies(relation: Relation, item: RangeItem, reading: Reading): void {
  if (reading.world.vouched.has(relation.oid) || reading.off('policies')) return
  const scope: Scope = { ...noScope, from: { fields: item.fields, items: [item] } }
  const { resolve: _, ...world } = reading.world
  for (const policy of relation.policies) {
    const inner = new Reading({ ...world, searchPath: [] })
    inner.depth = reading.depth + 1
    const expression = expressionOf(policy, reading)
    if (expression === undefined || inner.depth > maxViewDepth) inner.unproven('a policy cannot be read')
    const { labels } = evaluate(expression, scope, inner)
    reading.flow('other', labels, `row security of ${relation.name} looks at a protected value`)
    for (const flow of inner.flows) reading.flow(flow.kind, flow.labels, `in row security of ${relation.name}, ${flow.why}`)
    for (const reason of inner.opaque) reading.unproven(`in row security of ${relation.name}, ${reason}`)
    for (const one of inner.relations.values()) reading.relations.set(one.oid, one)
    if (inner.failing > 0) reading.mayFail()
  }
}

/** The tree of an expression kept as text: a default, a policy, a check. */
export function expressionOf(written: string, reading: Reading): unknown {
  const select = as(treeOf(`SELECT ${written}`, reading), 'SelectStmt')
  const [target, ...more] = list(select?.targetList)
  return more.length > 0 || select === undefined || Object.keys(select).some((key) => key !== 'targetList' && key !== 'limitOption' && key !== 'op') ? undefined : as(target, 'ResTarget')?.val
}

/** Relations that inherit from it or are its partitions, at any depth, and itself. */
export function family(relation: Relation, reading: Reading): readonly Relation[] {
  const memory = memoryOf(reading.world)
  memory.children ??= invert(reading, (one) => one.parents)
  const found = new Map<Oid, Relation>([[relation.oid, relation]])
  for (const one of found.values()) for (const child of memory.children.get(one.oid) ?? []) found.set(child.oid, child)
  return [...found.values()]
}

/** Relations with a foreign key to it. */
export function referrers(relation: Relation, reading: Reading): readonly Relation[] {
  const memory = memoryOf(reading.world)
  memory.referrers ??= invert(reading, (one) => one.constraints.flatMap(({ references }) => references?.relation ?? []))
  return memory.referrers.get(relation.oid) ?? []
}

function invert(reading: Reading, of: (relation: Relation) => readonly Oid[]): ReadonlyMap<Oid, readonly Relation[]> {
  const inverted = new Map<Oid, Relation[]>()
  for (const relation of reading.world.catalog.relations.values()) {
    for (const oid of new Set(of(relation))) inverted.set(oid, [...inverted.get(oid) ?? [], relation])
  }
  return inverted
}

function isString(value: unknown): value is string {
  return typeof value === 'string'
}
