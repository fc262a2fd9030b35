// What has not been sent to the server yet: how its client is told that it waits for people, and how it cancels.
import type { Gone, Held } from '../protocol.ts'
import { answer } from './wire/backend.ts'

/** Whether a batch of a connection is judged, or waits, so that a cancel request can end that: it is not sent then. */
export class Holding {
  /** Whether the server runs something of this connection's, sent before. */
  serverRuns = () => false
  #waiting: Wait | undefined

  /** @returns the signal of this wait */
  begin(): Gone {
    return this.#waiting = new Wait()
  }

  end(): void {
    this.#waiting = undefined
  }

  /** @returns whether the server has to be asked, too: where it runs something, or nothing waits here */
  cancel(): 'done' | 'server' {
    this.#waiting?.abort()
    return this.#waiting === undefined || this.serverRuns() ? 'server' : 'done'
  }
}

class Wait implements Gone {
  aborted = false
  /** One does: a batch is waited for in one place. */
  #listener: (() => void) | undefined

  addEventListener(_: 'abort', listener: () => void): void {
    this.#listener = listener
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    if (this.#listener === listener) this.#listener = undefined
  }

  abort(): void {
    if (this.aborted) return
    this.aborted = true
    this.#listener?.()
  }
}

/** What psql prints while it waits. */
export function heldNotice({ review, rule, asked, timeoutSeconds, reasonWanted }: Held): Buffer {
  const minutes = Math.ceil(timeoutSeconds / 60)
  return answer.notice({
    severity: 'NOTICE',
    code: '00000',
    message: `waiting for a review by ${asked.join(', ')}: ${review}`,
    detail: `Held by rule "${rule}" for at most ${minutes} min; it runs as it is once it is approved, and never if you cancel or go away.`,
    hint: reasonWanted ? `say why: hoop reviews reason ${review} "..."` : `hoop reviews show ${review}`
  })
}
