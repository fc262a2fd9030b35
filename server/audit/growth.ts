// Those who wait for the log to grow: woken all together, and then looking for themselves.

export class Growth {
  #waiting: (() => void)[] = []

  /** Resolves at the next `tell`, or once the signal aborts. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake)
        resolve()
      }
      signal.addEventListener('abort', wake)
      this.#waiting.push(wake)
    })
  }

  tell(): void {
    if (this.#waiting.length === 0) return
    for (const wake of this.#waiting.splice(0)) wake()
  }
}
