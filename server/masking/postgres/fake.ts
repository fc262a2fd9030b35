// Stand-ins that look like the real thing: the same value always becomes the same one, drawn from a keyed stream. Pure.
import { readInteger, readText, readTime, readUuid, largest, writeInteger, writeText, writeTime, writeUuid, type CellType } from './cell.ts'
import { keyed, madeUuid, type ValueMask } from './meaning.ts'

/**
 * Tells equality and the shape of the value: of text whether it is an e-mail address, SSN, phone number, date or name, how many words and
 * in what case, or where its letters, digits and punctuation stand; of integers sign and number of digits; of dates nothing more.
 * Addresses are at example.com, SSNs are of an area never given out, phone numbers are 555-01xx, so that nobody's own is hit.
 */
export function fake(at: CellType, key: Uint8Array): ValueMask | undefined {
  const stream = (value: string | Buffer) => new Stream(key, value)
  switch (at.family) {
    case 'text': return (value) => {
      const text = readText(value)
      return text === undefined ? undefined : writeText(fakeText(text, stream(text)), at)
    }
    case 'integer': return (value) => {
      const integer = readInteger(value, at)
      return integer === undefined ? undefined : writeInteger(fakeInteger(integer, largest(at), stream(integer.toString())), at)
    }
    case 'date': case 'timestamp': case 'timestamptz': return (value) => {
      const time = readTime(value, at)
      return time === undefined ? undefined : writeTime(fakeTime(stream(time.toString()), at.family !== 'date'), at)
    }
    case 'uuid': return (value) => {
      const uuid = readUuid(value, at)
      return uuid === undefined ? undefined : writeUuid(madeUuid(keyed(key, 'fake', uuid)), at)
    }
    default: return undefined
  }
}

/** Numbers that follow from the key and the value alone. */
class Stream {
  readonly #key: Uint8Array
  readonly #value: string | Buffer
  #block: Buffer = Buffer.alloc(0)
  #blocks = 0
  #at = 0

  constructor(key: Uint8Array, value: string | Buffer) {
    this.#key = key
    this.#value = value
  }

  /** From 0 to below `count`, which is far below 2^32. */
  below(count: number): number {
    if (this.#at === this.#block.length) {
      this.#block = keyed(this.#key, `fake ${this.#blocks++}`, this.#value)
      this.#at = 0
    }
    this.#at += 4
    return this.#block.readUInt32BE(this.#at - 4) % count
  }

  one<T>(of: readonly T[]): T { return of[this.below(of.length)]! }
  digit(): string { return String(this.below(10)) }
  letter(): string { return String.fromCharCode(97 + this.below(26)) }
}

const emailPattern = /^[^\s@]+@[^\s@]+$/
const ssnPattern = /^\d{3}([- ]?)\d\d\1\d{4}$/
const datePattern = /^\d{4}-\d\d-\d\d$/
const phonePattern = /^(?=(?:\D*\d){10,15}\D*$)\+?[\d() ./-]+$/
const namePattern = /^[\p{L}\p{M} .,'’-]*\p{L}[\p{L}\p{M} .,'’-]*$/u
const wordPattern = /[\p{L}\p{M}]+/gu

function fakeText(text: string, stream: Stream): string {
  if (emailPattern.test(text)) return fakeEmail(stream)
  const ssn = ssnPattern.exec(text)
  if (ssn !== null) return fakeSsn(ssn[1]!, stream)
  if (datePattern.test(text)) return new Date(fakeTime(stream, false)).toISOString().slice(0, 10)
  if (phonePattern.test(text)) return fakePhone(text, stream)
  if (namePattern.test(text)) return fakeName(text, stream)
  return fakeCharacters(text, stream)
}

function fakeEmail(stream: Stream): string {
  const name = `${stream.one(given)}.${stream.one(family)}${stream.digit()}${stream.digit()}`.toLowerCase()
  return `${name}@example.${stream.one(['com', 'net', 'org'])}`
}

