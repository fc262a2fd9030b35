// Tells people that something waits for them: webhooks and the operator's command, from a bounded queue that no hold ever waits for.
// Each result is in the audit log.
import type { EntryFacts } from '../../shared/audit/entry.ts'
import { run } from './command.ts'
import { bodyOf, noticeOf, type NoticeEvent, type NoticeFormat, type Notice } from './payload.ts'
import type { Review } from './review.ts'
import { post, type Delivery } from './webhook.ts'

export interface Webhook {
  /** As the audit log and the operator's log name it. */
  readonly name: string
  /** Read for each message, so that a changed secret counts at once. Often a secret itself. */
  readonly url: () => Promise<string>
  readonly secret?: () => Promise<string>
  readonly format: NoticeFormat
}

export interface NotifierParts {
  readonly webhooks: readonly Webhook[]
  /** Program and arguments. */
  readonly command?: readonly string[]
  /** The gateway's URL. */
  readonly gateway: string
  readonly note: (facts: EntryFacts) => void
  readonly log: { warn(facts: object, message: string): void }
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** 0 up to 1. */
  readonly random: () => number
  readonly limits?: Partial<NotifierLimits>
}

export interface NotifierLimits {
  readonly queued: number
  readonly atOnce: number
  readonly timeoutMilliseconds: number
  readonly commandMilliseconds: number
  /** Before the second and the third try; each up to half more or less. */
  readonly retryMilliseconds: readonly number[]
}

export const notifierLimits: NotifierLimits = {
  queued: 1_000,
  atOnce: 8,
  timeoutMilliseconds: 5_000,
  commandMilliseconds: 10_000,
  retryMilliseconds: [1_000, 5_000]
}

export interface Notifier {
  /** Returns at once, and never throws. */
  notify(review: Review, event: NoticeEvent): void
  /** Breaks off what is on its way and drops what is queued. */
  close(): void
}

interface Job {
  readonly sink: string
  readonly notice: Notice
  readonly deliver: (notice: Notice) => Promise<Delivery>
}

export function createNotifier({ webhooks, command, gateway, note, log, now, random, ...rest }: NotifierParts): Notifier {
  const limits = { ...notifierLimits, ...rest.limits }
  const controller = new AbortController()
  const { signal } = controller
  const queue: Job[] = []
  let running = 0

  const sinks: Omit<Job, 'notice'>[] = [
    ...webhooks.map((webhook) => ({ sink: `webhook ${webhook.name}`, deliver: (notice: Notice) => send(webhook, notice) })),
    ...(command === undefined ? [] : [{ sink: 'command', deliver: (notice: Notice) => execute(command, notice) }])
  ]

  return {
    notify(review, event) {
      if (signal.aborted || sinks.length === 0) return
      const notice = noticeOf(review, event, gateway)
      for (const sink of sinks) {
        if (queue.length >= limits.queued) told({ ...sink, notice }, { result: 'failed', reason: 'too many notifications are waiting' })
        else queue.push({ ...sink, notice })
      }
      work()
    },

    close() {
      queue.length = 0
      controller.abort()
    }
  }

  function work(): void {
    while (running < limits.atOnce && queue.length > 0) {
      const job = queue.shift()!
      running++
      void attempt(job).then((delivery) => { if (!signal.aborted) told(job, delivery) }).finally(() => {
        running--
        work()
      })
    }
  }

  /** As often as it is worth. Never rejects. */
  async function attempt(job: Job): Promise<Delivery> {
    for (const [i, milliseconds] of [...limits.retryMilliseconds, undefined].entries()) {
      // A secret that cannot be read may be readable again soon; its error names the reference, not the value.
      const delivery = await job.deliver(job.notice).catch((error: unknown): Delivery => ({ result: 'again', reason: (error as Error).message }))
      if (delivery.result !== 'again' || milliseconds === undefined || signal.aborted) return delivery
      log.warn({ sink: job.sink, review: job.notice.review.id, reason: delivery.reason, tries: i + 1 }, 'a notification failed; trying again')
      await pause(milliseconds * (0.5 + random()))
    }
    throw new Error('unreachable')
  }

  async function send({ url, secret, format }: Webhook, notice: Notice): Promise<Delivery> {
    const [to, key] = await Promise.all([url(), secret?.()])
    return post({
      url: to,
      // The same for each try: a receiver that has seen it may ignore the second.
      id: `${notice.review.id}-${notice.event}`,
      body: bodyOf(notice, format),
      ...(key === undefined ? {} : { secret: key }),
      timestamp: Math.floor(now() / 1000),
      timeoutMilliseconds: limits.timeoutMilliseconds,
      signal
    })
  }

  function execute(argv: readonly string[], notice: Notice): Promise<Delivery> {
    return run({ command: argv, stdin: bodyOf(notice, 'full'), timeoutMilliseconds: limits.commandMilliseconds, signal })
  }

  function told({ sink, notice }: Job, delivery: Delivery): void {
    const review = notice.review.id
    note({ kind: 'review.asked', review, sink, delivered: delivery.result === 'delivered' })
    if (delivery.result !== 'delivered') log.warn({ sink, review, reason: delivery.reason }, 'nobody was told about a review this way')
  }

  function pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, milliseconds)
      signal.addEventListener('abort', done, { once: true })
    })
  }
}
