// One database's catalog for all connections to it: read when first needed, read again when the database says that it has changed.
// Speaks on a connection of the gateway's own, which sees every committed change, whatever snapshots clients hold.
import { inSlices, type Sliced } from '../../masking/slices.ts'
import type { Catalog, Oid, Protected } from '../../masking/postgres/catalog.ts'
import type { Finding, Label } from '../../masking/postgres/finding.ts'
import { markedInSlices, type ProtectRule } from '../../masking/postgres/protect.ts'
import type { Edge } from '../protocol.ts'
import { Asker } from './ask.ts'
import { catalogDigest, readCatalog, readStamps } from './snapshot.ts'
import { logIn } from './upstream.ts'

/** How often the database is asked whether its catalog has changed, while somebody is connected. */
const pollMilliseconds = 1_000
const maxAttempts = 2
const readTimeoutMilliseconds = 90_000

interface Read {
  readonly catalog: Catalog
  readonly digest: string
}

/** A session, for the others. */
export interface Changing {
  /** Nothing it has sent is unanswered, and it is in no transaction. */
  readonly over: boolean
}

export class CatalogKeeper {
  readonly #edge: Edge
  readonly #database: string
  readonly #major: number
  /** Reading waits for locks of the database's users; asking what has changed never does, so it has a connection of its own. */
  readonly #reader: Line
  readonly #watcher: Line
  #read: Promise<Read> | undefined
  /** The last one read whole. */
  #latest: Catalog | undefined
  /** By rule as written: every stored column it has ever named here, by number. */
  readonly #remembered = new Map<string, Map<Oid, Map<number, Label>>>()
  /** Sessions that change the catalog, with how often they have: until their transactions are over and it was read since. */
  readonly #changing = new Map<Changing, number>()
  #users = 0
  #poll: NodeJS.Timeout | undefined
  #polling = false

  constructor(edge: Edge, database: string, major: number) {
    this.#edge = edge
    this.#database = database
    this.#major = major
    const open = () => this.#connect()
    this.#reader = new Line(open)
    this.#watcher = new Line(open)
  }

  /** Somebody is connected: the catalog is watched until everybody has left. */
  enter(): void {
    this.#users++
    this.#poll ??= setInterval(() => void this.#pollOnce(), pollMilliseconds).unref()
  }

