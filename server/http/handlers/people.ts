// Administration: service tokens, and people. Identity itself checks each call once more.
import { z } from 'zod'
import type { CreatedServiceToken, CreateServiceToken, ServiceTokenSummary, UserSummary } from '../../../shared/api.ts'
import type { ApiParts, Call } from '../route.ts'

export const createServiceToken: z.ZodType<CreateServiceToken> = z.strictObject({
  name: z.string().min(1).max(100),
  targets: z.array(z.string().min(1).max(63)).min(1).max(100),
  expiresInDays: z.number().int().min(1).max(90),
  kind: z.enum(['service', 'agent'])
})

export function peopleHandlers({ identity }: ApiParts) {
  return {
    createToken: ({ who, body }: Call<CreateServiceToken>): CreatedServiceToken => identity.createServiceToken(who, body),
    tokens: ({ who }: Call): ServiceTokenSummary[] => identity.serviceTokens(who),
    revokeToken: ({ who, id }: Call): void => identity.revokeServiceToken(who, id),
    users: ({ who }: Call): UserSummary[] => identity.users(who),
    disable: ({ who, id }: Call): void => identity.disableUser(who, id),
    enable: ({ who, id }: Call): void => identity.enableUser(who, id)
  }
}
