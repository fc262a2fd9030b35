import { afterEach, describe, expect, test } from 'vitest'
import { showConnect, type LivePart } from '../../../cli/screens/connect-screen.tsx'
import { cellsOf } from '../../../cli/table.ts'
import type { LoginWay } from '../../../cli/login/anew.ts'
import { createLive, type LiveStore } from '../../../cli/tunnel/live.ts'
import type { ReviewDetail, ReviewVote } from '../../../shared/api.ts'
import { GatewayError } from '../../../shared/errors.ts'
import type { ConnectionActivity, SessionEvent, StatementActivity } from '../../../shared/events.ts'
import type { ReviewState } from '../../../shared/model.ts'
import { Emulated, type EmulatedOptions } from '../../support/emulated.ts'
import { detail, held, hostileText, printableLine, reviewNow } from '../../support/reviews.ts'
import { keys } from '../../support/screen.tsx'
import { until } from '../../support/until.ts'

type Held = Extract<SessionEvent, { type: 'held' }>
const hold = (i: number, changes: Partial<Held> = {}): Held => ({
  type: 'held',
  connection: i,
  review: `01k5b2y8v4s0q9m3t7x6c1n00${i}`,
  rule: 'writes need the DBAs',
  asked: ['dba'],
  expiresAt: '2026-03-10T12:05:00Z',
  statement: `DELETE FROM t${i}`,
  reasonWanted: false,
  ...changes
})

const running = (i: number, changes: Partial<ConnectionActivity> = {}, statement: Partial<StatementActivity> = {}): ConnectionActivity => ({
  connection: i,
  client: 'psql',
  statements: 3,
  rows: 12_034,
  maskedColumns: 2,
  maskedCells: 24_068,
  statement: { text: `SELECT * FROM t${i}`, state: 'running', milliseconds: 62_400, rows: 34, ...statement },
  ...changes
})

const port = {
  target: 'prod-db',
  protocol: 'postgres',
  host: '127.0.0.1',
  port: 26039,
  url: 'postgresql://hoop@127.0.0.1:26039/postgres?sslmode=disable',
  command: 'psql "host=127.0.0.1 port=26039 user=hoop dbname=postgres sslmode=disable"'
}
const header = ['prod-db (postgres) on 127.0.0.1:26039, for you alone', port.url, port.command, '']

let terminal: Emulated | undefined
let part: LivePart | undefined
afterEach(async () => {
  await part?.close()
  terminal?.close()
})

interface Opening extends EmulatedOptions {
  readonly states?: Partial<Record<string, ReviewState>>
  readonly mayRelease?: boolean
  readonly logIn?: (way: LoginWay, signal: AbortSignal) => Promise<void>
  /** Votes are refused so. */
  readonly refuse?: GatewayError
}

function opened({ states = {}, mayRelease = false, logIn, refuse, ...options }: Opening = {}) {
  const shown = terminal = new Emulated(options)
  const clock = { now: reviewNow }
  const store: LiveStore = createLive({ now: () => clock.now, look: async (review) => ({ state: states[review] ?? 'pending', mayDecide: mayRelease }) })
  store.begin('session-1')
  const done: string[] = []
  const votes: ReviewVote[] = []
  part = showConnect(shown.terminal, {
    store,
    port: () => port,
    withdraw: async (review) => { done.push(`withdraw ${review}`) },
    giveReason: async (review, reason) => { done.push(`reason ${review} ${reason}`) },
    review: async (id): Promise<ReviewDetail> => detail({ id, statements: [held('DELETE FROM t1 WHERE id = 7')] }),
    approve: async (_, vote) => {
      if (refuse !== undefined) throw refuse
      votes.push(vote)
    },
    copy: async (text, ask) => {
      ask(text)
      return 'sent'
    },
    ...(logIn === undefined ? {} : { logIn }),
    now: () => clock.now,
    quit: () => done.push('quit')
  })
  const lines = async (pattern: RegExp) => (await shown.see(pattern)).split('\n')
  return { shown, store, done, votes, clock, lines }
}

