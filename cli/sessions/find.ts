// A session, by its id or a part of it.
import { GatewayError } from '../../shared/errors.ts'
import type { SessionId } from '../../shared/model.ts'
import type { Gateway } from '../gateway.ts'
import { wholeId } from '../short-id.ts'
import { sinceFrom } from '../since.ts'

/** A part names one of so many days, and of the newest so many: as many as the gateway gives at once. */
const days = 7
const maxListed = 1000

/**
 * @param open only among those that are open
 * @throws GatewayError usage when it is no part of an id, or of several; not_found
 */
export function sessionId(
  { gateway, now }: { readonly gateway: Pick<Gateway, 'sessions'>, readonly now: () => number },
  typed: string,
  { open = false } = {}
): Promise<SessionId> {
  return wholeId(typed, {
    many: 'sessions',
    command: 'hoop sessions',
    list: () => gateway.sessions({ limit: maxListed, ...(open ? { status: 'open' } : { since: sinceFrom(`${days}d`, now()) }) }),
    none: () => open
      ? new GatewayError('not_found', `there is no open session "${typed}"`, { hint: 'hoop sessions --status open' })
      : new GatewayError('not_found', `no recent session's id begins or ends with "${typed}"`, {
          hint: `hoop sessions lists them; one older than ${days} days, or not of the newest ${maxListed.toLocaleString('en')}, goes by all of its id`
        })
  })
}
