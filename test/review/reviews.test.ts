// What is open: every way it ends, what races, what is written before it counts, and what is never written at all.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ReviewEvent } from '../../shared/events.ts'
import { GatewayError } from '../../shared/errors.ts'
import { until } from '../support/until.ts'
import { agentOf, binding, human, review, terms } from './sample.ts'
import { ann, don, dora, factsOf, failure, held, login, root, World } from './world.ts'

let world: World
beforeEach(async () => { world = await World.start() })
afterEach(() => world.stop())

const yes = { approve: true, binding }
const no = { approve: false, binding }
const two = terms({ places: [{ group: 'dba', count: 2 }] })
const kinds = () => world.written.map(({ kind }) => kind)

describe('a hold', () => {
  test('is written down before anybody hears of it', async () => {
    const release = world.holdWriting()
    const heard: ReviewEvent[] = []
    world.reviews.subscribe(dora, (event) => heard.push(event))
    const opening = world.hold()
    expect(world.reviews.list(dora, {})).toEqual([])
    release()
    const open = await opening
    expect(kinds()[0]).toBe('review.held')
    expect(world.written[0]).toMatchObject({ review: open.id, binding, asked: ['dba'], decision: { action: 'hold', review: open.id } })
    expect(world.notified).toEqual([`held ${open.id}`])
    expect(heard).toMatchObject([{ review: { id: open.id, state: 'pending', mayDecide: true, mine: false } }])
  })

  test('whose state is not on the disk yet is nowhere, neither listed nor shown', async () => {
    let synced!: () => void
    Object.assign(world.state, { synced: () => new Promise<void>((resolve) => { synced = resolve }) })
    const opening = world.hold()
    await until('the state to be written', () => world.state.reviews.list({}).length === 1)
    expect(world.reviews.list(dora, {})).toEqual([])
    expect(world.reviews.show(dora, world.state.reviews.list({})[0]!.id)).toBeUndefined()
    synced()
    const { id } = await opening
    expect(world.reviews.list(dora, {})).toMatchObject([{ id }])
    expect(world.reviews.show(dora, id)).toMatchObject({ id, state: 'pending' })
  })

  test('that cannot be written down asks nobody', async () => {
    world.failWriting(new GatewayError('audit_unavailable', 'no space left'))
    expect(await failure(world.hold())).toMatchObject({ code: 'audit_unavailable' })
    expect(world.notified).toEqual([])
    expect(world.reviews.size).toBe(0)
    expect(world.reviews.list(root, {})).toEqual([])
    expect(world.written).toEqual([])
  })

  test('whose state cannot be written asks nobody, and is void', async () => {
    const { put } = world.state.reviews
    Object.assign(world.state.reviews, { put: () => { throw new Error('disk full') } })
    await expect(world.hold()).rejects.toThrow('disk full')
    Object.assign(world.state.reviews, { put })
    expect(world.notified).toEqual([])
    expect(world.ofKind('review.end')).toMatchObject([{ state: 'void' }])
    expect(world.bugs.length).toBeGreaterThan(0)
    expect((await world.hold()).id).toMatch(/^[a-z0-9]{26}$/)
  })

  test('withdrawn while it is being written down is never shown as waiting, and asks nobody', async () => {
    const release = world.holdWriting()
    const opening = world.hold()
    world.disable(ann)
    release()
    const open = await opening
    expect(await open.outcome).toMatchObject({ state: 'withdrawn' })
    expect(world.notified).toEqual([])
    expect(world.reviews.list(root, {})).toMatchObject([{ state: 'withdrawn' }])
    await world.killAndRestart()
    expect(world.reviews.list(root, {})).toMatchObject([{ state: 'withdrawn' }])
  })

  test('beyond the limits is refused: of one principal, of all, of their size', async () => {
    const small = await World.start({ pendingPerPrincipal: 2, pending: 3, heldBytes: 1_000 })
    const by = (subject: string) => ({ requester: { principal: human(subject), login, loginEndsAt: Infinity } })
    const racing = await Promise.allSettled(Array.from({ length: 5 }, () => small.hold()))
    expect(racing.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
    expect(await failure(small.hold({ ...by('bob'), statements: [held('x'.repeat(901))] }))).toMatchObject({ code: 'limit_exceeded' })
    const third = await small.hold(by('bob'))
    expect(await failure(small.hold(by('eve')))).toMatchObject({ code: 'limit_exceeded' })
    third.withdraw('gone')
    const again = await small.hold({ ...by('eve'), statements: [held('x'.repeat(800))] })
    again.withdraw('gone')
    expect((await small.hold({ ...by('eve'), statements: [held('x'.repeat(800))] })).id, 'what ended takes no room').toBeTruthy()
    small.stop()
  })

  test('of a long batch is told in several entries, each of which fits the log', async () => {
    const facts = Array.from({ length: 40 }, (_, i) => factsOf(`SELECT ${'\u0001'.repeat(2_000)} ${i}`))
    const open = await world.hold({ facts, statements: facts.map((_, i) => held(`SELECT ${i}`)) })
    const entries = world.ofKind('review.held')
    expect(entries.length).toBeGreaterThan(1)
    expect(entries.flatMap(({ statements }) => statements)).toEqual(facts)
    for (const entry of entries) {
      expect(entry).toMatchObject({ review: open.id, binding })
      expect(Buffer.byteLength(JSON.stringify(entry))).toBeLessThan(60_000)
    }
  })

  test('after the gateway began to close is refused', async () => {
    world.reviews.close()
    expect(await failure(world.hold())).toMatchObject({ code: 'session_ended' })
  })
})

describe('an approval', () => {
  test('is durable before it counts, and its end before its release', async () => {
    const open = await world.hold()
    const release = world.holdWriting()
    let verdict: unknown
    void open.outcome.then((its) => { verdict = its })
    const voting = world.reviews.decide(open.id, dora, yes)
    await Promise.resolve()
    expect(verdict).toBeUndefined()
    expect(open.stillApproved()).toBe(false)
    release()
    expect(await voting).toMatchObject({ state: 'approved', given: 1, needed: 1, statements: [] })
    expect(await open.outcome).toMatchObject({ state: 'approved', by: { subject: 'dora' } })
    expect(kinds()).toEqual(['review.held', 'review.vote', 'review.end'])
    expect(open.use()).toMatchObject([{ subject: 'dora' }])
  })

  test('that cannot be written down releases nothing, and may be given again', async () => {
    const open = await world.hold()
    world.failWriting(new GatewayError('audit_unavailable', 'no space left'))
    expect(await failure(world.reviews.decide(open.id, dora, yes))).toMatchObject({ code: 'audit_unavailable' })
    expect(world.reviews.show(ann, open.id)).toMatchObject({ state: 'pending', votes: [] })
    world.holdWriting()()
    expect(await world.reviews.decide(open.id, dora, yes)).toMatchObject({ state: 'approved' })
  })

  test('is used once, though a thousand race for it', async () => {
    const open = await world.hold()
    for (let i = 0; i < 1_000; i++) world.people.set(human(`dba${i}`, ['dba']))
    const votes = await Promise.allSettled(Array.from({ length: 1_000 }, (_, i) => world.reviews.decide(open.id, human(`dba${i}`, ['dba']), yes)))
    expect(votes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(world.ofKind('review.vote')).toHaveLength(1)
    expect(world.ofKind('review.end')).toHaveLength(1)
    const uses = Array.from({ length: 1_000 }, () => open.use()).filter((approvers) => approvers !== undefined)
    expect(uses).toHaveLength(1)
    expect(open.stillApproved()).toBe(false)
  })

  test('given twice by one person is written down once', async () => {
    const open = await world.hold({ terms: two })
    const both = await Promise.all([world.reviews.decide(open.id, dora, yes), world.reviews.decide(open.id, dora, yes)])
    expect(both).toMatchObject([{ given: 1, state: 'pending' }, { given: 1, state: 'pending' }])
    expect(world.ofKind('review.vote')).toHaveLength(1)
  })

  test('and a rejection that race: the first one written counts, the other is told so', async () => {
    const open = await world.hold()
    const [first, second] = await Promise.allSettled([world.reviews.decide(open.id, dora, no), world.reviews.decide(open.id, don, yes)])
    expect(first).toMatchObject({ status: 'fulfilled', value: { state: 'rejected' } })
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'conflict' } })
    expect(open.use()).toBeUndefined()
  })

  test.each<[string, (open: { withdraw(why: string): void, id: string }) => void, string]>([
    ['the client went away', (open) => open.withdraw('the client is gone'), 'withdrawn'],
    ['the time ran out', () => world.turn(900_000), 'expired'],
    ['the one who asked was disabled', () => world.disable(ann), 'withdrawn'],
    ['the gateway shuts down', () => world.reviews.close(), 'void']
  ])('being written while %s releases nothing', async (_, happen, ending) => {
    const open = await world.hold()
    const release = world.holdWriting()
    const voting = failure(world.reviews.decide(open.id, dora, yes))
    await Promise.resolve()
    happen(open)
    release()
    expect(await voting).toMatchObject({ code: 'conflict' })
    expect(await open.outcome).toMatchObject({ state: ending })
    expect(open.use()).toBeUndefined()
  })

  test('being written while its voter is disabled does not count', async () => {
    const open = await world.hold()
    const release = world.holdWriting()
    const voting = failure(world.reviews.decide(open.id, dora, yes))
    await Promise.resolve()
    world.disable(dora)
    release()
    expect(await voting).toMatchObject({ code: 'forbidden' })
    expect(world.reviews.show(ann, open.id)).toMatchObject({ state: 'pending', given: 0 })
  })

  test.each<[string, () => void]>([
    ['its voter is disabled', () => world.disable(dora)],
    ['its voter was disabled and is back', () => { world.disable(dora); world.people.set(dora) }],
    ['its voter left the group', () => world.people.set(human('dora', ['hr']))],
    ['it was not used within a minute', () => world.turn(60_000)],
    ['the one who asked was disabled', () => world.disable(ann)],
    ['the login of the one who asked was ended', () => world.revoke({ issuer: ann.issuer, subject: 'ann', login })],
    ['the gateway shuts down', () => world.reviews.close()]
  ])('not used yet counts no more once %s', async (_, happen) => {
    const open = await world.hold()
    await world.reviews.decide(open.id, dora, yes)
    expect(open.stillApproved()).toBe(true)
    happen()
    expect(open.stillApproved()).toBe(false)
    expect(open.use()).toBeUndefined()
    open.void('what was to run has changed')
    expect(world.reviews.list(root, {})).toMatchObject([{ state: 'void' }])
  })

  test('given to what then changed is void, and says so', async () => {
    const open = await world.hold()
    await world.reviews.decide(open.id, dora, yes)
    open.void('the search path changed')
    expect(world.reviews.show(ann, open.id)).toMatchObject({ state: 'void', endReason: 'the search path changed' })
    expect(world.ofKind('review.end')).toMatchObject([{ state: 'approved' }, { state: 'void', reason: 'the search path changed' }])
    expect(open.use()).toBeUndefined()
  })

  test('used stays as it is, whatever is said afterwards', async () => {
    const open = await world.hold()
    await world.reviews.decide(open.id, dora, yes)
    open.use()
    open.void('late')
    open.withdraw('late')
    world.disable(dora)
    world.turn(3600_000)
    expect(world.reviews.list(root, {})).toMatchObject([{ state: 'approved' }])
    expect(world.ofKind('review.end')).toHaveLength(1)
  })

  test('by break-glass alerts', async () => {
    const open = await world.hold({ terms: terms({ breakGlass: ['engineers'] }) })
    await world.reviews.decide(open.id, ann, { ...yes, breakGlass: true, reason: 'patients wait' })
    expect(world.notified).toEqual([`held ${open.id}`, `broken ${open.id}`])
    expect(world.ofKind('review.vote')).toMatchObject([{ breakGlass: true, reason: 'patients wait', actor: { subject: 'ann' } }])
    expect(open.use()).toMatchObject([{ subject: 'ann' }])
  })
})

