// Which prepared statements and portals the server has, by name, so that an Execute is judged by what it will really run.
// The server's replies decide; what has been sent but not answered is kept apart. Pure.
import type { Finding } from '../../masking/postgres/finding.ts'
import type { Protection } from '../../policy/protect.ts'
import type { AnalyzedStatement } from '../../sql/postgres/index.ts'
import type { Guard } from './guard.ts'
import type { Search } from './search.ts'

/** A statement bound to parameters. */
export interface Portal {
  readonly statement: AnalyzedStatement
  readonly parameters: readonly (Buffer | null)[]
  readonly parameterFormats: readonly number[]
  /** None (all text), one for all columns, or one each. */
  readonly resultFormats: readonly number[]
  /** Where it reaches something protected. */
  readonly guard?: Guard
  readonly search?: Search
  /** Absent where nothing was protected, nor looked for. */
  readonly judged?: Judged
}

/** What it shows, and by which protection that was found. */
export interface Judged {
  readonly finding: Finding
  readonly by: Protection
}

/** What a message does to the names if the server accepts it. Without a value: the name ends. */
export type NameChange =
  | { readonly kind: 'statement', readonly name: string, readonly value?: AnalyzedStatement }
  | { readonly kind: 'portal', readonly name: string, readonly value?: Portal }
  | { readonly kind: 'every statement' }
  /** An SQL-level cursor, and what its rows show. */
  | { readonly kind: 'cursor', readonly name: string, readonly value: Judged }

/**
 * `unsettled`: messages on their way may or may not change what the name stands for (a Parse of a name in use fails and leaves the
 * old one); wait for the replies and ask again.
 */
export type Lookup<T> = T | 'unsettled' | undefined

export class Names {
  readonly #statements = new Map<string, AnalyzedStatement>()
  readonly #portals = new Map<string, Portal>()
  readonly #cursors = new Map<string, Judged>()
  /** Sent, not answered; in order. */
  readonly #pending: NameChange[] = []

  statement(name: string): Lookup<AnalyzedStatement> {
    if (this.#pending.length === 0) return this.#statements.get(name)
    return lookup(this.#statements.get(name), this.#pending.filter((change) =>
      change.kind === 'every statement' || (change.kind === 'statement' && change.name === name)))
  }

  portal(name: string): Lookup<Portal> {
    if (this.#pending.length === 0) return this.#portals.get(name)
    if (this.#pending.some((change) => change.kind === 'cursor' && change.name === name)) return 'unsettled'
    return lookup(this.#portals.get(name), this.#pending.filter((change) => change.kind === 'portal' && change.name === name))
  }

  /** Those that ended are still here: of them, the server returns nothing, until something else takes the name. */
  cursors(): ReadonlyMap<string, Judged> | 'unsettled' {
    const moving = this.#pending.some((change) => change.kind === 'cursor' || (change.kind === 'portal' && this.#cursors.has(change.name)))
    return moving ? 'unsettled' : this.#cursors
  }

  /** The message that makes these changes is on its way. */
  sent(changes: readonly NameChange[]): void {
    this.#pending.push(...changes)
  }

  /** The server accepted it. */
  confirm(changes: readonly NameChange[]): void {
    for (const change of changes) {
      this.#settle(change)
      if (change.kind === 'every statement') this.#statements.clear()
      else if (change.kind === 'statement') set(this.#statements, change.name, change.value)
      else this.#open(change)
    }
  }

  /** The server refused it. A refused Parse of the unnamed statement ends the one before all the same. */
  refuse(changes: readonly NameChange[]): void {
    this.drop(changes)
    if (changes.some((change) => change.kind === 'statement' && change.name === '')) this.endUnnamed()
  }

  /** The server skipped it. */
  drop(changes: readonly NameChange[]): void {
    for (const change of changes) this.#settle(change)
  }

  endUnnamed(): void {
    this.#statements.delete('')
  }

  /** Portals end with their transaction. */
  endTransaction(): void {
    this.#portals.clear()
  }

  /** To the server, a portal and a cursor are one thing: FETCH reads what a Bind has opened, Execute what DECLARE has. */
  #open(change: Extract<NameChange, { kind: 'portal' | 'cursor' }>): void {
    if (change.kind === 'cursor') {
      this.#cursors.set(change.name, change.value)
      this.#portals.delete(change.name)
    } else {
      set(this.#portals, change.name, change.value)
      this.#cursors.delete(change.name)
    }
  }

  #settle(change: NameChange): void {
    const at = this.#pending.indexOf(change)
    if (at >= 0) this.#pending.splice(at, 1)
  }
}

function set<T>(map: Map<string, T>, name: string, value: T | undefined): void {
  if (value === undefined) map.delete(name)
  else map.set(name, value)
}

function lookup<T>(settled: T | undefined, pending: readonly NameChange[]): Lookup<T> {
  const [only, ...more] = pending
  if (only === undefined) return settled
  if (more.length > 0 || settled !== undefined) return 'unsettled'
  return 'value' in only ? only.value as T | undefined : undefined
}
