// CI jobs: which configured workload a platform's token is, and whom it acts for. Pure apart from verifying the signature.
import { decodeJwt, type JWTVerifyGetKey } from 'jose'
import { GatewayError } from '../../shared/errors.ts'
import type { Principal } from '../../shared/model.ts'
import { beginning } from '../../shared/text.ts'
import { verifyToken } from './id-token.ts'
import { subjectFrom, type Claims } from './principal.ts'
import { Refused } from './refusal.ts'

/** What tells jobs of one workload apart, as GitHub and GitLab call it: which code, which run, and who set it off. */
const jobClaims = [
  'repository', 'ref', 'sha', 'job_workflow_ref', 'run_id', 'run_attempt', 'actor', 'environment', 'project_path', 'pipeline_id', 'job_id', 'user_login'
]
const maxClaim = 200

/** Jobs get their token when they start and may run for hours; `exp` is what ends it. */
const maxAgeSeconds = 24 * 3600

export interface Workload {
  readonly name: string
  readonly issuer: string
  readonly audience: string
  /** Every one must be in the token with this value. */
  readonly claims: Readonly<Record<string, string>>
  readonly groups: readonly string[]
  /** The person it acts for; `issuer` is that of people's logins where absent. */
  readonly owner: { readonly issuer?: string | undefined, readonly subject: string }
}

export interface VerifiedWorkload {
  readonly workload: Workload
  readonly subject: string
  /** Those that are pinned, and those that tell its jobs apart. */
  readonly claims: Readonly<Record<string, string>>
}

/** @throws GatewayError config_invalid: a person's ID token must never pass for a machine's */
export function checkWorkloads(workloads: readonly Workload[], people: { readonly issuer: string, readonly clientId: string }): void {
  for (const { name, issuer, audience } of workloads) {
    if (issuer === people.issuer && audience === people.clientId) {
      throw new GatewayError('config_invalid', `identity.workloads: ${name} has the issuer and audience of people's logins`, {
        hint: 'give it an audience of its own'
      })
    }
  }
}

/**
 * The first workload in the order of the configuration whose issuer, audience and claims are all those of the token.
 * @throws Refused
 */
export async function verifyWorkload(
  token: string,
  workloads: readonly Workload[],
  keysOf: (issuer: string) => JWTVerifyGetKey,
  now: number
): Promise<VerifiedWorkload> {
  const claimed = claimedBy(token)
  const fromIssuer = workloads.filter((workload) => workload.issuer === claimed.iss)
  if (fromIssuer.length === 0) throw new Refused('its issuer is that of no workload')
  const candidates = fromIssuer.filter(({ audience }) => claimed.aud.includes(audience))
  const [first] = candidates
  if (first === undefined) throw new Refused('aud is not right')
  const { issuer, audience } = first
  const claims = await verifyToken(token, { issuer, audience, maxAgeSeconds, keys: keysOf(issuer), now })
  const workload = candidates.find((candidate) => candidate.audience === audience && hasClaims(claims, candidate.claims))
  if (workload === undefined) throw new Refused('its claims are those of no workload')
  return { workload, subject: subjectFrom(claims), claims: toldBy(claims, Object.keys(workload.claims)) }
}

export function workloadPrincipal({ workload, subject, claims }: VerifiedWorkload, owner: NonNullable<Principal['onBehalfOf']>): Principal {
  return { issuer: workload.issuer, subject, name: workload.name, groups: workload.groups, kind: 'service', onBehalfOf: owner, claims }
}

/** Not yet verified: it only chooses what the token has to prove. */
function claimedBy(token: string): { readonly iss: unknown, readonly aud: readonly unknown[] } {
  try {
    const { iss, aud } = decodeJwt(token)
    return { iss, aud: Array.isArray(aud) ? aud : [aud] }
  } catch {
    throw new Refused('not a token')
  }
}

/** What is no text, or half a character of one, is left out. */
function toldBy(claims: Claims, pinned: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries([...new Set([...pinned, ...jobClaims])].flatMap((name) => {
    const claim = Object.hasOwn(claims, name) ? claims[name] : undefined
    if (!['string', 'number', 'boolean'].includes(typeof claim) || /\p{Surrogate}/u.test(String(claim))) return []
    return [[name, beginning(String(claim), maxClaim)]]
  }))
}

function hasClaims(claims: Claims, pinned: Workload['claims']): boolean {
  return Object.entries(pinned).every(([name, value]) => {
    const claim = Object.hasOwn(claims, name) ? claims[name] : undefined
    return typeof claim === 'object' || claim === undefined ? false : String(claim) === value
  })
}
