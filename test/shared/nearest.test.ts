import { expect, test } from 'vitest'
import { nearest } from '../../shared/nearest.ts'

test.each<[string, string[], string[]]>([
  ['prod-bd', ['prod-db', 'staging-db'], ['prod-db']],
  ['prod', ['prod-db', 'staging-db', 'prod-eu'], ['prod-db', 'prod-eu']],
  ['x', ['prod-db'], []],
  ['', [], []],
  ['completely-else', ['prod-db'], []],
  ['a'.repeat(64), ['prod-db'], []]
])('nearest to %j among %j', (name, candidates, expected) => {
  expect(nearest(name, candidates)).toEqual(expected)
})

/** Slow and obvious. */
function edits(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length
  const [first, second] = [a.slice(1), b.slice(1)]
  return a[0] === b[0] ? edits(first, second) : 1 + Math.min(edits(first, b), edits(a, second), edits(first, second))
}

test('the same names are near as by counting every edit', () => {
  const words = Array.from({ length: 3 ** 5 }, (_, at) => at.toString(3).replaceAll('0', 'a').replaceAll('1', 'b').replaceAll('2', 'c'))
  for (const name of ['abc', 'aabbcc', 'cab', 'bbbbbbbbb']) {
    const limit = Math.max(2, Math.floor(name.length / 3))
    const expected = words
      .map((word) => ({ word, far: word.includes(name) ? 1 : edits(name, word) }))
      .filter(({ far }) => far <= limit)
      .sort((a, b) => a.far - b.far || a.word.localeCompare(b.word))
      .slice(0, 3)
    expect(nearest(name, words)).toEqual(expected.map(({ word }) => word))
  }
})
