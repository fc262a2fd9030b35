// A player with a clock of the test's own: what has been shown when, where jumps land, and how silences are shortened.
import { describe, expect, test } from 'vitest'
import { countBelow, Player, type Mark } from '../../../cli/replay/player.ts'

/** `s`tatement, `h`old, `e`rror, `.` anything else; each with its time in milliseconds. */
function playerOf(events: string, times: readonly number[], { speed = 1, idleMilliseconds = 2_000 } = {}) {
  const of = (letter: string) => [...events].flatMap((kind, i) => kind === letter ? [i] : [])
  const marks: Record<Mark, number[]> = { statement: of('s'), hold: of('h'), error: of('e') }
  return new Player({ times, marks, idleMilliseconds, speed })
}

describe('time', () => {
  test('a player stands still until it plays, and at the end', () => {
    const player = playerOf('s.', [100, 300])
    expect(player.standing(5_000)).toMatchObject({ index: 0, at: 0, playing: false, ended: false })
    player.play(5_000)
    expect(player.standing(5_099)).toMatchObject({ index: 0, at: 99, playing: true })
    expect(player.standing(5_100)).toMatchObject({ index: 1, at: 100 })
    expect(player.standing(9_999)).toMatchObject({ index: 2, at: 300, playing: false, ended: true })
    player.play(10_000)
    expect(player.standing(10_000)).toMatchObject({ index: 0, playing: true })
  })

  test('a pause lasts as long as it likes', () => {
    const player = playerOf('s.', [100, 300])
    player.play(0)
    player.pause(150)
    expect(player.standing(99_999)).toMatchObject({ index: 1, at: 150, playing: false })
    player.play(200_000)
    expect(player.standing(200_149)).toMatchObject({ index: 1, at: 299 })
    expect(player.nextAt(200_149)).toBe(200_150)
    expect(player.standing(200_150)).toMatchObject({ index: 2 })
    expect(player.nextAt(200_150)).toBeUndefined()
  })

  test('speed changes what is to come and nothing that was', () => {
    const player = playerOf('ss.', [1_000, 2_000, 3_000], { speed: 2 })
    player.play(0)
    expect(player.standing(500)).toMatchObject({ index: 1, at: 1_000 })
    player.change(1, 500)
    expect(player.standing(500)).toMatchObject({ at: 1_000, speed: 4 })
    expect(player.standing(750)).toMatchObject({ index: 2, at: 2_000 })
    for (let i = 0; i < 20; i++) player.change(-1, 750)
    expect(player.standing(750)).toMatchObject({ at: 2_000, speed: 0.25 })
    expect(player.standing(1_750)).toMatchObject({ at: 2_250 })
    for (let i = 0; i < 20; i++) player.change(1, 1_750)
    expect(player.standing(1_750).speed).toBe(128)
  })

  test('a speed of one\'s own goes to the next step of the ladder', () => {
    const player = playerOf('s', [0], { speed: 3 })
    player.change(1, 0)
    expect(player.standing(0).speed).toBe(4)
    const other = playerOf('s', [0], { speed: 1000 })
    other.change(1, 0)
    expect(other.standing(0).speed).toBe(1000)
    other.change(-1, 0)
    expect(other.standing(0).speed).toBe(128)
  })

  test('a clock that goes back moves nothing', () => {
    const player = playerOf('s.', [100, 300])
    player.play(1_000)
    expect(player.standing(1_150)).toMatchObject({ index: 1, at: 150 })
    expect(player.standing(900)).toMatchObject({ index: 1, at: 150 })
    expect(player.standing(1_160)).toMatchObject({ at: 160 })
  })
})

describe('silences', () => {
  test('are waited for as long as the limit says, while the session\'s clock runs through them', () => {
    const player = playerOf('s.s', [0, 1_000, 61_000])
    player.play(0)
    expect(player.standing(1_000)).toMatchObject({ index: 2, at: 1_000, duration: 3_000, silence: 60_000 })
    expect(player.standing(2_000)).toMatchObject({ index: 2, at: 31_000, played: 2_000, silence: 60_000 })
    expect(player.standing(3_000)).toMatchObject({ index: 3, at: 61_000, silence: undefined, ended: true })
  })

  test('last as long as they did where nothing is shortened', () => {
    const player = playerOf('s.', [0, 61_000], { idleMilliseconds: 0 })
    player.play(0)
    expect(player.standing(60_999)).toMatchObject({ index: 1, at: 60_999, silence: undefined })
  })

  test('before the first event count too', () => {
    expect(playerOf('s', [600_000]).standing(0)).toMatchObject({ duration: 2_000, silence: 600_000, length: 600_000 })
  })
})

