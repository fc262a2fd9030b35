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
