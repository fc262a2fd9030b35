// The catalog as one session sees it: everybody's, with what the session has made, changed and removed in a transaction that is still
// open, and with its temporary relations. Pure.
import { inSlices, type Sliced } from '../slices.ts'
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
export function* sessionCatalog(base: Catalog, own: Catalog, gone: Gone): Sliced<Catalog> {
  // The type of a table's rows goes, and comes, with the table.
  const rowTypes = [...gone.relations, ...own.relations.keys()].flatMap((oid) => base.relations.get(oid)?.rowType ?? [])
  const [relations, relationsByName] = yield* replaced(base.relations, base.relationsByName, own.relations, gone.relations)
  const [functionsByOid, functions] = yield* replaced(base.functionsByOid, base.functions, own.functionsByOid, [])
  const [types, typesByName] = yield* replaced(base.types, base.typesByName, own.types, [...gone.types, ...rowTypes])
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
function* replaced<T extends { readonly oid: Oid, readonly name: string }>(
  base: ReadonlyMap<Oid, T>,
  byName: ByName<T>,
  own: ReadonlyMap<Oid, T>,
  gone: Iterable<Oid>
): Sliced<[ReadonlyMap<Oid, T>, ByName<T>]> {
  const now = yield* copied(base)
  const names = yield* copied(byName)
  yield* inSlices([...gone, ...own.keys()], (oid) => {
    const before = base.get(oid)
    if (before === undefined || !now.delete(oid)) return
    const left = (names.get(before.name) ?? []).filter((one) => one !== before)
    if (left.length === 0) names.delete(before.name)
    else names.set(before.name, left)
  })
  yield* inSlices(own, ([oid, one]) => {
    now.set(oid, one)
    names.set(one.name, [...names.get(one.name) ?? [], one])
  })
  return [now, names]
}

function* copied<K, V>(map: ReadonlyMap<K, V>): Sliced<Map<K, V>> {
  const copy = new Map<K, V>()
  yield* inSlices(map, ([key, value]) => { copy.set(key, value) }, 512)
  return copy
}

function merged(base: Catalog['operators'], own: Catalog['operators']): Catalog['operators'] {
  if (own.size === 0) return base
  const all = new Map(base)
  for (const [name, functions] of own) all.set(name, [...all.get(name) ?? [], ...functions])
  return all
}
