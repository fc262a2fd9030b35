// How long to wait before the next try. Pure.

const firstMilliseconds = 500
const longestMilliseconds = 60_000

/**
 * Doubles with each failure in a row, up to a minute; half of it is chance, so that gateways which failed together come back apart.
 * @param failures in a row, from 1
 * @param random 0 up to 1
 * @param asked what the receiver asked for; at most five minutes of it are granted
 */
export function backoff(failures: number, random: number, asked = 0): number {
  const full = Math.min(longestMilliseconds, firstMilliseconds * 2 ** (failures - 1))
  return Math.max(full * (0.5 + random / 2), Math.min(asked, 300_000))
}
