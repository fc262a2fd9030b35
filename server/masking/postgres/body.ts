// Whether a function of the database's own can show anything protected but what it is given. Pure.
//
// Its code and all code that it reaches, through calls, views, triggers, operators, casts and types, is read; a function is clean if in
// none of it there is anything that reads a protected column, runs SQL from a string, or is not understood. Clean says nothing of what
// it does with its arguments: it may store them, or fail because of them.
import type { BodyContext } from './body-context.ts'
import { needsOf, type Need, type Needs } from './body-needs.ts'
import { readPlPgSql, rowUse, scanForNames } from './body-plpgsql.ts'
import { headOf, parseExpression, statementsOf } from './body-sql.ts'
import { builtinClassIn } from './builtin-classes.ts'
import type { Catalog, Oid, OwnFunction, Protected, Relation, Trigger } from './catalog.ts'
import { isTrustedC } from './trusted-extensions.ts'

export interface Cleanness {
  readonly clean: boolean
  /** For people: the way to what is not clean, `clinic.f calls clinic.g, which reads clinic.patients`. */
  readonly why?: string
}

/** What one function, relation or type does by itself, and what else it reaches. */
type Part = { readonly fault: string } | { readonly needs: readonly Need[] }

/** Per world: parts do not depend on who asks. */
const memories = new WeakMap<Protected, WeakMap<ReadonlySet<Oid>, Map<string, Part>>>()

export function ownFunctionClean(own: OwnFunction, context: BodyContext): Cleanness {
  return reach({ kind: 'function', oid: own.oid }, context)
}

/**
 * Likewise for a trigger's function on that relation, whose rows it sees: where some of their columns are protected, it must not
 * mention these, nor the row as a whole but to return it.
 */
export function triggerClean(relation: Relation, trigger: Trigger, context: BodyContext): Cleanness {
  const own = context.catalog.functionsByOid.get(trigger.function)
  const marked = context.protected.get(relation.oid)
  if (marked === undefined) return reach({ kind: 'function', oid: trigger.function }, context)
  if (context.vouched.has(trigger.function)) return { clean: true }
  if (own === undefined) return { clean: false, why: `${context.catalog.builtinNames.get(trigger.function) ?? 'a function'} sees whole rows` }
  const secrets = new Set(relation.columns.filter(({ attnum }) => marked.has(attnum)).map(({ name }) => name))
  if (own.language !== 'plpgsql') return { clean: false, why: `${named(own)} is written in ${own.language}` }
  const used = rowUse(own.body ?? '', secrets)
  if (used !== undefined) return { clean: false, why: `${named(own)} uses ${used} of the row` }
  return reach({ kind: 'function', oid: own.oid }, context)
}

/** For people: casts that PostgreSQL makes without a word in the statement and that are not clean: implicit, assignment, to json. */
export function hiddenCasts(context: BodyContext): readonly string[] {
  const { catalog } = context
  return catalog.casts.flatMap(({ source, target, context: when, function: own }) => {
    const intoJson = ['json', 'jsonb'].includes(catalog.types.get(target)?.name ?? '')
    if (own === 0 || (when === 'explicit' && !intoJson)) return []
    const { clean, why } = reach({ kind: 'function', oid: own }, context)
    const name = (oid: Oid) => catalog.types.get(oid)?.name ?? String(oid)
    return clean ? [] : [`the cast from ${name(source)} to ${name(target)} happens without being written, and ${why ?? 'is not clean'}`]
  })
}

/** `by`: the key of what needs it. */
interface Reached {
  readonly need: Need
  readonly by: string | undefined
}

/** Follows everything that is needed, each once; so functions that call each other end. */
function reach(start: Need, context: BodyContext): Cleanness {
  const from = new Map<string, Reached>([[keyOf(start), { need: start, by: undefined }]])
  for (const [key, { need }] of from) {
    const part = partOf(need, key, context)
    if ('fault' in part) return { clean: false, why: wayTo(key, part.fault, from, context) }
    for (const next of part.needs) if (!from.has(keyOf(next))) from.set(keyOf(next), { need: next, by: key })
  }
  return { clean: true }
}