describe('what is open', () => {
  test('with nothing in it says where it is, and what can be pasted', async () => {
    const { lines } = opened()
    expect(await lines(/q quits/)).toEqual([...header, '0 connections  |  c copies the URL, q quits'])
  })

  test('shows each connection with its client, what runs, for how long, rows and masked columns, and counts on', async () => {
    const { store, lines, clock } = opened()
    store.take({ type: 'connection.opened', connection: 1 })
    expect(await lines(/1 connection/)).toEqual([
      ...header,
      '  1  idle, 0 rows',
      '     nothing yet',
      '',
      '1 connection  |  c copies the URL, q quits'
    ])
    store.take({ type: 'activity', connections: [running(1)] })
    expect(await lines(/running/)).toEqual([
      ...header,
      '  1  psql: running 1:02, 12,034 rows, 24,068 cells of 2 columns masked',
      '     SELECT * FROM t1',
      '',
      '1 connection  |  c copies the URL, q quits'
    ])
    clock.now += 2_000
    await lines(/running 1:04/)
    store.take({ type: 'activity', connections: [running(1, { rows: 12_040 }, { state: 'ok', milliseconds: 64_900, rows: 40 })] })
    expect(await lines(/idle 0:00/)).toContain('     40 rows, 1:04: SELECT * FROM t1')
    store.take({ type: 'connection.closed', connection: 1, statements: 3, rows: 12_040, maskedColumns: 2, maskedCells: 24_080 })
    await lines(/0 connections/)
  })

  test.each([
    ['error', 12, 'failed after 12 ms'],
    ['cancelled', 1_240, 'cancelled after 1.2 s'],
    ['unknown', 1, 'its end is not known']
  ] as const)('says of a statement that ended by %s so', async (state, milliseconds, said) => {
    const { store, lines } = opened()
    store.take({ type: 'activity', connections: [running(1, {}, { state, milliseconds })], whole: true })
    expect(await lines(/idle/)).toContain(`     ${said}: SELECT * FROM t1`)
  })

  test('of many is a table, with those in front that are at work, and how many more there are', async () => {
    const { store, lines } = opened({ rows: 16 })
    store.take({
      type: 'activity',
      whole: true,
      connections: Array.from({ length: 40 }, (_, i) => running(i + 1, {}, i === 37 ? { milliseconds: 5_000 } : { state: 'ok' }))
    })
    const text = await lines(/40 connections/)
    expect(text[4]).toBe('      client  state           rows  masked       statement')
    expect(text.slice(5).find((line) => line.includes('running'))).toBe('  38  psql    running 0:05  12,034  24,068 in 2  SELECT * FROM t38')
    expect(text.at(-3)).toMatch(/^\d+ more$/)
    expect(text.length).toBeLessThan(16)
  })

  test('is a table on a wide terminal', async () => {
    const { store, lines } = opened({ columns: 200, rows: 50 })
    store.take({ type: 'activity', whole: true, connections: [running(1), running(2, { client: 'DBeaver 24.1 - Main <postgres>', maskedColumns: 0, maskedCells: 0 }, { state: 'ok' })] })
    expect((await lines(/2 connections/)).slice(4, 7)).toEqual([
      '     client            state           rows  masked       statement',
      '  1  psql              running 1:02  12,034  24,068 in 2  SELECT * FROM t1',
      '  2  DBeaver 24.1 - ~  idle 0:00     12,034               34 rows, 1:02: SELECT * FROM t2'
    ])
  })
})

