// How much long work does between two places where it can stop, counted and not timed. For tests.
import type { Sliced } from '../../server/masking/slices.ts'

/** What the work looks at is handed to it through these, so that each look counts. */
export class Looks {
  #count = 0

  /** A list each of whose items counts. */
  list<T>(items: readonly T[]): readonly T[] {
    return new Proxy(items, {
      get: (target, key): unknown => {
        if (typeof key === 'string' && /^\d+$/.test(key)) this.#count++
        return Reflect.get(target, key, target) as unknown
      }
    })
  }

  /** A map each of whose entries counts when all are gone through. */
  map<K, V>(entries: ReadonlyMap<K, V>): ReadonlyMap<K, V> {
    const counted = () => { this.#count++ }
    return new class extends Map<K, V> {
      override* [Symbol.iterator](): MapIterator<[K, V]> {
        for (const entry of super.entries()) {
          counted()
          yield entry
        }
      }
    }(entries)
  }

  /** An object of which reading one of these fields counts. */
  object<T extends object>(one: T, fields: readonly (keyof T)[]): T {
    const copy = { ...one }
    for (const field of fields) {
      const value = one[field]
      Object.defineProperty(copy, field, {
        enumerable: true,
        get: () => {
          this.#count++
          return value
        }
      })
    }
    return copy
  }

  /** Does all of the work. @returns the most looks between two stops, and its result */
  longest<T>(work: Sliced<T>): { readonly looks: number, readonly result: T } {
    let looks = 0
    for (;;) {
      this.#count = 0
      const step = work.next()
      looks = Math.max(looks, this.#count)
      if (step.done === true) return { looks, result: step.value }
    }
  }
}
