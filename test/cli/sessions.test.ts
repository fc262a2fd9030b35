// `hoop sessions`: filters and pages, with the shipped program and a real gateway.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listSessions } from '../../cli/sessions/list.ts'
import { paths, type SessionSummary } from '../../shared/api.ts'
import { TestGateway } from '../support/gateway.ts'
import type { TestPerson } from '../support/person.ts'

describe('a list longer than a page of the gateway', () => {
  const all = Array.from({ length: 2_500 }, (_, n) => ({ id: String(9999 - n) }) as SessionSummary)
  const gateway = {
    asked: [] as number[],
    sessions: async ({ limit, before }: { limit?: number, before?: string }) => {
      gateway.asked.push(limit!)
      return all.filter(({ id }) => before === undefined || id < before).slice(0, limit)
    }
  }

  test.each([[1, true], [999, true], [1000, true], [2499, true], [2500, false], [9999, false]])('%i of 2,500, more: %s', async (limit, more) => {
    gateway.asked = []
    const found = await listSessions(gateway, limit, {})
    expect(found.sessions).toEqual(all.slice(0, limit))
    expect(found.more).toBe(more)
    expect(Math.max(...gateway.asked)).toBeLessThanOrEqual(1000)
  })
})

describe('at a gateway', () => {
  let gateway: TestGateway
  let alice: TestPerson
  const opened: string[] = []

  beforeAll(async () => {
    const nowhere = { address: '127.0.0.1:9', database: 'postgres', credential: { user: 'nobody' } }
    gateway = await TestGateway.start({ targets: { 'prod-db': nowhere, 'other-db': nowhere } })
    alice = await gateway.person('alice')
    for (const target of ['prod-db', 'other-db', 'prod-db', 'prod-db']) opened.unshift((await gateway.openSession('alice', target)).id)
    await gateway.delete('alice', paths.session(opened[3]!))
  })
  afterAll(() => gateway?.stop())

  async function listed(...words: string[]): Promise<string[]> {
    const { code, stdout } = await alice.finish(['sessions', '--json', ...words])
    expect(code).toBe(0)
    return stdout.split('\n').slice(0, -1).map((line) => (JSON.parse(line) as SessionSummary).id)
  }

  test('is filtered by status, target and time', async () => {
    expect(await listed('--status', 'ended')).toEqual([opened[3]])
    expect(await listed('--status', 'open', '--target', 'prod-db')).toEqual([opened[0], opened[1]])
    expect(await listed('--since', '1h', '--user', 'alice@example.com')).toEqual(opened)
    expect(await listed('--until', '1h')).toEqual([])
  })

  test('says what to type for the next page, and that leads on', async () => {
    const { stdout, stderr } = await alice.finish(['sessions', '--limit', '2', '--user', 'alice@example.com'])
    expect(stdout.split('\n').slice(1, -1).map((line) => line.slice(0, 26))).toEqual(opened.slice(0, 2))
    const next = `--user alice@example.com --limit 2 --before ${opened[1]}`
    expect(stderr).toBe(`hoop: hint: there are more: hoop sessions ${next}\n`)
    expect(await listed(...next.split(' '))).toEqual(opened.slice(2))
    expect((await alice.finish(['sessions', '--limit', '4'])).stderr).toBe('')
  })
})
