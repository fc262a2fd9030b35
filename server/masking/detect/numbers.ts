// Numbers: runs of digits, perhaps in groups, judged by shape, check digits and what they are called. Pure.
import { calendarDay, creditCard, luhn, northAmerican, socialSecurity } from './checksums.ts'
import { isDigit, isLetter, isWord, type Text } from './hits.ts'

/** Groups looked at together; the longest number has nine. */
const maxGroups = 16
const mostGroups = 9
/** Longer runs of digits are no number of these kinds. */
const maxDigits = 24
const [blank, opening, closing, plus, dash, dot, slash] = [0x20, 0x28, 0x29, 0x2b, 0x2d, 0x2e, 0x2f] as const
const [backslash, underscore] = [0x5c, 0x5f] as const

/** Groups of digits, one separator apart: `123-45-6789`, `(555) 010-1234`. */
class Groups {
  text!: Text
  count = 0
  readonly begins = new Int32Array(maxGroups)
  readonly ends = new Int32Array(maxGroups)
  /** First byte behind each group; 0 behind the last. */
  readonly separators = new Uint8Array(maxGroups)

  take(text: Text, at: number): void {
    this.text = text
    this.count = 0
    for (let separator = 1; separator > 0 && this.count < maxGroups; at += separator) {
      const group = this.count++
      this.begins[group] = at
      while (isDigit(text.at(at))) at++
      this.ends[group] = at
      separator = separatorBehind(text, at)
      this.separators[group] = separator === 0 ? 0 : text.at(at)
    }
  }

  /** Digits in a group; 0: there is no such group. */
  length(group: number): number {
    return group < this.count ? this.ends[group]! - this.begins[group]! : 0
  }

  /** Of a group of few digits. */
  number(group: number): number {
    let value = 0
    for (let at = this.begins[group]!; at < this.ends[group]!; at++) value = value * 10 + this.text.at(at) - 0x30
    return value
  }

  digits(from: number, count: number): string {
    let digits = ''
    for (let group = from; group < from + count; group++) digits += this.text.string(this.begins[group]!, this.ends[group]!)
    return digits
  }

  /** All between the groups is this one separator. */
  joined(from: number, count: number, separator: number): boolean {
    for (let i = from; i < from + count - 1; i++) {
      if (this.separators[i] !== separator || this.begins[i + 1]! !== this.ends[i]! + 1) return false
    }
    return true
  }

  /** Nothing before or behind makes it part of something longer. */
  free(from: number, count: number): boolean {
    return this.#freeBefore(from) && this.#freeBehind(from + count - 1)
  }

  #freeBefore(group: number): boolean {
    const before = group === 0 ? 0 : this.separators[group - 1]!
    if (group > 0) return before === blank || before === slash
    const at = this.begins[0]!
    const byte = this.text.at(at - 1)
    if (byte === dash || byte === dot) return !isDigit(this.text.at(at - 2))
    return byte !== underscore && !isDigit(byte) && (!isLetter(byte) || this.text.at(at - 2) === backslash)
  }

  #freeBehind(group: number): boolean {
    const separator = this.separators[group]!
    if (separator !== 0) return separator === blank || separator === slash || separator === closing
    const byte = this.text.at(this.ends[group]!)
    return byte !== underscore && !isWord(byte) && !(byte === dash && isWord(this.text.at(this.ends[group]! + 1)))
  }
}

function separatorBehind(text: Text, at: number): number {
  let length = 0
  const byte = text.at(at)
  if (byte === closing) length = text.at(at + 1) === blank || text.at(at + 1) === dash ? 2 : 1
  else if (byte === blank && text.at(at + 1) === opening) length = 2
  else if (byte === blank || byte === dash || byte === dot || byte === slash) length = 1
  return length > 0 && isDigit(text.at(at + length)) ? length : 0
}

/** Only one run of digits is looked at at a time. */
const scratch = new Groups()

/** Looks at the run of digits that begins at `at`. @returns where to go on */
export function numberAt(text: Text, at: number): number {
  let end = at
  while (isDigit(text.at(end))) end++
  if (separatorBehind(text, end) === 0 && (end - at > maxDigits || end - at < 13)) {
    if (end - at < 5 || end - at > maxDigits) return end
    // A number alone is nothing without a name, but for a ZIP code behind its state.
    if (!(text.wants.zip && end - at === 5) && text.at(at - 1) !== plus && !text.named(at)) return end
  }
  const groups = scratch
  groups.take(text, at)
  for (let from = 0; from < groups.count;) {
    // What is cut off may be the beginning of a number.
    if (groups.count === maxGroups && from > maxGroups - mostGroups) return groups.begins[from]!
    from += numberOf(groups, from)
  }
  return groups.ends[groups.count - 1]!
}

