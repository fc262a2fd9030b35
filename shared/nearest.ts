// The names closest to a mistyped one. Pure.

/** At most three of `candidates` within a third of the name's length in edits (Levenshtein), nearest first. */
export function nearest(name: string, candidates: readonly string[]): string[] {
  const limit = Math.max(2, Math.floor(name.length / 3))
  return candidates
    .map((candidate) => ({ candidate, edits: candidate.includes(name) ? 1 : editDistance(name, candidate, limit) }))
    .filter(({ edits }) => edits <= limit)
    .sort((a, b) => a.edits - b.edits || a.candidate.localeCompare(b.candidate))
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

/** `did you mean this or that?` @param names at least one */
export function didYouMean(names: readonly string[]): string {
  return `did you mean ${names.join(' or ')}?`
}

/** Any number above `limit` where there are more: among tens of thousands of names, nearly all are that far. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      current.push(Math.min(previous[j]! + 1, current[j - 1]! + 1, substitution))
    }
    previous = current
    if (current.every((edits) => edits > limit)) return limit + 1
  }
  return previous[b.length]!
}
