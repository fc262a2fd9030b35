// The state machine by tables: every move, everybody who may not decide, every way a vote can be wrong.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  accessBinding,
  approversOf,
  ended,
  explained,
  isStillApproved,
  moves,
  struck,
  tally,
  voted,
  type Ballot,
  type EndState,
  type Review
} from '../../server/review/review.ts'
import type { Principal, ReviewState } from '../../shared/model.ts'
import { codeOf } from '../identity/world.ts'
import { agentOf, binding, Directory, human, review, start, terms } from './sample.ts'

const [ann, dora, don, sam, both] = [
  human('ann', ['engineers']),
  human('dora', ['dba']),
  human('don', ['dba']),
  human('sam', ['security']),
  human('bea', ['dba', 'security'])
]
const everybody = () => new Directory(ann, dora, don, sam, both)
const yes = (more: Partial<Ballot> = {}): Ballot => ({ approve: true, binding, ...more })
const no = (more: Partial<Ballot> = {}): Ballot => ({ approve: false, binding, ...more })
const cast = (one: Review, by: Principal, ballot: Ballot, people = everybody(), at = start + 1) => voted(one, by, ballot, people.find, at)
const states: readonly ReviewState[] = ['pending', 'approved', 'rejected', 'expired', 'withdrawn', 'void']
const ends = states.slice(1) as EndState[]
const inState = (state: ReviewState) => state === 'pending' ? review() : ended(review(), state, { at: start })

describe('a review moves', () => {
  const legal = new Set(['pending approved', 'pending rejected', 'pending expired', 'pending withdrawn', 'pending void', 'approved void'])
  const pairs = states.flatMap((from) => ends.map((to) => ({ from, to, may: legal.has(`${from} ${to}`) })))

  test.each(pairs)('from $from to $to: $may', ({ from, to, may }) => {
    if (may) expect(ended(inState(from), to, { at: start, reason: 'why' })).toMatchObject({ state: to, endReason: 'why', endedAt: start })
    else expect(codeOf(() => ended(inState(from), to, { at: start }))).toBe('conflict')
  })

  test.each(ends)('by no vote once it is %s', (state) => {
    for (const ballot of [yes(), no()]) expect(codeOf(() => cast(inState(state), dora, ballot))).toBe('conflict')
  })

  test('from no state to itself, and out of none of the last four', () => {
    for (const state of states) expect(moves[state]).not.toContain(state)
    for (const state of ['rejected', 'expired', 'withdrawn', 'void'] as const) expect(moves[state]).toEqual([])
  })

  test('by no vote from the millisecond it expires', () => {
    const { expiresAt } = review()
    expect(codeOf(() => cast(review(), dora, yes(), everybody(), expiresAt))).toBe('conflict')
    expect(cast(review(), dora, yes(), everybody(), expiresAt - 1).state).toBe('approved')
  })
})

