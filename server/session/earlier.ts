// The last statements of a session, redacted, for whoever has to decide about the next one. Bounded; the audit log has them all.
import type { ReviewDetail } from '../../shared/api.ts'
import type { Operation, Outcome } from '../../shared/model.ts'

const maxStatements = 20
const maxCharacters = 500

interface Statement {
  readonly entry: number
  readonly time: string
  readonly statement: string
  outcome?: string
}

export class Earlier {
  #statements: Statement[] = []

  /** Oldest first. */
  get list(): ReviewDetail['earlier'] {
    return this.#statements.map(({ time, statement, outcome }) => ({ time, statement, ...(outcome === undefined ? {} : { outcome }) }))
  }

  /** @param at milliseconds since 1970 */
  add(operations: readonly Operation[], entries: readonly number[], at: number): void {
    const time = new Date(at).toISOString()
    operations.forEach((operation, i) => {
      if (operation.kind !== 'statement') return
      this.#statements.push({ entry: entries[i]!, time, statement: (operation.redacted ?? operation.verb).slice(0, maxCharacters) })
    })
    if (this.#statements.length > 2 * maxStatements) this.#statements = this.#statements.slice(-maxStatements)
  }

  settle(entry: number, { status, rows, errorClass }: Outcome): void {
    const found = this.#statements.find((statement) => statement.entry === entry)
    if (found === undefined) return
    found.outcome = [status, errorClass, rows === undefined ? undefined : `${rows} row${rows === 1 ? '' : 's'}`].filter((part) => part !== undefined).join(', ')
  }
}
