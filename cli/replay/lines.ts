// The lines of a kept recording's events, made when they are looked at and remembered for a while. Pure.
// Every line is printable: what would act on a terminal, or paint over its neighbours, is shown as tokens.
import type { RecordingEvent } from '../../shared/recording.ts'
import { beginning } from '../../shared/text.ts'
import type { Tone } from '../reviews/detail.ts'
import { unstacked, visible, wrapCells } from '../reviews/text.ts'
import { clockFrom, eventLines } from './event.ts'
import type { KeptRecording } from './kept.ts'

export interface ShownLine {
  /** Time and connection, as wide on each line of an event; does not move when the text is scrolled sideways. */
  readonly gutter: string
  readonly text: string
  readonly tone: Tone
  /** A table's: as wide as it is, where all others are wrapped. */
  readonly wide: boolean
  /** Of a table's row: the line that names its columns. */
  readonly head?: string
}

/** A screen is no place for more of a table's row, of another line, or of one event; `--text` has it whole. */
const maxRowCharacters = 4_000
const maxLineCharacters = 64 * 1024
const maxLines = 20_000
/** Of lines that are remembered. */
const maxRememberedCharacters = 8 * 1024 * 1024

/** Where there is less room than that, the clock is shorter, or stands in the timeline alone. */
const clockColumns = 64
const narrowColumns = 34

export class ReplayLines {
  readonly #kept: KeptRecording
  readonly #columns: number
  readonly #remembered = new Map<number, readonly ShownLine[]>()
  #characters = 0

  constructor(kept: KeptRecording, columns: number) {
    this.#kept = kept
    this.#columns = columns
  }

  of(index: number): readonly ShownLine[] {
    const known = this.#remembered.get(index)
    if (known !== undefined) return known
    const lines = this.#make(index)
    this.#remembered.set(index, lines)
    this.#characters += charactersOf(lines)
    for (const [oldest, its] of this.#remembered) {
      if (this.#characters <= maxRememberedCharacters || oldest === index) break
      this.#remembered.delete(oldest)
      this.#characters -= charactersOf(its)
    }
    return lines
  }

  #make(index: number): readonly ShownLine[] {
    const event = this.#kept.event(index)
    const all = eventLines(event, this.#kept.columns(index))
    const gutter = this.#gutterOf(event)
    const blank = ' '.repeat(gutter.length)
    const room = Math.max(1, this.#columns - gutter.length)
    const wide = event.type === 'rows'
    const shown = all.slice(0, maxLines).flatMap(({ text, tone, head }) => {
      // A table's blanks are its columns, and it has no tabs.
      const row = (line: string) => cut(unstacked(line), maxRowCharacters)
      if (wide) return [{ text: row(text), tone, ...(head === undefined ? {} : { head: row(head) }) }]
      return wrapCells(cut(visible(text), maxLineCharacters), room).map((piece) => ({ text: piece, tone }))
    })
    const more = all.length <= maxLines ? [] : [{ text: `(${all.length - maxLines} more lines: --text)`, tone: 'warning' as const }]
    return [...shown, ...more].map((line, i) => ({ gutter: i === 0 ? gutter : blank, wide, ...line }))
  }

  #gutterOf({ at, connection }: RecordingEvent): string {
    const clock = clockFrom(at)
    const time = this.#columns >= clockColumns ? `${clock}  ` : this.#columns >= narrowColumns ? `${clock.slice(0, 8)} ` : ''
    return time + (this.#kept.connections > 1 && connection !== undefined ? visible(`#${connection} `) : '')
  }
}

function cut(text: string, characters: number): string {
  return text.length <= characters ? text : `${beginning(text, characters)}... (${text.length} characters: --text)`
}

function charactersOf(lines: readonly ShownLine[]): number {
  return lines.reduce((sum, { text }) => sum + text.length, 0)
}
