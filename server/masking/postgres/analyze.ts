// The door of the analysis: a statement's tree in, a finding out. Pure. Never throws: what it cannot follow is opaque.
import { kindOf, some, type Tree } from '../../sql/postgres/tree.ts'
import { hiddenCasts } from './body.ts'
import { unknownIn } from './fields.ts'
import type { Column, Finding, Flow } from './finding.ts'
import { memoryOf } from './memory.ts'
import { Reading } from './reading.ts'
import type { Field } from './scope.ts'
import { readStatement } from './statement.ts'
import { utilities } from './utility.ts'
import type { World } from './world.ts'

export type { World } from './world.ts'

/** @param statement one statement's tree, tagged, as the parser of the server's major gives it */
export function analyze(statement: Tree, world: World): Finding {
  try {
    const reading = new Reading(world)
    const unknown = reading.off('fields') ? undefined : unknownIn(statement, world.catalog.major)
    if (unknown !== undefined) return opaque(reasonFor(statement) ?? `${unknown} is not understood`)
    castsUnseen(reading)
    if (kindOf(statement)[0] !== 'SelectStmt' && namesOtherTemporary(statement)) reading.unproven('temporary objects are named by pg_temp: those of other sessions are theirs')
    const { columns, defines } = readStatement(statement, reading)
    return {
      columns: columns?.map(columnOf),
      flows: distinct(reading.flows),
      opaque: [...reading.opaque],
      relations: [...reading.relations.values()],
      reached: isReached(reading, [...columns ?? [], ...defines?.columns ?? []]),
      functions: [...reading.functions],
      changesCatalog: reading.changesCatalog,
      ...(reading.missing === undefined ? {} : { missing: reading.missing }),
      ...(reading.ofSession ? { ofSession: true } : {}),
      ...(defines === undefined ? {} : { defines: { type: defines.type, name: defines.name, columns: defines.columns?.map(columnOf) } })
    }
  } catch {
    return opaque('the analysis could not follow it')
  }
}

/** Of statements of which nothing is read. */
function reasonFor(statement: Tree): string | undefined {
  const entry = utilities[kindOf(statement)[0]]
  return entry?.type === 'opaque' ? entry.reason : undefined
}

function opaque(reason: string): Finding {
  return { columns: undefined, flows: [], opaque: [reason], relations: [], reached: true, functions: [], changesCatalog: true }
}

/** `pg_temp_3.t`: dropped or renamed from outside, its session would take the name for what it was. */
function namesOtherTemporary(statement: Tree): boolean {
  return some(statement, (tree) => Object.values(tree).some((value) => typeof value === 'string' && /^pg_(?:toast_)?temp_\d+$/.test(value)))
}

/** Casts nobody writes down: with one that runs unknown code, nothing is as it reads. */
function castsUnseen(reading: Reading): void {
  const memory = memoryOf(reading.world)
  memory.hiddenCasts ??= hiddenCasts(reading.world)
  for (const cast of memory.hiddenCasts) reading.unproven(`${cast}, and may be applied unasked`)
}

function columnOf({ name, labels, identity, origin, path }: Field): Column {
  return { name, labels, path, ...(identity === undefined ? {} : { identity }), ...(origin === undefined ? {} : { origin }) }
}

function isReached({ world, relations, flows, opaque: reasons }: Reading, columns: readonly Field[]): boolean {
  return reasons.size > 0 || flows.length > 0 || columns.some(({ labels }) => labels.size > 0)
    || [...relations.values()].some(({ oid }) => (world.protected.get(oid)?.size ?? 0) > 0)
}

/** What is said twice is one thing. */
function distinct(flows: readonly Flow[]): readonly Flow[] {
  const seen = new Map<string, Flow>()
  for (const flow of flows) seen.set(JSON.stringify([flow.kind, [...flow.labels].sort(), flow.into, flow.asked, flow.why]), flow)
  return [...seen.values()]
}
