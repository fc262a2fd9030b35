// How many places so many people fill: each place wants a member of its group, and one person fills one place. Pure.

export interface Place {
  readonly group: string
  readonly count: number
}

export function placesIn(places: readonly Place[]): number {
  return places.reduce((sum, { count }) => sum + count, 0)
}

/**
 * The most places that can be filled at once. A maximum matching of people and places (augmenting paths): whoever could fill
 * either of two places is not wasted on one that somebody else could fill.
 * @param people the groups of each; no two of them are the same person
 */
export function filledPlaces(places: readonly Place[], people: readonly (readonly string[])[]): number {
  const seats = places.flatMap(({ group, count }) => Array.from({ length: count }, () => group))
  /** Who sits where, by index. */
  const taken = new Map<number, number>()

  /** Finds `person` a seat, moving others where that helps. */
  const seat = (person: number, tried: Set<number>): boolean => {
    for (const [index, group] of seats.entries()) {
      if (tried.has(index) || !people[person]!.includes(group)) continue
      tried.add(index)
      const other = taken.get(index)
      if (other !== undefined && !seat(other, tried)) continue
      taken.set(index, person)
      return true
    }
    return false
  }

  return people.filter((_, person) => seat(person, new Set())).length
}
