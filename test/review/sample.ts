// People and reviews for tests: ann asks, dba and security decide.
import type { Person, Review } from '../../server/review/review.ts'
import type { Principal, ReviewTerms } from '../../shared/model.ts'

const issuer = 'https://idp.example'
export const start = Date.UTC(2026, 0, 1, 12)
export const binding = 'ab'.repeat(32)

export function human(subject: string, groups: readonly string[] = []): Principal {
  return { issuer, subject, email: `${subject}@example.com`, name: subject, groups, kind: 'human' }
}

/** A service token's principal: with the groups of its owner. */
export function agentOf(owner: Principal, kind: 'agent' | 'service' = 'agent'): Principal {
  const onBehalfOf = { issuer: owner.issuer, subject: owner.subject, email: owner.email! }
  return { issuer: 'urn:hoop:service-tokens', subject: `${kind}:1`, name: 'bot', groups: owner.groups, kind, onBehalfOf }
}

/** What identity knows: everybody in it, as a map one may change. */
export class Directory {
  readonly #people = new Map<string, Person>()

  constructor(...people: readonly Principal[]) {
    for (const person of people) this.set(person)
  }

  set({ subject, groups }: Pick<Principal, 'subject' | 'groups'>, more: Partial<Person> = {}): void {
    this.#people.set(subject, { groups, disabled: false, admin: groups.includes('admins'), ...more })
  }

  readonly find = (of: string, subject: string): Person | undefined => of === issuer ? this.#people.get(subject) : undefined
}

export function terms(more: Partial<ReviewTerms> = {}): ReviewTerms {
  return { places: [{ group: 'dba', count: 1 }], timeoutSeconds: 900, requesterReason: false, approverReason: false, breakGlass: [], ...more }
}

export function review(more: Partial<Review> = {}): Review {
  return {
    id: 'r'.repeat(26),
    kind: 'statement',
    state: 'pending',
    requester: human('ann', ['engineers']),
    target: { name: 'prod-db', protocol: 'postgres', address: 'db.internal:5432', database: 'clinic' },
    rule: 'writes need the DBAs',
    terms: terms(),
    binding,
    statement: 'DELETE FROM visits',
    createdAt: start,
    expiresAt: start + 900_000,
    votes: [],
    ...more
  }
}