describe('a hold', () => {
  test('is shown with clock, rule, who was asked and statement, until it is decided', async () => {
    const { lines, store } = opened()
    store.take({ type: 'connection.opened', connection: 1 })
    store.take(hold(1, { reasonWanted: true }))
    expect(await lines(/1 held/)).toEqual([
      ...header,
      '  1  held, 0 rows',
      '',
      '  held, 4:32 left: connection 1, asked dba, rule "writes need the DBAs"',
      '    DELETE FROM t1',
      '    01k5b2y8v4s0q9m3t7x6c1n001: a reason is wanted, press r',
      '',
      '1 connection, 1 held  |  r says why, w withdraws, c copies the URL, q quits'
    ])
    store.take({ type: 'decided', connection: 1, review: hold(1).review, state: 'approved' })
    await lines(/^1 connection {2}\|/m)
  })

  test('gets its reason typed, and is withdrawn; the mark says which', async () => {
    const { shown, store, done } = opened()
    for (const i of [1, 2]) store.take(hold(i, { reasonWanted: true }))
    await shown.see(/2 held/)
    await shown.press(keys.down, 'r', 'I', 'N', 'C', ' ', '7', keys.enter)
    await shown.see(/those who decide see your reason now/)
    expect(done).toEqual([`reason ${hold(2).review} INC 7`])
    await until('it to be known', () => !shown.screen.includes(`${hold(2).review}: a reason`))
    await shown.press(keys.up, 'w')
    await shown.see(/is withdrawn/)
    expect(done.at(-1)).toBe(`withdraw ${hold(1).review}`)
  })

  test('that is decided takes with it that its reason is seen', async () => {
    const { shown, store } = opened()
    store.take(hold(1, { reasonWanted: true }))
    await shown.see(/1 held/)
    await shown.press('r', 'w', keys.enter)
    await shown.see(/those who decide see your reason now/)
    store.take({ type: 'decided', connection: 1, review: hold(1).review, state: 'rejected' })
    await until('it to be gone', () => !shown.screen.includes('see your reason'))
  })

  test('that is decided while its reason is typed takes the typing with it', async () => {
    const { shown, store, done } = opened()
    store.take(hold(1))
    await shown.see(/1 held/)
    await shown.press('r', 'w')
    await shown.see(/Reason: w_/)
    store.take({ type: 'decided', connection: 1, review: hold(1).review, state: 'rejected' })
    await shown.see(/q quits/)
    await shown.press('q')
    expect(done).toEqual(['quit'])
  })

  test('of a session that is gone is gone; of one that was only out of sight stays', async () => {
    const states: Partial<Record<string, ReviewState>> = {}
    const { shown, store } = opened({ states })
    for (const i of [1, 2]) store.take(hold(i))
    store.take({ type: 'gateway.lost', code: 'gateway_unreachable', reason: 'x' })
    await shown.see(/2 held/)
    // Decided while no event could tell.
    states[hold(2).review] = 'expired'
    store.take({ type: 'gateway.back', session: 'session-1' })
    await shown.see(/1 held/)
    expect(shown.screen).toContain('DELETE FROM t1')
    store.take({ type: 'gateway.back', session: 'session-2' })
    await shown.see(/^0 connections {2}\|/m)
  })
})

describe('breaking the glass', () => {
  test('is offered only to those whom the rule lets', async () => {
    const { shown, store, votes } = opened()
    store.take(hold(1))
    await shown.see(/1 held/)
    await shown.press('a')
    await shown.see(/w withdraws, c copies/)
    expect(votes).toEqual([])
  })

  test('shows the exact statement and what follows, wants a reason, and votes for what was shown', async () => {
    const { lines, shown, store, votes } = opened({ mayRelease: true })
    store.take(hold(1))
    await shown.see(/in an emergency, a/)
    await shown.press('a')
    expect((await lines(/BREAKS/)).slice(-4)).toEqual([
      '  | DELETE FROM t1 WHERE id = 7',
      'This runs it now. People are alerted, and look at it afterwards.',
      'Reason: _',
      'Enter BREAKS THE GLASS, Esc goes back'
    ])
    await shown.press(keys.enter)
    expect(votes).toEqual([])
    await shown.press(...'fire', keys.enter)
    await shown.see(/is released/)
    expect(votes).toEqual([{ binding: detail({}).binding, reason: 'fire', breakGlass: true }])
  })

  test('takes what a slow line brings together with an Enter for what was typed after it', async () => {
    const { shown, store, votes } = opened({ mayRelease: true })
    store.take(hold(1))
    await shown.see(/in an emergency, a/)
    await shown.press('a')
    await shown.see(/Reason: _/)
    await shown.press(`${keys.enter}fire`)
    await shown.see(/Reason: fire_/)
    expect(votes).toEqual([])
  })

  test('goes back with Esc, and says why the gateway refused', async () => {
    const { shown, store, votes } = opened({ mayRelease: true, refuse: new GatewayError('conflict', 'it is not pending any more') })
    store.take(hold(1))
    await shown.see(/in an emergency, a/)
    await shown.press('a')
    await shown.see(/BREAKS/)
    await shown.press('x', keys.escape)
    await shown.see(/q quits/)
    await shown.press('a')
    await shown.see(/Reason: _/)
    await shown.press('y', keys.enter)
    await shown.see(/it is not pending any more/)
    expect(votes).toEqual([])
  })
})

