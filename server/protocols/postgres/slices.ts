// Lets everything else the process does have its turn while long work goes on.
import type { Sliced } from '../../masking/slices.ts'

/** What a statement of another session may have to wait for longest. */
const sliceMilliseconds = 2

/** One piece of long work. */
export class Turns {
  #until = performance.now() + sliceMilliseconds

  /** To be called at every place where the work can stop. @returns what to wait for before going on, if anything */
  next(): Promise<void> | undefined {
    if (performance.now() < this.#until) return undefined
    return new Promise((resolve) => {
      setImmediate(() => {
        this.#until = performance.now() + sliceMilliseconds
        resolve()
      })
    })
  }
}

export async function driven<T>(work: Sliced<T>): Promise<T> {
  const turns = new Turns()
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
    const pause = turns.next()
    if (pause !== undefined) await pause
  }
}
