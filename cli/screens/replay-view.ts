// What the replay screen shows, as lines that fit. Pure.
// The body is a window on the lines of all events shown so far: its bottom is the newest of them, or its top is where one looks.
import { clockFrom } from '../replay/event.ts'
import type { ShownLine } from '../replay/lines.ts'
import type { Mark, Standing } from '../replay/player.ts'
import type { Line, Tone } from '../reviews/detail.ts'
import { cutCells, visible } from '../reviews/text.ts'
import { cellsOf, timeFrom } from '../table.ts'
import { matchText } from '../replay/text.ts'
import type { RecordingHead } from '../../shared/recording.ts'
import { paragraph } from './lines.ts'
import type { Size } from './screen.tsx'

/** One of the lines of one event; the one behind an event's last stands for the next event's first. */
export interface Place {
  readonly event: number
  readonly line: number
}

export interface ReplayFacts {
  readonly head: RecordingHead
  /** What is wrong with the recording, or missing of it. */
  readonly lack: string | undefined
  readonly standing: Standing
  readonly lines: (event: number) => readonly ShownLine[]
  /** The first line shown; undefined: the newest are. */
  readonly top: Place | undefined
  /** How many lines stand above `top`, where there are as many. */
  readonly above: number
  /** Cells cut off at the left. */
  readonly sideways: number
  /** `markedBar` for the width that `barColumns` says. */
  readonly bar: string
  readonly counts: Readonly<Record<Mark, number>>
  /** How many of them have been passed. */
  readonly passed: Readonly<Record<Mark, number>>
  readonly idleMilliseconds: number
  readonly told: string | undefined
}

export interface ReplayView {
  readonly lines: readonly Line[]
  /** Where the body begins, and how many lines it has. */
  readonly top: Place
  readonly page: number
  /** The furthest `sideways` may be. */
  readonly furthest: number
}

const narrowColumns = 64
const lowRows = 10

export function barColumns({ columns }: Size): number {
  return Math.max(4, columns - 2)
}

export function replayView(facts: ReplayFacts, size: Size): ReplayView {
  const { columns, rows } = size
  const { head, lack, standing, lines } = facts
  const above: Line[] = [
    ...(rows < lowRows ? [] : [{ text: cutCells(titleText(head), columns), tone: 'strong' as const }]),
    matchLine(head, columns, rows < lowRows),
    ...(lack === undefined ? [] : paragraph(lack, columns, 'bad', rows < lowRows ? 1 : 3))
  ]
  const below: Line[] = [
    { text: `[${filled(facts.bar, standing)}]`, tone: 'plain' },
    facts.told === undefined
      ? { text: cutCells(standingText(facts, columns), columns), tone: 'plain' }
      : { text: cutCells(visible(facts.told), columns), tone: 'strong' },
    ...(rows < lowRows ? [] : [{ text: keysText(columns), tone: 'dim' as const }])
  ]
  const page = Math.max(1, rows - above.length - below.length)
  const end: Place = { event: standing.index, line: 0 }
  const last = back(lines, end, page)
  const wanted = facts.top === undefined ? last : back(lines, facts.top, facts.above)
  const top = isBefore(wanted, last) ? wanted : last
  const shown = forth(lines, top, standing.index, page)
  const first = shown[0]
  // What the columns are is said again where the line that says it is out of sight.
  if (first?.head !== undefined) shown[0] = { ...first, text: first.head, tone: 'dim' }
  const room = (line: ShownLine) => Math.max(1, columns - line.gutter.length)
  const furthest = shown.reduce((most, line) => line.wide ? Math.max(most, cellsOf(line.text) - room(line)) : most, 0)
  const sideways = Math.min(facts.sideways, furthest)
  const body = shown.map((line): Line => ({ text: line.gutter + window(line.text, line.wide ? sideways : 0, room(line)), tone: line.tone }))
  const blank = Array.from({ length: page - body.length }, (): Line => ({ text: '', tone: 'plain' }))
  const all = [...above, ...body, ...blank, ...below].map(({ text, tone }): Line => ({ text: within(text, columns), tone }))
  return { lines: all, top, page, furthest }
}

/** The place `count` lines further up; the very first line at most. */
export function back(lines: ReplayFacts['lines'], { event, line }: Place, count: number): Place {
  let left = count
  while (left > line) {
    left -= line
    if (event === 0) return { event: 0, line: 0 }
    line = lines(--event).length
  }
  return { event, line: line - left }
}

/** At most `count` lines from there on, of events below `end`. */
function forth(lines: ReplayFacts['lines'], { event, line }: Place, end: number, count: number): ShownLine[] {
  const found: ShownLine[] = []
  for (; event < end && found.length < count; event++, line = 0) found.push(...lines(event).slice(line, line + count - found.length))
  return found
}

