// One database's catalog for all connections to it: read when first needed, read again when the database says that it has changed.
// Speaks on a connection of the gateway's own, which sees every committed change, whatever snapshots clients hold.
import type { Catalog } from '../../masking/postgres/catalog.ts'
import type { Finding } from '../../masking/postgres/finding.ts'
import type { Edge } from '../protocol.ts'
import { Asker } from './ask.ts'
import { catalogDigest, readCatalog } from './snapshot.ts'
import { logIn } from './upstream.ts'

/** How often the database is asked whether its catalog has changed, while somebody is connected. */
const pollMilliseconds = 1_000
const maxAttempts = 2
const readTimeoutMilliseconds = 90_000

interface Read {
  readonly catalog: Catalog
  readonly digest: string
}

export class CatalogKeeper {
  readonly #edge: Edge
  readonly #database: string
  readonly #major: number
  #asker: Promise<Asker> | undefined
  #read: Promise<Read> | undefined
  /** Questions go one after the other: it is one connection. */
  #turn: Promise<unknown> = Promise.resolve()
  /** Stamps of what a finding rests on, taken while the catalog it was made with was still the one in force. */
  #stamps = new WeakMap<Finding, string>()
  #users = 0
  #poll: NodeJS.Timeout | undefined

  constructor(edge: Edge, database: string, major: number) {
    this.#edge = edge
    this.#database = database
    this.#major = major
  }

  /** Somebody is connected: the catalog is watched until everybody has left. */
  enter(): void {
    this.#users++
    this.#poll ??= setInterval(() => void this.refresh().catch(() => undefined), pollMilliseconds).unref()
  }

  leave(): void {
    if (--this.#users > 0) return
    clearInterval(this.#poll)
    this.#poll = undefined
    this.#read = undefined
    const asker = this.#asker
    this.#asker = undefined
    void asker?.then((open) => open.close(), () => undefined)
  }

  /** @throws GatewayError target_unreachable | target_refused: without a catalog nothing can be proven, so nothing passes */
  async current(): Promise<Catalog> {
    return (await this.#current()).catalog
  }

  /** The catalog as it is now: the same object where nothing has changed. */
  async refresh(): Promise<Catalog> {
    const known = await this.#current()
    const digest = await this.#ask(catalogDigest)
    if (digest === known.digest) return known.catalog
    // Whoever asks meanwhile waits for the new one.
    const next = this.#fresh(known.catalog)
    this.#read = next
    next.catch(() => { if (this.#read === next) this.#read = undefined })
    return (await next).catalog
  }

  /**
   * Whether everything a finding rests on is as it was in the catalog it was made with. To be asked while the server holds its locks.
   * Functions are not locked; between this answer and the statement stands one round trip.
   */
  async isStill(finding: Finding, catalog: Catalog): Promise<boolean> {
    const known = await this.#current()
    if (known.catalog !== catalog) return false
    const question = stampQuestion(finding)
    const before = this.#stamps.get(finding)
    if (before !== undefined) return await this.#ask((asker) => stampOf(asker, question)) === before
    const stamp = await this.#ask((asker) => stampOf(asker, question))
    // The stamp is that of this catalog only if nothing had changed by the time it was taken.
    if (await this.#ask(catalogDigest) !== known.digest) return false
    this.#stamps.set(finding, stamp)
    return true
  }

  #current(): Promise<Read> {
    return this.#read ??= this.#first()
  }

  #first(): Promise<Read> {
    const reading = this.#fresh(undefined)
    reading.catch(() => { if (this.#read === reading) this.#read = undefined })
    return reading
  }

  /**
   * Read until it has not changed meanwhile; where it never stops changing, a catalog whose digest matches nothing: what reaches
   * anything protected is then refused, until it stops.
   */
  async #fresh(previous: Catalog | undefined): Promise<Read> {
    for (let attempt = 0; ; attempt++) {
      const digest = await this.#ask(catalogDigest)
      const catalog = await this.#ask((asker) => readCatalog(asker, this.#major, previous))
      if (await this.#ask(catalogDigest) === digest) return { catalog, digest }
      if (attempt === maxAttempts) return { catalog, digest: '' }
    }
  }

  /** One question at a time; a connection that was lost is opened again for the next. */
  #ask<T>(question: (asker: Asker) => Promise<T>): Promise<T> {
    const asked = this.#turn.then(async () => {
      const asker = this.#asker ??= this.#connect()
      try {
        return await question(await asker)
      } catch (error) {
        if (this.#asker === asker) this.#asker = undefined
        void asker.then((open) => open.close(), () => undefined)
        throw error
      }
    })
    this.#turn = asked.catch(() => undefined)
    return asked
  }

  async #connect(): Promise<Asker> {
    const settings = [['application_name', 'hoop/catalog'], ['statement_timeout', '60s']] as const
    const signal = AbortSignal.timeout(readTimeoutMilliseconds)
    return new Asker(await logIn(this.#edge, { database: this.#database, minor: 0, settings }, signal))
  }
}

/** The oids are numbers of our own catalog's, so they may stand in the text. */
function stampQuestion({ relations, functions }: Finding): string {
  const oids = [0, ...relations.map(({ oid }) => oid)].join(',')
  const calls = [0, ...functions].join(',')
  return `SELECT pg_catalog.md5(pg_catalog.string_agg(s, ',' ORDER BY s)) FROM (
    SELECT 'c' || oid || ':' || xmin || ':' || relname AS s FROM pg_catalog.pg_class WHERE oid IN (${oids})
    UNION ALL SELECT 'a' || attrelid || '.' || attnum || ':' || xmin FROM pg_catalog.pg_attribute WHERE attrelid IN (${oids}) AND attnum > 0
    UNION ALL SELECT 'r' || oid || ':' || xmin FROM pg_catalog.pg_rewrite WHERE ev_class IN (${oids})
    UNION ALL SELECT 'y' || oid || ':' || xmin FROM pg_catalog.pg_policy WHERE polrelid IN (${oids})
    UNION ALL SELECT 't' || oid || ':' || xmin FROM pg_catalog.pg_trigger WHERE tgrelid IN (${oids})
    UNION ALL SELECT 'p' || oid || ':' || xmin FROM pg_catalog.pg_proc WHERE oid IN (${calls})) AS stamps`
}

async function stampOf(asker: Asker, question: string): Promise<string> {
  const [row] = await asker.ask({ text: question })
  return row?.[0] ?? ''
}
