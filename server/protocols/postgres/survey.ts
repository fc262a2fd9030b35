// What a policy author should know of a target's catalog, by the same analysis as statements: names that match nothing, views made from
// protected columns, functions that hold, indexes with an order, names that look like what is usually protected. Reads no table.
import type { Survey, SurveyedView } from '../../../shared/explain.ts'
import { lookAlike, kinds } from '../../masking/look-alike.ts'
import { analyze } from '../../masking/postgres/analyze.ts'
import type { Catalog, Relation } from '../../masking/postgres/catalog.ts'
import { ownFunctionClean } from '../../masking/postgres/functions.ts'
import { scansOff } from '../../masking/postgres/order-hazard.ts'
import { labelOf, markedInSlices } from '../../masking/postgres/protect.ts'
import { codeHash, vouchedInSlices } from '../../masking/postgres/vouch.ts'
import type { World } from '../../masking/postgres/world.ts'
import { inSlices, type Sliced } from '../../masking/slices.ts'
import type { Protection } from '../../policy/protect.ts'
import type { Edge } from '../protocol.ts'
import { consult, nothingProtected, type ConsultParts } from './consult.ts'
import type { Guards } from './guard.ts'
import { driven } from './slices.ts'

export function surveyTarget(parts: ConsultParts, edge: Edge, protection: Protection | undefined, signal: AbortSignal): Promise<Survey> {
  const policy = protection ?? nothingProtected
  return consult(parts, edge, { protection: policy, signal }, ({ guards, database }) =>
    driven(surveyInSlices({ target: edge.target.name, database }, policy, guards)))
}

function* surveyInSlices(where: Pick<Survey, 'target' | 'database'>, policy: Protection, guards: Guards): Sliced<Survey> {
  const { world, marks } = guards
  const { catalog } = world
  return {
    ...where,
    problems: [...marks.problems, ...(yield* vouchedInSlices(catalog, policy.trust)).problems],
    columns: yield* columnsOf(catalog, policy, guards),
    views: sorted(yield* viewsOf(world), ({ view }) => view),
    functions: sorted(yield* functionsOf(world), (one) => one.function),
    indexes: sorted([...marks.ordered].map(([oid, hazard]) => ({
      relation: nameOf(catalog.relations.get(oid)!),
      off: [...scansOff[hazard]]
    })), ({ relation }) => relation),
    lookAlikes: sorted(yield* lookAlikesOf(world), ({ column }) => column)
  }
}

function* columnsOf(catalog: Catalog, { rules }: Protection, guards: Guards): Sliced<Survey['columns']> {
  const ruleOf = new Map<string, string>()
  for (const rule of rules) {
    yield* inSlices((yield* markedInSlices(catalog, [rule])).protected, ([, columns]) => {
      for (const label of columns.values()) if (!ruleOf.has(label)) ruleOf.set(label, rule.name)
    })
  }
  const found = yield* gathered(ownRelations(catalog), (relation) => {
    const marked = guards.marks.protected.get(relation.oid)
    return relation.columns.flatMap((column) => {
      const label = marked?.get(column.attnum)
      if (label === undefined) return []
      const name = labelOf(relation, column)
      return [{ column: name, mask: guards.policy.masks.get(label) ?? 'redact', rule: ruleOf.get(label) ?? '', ...(name === label ? {} : { follows: label }) }]
    })
  })
  return sorted(found, ({ column }) => column)
}

/** As a client would read it: what `SELECT *` of it shows. */
function viewsOf(world: World): Sliced<SurveyedView[]> {
  return gathered(ownRelations(world.catalog).filter(({ kind }) => kind === 'v' || kind === 'm'), (view) => {
    const tree = world.parse(`SELECT * FROM ${quoted(view.schema)}.${quoted(view.name)}`)
    const { columns = [], flows, opaque } = tree === undefined ? { flows: [], opaque: ['its name cannot be read'] } : analyze(tree, world)
    const made = columns.filter(({ labels }) => labels.size > 0).map(({ name, labels }) => ({ column: name, from: [...labels].sort() }))
    const unproven = [...opaque, ...flows.map(({ why }) => why)]
    return made.length === 0 && unproven.length === 0 ? [] : [{ view: nameOf(view), columns: made, unproven, sha256: codeHash(view) }]
  }, 1)
}

function functionsOf(world: World): Sliced<Survey['functions']> {
  return gathered(world.catalog.functionsByOid.values(), (own) => {
    const { clean, why } = ownFunctionClean(own, world)
    const name = `${own.schema}.${own.name}`
    return clean ? [] : [{ function: name, why: why ?? 'is not proven harmless', sha256: codeHash(own) }]
  }, 1)
}

function lookAlikesOf({ catalog, protected: marked }: World): Sliced<Survey['lookAlikes']> {
  return gathered(ownRelations(catalog).filter(({ kind }) => kind !== 'v' && kind !== 'm'), (relation) => relation.columns.flatMap((column) => {
    if (marked.get(relation.oid)?.has(column.attnum) === true) return []
    const looks = lookAlike(column.name) ?? lookAlike(column.comment ?? '')
    return looks === undefined ? [] : [{ column: labelOf(relation, column), holds: kinds[looks].name }]
  }))
}

/** What each item gives, in one list. @param of how many of them in one slice */
function* gathered<T, R>(items: Iterable<T>, look: (item: T) => readonly R[], of = 16): Sliced<R[]> {
  const all: R[] = []
  yield* inSlices(items, (item) => { all.push(...look(item)) }, of)
  return all
}

/** Tables and views that people made; a partition is its parent's. */
export function ownRelations(catalog: Catalog): readonly Relation[] {
  return [...catalog.relations.values()].filter(({ system, kind }) => !system && 'rpfvm'.includes(kind))
}

export function nameOf({ schema, name }: { readonly schema: string, readonly name: string }): string {
  return `${schema}.${name}`
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function sorted<T>(items: readonly T[], key: (item: T) => string): readonly T[] {
  return [...items].sort((a, b) => key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0)
}
