// Retention over HTTP: proposing what is removed, and confirming it.
import { z } from 'zod'
import type { ConfirmedPrune, PruneProposal, ProposePrune } from '../../../shared/api.ts'
import { actorOf } from '../../identity/principal.ts'
import { personsText } from '../input.ts'
import type { ApiParts, Call } from '../route.ts'

export const proposePrune: z.ZodType<ProposePrune> = z.strictObject({
  before: z.iso.datetime(),
  reason: personsText.min(1).max(1000)
})

export function retentionHandlers({ identity, retention }: ApiParts) {
  return {
    propose({ who, body }: Call<ProposePrune>): Promise<PruneProposal> {
      identity.recheck(who)
      return retention.propose(actorOf(who.principal), body)
    },
    list: (): readonly PruneProposal[] => retention.proposals(),
    confirm({ who, id }: Call): Promise<ConfirmedPrune> {
      identity.recheck(who)
      return retention.confirm(actorOf(who.principal), id)
    }
  }
}
