// What would happen to a statement, for somebody who may run it: what the protocol knows of it, and what the policy in force says.
// Nothing runs; that somebody asked is written down before they are told.
import { createHash } from 'node:crypto'
import type { AuditLog } from '../audit/log.ts'
import { compile } from '../policy/decide.ts'
import { protectionFor } from '../policy/protect.ts'
import type { Policy } from '../policy/rules.ts'
import type { CatalogEntry } from '../targets/catalog.ts'
import type { Actor } from '../../shared/audit/entry.ts'
import { GatewayError } from '../../shared/errors.ts'
import type { ExplainRequest, Explanation } from '../../shared/explain.ts'
import type { Principal } from '../../shared/model.ts'
import { beginning } from '../../shared/text.ts'
import type { Explained } from '../protocols/protocol.ts'

/** From the login at the target to the last verdict, the reading of a catalog nobody else has needed included. */
const limitMilliseconds = 25_000
/** Of one statement's redacted text in the audit log; the hash stands for all of it. */
const maxRedactedCharacters = 2_000

export interface ExplainParts {
  readonly audit: AuditLog
  readonly policy: Policy
  readonly principal: Principal
  readonly entry: CatalogEntry
  /** Milliseconds since 1970. */
  readonly now: number
}

/** @throws GatewayError bad_request | target_unreachable | target_refused | audit_unavailable */
export async function explain({ audit, policy, principal, entry, now }: ExplainParts, request: ExplainRequest): Promise<Explanation> {
  const { target, protocol, edge } = entry
  if (protocol.explain === undefined) throw new GatewayError('bad_request', `statements for ${protocol.name} targets cannot be explained`)
  const protection = protectionFor(policy.protection, principal, target, { now })
  const signal = AbortSignal.timeout(limitMilliseconds)
  const explained = await protocol.explain(edge, request, protection, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error
    throw new GatewayError('target_unreachable', `target "${target.name}" did not answer within ${limitMilliseconds / 1000} s`)
  })
  const { name: _, ...actor } = principal
  await audit.append([{ kind: 'admin', actor: actor satisfies Actor, action: 'policy.explain', detail: detailOf(target.name, request, explained) }])
  const decide = compile(policy, principal, target)
  return {
    target: target.name,
    protected: protection !== undefined,
    statements: explained.map(({ operation, shows }) => {
      const { verb, effects, relations, functions, flags } = operation
      return { verb, effects, relations, functions, flags, ...shows, decision: decide(operation, { now }) }
    })
  }
}

/** As in statements' own entries: no constant, and no text that cannot be redacted. */
function detailOf(target: string, { statement }: ExplainRequest, explained: readonly Explained[]): string {
  const redacted = explained.map(({ operation }) => operation.redacted ?? operation.verb).join('; ')
  const sha256 = createHash('sha256').update(statement).digest('hex')
  return `${target}: ${beginning(redacted, maxRedactedCharacters)} (sha256 ${sha256})`
}