describe('a gateway that is gone', () => {
  test('is said, with how long, until it is back', async () => {
    const { lines, store, clock } = opened()
    store.take({ type: 'connection.opened', connection: 1 })
    store.take({ type: 'gateway.lost', code: 'gateway_unreachable', reason: 'nothing listens there', hint: 'start it' })
    clock.now += 65_000
    expect(await lines(/1:05/)).toEqual([
      ...header,
      'gateway away for 1:05: nothing listens there',
      'trying again; the port stays open, and clients are told',
      'start it',
      '0 connections  |  c copies the URL, q quits'
    ])
    store.take({ type: 'gateway.back', session: 'session-1' })
    store.take({ type: 'activity', connections: [running(4)], whole: true })
    expect(await lines(/running/)).not.toContain('start it')
  })

  test('for want of a login offers one, does it, and can give it up', async () => {
    const asked: { way: LoginWay, signal: AbortSignal }[] = []
    const ends: ((error?: GatewayError) => void)[] = []
    const { shown, store } = opened({
      logIn: (way, signal) => new Promise((resolve, reject) => {
        asked.push({ way, signal })
        const end = (error?: GatewayError) => error === undefined ? resolve() : reject(error)
        ends.push(end)
        signal.addEventListener('abort', () => end(new GatewayError('cancelled', 'given up')))
      })
    })
    await shown.see(/q quits/)
    await shown.press('l')
    expect(asked).toEqual([])
    store.take({ type: 'gateway.lost', code: 'unauthenticated', reason: 'your login has ended', hint: 'hoop login https://gw' })
    await shown.see(/your login has ended\nthe port stays open, and clients are told to log in\nhoop login https:\/\/gw\n0 connections\nl logs in with the browser, d with a code, c copies the URL, q quits/)
    await shown.press('l')
    await shown.see(/logging in: go on in the browser\nEsc gives up/)
    await shown.press(keys.escape)
    await shown.see(/l logs in/)
    expect(asked[0]!.signal.aborted).toBe(true)
    expect(shown.screen).not.toContain('given up')
    await shown.press('d')
    await shown.see(/enter the code elsewhere/)
    ends[1]!(new GatewayError('usage', 'this gateway does not allow logging in with a device code', { hint: 'use a browser' }))
    await shown.see(/does not allow logging in with a device code \(use a browser\)/)
    await shown.press('d')
    await shown.see(/enter the code/)
    store.take({ type: 'gateway.back', session: 'session-2' })
    ends[2]!()
    await shown.see(/^0 connections {2}\| {2}c copies/m)
    expect(asked.map(({ way }) => way)).toEqual(['browser', 'device', 'device'])
  })

  test('whose token comes from the environment offers no login', async () => {
    const { shown, store } = opened()
    store.take({ type: 'gateway.lost', code: 'unauthenticated', reason: 'the token has ended' })
    await shown.see(/the token has ended/)
    expect(shown.screen).not.toContain('logs in')
  })
})

describe('the URL', () => {
  test('is sent to the clipboard when asked for, and that is said', async () => {
    const { shown } = opened()
    await shown.see(/q quits/)
    expect(shown.emulator.clipboard).toEqual([])
    await shown.press('c')
    await shown.see(/^sent$/m)
    expect(shown.emulator.clipboard).toEqual([`c;${Buffer.from(port.url).toString('base64')}`])
  })

  test('in tmux is wrapped for what lies behind it, too', async () => {
    const { shown } = opened({ inTmux: true })
    await shown.see(/q quits/)
    await shown.press('c')
    await shown.see(/^sent$/m)
    const base64 = Buffer.from(port.url).toString('base64')
    expect(shown.emulator.sent).toContain(`\u001B]52;c;${base64}\u0007\u001BPtmux;\u001B\u001B]52;c;${base64}\u0007\u001B\\`)
  })
})

const sizes = [[200, 50], [80, 24], [40, 15], [20, 5]] as const

