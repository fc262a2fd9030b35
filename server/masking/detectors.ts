// The second layer: finds what looks like an identifier in text that nobody has marked as protected. Pure.
// One walk over the bytes stops at digits, at signs, colons and dots only; what is found there is proven by shape, check digits and the
// words around it. Not a promise, as protected columns are: names, for example, have no form by which they could be told.
import { calledBy } from './detect/context.ts'
import { writtenDay } from './detect/dates.ts'
import { Text, defaultKinds, detectorKinds, type DetectorKind, type Hit, type Wanted } from './detect/hits.ts'
import { numberAt } from './detect/numbers.ts'
import { colonAt, dotAt, mailAt, wordAt } from './detect/tokens.ts'

export { defaultKinds, detectorKinds, kindNames, type DetectorKind, type Hit } from './detect/hits.ts'

/** What the walk stops at. */
const [digit, mail, colon, dot] = [1, 2, 3, 4] as const
const nothing: readonly Hit[] = []

/** Looks for some kinds in the values of one column. */
export class Detector {
  readonly #text: Text
  readonly #dates: boolean
  readonly #stops = new Uint8Array(256)

  /** @param columnName decides about numbers that could be anything; empty: it is not known */
  constructor(kinds: Iterable<DetectorKind>, columnName: string) {
    const given = new Set(kinds)
    const wants = Object.fromEntries(detectorKinds.map((kind) => [kind, given.has(kind)])) as Wanted
    this.#text = new Text(wants, calledBy(columnName))
    this.#dates = wants.date || wants['date-of-birth']
    if ([...given].some((kind) => kind !== 'email' && kind !== 'url')) this.#stops.fill(digit, 0x30, 0x3a)
    if (wants.email) this.#stops[0x40] = mail
    if (wants.url || wants.ip || wants.device) this.#stops[0x3a] = colon
    if (wants.url) this.#stops[0x2e] = dot
  }

  /** What is found in bytes[begin, end), ascending and apart from one another. */
  find(bytes: Uint8Array, begin = 0, end = bytes.length): readonly Hit[] {
    const stops = this.#stops
    let at = begin
    while (at < end && stops[bytes[at]!] === 0) at++
    if (at === end) return nothing
    const text = this.#text
    text.take(bytes, begin, end)
    while (at < end) {
      const stop = stops[bytes[at]!]!
      if (stop === 0) { at++; continue }
      if (stop === digit) at = this.#digits(text, at)
      else if (stop === mail) at = mailAt(text, at)
      else if (stop === colon) at = colonAt(text, at)
      else at = dotAt(text, at)
    }
    return text.hits
  }

  #digits(text: Text, at: number): number {
    return wordAt(text, at) ?? (this.#dates ? writtenDay(text, at) : undefined) ?? numberAt(text, at)
  }
}

/**
 * Looks for identifiers in one value.
 * @param columnName decides about numbers that could be anything: nine digits in a column `ssn` are one; empty: it is not known
 * @param kinds all but `date` and `zip`, which are in most texts, unless they are given
 * @returns ascending; positions are of bytes, of UTF-8 where the text is a string
 */
export function detect(text: Uint8Array | string, columnName: string, kinds: Iterable<DetectorKind> = defaultKinds): readonly Hit[] {
  return new Detector(kinds, columnName).find(typeof text === 'string' ? Buffer.from(text) : text)
}
