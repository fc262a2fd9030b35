// The catalog as one session sees it: everybody's, with what the session has made, changed and removed in a transaction that is still
// open, and with its temporary relations. Pure.
import type { Catalog, Oid } from './catalog.ts'

/** What is not there any more for this session. */
export interface Gone {
  readonly relations: ReadonlySet<Oid>
  readonly types: ReadonlySet<Oid>
}

/**
 * @param own built from the session's rows alone: each relation, function and type in it takes the place of the shared one. Operators and
 * casts come in addition, since one that is gone only makes more be looked at.
 */
export function sessionCatalog(base: Catalog, own: Catalog, gone: Gone): Catalog {
  // The type of a table's rows goes, and comes, with the table.
  const rowTypes = [...gone.relations, ...own.relations.keys()].flatMap((oid) => base.relations.get(oid)?.rowType ?? [])
  const [relations, relationsByName] = replaced(base.relations, base.relationsByName, own.relations, gone.relations)
  const [functionsByOid, functions] = replaced(base.functionsByOid, base.functions, own.functionsByOid, [])
  const [types, typesByName] = replaced(base.types, base.typesByName, own.types, [...gone.types, ...rowTypes])
  return {
    ...base,
    relations,
    relationsByName,
    functionsByOid,
    functions,
    types,
    typesByName,
    operators: merged(base.operators, own.operators),
    casts: own.casts.length === 0 ? base.casts : [...own.casts, ...base.casts]
  }
}

type ByName<T> = ReadonlyMap<string, readonly T[]>

/** The maps are copied, and lists of those names only that something had or has. */
function replaced<T extends { readonly oid: Oid, readonly name: string }>(
  base: ReadonlyMap<Oid, T>,
  byName: ByName<T>,
  own: ReadonlyMap<Oid, T>,
  gone: Iterable<Oid>
): [ReadonlyMap<Oid, T>, ByName<T>] {
  const now = new Map(base)
  const names = new Map(byName)
  for (const oid of [...gone, ...own.keys()]) {
    const before = base.get(oid)
    if (before === undefined || !now.delete(oid)) continue
    const left = (names.get(before.name) ?? []).filter((one) => one !== before)
    if (left.length === 0) names.delete(before.name)
    else names.set(before.name, left)
  }
  for (const [oid, one] of own) {
    now.set(oid, one)
    names.set(one.name, [...names.get(one.name) ?? [], one])
  }
  return [now, names]
}

function merged(base: Catalog['operators'], own: Catalog['operators']): Catalog['operators'] {
  if (own.size === 0) return base
  const all = new Map(base)
  for (const [name, functions] of own) all.set(name, [...all.get(name) ?? [], ...functions])
  return all
}