describe('four eyes: nobody decides', () => {
  const own = human('ann', ['engineers', 'dba'])
  const bot = agentOf(own)
  const stranger = human('sue', ['hr'])
  const directory = new Directory(own, dora, stranger)
  directory.set(don, { disabled: true })
  const cases: [string, Review, Principal][] = [
    ['what they asked for', review({ requester: own }), own],
    ['what an agent of theirs asked for', review({ requester: bot }), own],
    ['what a job of theirs asked for', review({ requester: agentOf(own, 'service') }), own],
    ['as an agent, whoever asked', review(), agentOf(dora)],
    ['as a service, whoever asked', review(), agentOf(dora, 'service')],
    ['as the agent that asked', review({ requester: bot }), bot],
    ['as another agent of the one who asked', review({ requester: bot }), { ...bot, subject: 'agent:2' }],
    ['when disabled', review(), don],
    ['when not in a group that was asked', review(), stranger],
    ['when their token still says so and identity does not', review(), { ...stranger, groups: ['dba'] }],
    ['when identity has never seen them', review(), human('nobody', ['dba'])],
    ['as the same subject of another issuer', review(), { ...dora, issuer: 'https://other.example' }],
    ['as an admin, which is no group that was asked', review(), human('root', ['admins'])]
  ]
  directory.set(human('root', ['admins']))

  test.each(cases)('%s', (_, one, by) => {
    for (const ballot of [yes({ reason: 'r' }), no({ reason: 'r' }), yes({ reason: 'r', breakGlass: true })]) {
      expect(codeOf(() => cast(one, by, ballot, directory))).toBe('forbidden')
    }
  })

  test('twice: one person fills one place however often they vote and however many groups they are in', () => {
    const wanted = review({ terms: terms({ places: [{ group: 'dba', count: 1 }, { group: 'security', count: 1 }] }) })
    const once = cast(wanted, both, yes())
    expect(once.state).toBe('pending')
    expect(tally(once, everybody().find)).toEqual({ needed: 2, given: 1 })
    expect(cast(once, both, yes()), 'the same object: nothing to write down').toBe(once)
    expect(cast(once, dora, yes()).state).toBe('approved')
    expect(cast(once, sam, yes()).state).toBe('approved')
    const two = cast(cast(review({ terms: terms({ places: [{ group: 'dba', count: 2 }] }) }), dora, yes()), dora, yes())
    expect(two).toMatchObject({ state: 'pending', votes: [{}] })
  })

  test('for an agent by breaking the glass, not even the person behind it', () => {
    const one = review({ requester: bot, terms: terms({ breakGlass: ['engineers'] }) })
    for (const by of [own, bot]) expect(codeOf(() => cast(one, by, yes({ reason: 'r', breakGlass: true }), directory))).toBe('forbidden')
  })

  test('whatever people vote and in whatever order: approved means that many different people, none of them the one who asked', () => {
    const people = [human('ann', ['dba', 'security']), ...[dora, don, sam, both]]
    const directory = new Directory(...people)
    const wanted = review({ requester: people[0]!, terms: terms({ places: [{ group: 'dba', count: 2 }, { group: 'security', count: 1 }] }) })
    fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom(...people), fc.boolean()), { maxLength: 12 }), (votes) => {
      let one = wanted
      for (const [by, approve] of votes) {
        try { one = cast(one, by, { approve, binding }, directory) } catch { /* not theirs, or over */ }
      }
      if (one.state !== 'approved') return
      const subjects = approversOf(one).map(({ subject }) => subject)
      expect(new Set(subjects).size).toBeGreaterThanOrEqual(3)
      expect(subjects).not.toContain('ann')
    }))
  })
})

