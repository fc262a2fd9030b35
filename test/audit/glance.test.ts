// What is seen at a glance is what looking closely sees: the same entries pass, the same are refused, and members read are the same.
import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { canonical, parseCanonical } from '../../shared/audit/canonical.ts'
import { glanceAt } from '../../shared/audit/verify/glance.ts'

const members = ['boot', 'index', 'intent', 'kind', 'monotonic', 'origin', 'sealed', 'time', 'version']

function outcome(read: (text: string) => unknown, text: string): unknown {
  try {
    const value = read(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return { value }
    return Object.fromEntries(Object.entries(value).filter(([name]) => members.includes(name)))
  } catch (error) {
    return error instanceof SyntaxError ? 'refused' : error
  }
}

function same(text: string): void {
  expect(outcome((text) => glanceAt(Buffer.from(text)), text), text).toEqual(outcome(parseCanonical, text))
}

describe('a glance', () => {
  test.each([
    '', '{', '{}', '[]', '1', 'null', '"x"', '{"a":1}', '{"a":1}x', '{"a":1},', '{"a":}', '{"a"}', '{"a":1,}', '{,}', '{"a":1 }', ' {"a":1}', '{"b":1,"a":2}',
    '{"a":1,"a":1}', '{"a":01}', '{"a":-0}', '{"a":0}', '{"a":-1}', '{"a":1.0}', '{"a":1.5}', '{"a":1e3}', '{"a":1e30}', '{"a":1e+30}', '{"a":1e400}',
    '{"a":12345678901234567890}', '{"a":9007199254740993}', '{"a":1.204}', '{"a":0.1}', '{"a":.1}', '{"a":+1}', '{"a":NaN}', '{"a":Infinity}',
    '{"a":tru}', '{"a":true}', '{"a":false}', '{"a":null}', '{"a":nul', '{"a":truex}', '{"a":[1,2]}', '{"a":[1,2,]}', '{"a":[]}', '{"a":[,]}', '{"a":[1 ]}',
    '{"a":{"b":{"c":[{"d":1}]}}}', '{"a":{"c":1,"b":2}}', '{"a":"\\n"}', '{"a":"\\u000a"}', '{"a":"\\u001f"}', '{"a":"\\u001F"}', '{"a":"\\/"}', '{"a":"\\ud800"}',
    '{"a":"\u007f\u2028"}', '{"a":"é"}', '{"é":1}', '{"z":1,"é":2}', '{"\\n":1}', '{"a\\"b":1}', '{"a":"x', '{"a":"x\n"}', '{"a":"\\', '{"ab":1,"a":2}', '{"a":1,"ab":2}',
    '{"sealed":{"bytes":3,"sha256":"x"}}', '{"kind":"caf\u00e9"}', '{"kind":"a\\"b"}', '{"kind":"key.rotate","next":"x"}', `{"a":${'['.repeat(60)}${']'.repeat(60)}}`,
    '{"index":3,"kind":"heartbeat","time":"2026-01-01T00:00:00.000Z","version":1}', '{"index":3.5}', '{"__proto__":1,"kind":"x"}', '{"constructor":1}'
  ])('at %s', (text) => same(text))

  test('at whatever canonical() makes, and at that with one character changed', () => {
    const objects = fc.dictionary(fc.oneof(fc.constantFrom(...members), fc.string()), fc.jsonValue())
    fc.assert(fc.property(objects, fc.nat(), fc.string({ minLength: 1, maxLength: 2 }), (value, at, other) => {
      const text = canonical(value)
      same(text)
      const place = at % (text.length + 1)
      const changed = text.slice(0, place) + other + text.slice(place + 1)
      // What is no UTF-8 is refused before anybody looks.
      if (Buffer.from(changed).toString() === changed) same(changed)
    }), { numRuns: 3_000 })
  })
})
