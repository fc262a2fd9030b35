// A line of a screen: printable, and no wider than it. Pure.
import type { Line, Tone } from '../reviews/detail.ts'
import { cutCells, visible } from '../reviews/text.ts'

/** Below this, texts are shorter. */
export const narrowColumns = 64

export function line(text: string, columns: number, tone: Tone = 'plain'): Line {
  return { text: cutCells(visible(text), columns), tone }
}
