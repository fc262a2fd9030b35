// The two clocks of an entry. Pure; both are handed in.

export interface Stamp {
  /** RFC 3339 with milliseconds, UTC. */
  readonly time: string
  /** Nanoseconds, decimal digits. */
  readonly monotonic: string
}

/** How far the clocks may drift apart before it is worth an entry. */
const jumpMilliseconds = 2_000

/**
 * @param now wall clock, milliseconds since 1970
 * @param elapsed monotonic milliseconds since the process started
 */
export function createClock(now: () => number, elapsed: () => number) {
  let [wall, steady] = [now(), elapsed()]
  let [printed, text] = [NaN, '']

  return {
    stamp(): Stamp {
      const time = now()
      if (time !== printed) {
        printed = time
        text = new Date(time).toISOString()
      }
      return { time: text, monotonic: String(Math.round(elapsed() * 1e6)) }
    },

    /**
     * By how many milliseconds the wall clock has run ahead (or, negative, behind) since the last answer that was not 0; 0 while
     * that is too little to tell. A machine that slept jumps ahead: its monotonic clock stood still.
     */
    jump(): number {
      const delta = Math.round((now() - wall) - (elapsed() - steady))
      if (Math.abs(delta) <= jumpMilliseconds) return 0
      ;[wall, steady] = [now(), elapsed()]
      return delta
    }
  }
}
