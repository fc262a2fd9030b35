import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SessionFilter } from '../../server/state/sessions.ts'
import { openState, type State } from '../../server/state/state.ts'
import { makeId } from '../../shared/id.ts'
import type { Principal } from '../../shared/model.ts'

const alice: Principal = { issuer: 'https://idp.example', subject: 'alice', email: 'alice@example.com', name: 'Alice', groups: ['dev'], kind: 'human' }
const bob: Principal = { issuer: 'https://idp.example', subject: 'bob', groups: [], kind: 'human' }
/** Another provider's alice: another person. */
const otherAlice: Principal = { ...alice, issuer: 'https://other.example', email: 'alice@other.example' }

const start = Date.UTC(2026, 0, 1)
const minute = 60_000

let folder: string
let state: State

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hoop-sessions-'))
  state = await openState({ path: join(folder, 'state.db') })
})
afterEach(() => {
  state.close()
  rmSync(folder, { recursive: true, force: true })
})

/** One session a minute; returns their ids, oldest first. */
function fill(count: number, of: (n: number) => { principal: Principal, target: string }): string[] {
  return Array.from({ length: count }, (_, n) => {
    const startedAt = start + n * minute
    const id = makeId(startedAt, new Uint8Array(16).fill(n))
    state.sessions.insert({ id, ...of(n), startedAt, firstEntry: n * 10 })
    return id
  })
}

describe('the list of sessions', () => {
  test('of an empty state is empty', () => {
    expect(state.sessions.list({})).toEqual([])
    expect(state.sessions.list({ since: 0, user: 'x', target: 'y' })).toEqual([])
    expect(state.sessions.get('0'.repeat(26))).toBeUndefined()
  })

  test('holds exactly summaries, newest first', () => {
    const [first, second] = fill(2, (n) => ({ principal: n === 0 ? alice : bob, target: 'prod-db' }))
    state.sessions.end(first!, { endedAt: start + 5000, endReason: 'its owner logged out', connections: 3, statements: 7, denied: 2, lastEntry: 9 })
    expect(state.sessions.list({})).toEqual([
      {
        id: second,
        principal: { issuer: 'https://idp.example', subject: 'bob', kind: 'human' },
        target: 'prod-db',
        startedAt: '2026-01-01T00:01:00.000Z',
        statements: 0,
        denied: 0
      },
      {
        id: first,
        principal: { issuer: 'https://idp.example', subject: 'alice', email: 'alice@example.com', kind: 'human' },
        target: 'prod-db',
        startedAt: '2026-01-01T00:00:00.000Z',
        endedAt: '2026-01-01T00:00:05.000Z',
        endReason: 'its owner logged out',
        statements: 7,
        denied: 2
      }
    ])
    expect(state.sessions.get(first!)).toMatchObject({ connections: 3, firstEntry: 0, lastEntry: 9 })
    expect(state.sessions.get(second!)).not.toHaveProperty('lastEntry')
  })

  test.each<[string, SessionFilter, (n: number) => boolean]>([
    ['target', { target: 'prod-db' }, (n) => n % 2 === 0],
    ['subject', { user: 'bob' }, (n) => n % 3 === 1],
    ['e-mail in another case', { user: 'ALICE@example.COM' }, (n) => n % 3 === 0],
    ['a subject that two providers have', { user: 'alice' }, (n) => n % 3 !== 1],
    ['one principal', { issuer: otherAlice.issuer, subject: otherAlice.subject }, (n) => n % 3 === 2],
    ['time', { since: start + 20 * minute }, (n) => n >= 20],
    ['time that is to come', { since: start + 1000 * minute }, () => false],
    ['a user\'s sessions on a target since then', { user: 'alice', target: 'prod-db', since: start + 7 * minute }, (n) => n % 3 !== 1 && n % 2 === 0 && n >= 7],
    ['the end of a time', { until: start + 20 * minute }, (n) => n < 20],
    ['a time before all of them', { until: start }, () => false],
    ['a while', { since: start + 10 * minute, until: start + 20 * minute }, (n) => n >= 10 && n < 20],
    ['being open', { status: 'open' }, (n) => n % 5 !== 0],
    ['having ended', { status: 'ended', target: 'prod-db' }, (n) => n % 10 === 0],
    ['a user\'s that have ended', { status: 'ended', user: 'alice', until: start + 40 * minute }, (n) => n % 5 === 0 && n % 3 !== 1 && n < 40],
    ['a filter that is SQL', { user: '\' OR 1=1 --' }, () => false]
  ])('is filtered by %s, and paged without a gap or a repetition', (_name, filter, wanted) => {
    const ids = fill(60, (n) => ({ principal: [alice, bob, otherAlice][n % 3]!, target: n % 2 === 0 ? 'prod-db' : 'staging' }))
    for (const [n, id] of ids.entries()) {
      if (n % 5 === 0) state.sessions.end(id, { endedAt: start + 100 * minute, endReason: 'over', connections: 0, statements: 0, denied: 0 })
    }
    const expected = ids.filter((_, n) => wanted(n)).reverse()
    expect(state.sessions.list(filter).map((row) => row.id)).toEqual(expected)

    const paged: string[] = []
    const next = () => state.sessions.list({ ...filter, limit: 7, ...(paged.length === 0 ? {} : { before: paged.at(-1)! }) })
    for (let page = next(); page.length > 0; page = next()) {
      expect(page.length).toBeLessThanOrEqual(7)
      paged.push(...page.map((row) => row.id))
    }
    expect(paged).toEqual(expected)
  })

  test.each([[0, 1], [-5, 1], [2.9, 2], [1_000_000, 12]])('takes a limit of %d as %d', (limit, length) => {
    fill(12, () => ({ principal: alice, target: 'prod-db' }))
    expect(state.sessions.list({ limit })).toHaveLength(length)
  })
})

describe('a session', () => {
  test('that has ended stays as it ended', () => {
    const [id] = fill(1, () => ({ principal: alice, target: 'prod-db' }))
    state.sessions.end(id!, { endedAt: start + 1, endReason: 'first', connections: 1, statements: 1, denied: 0 })
    state.sessions.end(id!, { endedAt: start + 2, endReason: 'second', connections: 9, statements: 9, denied: 9 })
    state.sessions.endOrphans(start + 3, 'the gateway was killed')
    expect(state.sessions.get(id!)).toMatchObject({ endReason: 'first', connections: 1 })
  })

  test('that a killed gateway left open ends at the next start, never before it began', () => {
    const [first, second] = fill(2, () => ({ principal: alice, target: 'prod-db' }))
    state.sessions.endOrphans(start + 1000, 'the gateway was killed')
    expect(state.sessions.get(first!)).toMatchObject({ endedAt: '2026-01-01T00:00:01.000Z', endReason: 'the gateway was killed' })
    expect(state.sessions.get(second!)).toMatchObject({ endedAt: '2026-01-01T00:01:00.000Z' })
    // It would have been counted at its end: that it did nothing cannot be said.
    for (const count of ['connections', 'statements', 'denied']) expect(state.sessions.get(first!)).not.toHaveProperty(count)
    expect(state.sessions.list({})[0]).not.toHaveProperty('statements')
  })

  test('cannot be begun twice', () => {
    const [id] = fill(1, () => ({ principal: alice, target: 'prod-db' }))
    expect(() => state.sessions.insert({ id: id!, principal: bob, target: 'x', startedAt: start, firstEntry: 0 })).toThrow()
    expect(state.sessions.get(id!)?.principal.subject).toBe('alice')
  })
})
