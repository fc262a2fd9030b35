// The one enforcement point: decide, re-check, write the intent, wait until it is durable, permit. Every failure on this path refuses.
import type { AuditLog } from '../audit/log.ts'
import { Denied, type GatewayError } from '../../shared/errors.ts'
import type { Actor, DecisionFacts, EntryFacts, StatementFacts, TargetFacts } from '../../shared/audit/entry.ts'
import type { Decision, Operation, Outcome, Permit, StatementOperation } from '../../shared/model.ts'

/** What the gate needs to know of the connection that asks. */
export interface Visit {
  readonly session: string
  readonly connection: number
  readonly actor: Actor
  readonly target: TargetFacts
  readonly signal: AbortSignal
  /** May this operation run, by the policy in force now. Pure. */
  decide(operation: Operation): Decision
  /** Hash of that policy. */
  readonly policyVersion: string
}

// An entry is at most 65,535 bytes; the hash stands for the whole text, so a longer one is cut for reading.
const maxRedactedBytes = 16_000
const maxRelations = 200

export interface GateEvents {
  permitted(count: number): void
  denied(operation: Operation, decision: Decision): void
}

/** @param elapsed monotonic milliseconds, for the duration of operations */
export function createGate(audit: AuditLog, visit: Visit, events: GateEvents, elapsed: () => number) {
  return {
    /** As `Session.authorize`: all of them or none. */
    async authorize(operations: readonly Operation[]): Promise<readonly Permit[]> {
      refuseIfEnded(visit.signal)
      const decisions = operations.map((operation) => visit.decide(operation))
      const refused = decisions.findIndex((decision) => decision.action !== 'allow')
      if (refused >= 0) return refuse(operations, decisions, refused)

      const entries = await audit.append(operations.map((operation, i) => intent(operation, decisions[i]!)))
      // Writing took time: whoever lost the right meanwhile does not get the permit, and the log says that nothing ran.
      if (visit.signal.aborted) entries.forEach((entry) => settle(entry, { status: 'cancelled' }, elapsed()))
      refuseIfEnded(visit.signal)
      events.permitted(operations.length)
      const began = elapsed()
      return decisions.map((decision, i) => permit(decision, entries[i]!, began))
    }
  }

  async function refuse(operations: readonly Operation[], decisions: readonly Decision[], refused: number): Promise<never> {
    const culprit = decisions[refused]!
    await audit.append(operations.map((operation, i) => refusal(operation, i === refused ? culprit : fellWith(decisions[i]!, refused))))
    events.denied(operations[refused]!, culprit)
    throw new Denied(culprit.rule, reasonOf(culprit), refused)
  }

  function permit(decision: Decision, entry: number, began: number): Permit {
    let settled = false
    return {
      decision,
      entry,
      settle(outcome: Outcome) {
        if (settled) return
        settled = true
        settle(entry, outcome, began)
      }
    }
  }

  function settle(intent: number, outcome: Outcome, began: number): void {
    const durationMilliseconds = Math.round((elapsed() - began) * 1000) / 1000
    audit.note({ kind: 'outcome', session: visit.session, connection: visit.connection, intent, outcome: { ...outcome, durationMilliseconds } })
  }

  function intent(operation: Operation, decision: Decision): EntryFacts {
    const common = { session: visit.session, connection: visit.connection, actor: visit.actor, decision: facts(decision) }
    if (operation.kind === 'cancel') return { kind: 'cancel', ...common, cancels: operation.connection }
    return { kind: 'statement.intent', ...common, target: visit.target, statement: statementFacts(operation) }
  }

  function refusal(operation: Operation, decision: Decision): EntryFacts {
    if (operation.kind === 'cancel') return intent(operation, decision)
    return {
      kind: 'decision',
      session: visit.session,
      connection: visit.connection,
      actor: visit.actor,
      target: visit.target,
      statement: statementFacts(operation),
      decision: facts(decision)
    }
  }

  function facts(decision: Decision): DecisionFacts {
    return {
      action: decision.action,
      rule: decision.rule,
      policy: visit.policyVersion,
      ...(decision.action === 'allow' ? {} : { reason: reasonOf(decision) })
    }
  }
}

function refuseIfEnded(signal: AbortSignal): void {
  if (signal.aborted) throw signal.reason as GatewayError
}

/** Operations stand or fall together: one that was allowed by itself is refused with the one that was not. */
function fellWith(decision: Decision, refused: number): Decision {
  if (decision.action !== 'allow') return decision
  return { action: 'deny', rule: 'built-in: one batch', reason: `stands or falls with statement ${refused + 1} of its batch` }
}

function reasonOf(decision: Decision): string {
  if (decision.action === 'deny') return decision.reason
  return `rule "${decision.rule}" wants a review, and nobody can be asked`
}

function statementFacts(operation: StatementOperation): StatementFacts {
  const { step, verb, redacted, sha256, text, parameters, effects, relations, flags } = operation
  return {
    step,
    verb,
    ...(redacted === undefined ? {} : { redacted: cut(redacted) }),
    sha256,
    length: Buffer.byteLength(text),
    parameters: parameters.length,
    effects,
    relations: relations.slice(0, maxRelations),
    flags
  }
}

/** By its size in the log, where a control character takes six bytes. */
function cut(text: string): string {
  if (text.length * 6 <= maxRedactedBytes || Buffer.byteLength(JSON.stringify(text)) <= maxRedactedBytes) return text
  let end = Math.min(text.length, maxRedactedBytes)
  while (Buffer.byteLength(JSON.stringify(text.slice(0, end))) > maxRedactedBytes) end = Math.floor(end * 0.8)
  // Half of a pair of surrogates is no text, and the log takes none.
  return `${text.slice(0, end).replace(/[\uD800-\uDBFF]$/, '')} ...`
}
