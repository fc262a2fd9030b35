// Measures the audit log on this machine's disk; prints figures, judges nothing. Run: npx tsx test/bench/audit.ts [ENTRIES] [DIRECTORY]
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openAuditLog, type AuditLog } from '../../server/audit/log.ts'
import { SessionSeal } from '../../server/audit/seal.ts'
import { verifyLog } from '../../shared/audit/verify.ts'
import type { StatementOperation } from '../../shared/model.ts'
import { filesIn, intent, outcome } from '../audit/sample.ts'

const entries = Number(process.argv[2] ?? 1_000_000)
const parent = process.argv[3] ?? tmpdir()
const text = 'select name, birth_date from patients where id = $1'
const statement: StatementOperation = {
  kind: 'statement',
  step: 'execute',
  text,
  sha256: createHash('sha256').update(text).digest('hex'),
  parameters: [Buffer.from('12345')],
  effects: ['read'],
  relations: [],
  functions: [],
  flags: [],
  verb: 'SELECT'
}
const folder = await mkdtemp(join(parent, 'hoop-bench-audit-'))
const directory = join(folder, 'audit')

try {
  await measureDisk()
  let log = await start()
  await measureLatency(log, 'one writer', 1, 3_000)
  for (const seal of [undefined, sealOf()]) await measureLatency(log, seal === undefined ? '32 writers' : '32 writers, sealed', 32, 30_000, seal)
  const begun = performance.now()
  const before = log.size
  await fill(log, entries - log.size, 8, 64)
  print('64 callers, batches of 8 and outcomes', `${Math.round((log.size - before) / (performance.now() - begun) * 1000)} entries/s`)
  await measureLatency(log, `one writer at ${log.size} entries`, 1, 3_000)
  await measureRead(log)
  await log.close()

  const restart = performance.now()
  log = await start()
  print(`restart with ${log.size} entries`, `${(performance.now() - restart).toFixed(0)} ms`)
  await log.close()

  const verify = performance.now()
  const report = await verifyLog(filesIn(directory), log.verifierKey)
  print(`verify ${report.entries} entries`, `${((performance.now() - verify) / 1000).toFixed(2)} s, ok: ${report.ok}`)
  print('resident memory at the end', `${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB`)
} finally {
  await rm(folder, { recursive: true })
}

function start(): Promise<AuditLog> {
  return openAuditLog({ directory, origin: 'bench.example.com', now: Date.now, heartbeat: () => ({ sessions: 0 }) })
}

/** The floor: one write and fdatasync of an entry's size, with nothing around it. */
async function measureDisk(): Promise<void> {
  const file = await open(join(folder, 'floor'), 'w')
  const bytes = Buffer.alloc(900, 'x')
  const times: number[] = []
  for (let i = 0; i < 2_000; i++) {
    const begun = performance.now()
    await file.write(bytes, 0, bytes.length, i * bytes.length)
    await file.datasync()
    times.push(performance.now() - begun)
  }
  await file.close()
  print('floor: write + fdatasync', quantiles(times))
}

/** A session's seal, as it is for a statement that is prepared once and run again and again. */
function sealOf(): SessionSeal {
  return new SessionSeal(randomBytes(32), { origin: 'bench.example.com', session: '01j8zq4v6ma8k0p2r5t7w9y1b3', elapsed: () => performance.now() })
}

async function measureLatency(log: AuditLog, name: string, writers: number, count: number, seal?: SessionSeal): Promise<void> {
  const times: number[] = []
  const begun = performance.now()
  await Promise.all(Array.from({ length: writers }, async () => {
    while (times.length < count) {
      const asked = performance.now()
      const sealed = await seal?.each([statement])
      const [index] = await log.append([intent()], sealed?.attachments)
      sealed?.written([index!])
      times.push(performance.now() - asked)
      log.note(outcome(index!))
    }
  }))
  print(`append, ${name}`, `${quantiles(times)}, ${Math.round(times.length / (performance.now() - begun) * 1000)} statements/s`)
}

async function fill(log: AuditLog, count: number, batch: number, callers: number): Promise<void> {
  const intents = Array.from({ length: batch }, () => intent())
  let left = count
  await Promise.all(Array.from({ length: callers }, async () => {
    while (left > 0) {
      left -= 2 * batch
      for (const index of await log.append(intents)) log.note(outcome(index))
    }
  }))
}

async function measureRead(log: AuditLog): Promise<void> {
  const times: number[] = []
  for (let i = 0; i < 200; i++) {
    const from = Math.floor(log.size / 200 * i)
    const begun = performance.now()
    let seen = 0
    for await (const entry of log.read({ from, to: Math.min(from + 100, log.size) })) seen += entry.index === from + seen ? 1 : NaN
    if (!(seen > 0)) throw new Error('read gave the wrong entries')
    times.push(performance.now() - begun)
  }
  print('read 100 entries from anywhere', quantiles(times))
}

function quantiles(times: number[]): string {
  times.sort((a, b) => a - b)
  const at = (q: number) => times[Math.min(times.length - 1, Math.floor(times.length * q))]!.toFixed(3)
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`
}

function print(name: string, figure: string): void {
  console.log(`${name.padEnd(36)} ${figure}`)
}
