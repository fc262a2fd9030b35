// A review, by its id or a part of it.
import { GatewayError } from '../../shared/errors.ts'
import type { Id } from '../../shared/model.ts'
import type { Gateway } from '../gateway.ts'
import { wholeId } from '../short-id.ts'

/** As many as the gateway lists at once. */
const maxListed = 500

/** @throws GatewayError usage when it is no part of an id, or of several; not_found */
export function reviewId(gateway: Pick<Gateway, 'reviews'>, typed: string, { pending = false } = {}): Promise<Id> {
  return wholeId(typed, {
    many: 'reviews',
    command: 'hoop reviews',
    list: () => gateway.reviews({ limit: maxListed, ...(pending ? { state: 'pending' } : {}) }),
    none: () => new GatewayError('not_found', `there is no ${pending ? 'pending ' : ''}review "${typed}"`, { hint: `hoop reviews${pending ? '' : ' --state all'}` })
  })
}
