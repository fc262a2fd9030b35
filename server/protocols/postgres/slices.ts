// Lets everything else the process does have its turn while long work goes on.
import type { Sliced } from '../../masking/slices.ts'

/** What a statement of another session may have to wait for longest. */
const sliceMilliseconds = 2

/** Of the whole process, as the event loop is: however many works go on, one of them has each of its turns. */
const waiting: (() => void)[] = []

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (waiting.push(resolve) === 1) setImmediate(giveTurn)
  })
}

function giveTurn(): void {
  waiting.shift()!()
  if (waiting.length > 0) setImmediate(giveTurn)
}

/** One piece of long work. */
export class Turns {
  #until = performance.now() + sliceMilliseconds

  /** To be called at every place where the work can stop. @returns what to wait for before going on, if anything */
  next(): Promise<void> | undefined {
    return performance.now() < this.#until ? undefined : this.wait()
  }

  async wait(): Promise<void> {
    await nextTurn()
    this.#until = performance.now() + sliceMilliseconds
  }
}

export async function driven<T>(work: Sliced<T>): Promise<T> {
  const turns = new Turns()
  // Not even its first slice comes in addition to somebody else's.
  await turns.wait()
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
    const pause = turns.next()
    if (pause !== undefined) await pause
  }
}
