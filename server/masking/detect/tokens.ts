// Words with letters and digits, addresses of mail and of the network: found by one byte, read in both directions. Pure.
import { beneficiary, iban, ibanLength, ipv6, prescriber, vehicle } from './checksums.ts'
import { isHex, isLetter, isWord, type Text } from './hits.ts'

const [blank, apostrophe, dash, dot, slash, colon] = [0x20, 0x27, 0x2d, 0x2e, 0x2f, 0x3a] as const
const [backslash, underscore] = [0x5c, 0x5f] as const
const maxLocal = 64
const maxDomain = 255
const maxWord = 40

/** Looks at the word around the digit at `at`, which has letters, too. @returns its end; undefined: it has none */
export function wordAt(text: Text, at: number): number | undefined {
  let begin = at
  while (begin > at - maxWord && isWord(text.at(begin - 1))) begin--
  // In JSON and the like, \n is no letter.
  if (begin < at && text.at(begin - 1) === backslash) begin++
  let end = at
  while (isWord(text.at(end))) end++
  if (!hasLetter(text, begin, end)) return undefined
  if (end - begin > maxWord || text.at(begin - 1) === underscore || text.at(end) === underscore) return end
  const { wants } = text
  switch (end - begin) {
    case 4: return (wants.iban || wants['health-plan'] ? grouped(text, begin, end) : undefined) ?? end
    case 9: if (wants.license && prescriber(text.string(begin, end))) text.hit('license', begin, end); break
    case 11: if (wants['health-plan'] && beneficiary(text.string(begin, end))) text.hit('health-plan', begin, end); break
    case 17: if (wants.vin && vehicle(text.string(begin, end))) text.hit('vin', begin, end); break
    default:
  }
  if (wants.iban && end - begin >= 15 && isLetter(text.at(begin)) && isIban(text.string(begin, end))) text.hit('iban', begin, end)
  if (text.named(begin)) calledSo(text, begin, end)
  return end
}

function hasLetter(text: Text, begin: number, end: number): boolean {
  for (let at = begin; at < end; at++) if (isLetter(text.at(at))) return true
  return false
}

/** Written in groups: `DE89 3704 0044 0532 0130 00`, `1EG4-TE5-MK73`. */
function grouped(text: Text, begin: number, end: number): number | undefined {
  const word = text.string(begin, end)
  if (text.wants.iban && /^[A-Z]{2}\d\d$/.test(word)) {
    const length = ibanLength(word.slice(0, 2))
    const all = length === undefined ? undefined : gathered(text, begin, length, blank)
    if (all !== undefined && iban(all.word)) {
      text.hit('iban', begin, all.end)
      return all.end
    }
  }
  if (text.wants['health-plan'] && /^[1-9][A-Z][0-9A-Z]\d$/.test(word)) {
    const all = gathered(text, begin, 11, dash)
    if (all !== undefined && beneficiary(all.word)) {
      text.hit('health-plan', begin, all.end)
      return all.end
    }
  }
  return undefined
}

/** That many letters and digits, with single separators between. */
function gathered(text: Text, begin: number, length: number, separator: number): { word: string, end: number } | undefined {
  let word = ''
  let at = begin
  for (; word.length < length; at++) {
    const byte = text.at(at)
    if (isWord(byte)) word += String.fromCharCode(byte)
    else if (byte !== separator || !isWord(text.at(at + 1))) return undefined
  }
  return isWord(text.at(at)) ? undefined : { word, end: at }
}

function isIban(word: string): boolean {
  return /^[A-Z]{2}\d\d/.test(word) && ibanLength(word.slice(0, 2)) === word.length && iban(word)
}

/** What only its name tells, if it is mostly digits. */
function calledSo(text: Text, begin: number, end: number): void {
  if (text.hits.at(-1)?.end === end) return
  const word = text.string(begin, end)
  if (!/^[A-Z]{0,4}\d{4,14}[A-Z]{0,2}$/i.test(word) || word.length < 6) return
  for (const [kind, name] of [['mrn', 'mrn'], ['health-plan', 'health'], ['license', 'license'], ['account', 'account'], ['device', 'device']] as const) {
    if (text.wants[kind] && text.called(name, begin)) { text.hit(kind, begin, end); return }
  }
}

/** @param at of an at sign. @returns where to go on */
export function mailAt(text: Text, at: number): number {
  let begin = at
  while (begin > at - maxLocal && isLocal(text.at(begin - 1))) begin--
  // The letter of an escape is not the address's.
  if (begin < at && text.at(begin - 1) === backslash) begin++
  while (begin < at && (text.at(begin) === dot || text.at(begin) === dash || text.at(begin) === apostrophe)) begin++
  let end = at + 1
  while (end < at + maxDomain && isHost(text.at(end))) end++
  while (end > at + 1 && !isWord(text.at(end - 1)) && text.at(end - 1) < 0x80) end--
  if (begin === at || !isHostName(text, at + 1, end)) return at + 1
  text.hit('email', begin, end)
  return end
}

