// From a hold to its release: binds what waits, waits for people, and checks that everything is still as it was when they looked.
// Every way out but one refuses.
import { createHash } from 'node:crypto'
import { canonical } from '../../shared/audit/canonical.ts'
import type { StatementFacts } from '../../shared/audit/entry.ts'
import type { Attachment } from '../../shared/audit/frame.ts'
import type { HeldStatement, ReviewDetail } from '../../shared/api.ts'
import type { GatewayError } from '../../shared/errors.ts'
import { ReviewRefused } from '../../shared/errors.ts'
import type { SessionEvent } from '../../shared/events.ts'
import type { Decision, HeldContext, Operation, ReviewTerms, StatementOperation } from '../../shared/model.ts'
import { beginning } from '../../shared/text.ts'
import { addedUp } from '../policy/terms.ts'
import type { Gone, Waiting } from '../protocols/protocol.ts'
import type { OpenReview, ReviewRequest, Reviews, ReviewVerdict } from '../review/reviews.ts'

export type HoldDecision = Extract<Decision, { action: 'hold' }>

/** What waiting needs to know of the connection that asks, besides what the gate does. */
export interface HoldVisit extends Pick<ReviewRequest, 'requester' | 'target' | 'session' | 'connection'> {
  readonly signal: AbortSignal
  readonly policyVersion: string
  /** What is protected from the one who asks, now; another object where that has changed. */
  protection(): object | undefined
  /** What ran before in the session. */
  readonly earlier: ReviewDetail['earlier']
  /** Does the command line at the other end still answer? */
  alive(): Promise<boolean>
  /** @throws GatewayError unauthenticated where the right was lost meanwhile */
  recheck(): void
  tell(event: SessionEvent): void
  /** What waits, exactly, where that is recorded. */
  readonly record?: (review: string, rule: string, asked: readonly string[], text: string) => void
}

export interface HeldBatch {
  readonly operations: readonly Operation[]
  readonly facts: readonly StatementFacts[]
  /** Seals the exact statements, for the log; absent where nothing is sealed. Asked once, and not kept while people decide. */
  readonly seal?: () => Promise<Attachment>
  readonly decisions: readonly HoldDecision[]
  readonly waiting: Waiting
  /** Where it was asked for before the decision. */
  readonly context?: HeldContext
  /** Would the policy in force now still hold it, or allow it? */
  readonly stillHeld: () => boolean
}

/**
 * Resolves with the review once it was approved and everything is as it was; it is not used yet.
 * @throws ReviewRefused, or the reason the session ended with
 */
export async function waitForReview(reviews: Reviews, visit: HoldVisit, batch: HeldBatch): Promise<OpenReview> {
  const { waiting, operations } = batch
  const policy = visit.policyVersion
  const protection = visit.protection()
  const epoch = await waiting.epoch()
  const context = deferred<HeldContext>()
  const rule = [...new Set(batch.decisions.map((decision) => decision.rule))].join(' + ')
  const terms = addedUp(batch.decisions.map((decision) => decision.terms))
  const review = await reviews.hold({
    requester: visit.requester,
    target: visit.target,
    session: visit.session,
    connection: visit.connection,
    rule,
    terms,
    policy,
    binding: bindingOf(visit, operations, epoch, policy),
    statements: operations.flatMap((operation) => operation.kind === 'statement' ? [heldStatement(operation)] : []),
    facts: batch.facts,
    ...(batch.seal === undefined ? {} : { sealed: await batch.seal() }),
    earlier: visit.earlier,
    context: context.promise
  })
  // Only now: it is written down, so the database may be asked about it.
  if (batch.context !== undefined) context.resolve(batch.context)
  else waiting.context().then(context.resolve, context.reject)
  tellHeld(visit, batch, review, rule, terms)

  const verdict = await settled(review, visit, waiting)
  visit.tell({ type: 'decided', connection: visit.connection, review: review.id, state: verdict.state, ...said(verdict) })
  if (verdict.state !== 'approved') throw refusalOf(review, verdict)
  const changed = await whatChanged({ visit, batch, epoch, policy, protection }).catch((error: unknown) => {
    review.void('what waited for it is over')
    throw error
  })
  if (changed !== undefined) {
    review.void(changed)
    throw new ReviewRefused('cancelled', review.id, `it was approved, but ${changed}, so it was not run`, { hint: 'run it again to ask again' })
  }
  return review
}

/** The review's end, or the end of waiting for it. */
async function settled(review: OpenReview, visit: HoldVisit, waiting: Waiting): Promise<ReviewVerdict> {
  const gone = whenAborted(waiting.gone)
  const over = whenAborted(visit.signal)
  try {
    const first = await Promise.race([review.outcome, gone.promise.then(() => 'gone' as const), over.promise.then(() => 'over' as const)])
    if (first === 'over') {
      review.withdraw('the session ended')
      throw visit.signal.reason as GatewayError
    }
    if (first === 'gone') review.withdraw('the client cancelled, or went away')
    return first === 'gone' ? { state: 'withdrawn', reason: 'cancelled' } : first
  } finally {
    gone.forget()
    over.forget()
  }
}

