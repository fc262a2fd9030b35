// The short form of test/crash/run.ts: whatever the database was asked, the log had said before, whenever the gateway was killed.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CrashTest, sumOf, type Cycle } from './crash.ts'
import { kinds } from './load.ts'

let crash: CrashTest
beforeAll(async () => { crash = await CrashTest.start(5) })
afterAll(() => crash?.stop())

test('a gateway killed under mixed load has written down what it sent, starts again, and its log verifies', async () => {
  const cycles: Cycle[] = []
  for (let i = 0; i < 5; i++) {
    const cycle = await crash.cycle()
    expect(cycle.wrong).toEqual([])
    cycles.push(cycle)
  }
  // Every kind of work was done, and the database's log tells of it.
  const done = sumOf(cycles)
  expect(kinds.filter((kind) => done[kind] === 0)).toEqual([])
  expect(cycles.reduce((sum, { ran }) => sum + ran, 0)).toBeGreaterThan(100)
  const intents = (await crash.gateway.audit()).filter((entry) => entry.kind === 'statement.intent')
  expect(intents.filter(({ sealed }) => sealed !== undefined).length).toBeGreaterThan(100)
  const { matched, wrong } = await crash.audit()
  expect(wrong).toEqual([])
  expect(matched).toBeGreaterThan(100)
}, 120_000)
