// One DataRow as text, for answers to questions of the gateway's own. Pure.
import { Reader } from './reader.ts'

/** One copy of each text, of as many as fit: the rows of one answer say the same things again and again, and may be kept for long. */
export class Texts {
  readonly #known = new Map<string, string>()

  once(text: string): string {
    if (text.length > maxTextLength) return text
    const known = this.#known.get(text)
    if (known !== undefined) return known
    if (this.#known.size === maxTexts) this.#known.clear()
    this.#known.set(text, text)
    return text
  }
}

const maxTextLength = 64
const maxTexts = 8_192

/**
 *   count   int16
 *   values  each int32 length (-1: NULL), then its bytes
 */
export function decodeRow(body: Buffer, texts = new Texts()): (string | null)[] {
  const reader = new Reader(body, 'DataRow')
  const row = new Array<string | null>(reader.uint16())
  for (let i = 0; i < row.length; i++) {
    const length = reader.int32()
    row[i] = length === -1 ? null : texts.once(reader.loose(length))
  }
  return row
}
