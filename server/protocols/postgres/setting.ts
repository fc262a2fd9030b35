// What follows from a catalog and what is protected in it, derived once for all connections that are judged by both.
import { inSlices, type Sliced } from '../../masking/slices.ts'
import type { Catalog, Oid, Protected } from '../../masking/postgres/catalog.ts'
import type { Finding, Label } from '../../masking/postgres/finding.ts'
import type { MaskingPolicy, Verdict } from '../../masking/postgres/judge.ts'
import { scansOff } from '../../masking/postgres/order-hazard.ts'
import { protectedInSlices, type ProtectRule, type Protection as Marks } from '../../masking/postgres/protect.ts'
import type { MaskName } from '../../masking/postgres/values.ts'
import { vouchedInSlices } from '../../masking/postgres/vouch.ts'
import type { Exposure } from '../../../shared/model.ts'
import type { ProtectedColumns, Protection } from '../../policy/protect.ts'
import { driven } from './slices.ts'

/** What a rule protects in a catalog, and has protected before. */
export type Protects = (catalog: Catalog, rule: ProtectRule) => Sliced<Protected>

/** A verdict, and as much of it as is told to the policy and the audit log. */
export interface Judgement {
  readonly verdict: Verdict
  readonly exposure: Exposure
}

/** What follows from a catalog and a protection, derived once for all connections. */
export interface Setting {
  readonly catalog: Catalog
  readonly protection: Protection
  readonly marks: Marks
  /** Settings without which an index would return rows in the order of protected values. */
  readonly orderSettings: readonly (readonly [name: string, value: string])[]
  readonly policy: MaskingPolicy
  /** Columns that the principal sees masked and some may see in clear, with the groups whose members may ask. */
  readonly askable: ReadonlyMap<Label, readonly string[]>
  readonly vouched: ReadonlySet<Oid>
  readonly names: ReadonlySet<string>
  /** By search path and text. */
  readonly findings: Map<string, Finding>
  /** What becomes of each finding, judged once. */
  readonly judged: WeakMap<Finding, Judgement>
}

export function* settingInSlices(catalog: Catalog, protection: Protection, protects: Protects): Sliced<Setting> {
  const masks = new Map<Label, MaskName>()
  const rules = new Map<Label, ProtectedColumns[]>()
  const all = new Map<Oid, ReadonlyMap<number, Label>>()
  for (const rule of protection.rules) {
    const found = yield* protects(catalog, rule)
    yield* inSlices(found, ([oid, columns]) => {
      const before = all.get(oid)
      all.set(oid, before === undefined ? columns : new Map([...columns, ...before]))
      // Nobody is exempt from the system's own.
      if (catalog.relations.get(oid)?.system === true) return
      for (const label of columns.values()) {
        if (!masks.has(label)) masks.set(label, rule.mask)
        const known = rules.get(label)
        if (known === undefined) rules.set(label, [rule])
        else if (known.at(-1) !== rule) known.push(rule)
      }
    })
  }
  const exempt = new Map<Label, readonly string[]>()
  const askable = new Map<Label, readonly string[]>()
  yield* inSlices(rules, ([label, protecting]) => {
    if (protecting.every((rule) => rule.exempt)) exempt.set(label, protecting.map(({ name }) => name))
    const groups = groupsToAsk(protecting)
    if (groups.length > 0) askable.set(label, groups)
  })
  const marks = yield* protectedInSlices(catalog, protection.rules, all)
  const { vouched } = yield* vouchedInSlices(catalog, protection.trust)
  return {
    catalog,
    protection,
    marks,
    orderSettings: orderSettings(marks),
    policy: { flows: protection.flows, masks, exempt },
    askable,
    vouched,
    names: yield* namesIn(catalog),
    findings: new Map(),
    judged: new WeakMap()
  }
}

function orderSettings({ ordered }: Marks): Setting['orderSettings'] {
  const names = new Set([...new Set(ordered.values())].flatMap((hazard) => scansOff[hazard]))
  return [...names].map((name) => [name, 'off'])
}

/** None where some rule would still mask it. */
function groupsToAsk(protecting: readonly ProtectedColumns[]): readonly string[] {
  const masking = protecting.filter((rule) => !rule.exempt)
  return masking.every(({ mayAsk }) => mayAsk !== undefined) ? [...new Set(masking.flatMap(({ mayAsk = [] }) => mayAsk))] : []
}

function* namesIn(catalog: Catalog): Sliced<Set<string>> {
  const names = new Set<string>()
  yield* inSlices(catalog.relations.values(), ({ schema, name, columns, constraints }) => {
    names.add(schema).add(name)
    for (const column of columns) names.add(column.name)
    for (const constraint of constraints) names.add(constraint.name)
  })
  return names
}

const settings = new WeakMap<Catalog, WeakMap<Protection, Promise<Setting>>>()

/** Made once; whoever asks meanwhile waits for the same. */
export function settingFor(catalog: Catalog, protection: Protection, protects: Protects): Promise<Setting> {
  let byProtection = settings.get(catalog)
  if (byProtection === undefined) settings.set(catalog, byProtection = new WeakMap())
  const known = byProtection.get(protection)
  if (known !== undefined) return known
  const made = driven(settingInSlices(catalog, protection, protects))
  byProtection.set(protection, made)
  // What failed is tried again by whoever asks next.
  made.catch(() => byProtection.delete(protection))
  return made
}
