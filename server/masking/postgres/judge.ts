// Finding and policy in, verdict out: which cells are masked, and whether the statement may run at all. Pure.
// The budget of values one may look up is kept elsewhere: the verdict says which were asked for.
import type { Column, Finding, Flow, FlowKind, Label, Reason } from './finding.ts'
import type { MaskName } from './values.ts'
import type { ClearColumns } from '../../../shared/model.ts'

export type Action = 'allow' | 'hold' | 'deny'

export interface MaskingPolicy {
  readonly flows: Readonly<Record<FlowKind, Action>>
  /** By label; a column that is not here is redacted. */
  readonly masks: ReadonlyMap<Label, MaskName>
  /** Protected columns this principal sees as they are, with the rules whose exemptions let them. */
  readonly exempt: ReadonlyMap<Label, readonly string[]>
}

export type Cell = 'pass' | { readonly mask: MaskName, readonly label: Label } | 'redact'

export interface Verdict {
  readonly action: Action
  /** One for each column, in order; undefined where the statement has no columns, or they are not known. */
  readonly cells: readonly Cell[] | undefined
  /** Errors and notices may carry protected values. */
  readonly scrub: boolean
  /** What made it hold or deny, for people. */
  readonly why: readonly string[]
  /** Kinds of flows that were allowed, with the columns: the audit entry shows them. */
  readonly flags: readonly string[]
  /** Values of protected columns that were asked for, for the budget; by label, with `undefined` where they are not known. */
  readonly asked: readonly { readonly labels: readonly Label[], readonly values: Flow['asked'] }[]
  /** Columns shown in clear under an exemption, or that decide something under one. */
  readonly exempted: readonly ClearColumns[]
}

/** What happens by default to what depends on a protected value without being one. */
export const defaultFlows: Readonly<Record<FlowKind, Action>> = {
  null: 'allow',
  lookup: 'allow',
  constraint: 'allow',
  join: 'hold',
  group: 'hold',
  distinct: 'hold',
  setop: 'hold',
  order: 'hold',
  other: 'hold',
  srf: 'hold',
  error: 'hold',
  'udf-arg': 'hold',
  ddl: 'hold',
  explain: 'hold',
  launder: 'deny'
}

/** No difference at all may show. */
export const strictFlows: Readonly<Record<FlowKind, Action>> = {
  ...Object.fromEntries(Object.keys(defaultFlows).map((kind) => [kind, 'deny'])) as Record<FlowKind, Action>
}

const severity: Readonly<Record<Action, number>> = { allow: 0, hold: 1, deny: 2 }

export function judge(finding: Finding, policy: MaskingPolicy): Verdict {
  const flows = finding.flows.map((flow) => ({ ...flow, labels: kept(flow.labels, policy) })).filter(({ labels }) => labels.size > 0)
  const judged = flows.map((flow) => ({ flow, action: actionFor(flow, policy) }))
  const stopping = judged.filter(({ action }) => action !== 'allow')
  const action = [...stopping.map((one) => one.action), ...(finding.opaque.length > 0 ? ['hold' as const] : [])]
    .reduce<Action>((worst, one) => severity[one] > severity[worst] ? one : worst, 'allow')
  const allowed = judged.filter((one) => one.action === 'allow').map(({ flow }) => flow)
  const columns = finding.columns
  const cells = columns?.map((column) => cellFor(column, policy, finding.opaque))
  return {
    action,
    cells,
    scrub: finding.reached,
    why: [...new Set([...stopping.map(({ flow }) => `${flow.why} (${[...flow.labels].sort().slice(0, 3).join(', ')})`), ...finding.opaque])],
    flags: [...new Set(allowed.map(({ kind, labels }) => `${kind} ${[...labels].sort().join(', ')}`))],
    asked: allowed.filter(({ kind }) => kind === 'lookup' || kind === 'constraint').map(({ labels, asked }) => ({ labels: [...labels], values: asked })),
    exempted: exempted([...(columns ?? []).filter((_, i) => cells![i] === 'pass'), ...finding.flows], policy)
  }
}

function exempted(used: readonly { readonly labels: ReadonlySet<Label> }[], { exempt }: MaskingPolicy): readonly ClearColumns[] {
  if (exempt.size === 0) return []
  const byRule = new Map<string, Set<Label>>()
  for (const label of used.flatMap(({ labels }) => [...labels])) {
    for (const rule of exempt.get(label) ?? []) byRule.set(rule, (byRule.get(rule) ?? new Set()).add(label))
  }
  return [...byRule].map(([rule, labels]) => ({ rule, columns: [...labels].sort() })).sort((a, b) => a.rule < b.rule ? -1 : 1)
}

function kept(labels: ReadonlySet<Label>, policy: MaskingPolicy): ReadonlySet<Label> {
  return policy.exempt.size === 0 ? labels : new Set([...labels].filter((label) => !policy.exempt.has(label)))
}

/** A write of values nobody can count is no look-up of one. */
function actionFor({ kind, asked }: Flow, { flows }: MaskingPolicy): Action {
  return (kind === 'lookup' || kind === 'constraint') && asked === undefined && severity[flows.other] > severity[flows[kind]] ? flows.other : flows[kind]
}

/** In a statement that is not understood, only what certainly is an unprotected stored column passes. */
function cellFor({ labels, identity, origin }: Column, policy: MaskingPolicy, opaque: readonly Reason[]): Cell {
  const left = kept(labels, policy)
  if (left.size > 0) return identity !== undefined ? { mask: policy.masks.get(identity) ?? 'redact', label: identity } : 'redact'
  return opaque.length > 0 && origin === undefined ? 'redact' : 'pass'
}
