// Makes a Catalog of the rows that were read. Pure.
import { inSlices, whole, type Sliced } from '../slices.ts'
import type { CatalogRows, Row } from './catalog-rows.ts'
import type { Builtin, Catalog, Constraint, Index, Oid, OwnFunction, Relation, RelationColumn, Trigger, Type } from './catalog.ts'

/** Objects made by initdb have smaller oids (PostgreSQL source, access/transam.h, FirstNormalObjectId). */
export const firstOwnOid = 16_384

/** All at once. @param previous of the same database: its epoch is counted on */
export function buildCatalog(rows: CatalogRows, previous?: Catalog): Catalog {
  return whole(catalogInSlices(rows, previous))
}

/** Tens of thousands of relations take longer than anybody else can wait. */
export function* catalogInSlices(rows: CatalogRows, previous?: Catalog): Sliced<Catalog> {
  const relations = yield* relationsOf(rows)
  const functions: OwnFunction[] = []
  yield* inSlices(rows.functions, (row) => { functions.push(ownFunction(row)) })
  const [builtins, builtinNames] = yield* builtinsOf(rows)
  const types = yield* typesOf(rows, relations)
  return {
    epoch: (previous?.epoch ?? 0) + 1,
    major: rows.major,
    schemas: new Map(rows.schemas.map(([id, name]) => [oid(id), name ?? ''])),
    searchPath: rows.searchPath,
    relations,
    relationsByName: yield* groupedInSlices(relations.values(), ({ name }) => name),
    functions: yield* groupedInSlices(functions, ({ name }) => name),
    functionsByOid: new Map(functions.map((own) => [own.oid, own])),
    builtins,
    builtinNames,
    operators: new Map([...grouped(rows.operators, ([name]) => name ?? '')].map(([name, found]) => [name, found.map(([, own]) => oid(own))])),
    casts: rows.casts.map(([source, target, context, own]) => ({
      source: oid(source),
      target: oid(target),
      context: context === 'i' ? 'implicit' : context === 'a' ? 'assignment' : 'explicit',
      function: oid(own)
    })),
    types,
    typesByName: yield* groupedInSlices(types.values(), ({ name }) => name)
  }
}

function* relationsOf(rows: CatalogRows): Sliced<Map<Oid, Relation>> {
  const columns = yield* groupedInSlices(rows.columns, byRelation)
  const comments = yield* groupedInSlices(rows.comments, byRelation)
  const parents = yield* groupedInSlices(rows.parents, byRelation)
  const constraints = yield* groupedInSlices(rows.constraints, byRelation)
  const indexes = yield* groupedInSlices(rows.indexes, byRelation)
  const triggers = yield* groupedInSlices(rows.triggers, byRelation)
  const rules = yield* groupedInSlices(rows.rules, byRelation)
  const policies = yield* groupedInSlices(rows.policies, byRelation)
  const toastOwners = new Map<Oid, Oid>()
  yield* inSlices(rows.relations, (row) => { if (oid(row[4]) !== 0) toastOwners.set(oid(row[4]), oid(row[0])) })

  const relations = new Map<Oid, Relation>()
  yield* inSlices(rows.relations, (row) => {
    const [id, schema, name, kind, , rowType, xmin, definition] = row
    const relation = oid(id)
    const comment = comments.get(relation)
    const said = comment === undefined ? undefined : grouped(comment, ([, attnum]) => Number(attnum))
    const own = {
      columns: columns.get(relation) ?? [],
      constraints: constraints.get(relation) ?? [],
      triggers: triggers.get(relation) ?? [],
      rules: rules.get(relation) ?? [],
      policies: policies.get(relation) ?? []
    }
    const toastOf = toastOwners.get(relation)
    relations.set(relation, {
      oid: relation,
      schema: schema ?? '',
      name: name ?? '',
      kind: kind ?? '',
      columns: kind === 't' ? toastColumns : own.columns.map((column) => relationColumn(column, said?.get(Number(column[1])))),
      ...(definition === null || definition === undefined ? {} : { definition }),
      parents: (parents.get(relation) ?? []).map(([, parent]) => oid(parent)),
      constraints: own.constraints.map(constraint),
      indexes: (indexes.get(relation) ?? []).map(index),
      triggers: own.triggers.filter(([, , , , , enabled]) => enabled !== 'D').map(trigger),
      rules: own.rules.some(([, ofView]) => ofView !== 't'),
      policies: own.policies.flatMap(([, using, check]) => [using, check].filter((text) => text !== null && text !== undefined)),
      system: relation < firstOwnOid || (toastOf !== undefined && toastOf < firstOwnOid),
      ...(toastOf === undefined ? {} : { toastOf }),
      rowType: oid(rowType),
      stamp: stampOf(xmin ?? '', Object.values(own))
    })
  }, 16)
  return relations
}

