// A look at a target for somebody who asks about it and runs nothing: its catalog and what is protected in it, as a connection would be
// judged by. Nothing of a client's goes to the server.
import { GatewayError } from '../../../shared/errors.ts'
import { defaultFlows } from '../../masking/postgres/judge.ts'
import type { Protection } from '../../policy/protect.ts'
import { loadAnalyzer, type Analyzer } from '../../sql/postgres/index.ts'
import type { PlPgSqlParser } from '../../sql/postgres/parser.ts'
import type { Edge } from '../protocol.ts'
import { Asker } from './ask.ts'
import type { CatalogKeeper } from './catalog-keeper.ts'
import { Guards } from './guard.ts'
import { logIn, majorOf } from './upstream.ts'

export interface ConsultParts {
  keeperOf(edge: Edge, database: string, major: number): CatalogKeeper
  keyOf(target: string): Uint8Array
  /** It knows nothing of who asks; loaded when first needed. */
  plpgsql(): Promise<PlPgSqlParser>
}

export interface Consulted {
  readonly asker: Asker
  readonly analyzer: Analyzer
  readonly guards: Guards
  readonly database: string
}

interface Wanted {
  readonly protection: Protection
  /** Where the target serves more than one. */
  readonly database?: string | undefined
  readonly signal: AbortSignal
}

/** Nothing is protected: what statements do is read all the same. */
export const nothingProtected: Protection = { rules: [], flows: defaultFlows, trust: [] }

/**
 * Runs `work` on a connection of the gateway's own, with the settings a new session has; closed when it returns.
 * @throws GatewayError target_unreachable | target_refused | bad_request where the target serves another database
 */
export async function consult<T>(
  parts: ConsultParts,
  edge: Edge,
  { protection, database: wanted, signal }: Wanted,
  work: (consulted: Consulted) => Promise<T>
): Promise<T> {
  const { target } = edge
  if (wanted !== undefined && target.database !== undefined && wanted !== target.database) {
    throw new GatewayError('bad_request', `target "${target.name}" serves the database "${target.database}", not "${wanted}"`)
  }
  const settings = [['application_name', 'hoop/policy'], ['default_transaction_read_only', 'on'], ['statement_timeout', '30s']] as const
  const upstream = await logIn(edge, { database: wanted ?? target.database, minor: 0, settings }, signal)
  const asker = new Asker(upstream)
  let stop = () => {}
  // The catalog is read for everybody, and goes on without whoever does not wait for it.
  const aborted = new Promise<never>((_, reject) => {
    stop = () => {
      upstream.stream.destroy()
      reject(signal.reason as Error)
    }
  })
  aborted.catch(() => undefined)
  signal.addEventListener('abort', stop, { once: true })
  const consulting = async (): Promise<T> => {
    const [analyzer, plpgsql] = await Promise.all([loadAnalyzer(majorOf(upstream)), parts.plpgsql()])
    const [[database]] = await asker.ask({ text: 'SELECT pg_catalog.current_database()' }) as [[string]]
    const path = await asker.ask({ text: 'SELECT pg_catalog.unnest(pg_catalog.current_schemas(false))' })
    const keeper = parts.keeperOf(edge, database, analyzer.major)
    keeper.enter()
    try {
      const guards = new Guards({
        parser: analyzer.parser,
        plpgsql,
        protects: (catalog, rule) => keeper.protects(catalog, rule),
        key: parts.keyOf(target.name),
        now: Date.now
      })
      guards.searchPath = path.map(([schema]) => schema ?? '')
      await guards.use(await keeper.refresh(), protection)
      return await work({ asker, analyzer, guards, database })
    } finally {
      keeper.leave()
    }
  }
  const consulted = consulting()
  consulted.catch(() => undefined)
  try {
    return await Promise.race([consulted, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
    asker.close()
  }
}
