// Results, notices and errors of a database that is full of what acts on a terminal, on the terminal of `hoop query`; and the same
// statements of a client, on the screen and among the lines of `hoop connect`.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { connectPg } from '../../support/connect-pg.ts'
import type { Emulator } from '../../support/emulator.ts'
import { TestGateway, testUsers } from '../../support/gateway.ts'
import { hostiles } from '../../support/hostile.ts'
import type { TestPerson } from '../../support/person.ts'
import { TestPostgres } from '../../support/postgres.ts'
import { Pty } from '../../support/pty.ts'

const run = promisify(execFile)
let postgres: TestPostgres
let gateway: TestGateway
let alice: TestPerson
const ptys: Pty[] = []

beforeAll(async () => {
  postgres = await TestPostgres.start()
  await postgres.query('CREATE DATABASE clinic')
  const target = { address: postgres.address, database: 'clinic', credential: { user: postgres.superuser, password: postgres.password } }
  gateway = await TestGateway.start({
    targets: { 'prod-db': target },
    users: [...testUsers, { username: 'dora', password: 'dora-password', email: 'dora@example.com', groups: ['dba'] }],
    policy: [
      { name: 'engineers do all', who: { group: 'engineers' }, effects: ['read', 'write', 'schema', 'session', 'unknown'], then: 'allow' },
      { name: 'writes wait', effects: ['write'], relations: 'held', then: 'hold', approvers: { group: 'dba' }, timeout: '10m' }
    ]
  })
  alice = await gateway.person('alice')
  await postgres.query('CREATE TABLE hostile (n int, value text); CREATE TABLE held (value text)', { database: 'clinic' })
  const values = hostiles.map(({ text }, n) => `(${n}, '${text}')`).join(', ')
  await postgres.query(`INSERT INTO hostile VALUES ${values}`, { database: 'clinic' })
})
afterEach(() => Promise.all(ptys.splice(0).map((pty) => pty.close())))
afterAll(async () => {
  await gateway?.stop()
  await postgres?.stop()
})

function hoop(args: readonly string[], { env = {}, who = alice }: { env?: Record<string, string>, who?: TestPerson } = {}): Pty {
  const pty = new Pty([process.execPath, gateway.hoop, ...args], { columns: 200, rows: 50, env: { ...who.environment, ...env } })
  ptys.push(pty)
  return pty
}

function expectUnharmed(emulator: Emulator, own: RegExp): void {
  const { replies, titles, clipboard, links, leftBehind } = emulator
  expect({ replies, titles, clipboard, links, leftBehind }).toEqual({ replies: [], titles: [], clipboard: [], links: [], leftBehind: [] })
  expect([...emulator.acts].filter((act) => !own.test(act))).toEqual([])
}

