// Rows as aligned text. Pure.
import { safeLine } from '../shared/text.ts'

/** The last column is as wide as it likes; the others as wide as their widest cell. One row is one line, whatever a cell holds. */
export function tableLines(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const cells = [head, ...rows].map((row) => row.map((cell) => safeLine(cell)))
  const widths = head.map((_, column) => Math.max(...cells.map((row) => cellsOf(row[column]!))))
  return cells.map((row) => row.map((cell, column) =>
    column === head.length - 1 ? cell : cell + ' '.repeat(widths[column]! - cellsOf(cell))).join('  ').trimEnd())
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