describe('it ends', () => {
  test('by time, exactly: not a millisecond before', async () => {
    const open = await world.hold()
    expect(open.expiresAt).toBe(world.now + 900_000)
    world.turn(899_999)
    expect(world.reviews.size).toBe(1)
    world.turn(1)
    expect(await open.outcome).toEqual({ state: 'expired', reason: 'nobody decided in time' })
    expect(world.ofKind('review.end')).toMatchObject([{ state: 'expired' }])
  })

  test('by time for whoever votes between two looks at the clock', async () => {
    const open = await world.hold()
    world.now += 900_000
    expect(await failure(world.reviews.decide(open.id, dora, yes))).toMatchObject({ code: 'conflict' })
    expect(await open.outcome).toMatchObject({ state: 'expired' })
    expect(world.ofKind('review.vote')).toEqual([])
  })

  test('by its own timer, within a second', async () => {
    const open = await world.hold()
    world.now += 900_000
    const began = performance.now()
    await open.outcome
    expect(performance.now() - began).toBeLessThan(1_000)
  })

  test('with the login of the one who asked, ended or over; another login of theirs changes nothing', async () => {
    const [first, second] = [await world.hold(), await world.hold({ requester: { principal: ann, login: 'm'.repeat(26), loginEndsAt: world.now + 1_000 } })]
    world.revoke({ issuer: ann.issuer, subject: 'ann', login: 'x'.repeat(26) })
    expect(world.reviews.size).toBe(2)
    world.revoke({ issuer: ann.issuer, subject: 'ann', login })
    expect(await first.outcome).toMatchObject({ state: 'withdrawn' })
    world.turn(1_000)
    expect(await second.outcome).toMatchObject({ state: 'withdrawn' })
  })

  test('with the person behind the agent that asked', async () => {
    const open = await world.hold({ requester: { principal: agentOf(ann), login: 't'.repeat(26), loginEndsAt: Infinity } })
    world.disable(ann)
    expect(await open.outcome).toMatchObject({ state: 'withdrawn' })
  })

  test('by the one who asked, or whoever the agent acts for, and by nobody else', async () => {
    const [mine, agents] = [await world.hold(), await world.hold({ requester: { principal: agentOf(ann), login: 't'.repeat(26), loginEndsAt: Infinity } })]
    expect(() => world.reviews.withdraw(mine.id, dora)).toThrow(expect.objectContaining({ code: 'forbidden' }) as Error)
    world.reviews.withdraw(mine.id, ann)
    world.reviews.withdraw(agents.id, ann)
    expect(await mine.outcome).toMatchObject({ state: 'withdrawn', by: { subject: 'ann' } })
    expect(await agents.outcome).toMatchObject({ state: 'withdrawn' })
    expect(() => world.reviews.withdraw(mine.id, ann)).toThrow(expect.objectContaining({ code: 'conflict' }) as Error)
  })

  test('by an admin, and by nobody who was one', async () => {
    const open = await world.hold()
    expect(() => world.reviews.expire(open.id, dora)).toThrow(expect.objectContaining({ code: 'forbidden' }) as Error)
    world.people.set(human('root', []))
    expect(() => world.reviews.expire(open.id, root)).toThrow(expect.objectContaining({ code: 'forbidden' }) as Error)
    world.people.set(root)
    world.reviews.expire(open.id, root)
    expect(await open.outcome).toMatchObject({ state: 'expired', by: { subject: 'root' } })
  })

  test('void when the gateway was killed: the next one says so, once', async () => {
    const open = await world.hold()
    await world.killAndRestart()
    expect(world.ofKind('review.end')).toMatchObject([{ review: open.id, state: 'void', reason: 'the gateway was restarted' }])
    expect(world.reviews.show(ann, open.id)).toMatchObject({ state: 'void', endReason: 'the gateway was restarted', statements: [] })
    expect(await failure(world.reviews.decide(open.id, dora, yes))).toMatchObject({ code: 'conflict' })
    await world.killAndRestart()
    expect(world.ofKind('review.end')).toHaveLength(1)
  })
})

