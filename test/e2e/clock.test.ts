// A wall clock that is set while the gateway runs: statements go on, the log says by how much, and still verifies.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AuditEntry } from '../../shared/audit/entry.ts'
import { TestGateway } from '../support/gateway.ts'
import { TestPostgres } from '../support/postgres.ts'
import { until } from '../support/until.ts'
import { WireClient } from '../support/wire.ts'

let postgres: TestPostgres
let gateway: TestGateway

beforeAll(async () => {
  postgres = await TestPostgres.start()
  await postgres.query('CREATE ROLE hoop_app LOGIN PASSWORD \'app-password\'')
  gateway = await TestGateway.start({
    // Relative to the gateway's own folder, where it runs.
    env: { NODE_OPTIONS: `--import ${join(import.meta.dirname, '..', 'support', 'jumping-clock.mjs')}`, HOOP_TEST_CLOCK: 'offset' },
    targets: { 'prod-db': { address: postgres.address, database: 'postgres', credential: { user: 'hoop_app', password: 'app-password' } } }
  })
})
afterAll(async () => {
  await gateway?.stop()
  await postgres?.stop()
})

const jumps = async () => (await gateway.audit()).flatMap((entry) => entry.kind === 'clock.jump' ? [entry] : [])

test('set forward and back by an hour', async () => {
  const client = await WireClient.open(await gateway.connect('alice', 'prod-db'), { user: 'x', database: 'postgres' })
  const hour = 3_600_000
  for (const [i, offset] of [hour, 0, -hour, hour].entries()) {
    await writeFile(join(gateway.folder, 'offset'), String(offset))
    process.kill(await gateway.pid, 'SIGUSR2')
    await until('the jump to be noticed', async () => (await jumps()).length > i)
    expect((await client.ask(`SELECT ${i}`)).rows).toEqual([[String(i)]])
  }
  await client.close()
  const moved = (await jumps()).map(({ deltaMilliseconds }) => Math.round(deltaMilliseconds / 10_000) * 10_000)
  expect(moved).toEqual([hour, -hour, -hour, 2 * hour])

  const entries = await gateway.audit()
  expect(entries.map(({ index }) => index)).toEqual(entries.map((_, i) => i))
  const monotonic = entries.map((entry: AuditEntry) => BigInt(entry.monotonic))
  expect(monotonic.every((time, i) => i === 0 || time >= monotonic[i - 1]!)).toBe(true)
  // The next process has the true time: an hour before the last entry, which is no damage.
  await gateway.halt()
  await writeFile(join(gateway.folder, 'offset'), '0')
  await gateway.resume()
  const { code } = await (await gateway.person('alice')).finish(['audit', 'verify', gateway.auditDirectory, '--key', join(gateway.auditDirectory, 'log.pub')])
  expect(code).toBe(0)
}, 60_000)
