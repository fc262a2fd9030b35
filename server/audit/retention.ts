// Who may have old entries removed: one admin proposes, another one confirms. Nothing is ever removed by the gateway of itself. Proposals
// live in memory: a restart forgets them.
import type { PruneProposal } from '../../shared/api.ts'
import type { Actor, EntryFacts } from '../../shared/audit/entry.ts'
import { GatewayError } from '../../shared/errors.ts'
import { makeId } from '../../shared/id.ts'
import type { AuditLog } from './log.ts'
import type { Prunable } from './pruning.ts'

const dayMilliseconds = 24 * 3_600_000
/** A proposal that nobody confirms. */
const standsMilliseconds = 7 * dayMilliseconds

export interface RetentionParts {
  readonly audit: Pick<AuditLog, 'prunable' | 'prune' | 'first'>
  readonly note: (facts: EntryFacts) => void
  /** Entries younger than this stay. */
  readonly days: number
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly randomBytes: (n: number) => Uint8Array
  /** The first entry that some sink of the export has not been sent; undefined: every sink has everything, or there is none. */
  readonly unsent: () => { readonly sink: string, readonly entry: number } | undefined
  /** Whether somebody is still an admin, and not disabled. */
  readonly standing: (actor: Actor) => boolean
}

export interface Retention {
  /** @param before RFC 3339 @throws GatewayError bad_request: younger than retention allows; not_found: nothing is that old */
  propose(actor: Actor, request: { readonly before: string, readonly reason: string }): Promise<PruneProposal>
  proposals(): readonly PruneProposal[]
  /** @throws GatewayError not_found; forbidden for whoever proposed it; conflict when what was proposed is no longer what it was */
  confirm(actor: Actor, id: string): Promise<{ readonly entry: number, readonly first: number }>
}

interface Pending {
  readonly proposal: PruneProposal
  readonly by: Actor
  readonly found: Prunable
  readonly expires: number
}

export function createRetention({ audit, note, days, now, randomBytes, unsent, standing }: RetentionParts): Retention {
  const pending = new Map<string, Pending>()

  const current = () => {
    for (const [id, { expires, found }] of pending) if (now() >= expires || found.first <= audit.first) pending.delete(id)
    return pending
  }

  /** What a sink has not been sent goes nowhere else. */
  const refuseUnsent = (first: number) => {
    const behind = unsent()
    if (behind === undefined || first <= behind.entry) return
    throw new GatewayError('conflict', `the export "${behind.sink}" has not sent entry ${behind.entry} yet, and entries before ${first} would go`, {
      hint: 'hoop audit export status; a sink that is gone for good: take it out of the configuration'
    })
  }

  return {
    async propose(actor, { before, reason }) {
      const time = Date.parse(before)
      const oldest = now() - days * dayMilliseconds
      if (Number.isNaN(time)) throw new GatewayError('bad_request', `"${before}" is no time`)
      if (time > oldest) {
        throw new GatewayError('bad_request', `entries are kept for ${days} days: only those before ${new Date(oldest).toISOString()} may be removed`, {
          hint: 'audit.retention in the gateway\'s configuration says how long'
        })
      }
      const found = await audit.prunable(new Date(time).toISOString())
      if (found === undefined) {
        throw new GatewayError('not_found', 'no whole segment of the log is that old: nothing can be removed', { hint: 'a segment holds 64 MiB; it goes once its last entry is old enough' })
      }
      refuseUnsent(found.first)
      const id = makeId(now(), randomBytes(16))
      const expires = now() + standsMilliseconds
      const proposal: PruneProposal = {
        id,
        first: found.first,
        entries: found.first - audit.first,
        bytes: found.bytes,
        newest: found.newest,
        root: Buffer.from(found.root).toString('base64'),
        reason,
        requestedBy: actor.email ?? actor.subject,
        expiresAt: new Date(expires).toISOString()
      }
      current().set(id, { proposal, by: actor, found, expires })
      note({ kind: 'admin', actor, action: 'retention.proposed', detail: `${id}: entries before ${found.first}, root ${proposal.root}, reason: ${reason}` })
      return proposal
    },

    proposals: () => [...current().values()].map(({ proposal }) => proposal),

    async confirm(actor, id) {
      const wanted = current().get(id)
      if (wanted === undefined) throw new GatewayError('not_found', 'there is no such proposal', { hint: 'hoop audit prune lists them; a restart forgets them' })
      const { by, found, proposal } = wanted
      if (by.issuer === actor.issuer && by.subject === actor.subject) {
        throw new GatewayError('forbidden', 'you proposed this yourself: another admin has to confirm it')
      }
      if (!standing(by)) {
        pending.delete(id)
        throw new GatewayError('forbidden', `${proposal.requestedBy}, who proposed this, is no admin any more`, { hint: 'have it proposed again' })
      }
      refuseUnsent(found.first)
      pending.delete(id)
      const entry = await audit.prune({
        kind: 'retention.prune',
        first: found.first,
        root: proposal.root,
        approvers: [by, actor],
        reason: proposal.reason,
        ...(found.keys.length === 0 ? {} : { keys: found.keys })
      })
      return { entry, first: found.first }
    }
  }
}
