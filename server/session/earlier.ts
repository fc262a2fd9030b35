// The last statements of a session, redacted, for whoever has to decide about the next one. Bounded; the audit log has them all.
import type { ReviewDetail } from '../../shared/api.ts'
import type { Operation, Outcome } from '../../shared/model.ts'
import { beginning } from '../../shared/text.ts'

const maxStatements = 20
const maxCharacters = 500

interface Statement {
  readonly entry: number
  /** Milliseconds since 1970. */
  readonly at: number
  readonly statement: string
  outcome?: Outcome
}

export class Earlier {
  #statements: Statement[] = []

  /** Oldest first. */
  get list(): ReviewDetail['earlier'] {
    return this.#statements.map(({ at, statement, outcome }) =>
      ({ time: new Date(at).toISOString(), statement, ...(outcome === undefined ? {} : { outcome: described(outcome) }) }))
  }

  /** @param at milliseconds since 1970 */
  add(operations: readonly Operation[], entries: readonly number[], at: number): void {
    operations.forEach((operation, i) => {
      if (operation.kind !== 'statement') return
      this.#statements.push({ entry: entries[i]!, at, statement: beginning(operation.redacted ?? operation.verb, maxCharacters) })
    })
    if (this.#statements.length > 2 * maxStatements) this.#statements = this.#statements.slice(-maxStatements)
  }

  settle(entry: number, outcome: Outcome): void {
    const found = this.#statements.findLast((statement) => statement.entry === entry)
    if (found !== undefined) found.outcome = outcome
  }
}

/** For people: `ok, 3 rows`. */
function described({ status, rows, errorClass }: Outcome): string {
  return [status, errorClass, rows === undefined ? undefined : `${rows} row${rows === 1 ? '' : 's'}`].filter((part) => part !== undefined).join(', ')
}
