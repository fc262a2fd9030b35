// What a masked cell becomes: a constant of its type, or what a mask with a meaning makes of it. Pure.
import { age90, domain, hash, last4, year, zip3, type ValueMask } from './meaning.ts'
import { fake } from './fake.ts'
import { elementTypes, oids, typeConstants } from './types.ts'

/**
 * Each mask, the types it fits, and what it tells of the value besides whether it is NULL. On any other type, and for a value that it
 * cannot read, a mask is `redact`.
 *   redact  every type; nothing. NULL where the column may be NULL, else a constant of the type; `***` for text in either case
 *   null    every type; nothing, NULL even in a NOT NULL column
 *   last4   text; the last four characters, and whether it has at least eight, which is when they are shown
 *   domain  text; the domain of an e-mail address, and whether it is one
 *   hash    text, integers, uuid, bytea; equality. Whoever holds the key can test guesses
 *   fake    text, integers, date, timestamps, uuid; equality, and the shape: e-mail, SSN, phone, date, words of a name and their case,
 *           number of digits; of other text length, punctuation and the place of letters and digits
 *   year    date, timestamps; the year, hence equality and order by year; years of people who may be 90 are one
 *   zip3    text; the first three digits of a ZIP code, unless so few people live there that they tell too much
 *   age90   integers; everything up to 89, hence order
 */
export type MaskName = 'redact' | 'null' | 'last4' | 'domain' | 'hash' | 'fake' | 'year' | 'zip3' | 'age90'

export interface MaskedColumn {
  /** As RowDescription says it: domains arrive as their base type. */
  readonly type: number
  /** As pg_attribute.atttypmod; -1: none. */
  readonly typeModifier: number
  readonly nullable: boolean
  /** Of an array type: the element's type. May be absent for built-in arrays. */
  readonly arrayOf?: number
  /** As pg_type.typtype, for types that people made. */
  readonly kind?: string
}

export interface MaskOptions {
  /** NULLs are masked like values. Where a mask has a meaning they still differ from most values: only `redact` and `null` hide them. */
  readonly hideNulls?: boolean
  /** Of `hash` and `fake`: at least 32 secret bytes, of this target and version. */
  readonly key?: Uint8Array
  /** Of `year`: the current one. */
  readonly currentYear?: number
}

/** What a cell becomes, in the format its column is sent in. Buffers are shared between rows; nobody writes into them. */
export interface CellMask {
  /** In the place of every value, or of those that `of` cannot read; null is SQL NULL. */
  readonly constant: Buffer | null
  /** In the place of NULL. */
  readonly whenNull: Buffer | null
  /** @returns undefined for a value it cannot read; never keeps `value`, but may return it: then it passes as it is */
  readonly of?: ValueMask
  /** Longest value that `of` reads; without, `maxReadBytes`. */
  readonly readUpTo?: number
  /** Longer ones pass as they are, instead of becoming the constant. */
  readonly passLarger?: boolean
}

/** Longer values are not read, unless the mask says so: they become the constant. */
export const maxReadBytes = 64 * 1024

/** @param format 0 text, 1 binary. @throws Error for a mask without the key or year it needs, which must not be reached */
export function maskFor(mask: MaskName, column: MaskedColumn, format: 0 | 1, options: MaskOptions = {}): CellMask {
  if (mask === 'null') return { constant: null, whenNull: null }
  const constant = constantOf(column, format)
  const whenNull = options.hideNulls === true ? constant : null
  const of = meaningOf(mask, column, format, options)
  return of === undefined ? { constant, whenNull } : { constant, whenNull, of }
}

function meaningOf(mask: MaskName, column: MaskedColumn, format: 0 | 1, options: MaskOptions): ValueMask | undefined {
  // Arrays and types that people made have no family, even where their OID stands in the table of built-in ones.
  const family = column.arrayOf === undefined ? typeConstants.get(column.type)?.family : undefined
  if (family === undefined) return undefined
  const at = { family, type: column.type, format, maxCharacters: maxCharacters(column) }
  switch (mask) {
    case 'last4': return last4(at)
    case 'domain': return domain(at)
    case 'zip3': return zip3(at)
    case 'age90': return age90(at)
    case 'hash': return hash(at, secret(options.key, mask))
    case 'fake': return fake(at, secret(options.key, mask))
    case 'year': return year(at, needed(options.currentYear, mask))
    default: return undefined
  }
}

function secret(key: Uint8Array | undefined, mask: MaskName): Uint8Array {
  const given = needed(key, mask)
  // A short key is found by trying, and with it every value.
  if (given.length < 32) throw new Error(`the mask "${mask}" was given a key of ${given.length} bytes`)
  return given
}

function needed<T>(option: T | undefined, mask: MaskName): T {
  if (option === undefined) throw new Error(`the mask "${mask}" was given no key or year`)
  return option
}

/** A constant of the type, or NULL. */
function constantOf(column: MaskedColumn, format: 0 | 1): Buffer | null {
  const { type, nullable, kind } = column
  const element = column.arrayOf ?? elementTypes.get(type)
  if (element !== undefined) return nullable ? null : emptyArray(element, format)
  if (kind === 'r' || kind === 'm') return nullable ? null : emptyRange(kind, format)
  const found = typeConstants.get(type)
  if (found?.text === undefined || found.binary === undefined || (nullable && found.always !== true)) return null
  const limit = maxCharacters(column)
  if (limit !== undefined && limit < found.text.length) return Buffer.from(found.text.slice(0, limit))
  if (type === oids.bit && column.typeModifier > 0 && column.typeModifier <= maxZeroBits) return zeroBits(column.typeModifier, format)
  return format === 0 ? Buffer.from(found.text) : Buffer.from(found.binary, 'hex')
}

/** Of varchar(n) and char(n). Their modifier counts the length word of the stored value, four bytes. */
export function maxCharacters({ type, typeModifier }: Pick<MaskedColumn, 'type' | 'typeModifier'>): number | undefined {
  return (type === oids.varchar || type === oids.bpchar) && typeModifier >= 4 ? typeModifier - 4 : undefined
}

/**
 *   dimensions  int32, 0
 *   flags       int32, 0: no NULLs
 *   element     int32, OID
 */
function emptyArray(element: number, format: 0 | 1): Buffer {
  if (format === 0) return Buffer.from('{}')
  const bytes = Buffer.alloc(12)
  bytes.writeUInt32BE(element, 8)
  return bytes
}

/** A range's flags say that it is empty; a multirange counts its ranges, int32. */
function emptyRange(kind: 'r' | 'm', format: 0 | 1): Buffer {
  if (kind === 'r') return format === 0 ? Buffer.from('empty') : Buffer.of(1)
  return format === 0 ? Buffer.from('{}') : Buffer.alloc(4)
}

/** A longer bit(n) is empty instead: it would be sent for every row. */
const maxZeroBits = 1024

/** bit(n) is always n long: int32 count, then the bits. */
function zeroBits(count: number, format: 0 | 1): Buffer {
  if (format === 0) return Buffer.from('0'.repeat(count))
  const bytes = Buffer.alloc(4 + Math.ceil(count / 8))
  bytes.writeInt32BE(count)
  return bytes
}