/** With a top-level domain of two letters or more. */
function isHostName(text: Text, begin: number, end: number): boolean {
  let last = end - 1
  while (last >= begin && (isLetter(text.at(last)) || text.at(last) >= 0x80)) last--
  // Encoded: xn--p1ai.
  if (text.at(last) !== dot) return /\.xn--[a-z\d-]+$/i.test(text.string(begin, end))
  if (last === begin || end - last < 3) return false
  for (let at = begin; at < last; at++) if (text.at(at) === dot && (at === begin || text.at(at + 1) === dot)) return false
  return true
}

function isLocal(byte: number): boolean {
  return isWord(byte) || byte >= 0x80 || localMarks[byte] === 1
}

/** Of those that may stand there, the ones that do not more often stand around an address. */
const localMarks = new Uint8Array(256)
for (const mark of '.!#$%\'*+?^_~-') localMarks[mark.charCodeAt(0)] = 1

function isHost(byte: number): boolean {
  return isWord(byte) || byte === dot || byte === dash || byte >= 0x80
}

/** @param at of a colon: of an address with a scheme, of IPv6, of a device. @returns where to go on */
export function colonAt(text: Text, at: number): number {
  const next = text.at(at + 1)
  if (text.wants.url && (next === slash || (next === backslash && text.at(at + 2) === slash))) return schemeAt(text, at)
  if (next !== colon && (!isHex(next) || !isHex(text.at(at - 1)))) return at + 1
  let begin = at
  while (begin > at - maxWord && (isHex(text.at(begin - 1)) || text.at(begin - 1) === colon)) begin--
  let end = begin
  let colons = 0
  let doubled = false
  for (; end < begin + maxWord * 2 && (isHex(text.at(end)) || text.at(end) === colon); end++) {
    if (text.at(end) !== colon) continue
    colons++
    doubled ||= text.at(end + 1) === colon
  }
  // A last colon is punctuation.
  if (end > begin && text.at(end - 1) === colon && text.at(end - 2) !== colon) { end--; colons-- }
  // Times have two. The digits behind one colon may be anything else.
  if (!doubled && colons !== 7 && colons !== 5) return at + 1
  if (isWord(text.at(begin - 1)) || isWord(text.at(end)) || text.at(begin - 1) === underscore) return at + 1
  const kind = kindOf(text, text.string(begin, end))
  if (kind === undefined) return at + 1
  text.hit(kind, begin, end)
  return Math.max(end, at + 1)
}

function kindOf({ wants }: Text, word: string): 'device' | 'ip' | undefined {
  if (wants.device && /^(?:[\da-f]{2}:){5}[\da-f]{2}$/i.test(word) && !/^(?:(?:00:){5}00|(?:ff:){5}ff)$/i.test(word)) return 'device'
  return wants.ip && /\d/.test(word) && word.split(/:+/).filter((group) => group !== '').length > 2 && ipv6(word) ? 'ip' : undefined
}

function schemeAt(text: Text, at: number): number {
  let begin = at
  while (begin > at - 20 && isLetter(text.at(begin - 1))) begin--
  if (begin < at && text.at(begin - 1) === backslash) begin++
  const slashes = text.at(at + 1) === slash ? 1 : 2
  const twice = text.at(at + 1 + slashes) === slash || (text.at(at + 1 + slashes) === backslash && text.at(at + 2 + slashes) === slash)
  if (at - begin < 2 || !twice) return at + 1
  return addressFrom(text, begin, at + 1 + slashes * 2)
}

/** @param at of a dot, perhaps behind `www`. @returns where to go on */
export function dotAt(text: Text, at: number): number {
  if ((text.at(at - 1) | 0x20) !== 0x77 || !/^www$/i.test(text.string(at - 3, at)) || isWord(text.at(at - 4)) || !isWord(text.at(at + 1))) return at + 1
  return addressFrom(text, at - 3, at + 1)
}

/** Names of vocabularies and formats are written as addresses and identify nobody. */
const vocabulary = /^(?:[a-z]+\.)*(?:w3\.org|hl7\.org|loinc\.org|snomed\.info|unitsofmeasure\.org|nucc\.org|schema\.org|json-schema\.org|schemas\.[a-z]+\.(?:org|com))(?![a-z0-9.-])/i

const endsAddress = new Uint8Array(256).fill(1, 0, blank + 1)
for (const mark of '"<>\\^`{|}\x7f') endsAddress[mark.charCodeAt(0)] = 1
/** Of a sentence rather than of the address. */
const trailing = new Set(Array.from('.,;:!?)]\'', (mark) => mark.charCodeAt(0)))

function addressFrom(text: Text, begin: number, hostAt: number): number {
  let end = hostAt
  while (endsAddress[text.at(end)] === 0 || (text.at(end) === backslash && text.at(end + 1) === slash)) end++
  while (end > hostAt && trailing.has(text.at(end - 1))) end--
  if (end === hostAt || vocabulary.test(text.string(hostAt, Math.min(end, hostAt + 60)))) return Math.max(end, hostAt)
  text.hit('url', begin, end)
  return end
}
