// What follows from a catalog and what is protected in it, derived once for all connections that are judged by both. Pure.
import type { Catalog, Oid, Protected } from '../../masking/postgres/catalog.ts'
import type { Finding, Label } from '../../masking/postgres/finding.ts'
import type { MaskingPolicy } from '../../masking/postgres/judge.ts'
import { protectedColumns, type ProtectRule, type Protection as Marks } from '../../masking/postgres/protect.ts'
import type { MaskName } from '../../masking/postgres/values.ts'
import { vouchedIn } from '../../masking/postgres/vouch.ts'
import type { Protection } from '../../policy/protect.ts'

/** What a rule protects in a catalog, and has protected before. */
export type Protects = (catalog: Catalog, rule: ProtectRule) => Protected

/** What follows from a catalog and a protection, derived once for all connections. */
export interface Setting {
  readonly catalog: Catalog
  readonly marks: Marks
  readonly policy: MaskingPolicy
  readonly vouched: ReadonlySet<Oid>
  readonly names: ReadonlySet<string>
  /** By search path and text. */
  readonly findings: Map<string, Finding>
}

export function settingOf(catalog: Catalog, protection: Protection, protects: Protects): Setting {
  const masks = new Map<Label, MaskName>()
  const kept = new Set<Label>()
  const excused = new Set<Label>()
  const all = new Map<Oid, Map<number, Label>>()
  for (const rule of protection.rules) {
    const found = protects(catalog, rule)
    for (const label of labelsOf(catalog, found)) {
      if (!masks.has(label)) masks.set(label, rule.mask)
      ;(rule.exempt ? excused : kept).add(label)
    }
    for (const [oid, columns] of found) all.set(oid, new Map([...columns, ...all.get(oid) ?? []]))
  }
  return {
    catalog,
    marks: protectedColumns(catalog, protection.rules, all),
    policy: { flows: protection.flows, masks, exempt: new Set([...excused].filter((label) => !kept.has(label))) },
    vouched: vouchedIn(catalog, protection.trust).vouched,
    names: namesIn(catalog),
    findings: new Map()
  }
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
