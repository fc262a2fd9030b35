// `hoop sessions replay` on a terminal: what a client was shown, as time passes or as one jumps. Moves a player, shows where it stands.
import { useInput, type Key } from 'ink'
import { useEffect, useMemo, useState, type ReactElement } from 'react'
import type { Context } from '../context.ts'
import { KeptRecording } from '../replay/kept.ts'
import { ReplayLines } from '../replay/lines.ts'
import { countBelow, Player, type Mark } from '../replay/player.ts'
import type { ReplayLine } from '../../shared/recording.ts'
import { GatewayError } from '../../shared/errors.ts'
import { ahead, back, barColumns, markedBar, replayView, type Place } from './replay-view.ts'
import { Lines, show, useLatest, useSize } from './screen.tsx'

export interface ReplayScreenProps {
  /** With its head. */
  readonly kept: KeptRecording
  readonly player: Player
  /** As the player has them. */
  readonly marks: Readonly<Record<Mark, readonly number[]>>
  readonly idleMilliseconds: number
  /** Milliseconds of a clock that does not go back. */
  readonly clock: () => number
  /** q, or Ctrl-C. */
  readonly quit: () => void
}

interface State {
  readonly top: Place | undefined
  readonly above: number
  readonly sideways: number
  readonly told: string | undefined
}

/** While it plays, the screen is drawn anew so often at most. */
const frameMilliseconds = 100
const jumps: Readonly<Record<string, readonly [Mark, 1 | -1]>> = {
  n: ['statement', 1], p: ['statement', -1], h: ['hold', 1], H: ['hold', -1], e: ['error', 1], E: ['error', -1]
}

export function ReplayScreen({ kept, player, marks, idleMilliseconds, clock, quit }: ReplayScreenProps): ReactElement {
  const size = useSize()
  const lines = useMemo(() => new ReplayLines(kept, size.columns), [kept, size.columns])
  const columns = barColumns(size)
  const bar = useMemo(() => markedBar(marks, (event) => player.fraction(event), columns), [marks, player, columns])
  const [read, change] = useLatest<State>({ top: undefined, above: 0, sideways: 0, told: undefined })
  const [, setFrame] = useState(0)
  const standing = player.standing(clock())

  useEffect(() => {
    if (!standing.playing) return
    const timer = setInterval(() => setFrame((frame) => frame + 1), frameMilliseconds)
    return () => clearInterval(timer)
  }, [standing.playing])

  const counts = useMemo(() => ({ statement: marks.statement.length, hold: marks.hold.length, error: marks.error.length }), [marks])
  const lack = kept.damage === undefined
    ? kept.cut ? 'only the beginning: there is no room for more here; --text shows all of it' : undefined
    : `DAMAGED: ${kept.damage}; nothing behind this is shown`
  const viewNow = () => {
    const now = player.standing(clock())
    const below = (kind: Mark) => countBelow(marks[kind], now.passed)
    const passed = { statement: below('statement'), hold: below('hold'), error: below('error') }
    return replayView({
      ...read(), head: kept.head!, lack, standing: now, lines: (event) => lines.of(event), bar, counts, passed, idleMilliseconds
    }, size)
  }

  const newest = { top: undefined, above: 0, sideways: 0 }
  /** One looks around where it stands still. */
  const scroll = (by: number) => {
    player.pause(clock())
    const { top } = viewNow()
    const { index } = player.standing(clock())
    const of = (event: number) => lines.of(event)
    change({ top: by < 0 ? back(of, top, -by) : ahead(of, top, index, by), above: 0 })
  }
  const jump = ([kind, direction]: readonly [Mark, 1 | -1]) => {
    const found = player.jump(kind, direction, clock())
    if (found === undefined) return change({ told: `there is no ${direction === 1 ? 'further' : 'earlier'} ${kind}` })
    // What it was about stands above an error, what came of it below a statement.
    const above = kind === 'statement' ? 0 : Math.floor(size.rows / 3)
    change(player.standing(clock()).playing ? newest : { top: { event: found, line: 0 }, above, sideways: 0 })
  }

  const press = (input: string, key: Key) => {
    if (input === 'q' || (key.ctrl && input === 'c')) return quit()
    change({ told: undefined })
    const now = clock()
    if (input === ' ') {
      if (player.standing(now).playing) player.pause(now)
      else player.play(now)
      return change(newest)
    }
    if (input === '+' || input === '=') player.change(1, now)
    else if (input === '-') player.change(-1, now)
    else if (jumps[input] !== undefined) jump(jumps[input])
    else if (key.home || input === 'g') {
      player.toStart(now)
      change(newest)
    } else if (key.end || input === 'G') {
      player.toEnd()
      change(newest)
    } else if (key.upArrow || input === 'k') scroll(-1)
    else if (key.downArrow || input === 'j') scroll(1)
    else if (key.pageUp || input === 'b') scroll(1 - viewNow().page)
    else if (key.pageDown || input === 'f') scroll(viewNow().page - 1)
    else if (key.leftArrow || key.rightArrow) {
      const { furthest } = viewNow()
      const step = Math.max(1, size.columns >> 1)
      const from = Math.min(read().sideways, furthest)
      change({ sideways: Math.max(0, Math.min(furthest, from + (key.rightArrow ? step : -step))) })
    }
  }
  // Over a slow line several keys come as one text.
  useInput((input, key) => (input.length > 1 ? [...input] : [input]).forEach((each) => press(each, key)))

  return <Lines lines={viewNow().lines} />
}

export interface ReplayOptions {
  readonly speed: number
  /** The longest silence that is waited for; 0: all of each. */
  readonly idleMilliseconds: number
}

/** Loads all of it and shows it until the person leaves. @returns whether it is whole, and the one the log names */
export async function showReplay(
  { terminal, signal }: Context,
  lines: AsyncIterable<ReplayLine>,
  options: ReplayOptions
): Promise<boolean> {
  const kept = new KeptRecording()
  const progress = terminal.progress(() => kept.count === 0
    ? 'loading the recording'
    : `loading the recording: ${(kept.characters / 2 ** 20).toFixed(1)} MiB, ${kept.count.toLocaleString('en')} events`)
  try {
    for await (const line of lines) if (!kept.take(line)) break
  } finally {
    progress.done()
  }
  const { head } = kept
  if (head === undefined) throw new GatewayError('protocol_violation', 'the gateway sent no recording')
  const marks = { statement: kept.marks('statement'), hold: kept.marks('hold'), error: kept.marks('error') }
  const clock = () => performance.now()
  const player = new Player({ times: kept.times, marks, ...options })
  player.play(clock())
  const said: string[] = []
  const screen = show(terminal, () => (
    <ReplayScreen
      kept={kept}
      player={player}
      marks={marks}
      idleMilliseconds={options.idleMilliseconds}
      clock={clock}
      quit={() => screen.close()}
    />
  ), (text) => said.push(text), { full: true })
  const stop = () => screen.close()
  signal.addEventListener('abort', stop, { once: true })
  await screen.over
  signal.removeEventListener('abort', stop)
  for (const text of said) terminal.say(text.replace(/^hoop: /, '').trimEnd())
  signal.throwIfAborted()
  return head.matches !== false && kept.damage === undefined
}
