// What sealing costs: pgbench -S through two gateways that differ in nothing else, by turns, each pair in either order.
import { generateKeyPairSync } from 'node:crypto'
import { recipientKeyLine } from '../../shared/audit/session-key.ts'
import type { TestPostgres } from '../support/postgres.ts'
import { markdownTable, Samples, shown, shuffled } from './figures.ts'
import { cell, clientCounts, modes } from './measure-load.ts'
import { hoop } from './paths.ts'
import { pgbench } from './pgbench.ts'

const [on, off] = ['sealing on', 'sealing off']

export interface SealBench {
  readonly postgres: TestPostgres
  readonly rounds: number
  readonly seconds: number
  readonly clients: readonly number[] | undefined
  readonly say: (line: string) => void
}

/** @returns the table: medians over rounds of the ratio of a pair */
export async function measureSeal(
  { postgres, rounds, seconds, clients: counts = clientCounts, say }: SealBench
): Promise<string> {
  const samples = new Samples()
  const key = recipientKeyLine(generateKeyPairSync('x25519').publicKey)
  const paths = [
    { ...await hoop(postgres, false), name: off },
    { ...await hoop(postgres, false, { sealTo: [{ name: 'auditor', key }] }), name: on }
  ]
  try {
    for (let round = 0; round < rounds; round++) {
      for (const [mode, clients] of shuffled(modes.flatMap((each) => counts.map((count) => [each, count] as const)), Math.random)) {
        for (const path of shuffled(paths, Math.random)) {
          const { tps, p50, cpu } = await pgbench(path, { mode, clients, seconds, pids: path.pids })
          for (const [figure, value] of [['TPS', tps], ['p50', p50], ['CPU', cpu]] as const) {
            samples.add({ path: path.name, cell: cell(mode, clients, figure), round, value })
          }
        }
      }
      say(`seal: round ${round + 1} of ${rounds}`)
    }
  } finally {
    for (const path of paths) await path.stop()
  }
  const figures = ['TPS', 'p50', 'CPU'] as const
  return markdownTable(['sealing on, of off', ...figures], modes.flatMap((mode) => counts.map((clients) => [
    `${mode}, ${clients} ${clients === 1 ? 'client' : 'clients'}`,
    ...figures.map((figure) => shown(samples.ratio(on, off, cell(mode, clients, figure))))
  ])))
}
