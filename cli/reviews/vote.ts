// Approving and rejecting from the shell: what is voted on has been read from the gateway, and on a terminal been shown, just before.
import type { ReviewDetail } from '../../shared/api.ts'
import { GatewayError } from '../../shared/errors.ts'
import type { Context } from '../context.ts'
import { detailLines } from './detail.ts'
import { reviewId } from './find.ts'
import { endText, windowText } from './text.ts'

export interface VoteFlags {
  readonly reason?: string
  readonly breakGlass?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

export const maxReasonCharacters = 1000

/** Nobody approves before whoever asked has said why, where the rule wants that. @returns so in words, where they have not */
export function unexplained({ terms, requesterReason }: ReviewDetail): string | undefined {
  return terms.requesterReason && requesterReason === undefined ? 'whoever asked for it has not said why yet, and the rule wants that first' : undefined
}

export async function vote(context: Context, part: string, approve: boolean, flags: VoteFlags): Promise<void> {
  const { terminal, now } = context
  const gateway = await context.gateway()
  const review = await gateway.review(await reviewId(gateway, part, { pending: true }))
  refuseVain(review, approve, flags)
  const word = approve ? 'approve' : 'reject'
  const wanted = review.terms.approverReason || flags.breakGlass === true
  const asks = terminal.interactive && flags.yes !== true
  if (asks) for (const line of detailLines(review, { columns: terminal.columns - '  '.length, now: now() })) terminal.out(line.text)
  const question = flags.breakGlass === true ? 'Why do you break the glass?' : `Why do you ${word} it? The rule wants a reason:`
  const typed = `hoop reviews ${word} ${review.id}${flags.breakGlass === true ? ' --break-glass' : ''} --reason "..."`
  const reason = flags.reason ?? (wanted ? await terminal.ask(question, `give one: ${typed}`) : undefined)
  if (reason !== undefined) checkReason(reason, wanted)
  if (asks && !/^y(es)?$/i.test((await terminal.ask(`${flags.breakGlass === true ? 'Break the glass? It runs at once, and people are alerted.' : approve ? 'Approve it?' : 'Reject it?'} Type y:`)).trim())) {
    throw new GatewayError('cancelled', `not ${approve ? 'approved' : 'rejected'}; it is still pending`)
  }
  const ballot = {
    binding: review.binding,
    ...(reason === undefined ? {} : { reason: reason.trim() }),
    ...(flags.breakGlass === true ? { breakGlass: true } : {})
  }
  const after = approve ? await gateway.approveReview(review.id, ballot) : await gateway.rejectReview(review.id, ballot)
  if (flags.json === true) terminal.json(after)
  else terminal.say(afterText(after, approve))
}

/** @throws GatewayError conflict when it is decided already, forbidden when the asker may not decide it */
function refuseVain(review: ReviewDetail, approve: boolean, { breakGlass = false }: VoteFlags): void {
  const { id, state, endReason, mayDecide, mine, asked } = review
  if (state !== 'pending') {
    throw new GatewayError('conflict', `it is ${endText(state, undefined, endReason)}; nothing is left to decide`, { hint: `hoop reviews show ${id}` })
  }
  if (mine && mayDecide && !breakGlass) {
    // Who asked and may decide all the same may break the glass, and nothing else.
    throw new GatewayError('forbidden', 'you asked for it, so somebody else has to decide', {
      hint: approve ? `in an emergency: hoop reviews approve ${id} --break-glass --reason "..."` : `to take it back: hoop reviews withdraw ${id}`
    })
  }
  if (!mayDecide) {
    throw new GatewayError('forbidden', mine ? 'you asked for it, so somebody else has to decide' : 'you are not among those who may decide it', {
      hint: `members of ${asked.join(' or ')} may`
    })
  }
  const missing = approve && !breakGlass ? unexplained(review) : undefined
  if (missing !== undefined) {
    throw new GatewayError('conflict', missing, { hint: `they say it with: hoop reviews reason ${id} "..."` })
  }
}

/** @throws GatewayError usage */
export function checkReason(reason: string, wanted = true): void {
  if (wanted && reason.trim() === '') throw new GatewayError('usage', 'a reason is wanted, and this one is empty', { hint: '--reason "..."' })
  if (reason.length > maxReasonCharacters) throw new GatewayError('usage', `a reason has at most ${maxReasonCharacters} characters`)
}

/** Pure. */
export function afterText({ id, kind, target, terms, state, given, needed, votes }: ReviewDetail, approve: boolean): string {
  if (state === 'approved' && votes.some(({ breakGlass }) => breakGlass)) return `${id} is released: it may run now, once`
  if (state === 'pending') return `noted: ${given} of ${needed} approvals; ${id} still waits for the others`
  if (state === 'approved' && kind === 'access') return `${id} is approved: ${target} may be opened for ${windowText(terms.windowSeconds ?? 0)}`
  return `${id} is ${state}${approve && state === 'approved' ? ': it may run now, once' : ''}`
}
