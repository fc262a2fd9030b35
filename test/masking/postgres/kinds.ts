// A verdict in one short line, as the tables of tests have it.
import type { Finding } from '../../../server/masking/postgres/finding.ts'
import { defaultFlows, judge, type MaskingPolicy } from '../../../server/masking/postgres/judge.ts'

export const policy: MaskingPolicy = { flows: defaultFlows, masks: new Map(), exempt: new Map() }

/** `hold .MR other error`: the action; each cell as pass, mask or redact; kinds of flows; `opaque`. */
export function short(finding: Finding): string {
  const { action, cells } = judge(finding, policy)
  const shown = cells?.map((cell) => cell === 'pass' ? '.' : cell === 'redact' ? 'R' : 'M').join('') ?? '-'
  const kinds = [...new Set(finding.flows.map(({ kind }) => kind))].sort()
  return [action, shown, ...kinds, ...(finding.opaque.length > 0 ? ['opaque'] : [])].join(' ')
}
