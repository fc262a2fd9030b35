import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ReviewRecord } from '../../server/state/reviews.ts'
import { openState, type State } from '../../server/state/state.ts'
import { agentOf, human, review, start, terms } from '../review/sample.ts'

let folder: string
let state: State
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hoop-reviews-'))
  state = await openState({ path: join(folder, 'state.db') })
})
afterEach(() => {
  state.close()
  rmSync(folder, { recursive: true, force: true })
})

const ann = human('ann')
const id = (n: number) => String(n).padStart(26, '0')
function put(n: number, more: Partial<ReviewRecord> = {}): string {
  state.reviews.put(review({ id: id(n), ...more }))
  return id(n)
}
const ids = (...args: Parameters<State['reviews']['list']>) => state.reviews.list(...args).map((record) => record.id)
const asking = (...groups: string[]) => ({ terms: terms({ places: groups.map((group) => ({ group, count: 1 })) }) })

describe('the table of reviews', () => {
  test('gives back what was put, and of several puts the last', async () => {
    const record = review({ id: id(1), requesterReason: '"; DROP TABLE reviews; --' })
    state.reviews.put(record)
    expect(state.reviews.get(id(1))).toEqual(record)
    state.reviews.put({ ...record, state: 'rejected', endReason: 'no' })
    state.close()
    state = await openState({ path: join(folder, 'state.db') })
    expect(state.reviews.get(id(1))).toEqual({ ...record, state: 'rejected', endReason: 'no' })
    expect(state.reviews.pending()).toEqual([])
    expect(state.reviews.get(id(2))).toBeUndefined()
  })

  test('lists the newest first, as many as wanted, at most 1,000', () => {
    for (let n = 0; n < 1_005; n++) put(n)
    expect(ids({ limit: 2 })).toEqual([id(1_004), id(1_003)])
    expect(ids({})).toHaveLength(100)
    expect(ids({ limit: 5_000 })).toHaveLength(1_000)
  })

  test('lists to somebody what they asked for, what was asked for them, and what their groups decide', () => {
    const own = put(1, { requester: ann, ...asking('hr') })
    const agents = put(2, { requester: agentOf(ann), ...asking('hr') })
    const asked = put(3, { requester: human('bob'), ...asking('security', 'dba') })
    put(4, { requester: human('bob'), ...asking('hr') })
    put(5, { requester: { ...ann, issuer: 'https://other.example' }, ...asking('hr') })
    expect(ids({ visibleTo: { ...ann, groups: ['dba', 'nurses'] } })).toEqual([asked, agents, own])
    expect(ids({ visibleTo: { ...ann, groups: [] } })).toEqual([agents, own])
    expect(ids({ visibleTo: { ...ann, groups: ['%', 'db', 'dba"'] } }), 'whole names only').toEqual([agents, own])
    expect(ids({ visibleTo: { ...ann, groups: ['dba'] }, requester: ann })).toEqual([agents, own])
  })

  test('filters by state and target', () => {
    put(1, { state: 'expired' })
    const other = put(2, { target: { ...review().target, name: 'prod-dw' } })
    expect(ids({ state: 'pending' })).toEqual([other])
    expect(ids({ target: 'prod-dw' })).toEqual([other])
    expect(ids({ target: 'prod-dw', state: 'void' })).toEqual([])
  })

  test('knows which windows are open', () => {
    const open = put(1, { kind: 'access', state: 'approved', windowEndsAt: start + 2 })
    put(2, { kind: 'access', state: 'approved', windowEndsAt: start + 1 })
    put(3, { kind: 'access', state: 'void', windowEndsAt: start + 2 })
    put(4, { state: 'approved' })
    expect(state.reviews.openWindows(start + 1).map((record) => record.id)).toEqual([open])
  })
})
