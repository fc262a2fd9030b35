// Large results: SELECT and COPY TO over every path, and a reader that stops reading.
import { setTimeout as delay } from 'node:timers/promises'
import { readBulk, stalledReader } from './bulk.ts'
import { shuffled } from './figures.ts'
import type { BenchContext } from './measure-load.ts'
import { hoop } from './paths.ts'
import { benchDatabase } from './pgbench.ts'
import { cpuMicroseconds, rssBytes } from './usage.ts'

export const bulkKinds = ['SELECT', 'COPY TO'] as const
const stallSeconds = 4

export async function measureBulk({ postgres, paths, hoops, samples, rounds, say }: BenchContext, megabytes: number): Promise<void> {
  const unit = Number((await postgres.query('SELECT sum(length(u::text)) AS bytes FROM bulk_unit u', { database: benchDatabase }))[0]!.bytes)
  const rows = `FROM bulk_unit, generate_series(1, ${Math.ceil(megabytes * 1e6 / unit)}) AS g(copy)`
  const texts = { SELECT: `SELECT bulk_unit.* ${rows}`, 'COPY TO': `COPY (SELECT bulk_unit.* ${rows}) TO STDOUT` }
  const bytes = new Map<string, Set<number>>()
  for (let round = 0; round < rounds; round++) {
    for (const kind of shuffled(bulkKinds, Math.random)) {
      for (const path of shuffled(paths, Math.random)) {
        const before = cpuMicroseconds(path.pids)
        const result = await readBulk(path, texts[kind])
        const cpu = (cpuMicroseconds(path.pids) - before) / 1e6
        samples.add({ path: path.name, cell: `bulk ${kind}, MB/s`, round, value: result.bytes / 1e6 / result.seconds })
        if (path.pids.length > 0) samples.add({ path: path.name, cell: `bulk ${kind}, CPU s/GB`, round, value: cpu / (result.bytes / 1e9) })
        bytes.set(kind, (bytes.get(kind) ?? new Set()).add(result.bytes))
      }
    }
    say(`bulk: round ${round + 1} of ${rounds}`)
  }
  for (const [kind, lengths] of bytes) if (lengths.size > 1) throw new Error(`${kind}: paths brought answers of different lengths: ${[...lengths].join(', ')}`)

  // Gateways of their own: one that has worked would take the bytes into memory it holds already, and show nothing.
  for (const { name, tls } of hoops) {
    const { pids, host, port, stop } = await hoop(postgres, tls)
    try {
      const before = pids.map(rssBytes)
      const end = await stalledReader({ host, port }, 'SELECT repeat(\'x\', 1000) FROM generate_series(1, 10000000)')
      let peak = before.map(() => 0)
      for (const until = performance.now() + stallSeconds * 1000; performance.now() < until; await delay(100)) {
        peak = pids.map((pid, index) => Math.max(peak[index]!, rssBytes(pid) - before[index]!))
      }
      end();
      ['hoop connect', 'gateway'].forEach((which, index) =>
        samples.add({ path: name, cell: `stalled reader of 10 GB, ${which}, MB`, round: 0, value: peak[index]! / 1e6 }))
    } finally {
      await stop()
    }
  }
}