/** In order: what has more proof comes first. @returns how many groups were a number, or one that is none */
function numberOf(groups: Groups, from: number): number {
  return address(groups, from) || day(groups, from) || card(groups, from) || social(groups, from) || international(groups, from)
    || american(groups, from) || zip(groups, from) || calledSo(groups, from) || calledPhone(groups, from) || 1
}

// Each says how many groups it took; 0: it is something else.

function found(groups: Groups, kind: Parameters<Text['hit']>[0], from: number, count: number, begin = groups.begins[from]!): number {
  groups.text.hit(kind, begin, groups.ends[from + count - 1]!)
  return count
}

function address(groups: Groups, from: number): number {
  const { text } = groups
  if (!text.wants.ip || groups.count < from + 4 || groups.separators[from] !== dot || !groups.joined(from, 4, dot)) return 0
  if (!groups.free(from, 4) || groups.separators[from + 3] === dot || text.called('version', groups.begins[from]!)) return 0
  for (let group = from; group < from + 4; group++) {
    const length = groups.length(group)
    if (length > 3 || groups.number(group) > 255 || (length > 1 && text.at(groups.begins[group]!) === 0x30)) return 0
  }
  const first = groups.number(from)
  // Of these, everybody has the same.
  return first === 0 || first === 127 || first === 255 ? 0 : found(groups, 'ip', from, 4)
}

function day(groups: Groups, from: number): number {
  const { text } = groups
  const [a, b, c] = [groups.length(from), groups.length(from + 1), groups.length(from + 2)]
  if (!text.wants.date && !text.wants['date-of-birth']) return 0
  const separator = groups.separators[from]!
  if (b === 0 || b > 2 || c === 0 || separator < dash || separator > slash || !groups.joined(from, 3, separator)) return 0
  const yearFirst = a === 4 && c <= 2
  if (!yearFirst && (a > 2 || (c !== 4 && c !== 2))) return 0
  // A time may follow the date.
  const end = groups.ends[from + 2]!
  const time = (text.at(end) | 0x20) === 0x74 && isDigit(text.at(end + 1))
  if (!time && !groups.free(from, 3)) return 0
  const [first, second, third] = [groups.number(from), groups.number(from + 1), groups.number(from + 2)]
  const valid = yearFirst ? calendarDay(first, second, third) : calendarDay(third, first, second) || calendarDay(third, second, first)
  return valid ? dated(groups, from, 3, groups.begins[from]!) : 0
}

function dated(groups: Groups, from: number, count: number, begin: number): number {
  const { text } = groups
  if (text.wants['date-of-birth'] && text.called('birth', begin)) return found(groups, 'date-of-birth', from, count, begin)
  return text.wants.date ? found(groups, 'date', from, count, begin) : 0
}

function card(groups: Groups, from: number): number {
  if (!groups.text.wants['credit-card']) return 0
  const [a, b, c] = [groups.length(from), groups.length(from + 1), groups.length(from + 2)]
  let count = 0
  if (a >= 13 && a <= 19) count = 1
  else if (a === 4 && b === 4 && c === 4 && groups.length(from + 3) === 4) count = groups.length(from + 4) === 3 ? 5 : 4
  else if (a === 4 && b === 6 && (c === 5 || c === 4)) count = 3
  if (count === 0 || !groups.joined(from, count, groups.separators[from]! === dash ? dash : blank) || !groups.free(from, count)) return 0
  const digits = groups.digits(from, count)
  // Numbers of these lengths are mostly something else.
  const rare = digits.length === 13 || digits.length > 16
  return creditCard(digits) && (!rare || groups.text.called('card', groups.begins[from]!)) ? found(groups, 'credit-card', from, count) : 0
}

