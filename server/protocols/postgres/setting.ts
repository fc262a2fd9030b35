// What follows from a catalog and what is protected in it, derived once for all connections that are judged by both. Pure.
import type { Catalog, Oid, Protected } from '../../masking/postgres/catalog.ts'
import type { Finding, Label } from '../../masking/postgres/finding.ts'
import type { MaskingPolicy } from '../../masking/postgres/judge.ts'
import { protectedColumns, type ProtectRule, type Protection as Marks } from '../../masking/postgres/protect.ts'
import type { MaskName } from '../../masking/postgres/values.ts'
import { vouchedIn } from '../../masking/postgres/vouch.ts'
import type { ProtectedColumns, Protection } from '../../policy/protect.ts'

/** What a rule protects in a catalog, and has protected before. */
export type Protects = (catalog: Catalog, rule: ProtectRule) => Protected

/** What follows from a catalog and a protection, derived once for all connections. */
export interface Setting {
  readonly catalog: Catalog
  readonly protection: Protection
  readonly marks: Marks
  readonly policy: MaskingPolicy
  /** Columns that the principal sees masked and some may see in clear, with the groups whose members may ask. */
  readonly askable: ReadonlyMap<Label, readonly string[]>
  readonly vouched: ReadonlySet<Oid>
  readonly names: ReadonlySet<string>
  /** By search path and text. */
  readonly findings: Map<string, Finding>
}

export function settingOf(catalog: Catalog, protection: Protection, protects: Protects): Setting {
  const masks = new Map<Label, MaskName>()
  const rules = new Map<Label, ProtectedColumns[]>()
  const all = new Map<Oid, Map<number, Label>>()
  for (const rule of protection.rules) {
    const found = protects(catalog, rule)
    for (const label of labelsOf(catalog, found)) {
      if (!masks.has(label)) masks.set(label, rule.mask)
      rules.set(label, [...rules.get(label) ?? [], rule])
    }
    for (const [oid, columns] of found) all.set(oid, new Map([...columns, ...all.get(oid) ?? []]))
  }
  const exempt = [...rules].filter(([, protecting]) => protecting.every((rule) => rule.exempt))
  return {
    catalog,
    protection,
    marks: protectedColumns(catalog, protection.rules, all),
    policy: {
      flows: protection.flows,
      masks,
      exempt: new Map(exempt.map(([label, excepting]) => [label, excepting.map(({ name }) => name)]))
    },
    askable: new Map([...rules].flatMap(([label, protecting]) => {
      const groups = groupsToAsk(protecting)
      return groups.length === 0 ? [] : [[label, groups]]
    })),
    vouched: vouchedIn(catalog, protection.trust).vouched,
    names: namesIn(catalog),
    findings: new Map()
  }
}

/** None where some rule would still mask it. */
function groupsToAsk(protecting: readonly ProtectedColumns[]): readonly string[] {
  const masking = protecting.filter((rule) => !rule.exempt)
  return masking.every(({ mayAsk }) => mayAsk !== undefined) ? [...new Set(masking.flatMap(({ mayAsk = [] }) => mayAsk))] : []
}

/** Without those of the system's own relations, which nobody is exempt from. */
function labelsOf(catalog: Catalog, found: Marks['protected']): Label[] {
  return [...found].flatMap(([oid, columns]) => catalog.relations.get(oid)?.system === true ? [] : [...columns.values()])
}

function namesIn(catalog: Catalog): Set<string> {
  const names = new Set<string>()
  for (const { schema, name, columns, constraints } of catalog.relations.values()) {
    names.add(schema).add(name)
    for (const column of columns) names.add(column.name)
    for (const constraint of constraints) names.add(constraint.name)
  }
  return names
}
