// pgbench as it is, against one port: what a program with a connection pool would see.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { quantile } from './figures.ts'

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
}

export function clientEnvironment({ host, port }: Endpoint): NodeJS.ProcessEnv {
  return { ...process.env, PGHOST: host, PGPORT: String(port), PGUSER: benchUser, PGPASSWORD: benchPassword, PGDATABASE: benchDatabase, PGSSLMODE: 'disable', PGGSSENCMODE: 'disable' }
}

/** @throws Error with pgbench's words if any transaction failed */
export async function pgbench(to: Endpoint, { mode, clients, seconds, script }: Load): Promise<LoadResult> {
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
    const number = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1] ?? NaN)
    if (number(/number of failed transactions: (\d+)/) > 0) throw new Error(`pgbench had failed transactions:\n${stdout}`)
    const latencies = await latenciesIn(folder)
    return {
      tps: number(/^tps = ([\d.]+)/m),
      transactions: number(/transactions actually processed: (\d+)/),
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** PostgreSQL docs, pgbench, *Per-Transaction Logging*: the third column is the time in microseconds. */
async function latenciesIn(folder: string): Promise<number[]> {
  const texts = await Promise.all((await readdir(folder)).map((file) => readFile(join(folder, file), 'utf8')))
  return texts.flatMap((text) => text.split('\n').filter((line) => line !== '').map((line) => Number(line.split(' ')[2]) / 1000))
}