function social(groups: Groups, from: number): number {
  const { text } = groups
  if (!text.wants.ssn) return 0
  const [a, b, c] = [groups.length(from), groups.length(from + 1), groups.length(from + 2)]
  const count = a === 9 ? 1 : a === 3 && b === 2 && c === 4 ? 3 : 0
  if (count === 0 || !groups.free(from, count) || !socialSecurity(groups.digits(from, count))) return 0
  const separator = groups.separators[from]!
  if (count === 3 && !groups.joined(from, 3, separator)) return 0
  const proven = count === 3 && separator === dash
  return proven || text.called('ssn', groups.begins[from]!) ? found(groups, 'ssn', from, count) : 0
}

function international(groups: Groups, from: number): number {
  const { text } = groups
  const begin = groups.begins[from]!
  if (!text.wants.phone || from > 0 || text.at(begin - 1) !== plus || isWord(text.at(begin - 2)) || text.at(begin) === 0x30) return 0
  const count = takenAsPhone(groups, from, 8, 15)
  return count === 0 ? 0 : found(groups, 'phone', from, count, begin - 1)
}

function american(groups: Groups, from: number): number {
  const { text } = groups
  if (!text.wants.phone) return 0
  const skip = groups.length(from) === 1 && text.at(groups.begins[from]!) === 0x31 ? 1 : 0
  const area = from + skip
  if (groups.length(area) !== 3 || groups.length(area + 1) !== 3 || groups.length(area + 2) !== 4) return 0
  if (!groups.free(from, skip + 3) || !northAmerican(groups.digits(area, 3))) return 0
  const [first, second] = [groups.separators[area]!, groups.separators[area + 1]!]
  if (first === slash || second === slash) return 0
  const begin = groups.begins[from]!
  const shaped = first === closing || second === dash || (first === dot && second === dot)
  if (!shaped && !text.called('phone', begin)) return 0
  return found(groups, 'phone', from, skip + 3, skip === 0 && first === closing && text.at(begin - 1) === opening ? begin - 1 : begin)
}

function zip(groups: Groups, from: number): number {
  const { text } = groups
  if (!text.wants.zip || groups.length(from) !== 5) return 0
  const count = groups.length(from + 1) === 4 && groups.joined(from, 2, dash) ? 2 : 1
  if (!groups.free(from, count)) return 0
  const begin = groups.begins[from]!
  const proven = count === 2 || text.called('zip', begin) || behindState(text, begin)
  return proven ? found(groups, 'zip', from, count) : 0
}

function behindState(text: Text, at: number): boolean {
  return text.at(at - 1) === blank && !isWord(text.at(at - 4)) && states.has(text.string(at - 3, at - 1))
}

const states = new Set(('AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD '
  + 'TN TX UT VT VA WA WV WI WY DC PR VI GU AS MP').split(' '))

/** What only its name tells, and how many digits it has at least. */
const calledKinds = [
  ['mrn', 'mrn', 5],
  ['account', 'account', 6],
  ['health-plan', 'health', 6],
  ['license', 'license', 5],
  ['device', 'device', 6]
] as const

function calledSo(groups: Groups, from: number): number {
  const { text } = groups
  let count = 1
  while (from + count < groups.count && groups.separators[from + count - 1] === dash) count++
  const begin = groups.begins[from]!
  const length = groups.ends[from + count - 1]! - begin
  if (length < 5 || length > maxDigits || !text.named(begin) || !groups.free(from, count)) return 0
  const digits = groups.digits(from, count)
  for (const [kind, name, least] of calledKinds) {
    if (!text.wants[kind] || digits.length < least || !text.called(name, begin)) continue
    // An IMEI says so itself.
    if (kind === 'device' && digits.length === 15 && !luhn(digits)) continue
    return found(groups, kind, from, count)
  }
  return 0
}

function calledPhone(groups: Groups, from: number): number {
  const { text } = groups
  const begin = groups.begins[from]!
  if (!text.wants.phone || !text.called('phone', begin)) return 0
  const count = takenAsPhone(groups, from, 7, 15)
  return count === 0 ? 0 : found(groups, 'phone', from, count, text.at(begin - 1) === opening ? begin - 1 : begin)
}

/** As many groups as make a number of that many digits. */
function takenAsPhone(groups: Groups, from: number, least: number, most: number): number {
  let count = 0
  for (let group = from, digits = groups.length(from); group < groups.count && digits <= most; digits += groups.length(++group)) {
    if (group > from && groups.separators[group - 1] === slash) break
    if (digits >= least && groups.free(from, group - from + 1)) count = group - from + 1
  }
  return count
}
