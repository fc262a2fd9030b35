// Masks that keep something of the value, each said in its comment. For columns that are the protected column unchanged; what is derived
// from one is redacted. Pure.
import { createHmac } from 'node:crypto'
import {
  largest,
  readBytea,
  readInteger,
  readText,
  readTime,
  readUuid,
  writeBytea,
  writeInteger,
  writeText,
  writeTime,
  writeUuid,
  yearOf,
  type CellType
} from './cell.ts'

/** @returns undefined for a value it cannot read, which is then redacted */
export type ValueMask = (value: Buffer) => Buffer | undefined

const ofText = (at: CellType, keep: 'begin' | 'end', mask: (text: string) => string | undefined): ValueMask | undefined =>
  at.family !== 'text'
    ? undefined
    : (value) => {
        const text = readText(value)
        const masked = text === undefined ? undefined : mask(text)
        return masked === undefined ? undefined : writeText(masked, at, keep)
      }

/** `123-45-6789` is `***6789`. Tells the last four characters; of a value shorter than eight nothing, since they would be most of it. */
export function last4(at: CellType): ValueMask | undefined {
  return ofText(at, 'end', (text) => {
    const characters = Array.from(text)
    return characters.length < 8 ? undefined : `***${characters.slice(-4).join('')}`
  })
}

const address = /^[^\s@]+@((?:[\p{L}\p{N}-]+\.)+\p{L}{2,})$/u

/** `ann@clinic.example` is `***@clinic.example`. Tells the domain, which may be a person's own, and that it is an address. */
export function domain(at: CellType): ValueMask | undefined {
  return ofText(at, 'end', (text) => {
    const found = address.exec(text)
    return found === null ? undefined : `***@${found[1]!}`
  })
}

/**
 * Areas of three ZIP digits in which at most 20,000 people live, by the censuses of 2000 and 2010; they become 000.
 * @see 45 CFR 164.514(b)(2)(i)(B); HHS, Guidance Regarding Methods for De-identification of Protected Health Information
 */
const smallAreas = new Set([
  '036',
  '059',
  '063',
  '102',
  '202',
  '203',
  '204',
  '205',
  '369',
  '556',
  '692',
  '753',
  '772',
  '790',
  '821',
  '823',
  '830',
  '831',
  '878',
  '879',
  '884',
  '890',
  '893'
])

/** `02139-4307` is `021`. Tells the area; equal areas look equal and sort as they do. */
export function zip3(at: CellType): ValueMask | undefined {
  return ofText(at, 'begin', (text) => {
    const area = /^(\d{3})\d\d(?:-?\d{4})?$/.exec(text)?.[1]
    return area === undefined ? undefined : smallAreas.has(area) ? '000' : area
  })
}

/** Ages up to 89 as they are, above that 90: 45 CFR 164.514(b)(2)(i)(C). Tells everything about the young, and order. */
export function age90(at: CellType): ValueMask | undefined {
  if (at.family !== 'integer') return undefined
  return (value) => {
    const age = readInteger(value, at)
    return age === undefined ? undefined : writeInteger(age > 89n ? 90n : age, at)
  }
}

/**
 * January 1st of the year, at midnight: 45 CFR 164.514(b)(2)(i)(C). Tells the year, and order by it. Somebody born 90 years ago or earlier
 * may be over 89, so those years are one. The year of a time with a zone is that of UTC.
 */
export function year(at: CellType, currentYear: number): ValueMask | undefined {
  if (at.family !== 'date' && at.family !== 'timestamp' && at.family !== 'timestamptz') return undefined
  return (value) => {
    const time = readTime(value, at)
    return time === undefined ? undefined : writeTime(Date.UTC(Math.max(yearOf(time), currentYear - 90), 0, 1), at)
  }
}

/** HMAC-SHA-256 of a value, for one purpose, so that a hash says nothing about a fake. */
export function keyed(key: Uint8Array, purpose: string, value: string | Uint8Array): Buffer {
  return createHmac('sha256', key).update(`${purpose}\0`).update(value).digest()
}

/**
 * A keyed hash: 32 hex digits of text (cut to the column), a random-looking uuid (version 8), 16 bytes of a bytea, a number from 0 to the
 * type's largest. Tells equality: equal values are equal wherever the key is the same, so joins by them work; numbers and short columns
 * may collide. Who has the key can find a value by guessing.
 */
export function hash(at: CellType, key: Uint8Array): ValueMask | undefined {
  switch (at.family) {
    case 'text': return ofText(at, 'begin', (text) => keyed(key, 'hash', text).toString('hex', 0, 16))
    case 'integer': return (value) => {
      const integer = readInteger(value, at)
      return integer === undefined ? undefined : writeInteger(keyed(key, 'hash', integer.toString()).readBigUInt64BE() & largest(at), at)
    }
    case 'uuid': return (value) => {
      const uuid = readUuid(value, at)
      return uuid === undefined ? undefined : writeUuid(madeUuid(keyed(key, 'hash', uuid)), at)
    }
    case 'bytea': return (value) => {
      const bytes = readBytea(value, at)
      return bytes === undefined ? undefined : writeBytea(keyed(key, 'hash', bytes).subarray(0, 16), at)
    }
    default: return undefined
  }
}

/** Sixteen of the bytes as a UUID of a maker's own kind (RFC 9562 section 5.8). */
export function madeUuid(bytes: Buffer): Buffer {
  const uuid = Buffer.from(bytes.subarray(0, 16))
  uuid[6] = (uuid[6]! & 0x0f) | 0x80
  uuid[8] = (uuid[8]! & 0x3f) | 0x80
  return uuid
}
