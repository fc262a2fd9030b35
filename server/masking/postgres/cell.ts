// Reads and writes the values that masks with a meaning look at, as text and binary, so that a mask gives the same either way. Pure.
import { isUtf8 } from 'node:buffer'
import { oids, type Family } from './types.ts'

/** Where a value stands: its type, and the format it is sent in. */
export interface CellType {
  readonly family: Family
  readonly type: number
  /** 0 text, 1 binary. */
  readonly format: 0 | 1
  /** Of varchar(n) and char(n). */
  readonly maxCharacters?: number | undefined
}

/** Text types are sent alike in both formats. Blanks at the end, which char(n) is filled with, are not part of it. Undefined: not UTF-8. */
export function readText(value: Buffer): string | undefined {
  return isUtf8(value) ? value.toString().replace(/ +$/, '') : undefined
}

/** Cut to what the column can hold, from the end or, where the end is what matters, from the beginning. */
export function writeText(text: string, { maxCharacters }: CellType, keep: 'begin' | 'end' = 'begin'): Buffer {
  if (maxCharacters === undefined || text.length <= maxCharacters) return Buffer.from(text)
  const characters = Array.from(text)
  return Buffer.from((keep === 'begin' ? characters.slice(0, maxCharacters) : characters.slice(-maxCharacters)).join(''))
}

const widths: Readonly<Record<number, number>> = { [oids.int2]: 2, [oids.int4]: 4, [oids.int8]: 8 }

/** Largest value of int2, int4 or int8. */
export const largest = ({ type }: CellType): bigint => (1n << BigInt(widths[type]! * 8 - 1)) - 1n

export function readInteger(value: Buffer, { type, format }: CellType): bigint | undefined {
  if (format === 0) {
    const text = value.toString('latin1')
    return /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined
  }
  if (value.length !== widths[type]) return undefined
  return value.length === 8 ? value.readBigInt64BE() : BigInt(value.readIntBE(0, value.length))
}

export function writeInteger(integer: bigint, { type, format }: CellType): Buffer {
  if (format === 0) return Buffer.from(integer.toString())
  const bytes = Buffer.alloc(widths[type]!)
  if (bytes.length === 8) bytes.writeBigInt64BE(integer)
  else bytes.writeIntBE(Number(integer), 0, bytes.length)
  return bytes
}

const epochSeconds = Date.UTC(2000, 0, 1) / 1000
const daySeconds = 86_400

/** Years 1 to 9999 only, so that four digits are enough. */
const timePattern = /^(\d{4})-(\d\d)-(\d\d)(?: (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?(?:([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?)?$/

/**
 * A date or timestamp as microseconds since 2000-01-01, UTC; a text with a zone is brought to UTC, as the binary form is.
 * @returns undefined for infinity, years before 1 and after 9999, and text of any other DateStyle than ISO
 */
export function readTime(value: Buffer, { family, format }: CellType): bigint | undefined {
  if (format === 1) {
    if (value.length !== (family === 'date' ? 4 : 8)) return undefined
    return inRange(family === 'date' ? BigInt(value.readInt32BE()) * BigInt(daySeconds) * 1_000_000n : value.readBigInt64BE())
  }
  const found = timePattern.exec(value.toString('latin1'))
  if (found === null) return undefined
  const [, years, months, days, hours = '0', minutes = '0', seconds = '0', fraction = '', sign, ...zone] = found
  const at = new Date(0)
  at.setUTCFullYear(Number(years), Number(months) - 1, Number(days))
  at.setUTCHours(Number(hours), Number(minutes), Number(seconds))
  const [zoneHours = 0, zoneMinutes = 0, zoneSeconds = 0] = zone.map((part) => Number(part ?? 0))
  const offset = (zoneHours * 3600 + zoneMinutes * 60 + zoneSeconds) * (sign === '-' ? -1 : 1)
  return inRange(BigInt(at.getTime() / 1000 - epochSeconds - offset) * 1_000_000n + BigInt(fraction.padEnd(6, '0')))
}

/** The year of such a time. */
export function yearOf(microseconds: bigint): number {
  // Rounded down, which division of bigints is not for negative ones.
  const seconds = microseconds / 1_000_000n - (microseconds % 1_000_000n < 0n ? 1n : 0n)
  return new Date((Number(seconds) + epochSeconds) * 1000).getUTCFullYear()
}

function inRange(microseconds: bigint): bigint | undefined {
  return microseconds >= firstTime && microseconds < lastTime ? microseconds : undefined
}

const firstTime = BigInt(Date.parse('0001-01-01T00:00:00Z') / 1000 - epochSeconds) * 1_000_000n
const lastTime = BigInt(Date.parse('+010000-01-01T00:00:00Z') / 1000 - epochSeconds) * 1_000_000n

/** @param milliseconds since 1970, UTC; of a date, its midnight */
export function writeTime(milliseconds: number, { family, format }: CellType): Buffer {
  if (format === 0) {
    const iso = new Date(milliseconds).toISOString()
    if (family === 'date') return Buffer.from(iso.slice(0, 10))
    // Always UTC: the zone a server shows tells summer from winter.
    return Buffer.from(`${iso.slice(0, 10)} ${iso.slice(11, 19)}${family === 'timestamptz' ? '+00' : ''}`)
  }
  const seconds = milliseconds / 1000 - epochSeconds
  const bytes = Buffer.alloc(family === 'date' ? 4 : 8)
  if (family === 'date') bytes.writeInt32BE(Math.floor(seconds / daySeconds))
  else bytes.writeBigInt64BE(BigInt(seconds) * 1_000_000n)
  return bytes
}

/** Sixteen bytes. */
export function readUuid(value: Buffer, { format }: CellType): Buffer | undefined {
  const bytes = format === 1 ? value : Buffer.from(value.toString('latin1').replaceAll('-', ''), 'hex')
  return bytes.length === 16 ? bytes : undefined
}

export function writeUuid(bytes: Buffer, { format }: CellType): Buffer {
  if (format === 1) return bytes
  const hex = bytes.toString('hex')
  return Buffer.from([hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-'))
}

/** Text must be of bytea_output `hex`. */
export function readBytea(value: Buffer, { format }: CellType): Buffer | undefined {
  if (format === 1) return value
  const text = value.toString('latin1')
  return /^\\x(?:[0-9a-f]{2})*$/.test(text) ? Buffer.from(text.slice(2), 'hex') : undefined
}

export function writeBytea(bytes: Buffer, { format }: CellType): Buffer {
  return format === 1 ? bytes : Buffer.from(`\\x${bytes.toString('hex')}`)
}