function partOf(need: Need, key: string, context: BodyContext): Part {
  let byVouched = memories.get(context.protected)
  if (byVouched === undefined) memories.set(context.protected, byVouched = new WeakMap())
  let memory = byVouched.get(context.vouched)
  if (memory === undefined) byVouched.set(context.vouched, memory = new Map())
  let part = memory.get(key)
  if (part === undefined) memory.set(key, part = inspect(need, context))
  return part
}

function inspect(need: Need, context: BodyContext): Part {
  switch (need.kind) {
    case 'function': return inspectFunction(need.oid, context)
    case 'read': return inspectRead(context.catalog.relations.get(need.oid), context)
    case 'write': return inspectWrite(context.catalog.relations.get(need.oid), context)
    case 'type': return inspectType(need.oid, context)
  }
}

function inspectFunction(oid: Oid, context: BodyContext): Part {
  const { catalog } = context
  if (context.vouched.has(oid)) return { needs: [] }
  const own = catalog.functionsByOid.get(oid)
  if (own === undefined) return inspectBuiltin(catalog.builtinNames.get(oid), context)
  if (own.aggregate) return { needs: own.support.filter((support) => support !== 0).map((support) => ({ kind: 'function', oid: support })) }
  if (own.language === 'c') return isTrustedC(own) ? { needs: [] } : { fault: 'is written in C' }
  const setting = own.settings.find((one) => !harmlessSetting.test(one))
  if (setting !== undefined) return { fault: `runs with ${setting}` }
  if (own.definition === undefined) return { fault: 'has no definition' }
  const head = headOf(own, context)
  if (head === undefined) return { fault: 'cannot be read' }
  const needs: Needs = { found: [], fault: undefined }
  needsOf(head, context, needs)
  if (own.language === 'sql') {
    const statements = statementsOf(own, context)
    if (statements === undefined) return { fault: 'cannot be read' }
    needsOf(statements, context, needs)
  } else if (own.language === 'plpgsql') {
    const read = readPlPgSql(own.definition, context)
    if ('fault' in read) return read
    for (const tree of read.trees) needsOf(tree, context, needs)
    scanForNames(own, context, needs)
  } else if (own.language !== 'internal' || !rangeConstructor.test(own.body ?? '')) {
    return { fault: `is written in ${own.language}` }
  }
  return asPart(needs)
}

/** What CREATE TYPE AS RANGE makes of its own. */
const rangeConstructor = /^(multi)?range_constructor[0-3]$/

/** What changes how a body is read, or who runs it, is not here. */
const harmlessSetting = /^(search_path|work_mem|maintenance_work_mem|statement_timeout|lock_timeout|timezone|datestyle|extra_float_digits|enable_\w+|jit\w*|plan_cache_mode|client_min_messages)=/i

function inspectBuiltin(name: string | undefined, { catalog }: BodyContext): Part {
  const kind = name === undefined ? 'unknown' : builtinClassIn(catalog, name)
  return kind === 'never' || kind === 'unknown' ? { fault: 'may reach what nobody named' } : { needs: [] }
}

function inspectRead(relation: Relation | undefined, context: BodyContext): Part {
  if (relation === undefined) return { fault: 'is unknown' }
  // Columns of PostgreSQL's own are looked at where they are read (body-needs.ts).
  if (!relation.system && context.protected.has(relation.oid)) return { fault: 'has protected columns' }
  const needs: Needs = { found: [], fault: undefined }
  for (const policy of relation.policies) expression(policy, context, needs)
  if (relation.definition !== undefined) {
    const tree = context.parse(relation.definition)
    if (tree === undefined) return { fault: 'cannot be read' }
    needsOf(tree, context, needs)
  }
  // Computed when it is read (PostgreSQL 18), or when the row was written by somebody who could.
  for (const { generated, default: value } of relation.columns) if (generated && value !== undefined) expression(value, context, needs)
  return asPart(needs)
}

