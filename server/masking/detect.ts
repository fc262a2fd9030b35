// Whether a value is an identifier of some kind: by its form, and by its check digits where it has some. Pure.
// For samples that only the gateway sees; what comes out is the name of a kind.
import type { KindName } from './look-alike.ts'

/** Longer ones are free text, of which the beginning is looked at. */
const maxCharacters = 200

interface Detector {
  readonly kind: KindName
  readonly is: (text: string) => boolean
  /** The form is common enough that names alike are needed, too. */
  readonly weak?: boolean
}

/** The first that says yes is it: those with check digits before those that are only a form. */
const detectors: readonly Detector[] = [
  { kind: 'email', is: (text) => /^[^\s@<>"]{1,64}@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+\p{L}{2,24}$/u.test(text) },
  { kind: 'iban', is: (text) => iban(text.replaceAll(' ', '').toUpperCase()) },
  { kind: 'ssn', is: (text) => ssn(text) },
  { kind: 'taxpayer', is: (text) => /^9\d\d-(5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])-\d{4}$/.test(text) || /^\d{2}-\d{7}$/.test(text) },
  { kind: 'card', is: (text) => /^(?:\d[ -]?){12,18}\d$/.test(text) && /^(?:4|5[1-5]|2[2-7]|3[47]|6(?:011|5))/.test(digitsOf(text)) && luhn(digitsOf(text)) },
  { kind: 'npi', is: (text) => /^[12]\d{9}$/.test(text) && luhn(`80840${text}`) },
  { kind: 'vehicle', is: (text) => vin(text.toUpperCase()) },
  { kind: 'device', is: (text) => /^\d{15}$/.test(text) && luhn(text) },
  { kind: 'device', is: (text) => /^[0-9A-F]{2}(?:[:-][0-9A-F]{2}){5}$/i.test(text) },
  { kind: 'beneficiary', is: (text) => /^[1-9][AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y]\d-?[AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y]\d-?[AC-HJKMNP-RT-Y]{2}\d{2}$/.test(text) },
  { kind: 'ip', is: (text) => /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\/\d\d?)?$/.test(text) || ipv6(text) },
  { kind: 'url', is: (text) => /^https?:\/\/[^\s]{4,}$/i.test(text) },
  { kind: 'phone', is: (text) => phone(text) },
  { kind: 'record', is: (text) => /^MRN[ :#-]?\d{4,12}$/i.test(text) },
  { kind: 'zip', is: (text) => /^\d{5}-\d{4}$/.test(text) },
  { kind: 'zip', is: (text) => /^\d{5}$/.test(text), weak: true },
  { kind: 'address', is: (text) => /^\d{1,6}[A-Za-z]?\s+(?:[\p{L}.'-]+\s+){1,5}(?:st(?:reet)?|ave(?:nue)?|r(?:oa)?d|blvd|boulevard|lane|ln|drive|dr|court|ct|way|place|pl|terrace)\b\.?/iu.test(text) },
  { kind: 'birth', is: (text) => /^(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/.test(text), weak: true },
  { kind: 'diagnosis', is: (text) => /^[A-TV-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})$/.test(text) }
]

/** In the middle of a longer text: only what is hardly ever anything else. */
const within: readonly (readonly [RegExp, KindName, ((text: string) => boolean)?])[] = [
  [/(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])/, 'ssn', (text) => ssn(text)],
  [/[^\s@<>"(),;:]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}/, 'email'],
  [/(?<!\d)(?:\+?1[ .-]?)?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\d)/, 'phone'],
  [/\bMRN[ :#-]?\d{4,12}\b/i, 'record']
]

/**
 * @param expected what the column's name says, which decides where a form alone would not
 * @returns undefined where it is nothing of the kind
 */
export function detect(value: string, expected?: KindName): KindName | undefined {
  const text = value.slice(0, maxCharacters).trim()
  if (text === '') return undefined
  const found = detectors.find(({ kind, is, weak }) => (weak !== true || kind === expected) && is(text))
  if (found !== undefined) return found.kind
  for (const [pattern, kind, check] of text.includes(' ') ? within : []) {
    const match = pattern.exec(text)?.[0]
    if (match !== undefined && (check === undefined || check(match))) return kind
  }
  return undefined
}

/**
 * Nine digits in groups. Area 000 and 666, group 00 and serial 0000 were never issued. Areas from 900 on neither, but are what made-up
 * ones have, and those are to be found as well; groups of taxpayer numbers are left to them.
 * @see Social Security Administration, Social Security Number Randomization
 */
function ssn(text: string): boolean {
  const [, area, group, serial] = /^(\d{3})[- ](\d{2})[- ](\d{4})$/.exec(text) ?? []
  if (area === undefined || area === '000' || area === '666' || group === '00' || serial === '0000') return false
  return area < '900' || !/^(5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])$/.test(group!)
}

/** North American with separators, or international with a plus. */
function phone(text: string): boolean {
  if (/^(?:\+?1[ .-]?)?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-])[2-9]\d{2}[ .-]?\d{4}(?: ?(?:x|ext\.?) ?\d{1,6})?$/i.test(text)) return true
  return /^\+[1-9][\d ().-]{6,20}$/.test(text) && digitsOf(text).length >= 8 && digitsOf(text).length <= 15
}

function digitsOf(text: string): string {
  return text.replace(/\D/g, '')
}

/** ISO/IEC 7812-1 annex B. */
function luhn(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, digit, i) => {
    const doubled = Number(digit) * (i % 2 === 0 ? 1 : 2)
    return total + (doubled > 9 ? doubled - 9 : doubled)
  }, 0)
  return sum % 10 === 0 && /[1-9]/.test(digits)
}

/** ISO 13616: the country and check digits moved behind, letters as numbers from 10, modulo 97 is 1. */
function iban(text: string): boolean {
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(text)) return false
  let rest = 0
  for (const character of text.slice(4) + text.slice(0, 4)) {
    const value = parseInt(character, 36)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest === 1
}

/** ISO 3779 with the check digit of 49 CFR 565.15, in the ninth place. */
function vin(text: string): boolean {
  if (!/^[A-HJ-NPR-Z0-9]{17}$/.test(text)) return false
  const letters: Readonly<Record<string, number>> = { A: 1, B: 2, C: 3, D: 4, E: 5, F: 6, G: 7, H: 8, J: 1, K: 2, L: 3, M: 4, N: 5, P: 7, R: 9, S: 2, T: 3, U: 4, V: 5, W: 6, X: 7, Y: 8, Z: 9 }
  const weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2]
  const sum = [...text].reduce((total, character, i) => total + (letters[character] ?? Number(character)) * weights[i]!, 0) % 11
  return text[8] === (sum === 10 ? 'X' : String(sum)) && /[A-Z]/.test(text)
}

function ipv6(text: string): boolean {
  const groups = text.split(':')
  if (groups.length < 3 || groups.length > 8 || !/^[0-9a-f:]+$/i.test(text)) return false
  return groups.every((group) => /^[0-9a-f]{0,4}$/i.test(group)) && (groups.length === 8 ? !text.includes(':::') : text.split('::').length === 2)
}
