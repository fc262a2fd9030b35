// What it takes to release what several rules hold: their terms, added up. Pure.
import type { ReviewTerms } from '../../shared/model.ts'
import type { Rule } from './rules.ts'
import { addedUp, defaultTimeoutSeconds } from './terms.ts'

export function termsOf(rules: readonly Rule[]): ReviewTerms {
  return addedUp(rules.map((rule) => ({
    places: [rule.approvers ?? []].flat(),
    timeoutSeconds: rule.timeout ?? defaultTimeoutSeconds,
    requesterReason: rule.requesterReason ?? false,
    approverReason: rule.approverReason ?? false,
    breakGlass: rule.breakGlass ?? [],
    ...(rule.window === undefined ? {} : { windowSeconds: rule.window })
  })))
}
