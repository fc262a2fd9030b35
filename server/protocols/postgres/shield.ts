// Keeps what one connection is judged by up to date: the catalog, what is protected in it, the search path of the session, and the
// settings without which an index would give rows away by their order.
import { asGatewayError, GatewayError } from '../../../shared/errors.ts'
import type { Protection } from '../../policy/protect.ts'
import type { Finding } from '../../masking/postgres/finding.ts'
import type { AnalyzedStatement } from '../../sql/postgres/index.ts'
import type { CatalogKeeper } from './catalog-keeper.ts'
import { nothingProtected } from './consult.ts'
import { Guards, type Guard, type GuardParts } from './guard.ts'
import { movesNames } from './moves.ts'
import { schemaChanged } from './stale.ts'
import { temporaryQuery, temporaryRelations } from './temporary.ts'
import type { TransactionStatus } from './wire/backend.ts'

/** The connection, for questions of the gateway's own in between. */
export interface Line {
  /** Of the last ReadyForQuery, now. */
  readonly status: TransactionStatus
  /** Something was sent that no Sync has ended: a Query of the gateway's own would end it. */
  readonly open: boolean
  /** Nothing sent is unanswered, now. */
  readonly quiet: boolean
  /** Nothing sent is unanswered. */
  idle(): Promise<void>
  /** Rows as text. @throws GatewayError where the server refuses */
  ask(text: string): Promise<readonly (readonly (string | null)[])[]>
}

export class Shield {
  readonly guards: Guards
  readonly #keeper: CatalogKeeper
  #line: Line | undefined
  #entered = false
  #raised = false
  /** The session has changed the catalog since it was read. */
  #stale = false
  #pathKnown = false
  #mayHaveTemporary = false
  /** Settings this session was given, as text. */
  #applied = '[]'

  constructor(keeper: CatalogKeeper, parts: Omit<GuardParts, 'protects'>) {
    this.#keeper = keeper
    this.guards = new Guards({ ...parts, protects: (catalog, rule) => keeper.protects(catalog, rule) })
  }

  /** Whether anything is protected on this connection; from then on errors are scrubbed and notifications dropped. */
  get raised(): boolean { return this.#raised }

  /** @throws GatewayError denied where the catalog cannot be read: nothing can be judged then */
  async ready(protection: Protection | undefined, line: Line): Promise<void> {
    this.#enter()
    this.#raised ||= protection !== undefined
    this.#line = line
    if (this.#stale) await line.idle()
    const read = this.#stale || this.#keeper.isBehind ? this.#keeper.refresh() : this.#keeper.current()
    const catalog = await read.catch((cause: unknown) => {
      throw new GatewayError('denied', `the database's catalog cannot be read just now, so nothing can be shown: ${asGatewayError(cause).message}`, {
        hint: 'run it again in a moment', cause
      })
    })
    // What a transaction has not committed, nobody else can see: it stays stale.
    if (line.status === 'I') this.#stale = false
    this.guards.use(catalog, protection ?? nothingProtected, this.#raised)
    this.guards.watching = this.#keeper.isChanging(this)
    const { orderSettings } = this.guards
    const wanted = JSON.stringify(orderSettings)
    this.guards.uncertain = false
    if (this.#pathKnown && this.#applied === wanted) return
    await line.idle()
    // In a failed transaction nothing but its end runs, and between a Flush and its Sync nothing may be asked.
    this.guards.uncertain = line.open || line.status === 'E'
    if (this.guards.uncertain) return
    // What may have moved the search path may also have taken back what the session was given.
    const settings = orderSettings.map(([name, value]) => `, pg_catalog.set_config('${name}', '${value}', false)`).join('')
    const rows = await line.ask(`SELECT pg_catalog.unnest(pg_catalog.current_schemas(false))${settings}`)
    this.guards.searchPath = rows.map(([schema]) => schema ?? '')
    if (this.#mayHaveTemporary) this.guards.overlay = temporaryRelations(await line.ask(temporaryQuery))
    this.#applied = wanted
    this.#pathKnown = true
  }

  /** For the other sessions on the database: whether what this one has changed is done with. */
  get over(): boolean { return this.#line?.status === 'I' && this.#line.quiet }

  /**
   * What is judged clean is not described: while it waited to be allowed, others may have changed what it names.
   * @throws GatewayError cancelled where they have, or are about to
   */
  check(findings: readonly Finding[]): void {
    if (!this.#raised) return
    const { catalog } = this.guards.world
    const unwatched = !this.guards.watching && this.#keeper.isChanging(this)
    const rests = findings.filter(({ relations, functions }) => relations.length + functions.length > 0)
    if (rests.some((finding) => unwatched || !this.#keeper.holds(finding, catalog))) throw schemaChanged()
  }

  /** A statement is about to run: what it may change has to be looked at again before the next. */
  sent(statement: AnalyzedStatement, changesCatalog: boolean): void {
    if (changesCatalog) {
      this.#stale = this.#mayHaveTemporary = true
      this.#keeper.changes(this)
    }
    if (changesCatalog || movesNames(statement)) this.#pathKnown = false
  }

  /** While the server holds its locks: is what the guard rests on still so? @throws GatewayError cancelled where not */
  async confirm(guard: Guard): Promise<void> {
    if (await this.#keeper.isStill(guard.finding, guard.setting.catalog)) return
    this.#stale = true
    throw schemaChanged()
  }

  close(): void {
    if (this.#entered) this.#keeper.leave(this)
    this.#entered = false
  }

  #enter(): void {
    if (this.#entered) return
    this.#entered = true
    this.#keeper.enter()
  }
}
