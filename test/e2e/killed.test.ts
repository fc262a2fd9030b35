// kill -9 under load: whatever the database was asked, the log had said before. Compared with the database's own log, both ways.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestGateway } from '../support/gateway.ts'
import { TestPostgres } from '../support/postgres.ts'
import { until } from '../support/until.ts'

let postgres: TestPostgres
let gateway: TestGateway

beforeAll(async () => {
  postgres = await TestPostgres.start()
  await postgres.query('CREATE ROLE hoop_app LOGIN PASSWORD \'app-password\'')
  await postgres.query('CREATE DATABASE clinic OWNER hoop_app')
  await postgres.query(`SET ROLE hoop_app;
    CREATE TABLE pgbench_branches (bid int); INSERT INTO pgbench_branches VALUES (1);
    CREATE TABLE pgbench_accounts AS SELECT n AS aid, n AS abalance FROM generate_series(1, 1000) n`, { database: 'clinic' })
  gateway = await TestGateway.start({
    targets: { 'prod-db': { address: postgres.address, database: 'clinic', credential: { user: 'hoop_app', password: 'app-password' } } }
  })
})
afterAll(async () => {
  await gateway?.stop()
  await postgres?.stop()
})

/** How often each text occurs, by hash. */
function counted(hashes: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const hash of hashes) counts.set(hash, (counts.get(hash) ?? 0) + 1)
  return counts
}

/** Statements the server ran for hoop: each simple one and each execution, by the hash of its text. */
async function ran(): Promise<Map<string, number>> {
  const statements = (await postgres.statements()).filter(({ user, step }) => user === 'hoop_app' && (step === 'statement' || step === 'execute'))
  return counted(statements.map(({ text }) => createHash('sha256').update(text).digest('hex')))
}

async function intended(): Promise<Map<string, number>> {
  return counted((await gateway.audit()).flatMap((entry) =>
    entry.kind === 'statement.intent' && entry.statement.step === 'execute' ? [entry.statement.sha256] : []))
}

test.each([['simple', 40], ['prepared', 150], ['simple', 400]])('a gateway killed under %s load, after %i statements', async (mode, after) => {
  const local = await gateway.openPort('alice', 'prod-db')
  const before = [...(await intended()).values()].reduce((sum, count) => sum + count, 0)
  const load = spawn('pgbench', ['-S', '-n', '-M', mode, '-c', '8', '-T', '60'], {
    env: { ...process.env, PGHOST: local.host, PGPORT: String(local.port), PGUSER: 'whoever', PGDATABASE: 'clinic' },
    stdio: 'ignore'
  })
  const over = new Promise<void>((resolve) => load.once('exit', () => resolve()))
  try {
    await until('the load to be under way', async () => [...(await intended()).values()].reduce((sum, count) => sum + count, 0) > before + after)
    await gateway.halt('KILL')
    await over
  } finally {
    load.kill('SIGKILL')
  }
  // Upstream connections end with the gateway; what they were running has been logged by then.
  await until('the upstream connections to end', async () =>
    (await postgres.query('SELECT 1 FROM pg_stat_activity WHERE usename = \'hoop_app\'')).length === 0)

  const [asked, said] = [await ran(), await intended()]
  expect(asked.size).toBeGreaterThan(10)
  expect([...asked].filter(([hash, times]) => times > (said.get(hash) ?? 0))).toEqual([])
  // At most what was on its way is said and not asked: one statement for each of the eight clients and each kill.
  const missing = [...said].reduce((sum, [hash, times]) => sum + Math.max(0, times - (asked.get(hash) ?? 0)), 0)
  expect(missing).toBeLessThanOrEqual(3 * 8)

  await gateway.resume()
  const entries = await gateway.audit()
  const open = new Set(entries.flatMap((entry) => entry.kind === 'statement.intent' ? [entry.index] : []))
  for (const entry of entries) if (entry.kind === 'outcome') open.delete(entry.intent)
  expect([...open]).toEqual([])
  const person = await gateway.person('alice')
  expect(await person.finish(['audit', 'verify', gateway.auditDirectory, '--key', join(gateway.auditDirectory, 'log.pub')])).toMatchObject({ code: 0 })
  await local.close()
}, 60_000)
