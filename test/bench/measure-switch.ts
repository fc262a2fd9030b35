// What something costs that can be switched on: pgbench -S through two gateways that differ in nothing else, by turns, each pair in
// either order.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { recipientKeyLine } from '../../shared/audit/session-key.ts'
import type { TestPostgres } from '../support/postgres.ts'
import { markdownTable, Samples, shown, shuffled } from './figures.ts'
import { cell, clientCounts, modes } from './measure-load.ts'
import { hoop, type HoopVariant } from './paths.ts'
import { pgbench } from './pgbench.ts'

/** What can be switched on, by the name it is asked for. */
export const switches: Readonly<Record<string, () => { readonly name: string, readonly on: HoopVariant }>> = {
  seal: () => ({
    name: 'sealing',
    on: { audit: { sealTo: [{ name: 'auditor', key: recipientKeyLine(generateKeyPairSync('x25519').publicKey) }] } }
  }),
  record: () => ({
    name: 'recording',
    on: {
      // Of a session as long as a benchmark the begin alone would be kept, and that is not what is measured.
      sections: { recording: { directory: 'recordings', key: 'env:BENCH_RECORDING_KEY', perSessionBytes: 2 ** 40 } },
      env: { BENCH_RECORDING_KEY: randomBytes(32).toString('base64') }
    }
  })
}

export interface SwitchBench {
  readonly postgres: TestPostgres
  readonly rounds: number
  readonly seconds: number
  readonly clients: readonly number[] | undefined
  readonly say: (line: string) => void
}

/** @returns the table: medians over rounds of the ratio of a pair */
export async function measureSwitch(
  what: string,
  { postgres, rounds, seconds, clients: counts = clientCounts, say }: SwitchBench
): Promise<string> {
  const samples = new Samples()
  const { name, on: variant } = switches[what]!()
  const [on, off] = [`${name} on`, `${name} off`]
  const paths = [
    { ...await hoop(postgres, false), name: off },
    { ...await hoop(postgres, false, variant), name: on }
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
      say(`${what}: round ${round + 1} of ${rounds}`)
    }
  } finally {
    for (const path of paths) await path.stop()
  }
  const figures = ['TPS', 'p50', 'CPU'] as const
  return markdownTable([`${on}, of off`, ...figures], modes.flatMap((mode) => counts.map((clients) => [
    `${mode}, ${clients} ${clients === 1 ? 'client' : 'clients'}`,
    ...figures.map((figure) => shown(samples.ratio(on, off, cell(mode, clients, figure))))
  ])))
}
