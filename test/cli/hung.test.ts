// Lines that are broken where the terminal ends.
import { expect, test } from 'vitest'
import { hung } from '../../cli/hung.ts'

test('what fits stays as it is, and all does where there is no end', () => {
  expect(hung('    a line', 10, 4)).toEqual(['    a line'])
  expect(hung('  a   line that is wide', Infinity, 4)).toEqual(['  a   line that is wide'])
})

test('what does not is broken at words, and goes on set in', () => {
  expect(hung('  one two three four', 10, 4)).toEqual(['  one two', '    three', '    four'])
})

test('what is aligned stays so, and a wide character has two cells', () => {
  expect(hung('7  kind   says something', 18, 9)).toEqual(['7  kind   says', '         something'])
  expect(hung('名前名前 x', 9, 0)).toEqual(['名前名前', 'x'])
})

test('a word that has no room stays whole: it may be an id', () => {
  expect(hung('  01k5b2y8v4s0q9m3t7x6c1n0ad waits', 10, 4)).toEqual(['  01k5b2y8v4s0q9m3t7x6c1n0ad', '    waits'])
  expect(hung('', 0, 4)).toEqual([''])
})
