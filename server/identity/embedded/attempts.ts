// Slows guessing of passwords: five wrong ones for a name from an address, then waits that double from one second to five minutes.
import { network } from '../network.ts'

const freeAttempts = 5
const firstWaitMilliseconds = 1_000
const longestWaitMilliseconds = 5 * 60_000
const forgetMilliseconds = 15 * 60_000
const maxKeys = 10_000

export interface Attempts {
  /** Milliseconds until the next attempt is looked at; 0 means now. An attempt that is looked at counts as failed until `succeeded`. */
  begin(username: string, address: string): number
  succeeded(username: string, address: string): void
}

/**
 * Per name and address, so that nobody can lock a person out from elsewhere. Names that exist and names that do not are counted alike.
 * @param now milliseconds since 1970
 */
export function createAttempts(now: () => number): Attempts {
  const failures = new Map<string, { count: number, last: number }>()
  const keyOf = (username: string, address: string) => JSON.stringify([username, network(address)])

  return {
    begin(username, address) {
      const key = keyOf(username, address)
      const before = failures.get(key)
      const known = before !== undefined && now() - before.last < forgetMilliseconds ? before : { count: 0, last: 0 }
      const wait = known.count < freeAttempts
        ? 0
        : Math.min(longestWaitMilliseconds, firstWaitMilliseconds * 2 ** Math.min(known.count - freeAttempts, 20))
      const left = known.last + wait - now()
      if (known.count >= freeAttempts && left > 0) return left
      failures.delete(key)
      if (failures.size >= maxKeys) failures.delete(failures.keys().next().value!)
      failures.set(key, { count: known.count + 1, last: now() })
      return 0
    },
    succeeded(username, address) { failures.delete(keyOf(username, address)) }
  }
}
