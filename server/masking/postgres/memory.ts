// What is derived from a catalog and from what is protected in it is derived once, and forgotten with them. Pure but for that.
import type { Tree } from '../../sql/postgres/tree.ts'
import type { Oid, Relation } from './catalog.ts'
import type { Flow, Label, Reason } from './finding.ts'
import type { Field } from './scope.ts'
import type { World } from './world.ts'

/** A view's columns, and what reading it brings along. */
export interface ViewFinding {
  readonly fields: readonly Field[]
  readonly flows: readonly Flow[]
  readonly opaque: readonly Reason[]
  readonly relations: readonly Relation[]
  readonly functions: readonly Oid[]
  readonly mayFail: boolean
  readonly deciding: ReadonlySet<Label>
}

export interface Memory {
  readonly views: Map<Oid, ViewFinding>
  /** Whether own functions read nothing protected. */
  readonly clean: Map<Oid, boolean>
  /** Trees of the catalog's expressions. */
  readonly trees: Map<string, Tree | undefined>
  /** Relations by what inherits from them; casts that run unproven code without being written; relations by what they refer to. */
  children?: ReadonlyMap<Oid, readonly Relation[]>
  hiddenCasts?: readonly string[]
  referrers?: ReadonlyMap<Oid, readonly Relation[]>
}

const memories = new WeakMap<World['catalog'], WeakMap<World['protected'], WeakMap<World['vouched'], Memory>>>()

export function memoryOf(world: World): Memory {
  const fresh = (): Memory => ({ views: new Map(), clean: new Map(), trees: new Map() })
  if (world.without !== undefined) return fresh()
  let byProtected = memories.get(world.catalog)
  if (byProtected === undefined) memories.set(world.catalog, byProtected = new WeakMap())
  let byVouched = byProtected.get(world.protected)
  if (byVouched === undefined) byProtected.set(world.protected, byVouched = new WeakMap())
  let memory = byVouched.get(world.vouched)
  if (memory === undefined) byVouched.set(world.vouched, memory = fresh())
  return memory
}