/** The place `count` lines further down; behind the last line of events below `end` at most. */
export function ahead(lines: ReplayFacts['lines'], { event, line }: Place, end: number, count: number): Place {
  let left = line + count
  while (event < end && left >= lines(event).length) left -= lines(event++).length
  return event >= end ? { event: end, line: 0 } : { event, line: left }
}

function isBefore(one: Place, other: Place): boolean {
  return one.event < other.event || (one.event === other.event && one.line < other.line)
}

/** A token that stands for a character is never cut, but for a terminal narrower than one. */
function within(text: string, columns: number): string {
  if (cellsOf(text) <= columns) return text
  let cells = 0
  let at = 0
  for (const character of text) {
    cells += cellsOf(character)
    if (cells > columns - 1) break
    at += character.length
  }
  return `${text.slice(0, at)}~`
}

/** A line as it is seen through a window: what is cut off is marked at either side. */
export function window(text: string, from: number, columns: number): string {
  if (from === 0 || text === '') return cutCells(text, columns)
  // One more than is cut off, for the mark. A wide character in that place leaves a blank, so that what follows stays where it was.
  let cells = 0
  let at = 0
  for (const character of text) {
    const width = cellsOf(character)
    if (cells > from && width > 0) break
    cells += width
    at += character.length
  }
  return cutCells(`~${' '.repeat(Math.max(0, cells - from - 1))}${text.slice(at)}`, columns)
}

function titleText({ session: { id, principal, target, startedAt } }: RecordingHead): string {
  return visible(`hoop replay ${id}: ${principal.email ?? principal.subject} on ${target}, ${timeFrom(startedAt)} UTC`)
}

const matchTones = { true: 'good', false: 'bad', open: 'warning', unknown: 'warning' } as const satisfies Record<string, Tone>

function matchLine({ session: { id }, matches }: RecordingHead, columns: number, withId: boolean): Line {
  return { text: cutCells(`matches the audit log: ${matchText(matches)}${withId ? `  ${visible(id)}` : ''}`, columns), tone: matchTones[`${matches}`] }
}

const marksShown: readonly (readonly [Mark, string])[] = [['statement', '|'], ['hold', 'H'], ['error', 'E']]

/**
 * The timeline without where one stands on it: a character for each mark, blanks between. What is worse stands on what is less bad.
 * @param fraction of play time at which an event is due, 0 to 1
 */
export function markedBar(marks: Readonly<Record<Mark, readonly number[]>>, fraction: (event: number) => number, columns: number): string {
  const bar = Array.from({ length: columns }, () => ' ')
  for (const [kind, shown] of marksShown) for (const event of marks[kind]) bar[cellAt(fraction(event), columns)] = shown
  return bar.join('')
}

function cellAt(fraction: number, columns: number): number {
  return Math.min(columns - 1, Math.floor(fraction * columns))
}

function filled(bar: string, { played, duration, ended }: Standing): string {
  const here = ended ? bar.length - 1 : cellAt(duration === 0 ? 0 : played / duration, bar.length)
  return [...bar].map((mark, i) => i === here ? '>' : mark !== ' ' ? mark : i < here ? '=' : '-').join('')
}

function standingText({ standing, counts, passed, head, idleMilliseconds }: ReplayFacts, columns: number): string {
  const { at, length, playing, speed, silence, ended } = standing
  const state = ended ? 'the end' : playing ? 'playing' : 'paused'
  const counted = marksShown.flatMap(([kind]) => counts[kind] === 0 ? [] : [`${kind} ${passed[kind]}/${counts[kind]}`])
  const idle = silence !== undefined && playing ? `idle ${clockFrom(silence).slice(0, 8)}, shortened to ${idleMilliseconds / 1000} s` : undefined
  const open = ended && head.matches === 'open' ? 'so far: the session is open' : undefined
  const clock = `${clockFrom(at).slice(0, 8)}${columns < narrowColumns ? '' : ` of ${clockFrom(length).slice(0, 8)}`}`
  return [clock, `${state} ${speed}x`, ...(idle === undefined ? counted : [idle]), ...(open === undefined ? [] : [open])].join('  ')
}

const keyTexts = [
  'space pauses, n/p next/previous statement, h/H hold, e/E error, g/G start/end, +/- speed, arrows look around, q quits',
  'space pauses, n/p statement, h/H hold, e/E error, g/G start/end, +/- speed, q quits',
  'space, n/p statement, h/H, e/E, g/G, +/-, q quits',
  'space n/p h/H e/E g/G +/- q'
]

function keysText(columns: number): string {
  return keyTexts.find((text) => text.length <= columns) ?? cutCells(keyTexts.at(-1)!, columns)
}
