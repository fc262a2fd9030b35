// Lines of a screen: printable, and no wider than it. Pure.
import type { Line, Tone } from '../reviews/detail.ts'
import { cutCells, visible, wrapWords } from '../reviews/text.ts'

/** Below this, texts are shorter. */
export const narrowColumns = 64

export function line(text: string, columns: number, tone: Tone = 'plain'): Line {
  return { text: cutCells(visible(text), columns), tone }
}

/** What is to be read and may take several lines; the first `most` of them. */
export function paragraph(text: string, columns: number, tone: Tone, most: number): Line[] {
  return wrapWords(visible(text), columns).slice(0, most).map((piece) => ({ text: piece, tone }))
}