describe('what is shown', () => {
  test('is nothing to strangers, and no exact text to admins who do not decide', async () => {
    const open = await world.hold()
    const stranger = human('sue', ['hr'])
    world.people.set(stranger)
    for (const nobody of [stranger, agentOf(dora), human('ghost', ['dba'])]) {
      expect(world.reviews.show(nobody, open.id)).toBeUndefined()
      expect(world.reviews.list(nobody, {})).toEqual([])
      expect(world.reviews.owner(nobody, open.id)).toBeUndefined()
      expect(await failure(world.reviews.decide(open.id, nobody, yes))).toMatchObject({ code: 'not_found' })
      expect(() => world.reviews.withdraw(open.id, nobody)).toThrow(expect.objectContaining({ code: 'not_found' }) as Error)
    }
    expect(world.reviews.show(root, open.id)).toMatchObject({ statements: [], statement: 'DELETE FROM visits WHERE ssn = $1', mayDecide: false })
    expect(world.reviews.show(dora, open.id)).toMatchObject({ statements: [{ text: 'DELETE FROM visits WHERE ssn = \'078-05-1120\'', parameters: ['4111-1111'] }] })
    expect(world.reviews.show(ann, open.id)).toMatchObject({ mine: true, mayDecide: false, statements: [{}] })
  })

  test('of who looked is written down once each, and only of those who decide', async () => {
    const open = await world.hold()
    for (const viewer of [dora, dora, ann, root, don, dora]) world.reviews.show(viewer, open.id)
    expect(world.ofKind('review.seen').map(({ actor }) => actor.subject)).toEqual(['dora', 'don'])
  })

  test('of the context comes when it comes; one that fails changes nothing', async () => {
    let known = (_: { transaction: 'open', locks: string[], estimatedRows: number | null }) => {}
    const open = await world.hold({ context: new Promise((resolve) => { known = resolve }) })
    expect(world.reviews.show(dora, open.id)).not.toHaveProperty('context')
    known({ transaction: 'open', locks: ['RowExclusiveLock on visits'], estimatedRows: 12 })
    await Promise.resolve()
    await Promise.resolve()
    expect(world.reviews.show(dora, open.id)).toMatchObject({ context: { transaction: 'open', estimatedRows: 12 } })
    // While it is still being written down.
    const failing = await world.hold({ context: Promise.reject(new Error('no answer')) })
    expect(world.reviews.show(dora, failing.id)).not.toHaveProperty('context')
  })

  test('to a watcher is what waits, then each change, and only while they may see it', async () => {
    const open = await world.hold({ terms: two })
    const heard: string[] = []
    const stop = world.reviews.subscribe(dora, ({ review: { state, given } }) => heard.push(`${state} ${given}`))
    await world.reviews.decide(open.id, don, yes)
    await world.reviews.giveReason((await world.hold()).id, ann, 'why')
    world.people.set(human('dora', []))
    await world.hold()
    world.people.set(dora)
    stop()
    open.withdraw('gone')
    expect(heard).toEqual(['pending 0', 'pending 1', 'pending 0', 'pending 0'])
  })

  test('by a watcher that throws is a bug, and no other watcher\'s', async () => {
    const heard: string[] = []
    world.reviews.subscribe(dora, () => { throw new TypeError('x is not a function') })
    world.reviews.subscribe(dora, ({ review: { id } }) => heard.push(id))
    const open = await world.hold()
    expect(heard).toEqual([open.id])
    expect(world.bugs).toMatchObject([{ code: 'internal' }])
  })

  test('to one person in at most 32 places at once', () => {
    for (let i = 0; i < 32; i++) world.reviews.subscribe(dora, () => {})
    expect(() => world.reviews.maySubscribe(dora)).toThrow(expect.objectContaining({ code: 'limit_exceeded' }) as Error)
    expect(() => world.reviews.maySubscribe(don)).not.toThrow()
  })

  test('of those that are over is filtered, newest first', async () => {
    const mine = await world.hold()
    world.now += 1
    const others = await world.hold({ requester: { principal: human('bob'), login, loginEndsAt: Infinity }, target: { ...review().target, name: 'prod-dw' } })
    mine.withdraw('gone')
    const ids = (...args: Parameters<typeof world.reviews.list>) => world.reviews.list(...args).map(({ id }) => id)
    expect(ids(dora, {})).toEqual([others.id, mine.id])
    expect(ids(ann, {})).toEqual([mine.id])
    expect(ids(root, { state: 'pending' })).toEqual([others.id])
    expect(ids(dora, { target: 'prod-dw' })).toEqual([others.id])
    expect(ids(dora, { mine: true })).toEqual([])
    expect(ids(dora, { limit: 1 })).toEqual([others.id])
  })

  test('never reaches the state file or the log: exact text and parameters', async () => {
    const open = await world.hold()
    await world.reviews.decide(open.id, dora, yes)
    world.reviews.list(root, {})
    const files = readdirSync(world.folder).map((file) => readFileSync(join(world.folder, file), 'latin1')).join('')
    for (const secret of ['078-05-1120', '4111-1111']) {
      expect(files).not.toContain(secret)
      expect(JSON.stringify(world.written)).not.toContain(secret)
    }
    expect(files, 'what is kept is found the same way').toContain('DELETE FROM visits WHERE ssn = $1')
  })
})