/** Areas from 900 on are not given to anybody, and with these groups they are no taxpayer numbers either. */
function fakeSsn(separator: string, stream: Stream): string {
  const digits = (count: number) => Array.from({ length: count }, () => stream.digit()).join('')
  return `9${digits(2)}${separator}0${1 + stream.below(9)}${separator}${digits(4)}`
}

function fakePhone(text: string, stream: Stream): string {
  const count = text.replace(/\D/g, '').length
  let at = 0
  return text.replace(/\d/g, () => {
    const left = count - at++
    if (left <= 2) return stream.digit()
    if (left <= 4) return left === 4 ? '0' : '1'
    return left <= 7 ? '5' : String(2 + stream.below(8))
  })
}

/** Word by word, the last one a family name; initials stay initials. */
function fakeName(text: string, stream: Stream): string {
  const count = text.match(wordPattern)!.length
  let at = 0
  return text.replace(wordPattern, (word) => {
    const last = ++at === count && count > 1
    const name = Array.from(word).length === 1 ? stream.letter().toUpperCase() : stream.one(last ? family : given)
    if (word === word.toLowerCase()) return name.toLowerCase()
    return word === word.toUpperCase() ? name.toUpperCase() : name
  })
}

/** Digits become digits, letters become letters of the same case; of the rest only ASCII punctuation and blanks stay. */
function fakeCharacters(text: string, stream: Stream): string {
  return Array.from(text, (character) => {
    if (/\p{N}/u.test(character)) return stream.digit()
    if (/\p{L}/u.test(character)) return /\p{Lu}/u.test(character) ? stream.letter().toUpperCase() : stream.letter()
    return /[\s!-/:-@[-`{-~]/.test(character) ? character : '*'
  }).join('')
}

function fakeInteger(integer: bigint, max: bigint, stream: Stream): bigint {
  const digits = (integer < 0n ? -integer : integer).toString().length
  const from = digits === 1 ? 0n : 10n ** BigInt(digits - 1)
  const to = 10n ** BigInt(digits) - 1n < max ? 10n ** BigInt(digits) - 1n : max
  const wide = (BigInt(stream.below(2 ** 31)) << 31n) | BigInt(stream.below(2 ** 31))
  const drawn = from + wide % (to - from + 1n)
  return integer < 0n ? -drawn : drawn
}

const firstDay = Date.UTC(1940, 0, 1)
const days = (Date.UTC(2010, 0, 1) - firstDay) / 86_400_000

/** Milliseconds since 1970 of a day from 1940 to 2009. */
function fakeTime(stream: Stream, withTime: boolean): number {
  return firstDay + stream.below(days) * 86_400_000 + (withTime ? stream.below(86_400) * 1000 : 0)
}

const given = words(`
  Ada Alma Amir Anton Bela Carla Chen Clara Daria Diego Elena Emil Erik Fatima Felix Flora Greta Hana Hugo Ida
  Igor Ines Ivan Jana Jonas Karim Kira Lars Lena Leo Lina Luis Maja Marta Mateo Mina Nadia Nils Nora Olga Omar
  Oskar Paula Pavel Petra Rafael Rosa Ruben Samir Sara Selma Simon Sofia Stella Tariq Teo Thea Tomas Vera Viktor
  Wanda Yara Yusuf Zoe
`)

const family = words(`
  Abel Adler Alvarez Andersen Arslan Bauer Becker Berg Bianchi Blanc Castro Cohen Costa Dahl Diaz Dubois Eriksen
  Fischer Fontana Frank Garcia Haddad Hansen Hoffmann Horvat Ito Ivanov Jansen Keller Khan Kim Klein Koch Kovacs
  Lang Larsen Laurent Lopez Marino Martin Mendes Meyer Moreau Nakamura Nguyen Nowak Olsen Ortiz Park Patel
  Petrov Popescu Reyes Ricci Rossi Santos Sato Silva Singh Sousa Tanaka Torres Weber Wolf
`)

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/)
}
