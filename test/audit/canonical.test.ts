import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonical, parseCanonical } from '../../shared/audit/canonical.ts'

describe('canonical JSON', () => {
  test.each([
    ['NaN', NaN],
    ['an infinity', -Infinity],
    ['a bigint', 1n],
    ['a function', () => 1],
    ['undefined', undefined],
    ['a symbol', Symbol('s')],
    ['undefined in an array', [undefined]],
    ['a date', new Date(0)],
    ['a map', { m: new Map() }],
    ['a lone high surrogate', 'a\ud83d'],
    ['a lone low surrogate as a name', { '\ude00': 1 }],
    ['a lone surrogate deep down', [{ a: ['\ud83d!'] }]]
  ])('%s has none', (_, value) => {
    expect(() => canonical(value)).toThrow(TypeError)
  })

  test('is the example of RFC 8785 section 3.2.3, sorted by UTF-16 code units', () => {
    const input = '{"\\u20ac":"Euro Sign","\\r":"Carriage Return","\\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\\ud83d\\ude00":"Emoji: Grinning Face","\\u0080":"Control","\\u00f6":"Latin Small Letter O With Diaeresis"}'
    expect(Object.values(JSON.parse(canonical(JSON.parse(input))))).toHaveLength(7)
    expect([...canonical(JSON.parse(input)).matchAll(/:"([^"]+)"/g)].map(([, name]) => name)).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh'
    ])
  })

  test('is the example of RFC 8785 section 3.2.2', () => {
    const input = '{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001], "string": "\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/", "literals": [null, true, false]}'
    expect(canonical(JSON.parse(input)))
      .toBe('{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}')
  })

  test.each([
    [0, '0'],
    [-0, '0'],
    [1e21, '1e+21'],
    [5e-324, '5e-324'],
    [9007199254740991, '9007199254740991'],
    [-1.5, '-1.5'],
    ['\u2028\u007f', '"\u2028\u007f"'],
    ['\b\f\t\u0000', '"\\b\\f\\t\\u0000"'],
    ['a text that says \\ud83d', '"a text that says \\\\ud83d"'],
    [{}, '{}'],
    [[], '[]'],
    [{ b: undefined, a: { d: null, c: [] } }, '{"a":{"c":[],"d":null}}'],
    [Object.assign(Object.create(null), { 10: 1, 9: 2 }), '{"10":1,"9":2}'],
    [JSON.parse('{"__proto__":1}'), '{"__proto__":1}']
  ])('of %j is %s, which reads back', (value, text) => {
    expect(canonical(value)).toBe(text)
    expect(canonical(parseCanonical(text))).toBe(text)
  })
})

describe('reading canonical JSON', () => {
  test.each([
    ['white space', '{ "a":1}'],
    ['a trailing newline', '1\n'],
    ['members out of order', '{"b":1,"a":2}'],
    ['members out of order deep down', '[{"a":[{"d":1,"c":1}]}]'],
    ['a name twice', '{"a":1,"a":1}'],
    ['another spelling of a number', '1.0'],
    ['an exponent that need not be', '1e2'],
    ['minus zero', '-0'],
    ['an escape that need not be', '"\\u0041"'],
    ['an escaped slash', '"\\/"'],
    ['an upper-case escape', '"\\u001F"'],
    ['an escaped lone surrogate', '"\\ud83d"'],
    ['an escaped pair', '"\\ud83d\\ude00"'],
    ['a number beyond double precision', '12345678901234567890'],
    ['nothing', ''],
    ['no JSON', '{a:1}'],
    ['two values', '1 2'],
    ['a byte order mark', '\ufeff1'],
    ['names like numbers in number order', '{"9":1,"10":2}']
  ])('%s is refused', (_, text) => {
    expect(() => parseCanonical(text)).toThrow(SyntaxError)
  })

  test('says of any text what printing its value again says', () => {
    const spelled = fc.tuple(fc.jsonValue({ noUnicodeString: false }), fc.nat(), fc.constantFrom(' ', '\\u0041', '"a":1,', '0', '-', '.0', 'e0', '\\/', '\\n', '')).map(([value, at, extra]) => {
      let text
      try { text = canonical(value) } catch { text = JSON.stringify(value) }
      const cut = at % (text.length + 1)
      return text.slice(0, cut) + extra + text.slice(cut)
    })
    fc.assert(fc.property(spelled, (text) => {
      let same
      try { same = canonical(JSON.parse(text)) === text } catch { same = false }
      if (same) parseCanonical(text)
      else expect(() => parseCanonical(text)).toThrow(SyntaxError)
    }), { numRuns: 5000, seed: 20260101 })
  })
})