/**
 * What tells one version of a relation from another.
 * @param xmin of the row in pg_class. @param parts columns, constraints, triggers, rules, policies, each row's xmin last
 */
export function stampOf(xmin: string, parts: readonly (readonly Row[])[]): string {
  const lists = parts.map((rows) => {
    const xmins = rows.map((row) => row.at(-1) ?? '')
    // Nearly always all alike.
    return xmins.every((one) => one === xmin) ? `=${xmins.length}` : xmins.join(',')
  })
  return `${xmin}/${lists.join('/')}`
}

/** The same for every table's (PostgreSQL docs, *TOAST*), so they are not read. */
const toastColumns: readonly RelationColumn[] = ([['chunk_id', 26], ['chunk_seq', 23], ['chunk_data', 17]] as const)
  .map(([name, type], at) => ({ attnum: at + 1, name, type, typeModifier: -1, notNull: false, generated: false }))

function relationColumn(row: Row, said: readonly Row[] | undefined): RelationColumn {
  const [, attnum, name, type, typeModifier, notNull, generated, value] = row
  const comment = said?.find(([, , text]) => text !== null)?.[2]
  const securityLabels = (said ?? []).flatMap(([, , , label]) => label ?? [])
  return {
    attnum: Number(attnum),
    name: name ?? '',
    type: oid(type),
    typeModifier: Number(typeModifier),
    notNull: notNull === 't',
    generated: generated === 't',
    ...(value === null || value === undefined ? {} : { default: value }),
    ...(comment === null || comment === undefined ? {} : { comment }),
    ...(securityLabels.length === 0 ? {} : { securityLabels })
  }
}

function constraint([, , name, kind, columns, referenced, referencedColumns, expression]: Row): Constraint {
  return {
    name: name ?? '',
    kind: kind ?? '',
    columns: oids(columns),
    ...(oid(referenced) === 0 ? {} : { references: { relation: oid(referenced), columns: oids(referencedColumns) } }),
    ...(expression === null || expression === undefined ? {} : { expression })
  }
}

function index([, keys, columns, expression, partial, unique]: Row): Index {
  return { keys: oids(keys), columns: oids(columns), expression: expression === 't', partial: partial === 't', unique: unique === 't' }
}

/** Bits of pg_trigger.tgtype (PostgreSQL source, catalog/pg_trigger.h). */
const events = [[4, 'insert'], [8, 'delete'], [16, 'update'], [32, 'truncate']] as const

function trigger([, name, own, type, definition]: Row): Trigger {
  return {
    name: name ?? '',
    function: oid(own),
    events: events.filter(([bit]) => (Number(type) & bit) !== 0).map(([, event]) => event),
    definition: definition ?? ''
  }
}

function ownFunction(row: Row): OwnFunction {
  const [id, schema, name, language, volatility, returnsSet, definer, kind, definition, body] = row
  const [types, result, outs, support, settings, extension, xmin] = row.slice(10)
  return {
    oid: oid(id),
    schema: schema ?? '',
    name: name ?? '',
    language: language ?? '',
    volatility: volatilityOf(volatility),
    returnsSet: returnsSet === 't',
    securityDefiner: definer === 't',
    aggregate: kind === 'a',
    ...(definition === null || definition === undefined ? {} : { definition }),
    ...(body === null || body === undefined ? {} : { body }),
    argumentTypes: (types ?? '').split(' ').filter((text) => text !== '').map(Number),
    resultType: oid(result),
    outNames: strings(outs),
    support: oids(support),
    settings: strings(settings),
    ...(extension === null || extension === undefined ? {} : { extension }),
    stamp: xmin ?? ''
  }
}

