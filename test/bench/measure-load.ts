// pgbench -S over every path: throughput, latency at one client, CPU of what stands between; the client that audits by itself; the disk.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestPostgres } from '../support/postgres.ts'
import { quantile, shuffled, type Samples } from './figures.ts'
import type { HoopPath, Path } from './paths.ts'
import { pgbench, type QueryMode } from './pgbench.ts'
import { syncProbe } from './usage.ts'

export interface BenchContext {
  readonly postgres: TestPostgres
  readonly paths: readonly Path[]
  readonly hoops: readonly HoopPath[]
  readonly samples: Samples
  readonly rounds: number
  readonly seconds: number
  readonly say: (line: string) => void
}

export const modes: readonly QueryMode[] = ['simple', 'extended', 'prepared']
export const clientCounts = [1, 8, 32]
export const cell = (mode: QueryMode, clients: number, figure: 'TPS' | 'p50' | 'p99' | 'CPU') => `${mode}, ${clients}, ${figure}`
export const ownAudit = 'own audit row'
export const disk = 'disk'

/** What a team without a gateway would write into its application. */
const ownAuditScript = `\\set aid random(1, 100000)
INSERT INTO own_audit (who, statement) VALUES ('alice@example.com', 'SELECT abalance FROM pgbench_accounts WHERE aid = ?');
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
`

export async function measureLoad({ paths, hoops, samples, rounds, seconds, say }: BenchContext): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hoop-bench-'))
  const script = join(folder, 'own-audit.sql')
  await writeFile(script, ownAuditScript)
  const statements = new Map<string, number>()
  try {
    for (let round = 0; round < rounds; round++) {
      const probe = await syncProbe(folder, seconds)
      for (const [figure, q] of [['p50', 0.5], ['p99', 0.99]] as const) {
        samples.add({ path: disk, cell: `sync, ${figure}`, round, value: quantile(probe, q) })
      }
      for (const [mode, clients] of shuffled(modes.flatMap((mode) => clientCounts.map((count) => [mode, count] as const)), Math.random)) {
        const direct = paths[0]!
        const runs = [...paths.map((path) => ({ path, name: path.name })), { path: direct, name: ownAudit, script }]
        for (const { path, name, ...custom } of shuffled(runs, Math.random)) {
          const result = await pgbench(path, { mode, clients, seconds, pids: path.pids, ...custom })
          for (const figure of ['p50', 'p99'] as const) samples.add({ path: name, cell: cell(mode, clients, figure), round, value: result[figure] })
          samples.add({ path: name, cell: cell(mode, clients, 'TPS'), round, value: result.tps })
          if (path.pids.length > 0) samples.add({ path: name, cell: cell(mode, clients, 'CPU'), round, value: result.cpu })
          statements.set(name, (statements.get(name) ?? 0) + result.transactions)
        }
      }
      say(`load: round ${round + 1} of ${rounds}`)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  for (const { name, gateway } of hoops) await checkAudited(name, statements.get(name)!, gateway)
}

/** Speed without the record would be worth nothing: every statement that was answered has its entry on disk. */
async function checkAudited(name: string, statements: number, gateway: HoopPath['gateway']): Promise<void> {
  const intents = (await gateway.audit()).filter((entry) => entry.kind === 'statement.intent').length
  if (intents < statements) throw new Error(`${name}: ${statements} statements were answered and ${intents} have an entry`)
}