function inspectWrite(relation: Relation | undefined, context: BodyContext): Part {
  if (relation === undefined) return { fault: 'is unknown' }
  if (relation.system || !['r', 'p'].includes(relation.kind)) return { fault: 'is written to, and is no table' }
  if (context.protected.has(relation.oid)) return { fault: 'has protected columns' }
  if (context.hazards?.has(relation.oid)) return { fault: 'is tied to protected columns by a constraint' }
  if (relation.rules) return { fault: 'has rules' }
  const needs: Needs = { found: [{ kind: 'read', oid: relation.oid }], fault: undefined }
  for (const trigger of relation.triggers) needs.found.push({ kind: 'function', oid: trigger.function })
  for (const { default: value } of relation.columns) if (value !== undefined) expression(value, context, needs)
  for (const { expression: check } of relation.constraints) if (check !== undefined) expression(check, context, needs)
  for (const { type } of relation.columns) needs.found.push({ kind: 'type', oid: type })
  for (const child of context.catalog.relations.values()) if (child.parents.includes(relation.oid)) needs.found.push({ kind: 'write', oid: child.oid })
  // Whoever references it may be written to as well, or stop the write.
  for (const other of context.catalog.relations.values()) {
    if (other.constraints.some(({ references }) => references?.relation === relation.oid)) needs.found.push({ kind: 'write', oid: other.oid })
  }
  return asPart(needs)
}

/** Becoming a value of that type: input functions, checks, casts to it, and of what it is made of. */
function inspectType(oid: Oid, context: BodyContext): Part {
  const { catalog } = context
  const type = catalog.types.get(oid)
  if (type === undefined) return { fault: 'is unknown' }
  const needs: Needs = { found: [], fault: undefined }
  for (const cast of catalog.casts) if (cast.function !== 0 && (cast.target === oid || catalog.types.get(cast.target)?.element === oid)) needs.found.push({ kind: 'function', oid: cast.function })
  for (const support of type.support) if (support !== 0) needs.found.push({ kind: 'function', oid: support })
  for (const check of type.checks) expression(check, context, needs)
  for (const part of [type.base, type.element]) if (part !== undefined) needs.found.push({ kind: 'type', oid: part })
  for (const column of type.relation === undefined ? [] : catalog.relations.get(type.relation)?.columns ?? []) {
    needs.found.push({ kind: 'type', oid: column.type })
  }
  return asPart(needs)
}

function expression(text: string, context: BodyContext, needs: Needs): void {
  const tree = parseExpression(text, context)
  if (tree === undefined) needs.fault ??= 'has an expression that cannot be read'
  else needsOf(tree, context, needs)
}

function asPart({ found, fault }: Needs): Part {
  return fault === undefined ? { needs: found } : { fault }
}

function keyOf({ kind, oid }: Need): string {
  return `${kind} ${oid}`
}

const verbs = { function: 'calls', read: 'reads', write: 'writes to', type: 'makes a' } as const

function wayTo(end: string, fault: string, from: ReadonlyMap<string, Reached>, context: BodyContext): string {
  let said = fault
  for (let at = from.get(end); at !== undefined; at = at.by === undefined ? undefined : from.get(at.by)) {
    const name = nameOfNeed(at.need, context.catalog)
    said = at.by === undefined ? `${name} ${said}` : `${verbs[at.need.kind]} ${name}, which ${said}`
  }
  return said
}

function nameOfNeed({ kind, oid }: Need, catalog: Catalog): string {
  if (kind === 'function') {
    const own = catalog.functionsByOid.get(oid)
    return own === undefined ? catalog.builtinNames.get(oid) ?? `function ${oid}` : named(own)
  }
  const found = kind === 'type' ? catalog.types.get(oid) : catalog.relations.get(oid)
  return found === undefined ? `${kind} ${oid}` : named(found)
}

function named({ schema, name }: { readonly schema: string, readonly name: string }): string {
  return `${schema}.${name}`
}
