// How often one address, or IPv6 network, may be refused before it is not looked at for a while: each refused login is an entry in the
// audit log, and strangers must not be able to fill it. Pure but for the clock, which is handed in.
import { network } from '../identity/network.ts'
import { GatewayError } from '../../shared/errors.ts'

const perMinute = 30
const windowMilliseconds = 60_000
/** Addresses remembered; beyond it the oldest are forgotten. */
const maxAddresses = 10_000

export interface Refusals {
  /** @throws GatewayError limit_exceeded where the address has been refused too often within the last minute */
  check(address: string): void
  count(address: string): void
}

/** @param now milliseconds since 1970 */
export function createRefusals(now: () => number): Refusals {
  const refused = new Map<string, { since: number, times: number }>()
  const current = (place: string) => {
    const known = refused.get(place)
    return known !== undefined && now() - known.since < windowMilliseconds ? known : undefined
  }
  return {
    check(address) {
      if ((current(network(address))?.times ?? 0) < perMinute) return
      throw new GatewayError('limit_exceeded', 'too many logins from this address were refused', { hint: 'try again in a minute' })
    },
    count(address) {
      const place = network(address)
      const known = current(place)
      if (known !== undefined) { known.times++; return }
      // A Map keeps the order of insertion.
      refused.delete(place)
      refused.set(place, { since: now(), times: 1 })
      if (refused.size > maxAddresses) refused.delete(refused.keys().next().value!)
    }
  }
}