  leave(session?: Changing): void {
    // What it had sent may still be running; it is polled for, as everybody else's is.
    if (session !== undefined) this.#changing.delete(session)
    if (--this.#users > 0) return
    clearInterval(this.#poll)
    this.#poll = undefined
    this.#read = undefined
    this.#reader.close()
    this.#watcher.close()
  }

  /** @throws GatewayError target_unreachable | target_refused: without a catalog nothing can be proven, so nothing passes */
  async current(): Promise<Catalog> {
    return (await this.#current()).catalog
  }

  /** The catalog as it is now: the same object where nothing has changed. */
  async refresh(): Promise<Catalog> {
    const over = [...this.#changing].filter(([session]) => session.over)
    const reading = this.#current()
    const known = await reading
    const digest = await this.#watcher.ask(catalogDigest)
    const { catalog } = digest === known.digest ? known : await this.#later(reading, known.catalog, digest)
    for (const [session, times] of over) if (this.#changing.get(session) === times) this.#changing.delete(session)
    return catalog
  }

  /** What a session sends next may change the catalog. Others' names may then mean something else as soon as it commits. */
  changes(session: Changing): void {
    this.#changing.set(session, (this.#changing.get(session) ?? 0) + 1)
  }

  /** Whether somebody has changed it, and is done, since it was read. */
  get isBehind(): boolean {
    for (const session of this.#changing.keys()) if (session.over) return true
    return false
  }

  /** Whether somebody else is changing the catalog. */
  isChanging(session: Changing): boolean {
    return this.#changing.size > (this.#changing.has(session) ? 1 : 0)
  }

  /** Whether everything a finding rests on is in the catalog of now as it was in everybody's when it was made. Asks nobody. */
  holds({ relations, functions }: Finding, catalog: Catalog): boolean {
    const now = this.#latest
    return now === catalog || (now !== undefined
      && relations.every(({ oid }) => now.relations.get(oid)?.stamp === catalog.relations.get(oid)?.stamp)
      && functions.every((oid) => now.functionsByOid.get(oid)?.stamp === catalog.functionsByOid.get(oid)?.stamp))
  }

  /**
   * Whether everything a finding rests on is as it was in the catalog it was made with. To be asked while the server holds its locks.
   * Functions are not locked; between this answer and the statement stands one round trip.
   * @param catalog everybody's: of what the session has changed itself, whether others have left it as it was before
   */
  async isStill({ relations, functions }: Finding, catalog: Catalog): Promise<boolean> {
    // Not waiting for one that is being read: that may wait for the very locks held here.
    if (this.#latest !== catalog) return false
    const now = await this.#watcher.ask((asker) => readStamps(asker, relations.map(({ oid }) => oid), functions))
    // What nobody else knows, nobody else changes.
    const shared = relations.flatMap(({ oid }) => catalog.relations.get(oid) ?? []).filter(({ system }) => !system)
    return shared.every(({ oid, stamp }) => now.relations.get(oid) === stamp)
      && functions.flatMap((oid) => catalog.functionsByOid.get(oid) ?? []).every(({ oid, stamp }) => now.functions.get(oid) === stamp)
  }

  /**
   * What a rule protects in this catalog, and what it protected in earlier ones under names of that time.
   * Kept as long as the gateway runs.
   */
  * protects(catalog: Catalog, rule: ProtectRule): Sliced<Protected> {
    const key = JSON.stringify([rule.name, rule.columns, rule.byComment, rule.bySecurityLabel])
    let remembered = this.#remembered.get(key)
    if (remembered === undefined) this.#remembered.set(key, remembered = new Map())
    const { protected: now } = yield* markedInSlices(catalog, [rule], remembered)
    yield* inSlices(now, ([oid, columns]) => {
      const known = remembered.get(oid)
      if (known === undefined) remembered.set(oid, new Map(columns))
      else for (const [attnum, label] of columns) if (!known.has(attnum)) known.set(attnum, label)
    })
    return now
  }

  #current(): Promise<Read> {
    return this.#read ?? this.#begin()
  }

  /** One reading for all who saw the same change: any that was begun after `known` was the last is as good as one begun now. */
  #later(known: Promise<Read>, previous: Catalog, digest: string): Promise<Read> {
    return this.#read === undefined || this.#read === known ? this.#begin(previous, digest) : this.#read
  }

  /** Reading may take longer than it is until the next poll. */
  async #pollOnce(): Promise<void> {
    if (this.#polling) return
    this.#polling = true
    await this.refresh().catch(() => undefined)
    this.#polling = false
  }

  /** Whoever asks meanwhile waits for this one; one that fails is forgotten. @param digest as it was a moment ago */
  #begin(previous?: Catalog, digest?: string): Promise<Read> {
    const reading = this.#fresh(previous, digest)
    this.#read = reading
    reading.catch(() => { if (this.#read === reading) this.#read = undefined })
    return reading
  }

  /**
   * Read until it has not changed meanwhile; where it never stops changing, a catalog whose digest matches nothing: what reaches
   * anything protected is then refused, until it stops.
   */
  async #fresh(previous: Catalog | undefined, digest: string | undefined): Promise<Read> {
    let before = digest ?? await this.#watcher.ask(catalogDigest)
    for (let attempt = 0; ; attempt++) {
      const catalog = await this.#reader.ask((asker) => readCatalog(asker, this.#major, previous))
      const after = await this.#watcher.ask(catalogDigest)
      if (after !== before && attempt < maxAttempts) {
        before = after
        continue
      }
      this.#latest = catalog
      return { catalog, digest: after === before ? after : '' }
    }
  }

  async #connect(): Promise<Asker> {
    const settings = [['application_name', 'hoop/catalog'], ['statement_timeout', '60s']] as const
    const signal = AbortSignal.timeout(readTimeoutMilliseconds)
    return new Asker(await logIn(this.#edge, { database: this.#database, minor: 0, settings }, signal))
  }
}

/** A connection for questions, one after the other; opened when first needed, and again for the next question when it was lost. */
class Line {
  #asker: Promise<Asker> | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(private readonly open: () => Promise<Asker>) {}

  ask<T>(question: (asker: Asker) => Promise<T>): Promise<T> {
    const asked = this.#turn.then(async () => {
      const asker = this.#asker ??= this.open()
      try {
        return await question(await asker)
      } catch (error) {
        if (this.#asker === asker) this.close()
        throw error
      }
    })
    this.#turn = asked.catch(() => undefined)
    return asked
  }

  close(): void {
    const asker = this.#asker
    this.#asker = undefined
    void asker?.then((open) => open.close(), () => undefined)
  }
}
