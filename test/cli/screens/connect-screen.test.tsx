import { afterEach, describe, expect, test } from 'vitest'
import { ConnectScreen } from '../../../cli/screens/connect-screen.tsx'
import { cellsOf } from '../../../cli/table.ts'
import { createHolds } from '../../../cli/tunnel/holds.ts'
import type { SessionEvent } from '../../../shared/events.ts'
import type { ReviewState } from '../../../shared/model.ts'
import { hostileText, printableLine, reviewNow } from '../../support/reviews.ts'
import { keys, TestScreen } from '../../support/screen.tsx'
import { until } from '../../support/until.ts'

let screen: TestScreen | undefined
afterEach(() => screen?.close())

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

function opened(size: { columns?: number, rows?: number } = {}) {
  const states: Partial<Record<string, ReviewState>> = {}
  const store = createHolds('session-1', async (review) => ({ state: states[review] ?? 'pending' }))
  const done: string[] = []
  screen = new TestScreen(
    <ConnectScreen
      store={store}
      withdraw={async (review) => { done.push(`withdraw ${review}`) }}
      giveReason={async (review, reason) => { done.push(`reason ${review} ${reason}`) }}
      now={() => reviewNow}
      quit={() => done.push('quit')}
    />,
    size
  )
  return { screen, store, done, states }
}

test('without a hold it is one line', async () => {
  const { screen, store } = opened()
  store.take({ type: 'connection.opened', connection: 1 })
  await screen.see(/^1 connection {2}\| {2}q quits$/)
})

describe('a hold', () => {
  test('is shown with clock, rule, who was asked and statement, until it is decided', async () => {
    const { screen, store } = opened()
    store.take({ type: 'connection.opened', connection: 1 })
    store.take(hold(1, { reasonWanted: true }))
    await screen.see(/1 held/)
    expect(screen.lines).toEqual([
      '  held, 4:32 left: connection 1, asked dba, rule "writes need the DBAs"',
      '    DELETE FROM t1',
      '    01k5b2y8v4s0q9m3t7x6c1n001: a reason is wanted, press r',
      '1 connection, 1 held  |  r says why, w withdraws, q quits'
    ])
    store.take({ type: 'decided', connection: 1, review: hold(1).review, state: 'approved' })
    await screen.see(/^1 connection {2}\|/)
  })

  test('gets its reason typed, and is withdrawn; the mark says which', async () => {
    const { screen, store, done } = opened()
    for (const i of [1, 2]) store.take(hold(i, { reasonWanted: true }))
    await screen.see(/2 held/)
    await screen.press(keys.down, 'r', 'I', 'N', 'C', ' ', '7', keys.enter)
    await screen.see(/those who decide see your reason now/)
    expect(done).toEqual([`reason ${hold(2).review} INC 7`])
    await until('it to be known', () => !screen.text.includes(`${hold(2).review}: a reason`))
    await screen.press(keys.up, 'w')
    await screen.see(/is withdrawn/)
    expect(done.at(-1)).toBe(`withdraw ${hold(1).review}`)
  })

  test('that is decided while its reason is typed takes the typing with it', async () => {
    const { screen, store, done } = opened()
    store.take(hold(1))
    await screen.see(/1 held/)
    await screen.press('r', 'w')
    await screen.see(/Reason: w_/)
    store.take({ type: 'decided', connection: 1, review: hold(1).review, state: 'rejected' })
    await screen.see(/q quits/)
    await screen.press('q')
    expect(done).toEqual(['quit'])
  })

  test('of a session that is gone is gone; of one that was only out of sight stays', async () => {
    const { screen, store, states } = opened()
    for (const i of [1, 2]) store.take(hold(i))
    store.take({ type: 'gateway.lost', code: 'gateway_unreachable', reason: 'x' })
    await screen.see(/2 held/)
    // Decided while no event could tell.
    states[hold(2).review] = 'expired'
    store.take({ type: 'gateway.back', session: 'session-1' })
    await screen.see(/1 held/)
    expect(screen.text).toContain('DELETE FROM t1')
    store.take({ type: 'gateway.back', session: 'session-2' })
    await screen.see(/^0 connections/)
  })
})

test.each([[40, 10], [20, 6], [80, 24]])('at %i by %i, hundred hostile holds fit', async (columns, rows) => {
  const { screen, store } = opened({ columns, rows })
  for (let i = 0; i < 100; i++) store.take(hold(i, { review: `r${i}`, rule: hostileText, asked: [hostileText], statement: hostileText, reasonWanted: true }))
  await screen.see(/100/)
  await screen.press('r')
  await screen.see(/Reason/)
  expect(screen.lines.length).toBeLessThan(Math.max(rows, 8))
  for (const line of screen.lines) {
    expect(line).toMatch(printableLine)
    expect(cellsOf(line)).toBeLessThanOrEqual(columns)
  }
})

test('however fast things happen, it is told and printed at most four times a second', async () => {
  const store = createHolds('session-1', async () => ({ state: 'pending' }))
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
  await until('the last of them', () => store.current().connections === 20_000)
  const quarters = Math.ceil((performance.now() - began) / 250) + 1
  expect(told).toBeLessThanOrEqual(quarters)
  expect(writes).toBeLessThanOrEqual(quarters)
  expect(printed.split('\n')).toHaveLength(20_001)
})
