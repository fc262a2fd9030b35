// What the connections of a session do, for the person whose it is: told a few times a second at most, and only while somebody listens.
// Rows are counted by the protocol and looked at here; nothing on their way waits for it.
import type { ConnectionActivity, ConnectionTotals, StatementActivity } from '../../shared/events.ts'
import type { Operation, Outcome } from '../../shared/model.ts'
import { beginning } from '../../shared/text.ts'
import type { ShownCounts } from '../protocols/protocol.ts'

const tellMilliseconds = 250
/** Told of at once; the others have their turn next. */
const maxToldConnections = 100
const maxTextCharacters = 200
const maxNameCharacters = 100
/** Masked columns counted apart from one another. */
const maxColumns = 1_000

export interface ActivityParts {
  readonly tell: (connections: readonly ConnectionActivity[]) => void
  /** Without anybody who listens nothing is looked at. */
  readonly heard: () => boolean
  /** Monotonic milliseconds. */
  readonly elapsed: () => number
}

interface Running {
  readonly text: string
  /** When it was let through. */
  readonly at: number
}

interface Connection {
  name: string | undefined
  shown: ShownCounts
  statements: number
  readonly columns: Set<string>
  /** By the index of their intents, in the order the server has them; the first is the one that runs. */
  readonly running: Map<number, Running>
  /** Of the one before: the next one has been running since, at the earliest, and its rows begin here. */
  settledAt: number
  settledRows: number
  last: StatementActivity | undefined
  /** As last told. */
  toldRows: number
}

const nothing: ShownCounts = { rows: 0, maskedCells: 0 }

export class Activity {
  readonly #parts: ActivityParts
  readonly #connections = new Map<number, Connection>()
  /** Not told yet, the longest waiting first. */
  readonly #changed = new Set<number>()
  #timer: NodeJS.Timeout | undefined

  constructor(parts: ActivityParts) {
    this.#parts = parts
  }

  opened(connection: number): void {
    this.#connections.set(connection, {
      name: undefined,
      shown: nothing,
      statements: 0,
      columns: new Set(),
      running: new Map(),
      settledAt: 0,
      settledRows: 0,
      last: undefined,
      toldRows: 0
    })
  }

  introduced(connection: number, name: string | undefined, shown: ShownCounts): void {
    const found = this.#connections.get(connection)
    if (found === undefined) return
    found.name = name === undefined ? undefined : beginning(name, maxNameCharacters)
    found.shown = shown
    this.#change(connection)
  }

  /** @param entries the index of each one's intent */
  permitted(connection: number, operations: readonly Operation[], entries: readonly number[]): void {
    const found = this.#connections.get(connection)
    if (found === undefined) return
    const at = this.#parts.elapsed()
    operations.forEach((operation, i) => {
      if (operation.kind !== 'statement') return
      found.statements++
      for (const column of operation.exposure?.masked ?? []) if (found.columns.size < maxColumns) found.columns.add(column)
      found.running.set(entries[i]!, { text: kept(operation.redacted ?? operation.verb), at })
    })
    this.#change(connection)
  }

  settled(connection: number, entry: number, outcome: Outcome): void {
    const found = this.#connections.get(connection)
    const running = found?.running.get(entry)
    if (found === undefined || running === undefined) return
    found.running.delete(entry)
    // What fell with another before it ran is not what anybody wants to see.
    if (outcome.status !== 'cancelled' || outcome.rows !== undefined) {
      const { text, milliseconds } = this.#stateOf(found, running)
      const rows = Math.max(outcome.rows ?? 0, found.shown.rows - found.settledRows)
      found.last = { text, state: outcome.status, milliseconds, rows }
    }
    found.settledAt = this.#parts.elapsed()
    found.settledRows = found.shown.rows
    this.#change(connection)
  }

  /** @returns what it did in all */
  closed(connection: number): ConnectionTotals {
    const found = this.#connections.get(connection)
    this.#connections.delete(connection)
    this.#changed.delete(connection)
    return totalsOf(found)
  }

  /** Of all that are open, for somebody who begins to listen. */
  whole(): ConnectionActivity[] {
    this.#arm()
    return [...this.#connections.keys()].map((number) => this.#of(number))
  }

  /** Nothing is told any more. */
  stop(): void {
    clearTimeout(this.#timer)
  }

  #change(connection: number): void {
    this.#changed.add(connection)
    this.#arm()
  }

  #arm(): void {
    if (this.#timer === undefined && this.#parts.heard()) this.#timer = setTimeout(() => this.#tell(), tellMilliseconds).unref()
  }

  #tell(): void {
    this.#timer = undefined
    if (!this.#parts.heard()) return
    let running = false
    for (const [number, { running: { size }, shown, toldRows }] of this.#connections) {
      running ||= size > 0
      if (shown.rows !== toldRows) this.#changed.add(number)
    }
    const turn = [...this.#changed].slice(0, maxToldConnections)
    for (const number of turn) this.#changed.delete(number)
    if (turn.length > 0) this.#parts.tell(turn.map((number) => this.#of(number)))
    if (running || this.#changed.size > 0) this.#arm()
  }

  #of(number: number): ConnectionActivity {
    const found = this.#connections.get(number)!
    const [current] = found.running.values()
    const statement = current === undefined ? found.last : this.#stateOf(found, current)
    found.toldRows = found.shown.rows
    return {
      connection: number,
      ...(found.name === undefined ? {} : { client: found.name }),
      ...totalsOf(found),
      ...(statement === undefined ? {} : { statement })
    }
  }

  #stateOf({ settledAt, settledRows, shown }: Connection, { text, at }: Running): StatementActivity {
    const milliseconds = Math.round(this.#parts.elapsed() - Math.max(at, settledAt))
    return { text, state: 'running', milliseconds, rows: shown.rows - settledRows }
  }
}

function totalsOf(connection: Connection | undefined): ConnectionTotals {
  const { statements = 0, shown = nothing, columns } = connection ?? {}
  return { statements, rows: shown.rows, maskedColumns: columns?.size ?? 0, maskedCells: shown.maskedCells }
}

/** A copy: the beginning of a text holds on to the whole of it otherwise, and a statement may have megabytes. */
function kept(text: string): string {
  return text.length <= maxTextCharacters ? text : Buffer.from(beginning(text, maxTextCharacters)).toString()
}
