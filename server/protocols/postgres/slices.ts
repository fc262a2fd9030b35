// Drives work in slices beside everything else the process does.
import type { Sliced } from '../../masking/slices.ts'

/** What a statement of another session may have to wait for longest. */
const sliceMilliseconds = 2

/** Every other thing that is due has its turn between two slices. */
export async function driven<T>(work: Sliced<T>): Promise<T> {
  let until = performance.now() + sliceMilliseconds
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
    if (performance.now() < until) continue
    await new Promise<void>((resolve) => { setImmediate(resolve) })
    until = performance.now() + sliceMilliseconds
  }
}
