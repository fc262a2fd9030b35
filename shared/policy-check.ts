// What trying a policy out gives: cases with what was expected of them, and decisions that another policy would change. Types only.
import type { Decision } from './model.ts'

export interface TestedCase {
  /** Its `name`, or `case 3`. */
  readonly name: string
  readonly ok: boolean
  /** Where it is not ok: what was expected and what was found instead, or why nothing can be said. */
  readonly problem?: string
  /** Absent where nothing can be said. */
  readonly decision?: Pick<Decision, 'action' | 'rule'>
}

/** A decision on statements that are alike: of one principal, on one target, with the same redacted text. */
export interface DecisionChange {
  readonly count: number
  /** RFC 3339, of the last of them. */
  readonly last: string
  /** E-mail address or subject. */
  readonly who: string
  readonly target: string
  /** Redacted; or the verb, where there is no more. */
  readonly statement: string
  readonly before: Pick<Decision, 'action' | 'rule'>
  readonly after: Pick<Decision, 'action' | 'rule'>
}

export interface ReplayedLog {
  readonly statements: number
  readonly changed: number
  /** The most frequent first. */
  readonly changes: readonly DecisionChange[]
  /** What the log cannot tell, in words. */
  readonly warnings: readonly string[]
}
