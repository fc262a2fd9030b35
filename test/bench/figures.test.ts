import { expect, test } from 'vitest'
import { markdownTable, quantile, Samples, shown, shuffled } from './figures.ts'

test('there is no quantile of nothing', () => {
  expect(() => quantile([], 0.5)).toThrow('no values')
})

test.each([[[7], 0.5, 7], [[3, 1, 2], 0.5, 2], [[4, 1, 3, 2], 0.5, 2.5], [[0, 10], 0.99, 9.9], [[1, 2, 3], 0, 1], [[1, 2, 3], 1, 3]])(
  'of %j the quantile %d is %d',
  (values, q, expected) => {
    expect(quantile(values, q)).toBeCloseTo(expected)
  }
)

test('a ratio is the median of ratios within rounds, not of medians', () => {
  const samples = new Samples()
  // A machine that was slow for both in round 1 tells nothing about either.
  for (const [round, direct, hoop] of [[0, 100, 50], [1, 10, 5], [2, 200, 180]] as const) {
    samples.add({ path: 'direct', cell: 'TPS', round, value: direct })
    samples.add({ path: 'hoop', cell: 'TPS', round, value: hoop })
  }
  samples.add({ path: 'hoop', cell: 'TPS', round: 3, value: 1000 })
  expect(samples.ratio('hoop', 'direct', 'TPS')).toBe(0.5)
  expect(samples.difference('hoop', 'direct', 'TPS')).toBe(-20)
  expect(samples.ratio('hoop', 'pgbouncer', 'TPS')).toBeUndefined()
})

test('numbers have three digits, tables their columns under one another', () => {
  expect([0.12345, 12.345, 1234.5, undefined].map(shown)).toEqual(['0.123', '12.3', '1235', '-'])
  expect(markdownTable(['a', 'long'], [['1', '2'], ['three', '4']])).toBe('| a     | long |\n|-------|------|\n| 1     | 2    |\n| three | 4    |')
})

test('shuffling keeps every item and leaves the list as it was', () => {
  const items = [1, 2, 3, 4]
  expect(shuffled(items, () => 0).sort()).toEqual([1, 2, 3, 4])
  expect(shuffled(items, () => 0)).not.toEqual(items)
  expect(items).toEqual([1, 2, 3, 4])
})
