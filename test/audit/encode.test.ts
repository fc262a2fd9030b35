import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createEncode } from '../../server/audit/encode.ts'
import { canonical, lasting } from '../../shared/audit/canonical.ts'
import type { EntryFacts, StatementFacts } from '../../shared/audit/entry.ts'
import { beat, intent, outcome } from './sample.ts'

type Of<Kind extends EntryFacts['kind']> = Extract<EntryFacts, { kind: Kind }>
/** Every member has to be named, so that one added to an entry is added here. */
type Arbitraries<T> = { [Name in keyof Required<T>]: fc.Arbitrary<Required<T>[Name]> }

const text = fc.string({ unit: 'grapheme', maxLength: 12 })
const texts = fc.array(text, { maxLength: 3 })
const count = fc.nat()
const stamp = { time: '2026-01-02T03:04:05.678Z', monotonic: '1234567890123456' }

/** With the members that may be absent absent at times. */
function some<T extends object>(members: Arbitraries<T>, always: readonly (keyof T & string)[]): fc.Arbitrary<T> {
  return fc.record(members, { requiredKeys: always as never }) as fc.Arbitrary<T>
}

const clear = fc.array(fc.record({ rule: text, columns: texts }), { maxLength: 3 })

const statement = some<StatementFacts>({
  step: fc.constantFrom('check', 'prepare', 'bind', 'execute'),
  verb: text,
  redacted: text,
  sha256: text,
  partOf: text,
  length: count,
  parameters: count,
  effects: fc.subarray(['read', 'write', 'schema', 'unknown'] as const),
  relations: texts,
  flags: fc.subarray(['no_where', 'locks', 'multiple'] as const),
  exposure: fc.record({ why: texts, flags: texts, masked: texts, clear })
}, ['step', 'verb', 'sha256', 'length', 'parameters', 'effects', 'relations', 'flags'])

const intents = some<Of<'statement.intent'>>({
  kind: fc.constant('statement.intent'),
  session: text,
  connection: count,
  actor: fc.record({ issuer: text, subject: text, email: text, groups: texts, kind: fc.constantFrom('human', 'service', 'agent') }, { requiredKeys: ['issuer', 'subject', 'groups', 'kind'] }),
  target: fc.record({ name: text, protocol: text, address: text, database: text }, { requiredKeys: ['name', 'protocol', 'address'] }),
  statement,
  decision: fc.record({ action: fc.constantFrom('allow', 'hold'), rule: text, policy: text, review: text }, { requiredKeys: ['action', 'rule', 'policy'] }),
  sealed: fc.record({ sha256: fc.stringMatching(/^[0-9a-f]{64}$/), bytes: count })
}, ['kind', 'session', 'connection', 'actor', 'target', 'statement', 'decision'])

const outcomes = some<Of<'outcome'>>({
  kind: fc.constant('outcome'),
  session: text,
  connection: count,
  intent: count,
  outcome: some<Of<'outcome'>['outcome']>({
    status: fc.constantFrom('ok', 'error', 'cancelled', 'unknown'),
    rows: count,
    bytes: count,
    errorClass: text,
    detected: fc.array(fc.record({ column: text, kind: text, hits: count }), { maxLength: 3 }),
    exposure: fc.record({ masked: texts, clear, flags: texts }),
    durationMilliseconds: fc.double({ min: 0, max: 1e9, noNaN: true })
  }, ['status', 'durationMilliseconds'])
}, ['kind', 'session', 'connection', 'intent', 'outcome'])

/** What is attached is told apart from the facts: they are there before it is. */
function encoded(origin: string, boot: string, entry: EntryFacts, index: number): string {
  if (!('sealed' in entry)) return createEncode(origin, boot)(entry, index, stamp)
  const { sealed, ...facts } = entry
  return createEncode(origin, boot)(facts, index, stamp, sealed)
}

function reference(facts: EntryFacts, index: number, origin: string, boot: string): string {
  return canonical({ ...facts, version: 1, index, origin, ...stamp, boot })
}

describe('the text of an entry', () => {
  test.each([
    ['an intent', { ...intent(), session: 'a\ud83d' } as EntryFacts],
    ['an outcome', { kind: 'outcome', session: 's', connection: 1, intent: 1, outcome: { status: 'ok', durationMilliseconds: NaN } } as EntryFacts],
    ['an outcome with half a character', { kind: 'outcome', session: 's', connection: 1, intent: 1, outcome: { status: 'error', errorClass: '\ude00', durationMilliseconds: 1 } } as EntryFacts]
  ])('there is none of %s that has no canonical form', (_, facts) => {
    expect(() => createEncode('log', 'boot')(facts, 1, stamp)).toThrow(TypeError)
  })

  test('of an intent and an outcome is the canonical one, whatever they say', () => {
    fc.assert(fc.property(fc.oneof(intents, outcomes), count, text, text, (facts, index, origin, boot) => {
      expect(encoded(origin, boot, facts, index)).toBe(reference(facts, index, origin, boot))
    }), { numRuns: 1000 })
  })

  test('is the same when parts of it are known to last', () => {
    fc.assert(fc.property(intents, (facts) => {
      const expected = reference(facts, 7, 'log', 'boot')
      lasting(facts.actor)
      lasting(facts.target)
      lasting(facts.statement)
      expect(encoded('log', 'boot', facts, 7)).toBe(expected)
      expect(encoded('log', 'boot', { ...facts, statement: { ...facts.statement, verb: 'OTHER' } }, 7))
        .toBe(reference({ ...facts, statement: { ...facts.statement, verb: 'OTHER' } }, 7, 'log', 'boot'))
    }))
  })

  const sealed = { sha256: 'ab'.repeat(32), bytes: 97 }
  test.each([intent(), { ...intent(), sealed }, outcome(3), beat(2), { kind: 'admin', action: 'gateway.start' }] as EntryFacts[])('of $kind reads back as what was said', (facts) => {
    expect(JSON.parse(encoded('log', 'boot', facts, 9))).toEqual({ ...facts, version: 1, index: 9, origin: 'log', ...stamp, boot: 'boot' })
  })
})

describe('an object that lasts', () => {
  test('has to have a text', () => {
    expect(() => lasting({ a: NaN })).toThrow(TypeError)
  })

  test('is spelled out once: what is changed against the promise is not seen', () => {
    const inner = { b: 1, a: [2] }
    const value = lasting({ z: inner })
    inner.b = 3
    expect(canonical({ value })).toBe('{"value":{"z":{"a":[2],"b":1}}}')
    expect(canonical(inner)).toBe('{"a":[2],"b":3}')
  })
})
