// The one enforcement point: decide, wait for people where the policy says so, re-check, write the intent, wait until it is durable,
// permit. Every failure on this path refuses. What is written down is sealed with it: the exact text, the parameters.
import type { AuditLog } from '../audit/log.ts'
import type { SessionSeal } from '../audit/seal.ts'
import { Denied, GatewayError, ReviewRefused } from '../../shared/errors.ts'
import type { Actor, DecisionFacts, EntryFacts, OutcomeFacts } from '../../shared/audit/entry.ts'
import type { Decision, HeldContext, Operation, Outcome, Permit } from '../../shared/model.ts'
import type { Waiting } from '../protocols/protocol.ts'
import type { OpenReview, Reviews } from '../review/reviews.ts'
import { Facts, shownBy } from './facts.ts'
import { waitForReview, type HeldBatch, type HoldVisit } from './hold.ts'

/** What the gate needs to know of the connection that asks. */
export interface Visit extends HoldVisit {
  readonly actor: Actor
  /**
   * May this operation run, by the policy in force, now.
   * @param estimatedRows where the database was asked; null: it gives none
   */
  decide(operation: Operation, estimatedRows?: number | null): Decision
}

export interface GateEvents {
  permitted(operations: readonly Operation[], entries: readonly number[]): void
  denied(operation: Operation, decision: Decision): void
  settled(entry: number, outcome: Outcome): void
}

export interface GateParts {
  readonly audit: AuditLog
  readonly reviews: Reviews
  /** Shared by the connections of a session. */
  readonly facts?: Facts
  /** Of the session; absent where exact texts are not kept. */
  readonly seal?: SessionSeal
}

