import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Detector, detectorKinds, type DetectorKind } from '../../../server/masking/detectors.ts'
import { searchedAs, searchMask, type Search } from '../../../server/masking/postgres/found.ts'

function masked(text: string | Buffer, how: Search['how'] = 'text', more: Partial<Search> = {}): string | undefined {
  const value = Buffer.from(text)
  const plain = { format: 0, type: 25, typeModifier: -1, action: 'mask', seen: () => undefined } as const
  const mask = searchMask({ detector: new Detector(detectorKinds, 'body'), how, ...plain, ...more })
  return mask.of!(value)?.toString()
}

test('types that hold text are searched, others are not', () => {
  const kinds = {
    text: [25, 1043, 1042, 19, 142, 705],
    json: [114, 3802],
    whole: [1009, 1015, 199, 3807, 2249, 3614],
    none: [16, 20, 23, 1700, 1082, 1114, 2950, 17, 869, 1007]
  }
  for (const [how, types] of Object.entries(kinds)) for (const type of types) expect(searchedAs(type) ?? 'none', String(type)).toBe(how)
  expect(searchedAs(undefined)).toBe('whole')
  expect(searchedAs(20_000, { category: 'S', kind: 'b' })).toBe('text')
  expect(searchedAs(20_000, { category: 'E', kind: 'e' })).toBeUndefined()
  expect(searchedAs(20_000, { category: 'C', kind: 'c' })).toBe('whole')
  expect(searchedAs(20_000)).toBe('whole')
})

const never = () => { throw new Error('nothing is there') }

describe('a value', () => {
  test('without anything is the very same', () => {
    const value = Buffer.from('nothing here')
    const plain = { how: 'text', format: 0, type: 25, typeModifier: -1, action: 'mask', seen: never } as const
    const { of } = searchMask({ detector: new Detector(detectorKinds, ''), ...plain })
    expect(of!(value)).toBe(value)
  })
  test('keeps what is around the identifiers, which are told', () => {
    const seen: DetectorKind[] = []
    expect(masked('é 123-45-6789, a@b.com.', 'text', { seen: (kind) => seen.push(kind) })).toBe('é [ssn], [email].')
    expect(seen).toEqual(['ssn', 'email'])
  })
  test('is as it was where it is only reported', () => {
    expect(masked('123-45-6789', 'text', { action: 'report' })).toBe('123-45-6789')
    expect(masked('123-45-6789', 'whole', { action: 'report', format: 1 })).toBe('123-45-6789')
  })
  test('of which nothing can be cut out is none at all', () => expect(masked('123-45-6789', 'whole', { format: 1 })).toBeUndefined())
  test('is cut to its column, by characters', () => {
    expect(masked('ää a@b.io', 'text', { type: 1043, typeModifier: 4 + 9 })).toBe('ää [email')
    expect(masked('ää a@b.io', 'text', { type: 25, typeModifier: 4 + 9 })).toBe('ää [email]')
  })
})

describe('JSON', () => {
  test.each([
    ['{"ssn":123456789}', '{"ssn":"[ssn]"}'],
    ['{"ssn":"123456789"}', '{"ssn":"[ssn]"}'],
    ['{"card": -4111111111111111 }', '{"card": "[credit-card]" }'],
    ['["a \\"b\\" a@b.com\\n123-45-6789"]', '["a \\"b\\" [email]\\n[ssn]"]'],
    ['{"123-45-6789":1}', '{"[ssn]":1}'],
    ['"\\u00e9a@b.com"', '"\\u00e9[email]"']
  ])('%s', (text, expected) => expect(masked(text, 'json')).toBe(expected))

  test('of a binary jsonb keeps its version in front', () => {
    expect(masked('\x01{"a":"123-45-6789"}', 'json', { format: 1 })).toBe('\x01{"a":"[ssn]"}')
  })

  test('stays JSON of the same shape, whatever is in it', () => {
    const strings = ['123-45-6789', 'x\n123-45-6789 "a@b.com"', '\\é@b.com', 'http://a.b/c\\', 'é\u0001a@b.com']
    const leaf = fc.oneof(fc.constantFrom<unknown>(...strings, 4111111111111111, 5552345678, 10.25), fc.jsonValue())
    const values = fc.oneof(fc.dictionary(fc.constantFrom('ssn', 'phone', 'card', 'a@b.com', 'x'), leaf), fc.array(leaf))
    const escaped = (text: string) => text.replace(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
    fc.assert(fc.property(values, fc.boolean(), (value, ascii) => {
      const text = JSON.stringify(value)
      const out: unknown = JSON.parse(masked(ascii ? escaped(text) : text, 'json')!)
      if (Array.isArray(value)) expect(out).toHaveLength(value.length)
      expect(Array.isArray(out)).toBe(Array.isArray(value))
    }), { numRuns: 2000 })
  })
})