describe('a vote', () => {
  test('for something else than waits is a conflict', () => {
    expect(codeOf(() => cast(review(), dora, yes({ binding: 'cd'.repeat(32) })))).toBe('conflict')
    expect(codeOf(() => cast(review(), dora, no({ binding: 'cd'.repeat(32) })))).toBe('conflict')
  })

  test.each([undefined, '', '  \n'])('needs a reason where the terms say so; %j is none', (reason) => {
    const one = review({ terms: terms({ approverReason: true }) })
    const given = reason === undefined ? {} : { reason }
    expect(codeOf(() => cast(one, dora, yes(given)))).toBe('bad_request')
    expect(codeOf(() => cast(one, dora, no(given)))).toBe('bad_request')
    expect(cast(one, dora, yes({ reason: ' looks right ' }))).toMatchObject({ state: 'approved', endReason: 'looks right' })
  })

  test('has a reason of at most 1,000 characters', () => {
    expect(codeOf(() => cast(review(), dora, yes({ reason: 'x'.repeat(1_001) })))).toBe('bad_request')
    expect(cast(review(), dora, yes({ reason: 'x'.repeat(1_000) })).state).toBe('approved')
  })

  test('approves nothing before the one who asked has said why, where the terms want it; rejecting may be done', () => {
    const one = review({ terms: terms({ requesterReason: true }) })
    expect(codeOf(() => cast(one, dora, yes()))).toBe('conflict')
    expect(cast(one, dora, no()).state).toBe('rejected')
    expect(cast(explained(one, ann, 'clean up'), dora, yes()).state).toBe('approved')
  })

  test('against it ends it, whoever approved before: even the same person', () => {
    const half = cast(review({ terms: terms({ places: [{ group: 'dba', count: 2 }] }) }), dora, yes())
    expect(cast(half, don, no({ reason: 'not now' }))).toMatchObject({ state: 'rejected', endReason: 'not now', endedBy: { subject: 'don' } })
    expect(cast(half, dora, no())).toMatchObject({ state: 'rejected', votes: [{ approve: true }, { approve: false }] })
  })

  test('that releases is recorded with its voter, groups of then included, and without their name', () => {
    const one = cast(review(), dora, yes())
    expect(one.votes).toEqual([{ by: { issuer: dora.issuer, subject: 'dora', email: 'dora@example.com', groups: ['dba'], kind: 'human' }, approve: true, breakGlass: false, at: start + 1, struck: false }])
    expect(one.endedBy).toEqual(one.votes[0]!.by)
  })

  test('of access starts its window, which has an absolute end', () => {
    const one = review({ kind: 'access', terms: terms({ windowSeconds: 60 }) })
    expect(cast(one, dora, yes()).windowEndsAt).toBe(start + 1 + 60_000)
    expect(ended(cast(one, dora, yes()), 'void', { at: start })).not.toHaveProperty('windowEndsAt')
    expect(cast(one, dora, no())).not.toHaveProperty('windowEndsAt')
  })
})

describe('breaking the glass', () => {
  const one = review({ terms: terms({ breakGlass: ['engineers'], places: [{ group: 'dba', count: 5 }] }) })

  test('releases at once, with a reason, and is recorded as such', () => {
    expect(codeOf(() => cast(one, ann, yes({ breakGlass: true })))).toBe('bad_request')
    const broken = cast(one, ann, yes({ breakGlass: true, reason: 'patients wait' }))
    expect(broken).toMatchObject({ state: 'approved', votes: [{ breakGlass: true, reason: 'patients wait' }], endedBy: { subject: 'ann' }, endReason: 'broke the glass: patients wait' })
    expect(isStillApproved(broken, everybody().find)).toBe(true)
  })

  test('is for members of the groups the rule names, now, and for nobody else\'s statement', () => {
    const lost = everybody()
    lost.set(human('ann', []))
    expect(codeOf(() => cast(one, ann, yes({ breakGlass: true, reason: 'r' }), lost))).toBe('forbidden')
    expect(codeOf(() => cast(review(), ann, yes({ breakGlass: true, reason: 'r' })))).toBe('forbidden')
    expect(codeOf(() => cast(one, dora, yes({ breakGlass: true, reason: 'r' })))).toBe('forbidden')
    expect(codeOf(() => cast(one, ann, no({ breakGlass: true, reason: 'r' })))).toBe('bad_request')
  })

  test('does not wait for a reason the one who asked would give themselves', () => {
    const wanting = { ...one, terms: { ...one.terms, requesterReason: true } }
    expect(cast(wanting, ann, yes({ breakGlass: true, reason: 'r' })).state).toBe('approved')
  })

  test('counts no more once the group is lost or the person disabled', () => {
    const broken = cast(one, ann, yes({ breakGlass: true, reason: 'r' }))
    const people = everybody()
    people.set(human('ann', []))
    expect(isStillApproved(broken, people.find)).toBe(false)
    people.set(ann, { disabled: true })
    expect(isStillApproved(broken, people.find)).toBe(false)
  })
})

