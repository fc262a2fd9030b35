// What a screen shows of things that change fast: told at most four times a second, however fast they come.
export interface Told<Shown> {
  /** The same object until something changes. */
  current(): Shown
  /** @returns ends it */
  subscribe(listener: () => void): () => void
}

export interface Telling<Shown> extends Told<Shown> {
  /** Something did; it is told when its turn comes. */
  changed(): void
  /** Now, what waits for its turn. */
  flush(): void
}

const tellMilliseconds = 250

/** @param next called each time it is told: what is shown from then on */
export function createTelling<Shown>(first: Shown, next: () => Shown): Telling<Shown> {
  const listeners = new Set<() => void>()
  let shown = first
  let timer: NodeJS.Timeout | undefined

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    shown = next()
    for (const listener of listeners) listener()
  }

  return {
    current: () => shown,
    subscribe(listener) {
      listeners.add(listener)
      return () => { listeners.delete(listener) }
    },
    changed() { timer ??= setTimeout(flush, tellMilliseconds).unref() },
    flush
  }
}
