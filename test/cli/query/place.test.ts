// Where an error is: the line and the mark below it, whatever stands before them.
import { expect, test } from 'vitest'
import { placeLines } from '../../../cli/query/place.ts'

const at = (text: string, word: string) => [...text.slice(0, text.indexOf(word))].length + 1

test.each([0, -1, 10, NaN])('there is no place at %d of a text of eight characters', (position) => {
  expect(placeLines('SELECT 1', position)).toEqual([])
})

test.each([
  ['SELCT 1', 'SELCT', 'LINE 1: SELCT 1', '        ^'],
  ['SELECT 1,\n  wrong\nFROM t', 'wrong', 'LINE 2:   wrong', '          ^'],
  ['SELECT 1,\r\n\twrong\r\nFROM t', 'wrong', 'LINE 2:  wrong', '         ^'],
  ['SELECT \'名前😀\', wrong', 'wrong', 'LINE 1: SELECT \'名前😀\', wrong', '                         ^'],
  ['SELECT \'\u001B[2K\', wrong', 'wrong', 'LINE 1: SELECT \'<U+001B>[2K\', wrong', '                              ^']
])('%j at %s', (text, word, line, mark) => {
  const [shown, below] = placeLines(text, at(text, word))
  expect(shown).toBe(line)
  expect(below).toBe(mark)
})

test('the end of a text is a place', () => {
  expect(placeLines('SELECT', 7)).toEqual(['LINE 1: SELECT', '              ^'])
})

test('of a long line only what is around', () => {
  const text = `SELECT ${'a, '.repeat(100)}wrong, ${'b, '.repeat(100)}1`
  const [line, mark] = placeLines(text, at(text, 'wrong'))
  expect(line!.length).toBeLessThan(100)
  expect(line!.slice(mark!.indexOf('^'))).toMatch(/^wrong, b/)
})
