// Keeps what one connection is judged by up to date: the catalog as its session sees it, what is protected in it, the search path, and
// the settings without which an index would give rows away by their order.
import { asGatewayError, GatewayError } from '../../../shared/errors.ts'
import type { Catalog } from '../../masking/postgres/catalog.ts'
import type { Protection } from '../../policy/protect.ts'
import type { Finding } from '../../masking/postgres/finding.ts'
import type { AnalyzedStatement } from '../../sql/postgres/index.ts'
import type { CatalogKeeper } from './catalog-keeper.ts'
import { nothingProtected } from './consult.ts'
import { Guards, type Guard, type GuardParts } from './guard.ts'
import { movesNames } from './moves.ts'
import { NamesUnknown, readSessionCatalog, type OwnConnection, type SessionCatalog } from './own-objects.ts'
import { schemaChanged } from './stale.ts'

/** The connection, for questions of the gateway's own in between. */
export interface Line extends OwnConnection {
  /** Something was sent that no Sync has ended: a Query of the gateway's own would end it. */
  readonly open: boolean
  /** Nothing sent is unanswered, now. */
  readonly quiet: boolean
  /** Nothing sent is unanswered. */
  idle(): Promise<void>
}

/** A transaction that has changed relations holds locks which whoever reads the catalog may wait for. */
const maxWaitMilliseconds = 8_000

export class Shield {
  readonly guards: Guards
  readonly #keeper: CatalogKeeper
  #line: Line | undefined
  #entered = false
  #raised = false
  /** The session has changed the catalog since it was read. */
  #stale = false
  /** What names mean was asked for, and nothing since may have changed it. */
  #pathKnown = false
  /** It may have temporary relations, or changes that are not committed. */
  #mayHaveOwn = false
  /** Its own catalog, and everybody's at that time: the same where it has nothing of its own. */
  #session: { readonly base: Catalog, readonly catalog: Catalog } | undefined
  /** The last that was made; its rows may come again, as those of a temporary table do with each transaction. */
  #own: SessionCatalog | undefined
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
    const base = await this.#base(line)
    // What a transaction has not committed, nobody else can see: it stays stale.
    if (line.status === 'I' && !line.open) this.#stale = false
    const known = this.#pathKnown && (this.#session?.base === base || !this.#mayHaveOwn)
    if (known && !this.#mayHaveOwn) this.#session = { base, catalog: base }
    this.guards.uncertain = undefined
    if (!known) await this.#ask(base, line)
    const { catalog } = this.#session ?? { catalog: base }
    await this.guards.use(catalog, protection ?? nothingProtected, this.#raised)
    this.guards.watching = this.#keeper.isChanging(this)
    if (this.guards.uncertain === undefined) await this.#order(known, line)
  }

  /** Everybody's catalog. */
  async #base(line: Line): Promise<Catalog> {
    try {
      const reading = this.#stale || this.#keeper.isBehind ? this.#keeper.refresh() : this.#keeper.current()
      return await (line.status === 'I' ? reading : within(maxWaitMilliseconds, reading))
    } catch (cause) {
      throw new GatewayError('denied', `the database's catalog cannot be read just now, so nothing can be shown: ${asGatewayError(cause).message}`, {
        hint: 'run it again in a moment', cause
      })
    }
  }

  /** What unqualified names mean to this session, and what it has of its own. */
  async #ask(base: Catalog, line: Line): Promise<void> {
    await line.idle()
    this.#session = { base, catalog: base }
    // In a failed transaction nothing but its end runs, and between a Flush and its Sync nothing may be asked.
    this.guards.uncertain = line.open || line.status === 'E' ? 'what its names mean cannot be told just now: send Sync before it' : undefined
    if (this.guards.uncertain !== undefined) return
    // With the places of pg_catalog and of temporary relations, which a client may choose.
    const path = await line.ask('SELECT pg_catalog.unnest(pg_catalog.current_schemas(true))')
    try {
      if (this.#mayHaveOwn) this.#session = this.#own = await readSessionCatalog(line, base, this.#own)
    } catch (error) {
      if (!(error instanceof NamesUnknown)) throw error
      this.guards.uncertain = `${error.message}: what names mean cannot be told before it ends`
      return
    }
    const { catalog } = this.#session
    if (catalog === base && line.status === 'I') this.#mayHaveOwn = false
    // A schema with nothing in it says nothing, and findings are kept by the path.
    this.guards.searchPath = path.flatMap(([schema]) => schema === null || (catalog === base && schema!.startsWith('pg_temp_')) ? [] : schema!)
    this.#pathKnown = true
  }

  /** @param known nothing has happened that may have taken back what the session was given */
  async #order(known: boolean, line: Line): Promise<void> {
    const { orderSettings } = this.guards
    const wanted = JSON.stringify(orderSettings)
    if (known && this.#applied === wanted) return
    const settings = orderSettings.map(([name, value]) => `pg_catalog.set_config('${name}', '${value}', false)`)
    if (settings.length > 0) {
      await line.idle()
      if (line.open || line.status === 'E') {
        this.guards.uncertain = 'what its names mean cannot be told just now: send Sync before it'
        return
      }
      await line.ask(`SELECT ${settings.join(', ')}`)
    }
    this.#applied = wanted
  }

  /** For the other sessions on the database: whether what this one has changed is done with. */
  get over(): boolean { return this.#line?.status === 'I' && this.#line.quiet && !this.#line.open }

  /**
   * What is judged clean is not described: while it waited to be allowed, others may have changed what it names.
   * @throws GatewayError cancelled where they have, or are about to
   */
  check(findings: readonly Finding[]): void {
    if (!this.#raised) return
    const catalog = this.#everybodys(this.guards.setting.catalog)
    const unwatched = !this.guards.watching && this.#keeper.isChanging(this)
    const rests = findings.filter(({ relations, functions }) => relations.length + functions.length > 0)
    if (rests.some((finding) => unwatched || !this.#keeper.holds(finding, catalog))) throw schemaChanged()
  }

  /** A statement is about to run: what it may change has to be looked at again before the next. */
  sent(statement: AnalyzedStatement, changesCatalog: boolean): void {
    if (changesCatalog) {
      this.#stale = this.#mayHaveOwn = true
      this.#keeper.changes(this)
    }
    if (changesCatalog || movesNames(statement)) this.#pathKnown = false
  }

  /** While the server holds its locks: is what the guard rests on still so? @throws GatewayError cancelled where not */
  async confirm(guard: Guard): Promise<void> {
    if (await this.#keeper.isStill(guard.finding, this.#everybodys(guard.setting.catalog))) return
    this.#stale = true
    throw schemaChanged()
  }

  /** The catalog the session's own was made from: what others may have changed is compared with that. */
  #everybodys(catalog: Catalog): Catalog {
    return this.#session?.catalog === catalog ? this.#session.base : catalog
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

/** Rejects when it takes longer; what is waited for goes on. */
async function within<T>(milliseconds: number, waited: Promise<T>): Promise<T> {
  waited.catch(() => undefined)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new GatewayError('denied', 'it is being read, and this transaction holds locks that may be in the way')), milliseconds)
  })
  try {
    return await Promise.race([waited, late])
  } finally {
    clearTimeout(timer)
  }
}
