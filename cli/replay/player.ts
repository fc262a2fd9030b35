// Where a replay stands, and how it moves: time passes, it pauses, it jumps. Pure: the clock is passed in, and nothing is shown here.
//
//   paused   stands still             -> playing by play; stays so by a jump
//   playing  goes on with the clock   -> paused by pause, and at the end
//
// What is passed through is play time: the session's own, but for silences, of which only their beginning is waited for.

export type Mark = 'statement' | 'hold' | 'error'

export interface PlayerOptions {
  /** Milliseconds since the session was opened, of each event; never falling. */
  readonly times: ArrayLike<number>
  /** Events of each kind, ascending. */
  readonly marks: Readonly<Record<Mark, readonly number[]>>
  /** The longest that a silence lasts, in milliseconds of play time; 0: as long as it did. */
  readonly idleMilliseconds: number
  /** Play time a second, in seconds. */
  readonly speed: number
}

/** What there is to be told at one moment. */
export interface Standing {
  /** How many events have been shown. */
  readonly index: number
  /** As many but for what was shown along with the event that was jumped to. */
  readonly passed: number
  /** Milliseconds since the session was opened. */
  readonly at: number
  /** The same of the last event. */
  readonly length: number
  /** Milliseconds of play time, and how many there are in all. */
  readonly played: number
  readonly duration: number
  readonly playing: boolean
  readonly speed: number
  /** How long the silence is that is being shortened just now. */
  readonly silence: number | undefined
  /** Behind the last event. */
  readonly ended: boolean
}

/** What faster and slower go through. */
const speeds = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128]
export const slowest = 0.1
export const fastest = 1000
/** Within so much of a second after a mark, "previous" means the one before it. */
const justPassedMilliseconds = 1_000

export class Player {
  readonly #times: ArrayLike<number>
  readonly #marks: PlayerOptions['marks']
  /** Play time of each event. */
  readonly #due: Float64Array
  #speed: number
  #played = 0
  #index = 0
  /** The event that was jumped to, until time goes on. */
  #jumped: number | undefined
  /** When `#played` was right; undefined: paused. */
  #since: number | undefined

  constructor({ times, marks, idleMilliseconds, speed }: PlayerOptions) {
    this.#times = times
    this.#marks = marks
    this.#speed = speed
    this.#due = new Float64Array(times.length)
    const longest = idleMilliseconds === 0 ? Infinity : idleMilliseconds
    let played = 0
    for (let i = 0, before = 0; i < times.length; before = times[i++]!) {
      this.#due[i] = played += Math.min(times[i]! - before, longest)
    }
  }

  /** @param now milliseconds of any clock that does not go back; the same in every call */
  standing(now: number): Standing {
    this.#advance(now)
    const next = this.#index < this.#due.length
    const [dueBefore, dueNext] = [this.#dueOf(this.#index - 1), this.#dueOf(this.#index)]
    const [before, after] = [this.#timeOf(this.#index - 1), this.#timeOf(this.#index)]
    const gone = !next || dueNext === dueBefore ? 0 : (this.#played - dueBefore) / (dueNext - dueBefore)
    return {
      index: this.#index,
      passed: this.#jumped === undefined ? this.#index : this.#jumped + 1,
      at: before + gone * (after - before),
      length: this.#timeOf(this.#times.length - 1),
      played: this.#played,
      duration: this.#duration,
      playing: this.#since !== undefined,
      speed: this.#speed,
      silence: next && after - before > dueNext - dueBefore ? after - before : undefined,
      ended: !next
    }
  }

  /** Goes on; from the begin where it had come to the end. */
  play(now: number): void {
    if (this.#since !== undefined) return
    if (this.#index >= this.#due.length) this.#stand(0, 0)
    this.#since = now
  }

  pause(now: number): void {
    this.#advance(now)
    this.#since = undefined
  }

  /** One step up or down. */
  change(direction: 1 | -1, now: number): void {
    this.#advance(now)
    const next = direction === 1
      ? speeds.find((speed) => speed > this.#speed)
      : speeds.findLast((speed) => speed < this.#speed)
    this.#speed = next ?? this.#speed
  }

  /**
   * To the next or previous event of a kind. Paused, what belongs to it is shown with it: all up to the next statement or hold.
   * @returns the event; undefined: there is none that way, and nothing has moved
   */
  jump(kind: Mark, direction: 1 | -1, now: number): number | undefined {
    this.#advance(now)
    const marks = this.#marks[kind]
    const after = countBelow(marks, (this.#jumped ?? this.#index - 1) + 1)
    const before = countBelow(marks, this.#since === undefined ? this.#jumped ?? this.#index : this.#index)
    const at = direction === 1 ? after : before - (before > 1 && this.#justPassed(marks[before - 1]!) ? 2 : 1)
    const found = marks[at]
    if (found === undefined) return undefined
    const end = this.#since === undefined ? this.#endOf(found) : found + 1
    this.#stand(end, this.#dueOf(end - 1))
    this.#jumped = found
    if (this.#since !== undefined) this.#since = now
    return found
  }

  /** Before the first event. */
  toStart(now: number): void {
    this.#stand(0, 0)
    if (this.#since !== undefined) this.#since = now
  }

  toEnd(): void {
    this.#stand(this.#due.length, this.#duration)
    this.#since = undefined
  }

  /** When, on the clock, the next event is due; undefined: nothing comes by itself. */
  nextAt(now: number): number | undefined {
    this.#advance(now)
    if (this.#since === undefined || this.#index >= this.#due.length) return undefined
    return this.#since + (this.#due[this.#index]! - this.#played) / this.#speed
  }

  /** Of play time, 0 to 1, at which an event is due. */
  fraction(event: number): number {
    return this.#duration === 0 ? 0 : this.#dueOf(event) / this.#duration
  }

  get #duration(): number { return this.#dueOf(this.#due.length - 1) }

  #advance(now: number): void {
    if (this.#since === undefined) return
    const passed = Math.max(0, now - this.#since) * this.#speed
    this.#played = Math.min(this.#duration, this.#played + passed)
    this.#since = Math.max(now, this.#since)
    const before = this.#index
    while (this.#index < this.#due.length && this.#due[this.#index]! <= this.#played) this.#index++
    if (this.#index > before) this.#jumped = undefined
    if (this.#index >= this.#due.length) this.#since = undefined
  }

  #stand(index: number, played: number): void {
    this.#index = index
    this.#played = played
    this.#jumped = undefined
  }

  /** Playing, and only just shown. */
  #justPassed(mark: number): boolean {
    return this.#since !== undefined && this.#played - this.#dueOf(mark) < justPassedMilliseconds * this.#speed
  }

  #endOf(mark: number): number {
    const next = [this.#marks.statement, this.#marks.hold].flatMap((marks) => marks[countBelow(marks, mark + 1)] ?? [])
    return Math.min(this.#due.length, ...next)
  }

  #dueOf(index: number): number { return index < 0 ? 0 : this.#due[Math.min(index, this.#due.length - 1)] ?? 0 }
  #timeOf(index: number): number { return index < 0 ? 0 : this.#times[Math.min(index, this.#times.length - 1)] ?? 0 }
}

/** How many of them are smaller. */
export function countBelow(ascending: readonly number[], limit: number): number {
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (ascending[middle]! < limit) low = middle + 1
    else high = middle
  }
  return low
}