describe('at release', () => {
  const two = review({ terms: terms({ places: [{ group: 'dba', count: 1 }, { group: 'security', count: 1 }] }) })
  const approved = cast(cast(two, dora, yes()), sam, yes())

  test.each<[string, (people: Directory) => void, boolean]>([
    ['all as it was', () => {}, true],
    ['another group more', (people) => people.set(human('dora', ['dba', 'hr'])), true],
    ['a voter lost the group', (people) => people.set(human('dora', ['hr'])), false],
    ['a voter is disabled', (people) => people.set(sam, { disabled: true }), false],
    ['both changed to the same group', (people) => people.set(human('sam', ['dba'])), false],
    ['both changed places', (people) => { people.set(human('sam', ['dba'])); people.set(human('dora', ['security'])) }, true]
  ])('%s', (_, happen, counts) => {
    expect(approved.state).toBe('approved')
    const people = everybody()
    happen(people)
    expect(isStillApproved(approved, people.find)).toBe(counts)
  })

  test('a voter struck once counts no more, even when they are back; they may vote again while it waits', () => {
    const once = cast(two, dora, yes())
    const without = struck(once, dora)
    expect(tally(without, everybody().find).given).toBe(0)
    expect(cast(without, sam, yes()).state).toBe('pending')
    expect(cast(cast(without, sam, yes()), dora, yes()).state).toBe('approved')
    expect(isStillApproved(struck(approved, sam), everybody().find)).toBe(false)
    expect(struck(once, don), 'who did not vote: the same object').toBe(once)
  })

  test.each(ends.filter((state) => state !== 'approved'))('%s is not approved', (state) => {
    expect(isStillApproved({ ...approved, state }, everybody().find)).toBe(false)
  })
})

describe('the reason of the one who asked', () => {
  test('is theirs, or that of whoever stands behind the agent', () => {
    expect(explained(review(), ann, ' why ').requesterReason).toBe('why')
    expect(explained(review({ requester: agentOf(ann) }), ann, 'why').requesterReason).toBe('why')
    expect(codeOf(() => explained(review(), dora, 'why'))).toBe('forbidden')
  })

  test.each(['', '  ', 'x'.repeat(1_001)])('is text of 1 to 1,000 characters', (text) => {
    expect(codeOf(() => explained(review(), ann, text))).toBe('bad_request')
  })

  test('stays as voters saw it', () => {
    const wanting = review({ terms: terms({ places: [{ group: 'dba', count: 2 }] }) })
    const once = cast(explained(wanting, ann, 'one'), dora, yes())
    expect(codeOf(() => explained(once, ann, 'another'))).toBe('conflict')
    for (const state of ends) expect(codeOf(() => explained(inState(state), ann, 'why'))).toBe('conflict')
  })
})

test('approval of access is bound to who, where and under which rule and terms', () => {
  const { target } = review()
  const bound = accessBinding(ann, target, 'rule', terms({ windowSeconds: 60 }))
  expect(bound).toMatch(/^[0-9a-f]{64}$/)
  expect(accessBinding({ ...ann, email: 'new@example.com', groups: [] }, target, 'rule', terms({ windowSeconds: 60, timeoutSeconds: 1 }))).toBe(bound)
  const others = [
    accessBinding(dora, target, 'rule', terms({ windowSeconds: 60 })),
    accessBinding({ ...ann, issuer: 'https://other.example' }, target, 'rule', terms({ windowSeconds: 60 })),
    accessBinding(ann, { ...target, name: 'prod-dw' }, 'rule', terms({ windowSeconds: 60 })),
    accessBinding(ann, { ...target, address: 'other:5432' }, 'rule', terms({ windowSeconds: 60 })),
    accessBinding(ann, { ...target, database: 'other' }, 'rule', terms({ windowSeconds: 60 })),
    accessBinding(ann, target, 'another', terms({ windowSeconds: 60 })),
    accessBinding(ann, target, 'rule', terms({ windowSeconds: 61 })),
    accessBinding(ann, target, 'rule', terms({ windowSeconds: 60, places: [{ group: 'dba', count: 2 }] }))
  ]
  expect(new Set([bound, ...others]).size).toBe(others.length + 1)
})