describe('jumps', () => {
  //                0123456789
  const events = '.s..se.h.s'
  const times = [0, 10, 11, 12, 5_000, 5_001, 5_002, 9_000, 9_001, 9_002]

  test('while paused, show what belongs to what was jumped to', () => {
    const player = playerOf(events, times)
    expect(player.jump('statement', 1, 0)).toBe(1)
    expect(player.standing(0)).toMatchObject({ index: 4, at: 12, passed: 2, playing: false })
    expect(player.jump('statement', 1, 0)).toBe(4)
    expect(player.standing(0)).toMatchObject({ index: 7, at: 5_002, passed: 5 })
    expect(player.jump('statement', 1, 0)).toBe(9)
    expect(player.standing(0)).toMatchObject({ index: 10, ended: true })
    expect(player.jump('statement', 1, 0)).toBeUndefined()
    expect(player.jump('statement', -1, 0)).toBe(4)
    expect(player.jump('statement', -1, 0)).toBe(1)
    expect(player.jump('statement', -1, 0)).toBeUndefined()
    expect(player.standing(0)).toMatchObject({ index: 4, passed: 2 })
  })

  test('find holds and errors, each their own', () => {
    const player = playerOf(events, times)
    expect(player.jump('hold', 1, 0)).toBe(7)
    expect(player.standing(0).index).toBe(9)
    expect(player.jump('hold', 1, 0)).toBeUndefined()
    expect(player.jump('error', -1, 0)).toBe(5)
    expect(player.jump('hold', 1, 0)).toBe(7)
  })

  test('while playing, go on from there', () => {
    const player = playerOf(events, times)
    player.play(0)
    expect(player.jump('statement', 1, 0)).toBe(1)
    expect(player.standing(0)).toMatchObject({ index: 2, at: 10, playing: true })
    expect(player.standing(2)).toMatchObject({ index: 4, at: 12 })
  })

  test('while playing, "previous" is what is being shown, and the one before it where that has only begun', () => {
    const player = playerOf('s.s.', [0, 4_000, 5_000, 9_000], { idleMilliseconds: 0 })
    player.play(0)
    player.standing(6_500)
    expect(player.jump('statement', -1, 6_500)).toBe(2)
    player.standing(6_700)
    expect(player.jump('statement', -1, 6_700)).toBe(0)
    player.standing(7_800)
    expect(player.jump('statement', -1, 7_800)).toBe(0)
  })

  test('to the begin and the end', () => {
    const player = playerOf(events, times)
    player.play(0)
    player.toEnd()
    expect(player.standing(1)).toMatchObject({ index: 10, ended: true, playing: false, at: 9_002 })
    player.toStart(1)
    expect(player.standing(1)).toMatchObject({ index: 0, at: 0, playing: false })
  })
})

test('a recording without events is at its end', () => {
  const player = playerOf('', [])
  player.play(0)
  expect(player.standing(5)).toMatchObject({ index: 0, at: 0, duration: 0, ended: true, playing: false })
  expect(player.jump('statement', 1, 5)).toBeUndefined()
  expect(player.fraction(0)).toBe(0)
})

test('however time is cut into pieces, the same has been shown', () => {
  const times = Array.from({ length: 200 }, (_, i) => i * 37 + (i % 9 === 0 ? 5_000 : 0)).sort((a, b) => a - b)
  const events = times.map((_, i) => 's.e'[i % 3]!).join('')
  const [one, other] = [playerOf(events, times), playerOf(events, times)]
  one.play(0)
  other.play(0)
  for (let now = 0; now < 9_000; now += 13) other.standing(now)
  const near = (value: number) => expect.closeTo(value, 6) as number
  const { played, at, ...rest } = one.standing(9_000)
  expect(other.standing(9_000)).toEqual({ ...rest, played: near(played), at: near(at) })
})

test.each([[[], 5, 0], [[5], 5, 0], [[5], 6, 1], [[1, 3, 5], 4, 2]] as const)('of %j, below %i are %i', (all, limit, count) => {
  expect(countBelow(all, limit)).toBe(count)
})
