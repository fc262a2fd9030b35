// A review, by what somebody types: its id, or enough of its beginning or its end.
import type { ReviewSummary } from '../../shared/api.ts'
import { GatewayError } from '../../shared/errors.ts'
import { isId } from '../../shared/id.ts'
import type { Id } from '../../shared/model.ts'
import type { Gateway } from '../gateway.ts'

/** Ids begin with the time, so few letters of the beginning say little; the end is random. */
const minLetters = 4
/** As many as the gateway lists at once. */
const maxListed = 500

/** @throws GatewayError usage when it is no part of an id, or of several; not_found */
export async function reviewId(gateway: Pick<Gateway, 'reviews'>, typed: string, { pending = false } = {}): Promise<Id> {
  if (isId(typed)) return typed
  if (!new RegExp(`^[a-z0-9]{${minLetters},25}$`).test(typed)) {
    throw new GatewayError('usage', `"${typed}" is no id`, { hint: `give the id, or at least ${minLetters} letters of its beginning or end, as hoop reviews lists it` })
  }
  const found = matching(await gateway.reviews({ limit: maxListed, ...(pending ? { state: 'pending' } : {}) }), typed)
  if (found.length === 1) return found[0]!.id
  if (found.length > 1) throw new GatewayError('usage', `"${typed}" may be ${found.length} reviews`, { hint: `name one: ${found.slice(0, 5).map(({ id }) => id).join(', ')}` })
  throw new GatewayError('not_found', `there is no ${pending ? 'pending ' : ''}review "${typed}"`, { hint: `hoop reviews${pending ? '' : ' --state all'}` })
}

/** Pure. */
export function matching(reviews: readonly ReviewSummary[], part: string): ReviewSummary[] {
  return reviews.filter(({ id }) => id.startsWith(part) || id.endsWith(part))
}
