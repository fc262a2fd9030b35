// What becomes of a session's exemptions when the policy, or the hour, is another. Pure.
import type { Grant } from '../policy/exempt.ts'
import type { Protection } from '../policy/protect.ts'

/** Rules that showed their values, and under which, by that name or a new one, values are masked now. */
export function lapsed(before: Protection | undefined, after: Protection | undefined): readonly string[] {
  if (before === undefined || after === undefined) return []
  const known = new Set(before.rules.map(({ name }) => name))
  const masking = new Set(after.rules.filter(({ exempt }) => !exempt).map(({ name }) => name))
  const isNew = [...masking].some((name) => !known.has(name))
  const showing = new Set(after.rules.filter(({ exempt }) => exempt).map(({ name }) => name))
  return before.rules.filter(({ name, exempt }) => exempt && !showing.has(name) && (masking.has(name) || isNew)).map(({ name }) => name)
}

/** What is over is over: neither a policy that is taken back nor a clock that is set back brings it back into an open session. */
export function left(grant: Grant | undefined, protection: Protection | undefined): Grant | undefined {
  if (grant === undefined) return undefined
  return new Map((protection?.rules ?? []).flatMap(({ name, exempt, exemptUntil }) => {
    const granted = grant.get(name)
    return granted === undefined || !exempt ? [] : [[name, { ...granted, endsAt: exemptUntil }]]
  }))
}
