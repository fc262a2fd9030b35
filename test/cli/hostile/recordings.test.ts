// Sessions full of what acts on a terminal, recorded by a real gateway and looked at on a real one: replay as text, as JSON and on its
// screen, followed live; and what the audit log, the listings and errors make of the same statements.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from 'pg'
import { connectPg } from '../../support/connect-pg.ts'
import type { Emulator } from '../../support/emulator.ts'
import { TestGateway } from '../../support/gateway.ts'
import { hostiles } from '../../support/hostile.ts'
import type { TestPerson } from '../../support/person.ts'
import { TestPostgres } from '../../support/postgres.ts'
import { Pty } from '../../support/pty.ts'
import { until } from '../../support/until.ts'

const perStatement = 50
const statements = Math.ceil(hostiles.length / perStatement)
let postgres: TestPostgres
let gateway: TestGateway
let alice: TestPerson
let session: string
const ptys: Pty[] = []

beforeAll(async () => {
  postgres = await TestPostgres.start()
  await postgres.query('CREATE DATABASE clinic')
  const target = { address: postgres.address, database: 'clinic', credential: { user: postgres.superuser, password: postgres.password } }
  const sealTo = [{ name: 'ines', key: generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'der' }).toString('base64') }]
  gateway = await TestGateway.start({
    targets: { 'prod-db': target },
    env: { RECORDING_KEY: randomBytes(32).toString('base64') },
    sections: {
      audit: { directory: 'audit', origin: 'test.example/log', sealTo },
      recording: { directory: 'recordings', key: 'env:RECORDING_KEY', perOperationBytes: 2 ** 20 }
    }
  })
  alice = await gateway.person('alice')
  const port = await alice.connect('prod-db')
  const client = await connectPg(port)
  await provoke(client)
  await client.end()
  await port.close()
  session = port.session
})
afterEach(() => Promise.all(ptys.splice(0).map((pty) => pty.close())))
afterAll(async () => {
  await gateway?.stop()
  await postgres?.stop()
})

/** Each of them as a value, within a statement, in a notice and in an error; the first as a column's name. */
async function provoke(client: Client): Promise<void> {
  for (let i = 0; i < hostiles.length; i += perStatement) {
    const texts = hostiles.slice(i, i + perStatement).map(({ text }) => text)
    await client.query(`SELECT value AS "${texts[0]!.slice(0, 30).replaceAll('"', '')}" FROM unnest($1::text[]) value /* ${texts.join(' ')} */`, [texts])
    await client.query(`DO $hostile$ BEGIN ${texts.map((text) => `RAISE NOTICE USING MESSAGE = '${text}';`).join(' ')} END $hostile$`)
    await client.query(`DO $hostile$ BEGIN RAISE EXCEPTION USING MESSAGE = '${texts[0]}', DETAIL = '${texts[1]}', HINT = '${texts[2]}'; END $hostile$`)
      .catch(() => undefined)
  }
}

function hoop(args: readonly string[], size: { columns?: number, rows?: number } = {}): Pty {
  const pty = new Pty([process.execPath, gateway.hoop, ...args], { columns: 200, rows: 60, ...size, env: { ...alice.environment } })
  ptys.push(pty)
  return pty
}

/** Nothing was answered, set or left behind, and nothing was sent that acts but what the program says of itself. */
function expectUnharmed(emulator: Emulator, own: RegExp): void {
  const { replies, titles, clipboard, links, leftBehind } = emulator
  expect({ replies, titles, clipboard, links, leftBehind }).toEqual({ replies: [], titles: [], clipboard: [], links: [], leftBehind: [] })
  expect([...emulator.acts].filter((act) => !own.test(act))).toEqual([])
}

/** The prefix `hoop:` coloured, and a spinner that wipes its line. */
const plainOwn = /^(?:\u001B\[(?:0|31|33|36)m|\r|\u001B\[K)$/
/** Another page and back, the cursor hidden and shown; lines wiped, the cursor up and to the left; colours. */
const screenOwn = /^(?:\u001B\[(?:\?(?:1049|25|2026)[hl]|[HJKG]|2K|\d+A|(?:0|1|2|22|3[0-9]|39)m)|\r)$/

const missing = (text: string) => hostiles.filter(({ visible }) => !text.includes(visible)).map(({ visible }) => visible)
const timesSeen = (text: string, part: string) => text.split(part).length - 1

describe('hoop sessions replay', () => {
  test('--text shows all of each: in the statement, its row, its notice', async () => {
    const { emulator, exited } = hoop(['sessions', 'replay', session, '--text'])
    expect(await exited).toBe(0)
    expectUnharmed(emulator, plainOwn)
    const text = emulator.lines.join('\n')
    expect(hostiles.filter(({ visible }) => timesSeen(text, visible) < 3).map(({ visible }) => visible)).toEqual([])
    expect(emulator.cursor.column).toBe(0)
  })

  test('--json shows them as JSON has them', async () => {
    const { emulator, exited } = hoop(['sessions', 'replay', session, '--json'])
    expect(await exited).toBe(0)
    expectUnharmed(emulator, plainOwn)
    const shown = emulator.lines.join('\n')
    const rows = shown.split('\n').filter((line) => line.startsWith('{'))
      .flatMap((line) => (JSON.parse(line) as { rows?: string[][] }).rows ?? []).flat()
    expect(new Set(rows)).toEqual(new Set(hostiles.map(({ text }) => text)))
  })

  test('its screen shows each as a row, and leaves the terminal as it was', async () => {
    const { emulator, exited, ...pty } = shown(hoop(['sessions', 'replay', session], { rows: 300 }))
    await pty.see(/the end/)
    pty.press('g')
    await pty.see(/00:00:00 of .* paused/)
    for (let i = 1; i <= statements * 3; i++) {
      pty.press('n')
      await pty.see(new RegExp(`statement ${i}/${statements * 3}`))
    }
    pty.press('G')
    await pty.see(/the end/)
    expect(missing([...emulator.seen].join('\n'))).toEqual([])
    pty.press('q')
    expect(await exited).toBe(0)
    expectUnharmed(emulator, screenOwn)
    expect(emulator.screen.join('').trim()).toBe('')
  }, 120_000)
})

function shown(pty: Pty) {
  return { emulator: pty.emulator, exited: pty.exited, press: pty.press.bind(pty), see: pty.see.bind(pty) }
}

test('hoop sessions follow shows them as they come, and ends with the session', async () => {
  const port = await alice.connect('prod-db')
  const client = await connectPg(port)
  const { emulator, exited, see } = shown(hoop(['sessions', 'follow', port.session]))
  await see(/following/)
  await until('the follower to be written down', async () => (await gateway.audit()).some((entry) =>
    entry.kind === 'audit.read' && entry.action === 'follow' && entry.session === port.session))
  await provoke(client)
  await client.end()
  await port.close()
  expect(await exited).toBe(0)
  expectUnharmed(emulator, plainOwn)
  const text = emulator.lines.join('\n')
  expect(hostiles.filter(({ visible }) => timesSeen(text, visible) < 3).map(({ visible }) => visible)).toEqual([])
  expect(text).toContain('the session ended: ')
})