/** @returns what is not as it was when it was approved, in words; undefined where all is */
async function whatChanged(
  { visit, batch: { waiting, stillHeld }, epoch, policy, protection }:
    { visit: HoldVisit, batch: HeldBatch, epoch: string, policy: string, protection: object | undefined }
): Promise<string | undefined> {
  if (!await visit.alive()) return 'its client does not answer any more'
  if (await waiting.epoch() !== epoch) return 'its transaction is another one now'
  if (visit.signal.aborted) throw visit.signal.reason as GatewayError
  visit.recheck()
  if (waiting.gone.aborted) return 'its client went away'
  if (visit.policyVersion !== policy || !stillHeld()) return 'the policy has changed'
  // It was judged with values in clear, by which nothing depends on them.
  if (visit.protection() !== protection) return 'an exemption from masking has ended'
  return undefined
}

function refusalOf(review: OpenReview, { state, by, reason }: ReviewVerdict): ReviewRefused {
  const who = by === undefined ? '' : ` by ${by.email ?? by.subject}`
  const why = reason === undefined ? '' : `: ${reason}`
  if (state === 'rejected') return new ReviewRefused('review_rejected', review.id, `rejected${who}${why}`, { hint: `hoop reviews show ${review.id}` })
  if (state === 'expired') {
    return new ReviewRefused('review_expired', review.id, by === undefined ? 'nobody decided in time, so it was not run' : `expired${who}${why}`)
  }
  return new ReviewRefused('cancelled', review.id, `cancelled while it waited for a review${why === ': cancelled' ? '' : why}`)
}

function tellHeld(visit: HoldVisit, { operations, waiting }: HeldBatch, review: OpenReview, rule: string, terms: ReviewTerms): void {
  const { id, asked, expiresAt } = review
  const reasonWanted = terms.requesterReason
  waiting.held({ review: id, rule, asked, expiresAt, timeoutSeconds: terms.timeoutSeconds, reasonWanted })
  visit.record?.(id, rule, asked, operations.flatMap((operation) => operation.kind === 'statement' ? [operation.text] : []).join(';\n'))
  const first = operations.find((operation) => operation.kind === 'statement')
  visit.tell({
    type: 'held',
    connection: visit.connection,
    review: id,
    rule,
    asked,
    expiresAt: new Date(expiresAt).toISOString(),
    statement: beginning(first?.redacted ?? first?.verb ?? '', 200),
    reasonWanted
  })
}

function said({ by, reason }: ReviewVerdict) {
  return { ...(by === undefined ? {} : { by: by.email ?? by.subject }), ...(reason === undefined ? {} : { reason }) }
}

/** SHA-256 over all that an approval is bound to: change any of it, and it is another review. */
export function bindingOf(
  visit: Pick<HoldVisit, 'requester' | 'target' | 'session' | 'connection'>,
  operations: readonly Operation[],
  epoch: string,
  policy: string
): string {
  const { issuer, subject } = visit.requester.principal
  const bound = {
    statements: operations.map((operation) => operation.kind !== 'statement'
      ? { cancels: operation.connection }
      : {
          text: operation.sha256,
          step: operation.step,
          parameters: operation.parameters.map((value) => value === null ? null : createHash('sha256').update(value).digest('hex')),
          formats: [...operation.parameterFormats ?? []]
        }),
    target: { ...visit.target },
    requester: { issuer, subject },
    session: visit.session,
    connection: visit.connection,
    epoch,
    policy
  }
  return createHash('sha256').update(canonical(bound)).digest('hex')
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** As people are shown them. */
export function parametersOf({ parameters, parameterFormats = [] }: StatementOperation): (string | null)[] {
  const formatOf = (index: number) => parameterFormats.length === 1 ? parameterFormats[0] : parameterFormats[index]
  return parameters.map((value, index) => value === null ? null : shown(value, formatOf(index) === 1))
}

function heldStatement(operation: StatementOperation): HeldStatement {
  const { text, sha256, verb, effects, relations, flags } = operation
  return {
    text,
    parameters: parametersOf(operation),
    sha256,
    length: Buffer.byteLength(text),
    verb,
    effects,
    relations,
    flags
  }
}

function shown(value: Uint8Array, binary: boolean): string {
  if (!binary) {
    try {
      return utf8.decode(value)
    } catch { /* Then its bytes are what there is to show. */ }
  }
  return `\\x${Buffer.from(value).toString('hex')}`
}

function whenAborted(signal: Gone): { readonly promise: Promise<void>, readonly forget: () => void } {
  let forget = () => {}
  const promise = new Promise<void>((resolve) => {
    if (signal.aborted) { resolve(); return }
    const listener = () => resolve()
    signal.addEventListener('abort', listener, { once: true })
    forget = () => signal.removeEventListener('abort', listener)
  })
  return { promise, forget }
}

interface Deferred<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
}

function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<T>((yes, no) => { resolve = yes; reject = no })
  // Whoever shows it looks at it; that nobody does is no failure.
  promise.catch(() => undefined)
  return { promise, resolve, reject }
}
