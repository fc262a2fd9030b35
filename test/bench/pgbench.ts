// pgbench as it is, against one port: what a program with a connection pool would see.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { quantile } from './figures.ts'
import { cpuMicroseconds } from './usage.ts'

const run = promisify(execFile)

export interface Endpoint {
  readonly host: string
  readonly port: number
}
export const benchUser = 'bench'
export const benchPassword = 'bench-password'
export const benchDatabase = 'bench'

export type QueryMode = 'simple' | 'extended' | 'prepared'

export interface Load {
  /** Processes whose CPU is counted. */
  readonly pids: readonly number[]
  readonly mode: QueryMode
  readonly clients: number
  readonly seconds: number
  /** Of a custom script; pgbench's own select-only one otherwise. */
  readonly script?: string
}

export interface LoadResult {
  readonly tps: number
  readonly transactions: number
  /** Of single transactions, milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Of `pids`, microseconds of CPU per transaction, what the connections cost to open taken off. */
  readonly cpu: number
}

export function clientEnvironment({ host, port }: Endpoint): NodeJS.ProcessEnv {
  return { ...process.env, PGHOST: host, PGPORT: String(port), PGUSER: benchUser, PGPASSWORD: benchPassword, PGDATABASE: benchDatabase, PGSSLMODE: 'disable', PGGSSENCMODE: 'disable' }
}

/** @throws Error with pgbench's words if any transaction failed, or none was made in three attempts */
export async function pgbench(to: Endpoint, load: Load): Promise<LoadResult> {
  // pgbench's time runs from before the first connection is open, and one after the other they may take longer than it.
  const connecting = await connectingCost(to, load.clients, load.pids)
  for (let attempt = 1; ; attempt++) {
    const before = cpuMicroseconds(load.pids)
    const { stdout, latencies } = await logged(to, load, Math.ceil(load.seconds + connecting.seconds * attempt))
    const cpu = cpuMicroseconds(load.pids) - before - connecting.cpu
    if (numberIn(stdout, /number of failed transactions: (\d+)/) > 0) throw new Error(`pgbench had failed transactions:\n${stdout}`)
    const transactions = numberIn(stdout, /transactions actually processed: (\d+)/)
    if (transactions > 0) {
      return {
        transactions,
        tps: numberIn(stdout, /^tps = ([\d.]+)/m),
        p50: quantile(latencies, 0.5),
        p99: quantile(latencies, 0.99),
        cpu: Math.max(0, cpu / transactions)
      }
    }
    if (attempt === 3) throw new Error(`pgbench did nothing:\n${stdout}`)
  }
}

async function logged(to: Endpoint, { mode, clients, script }: Load, seconds: number): Promise<{ stdout: string, latencies: number[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'hoop-pgbench-'))
  try {
    const { stdout } = await run('pgbench', [
      ...(script === undefined ? ['-S'] : ['-f', script]),
      '-n',
      '-M',
      mode,
      '-c',
      String(clients),
      '-j',
      '1',
      '-T',
      String(seconds),
      '--log',
      `--log-prefix=${join(folder, 'log')}`
    ], { env: clientEnvironment(to), maxBuffer: 16 * 1024 * 1024 })
    return { stdout, latencies: await latenciesIn(folder) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const known = new Map<string, { seconds: number, cpu: number }>()

/** What so many connections cost to open, by a trial that is made once; a first one warms up. */
async function connectingCost(to: Endpoint, clients: number, pids: readonly number[]): Promise<{ seconds: number, cpu: number }> {
  const key = `${to.host}:${to.port} ${clients}`
  const found = known.get(key)
  if (found !== undefined) return found
  let cost = { seconds: 0, cpu: 0 }
  for (let trial = 0; trial < 2; trial++) {
    const before = cpuMicroseconds(pids)
    const { stdout } = await run('pgbench', ['-S', '-n', '-c', String(clients), '-j', '1', '-t', '1'], { env: clientEnvironment(to) })
    cost = { seconds: numberIn(stdout, /initial connection time = ([\d.]+) ms/) / 1000, cpu: cpuMicroseconds(pids) - before }
  }
  known.set(key, cost)
  return cost
}

const numberIn = (text: string, pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? NaN)

/** PostgreSQL docs, pgbench, *Per-Transaction Logging*: the third column is the time in microseconds. */
async function latenciesIn(folder: string): Promise<number[]> {
  const texts = await Promise.all((await readdir(folder)).map((file) => readFile(join(folder, file), 'utf8')))
  return texts.flatMap((text) => text.split('\n').filter((line) => line !== '').map((line) => Number(line.split(' ')[2]) / 1000))
}
