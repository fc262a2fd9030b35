// What something costs that can be switched on: pgbench -S through two gateways that differ in nothing else, by turns, each pair in
// either order.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { recipientKeyLine } from '../../shared/audit/session-key.ts'
import { measureByTurns, turnFigures, type TurnsBench } from './by-turns.ts'
import { markdownTable, shown } from './figures.ts'
import { hoop, type HoopVariant } from './paths.ts'

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

/** @returns the table: medians over rounds of the ratio of a pair */
export async function measureSwitch(what: string, bench: TurnsBench): Promise<string> {
  const { name, on: variant } = switches[what]!()
  const [on, off] = [`${name} on`, `${name} off`]
  const paths = [
    { ...await hoop(bench.postgres, false), name: off },
    { ...await hoop(bench.postgres, false, variant), name: on }
  ]
  try {
    const { samples, rows } = await measureByTurns(what, paths, bench)
    return markdownTable([`${on}, of off`, ...turnFigures], rows((cellOf) => turnFigures.map((figure) => shown(samples.ratio(on, off, cellOf(figure))))))
  } finally {
    for (const path of paths) await path.stop()
  }
}