const missing = (text: string) => hostiles.filter(({ visible }) => !text.includes(visible)).map(({ visible }) => visible)
const plainOwn = /^(?:\u001B\[(?:0|31|33|36)m|\r|\u001B\[K)$/
const screenOwn = /^(?:\u001B\[(?:\?(?:1049|25|2026)[hl]|[HJKG]|2K|\d+A|(?:0|1|2|22|3[0-9]|39)m)|\r)$/

describe('hoop query', () => {
  const select = 'SELECT n, value FROM hostile ORDER BY n'
  test.each([[[]], [['--expanded']], [['--auto-expanded']], [['--csv']]] as const)('%j shows each, and none acts', async (form) => {
    const { emulator, exited } = hoop(['query', 'prod-db', '--no-pager', ...form, select])
    expect(await exited).toBe(0)
    expectUnharmed(emulator, plainOwn)
    // CSV doubles quotes.
    expect(missing(emulator.lines.join('\n').replaceAll('""', '"'))).toEqual([])
  })

  test('--json says the same as the database', async () => {
    const { emulator, exited } = hoop(['query', 'prod-db', '--json', select])
    expect(await exited).toBe(0)
    expectUnharmed(emulator, plainOwn)
    const values = emulator.lines.filter((line) => line.startsWith('{')).map((line) => (JSON.parse(line) as { value: string }).value)
    expect(values).toEqual(hostiles.map(({ text }) => text))
  })

  test('gives a pager nothing that acts', async () => {
    // Says what it was given, byte for byte, but through a terminal's eyes.
    const { emulator, exited } = hoop(['query', 'prod-db', select], { env: { PAGER: 'cat -v' } })
    expect(await exited).toBe(0)
    expectUnharmed(emulator, screenOwn)
    expect(emulator.lines.join('\n')).not.toMatch(/\^[[G]|M-BM-\^/)
    expect(emulator.lines.join('\n')).toContain('<U+001B>]')
  })

  test('names of columns, notices and errors, and what stands around them, show each', async () => {
    const seen: string[] = []
    for (let i = 0; i < hostiles.length; i += 50) {
      const texts = hostiles.slice(i, i + 50).map(({ text }) => text)
      const notices = texts.map((text) => `RAISE NOTICE USING MESSAGE = '${text}';`).join('\n')
      const [message, detail, hint] = texts
      const { emulator, exited } = hoop(['query', 'prod-db', `
        SELECT 1 AS "${message!.slice(0, 20)}";
        DO $hostile$ BEGIN ${notices} RAISE EXCEPTION USING MESSAGE = '${message}', DETAIL = '${detail}', HINT = '${hint}'; END $hostile$`])
      expect(await exited).toBe(1)
      expectUnharmed(emulator, plainOwn)
      seen.push(...emulator.lines)
    }
    expect(missing(seen.join('\n'))).toEqual([])
  }, 60_000)

  test('so does what is said of a target, a review or a flag that does not exist', async () => {
    for (const { text } of hostiles.filter((_, i) => i % 125 === 0)) {
      for (const words of [['query', text, 'SELECT 1'], ['reviews', 'show', text], ['sessions', 'show', text], [text], ['sessions', '--status', text]]) {
        const { emulator, exited } = hoop(words)
        expect(await exited).toBeGreaterThan(0)
        expectUnharmed(emulator, plainOwn)
      }
    }
  }, 60_000)
})

describe('hoop connect', () => {
  /** @param whileHeld done while one of them waits */
  async function statementsThrough(pty: Pty, whileHeld: () => Promise<void> = async () => {}): Promise<void> {
    await pty.see(/postgresql:\/\/\S*127\.0\.0\.1:\d+/)
    const [, port] = /postgresql:\/\/\S*127\.0\.0\.1:(\d+)/.exec(pty.emulator.lines.join('\n'))!
    const client = await connectPg({ port: Number(port) })
    for (let i = 0; i < hostiles.length; i += 10) {
      const texts = hostiles.slice(i, i + 10).map(({ text }) => text)
      await client.query(`SELECT $1::text[] AS "${texts[0]!.slice(0, 30)}" /* ${texts.join(' ')} */`, [texts])
    }
    await client.query(`SELECT 1 FROM "${hostiles[0]!.text}"`).catch(() => undefined)
    const held = client.query(`INSERT INTO held VALUES ('${hostiles[0]!.text}') /* ${hostiles[1]!.text} */`).catch(() => undefined)
    await pty.see(/held/)
    await whileHeld()
    // What psql is told of itself goes to psql.
    await run('psql', ['-X', '-c', 'SELECT 1'], {
      env: { ...process.env, PGHOST: '127.0.0.1', PGPORT: port, PGUSER: 'whoever', PGDATABASE: 'clinic', PGAPPNAME: hostiles[40]!.text.replaceAll('\0', '') }
    }).catch(() => undefined)
    await client.end()
    await held
  }

  test('nothing acts on its screen, nor on that of whoever decides, and both leave the terminal as it was', async () => {
    const pty = hoop(['connect', 'prod-db', '--port', '0'])
    await statementsThrough(pty, async () => {
      const watching = hoop(['reviews', 'watch'], { who: await gateway.person('dora') })
      await watching.see(/1 waits/)
      watching.press('\r')
      await watching.see(/a approves, r rejects, Esc/)
      expect(watching.emulator.screen.join('\n')).toContain(hostiles[0]!.visible)
      watching.press('q')
      expect(await watching.exited).toBe(0)
      expectUnharmed(watching.emulator, screenOwn)
    })
    pty.press('q')
    expect(await pty.exited).toBe(0)
    expectUnharmed(pty.emulator, screenOwn)
  }, 60_000)

  test('nor among its lines', async () => {
    const pty = hoop(['connect', 'prod-db', '--port', '0'], { env: { TERM: 'dumb' } })
    await statementsThrough(pty)
    pty.press('\u0003')
    expect(await pty.exited).toBe(0)
    expectUnharmed(pty.emulator, plainOwn)
  }, 60_000)
})
