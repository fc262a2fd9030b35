// A report as one JSON object: what was counted, by name. Pure.
import type { Report } from './document.ts'

export function jsonOf({ scope, madeAt, version, facts, verified, reconciled, again }: Report): object {
  const { origin, entries, firstEntry, lastEntry, allowed, denied, failed, sessions, gatewayStarts } = facts
  return {
    scope,
    madeAt,
    version,
    log: { origin, entries, firstEntry, lastEntry, gatewayStarts, gaps: facts.gaps },
    verified,
    reconciled: reconciled ?? null,
    activity: {
      sessions,
      permitted: allowed,
      refused: denied,
      failed,
      targets: [...facts.targets].sort(),
      days: Object.fromEntries(facts.days),
      rules: Object.fromEntries(facts.rules)
    },
    sessionEnds: Object.fromEntries(facts.ends),
    people: [...facts.people.values()],
    joiners: facts.joiners.map(({ issuer, subject, firstLogin }) => ({ issuer, subject, firstLogin })),
    leavers: facts.leavers,
    policies: facts.policies,
    protects: facts.protects,
    columns: Object.fromEntries(facts.columns),
    clearReads: facts.clearReads,
    reviews: [...facts.reviews.values()],
    breakGlass: facts.breakGlass.map(({ review }) => review),
    failedLogins: facts.failedLogins,
    tokens: facts.tokens,
    again
  }
}
