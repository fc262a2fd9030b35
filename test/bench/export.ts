// Measures the audit export on this machine: entries a second, CPU, lag under load, and what a dead sink costs those who append. Prints
// figures, judges nothing. Run: npx tsx test/bench/export.ts [ENTRIES]
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { openExports, type SinkChoice } from '../../server/audit/export/exports.ts'
import { createSink } from '../../server/audit/export/sinks/index.ts'
import { openAuditLog } from '../../server/audit/log.ts'
import { intent, outcome } from '../audit/sample.ts'

const entries = Number(process.argv[2] ?? 100_000)
const origin = 'bench.example.com'

/** In a thread of its own, and plain JavaScript since it has no loader: what it costs is not the exporter's. */
const receiver = `
  const { createServer } = require('node:http')
  const { parentPort } = require('node:worker_threads')
  const server = createServer((request, response) => request.resume().on('end', () => response.end('{}')))
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
`

await main()

async function main(): Promise<void> {
  const worker = new Worker(receiver, { eval: true })
  const port = await new Promise<number>((resolve) => worker.once('message', resolve))
  const folder = await mkdtemp(join(tmpdir(), 'hoop-bench-export-'))
  const kinds = ['ocsf', 'otlp', 'webhook', 'file'] as const
  try {
    for (const kind of kinds) await drain(folder, kind, port)
    const three = [sinkOf('ocsf', port, folder), sinkOf('otlp', port, folder), sinkOf('file', port, folder)]
    for (let round = 0; round < 2; round++) {
      await append(folder, `no sink (${round})`, [])
      await append(folder, `ocsf (${round})`, [sinkOf('ocsf', port, folder)])
      await append(folder, `ocsf, otlp, file (${round})`, three)
      await append(folder, `ocsf, nobody there (${round})`, [sinkOf('ocsf', 1, folder)])
    }
  } finally {
    await worker.terminate()
    await rm(folder, { recursive: true })
  }
}

function sinkOf(kind: 'ocsf' | 'otlp' | 'webhook' | 'file', port: number, folder: string): SinkChoice {
  const http = { url: async () => `http://127.0.0.1:${port}/`, headers: async () => ({}), ca: async () => undefined }
  const settings = kind === 'file'
    ? { kind, path: join(folder, 'lines') } as const
    : kind === 'webhook'
      ? { kind, ...http, secret: async () => 'k' } as const
      : kind === 'ocsf' ? { kind, framing: 'array', ...http } as const : { kind, ...http } as const
  return { name: kind, from: 'beginning', sink: createSink(settings, { origin, version: '0', now: Date.now }) }
}

async function open(folder: string, name: string, sinks: readonly SinkChoice[], fill: number) {
  const directory = join(folder, name.replace(/\W/g, '-'))
  const audit = await openAuditLog({ directory, origin, now: Date.now, heartbeat: () => ({ sessions: 0 }) })
  while (audit.size < fill) await audit.append(Array.from({ length: 500 }, (_, i) => i % 2 === 0 ? intent() : outcome(audit.size + i - 1)))
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const exports = await openExports({ directory, origin, audit, sinks, operator: quiet, now: Date.now, random: Math.random })
  return { audit, exports }
}

/** A backlog, sent as fast as it goes. */
async function drain(folder: string, kind: Parameters<typeof sinkOf>[0], port: number): Promise<void> {
  const { audit, exports } = await open(folder, `drain ${kind}`, [sinkOf(kind, port, folder)], entries)
  const [begun, cpu] = [performance.now(), process.cpuUsage()]
  while (exports.status()[0]!.lagEntries > 0) await new Promise((resolve) => setTimeout(resolve, 10))
  const used = process.cpuUsage(cpu)
  const seconds = (performance.now() - begun) / 1000
  print(`backlog of ${audit.size}, ${kind}`, `${Math.round(audit.size / seconds)} entries/s, ${((used.user + used.system) / audit.size).toFixed(0)} us CPU an entry`)
  await exports.close()
  await audit.close()
}

/** 1,000 statements a second from 32 connections, each waiting for its intent; with their outcomes. */
async function append(folder: string, name: string, sinks: readonly SinkChoice[]): Promise<void> {
  const { audit, exports } = await open(folder, `append ${name}`, sinks, 0)
  const count = 8_000
  const [begun, cpu, times] = [performance.now(), process.cpuUsage(), [] as number[]]
  let [next, maxLag] = [0, 0]
  await Promise.all(Array.from({ length: 32 }, async (_, connection) => {
    for (let i = next++; i < count; i = next++) {
      const due = begun + i
      if (performance.now() < due) await new Promise((resolve) => setTimeout(resolve, due - performance.now()))
      const asked = performance.now()
      const [index] = await audit.append([intent(undefined, connection)])
      times.push(performance.now() - asked)
      audit.note(outcome(index!, connection))
      for (const { lagEntries } of exports.status()) maxLag = Math.max(maxLag, lagEntries)
    }
  }))
  const { user, system } = process.cpuUsage(cpu)
  const sorted = times.sort((x, y) => x - y)
  const at = (share: number) => sorted[Math.floor(sorted.length * share)]!.toFixed(2)
  const rate = Math.round(count / ((performance.now() - begun) / 1000))
  print(`${rate} statements/s, ${name}`, `${((user + system) / count).toFixed(0)} us CPU a statement; wait p50 ${at(0.5)} ms, p99 ${at(0.99)} ms; lag at most ${maxLag}`)
  await exports.close()
  await audit.close()
}

function print(name: string, value: string): void {
  console.log(`${name.padEnd(52)} ${value}`)
}
