// What becomes of a statement of ours that is held: waited for, or taken back. The gate has the last word: its answer ends the statement.
import type { ReviewDetail } from '../../shared/api.ts'
import { GatewayError } from '../../shared/errors.ts'
import type { SessionEvent } from '../../shared/events.ts'
import { clockText } from '../reviews/text.ts'
import type { Gateway } from '../gateway.ts'
import type { Terminal } from '../terminal.ts'

export type Held = Extract<SessionEvent, { type: 'held' }>

export interface HeldOptions {
  readonly gateway: Pick<Gateway, 'withdrawReview' | 'giveReason' | 'review'>
  readonly terminal: Terminal
  readonly wait: boolean
  /** At most so long for people; the rule's own limit holds anyway. */
  readonly timeoutSeconds?: number
  readonly reason?: string
  readonly now: () => number
}

export interface Holding {
  /** To be called with each event of the session. */
  tell(event: SessionEvent): void
  /** The review that is waited for just now. */
  readonly waitsFor: string | undefined
  /** Whether a notice of the server's only repeats what is told here anyway. */
  repeats(notice: string): boolean
  /** What a failed statement failed of, where a hold was the cause; the error itself otherwise. */
  explain(error: unknown): Promise<unknown>
  /** Stops clocks. */
  close(): void
}

/** A held statement is told by its event; only where none comes, by the server's notice. */
const noticeMilliseconds = 1_000

/** The review we took back because nobody was to wait. */
export class NotWaited extends GatewayError {
  constructor(readonly held: Held) {
    super('review_pending', `it needs a review (rule "${held.rule}", asked: ${held.asked.join(', ')}); ${held.review} was opened and taken back`, {
      hint: 'to wait for the decision: --wait'
    })
  }
}

export function createHolding({ gateway, terminal, wait, timeoutSeconds, reason, now }: HeldOptions): Holding {
  let held: Held | undefined
  let waitsFor: string | undefined
  let why: GatewayError | undefined
  let takingBack: Promise<void> | undefined
  let progress: { done(): void } | undefined
  let timer: NodeJS.Timeout | undefined
  const stopClock = () => {
    progress?.done()
    clearTimeout(timer)
    progress = timer = undefined
  }

  /** Somebody may decide at this very moment: then the decision stands, and the statement's own answer tells it. */
  function takeBack(review: string, because: GatewayError): void {
    takingBack = gateway.withdrawReview(review).then(() => { why = because }, () => undefined)
  }

  async function began(event: Held): Promise<void> {
    const { review, rule, asked, expiresAt, reasonWanted } = event
    if (!wait) return takeBack(review, new NotWaited(event))
    const given = reason ?? (reasonWanted && terminal.interactive ? await terminal.ask('Why do you want it? The rule wants a reason:') : undefined)
    if (given !== undefined && given.trim() !== '') await gateway.giveReason(review, given.trim())
    else if (reasonWanted) {
      return takeBack(review, new GatewayError('usage', `rule "${rule}" wants a reason; ${review} was opened and taken back`, { hint: '--reason "..."' }))
    }
    waitsFor = review
    terminal.say(`held: review ${review}, rule "${rule}", asked: ${asked.join(', ')}\nto decide: hoop reviews approve ${review}`)
    const end = Math.min(Date.parse(expiresAt), timeoutSeconds === undefined ? Infinity : now() + timeoutSeconds * 1000)
    if (timeoutSeconds !== undefined) {
      timer = setTimeout(() => takeBack(review, new GatewayError('cancelled', `nobody decided within ${timeoutSeconds} s; ${review} is withdrawn`)), timeoutSeconds * 1000)
    }
    progress = terminal.progress(() => `waiting for ${asked.join(', ')}, ${clockText(end - now())} left (Ctrl-C withdraws it)`)
  }

  return {
    get waitsFor() { return waitsFor },
    tell(event) {
      if (event.type === 'held') {
        held = event
        began(event).catch((error: unknown) => takeBack(event.review, error as GatewayError))
      } else if (event.type === 'decided') {
        stopClock()
        waitsFor = undefined
        if (event.state === 'approved') terminal.say(`approved${event.by === undefined ? '' : ` by ${event.by}`}${event.reason === undefined ? '' : `: ${event.reason}`}`)
        else why ??= refusal(event.review, event.state, event.by, event.reason)
      }
    },
    repeats(notice) {
      const [, review] = /^waiting for a review by .*: ([a-z0-9]{26})$/.exec(notice) ?? []
      // The notice comes by the connection and may be first; the event that says more comes by another.
      if (review !== undefined) setTimeout(() => { if (held?.review !== review) terminal.say(notice) }, noticeMilliseconds).unref()
      return review !== undefined
    },
    async explain(error) {
      stopClock()
      if (held === undefined) return error
      // The statement's end may be here before the answer to whoever took it back.
      await takingBack
      // Its answer and the events travel by two ways; the review itself knows.
      why ??= await gateway.review(held.review).then(refusalFrom, () => undefined)
      return why ?? error
    },
    close: stopClock
  }
}

function refusalFrom({ id, state, endReason }: ReviewDetail): GatewayError | undefined {
  return state === 'pending' || state === 'approved' ? undefined : refusal(id, state, undefined, endReason)
}

const codes = { rejected: 'review_rejected', expired: 'review_expired', withdrawn: 'cancelled', void: 'session_ended' } as const

/** Pure. */
function refusal(review: string, state: keyof typeof codes, by: string | undefined, reason: string | undefined): GatewayError {
  const said = reason === undefined || reason === '' ? '' : `: ${reason}`
  const told = { rejected: `rejected${by === undefined ? '' : ` by ${by}`}`, expired: 'nobody decided in time', withdrawn: 'withdrawn', void: 'void' }[state]
  return new GatewayError(codes[state], `${told}${said}`, { hint: `it did not run; hoop reviews show ${review}` })
}
