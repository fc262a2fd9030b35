// Tells the person of a session what was found in columns that nobody has marked: once for each column and kind.
import { kindNames, type DetectorKind } from '../masking/detect/hits.ts'
import type { Outcome } from '../../shared/model.ts'

/** A result may name its columns as it likes. */
const maxRemembered = 1_000

export class Sightings {
  readonly #told = new Set<string>()

  /** What there is to tell of one statement's outcome. */
  news({ detected = [] }: Outcome): string[] {
    return detected.flatMap(({ column, kind, hits }) => {
      const key = `${kind} ${column}`
      if (this.#told.has(key) || this.#told.size >= maxRemembered) return []
      this.#told.add(key)
      return [`${column} looks like it holds ${kindNames[kind as DetectorKind] ?? kind}: ${hits} ${hits === 1 ? 'hit' : 'hits'}`]
    })
  }
}
