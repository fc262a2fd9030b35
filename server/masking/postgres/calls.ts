// What runs behind a function's, an operator's or a cast's name: PostgreSQL's own code or people's, and whether it may see protected
// values. Pure. By name over all overloads: which one binds depends on types the analysis does not infer.
import type { Builtin, Oid, OwnFunction } from './catalog.ts'
import { derived, mayFailUnless } from './expression.ts'
import { builtinClassIn } from './builtin-classes.ts'
import { isHarmless, ownFunctionClean } from './functions.ts'
import { memoryOf } from './memory.ts'
import { operatorType, resultType, totalOperator } from './operators.ts'
import { union, type Reading } from './reading.ts'
import { clean, type Value } from './scope.ts'
import { valueType } from './typing.ts'

export interface Callee {
  readonly name: string
  readonly builtin?: Builtin
  readonly own: readonly OwnFunction[]
}

/** @returns undefined: there is no function of that name */
export function calleeOf(parts: readonly string[], reading: Reading): Callee | undefined {
  const { catalog } = reading.world
  const [name = '', schema] = parts.toReversed()
  const builtin = schema === undefined || schema === 'pg_catalog' ? catalog.builtins.get(name) : undefined
  const own = (catalog.functions.get(name) ?? []).filter((one) => schema === undefined || one.schema === schema)
  return builtin === undefined && own.length === 0 ? undefined : { name, own, ...(builtin === undefined ? {} : { builtin }) }
}

/** Notes what calling it means for the statement, whatever it is called with. */
export function checkCallee({ name, builtin, own }: Callee, reading: Reading): void {
  if (builtin !== undefined && !builtinSafe(name, reading)) reading.unproven(`${name} may reach what the statement does not name`)
  for (const one of own) {
    reading.functions.add(one.oid)
    if (!runsClean(one.oid, reading)) reading.unproven(`the function ${one.schema}.${one.name} is not known to be harmless`)
  }
}

function builtinSafe(name: string, reading: Reading): boolean {
  if (reading.off('builtins')) return true
  const kind = builtinClassIn(reading.world.catalog, name)
  return kind !== 'never' && kind !== 'unknown'
}

function actingClass(name: string, reading: Reading): 'acts' | 'acts on constants' | undefined {
  const kind = builtinClassIn(reading.world.catalog, name)
  return kind === 'acts' || kind === 'acts on constants' ? kind : undefined
}

/** Whether a function by its oid, as operators, casts and triggers name theirs, reads nothing protected. */
export function runsClean(oid: Oid, reading: Reading): boolean {
  const { world } = reading
  if (world.vouched.has(oid) || reading.off('own-functions')) return true
  const own = world.catalog.functionsByOid.get(oid)
  if (own === undefined) {
    const name = world.catalog.builtinNames.get(oid)
    return name !== undefined && builtinSafe(name, reading)
  }
  const { clean: known } = memoryOf(world)
  const before = known.get(oid)
  if (before !== undefined) return before
  const answer = ownFunctionClean(own, world).clean
  known.set(oid, answer)
  return answer
}

/**
 * A call with these arguments, however it is written.
 * @param constants the arguments that are constants, as text, by position
 * @param more what else the answer depends on: FILTER, ORDER BY and OVER
 */
