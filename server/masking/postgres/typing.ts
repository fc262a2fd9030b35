// Types: which of them a value has, and whether reading a value into one runs code of people's own. Pure.
import { isTree, strings, text, type Tree } from '../../sql/postgres/tree.ts'
import type { Oid, Type } from './catalog.ts'
import { runsClean } from './calls.ts'
import { unprovenCode } from './code.ts'
import type { Reading } from './reading.ts'

/** The name by which operators.ts knows the type; undefined: not one it knows. */
export function valueType(oid: Oid | undefined, reading: Reading): string | undefined {
  const type = oid === undefined ? undefined : reading.world.catalog.types.get(oid)
  return type === undefined ? undefined : kindOfType(type, reading)
}

function kindOfType(type: Type, reading: Reading): string | undefined {
  switch (type.kind) {
    case 'd': return valueType(type.base, reading)
    case 'e': return 'enum'
    case 'c': return 'row'
    case 'p': return undefined
  }
  if (type.category === 'A') return 'array'
  if (type.schema === 'pg_catalog') return type.name
  return type.category === 'S' ? 'own-text' : 'own'
}

export interface NamedType {
  readonly name: string
  readonly type: string | undefined
  /** With a length, precision or the like. */
  readonly modified: boolean
  /** A domain with conditions. */
  readonly checked: boolean
}

/** Reads a TypeName: what a cast or a column definition names. */
export function namedType(node: Tree, reading: Reading): NamedType {
  const [name = '', schema] = strings(node.names).toReversed()
  const modified = node.typmods !== undefined
  if (node.arrayBounds !== undefined) {
    const element = typeNamed(schema, name, reading)
    if (element === undefined) reading.unproven(`the type ${name} is unknown`)
    else intoType(element, reading)
    return { name, type: 'array', modified, checked: element?.kind === 'd' }
  }
  if (node.pct_type === true || node.setof === true) return { name, type: undefined, modified, checked: true }
  const type = typeNamed(schema, name, reading)
  // CREATE TABLE's shorthand for an integer that counts.
  if (type === undefined && schema === undefined && /^(small|big)?serial[248]?$/.test(name)) return { name, type: 'int8', modified, checked: false }
  if (type === undefined) {
    reading.unproven(`the type ${name} is unknown`)
    return { name, type: undefined, modified, checked: true }
  }
  intoType(type, reading)
  return { name, type: kindOfType(type, reading), modified, checked: checkedDomain(type, reading) }
}

export function typeNamed(schema: string | undefined, name: string, reading: Reading): Type | undefined {
  const { catalog, searchPath } = reading.world
  const candidates = catalog.typesByName.get(name) ?? []
  if (schema !== undefined) return candidates.find((type) => type.schema === schema)
  for (const place of searchPath.includes('pg_catalog') ? searchPath : ['pg_catalog', ...searchPath]) {
    const found = candidates.find((type) => type.schema === place)
    if (found !== undefined) return found
  }
  return candidates[0]
}

/**
 * A value becomes one of this type: its input function, its checks, and any cast to it may run.
 * @param stored by being written to a column, which takes no cast that must be asked for
 */
export function intoType(type: Type, reading: Reading, stored = false): void {
  const { catalog } = reading.world
  for (const cast of catalog.casts) {
    if (cast.target === type.oid && !(stored && cast.context === 'explicit') && cast.function !== 0 && !runsClean(cast.function, reading)) {
      reading.unproven(`a cast to ${type.name} runs code that is not known to be harmless`)
    }
  }
  if (!type.own) return
  for (const support of type.support) {
    if (!runsClean(support, reading)) reading.unproven(`the type ${type.name} has code that is not known to be harmless`)
  }
  for (const check of type.checks) {
    const why = unprovenCode(check, reading)
    if (why !== undefined) reading.unproven(`the domain ${type.name} is checked by ${why}`)
  }
  for (const column of type.relation === undefined ? [] : catalog.relations.get(type.relation)?.columns ?? []) {
    const member = catalog.types.get(column.type)
    if (member?.own === true) intoType(member, reading, stored)
  }
  const below = type.base ?? type.element
  const next = below === undefined ? undefined : catalog.types.get(below)
  if (next !== undefined) intoType(next, reading, stored)
}

function checkedDomain(type: Type, reading: Reading): boolean {
  if (type.kind !== 'd') return false
  const base = type.base === undefined ? undefined : reading.world.catalog.types.get(type.base)
  return type.checks.length > 0 || base === undefined || checkedDomain(base, reading)
}

/** The type a constant has before it meets anything. */
export function constantType(node: Tree): string {
  if (node.ival !== undefined) return 'int4'
  if (node.fval !== undefined) return 'numeric'
  if (node.boolval !== undefined) return 'bool'
  return node.bsval === undefined ? 'unknown' : 'bit'
}

/** `AS name (columns)` */
export function aliasOf(node: Tree): { readonly name?: string, readonly columns: readonly string[] } {
  const alias = isTree(node.alias) ? node.alias : {}
  const name = text(alias.aliasname)
  return { ...(name === undefined ? {} : { name }), columns: strings(alias.colnames) }
}
