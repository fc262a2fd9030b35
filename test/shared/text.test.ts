import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { beginning, safeLine, safeText } from '../../shared/text.ts'

describe('safeText', () => {
  test.each<[string, string, string]>([
    ['an escape sequence that wipes the line', '\u001B[2K\u001B[1GSELECT 1', '<U+001B>[2K<U+001B>[1GSELECT 1'],
    ['a question to the terminal that types into stdin', '\u001B[6n', '<U+001B>[6n'],
    ['a window title (OSC), closed by BEL', '\u001B]0;root\u0007', '<U+001B>]0;root<U+0007>'],
    ['the one-byte CSI', '\u009B2J', '<U+009B>2J'],
    ['a carriage return that overwrites', 'DROP TABLE t;\rSELECT 1;', 'DROP TABLE t;<U+000D>SELECT 1;'],
    ['backspaces', 'DROP\b\b\b\bSHOW', 'DROP<U+0008><U+0008><U+0008><U+0008>SHOW'],
    ['NUL', 'a\u0000b', 'a<U+0000>b'],
    ['DEL', 'a\u007Fb', 'a<U+007F>b'],
    ['right-to-left override', 'abc\u202Etxt.exe', 'abc<U+202E>txt.exe'],
    ['bidi isolates', '\u2066x\u2069', '<U+2066>x<U+2069>'],
    ['zero-width space and joiner', 'pa\u200Bss\u200Dword', 'pa<U+200B>ss<U+200D>word'],
    ['byte order mark', '\uFEFFSELECT', '<U+FEFF>SELECT'],
    ['soft hyphen', 'de\u00ADlete', 'de<U+00AD>lete'],
    ['Hangul filler, a letter that shows nothing', 'a\u3164b', 'a<U+3164>b'],
    ['variation selector', 'a\uFE0Fb', 'a<U+FE0F>b'],
    ['tag characters beyond the first plane', 'a\u{E0041}b', 'a<U+E0041>b'],
    ['a lone high surrogate', 'a\uD83Db', 'a<U+D83D>b'],
    ['a lone low surrogate', 'a\uDE00b', 'a<U+DE00>b'],
    ['line and paragraph separator', 'a\u2028b\u2029c', 'a<U+2028>b<U+2029>c'],
    ['private use', '\uE000', '<U+E000>'],
    ['newline and tab, which stay', 'a\n\tb', 'a\n\tb'],
    ['text in many scripts, which stays', 'Größe 名前 имя שם 😀 é', 'Größe 名前 имя שם 😀 é']
  ])('%s', (_, text, shown) => {
    expect(safeText(text)).toBe(shown)
  })

  test('of any text, only printable characters, newlines and tabs are left', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
      const kept = [...safeText(text)].filter((character) => /\p{C}|\p{Zl}|\p{Zp}/u.test(character))
      return kept.every((character) => character === '\n' || character === '\t')
    }))
  })

  test('text that is safe already is left as it is', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => safeText(safeText(text)) === safeText(text)))
  })

  test('on one line, newline and tab are shown too', () => {
    expect(safeLine('a\n\tb')).toBe('a<U+000A><U+0009>b')
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !/[\n\t\r]/.test(safeLine(text))))
  })
})

test.each<[string, number, string]>([
  ['a😀b', 4, 'a😀b'],
  ['a😀b', 3, 'a😀'],
  ['a😀b', 2, 'a'],
  ['a😀b', 1, 'a'],
  ['', 5, '']
])('the beginning of %j, of %d code units at most, holds no half character', (text, length, begun) => {
  expect(beginning(text, length)).toBe(begun)
})
