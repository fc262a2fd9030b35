// Dates with the month in letters. Pure.
import { isDigit, isLetter, isWord, type Text } from './hits.ts'

const [blank, comma, dash, dot] = [0x20, 0x2c, 0x2d, 0x2e] as const
const months = 'jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec'
const dayFirst = new RegExp(`^\\d{1,2}(?:st|nd|rd|th)?[ .-]{1,2}(?:${months})[a-z]*[ .,-]{1,2}\\d{4}(?!\\d)`, 'i')
const monthFirst = new RegExp(`(?:^|[^a-z])((?:${months})[a-z]*[ .]{1,2})$`, 'i')
const afterMonth = /^\d{1,2}(?:st|nd|rd|th)?,? {1,2}\d{4}(?!\d)/i

/** `12 March 1980`, `March 12, 1980`, where dates are looked for. @returns where to go on; undefined: it is none */
export function writtenDay(text: Text, at: number): number | undefined {
  if (!mayBeDay(text, at)) return undefined
  const behind = text.string(at, Math.min(text.end, at + 28))
  let begin = at
  let match = dayFirst.exec(behind)
  if (match === null && text.at(at - 1) === blank) {
    const month = monthFirst.exec(text.string(Math.max(text.begin, at - 12), at))
    if (month !== null) {
      match = afterMonth.exec(behind)
      begin = at - month[1]!.length
    }
  }
  if (match === null) return undefined
  const kind = text.wants['date-of-birth'] && text.called('birth', begin) ? 'date-of-birth' : text.wants.date ? 'date' : undefined
  if (kind === undefined) return undefined
  text.hit(kind, begin, at + match[0].length)
  return at + match[0].length
}

/** Most digits stand behind or in front of no month. */
function mayBeDay(text: Text, at: number): boolean {
  let end = at
  while (isDigit(text.at(end))) end++
  if (end - at > 2 || isWord(text.at(at - 1))) return false
  if (isLetter(text.at(end)) && isLetter(text.at(end + 1)) && !isWord(text.at(end + 2))) end += 2
  const separator = text.at(end)
  if (separator !== blank && separator !== comma && separator !== dash && separator !== dot) return false
  const next = text.at(end + 1) === blank ? text.at(end + 2) : text.at(end + 1)
  return (isDigit(next) && text.at(at - 1) === blank) || monthInitials.has(next | 0x20)
}

const monthInitials = new Set(Array.from('jfmasond', (letter) => letter.charCodeAt(0)))
