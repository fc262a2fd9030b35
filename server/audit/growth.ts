// Those who wait for the log to grow: asked at each growth whether it is what they wait for, and woken only then.

interface Waiter {
  readonly ready: () => boolean
  readonly wake: () => void
}

export class Growth {
  readonly #waiting = new Set<Waiter>()

  /** Resolves once `ready` says so, now or after a `tell`, or the signal aborts. */
  until(ready: () => boolean, signal: AbortSignal): Promise<void> {
    if (signal.aborted || ready()) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake)
        this.#waiting.delete(waiter)
        resolve()
      }
      const waiter = { ready, wake }
      this.#waiting.add(waiter)
      signal.addEventListener('abort', wake)
    })
  }

  tell(): void {
    for (const { ready, wake } of this.#waiting) if (ready()) wake()
  }
}
