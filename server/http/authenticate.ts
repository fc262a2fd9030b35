// Who is asking: the bearer token of one request. In the Authorization header, once, and nowhere else.
import type { IncomingMessage } from 'node:http'
import type { Identity, Verified } from '../identity/identity.ts'
import { notAccepted } from '../identity/refusal.ts'

/** RFC 6750 section 2.1. No token of ours is longer. */
const credentials = /^Bearer ([A-Za-z0-9._~+/-]{1,1024}=*)$/i

/** @throws GatewayError unauthenticated; a missing, malformed, unknown, expired and revoked token look alike */
export function authenticate(identity: Pick<Identity, 'verify'>, request: IncomingMessage): Verified {
  const [header, ...more] = request.headersDistinct.authorization ?? []
  // Node would take the first of several; a proxy before it may have judged another.
  const bearer = more.length > 0 ? undefined : credentials.exec(header ?? '')?.[1]
  if (bearer === undefined) throw notAccepted()
  return identity.verify(bearer)
}
