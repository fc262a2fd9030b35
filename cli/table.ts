// Rows as aligned text. Pure.
import { safeLine } from '../shared/text.ts'

const indent = 2

/**
 * The last column is as wide as it likes; the others as wide as their widest cell. One row is one line, whatever a cell holds, except
 * where that would be wider than `columns`: then the columns that have no room stand on lines of their own below, set in, of every row.
 */
export function tableLines(head: readonly string[], rows: readonly (readonly string[])[], columns = Infinity): string[] {
  const cells = [head, ...rows].map((row) => row.map((cell) => safeLine(cell)))
  const widths = head.map((_, column) => Math.max(...cells.map((row) => cellsOf(row[column]!))))
  const lines = folded(widths, columns)
  return cells.flatMap((row) => lines.map((shown, line) => (line === 0 ? '' : ' '.repeat(indent)) + shown.map((column, at) =>
    at === shown.length - 1 ? row[column]! : row[column]! + ' '.repeat(widths[column]! - cellsOf(row[column]!))).join('  ').trimEnd()))
}

/** How wide lines of a table may be: as wide as the terminal, and without one as wide as they are. */
export function room({ onTerminal, columns }: { readonly onTerminal: boolean, readonly columns: number }): number {
  return onTerminal ? columns : Infinity
}

/** Which columns stand on which line: as many as there is room for, at least one. */
function folded(widths: readonly number[], columns: number): number[][] {
  const lines: number[][] = [[]]
  let used = 0
  for (const [column, width] of widths.entries()) {
    const line = lines.at(-1)!
    if (line.length > 0 && used + 2 + width > columns) {
      lines.push([column])
      used = indent + width
      continue
    }
    used += (line.length === 0 ? 0 : 2) + width
    line.push(column)
  }
  return lines
}

/** Terminal cells: wide East Asian characters and emoji take two, combining marks none. */
export function cellsOf(text: string): number {
  if (/^[\x20-\x7E]*$/.test(text)) return text.length
  let cells = 0
  for (const character of text) cells += /\p{M}/u.test(character) ? 0 : wide.test(character) ? 2 : 1
  return cells
}
const wide = /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{16FE0}-\u{18DFF}\u{1AFF0}-\u{1B2FF}\u{1F000}-\u{1FAFF}\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}/u

/** `2026-11-25 17:33:08`, UTC: as the log has it. */
export function timeFrom(rfc3339: string): string {
  return rfc3339.replace('T', ' ').replace(/\.\d+/, '').replace(/Z$/, '')
}
