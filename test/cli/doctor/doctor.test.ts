// `hoop doctor` on everything that can be wrong between a person and a database: each time the first wrong step, and a hint.
import { chmod, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clockAhead } from '../../../cli/doctor/clock.ts'
import { TestGateway } from '../../support/gateway.ts'
import type { TestPerson } from '../../support/person.ts'
import { TestPostgres } from '../../support/postgres.ts'

let postgres: TestPostgres
let gateway: TestGateway
let alice: TestPerson
let stranger: TestPerson

beforeAll(async () => {
  postgres = await TestPostgres.start()
  const reached = { address: postgres.address, database: 'postgres' }
  const credential = { user: postgres.superuser, password: postgres.password }
  gateway = await TestGateway.start({
    tls: true,
    targets: {
      'prod-db': { ...reached, credential },
      'asked-db': { ...reached, credential },
      'gone-db': { address: '127.0.0.1:9', database: 'postgres', credential },
      'shut-db': { ...reached, credential: { ...credential, user: 'nobody_there' } }
    },
    policy: [
      { name: 'asking first', targets: { name: 'asked-db' }, on: 'open', then: 'hold', approvers: { group: 'dba' }, window: '1h' },
      { name: 'all', who: { group: 'engineers' }, then: 'allow' }
    ]
  })
  alice = await gateway.person('alice')
  stranger = await gateway.stranger()
})
afterAll(async () => {
  await stranger?.leave()
  await gateway?.stop()
  await postgres?.stop()
})

interface Step { step: string, ok: boolean, code?: string, detail: string, hint?: string }

type Diagnosis = Promise<{ readonly code: number, readonly steps: readonly Step[] }>

async function diagnosed(who: TestPerson, words: readonly string[], env: Readonly<Record<string, string>> = {}): Diagnosis {
  const { code, stdout } = await who.finish(['doctor', ...words, '--json'], env)
  return { code, steps: stdout.split('\n').slice(0, -1).map((line) => JSON.parse(line) as Step) }
}

describe('names the first thing that is wrong', () => {
  test.each([
    ['a database that does not answer', ['gone-db'], {}, { step: 'target', code: 'target_unreachable' }],
    ['a credential the database refuses', ['shut-db'], {}, { step: 'target', code: 'target_refused' }],
    ['a target nobody knows', ['prod-bd'], {}, { step: 'target', code: 'target_unknown' }],
    ['a token that is none', [], { HOOP_TOKEN: 'letmein' }, { step: 'login', code: 'unauthenticated' }],
    ['a token that was never issued', ['prod-db'], { HOOP_TOKEN: 'hoop_st_x' }, { step: 'login', code: 'unauthenticated' }],
    ['a gateway whose certificate is not trusted', [], { HOOP_CA: '' }, { step: 'gateway', code: 'gateway_unreachable' }],
    ['a profile that cannot be', [], { HOOP_PROFILE: '../x' }, { step: 'config', code: 'usage' }]
  ])('%s', async (_, words, env, expected) => {
    const { code, steps } = await diagnosed(alice, words, env)
    expect(code).toBe(1)
    expect(steps.at(-1)).toMatchObject({ ...expected, ok: false })
    expect(steps.slice(0, -1).every(({ ok }) => ok)).toBe(true)
    expect(steps.filter(({ step }) => step === expected.step)).toHaveLength(1)
  })

  test('nobody is logged in', async () => {
    const { code, stdout, stderr } = await stranger.finish(['doctor', 'prod-db'])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^ok {5}gateway {2}hoop \S+ answers, its certificate is trusted$/m)
    expect(stdout).toMatch(/^wrong {2}login$/m)
    expect(stdout).not.toContain('target')
    expect(stderr).toBe(`hoop: error: you are not logged in to ${gateway.url}\nhoop: hint: hoop login ${gateway.url}\n`)
  })

  test('a login that others could have written', async () => {
    const file = join(stranger.configDirectory, 'tokens.json')
    await writeFile(file, '{}')
    await chmod(file, 0o666)
    const { code, steps } = await diagnosed(stranger, [])
    expect(code).toBe(1)
    expect(steps.at(-1)).toMatchObject({ step: 'tokens', ok: false })
  })

  test('a clock that is wrong, before the certificate that looks wrong because of it', async () => {
    const server = createServer((_, response) => { response.setHeader('date', 'Mon, 01 Jan 2024 00:00:00 GMT').end() }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
    const { code, steps } = await diagnosed(alice, [], { HOOP_GATEWAY: url })
    expect(code).toBe(1)
    expect(steps.at(-1)).toMatchObject({ step: 'clock', ok: false, detail: expect.stringMatching(/^this machine's clock is \d+ days ahead of the gateway's$/) as string })
    const ahead = await clockAhead(url, () => Date.UTC(2023, 11, 31, 23, 50), new AbortController().signal)
    expect(ahead).toBe(-600_500)
    server.closeAllConnections()
    server.close()
  })
})

describe('where nothing is wrong', () => {
  test('each step is told, and no statement has run', async () => {
    const { code, stdout, stderr } = await alice.finish(['doctor', 'prod-db'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'hoop: nothing is wrong\n' })
    expect(stdout.split('\n').map((line) => line.slice(0, 14).trim())).toEqual(
      ['ok     config', 'ok     tokens', 'ok     clock', 'ok     gateway', 'ok     login', 'ok     target', ''])
    expect((await gateway.audit()).filter(({ kind }) => kind === 'statement.intent')).toEqual([])
  })

  test('without a target it says how many there are', async () => {
    expect((await diagnosed(alice, [])).steps.at(-1)).toMatchObject({ step: 'target', ok: true, detail: expect.stringMatching(/^4 you may open/) as string })
  })

  test('a target that others have to open first is not asked for behind one\'s back, and what one asked for stays', async () => {
    const { code, steps } = await diagnosed(alice, ['asked-db'])
    expect({ code, last: steps.at(-1) }).toMatchObject({ code: 0, last: { detail: expect.stringContaining('opens once others agree (rule "asking first")') as string } })
    const pending = () => gateway.get<{ id: string }[]>('alice', '/v1/reviews?state=pending&mine=true').then(({ body }) => body.map(({ id }) => id))
    expect(await pending()).toEqual([])
    expect((await alice.finish(['connect', 'asked-db', '--', 'true'])).code).toBe(8)
    const asked = await pending()
    expect(asked).toHaveLength(1)
    expect((await diagnosed(alice, ['asked-db'])).steps.at(-1)!.detail).toContain(`hoop reviews show ${asked[0]}`)
    expect(await pending()).toEqual(asked)
  })
})
