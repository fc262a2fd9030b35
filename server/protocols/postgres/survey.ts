// What a policy author should know of a target's catalog, by the same analysis as statements: names that match nothing, views made from
// protected columns, functions that hold, indexes with an order, names that look like what is usually protected. Reads no table.
import type { Survey, SurveyedView } from '../../../shared/explain.ts'
import { lookAlike, kinds } from '../../masking/look-alike.ts'
import { analyze } from '../../masking/postgres/analyze.ts'
import type { Catalog, Relation } from '../../masking/postgres/catalog.ts'
import { ownFunctionClean } from '../../masking/postgres/functions.ts'
import { labelOf, protectedColumns } from '../../masking/postgres/protect.ts'
import { codeHash, vouchedIn } from '../../masking/postgres/vouch.ts'
import type { World } from '../../masking/postgres/world.ts'
import type { Protection } from '../../policy/protect.ts'
import type { Edge } from '../protocol.ts'
import { consult, nothingProtected, type ConsultParts } from './consult.ts'
import type { Guards } from './guard.ts'

export function surveyTarget(parts: ConsultParts, edge: Edge, protection: Protection | undefined, signal: AbortSignal): Promise<Survey> {
  const policy = protection ?? nothingProtected
  return consult(parts, edge, { protection: policy, signal }, ({ guards, database }) => {
    const { world, marks } = guards
    const { catalog } = world
    return Promise.resolve({
      target: edge.target.name,
      database,
      problems: [...marks.problems, ...vouchedIn(catalog, policy.trust).problems],
      columns: columnsOf(catalog, policy, guards),
      views: sorted(viewsOf(world), ({ view }) => view),
      functions: sorted(functionsOf(world), (one) => one.function),
      indexes: sorted([...marks.ordered].map(([oid, hazard]) => ({
        relation: nameOf(catalog.relations.get(oid)!),
        off: ['enable_indexonlyscan', ...(hazard === 'index' ? ['enable_indexscan'] : [])]
      })), ({ relation }) => relation),
      lookAlikes: sorted(lookAlikesOf(world), ({ column }) => column)
    })
  })
}

function columnsOf(catalog: Catalog, { rules }: Protection, guards: Guards): Survey['columns'] {
  const ruleOf = new Map<string, string>()
  for (const rule of rules) {
    for (const [, columns] of protectedColumns(catalog, [rule]).protected) {
      for (const label of columns.values()) if (!ruleOf.has(label)) ruleOf.set(label, rule.name)
    }
  }
  const found = ownRelations(catalog).flatMap((relation) => {
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
function viewsOf(world: World): SurveyedView[] {
  return ownRelations(world.catalog).filter(({ kind }) => kind === 'v' || kind === 'm').flatMap((view) => {
    const tree = world.parse(`SELECT * FROM ${quoted(view.schema)}.${quoted(view.name)}`)
    const { columns = [], flows, opaque } = tree === undefined ? { flows: [], opaque: ['its name cannot be read'] } : analyze(tree, world)
    const made = columns.filter(({ labels }) => labels.size > 0).map(({ name, labels }) => ({ column: name, from: [...labels].sort() }))
    const unproven = [...opaque, ...flows.map(({ why }) => why)]
    return made.length === 0 && unproven.length === 0 ? [] : [{ view: nameOf(view), columns: made, unproven, sha256: codeHash(view) }]
  })
}

function functionsOf(world: World): Survey['functions'] {
  return [...world.catalog.functionsByOid.values()].flatMap((own) => {
    const { clean, why } = ownFunctionClean(own, world)
    const name = `${own.schema}.${own.name}`
    return clean ? [] : [{ function: name, why: why ?? 'is not proven harmless', sha256: codeHash(own) }]
  })
}

function lookAlikesOf({ catalog, protected: marked }: World): Survey['lookAlikes'] {
  return ownRelations(catalog).filter(({ kind }) => kind !== 'v' && kind !== 'm').flatMap((relation) => relation.columns.flatMap((column) => {
    if (marked.get(relation.oid)?.has(column.attnum) === true) return []
    const looks = lookAlike(column.name) ?? lookAlike(column.comment ?? '')
    return looks === undefined ? [] : [{ column: labelOf(relation, column), holds: kinds[looks].name }]
  }))
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
