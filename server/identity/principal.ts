// From the claims of a verified token to a principal. Pure.
import { createHash } from 'node:crypto'
import type { Actor } from '../../shared/audit/entry.ts'
import type { Principal } from '../../shared/model.ts'
import { Refused } from './refusal.ts'

/** OpenID Connect Core section 2: a subject has at most 255 characters. */
const maxSubject = 255
const maxText = 320
const maxGroups = 1000

export type Claims = Readonly<Record<string, unknown>>

/**
 * A person, from the claims of an ID token whose signature, issuer and audience have been checked.
 * The e-mail address and the name are for people to read; a wrong form of them is left out. A wrong form of what decides is refused.
 * @param groupsClaim name of the claim that holds the groups: a list of strings, or one string; absent means none
 * @throws Refused
 */
export function principalFrom(claims: Claims, groupsClaim: string): Principal {
  const { iss: issuer, email, name } = claims
  const subject = subjectFrom(claims)
  return {
    issuer: issuer as string,
    subject,
    ...(isText(email) ? { email } : {}),
    ...(isText(name) ? { name } : {}),
    groups: groupsFrom(Object.hasOwn(claims, groupsClaim) ? claims[groupsClaim] : undefined),
    kind: 'human'
  }
}

/** @throws Refused */
export function subjectFrom({ sub }: Claims): string {
  if (typeof sub !== 'string' || sub === '' || sub.length > maxSubject) throw new Refused('sub is missing or not a subject')
  return sub
}

function groupsFrom(claim: unknown): readonly string[] {
  if (claim === undefined || claim === null) return []
  const groups: readonly unknown[] = Array.isArray(claim) ? claim : [claim]
  // Some rights lost in silence would puzzle people; none granted by a half-read claim is the other half of it.
  if (groups.length > maxGroups || !groups.every((group) => typeof group === 'string' && group !== '' && group.length <= maxText)) {
    throw new Refused('the groups claim is not a list of names')
  }
  return [...new Set(groups as readonly string[])]
}

function isText(claim: unknown): claim is string {
  return typeof claim === 'string' && claim !== '' && claim.length <= maxText
}

export function actorOf({ name: _, ...actor }: Principal): Actor {
  return actor
}

/** SHA-256, lower-case hex: what is stored in place of a secret. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
