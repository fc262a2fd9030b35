// Opening a target that wants a review first: waits for the decision, then goes on.
import { GatewayError } from '../../shared/errors.ts'
import type { Context } from '../context.ts'
import { awaitEnd } from './follow.ts'
import { ReviewPending } from './pending.ts'
import { clockText } from './text.ts'

export interface AccessOptions {
  readonly wait: boolean
  readonly reason?: string
  readonly timeoutSeconds?: number
}

/**
 * `open` again, once people have said yes. The review outlives us: whoever comes back later finds its answer.
 * @throws ReviewPending where nobody waits, or not that long; GatewayError review_rejected | review_expired | cancelled
 */
export async function withAccess<T>(context: Context, options: AccessOptions, open: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await open()
    } catch (error) {
      if (!(error instanceof ReviewPending) || !options.wait) throw error
      await decided(context, error, options)
    }
  }
}

async function decided(context: Context, pending: ReviewPending, { reason, timeoutSeconds }: AccessOptions): Promise<void> {
  const { terminal, now } = context
  const { id, target, rule, asked, expiresAt, requesterReason } = pending.review
  if (reason !== undefined && requesterReason !== reason) await (await context.gateway()).giveReason(id, reason)
  terminal.say(`opening ${target} waits for a review: ${id}, rule "${rule}", asked: ${asked.join(', ')}\nto decide: hoop reviews approve ${id}`)
  const end = Math.min(Date.parse(expiresAt), timeoutSeconds === undefined ? Infinity : now() + timeoutSeconds * 1000)
  const timeout = timeoutSeconds === undefined ? undefined : AbortSignal.timeout(timeoutSeconds * 1000)
  const progress = terminal.progress(() => `waiting for ${asked.join(', ')}, ${clockText(end - now())} left (Ctrl-C: it stays asked for)`)
  try {
    const review = await awaitEnd(() => context.gateway(), id, {
      signal: timeout === undefined ? context.signal : AbortSignal.any([context.signal, timeout]),
      tell: (event) => { if (event.type === 'lost') terminal.say(`warning: ${event.error.message}; trying again`) }
    })
    progress.done()
    if (review.state === 'approved') return terminal.say('approved')
    const said = review.endReason === undefined ? '' : `: ${review.endReason}`
    const code = review.state === 'rejected' ? 'review_rejected' : review.state === 'expired' ? 'review_expired' : 'cancelled'
    throw new GatewayError(code, `opening ${target} was ${review.state === 'expired' ? 'not approved' : review.state}${said}`, { hint: `hoop reviews show ${id}` })
  } catch (error) {
    // It goes on waiting without us, so that is what the exit code says.
    if (timeout?.aborted === true && !context.signal.aborted) throw pending
    throw error
  } finally {
    progress.done()
  }
}
