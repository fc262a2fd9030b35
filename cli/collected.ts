// Options that may be given several times.

/** @returns what was given so far, in order */
export function collected(word: string, before: readonly string[] = []): readonly string[] {
  return [...before, word]
}