describe('access', () => {
  const decision = { action: 'hold' as const, rule: 'prod needs a review', masks: [], terms: terms({ windowSeconds: 3_600 }) }
  const requester = { principal: ann, login, loginEndsAt: Infinity }
  const { target } = review()
  const ask = () => world.reviews.ask({ requester, target, decision, policy: 'p' })
  const window = () => world.reviews.windowFor(ann, target, decision)
  const bindingOf = (id: string) => world.reviews.show(root, id)!.binding

  test('asked again while it waits is the same review, racing or not', async () => {
    const asked = await Promise.all(Array.from({ length: 50 }, ask))
    expect(new Set([...asked, await ask()].map(({ id }) => id)).size).toBe(1)
    expect(world.ofKind('review.held')).toMatchObject([{ statements: [], asked: ['dba'] }])
    expect(asked[0]).toMatchObject({ kind: 'access', mine: true, mayDecide: false, state: 'pending' })
    expect(window()).toBeUndefined()
  })

  test('approved opens a window with an absolute end, which survives a restart', async () => {
    const { id } = await ask()
    await world.reviews.decide(id, dora, { approve: true, binding: bindingOf(id) })
    const endsAt = world.now + 3_600_000
    expect(window()).toEqual({ review: id, endsAt })
    world.reviews.list(root, {})
    world.now += 1_000
    await world.killAndRestart()
    expect(window()).toEqual({ review: id, endsAt })
    expect(world.reviews.isOpenWindow(id)).toBe(true)
    world.now = endsAt - 1
    expect(window()).toBeDefined()
    world.now++
    expect(window()).toBeUndefined()
    expect(world.reviews.isOpenWindow(id)).toBe(false)
    expect((await ask()).id).not.toBe(id)
  })

  test('is for nobody else, nothing else, and no other rule', async () => {
    const { id } = await ask()
    await world.reviews.decide(id, dora, { approve: true, binding: bindingOf(id) })
    expect(world.reviews.windowFor(dora, target, decision)).toBeUndefined()
    expect(world.reviews.windowFor(ann, { ...target, address: 'other:5432' }, decision)).toBeUndefined()
    expect(world.reviews.windowFor(ann, target, { ...decision, rule: 'another' })).toBeUndefined()
    expect(world.reviews.windowFor(ann, target, { ...decision, terms: { ...decision.terms, places: [{ group: 'security', count: 1 }] } })).toBeUndefined()
  })

  test('refused may be asked for again, as another review', async () => {
    const { id } = await ask()
    await world.reviews.decide(id, dora, { approve: false, binding: bindingOf(id) })
    expect(window()).toBeUndefined()
    expect((await ask()).id).not.toBe(id)
  })

  test.each<[string, (id: string) => void, string]>([
    ['its requester is disabled', () => world.disable(ann), 'whoever asked was disabled'],
    ['an admin ends it', (id) => world.reviews.expire(id, root), 'an administrator ended it']
  ])('ends at once when %s, and stays ended', async (_, happen, endReason) => {
    const { id } = await ask()
    await world.reviews.decide(id, dora, { approve: true, binding: bindingOf(id) })
    happen(id)
    world.people.set(ann)
    expect(window()).toBeUndefined()
    expect(world.reviews.isOpenWindow(id)).toBe(false)
    expect(world.reviews.show(root, id)).toMatchObject({ state: 'void', endReason })
    expect(world.reviews.show(root, id)).not.toHaveProperty('windowEndsAt')
    await world.killAndRestart()
    expect(window()).toBeUndefined()
  })

  test('that could not be written down may be asked for again', async () => {
    world.failWriting(new GatewayError('audit_unavailable', 'no space left'))
    expect(await failure(ask())).toMatchObject({ code: 'audit_unavailable' })
    world.holdWriting()()
    expect(await ask()).toMatchObject({ state: 'pending' })
  })
})