function builtin([, , volatility, returnsSet, kind, outs, result]: Row): Builtin {
  return {
    volatility: volatilityOf(volatility),
    returnsSet: returnsSet === 't',
    aggregate: kind === 'a',
    outNames: strings(outs),
    result: oid(result)
  }
}

/** One of each name, the worst of its overloads; and all their names. */
function* builtinsOf(rows: CatalogRows): Sliced<[Map<string, Builtin>, Map<Oid, string>]> {
  const builtins = new Map<string, Builtin>()
  const names = new Map<Oid, string>()
  yield* inSlices(rows.builtins, (row) => {
    const name = row[1] ?? ''
    const before = builtins.get(name)
    builtins.set(name, before === undefined ? builtin(row) : worse(before, builtin(row)))
    names.set(oid(row[0]), name)
  })
  return [builtins, names]
}

const worst = ['immutable', 'stable', 'volatile'] as const

function worse({ result, ...rest }: Builtin, other: Builtin): Builtin {
  return {
    ...rest,
    volatility: worst[Math.max(worst.indexOf(rest.volatility), worst.indexOf(other.volatility))]!,
    returnsSet: rest.returnsSet || other.returnsSet,
    aggregate: rest.aggregate || other.aggregate,
    outNames: [...new Set([...rest.outNames, ...other.outNames])],
    ...(result !== undefined && result === other.result ? { result } : {})
  }
}

function* typesOf(rows: CatalogRows, relations: ReadonlyMap<Oid, Relation>): Sliced<Map<Oid, Type>> {
  const checks = yield* groupedInSlices(rows.constraints, ([, domain]) => oid(domain))
  const types = new Map<Oid, Type>()
  yield* inSlices(rows.types, ([id, schema, name, kind, category, element, base, relation, support]) => {
    types.set(oid(id), {
      oid: oid(id),
      schema: schema ?? '',
      name: name ?? '',
      kind: kind ?? '',
      category: category ?? '',
      ...(oid(element) === 0 ? {} : { element: oid(element) }),
      ...(oid(base) === 0 ? {} : { base: oid(base) }),
      ...(oid(relation) === 0 ? {} : { relation: oid(relation) }),
      checks: (checks.get(oid(id)) ?? []).flatMap((row) => row[7] ?? []),
      own: oid(id) >= firstOwnOid,
      support: oids(support)
    })
  })
  // The types of tables' rows follow from the tables.
  yield* inSlices(relations.values(), ({ rowType, oid: relation, schema, name, kind, system }) => {
    if (rowType === 0 || kind === 'c') return
    types.set(rowType, { oid: rowType, schema, name, kind: 'c', category: 'C', relation, checks: [], own: !system, support: [] })
  })
  return types
}

function volatilityOf(letter: string | null | undefined): Builtin['volatility'] {
  return letter === 'i' ? 'immutable' : letter === 's' ? 'stable' : 'volatile'
}

function byRelation([relation]: Row): Oid {
  return oid(relation)
}

function oid(text: string | null | undefined): Oid {
  return text === null || text === undefined ? 0 : Number(text)
}

/** `{1,2}` or `1 2`. */
function oids(text: string | null | undefined): number[] {
  return (text?.match(/-?\d+/g) ?? []).map(Number)
}

/** Of a JSON array of strings. */
function strings(text: string | null | undefined): string[] {
  return text === null || text === undefined ? [] : JSON.parse(text) as string[]
}

function grouped<T, K>(items: Iterable<T>, key: (item: T) => K): Map<K, T[]> {
  return whole(groupedInSlices(items, key))
}

function* groupedInSlices<T, K>(items: Iterable<T>, key: (item: T) => K): Sliced<Map<K, T[]>> {
  const groups = new Map<K, T[]>()
  yield* inSlices(items, (item) => {
    const group = groups.get(key(item))
    if (group === undefined) groups.set(key(item), [item])
    else group.push(item)
  }, 512)
  return groups
}
