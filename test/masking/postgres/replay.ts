// A server with the clinic on which recordings can be played: each on a database of its own, made alike every time.
import { readCatalog } from '../../../server/protocols/postgres/snapshot.ts'
import type { Asker } from '../../../server/protocols/postgres/ask.ts'
import type { Catalog } from '../../../server/masking/postgres/catalog.ts'
import { TestPostgres, type TestPostgresOptions } from '../../support/postgres.ts'
import type { TestFrame } from '../../support/trace.ts'
import { WireClient, type WireAddress } from '../../support/wire.ts'
import { writesOf, type Named, type Recorded, type Recording } from './recorded.ts'
import { rows, schemaWithoutUpper } from './schema.ts'

export const appPassword = 'app-password'

export class Clinic {
  private constructor(readonly server: TestPostgres) {}

  static async start(twin: 'a' | 'b', options: TestPostgresOptions = {}): Promise<Clinic> {
    const server = await TestPostgres.start({ logStatements: false, hba: 'host all app 127.0.0.1/32 trust', ...options })
    try {
      await server.query(`CREATE ROLE app LOGIN PASSWORD '${appPassword}'`)
      await server.query('CREATE DATABASE kept OWNER app')
      await server.query('ALTER ROLE app SET search_path = public, clinic, reporting')
      // As in every session behind the gateway where an index is led by a protected column, for the order of rows without ORDER BY.
      await server.query('ALTER ROLE app SET enable_indexscan = off; ALTER ROLE app SET enable_indexonlyscan = off')
      await server.query(`GRANT ALL ON SCHEMA public TO app; SET ROLE app; RESET search_path; ${schemaWithoutUpper}${rows(twin)}`, { database: 'kept' })
      return new Clinic(server)
    } catch (error) {
      await server.stop()
      throw error
    }
  }

  /** The clinic as it was at first. */
  async renew(): Promise<void> {
    await this.server.query('DROP DATABASE IF EXISTS clinic WITH (FORCE)')
    await this.server.query('CREATE DATABASE clinic OWNER app TEMPLATE kept')
  }

  /** Until what either makes next gets the same object id: so that what one recording did differently is not seen in the next. */
  static async align(one: Clinic, other: Clinic): Promise<void> {
    const burn = async ({ server }: Clinic, count: number) => {
      const [row] = await server.query(`SELECT max(oid)::int8 AS last, count(lo_unlink(oid)) FROM (SELECT lo_create(0) AS oid FROM generate_series(1, ${count}) OFFSET 0) made`)
      return Number(row!.last)
    }
    const [first, second] = await Promise.all([burn(one, 1), burn(other, 1)])
    if (first !== second) await burn(first < second ? one : other, Math.abs(first - second))
  }

  async named(): Promise<Named> {
    const known = await this.server.query(`SELECT format('relation %s.%s', relnamespace::regnamespace, relname) AS what, oid::int8::text FROM pg_class
      UNION ALL SELECT format('type %s.%s', typnamespace::regnamespace, typname), oid::int8::text FROM pg_type`, { database: 'clinic' })
    const oids = new Map(known.map(({ what, oid }) => [what as string, Number(oid)]))
    return (what) => {
      const oid = oids.get(what)
      if (oid === undefined) throw new Error(`a recording names ${what}, which is not there`)
      return oid
    }
  }

  get address(): WireAddress { return { host: '127.0.0.1', port: this.server.port } }
  stop(): Promise<void> { return this.server.stop() }
}

/** One statement as it was played: what came back up to where the client waited, nothing if it went on at once. */
export interface Played {
  readonly recorded: Recorded
  readonly frames: readonly TestFrame[]
}

/** Of the last ReadyForQuery; or within a batch, where nothing else may be asked. */
export type Status = 'I' | 'T' | 'E' | 'batch'

/** Asked before each statement. @returns another connection to say it on */
export type Before = (recorded: Recorded, wire: WireClient, status: Status) => Promise<WireClient | undefined>

/** @throws Error with the trace where a client would have waited for ever */
export async function play(recording: Recording, to: () => Promise<WireAddress>, named: Named, before?: Before): Promise<Played[]> {
  const played: Played[] = []
  for (const { startup, statements } of recording.connections) {
    const wire = await WireClient.open(await to(), { user: 'app', database: 'clinic', parameters: startup })
    let status: Status = 'I'
    for (const recorded of statements) {
      const on = await before?.(recorded, wire, status) ?? wire
      const frames: TestFrame[] = []
      for (const { send, until } of writesOf(recorded, named)) {
        on.send(...send)
        if (until !== undefined) frames.push(...await on.until(until))
      }
      const ready = frames.at(-1)
      status = ready?.type === 'Z' ? ready.body.toString('latin1') as Status : 'batch'
      played.push({ recorded, frames })
    }
    await wire.close()
  }
  return played
}

/** The catalog as the connection itself sees it, with what its transaction has not committed. */
export async function catalogSeenBy(wire: WireClient, status: Status, major: number): Promise<Catalog> {
  const within = status === 'T'
  const ask = async ({ text }: { text: string }) => {
    const sent = within && text.startsWith('BEGIN') ? 'SAVEPOINT reading' : within && text === 'ROLLBACK' ? 'ROLLBACK TO SAVEPOINT reading; RELEASE SAVEPOINT reading' : text
    const { rows: answer, error } = await wire.ask(sent)
    if (error !== undefined) throw new Error(`the catalog cannot be read: ${error.M}`)
    return answer
  }
  return readCatalog({ ask } as unknown as Asker, major)
}
