// Long work in slices: a generator that yields where it may be interrupted, and answers with its result. Pure: whoever drives it decides
// how long a slice is.

/** Yields every few dozen microseconds of work. */
export type Sliced<T> = Generator<undefined, T, undefined>

/** All of it at once. */
export function whole<T>(work: Sliced<T>): T {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}

/** The items, with a place to stop after every so many. */
export function* inSlices<T>(items: Iterable<T>, each: (item: T) => void, of = 64): Sliced<void> {
  let left = of
  for (const item of items) {
    each(item)
    if (--left > 0) continue
    left = of
    yield
  }
}