/** @param elapsed monotonic milliseconds, for the duration of operations */
export function createGate(
  { audit, reviews, facts = new Facts(), seal }: GateParts,
  visit: Visit,
  events: GateEvents,
  elapsed: () => number
) {
  return {
    /** As `Session.authorize`: all of them or none. */
    async authorize(operations: readonly Operation[], waiting?: Waiting): Promise<readonly Permit[]> {
      refuseIfEnded(visit.signal)
      let decisions = operations.map((operation) => visit.decide(operation))
      let context: HeldContext | undefined
      if (waiting !== undefined && restsOnEstimate(decisions)) {
        context = await estimate(operations, decisions, waiting)
        decisions = operations.map((operation) => visit.decide(operation, context!.estimatedRows))
      }
      const refused = decisions.findIndex(({ action }) => action === 'deny' || (action === 'hold' && waiting === undefined))
      if (refused >= 0) return refuse(operations, decisions, refused)

      const holds = decisions.filter((decision) => decision.action === 'hold')
      const review = holds.length === 0
        ? undefined
        : await waitForReview(reviews, visit, {
            operations,
            ...factsOfHeld(operations),
            decisions: holds,
            waiting: waiting!,
            ...(context === undefined ? {} : { context }),
            stillHeld: () => operations.every((operation) => visit.decide(operation, context?.estimatedRows).action !== 'deny')
          })
      const written = operations.map((operation, i) => intent(operation, decisions[i]!, review?.id))
      const intents = await write(operations, written, review)
      // Writing took time: whoever lost the right meanwhile, or went away, does not get the permit, and the log says that nothing ran.
      const late = visit.signal.aborted || waiting?.gone.aborted === true
      if (late) intents.forEach((entry) => settle(entry, { status: 'cancelled' }, elapsed()))
      refuseIfEnded(visit.signal)
      if (late) throw new GatewayError('cancelled', 'cancelled before it ran')
      events.permitted(operations, intents)
      const began = elapsed()
      return decisions.map((decision, i) => permit(decision, intents[i]!, began, shownBy(written[i]!)))
    }
  }

  /** The database is asked how many rows there are; that it sees the statements for it is written down first. */
  async function estimate(operations: readonly Operation[], decisions: readonly Decision[], waiting: Waiting): Promise<HeldContext> {
    const planned = operations.map((operation) => operation.kind === 'statement' ? { ...operation, step: 'prepare' as const } : operation)
    const entries = await write(planned, planned.map((operation, i) => intent(operation, decisions[i]!)))
    const began = elapsed()
    const context = await waiting.context()
    entries.forEach((entry) => settle(entry, { status: 'ok' }, began))
    return context
  }

  /** One entry for each operation, with what is sealed of it; the release in front where there was a review. @returns their indexes */
  async function write(operations: readonly Operation[], facts: readonly EntryFacts[], review?: OpenReview): Promise<readonly number[]> {
    const sealed = seal === undefined ? undefined : await seal.each(operations)
    const entries = review === undefined
      ? await audit.append(facts, sealed?.attachments)
      : (await audit.append([release(review), ...facts], [undefined, ...sealed?.attachments ?? []])).slice(1)
    sealed?.written(entries)
    return entries
  }

  function factsOfHeld(operations: readonly Operation[]): Pick<HeldBatch, 'facts' | 'seal'> {
    const statements = operations.filter((operation) => operation.kind === 'statement')
    return {
      facts: statements.map((operation) => facts.statement(operation)),
      ...(seal === undefined ? {} : { seal: () => seal.together(statements) })
    }
  }

  /** Takes the approval, which can be done once. */
  function release(review: OpenReview): EntryFacts {
    const approvers = review.use()
    if (approvers === undefined) {
      throw new ReviewRefused('cancelled', review.id, 'the approval does not stand any more, so it was not run', { hint: 'run it again to ask again' })
    }
    return { kind: 'review.release', review: review.id, session: visit.session, connection: visit.connection, approvers }
  }

  async function refuse(operations: readonly Operation[], decisions: readonly Decision[], refused: number): Promise<never> {
    const culprit = decisions[refused]!
    const why = (i: number) => i === refused ? culprit : fellWith(decisions[i]!, refused)
    await write(operations, operations.map((operation, i) => refusal(operation, why(i))))
    events.denied(operations[refused]!, culprit)
    throw new Denied(culprit.rule, reasonOf(culprit), refused)
  }

  /** @param exposure what it shows if it runs */
  function permit(decision: Decision, entry: number, began: number, exposure: OutcomeFacts['exposure']): Permit {
    let settled = false
    return {
      decision,
      entry,
      settle(outcome: Outcome) {
        if (settled) return
        settled = true
        // What was cancelled before it ran has no rows to count, and showed nothing.
        const shown = outcome.status === 'cancelled' && outcome.rows === undefined ? undefined : exposure
        settle(entry, outcome, began, shown)
      }
    }
  }

  function settle(intent: number, outcome: Outcome, began: number, exposure?: OutcomeFacts['exposure']): void {
    events.settled(intent, outcome)
    const durationMilliseconds = Math.round((elapsed() - began) * 1000) / 1000
    const facts = exposure === undefined ? { ...outcome, durationMilliseconds } : { ...outcome, exposure, durationMilliseconds }
    audit.note({ kind: 'outcome', session: visit.session, connection: visit.connection, intent, outcome: facts })
  }

  function intent(operation: Operation, decision: Decision, review?: string): EntryFacts {
    const { session, connection, actor, target } = visit
    const decided = factsOf(decision, review)
    if (operation.kind === 'cancel') return { kind: 'cancel', session, connection, actor, decision: decided, cancels: operation.connection }
    return { kind: 'statement.intent', session, connection, actor, target, statement: facts.statement(operation), decision: decided }
  }

  function refusal(operation: Operation, decision: Decision): EntryFacts {
    if (operation.kind === 'cancel') return intent(operation, decision)
    return {
      kind: 'decision',
      session: visit.session,
      connection: visit.connection,
      actor: visit.actor,
      target: visit.target,
      statement: facts.statement(operation),
      decision: factsOf(decision)
    }
  }

  function factsOf(decision: Decision, review?: string): DecisionFacts {
    if (decision.action === 'allow') return facts.allowed(decision.rule, visit.policyVersion)
    return {
      action: decision.action,
      rule: decision.rule,
      policy: visit.policyVersion,
      ...(decision.action === 'deny' ? { reason: reasonOf(decision) } : {}),
      ...(review === undefined || decision.action !== 'hold' ? {} : { review })
    }
  }
}

function restsOnEstimate(decisions: readonly Decision[]): boolean {
  return decisions.some((decision) => decision.action === 'hold' && decision.terms.rowsAbove !== undefined)
    && !decisions.some(({ action }) => action === 'deny')
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
