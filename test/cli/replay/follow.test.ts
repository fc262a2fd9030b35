// `hoop sessions follow` as it ends: with the session, with the gateway, by Ctrl-C, and where nobody takes what it shows.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectPg } from '../../support/connect-pg.ts'
import { TestGateway } from '../../support/gateway.ts'
import type { TestPerson, TestPort } from '../../support/person.ts'
import { TestPostgres } from '../../support/postgres.ts'
import { until } from '../../support/until.ts'

let postgres: TestPostgres
let gateway: TestGateway
let alice: TestPerson

beforeAll(async () => {
  postgres = await TestPostgres.start()
  await postgres.query('CREATE DATABASE clinic')
  const target = { address: postgres.address, database: 'clinic', credential: { user: postgres.superuser, password: postgres.password } }
  gateway = await TestGateway.start({
    targets: { 'prod-db': target },
    env: { RECORDING_KEY: randomBytes(32).toString('base64') },
    sections: { recording: { directory: 'recordings', key: 'env:RECORDING_KEY', perOperationBytes: 16 * 2 ** 20, perSessionBytes: 2 ** 30 } }
  })
  alice = await gateway.person('alice')
})
afterAll(async () => {
  await gateway?.stop()
  await postgres?.stop()
})

async function followed() {
  const port = await alice.connect('prod-db')
  const client = await connectPg(port)
  const following = alice.run(['sessions', 'follow', port.session])
  await following.line(/following/, { of: 'stderr' })
  await listened(port)
  return { port, client, following }
}

function listened({ session }: TestPort): Promise<unknown> {
  return until('the follower to be written down', async () => (await gateway.audit()).some((entry) =>
    entry.kind === 'audit.read' && entry.action === 'follow' && entry.session === session))
}

test('Ctrl-C stops looking, is no failure, and leaves the session as it is', async () => {
  const { port, client, following } = await followed()
  await client.query('SELECT 41 + 1 AS answer')
  await following.line(/answer/)
  expect(await following.end('INT')).toBe(0)
  expect(following.stderr).toBe(`hoop: following ${port.session}; Ctrl-C stops looking and leaves the session as it is\n`)
  expect((await client.query('SELECT 2 AS more')).rows).toEqual([{ more: 2 }])
  await client.end()
  expect(await port.close()).toBe(0)
})

test('ends with the session, and says how that ended', async () => {
  const { port, client, following } = await followed()
  await client.end()
  await port.close()
  expect(await following.exited).toBe(0)
  expect(following.stdout).toMatch(/the session ended: .+\n$/)
})

test('a session that has ended already, and one that is none, are told', async () => {
  const port = await alice.connect('prod-db')
  await port.close()
  expect(await alice.finish(['sessions', 'follow', port.session])).toMatchObject({
    code: 1, stdout: '', stderr: expect.stringContaining(`hoop sessions replay ${port.session}`) as string
  })
  expect(await alice.finish(['sessions', 'follow', '01k5b2y8v4s0q9m3t7x6c1n0ad'])).toMatchObject({ code: 1, stdout: '' })
})

test('a gateway that is stopped ends the session, and says so', async () => {
  const { port, following } = await followed()
  await gateway.halt('TERM')
  expect(await following.exited).toBe(0)
  expect(following.stdout).toMatch(/the session ended: the gateway .*\n$/)
  await gateway.resume()
  await port.close()
})

test('a gateway that is killed is told, with what to do, and a failure', async () => {
  const { port, client, following } = await followed()
  await client.query('SELECT 1 AS before')
  await following.line(/before/)
  await gateway.halt('KILL')
  expect(await following.exited).toBe(1)
  expect(following.stderr).toMatch(new RegExp(`hoop: error: .*gateway.*\nhoop: hint: .*hoop sessions replay ${port.session}\n$`))
  await gateway.resume()
  await port.close()
})

test('more than is taken is never left out in silence: it ends, and says where the rest is', async () => {
  const { port, client, following } = await followed()
  following.signal('STOP')
  const rows = client.query('SELECT n, repeat(md5(n::text), 20) FROM generate_series(1, 60000) n')
  await rows
  following.signal('CONT')
  expect(await following.exited).toBe(1)
  expect(following.stderr).toContain('more is shown than you take; its replay has all of it')
  await client.end()
  await port.close()
}, 60_000)
