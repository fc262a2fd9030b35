// What was asked, each with how it ended: joins the entries of a log that belong together, in the log's order and in bounded memory. Pure.
import type { AuditEntry, OutcomeFacts } from '../../shared/audit/entry.ts'

/** An entry that somebody looks for, and the outcome that a later entry tells. */
export interface Told<E extends AuditEntry = AuditEntry> {
  readonly entry: E
  outcome?: OutcomeFacts
}

/** A statement that runs for hours keeps what stands behind it waiting no longer than this many others. */
const maxWaiting = 20_000

/** Gives back what was put in, in that order, once its outcome is known or nothing more can be waited for. */
export class Stories {
  readonly #waiting: Told[] = []
  readonly #byIntent = new Map<number, Told>()

  /** @returns what is complete by now */
  take(entry: AuditEntry, wanted: boolean): Told[] {
    if (entry.kind === 'outcome') {
      const told = this.#byIntent.get(entry.intent)
      if (told !== undefined) {
        told.outcome = entry.outcome
        this.#byIntent.delete(entry.intent)
      }
    }
    if (wanted) {
      const told: Told = { entry }
      this.#waiting.push(told)
      if (entry.kind === 'statement.intent') this.#byIntent.set(entry.index, told)
    }
    return this.#complete(this.#waiting.length > maxWaiting)
  }

  /** Whether something put in has not been given back. */
  get waiting(): boolean { return this.#waiting.length > 0 }

  rest(): Told[] {
    this.#byIntent.clear()
    return this.#waiting.splice(0)
  }

  #complete(crowded: boolean): Told[] {
    if (crowded) this.#byIntent.delete(this.#waiting[0]!.entry.index)
    const open = this.#waiting.findIndex(({ entry }) => this.#byIntent.has(entry.index))
    return this.#waiting.splice(0, open < 0 ? this.#waiting.length : open)
  }
}
