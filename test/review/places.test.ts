import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { filledPlaces, placesIn, type Place } from '../../server/review/places.ts'

describe('places', () => {
  const both: Place[] = [{ group: 'dba', count: 1 }, { group: 'security', count: 1 }]

  test.each<[string, Place[], string[][], number]>([
    ['nobody', both, [], 0],
    ['a stranger', both, [['hr']], 0],
    ['one person in two groups fills one', both, [['dba', 'security']], 1],
    ['two people in both fill both', both, [['dba', 'security'], ['security', 'dba']], 2],
    ['whoever could fill either makes room for whoever can fill one only', both, [['dba', 'security'], ['dba']], 2],
    ['two of one group leave the other open', both, [['dba'], ['dba']], 1],
    ['a count of two wants two people', [{ group: 'dba', count: 2 }], [['dba']], 1],
    ['no more than there are', [{ group: 'dba', count: 2 }], [['dba'], ['dba'], ['dba']], 2],
    ['a chain of three moves up', [{ group: 'a', count: 1 }, { group: 'b', count: 1 }, { group: 'c', count: 1 }], [['a', 'b'], ['b', 'c'], ['a']], 3],
    ['the same group named twice is two places', [{ group: 'a', count: 1 }, { group: 'a', count: 1 }], [['a']], 1],
    ['no place at all', [], [['a']], 0]
  ])('%s', (_, places, people, filled) => {
    expect(filledPlaces(places, people)).toBe(filled)
  })

  test('are as many as the best of all ways to seat people, which are tried one by one', () => {
    const group = fc.constantFrom<string>('a', 'b', 'c', 'd')
    const places = fc.array(fc.record({ group, count: fc.integer({ min: 1, max: 2 }) }), { maxLength: 3 })
    const people = fc.array(fc.uniqueArray(group, { maxLength: 3 }), { maxLength: 5 })
    fc.assert(fc.property(places, people, (wanted, voters) => {
      const seats = wanted.flatMap((place) => Array.from({ length: place.count }, () => place.group))
      const best = (person: number, free: readonly string[]): number => person === voters.length
        ? 0
        : Math.max(
            best(person + 1, free),
            ...free.flatMap((seat, i) => voters[person]!.includes(seat) ? [1 + best(person + 1, free.filter((__, j) => j !== i))] : [])
          )
      expect(filledPlaces(wanted, voters)).toBe(best(0, seats))
      expect(filledPlaces(wanted, voters)).toBeLessThanOrEqual(Math.min(placesIn(wanted), voters.length))
    }))
  })
})
