// Keeps what one connection is judged by up to date: the catalog, what is protected in it, and the search path of the session.
import { GatewayError } from '../../../shared/errors.ts'
import type { Protection } from '../../policy/protect.ts'
import type { Parser } from '../../sql/postgres/parser.ts'
import type { AnalyzedStatement } from '../../sql/postgres/index.ts'
import type { CatalogKeeper } from './catalog-keeper.ts'
import { Guards, type Guard } from './guard.ts'
import type { TransactionStatus } from './wire/backend.ts'

/** Statements after which unqualified names may mean something else. */
const movesPath = new Set(['SET', 'RESET', 'DISCARD', 'ROLLBACK', 'COMMIT', 'PREPARE TRANSACTION'])

/** The connection, for questions of the gateway's own in between. */
export interface Line {
  readonly status: TransactionStatus
  /** Nothing sent is unanswered. */
  idle(): Promise<void>
  /** Rows as text. @throws GatewayError where the server refuses */
  ask(text: string): Promise<readonly (readonly (string | null)[])[]>
}

export class Shield {
  readonly guards: Guards
  readonly #keeper: CatalogKeeper
  #entered = false
  /** The session has changed the catalog since it was read. */
  #stale = false
  #pathKnown = false

  constructor(keeper: CatalogKeeper, parser: Parser, key: Uint8Array, now: () => number) {
    this.#keeper = keeper
    this.guards = new Guards(parser, key, now)
  }

  /** Whether anything is protected on this connection; from then on errors are scrubbed and notifications dropped. */
  get raised(): boolean { return this.#entered }

  /** @throws GatewayError where the catalog cannot be read: nothing can be judged then */
  async ready(protection: Protection, line: Line): Promise<void> {
    this.#enter()
    if (this.#stale) await line.idle()
    const catalog = this.#stale ? await this.#keeper.refresh() : await this.#keeper.current()
    // What a transaction has not committed, nobody else can see: it stays stale.
    if (line.status === 'I') this.#stale = false
    this.guards.use(catalog, protection)
    if (this.#pathKnown) return
    await line.idle()
    // In a failed transaction nothing but its end runs.
    if (line.status === 'E') return
    const rows = await line.ask('SELECT pg_catalog.unnest(pg_catalog.current_schemas(false))')
    this.guards.searchPath = rows.map(([schema]) => schema ?? '')
    this.#pathKnown = true
  }

  /** A statement is about to run: what it may change has to be looked at again before the next. */
  sent(statement: Pick<AnalyzedStatement, 'verb' | 'effects' | 'functions'>, changesCatalog: boolean): void {
    if (changesCatalog) this.#stale = true
    if (movesPath.has(statement.verb.split(' ')[0]!) || statement.effects.includes('unknown') || statement.functions.some((name) => name.endsWith('set_config'))) {
      this.#pathKnown = false
    }
  }

  /** While the server holds its locks: is what the guard rests on still so? @throws GatewayError cancelled where not */
  async confirm(guard: Guard): Promise<void> {
    if (await this.#keeper.isStill(guard.finding, guard.catalog)) return
    this.#stale = true
    throw new GatewayError('cancelled', 'the database\'s schema has changed under this statement, so it was not run', { hint: 'run it again' })
  }

  close(): void {
    if (this.#entered) this.#keeper.leave()
    this.#entered = false
  }

  #enter(): void {
    if (this.#entered) return
    this.#entered = true
    this.#keeper.enter()
  }
}
