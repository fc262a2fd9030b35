// Verifies a token signed by an identity provider: algorithm, signature, and every claim that says it was made for us, here, now.
// The keys come from outside; nothing in the token chooses where from (`jku`, `x5u`, `jwk` and `x5c` are never read).
import { errors, jwtVerify, type JWTVerifyGetKey } from 'jose'
import { GatewayError } from '../../shared/errors.ts'
import type { Claims } from './principal.ts'
import { Refused } from './refusal.ts'

/** Asymmetric only: with HS256 the provider's public key would be the secret, with `none` anybody's would. */
const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA']
export const clockSkewSeconds = 30
const maxTokenBytes = 16 * 1024

export interface Expectation {
  readonly issuer: string
  /** The only audience it may have: a token that others would accept too is not for us. */
  readonly audience: string
  /** How long after `iat` it is taken. */
  readonly maxAgeSeconds: number
  readonly keys: JWTVerifyGetKey
  /** Milliseconds since 1970. */
  readonly now: number
}

/**
 * The token's claims, of which `iss`, `sub`, `aud`, `exp` and `iat` are present and right.
 * @throws Refused with the reason; GatewayError when the provider cannot be asked for its keys
 */
export async function verifyToken(token: string, { issuer, audience, maxAgeSeconds, keys, now }: Expectation): Promise<Claims> {
  if (token.length > maxTokenBytes) throw new Refused('larger than 16 KiB')
  const { payload, protectedHeader } = await jwtVerify(token, keys, {
    algorithms,
    issuer,
    audience,
    requiredClaims: ['iss', 'sub', 'aud', 'exp', 'iat'],
    maxTokenAge: maxAgeSeconds,
    clockTolerance: clockSkewSeconds,
    currentDate: new Date(now)
  }).catch((error: unknown) => { throw refusalFrom(error) })

  if (protectedHeader.typ !== undefined && protectedHeader.typ.toUpperCase() !== 'JWT') throw new Refused('typ is that of another kind of token')
  if (Array.isArray(payload.aud) && payload.aud.length !== 1) throw new Refused('aud names others besides us')
  if (payload.azp !== undefined && payload.azp !== audience) throw new Refused('azp is another client')
  // Keycloak tells its tokens apart in the payload; a logout token (OpenID Connect Back-Channel Logout section 2.4) has events.
  if (payload.typ !== undefined && payload.typ !== 'ID' && payload.typ !== 'JWT') throw new Refused('typ is that of another kind of token')
  if (payload.events !== undefined) throw new Refused('it is a security event, not an identity')
  return payload
}

function refusalFrom(error: unknown): unknown {
  if (error instanceof GatewayError) return error
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired) {
    return new Refused(`${error.claim} ${error.reason === 'missing' ? 'is missing' : error.code === 'ERR_JWT_EXPIRED' ? 'is too long ago' : 'is not right'}`)
  }
  if (error instanceof errors.JOSEError) return new Refused(reasons[error.code] ?? `not a token (${error.code})`)
  // A header that jose does not take is a TypeError there: still the token's fault, not the gateway's.
  if (error instanceof TypeError) return new Refused('not a token')
  return error
}

const reasons: Readonly<Record<string, string>> = {
  ERR_JOSE_ALG_NOT_ALLOWED: 'its algorithm is not allowed',
  ERR_JOSE_NOT_SUPPORTED: 'its algorithm or a critical header is not supported',
  ERR_JWKS_NO_MATCHING_KEY: 'no key of the provider matches it',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'several keys of the provider match it, and it names none',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'its signature is wrong'
}
