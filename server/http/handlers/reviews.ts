// Reviews: listing, showing, deciding, and what those who asked may do. Who may what is judged by reviews itself, once more.
import { z } from 'zod'
import type { ReviewDetail, ReviewReason, ReviewSummary, ReviewVote } from '../../../shared/api.ts'
import { GatewayError } from '../../../shared/errors.ts'
import { personsText } from '../input.ts'
import type { ApiParts, Call } from '../route.ts'

export const ballot: z.ZodType<ReviewVote> = z.strictObject({
  binding: z.string().regex(/^[0-9a-f]{64}$/, 'the binding that was shown'),
  reason: personsText.optional(),
  breakGlass: z.boolean().optional()
})

export const reviewReason: z.ZodType<ReviewReason> = z.strictObject({ reason: personsText })

export const reviewFilter = z.strictObject({
  state: z.enum(['pending', 'approved', 'rejected', 'expired', 'withdrawn', 'void']).optional(),
  target: z.string().min(1).max(255).optional(),
  mine: z.enum(['true', 'false']).transform((text) => text === 'true').optional(),
  limit: z.string().regex(/^\d{1,4}$/).transform(Number).pipe(z.number().min(1).max(1000)).optional()
})

export function reviewHandlers({ identity, reviews }: ApiParts) {
  /** Whoever is disabled, or logged out, while the body comes in decides nothing. */
  const decide = (approve: boolean) => ({ who, id, body }: Call<ReviewVote>): Promise<ReviewDetail> => {
    identity.recheck(who)
    return reviews.decide(id, who.principal, { ...body, approve })
  }

  return {
    list: ({ who, query }: Call<undefined, z.output<typeof reviewFilter>>): ReviewSummary[] => reviews.list(who.principal, query),

    show({ who, id }: Call): ReviewDetail {
      const detail = reviews.show(who.principal, id)
      if (detail === undefined) throw new GatewayError('not_found', 'there is no such review')
      return detail
    },

    approve: decide(true),
    reject: decide(false),
    withdraw: ({ who, id }: Call): void => reviews.withdraw(id, who.principal),
    giveReason: ({ who, id, body }: Call<ReviewReason>): Promise<void> => reviews.giveReason(id, who.principal, body.reason),
    expire: ({ who, id }: Call): void => reviews.expire(id, who.principal)
  }
}
