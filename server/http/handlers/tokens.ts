// The caller's own login: exchanging a provider's token for the gateway's, asking what is behind one, ending it.
import { z } from 'zod'
import type { TokenRequest, TokenResponse, WhoAmI } from '../../../shared/api.ts'
import { createRefusals } from '../refusals.ts'
import type { ApiParts, Call } from '../route.ts'

/** Room for an ID token with hundreds of groups. */
const token = z.string().min(1).max(32 * 1024)

export const tokenRequest: z.ZodType<TokenRequest> = z.discriminatedUnion('grant', [
  z.strictObject({ grant: z.literal('id_token'), idToken: token, nonce: z.string().min(1).max(255).optional() }),
  z.strictObject({ grant: z.literal('workload'), idToken: token }),
  z.strictObject({ grant: z.literal('refresh'), refreshToken: token })
])

export function tokenHandlers({ identity, now }: ApiParts) {
  const refusals = createRefusals(now)
  return {
    async exchange({ body, source }: Call<TokenRequest>): Promise<TokenResponse> {
      refusals.check(source)
      return identity.exchange(body, source).catch((error: unknown) => {
        refusals.count(source)
        throw error
      })
    },

    endCurrent: ({ who }: Call): void => identity.endLogin(who),

    whoami: ({ who }: Call): WhoAmI => ({
      principal: who.principal,
      expiresAt: new Date(who.expiresAt).toISOString(),
      loginEndsAt: new Date(who.loginEndsAt).toISOString(),
      admin: who.admin
    })
  }
}
