// May this target be opened at all: only where some rule would allow something there, and none keeps the principal out. Pure.
import type { Decision, Principal, Target } from '../../shared/model.ts'
import { termsOf } from './hold.ts'
import { within } from './hours.ts'
import { matchesPrincipal, matchesTarget } from './match.ts'
import type { Policy, Rule } from './rules.ts'

/** What a decision needs to know besides what is asked. */
export interface Moment {
  /** Milliseconds since 1970. */
  readonly now: number
  /** Of the statement, once somebody has asked the database; null where it gives none. */
  readonly estimatedRows?: number | null
}

export function access(policy: Policy, principal: Principal, target: Target, { now }: Moment): Decision {
  const rules = rulesFor(policy, principal, target).filter(({ hours }) => hours === undefined || within(hours)(now))
  const barred = rules.find((rule) => rule.then === 'deny' && isUnconditional(rule))
  if (barred !== undefined) {
    return { action: 'deny', rule: barred.name, reason: `${barred.reason ?? `target "${target.name}" is closed to you`} (rule "${barred.name}")` }
  }
  const way = rules.find((rule) => rule.then !== 'deny')
  if (way === undefined) return { action: 'deny', rule: 'built-in: no way in', reason: `no rule allows you anything on target "${target.name}"` }
  const holding = rules.filter((rule) => rule.then === 'hold' && rule.on === 'open')
  if (holding.length === 0) return { action: 'allow', rule: way.name, masks: [] }
  return { action: 'hold', rule: holding.map(({ name }) => name).join(' + '), masks: [], terms: termsOf(holding) }
}

/** The rules that speak of this principal and target, in the order of the configuration. */
export function rulesFor(policy: Policy, principal: Principal, target: Target): readonly Rule[] {
  return policy.rules.filter((rule) => matchesPrincipal(rule, principal) && matchesTarget(rule, target))
}

/** Speaks of everything, not of some statements only. */
function isUnconditional({ effects, relations, functions, flags, verbs }: Rule): boolean {
  return [effects, relations, functions, flags, verbs].every((condition) => condition === undefined)
}
