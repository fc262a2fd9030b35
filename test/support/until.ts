// Waiting for a condition with a limit: what tests use instead of sleeping.

const pollMilliseconds = 20

/**
 * Resolves with the first value that is neither undefined nor false.
 * @throws Error naming what was waited for, once the limit has passed
 */
export async function until<T>(
  what: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  limitMilliseconds = 15_000
): Promise<T> {
  const end = performance.now() + limitMilliseconds
  for (;;) {
    const value = await condition()
    if (value !== undefined && value !== false) return value
    if (performance.now() > end) throw new Error(`waited ${limitMilliseconds} ms for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, pollMilliseconds))
  }
}
