// Lines to be read, broken at words where the terminal ends. Pure. Nothing that is to be copied goes through it.
import { cellsOf } from './table.ts'

/**
 * @param indent of the pieces after the first
 * @returns at least one piece; a word that is wider than there is room for stays whole
 */
export function hung(line: string, columns: number, indent: number): string[] {
  if (cellsOf(line) <= columns) return [line]
  const [, blank, text] = /^(\s*)(.*)$/s.exec(line)!
  const pieces: string[] = []
  let piece = blank!
  let begun = false
  // Blanks stay with the word before them: what is aligned within a line stays so.
  for (const word of text!.match(words) ?? []) {
    if (begun && cellsOf(piece + word.trimEnd()) > columns) {
      pieces.push(piece.trimEnd())
      piece = ' '.repeat(indent)
    }
    piece += word
    begun = true
  }
  return [...pieces, piece.trimEnd()]
}

/** A token such as `<30 spaces>` is one word. */
const words = /(?:<\d{1,7} (?:spaces|tabs)>|\S)+\s*/g
