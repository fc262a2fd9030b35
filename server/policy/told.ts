// What the audit log is told of a policy that comes into force: how many rules it has, and what it protects. Pure.
import type { EntryFacts, ProtectsFacts } from '../../shared/audit/entry.ts'
import { beginning } from '../../shared/text.ts'
import type { Policy } from './rules.ts'

/** An entry is at most 65,535 bytes; the policy's hash stands for the whole. */
const maxPatterns = 400

export function policyChange(policy: Policy, previous?: string): EntryFacts {
  let left = maxPatterns
  const protects = policy.protection.rules.map(({ name, columns, comment, securityLabel, mask }): ProtectsFacts => {
    const patterns = [
      ...columns,
      ...(comment === undefined ? [] : [`comment: ${comment}`]),
      ...(securityLabel === undefined ? [] : [`security label: ${securityLabel}`])
    ].map((pattern) => beginning(pattern, 100))
    const kept = patterns.slice(0, left)
    left -= kept.length
    return { name, columns: kept, mask, ...(kept.length === patterns.length ? {} : { more: patterns.length - kept.length }) }
  })
  return {
    kind: 'policy.change',
    policy: policy.version,
    ...(previous === undefined ? {} : { previous }),
    rules: policy.rules.length,
    protects: protects.slice(0, 100)
  }
}
