// The export of a real gateway, from psql to the receiver: what runs arrives, a strict sink stops statements and lets them go on, and the
// command line and /health say how it stands. Policy reload leaves it alone; secrets are nowhere but on the wire.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { paths, type ExportStatus, type Health } from '../../shared/api.ts'
import type { AuditEntry } from '../../shared/audit/entry.ts'
import { connectPg } from '../support/connect-pg.ts'
import { TestGateway } from '../support/gateway.ts'
import { TestPostgres } from '../support/postgres.ts'
import { until } from '../support/until.ts'
import { problemsOf } from '../audit/export/ocsf-schema.ts'
import { authority, HttpsReceiver, ways } from '../audit/export/receiver.ts'

test('statements arrive at a SIEM; a strict sink that lags stops them, says so everywhere, and lets them go on', { timeout: 120_000 }, async () => {
  const ours = authority()
  const receiver = await HttpsReceiver.start(ours.issue('localhost', 'IP:127.0.0.1'))
  const postgres = await TestPostgres.start()
  onTestFinished(() => postgres.stop())
  const gateway = await TestGateway.start({
    targets: { 'prod-db': { address: postgres.address, database: 'postgres', credential: { user: postgres.superuser, password: postgres.password } } },
    sections: {
      audit: {
        directory: 'audit',
        origin: 'test.example/log',
        export: [
          {
            name: 'siem',
            kind: 'ocsf',
            url: receiver.url,
            ca: `file:${ours.caFile}`,
            bearer: 'env:SIEM_TOKEN',
            from: 'beginning',
            strict: { entries: 25, seconds: 600 }
          },
          { name: 'lines', kind: 'file', path: 'lines.jsonl', from: 'beginning' }
        ]
      }
    },
    env: { SIEM_TOKEN: 's1em-t0ken' }
  })
  onTestFinished(() => gateway.stop())
  const root = await gateway.person('root')
  const status = async () => {
    const { code, stdout } = await root.finish(['audit', 'export', 'status', '--json'])
    return { code, sinks: stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as ExportStatus) }
  }
  const health = () => gateway.get<Health>(undefined, paths.health)

  const port = await gateway.openPort('alice', 'prod-db')
  const client = await connectPg(port, { database: 'postgres' })
  await client.query('SELECT 42 AS arrives')
  const events = () => receiver.received.flatMap(({ body }) => JSON.parse(body) as Record<string, unknown>[])
  await until('the statement', () => events().some((event) => (event.query_info as { query_string?: string } | undefined)?.query_string === 'SELECT ? AS arrives'))
  expect(events().flatMap(problemsOf)).toEqual([])
  expect(receiver.received[0]!.headers.authorization).toBe('Bearer s1em-t0ken')
  expect((await status()).code).toBe(0)
  expect((await health()).status).toBe(200)

  receiver.behave = ways.status(503)
  await until('statements to be refused', async () => {
    try {
      await client.query('SELECT 1')
      return undefined
    } catch (error) {
      expect(error).toMatchObject({ code: '58000', message: expect.stringMatching(/the audit export "siem" lags/) as string })
      return true
    }
  })
  expect(await health()).toMatchObject({ status: 503, body: { status: 'refusing', reason: expect.stringMatching(/"siem"/) as string } })
  const table = await root.finish(['audit', 'export', 'status'])
  expect(table.code).toBe(1)
  expect(table.stdout).toMatch(/SINK +KIND +STATE +NEXT ENTRY +BEHIND +DEAD LETTERS +LAST ERROR/)
  expect(table.stdout).toMatch(/siem +ocsf +failing, blocks statements +\d+ +\d+ entries, \d+ s +0 +.*it answered HTTP 503/)
  expect((await status()).sinks[1]).toMatchObject({ name: 'lines', kind: 'file', state: 'running', strict: false, blocking: false })

  // The policy is read again; the export is not touched by it.
  const before = (await status()).sinks[0]!.next
  gateway.signal('HUP')
  receiver.behave = ways.accept
  await until('statements to be taken again', () => client.query('SELECT 43 AS again').then(() => true, () => undefined), 60_000)
  expect(await health()).toMatchObject({ status: 200, body: { status: 'ok' } })
  expect((await status()).sinks[0]!.next).toBeGreaterThan(before)
  await client.end()
  expect(await port.close()).toBe(0)

  await gateway.halt()
  const entries = await gateway.audit()
  const sent = events().map(({ raw_data: raw }) => raw as string).filter((raw) => raw.startsWith('{')).map((raw) => JSON.parse(raw) as AuditEntry)
  expect([...new Set(sent.map(({ index }) => index))]).toEqual(entries.map(({ index }) => index))
  expect(sent.at(-1)).toMatchObject({ kind: 'admin', action: 'gateway.stop' })
  expect(gateway.log + await readFile(join(gateway.folder, 'audit', 'export', 'siem.json'), 'utf8')).not.toContain('s1em-t0ken')

  // A damaged cursor: the gateway runs, the sink does not, and it is strict.
  await writeFile(join(gateway.folder, 'audit', 'export', 'siem.json'), 'damaged')
  await gateway.resume()
  expect(await health()).toMatchObject({ status: 503, body: { reason: expect.stringMatching(/siem\.json is damaged/) as string } })
})

test('people who are no admins do not see how the export stands', { timeout: 60_000 }, async () => {
  const gateway = await TestGateway.start({ targets: { 'prod-db': { address: '127.0.0.1:1', credential: { user: 'x' } } } })
  onTestFinished(() => gateway.stop())
  const [alice, root] = [await gateway.person('alice'), await gateway.person('root')]
  expect(await alice.finish(['audit', 'export', 'status'])).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/you may not do that/) as string })
  expect(await root.finish(['audit', 'export', 'status'])).toMatchObject({ code: 0, stdout: '', stderr: expect.stringMatching(/exported nowhere/) as string })
})