describe.each(sizes)('at %i by %i', (columns, rows) => {
  const fits = (shown: Emulated) => {
    const lines = shown.screen.split('\n')
    expect(lines.length).toBeLessThan(rows)
    for (const line of lines) {
      expect(line).toMatch(printableLine)
      expect(cellsOf(line)).toBeLessThanOrEqual(columns)
    }
    // Nothing was scrolled out of sight, and nothing was folded.
    expect(shown.emulator.lines.join('\n').trimEnd()).toBe(shown.screen)
  }

  test('a hundred hostile connections and holds fit, and do nothing', async () => {
    const { shown, store } = opened({ columns, rows })
    const connections = Array.from({ length: 100 }, (_, i) => running(i, { client: hostileText }, { text: hostileText }))
    store.take({ type: 'activity', connections, whole: true })
    for (let i = 0; i < 100; i++) store.take(hold(i, { review: `r${i}`, rule: hostileText, asked: [hostileText], statement: hostileText, reasonWanted: true }))
    store.take({ type: 'gateway.lost', code: 'gateway_unreachable', reason: hostileText, hint: hostileText })
    store.take({ type: 'activity', connections, whole: true })
    await shown.see(/held|reason/)
    fits(shown)
    await shown.press('r')
    await shown.see(/Reason/)
    fits(shown)
    await part!.close()
    await shown.settled()
    expect(shown.screen).toBe('')
    expect(shown.emulator).toMatchObject({ replies: [], titles: [], clipboard: [], links: [], leftBehind: [] })
  })

  test('shows what matters most: where, what runs, what waits, and the keys', async () => {
    const { shown, store } = opened({ columns, rows })
    store.take({ type: 'connection.opened', connection: 1 })
    store.take(hold(1))
    await shown.see(/4:32/)
    expect(shown.screen).toContain('prod-db')
    expect(shown.screen).toMatch(/DELETE|DEL~|D~/)
    expect(shown.screen).toMatch(/r (reason|says why)/)
  })

  test('is taken away and leaves the terminal as it was', async () => {
    const { shown } = opened({ columns, rows })
    await shown.see(/prod-db/)
    shown.terminal.say('said meanwhile')
    await part!.close()
    await shown.settled()
    expect(shown.screen).toBe('hoop: said meanwhile')
    expect(shown.emulator.leftBehind).toEqual([])
  })
})

test('through smaller and smaller sizes, the last frame stands there alone', async () => {
  const { shown, store } = opened({ columns: 200, rows: 50 })
  store.take({ type: 'activity', whole: true, connections: [running(1), running(2)] })
  store.take(hold(2))
  await shown.see(/1 held/)
  for (const [columns, rows] of sizes.slice(1)) {
    await shown.resize(columns, rows)
    await shown.see(columns < 64 ? /r reason/ : /r says why/)
    await until('the other one to be gone', () => shown.screen.match(/prod-db/g)?.length === 1)
    expect(shown.screen.split('\n').length).toBeLessThan(rows)
  }
})

test('in a larger window it is whole again, below what its history has', async () => {
  const { shown, store } = opened({ columns: 20, rows: 5 })
  store.take({ type: 'activity', whole: true, connections: [running(1), running(2)] })
  await shown.see(/1:02/)
  for (const [columns, rows] of [...sizes].reverse().slice(1)) {
    await shown.resize(columns, rows)
    await shown.see(columns < 64 ? /c copy, q quit$/ : columns < 200 ? /c copies the URL, q quits$/ : /statement$/m)
  }
  const lines = shown.screen.split('\n')
  expect(lines.slice(lines.lastIndexOf(header[0]!))).toEqual([
    ...header,
    '     client  state           rows  masked       statement',
    '  1  psql    running 1:02  12,034  24,068 in 2  SELECT * FROM t1',
    '  2  psql    running 1:02  12,034  24,068 in 2  SELECT * FROM t2',
    '',
    '2 connections  |  c copies the URL, q quits'
  ])
})

test('without colour it is text alone', async () => {
  const { shown, store } = opened({ mayColor: false })
  store.take({ type: 'activity', whole: true, connections: [running(1)] })
  store.take(hold(2))
  await shown.see(/1 held/)
  expect(shown.emulator.sent).not.toMatch(/\u001B\[[\d;]*m/)
})

test('what is said stands above it, in order, and stays', async () => {
  const { shown } = opened()
  await shown.see(/q quits/)
  for (let i = 0; i < 40; i++) shown.terminal.say(`line ${i}`)
  await shown.see(/line 39/)
  await part!.close()
  await shown.settled()
  const lines = shown.emulator.lines.join('\n').trimEnd().split('\n')
  expect(lines).toEqual(Array.from({ length: 40 }, (_, i) => `hoop: line ${i}`))
})

test('however fast things happen, it is told and printed at most four times a second', async () => {
  const store = createLive({ now: () => reviewNow, look: async () => ({ state: 'pending', mayDecide: false }) })
  let told = 0
  let printed = ''
  let writes = 0
  store.subscribe(() => { told++ })
  store.printWith((text) => { printed += text; writes++ })
  const began = performance.now()
  for (let i = 0; i < 20_000; i++) {
    store.take({ type: 'connection.opened', connection: i })
    store.print(`hoop: connection ${i} opened\n`)
    if (i % 500 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await until('the last of them', () => store.current().connections.length === 20_000)
  const quarters = Math.ceil((performance.now() - began) / 250) + 1
  expect(told).toBeLessThanOrEqual(quarters)
  expect(writes).toBeLessThanOrEqual(quarters)
  expect(printed.split('\n')).toHaveLength(20_001)
})
