// What anybody may ask the gateway: what it is, and whether it works.
import type { Discovery, Health } from '../../../shared/api.ts'
import type { GatewayError } from '../../../shared/errors.ts'
import { Answer, type ApiParts } from '../route.ts'

export function gatewayHandlers({ audit, exports, discovery, sessions, version, witnesses }: ApiParts) {
  return {
    discovery: (): Discovery => discovery,

    /** 503 while statements are refused, so that whatever balances load looks elsewhere. */
    health(): Answer<Health> {
      const told = witnesses.status()
      const facts = { version, sessions: sessions.size, ...(told.length === 0 ? {} : { witnesses: told }) }
      const reason = audit.signal.aborted ? (audit.signal.reason as GatewayError).message : exports.blocking()
      if (reason === undefined) return new Answer(200, { status: 'ok', ...facts })
      return new Answer(503, { status: 'refusing', ...facts, reason })
    }
  }
}
