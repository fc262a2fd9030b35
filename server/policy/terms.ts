// The arithmetic of review terms. Pure.
import type { ReviewTerms } from '../../shared/model.ts'

export const defaultTimeoutSeconds = 15 * 60

/**
 * Everybody asked has a say: of each group as many as the strictest wants. The shortest timeout and window hold, a reason is wanted
 * where any wants one, and the glass may be broken only by those whom all of them let.
 */
export function addedUp(all: readonly ReviewTerms[]): ReviewTerms {
  const counts = new Map<string, number>()
  for (const { group, count } of all.flatMap(({ places }) => places)) counts.set(group, Math.max(count, counts.get(group) ?? 0))
  const windows = all.flatMap(({ windowSeconds }) => windowSeconds ?? [])
  return {
    places: [...counts].map(([group, count]) => ({ group, count })),
    timeoutSeconds: Math.min(...all.map(({ timeoutSeconds }) => timeoutSeconds)),
    requesterReason: all.some(({ requesterReason }) => requesterReason),
    approverReason: all.some(({ approverReason }) => approverReason),
    breakGlass: (all[0]?.breakGlass ?? []).filter((group) => all.every(({ breakGlass }) => breakGlass.includes(group))),
    ...(windows.length === 0 ? {} : { windowSeconds: Math.min(...windows) })
  }
}