export function callFunction(
  parts: readonly string[],
  args: readonly Value[],
  constants: readonly (string | undefined)[],
  reading: Reading,
  more: readonly Value[] = []
): Value {
  const name = parts.at(-1) ?? ''
  const callee = calleeOf(parts, reading)
  const helper = callee === undefined && parts[0] === 'information_schema' && name.startsWith('_pg_')
  const [first] = args
  if (callee === undefined) {
    // `name(row)` is `row.name`.
    if (args.length === 1 && first?.type === 'row') return derived([first], (last) => `${name}(${last})`)
    if (!helper) reading.unproven(`the function ${parts.join('.')} is unknown`)
  } else {
    checkCallee(callee, reading)
  }
  const expands = helper && name === expandsArray
  const type = callee === undefined ? expands ? 'row' : undefined : typeOf(callee, args, reading)
  const value = derived([...args, ...more], (last) => `${name}(${last})`, type)
  const view = { types: args.map(({ type }) => type), constants }
  const harmless = (position: number) => callee !== undefined && callee.own.length === 0
    && (isHarmless(name, position, view) || (keptValid.has(name) && fromCatalog(args[position]!)))
  const tainted = union(args)
  if (callee !== undefined && callee.own.some(({ oid }) => !reading.world.vouched.has(oid))) {
    reading.flow('udf-arg', tainted, `${value.path.at(-1) ?? name} gives a protected value to code of the database's own`)
  }
  const acts = callee?.builtin === undefined ? undefined : actingClass(name, reading)
  if (acts !== undefined) {
    reading.mayFail()
    reading.flow('launder', tainted, `${name} shows a protected value to others`, { into: name })
    if (acts === 'acts on constants' && !args.every((arg, at) => constants[at] !== undefined || arg.type === 'unknown')) {
      reading.unproven(`${name} is called with something else than constants`)
    }
  }
  const culprits = args.filter((_, position) => !harmless(position))
  if (culprits.length > 0) mayFailUnless(false, { labels: union(culprits), path: value.path }, name, reading)
  if (expands || (callee !== undefined && returnsSet(callee))) reading.flow('srf', value.labels, `how many rows ${name} makes depends on a protected value`)
  return value
}

/** Of information_schema's helpers the one that makes rows: a row (x, n) for each element. JDBC reads keys and indexes with it. */
const expandsArray = '_pg_expandarray'

/** Take apart what only the server writes: options of foreign servers, of users, of relations. */
const keptValid = new Set(['pg_options_to_table'])

function fromCatalog({ labels }: Value): boolean {
  return [...labels].every((label) => label.startsWith('pg_catalog.'))
}

export function returnsSet({ builtin, own }: Callee): boolean {
  return builtin?.returnsSet === true || own.some((one) => one.returnsSet)
}

/** Answers of the type of their first argument. */
const likeArgument = new Set(['min', 'max', 'any_value', 'lag', 'lead', 'first_value', 'last_value', 'nth_value'])

function typeOf({ name, builtin, own }: Callee, args: readonly Value[], reading: Reading): string | undefined {
  const [only, ...others] = own
  if (builtin === undefined) return only !== undefined && others.length === 0 ? valueType(only.resultType, reading) : undefined
  if (own.length > 0) return undefined
  if (likeArgument.has(name)) return args[0]?.type
  return resultType(name) ?? valueType(builtin.result, reading)
}

/** @param left absent for a prefix operator. @param constant the right operand where it is one */
export function operate(
  parts: readonly string[],
  left: Value | undefined,
  right: Value,
  constant: string | undefined,
  reading: Reading
): Value {
  const [name = '', schema] = parts.toReversed()
  const operands = left === undefined ? [right] : [left, right]
  const own = schema === 'pg_catalog' || reading.off('operators') ? undefined : reading.world.catalog.operators.get(name)
  const value = derived(operands, (last) => `${last} ${name} …`, operatorType(name, left?.type))
  let foreign = false
  for (const oid of own ?? []) {
    const behind = reading.world.catalog.functionsByOid.get(oid)
    if (behind !== undefined) reading.functions.add(oid)
    if (!runsClean(oid, reading)) reading.unproven(`the operator ${name} runs code that is not known to be harmless`)
    // Listed extensions' code, the only C that is clean, compares as PostgreSQL's own does.
    else if (behind !== undefined && behind.language !== 'c' && !reading.world.vouched.has(oid)) foreign = true
  }
  if (foreign) reading.flow('udf-arg', value.labels, `${name} gives a protected value to code of the database's own`)
  mayFailUnless(!foreign && left !== undefined && totalOperator(name, left.type, right.type, constant), value, name, reading)
  return value.labels.size === 0 && value.type === undefined ? clean : value
}
