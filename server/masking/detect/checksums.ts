// Which digits can be a number of a kind at all: check digits and ranges that were never given out. Pure.

/** Of card numbers, IMEIs and provider numbers. @see ISO/IEC 7812-1, annex B */
export function luhn(digits: string): boolean {
  let sum = 0
  for (let at = digits.length - 1, double = false; at >= 0; at--, double = !double) {
    const digit = digits.charCodeAt(at) - 48
    sum += double ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit
  }
  return sum % 10 === 0
}

/**
 * Nine digits: area, group, serial. Areas 900 to 999 are of taxpayers without one (ITIN), which have groups of their own.
 * @see Social Security Administration, SSN randomization; IRS publication 1915
 */
export function socialSecurity(digits: string): boolean {
  const [area, group, serial] = [Number(digits.slice(0, 3)), Number(digits.slice(3, 5)), Number(digits.slice(5))]
  if (serial === 0 || group === 0 || area === 0 || area === 666) return false
  return area < 900 || (group >= 50 && group <= 65) || (group >= 70 && group <= 88) || (group >= 90 && group !== 93)
}

/** Beginnings and lengths of card numbers in use. @see the networks' own lists of issuer numbers */
const cards: readonly (readonly [RegExp, readonly number[]])[] = [
  [/^4/, [13, 16, 19]],
  [/^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]],
  [/^3[47]/, [15]],
  [/^(6011|65|64[4-9])/, [16, 19]],
  [/^35(2[89]|[3-8])/, [16, 19]],
  [/^3(0[0-5]|[689])/, [14, 16]],
  [/^62/, [16, 19]]
]

export function creditCard(digits: string): boolean {
  return cards.some(([begin, lengths]) => lengths.includes(digits.length) && begin.test(digits)) && luhn(digits)
}

/** North American area code and exchange: neither begins with 0 or 1, and neither is a service such as 911. */
export function northAmerican(digits: string): boolean {
  return /^[2-9](?!11)\d\d[2-9](?!11)\d{6}$/.test(digits)
}

/** Lengths of account numbers by country. @see SWIFT, IBAN registry */
const ibanLengths: ReadonlyMap<string, number> = new Map(
  ('NO15 BE16 DK18 FI18 FO18 GL18 NL18 FK18 SD18 MK19 SI19 AT20 BA20 EE20 KZ20 LT20 LU20 MN20 XK20 CH21 HR21 LI21 LV21 BG22 BH22 CR22 DE22 '
    + 'GB22 GE22 IE22 ME22 RS22 VA22 AE23 GI23 IL23 IQ23 OM23 TL23 SO23 AD24 CZ24 ES24 MD24 PK24 RO24 SA24 SE24 SK24 TN24 VG24 LY25 PT25 ST25 '
    + 'IS26 TR26 BI27 DJ27 FR27 GR27 IT27 MC27 MR27 SM27 AL28 AZ28 BY28 CY28 DO28 GT28 HN28 HU28 LB28 NI28 PL28 SV28 BR29 EG29 PS29 QA29 UA29 '
    + 'JO30 KW30 MU30 YE30 MT31 SC32 LC32 RU33').split(' ').map((entry) => [entry.slice(0, 2), Number(entry.slice(2))])
)

/** @returns undefined where the letters are no country's */
export function ibanLength(country: string): number | undefined {
  return ibanLengths.get(country)
}

/** In capitals, without blanks. @see ISO 13616, ISO/IEC 7064 MOD 97-10 */
export function iban(text: string): boolean {
  let rest = 0
  for (const character of text.slice(4) + text.slice(0, 4)) {
    const value = parseInt(character, 36)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest === 1
}

/** Seventeen capitals and digits, without I, O and Q; the ninth is a check digit. @see 49 CFR 565.15 */
export function vehicle(text: string): boolean {
  if (!/^[A-HJ-NPR-Z0-9]{17}$/.test(text) || !/[A-Z]/.test(text)) return false
  const weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2]
  let sum = 0
  for (let at = 0; at < 17; at++) sum += weights[at]! * Number('0123456789.ABCDEFGH..JKLMN.P.R..STUVWXYZ'.indexOf(text[at]!) % 10)
  return text[8] === (sum % 11 === 10 ? 'X' : String(sum % 11))
}

/** A prescriber's: two letters, six digits and a check digit. @see 21 CFR 1301 */
export function prescriber(text: string): boolean {
  if (!/^[ABCDEFGHJKLMPRSTUX][A-Z9]\d{7}$/.test(text)) return false
  const digit = (at: number) => Number(text[at + 1])
  return (digit(1) + digit(3) + digit(5) + 2 * (digit(2) + digit(4) + digit(6))) % 10 === digit(7)
}

/** A Medicare beneficiary's: eleven characters, each place of a kind. @see CMS, Understanding the Medicare Beneficiary Identifier */
export function beneficiary(text: string): boolean {
  return /^[1-9][AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y]\d[AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y]\d[AC-HJKMNP-RT-Y]{2}\d\d$/.test(text)
}

/** Eight groups of up to four hexadecimal digits, of which `::` stands for some that are 0. @see RFC 4291, 2.2 */
export function ipv6(text: string): boolean {
  const [head, tail, ...more] = text.split('::')
  if (more.length > 0 || !/^[\da-f:]+$/i.test(text)) return false
  const groups = [head!, tail ?? ''].flatMap((side) => side === '' ? [] : side.split(':'))
  if (groups.some((group) => group.length === 0 || group.length > 4)) return false
  return tail === undefined ? groups.length === 8 : groups.length < 8
}

/** @param year four digits, or two */
export function calendarDay(year: number, month: number, day: number): boolean {
  const full = year < 100 ? 2000 + year : year
  return full >= 1850 && full < 2100 && month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(full, month, 0)).getUTCDate()
}
