// A value of a result as text, for a recording. Pure. The binary forms of the types that drivers ask for in binary are read as their send
// functions write them; any other is `\x` and its bytes in hex.
// Source: PostgreSQL docs, Data Types; src/backend/utils/adt, the ..._send functions.

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** By type OID; each throws for bytes that are no value of the type. */
const readers: Readonly<Record<number, (bytes: Buffer) => string>> = {
  // text, varchar, bpchar, name, xml, char, unknown, json
  ...Object.fromEntries([25, 1043, 1042, 19, 142, 18, 705, 114].map((oid) => [oid, (bytes: Buffer) => utf8.decode(bytes)])),
  // jsonb: a version byte in front
  3802: (bytes) => bytes[0] === 1 ? utf8.decode(bytes.subarray(1)) : unread(),
  // bool
  16: (bytes) => of(bytes, 1)[0] === 0 ? 'f' : 't',
  // int2, int4, int8, oid
  21: (bytes) => String(of(bytes, 2).readInt16BE()),
  23: (bytes) => String(of(bytes, 4).readInt32BE()),
  20: (bytes) => String(of(bytes, 8).readBigInt64BE()),
  26: (bytes) => String(of(bytes, 4).readUInt32BE()),
  // float4, float8
  700: (bytes) => float(of(bytes, 4).readFloatBE(), Math.fround),
  701: (bytes) => float(of(bytes, 8).readDoubleBE(), Number),
  // numeric
  1700: numeric,
  // uuid
  2950: (bytes) => of(bytes, 16).toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
  // date: days since 2000-01-01; timestamp, timestamptz: microseconds since then
  1082: (bytes) => date(of(bytes, 4).readInt32BE()),
  1114: (bytes) => time(of(bytes, 8).readBigInt64BE()),
  1184: (bytes) => time(of(bytes, 8).readBigInt64BE(), '+00')
}

/** @param type 0: not known @param format 0 text, 1 binary */
export function shownValue(bytes: Buffer, type: number, format: number): string {
  const read = format === 0 ? readers[25] : readers[type]
  try {
    if (read !== undefined) return read(bytes)
  } catch { /* Then its bytes are what there is to show. */ }
  return `\\x${bytes.toString('hex')}`
}

function of(bytes: Buffer, length: number): Buffer {
  return bytes.length === length ? bytes : unread()
}

function unread(): never {
  throw new RangeError('not a value of its type')
}

/** As the server writes them: the shortest digits that are read as the same number again. */
function float(value: number, round: (value: number) => number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity'
  if (Object.is(value, -0)) return '-0'
  for (let digits = 1; digits < 17; digits++) {
    const short = Number(value.toPrecision(digits))
    if (round(short) === value) return String(short)
  }
  return String(value)
}

/**
 *   ndigits  int16, base 10,000
 *   weight   int16, of the first digit
 *   sign     uint16: 0 plus, 4000 minus, C000 NaN, D000 and F000 the infinities
 *   dscale   uint16, decimals shown
 *   digits   int16 each
 */
function numeric(bytes: Buffer): string {
  const count = bytes.readInt16BE(0)
  const [weight, sign, scale] = [bytes.readInt16BE(2), bytes.readUInt16BE(4), bytes.readUInt16BE(6)]
  const special = { 0xc000: 'NaN', 0xd000: 'Infinity', 0xf000: '-Infinity' }[sign]
  if (special !== undefined) return special
  of(bytes, 8 + 2 * count)
  const group = (index: number) => index < 0 || index >= count ? '0000' : String(bytes.readInt16BE(8 + 2 * index)).padStart(4, '0')
  const whole = Array.from({ length: Math.max(0, weight + 1) }, (_, index) => group(index)).join('').replace(/^0+(?=.)/, '')
  const decimals = Array.from({ length: Math.ceil(scale / 4) }, (_, index) => group(weight + 1 + index)).join('').slice(0, scale)
  return `${sign === 0x4000 ? '-' : ''}${whole === '' ? '0' : whole}${scale === 0 ? '' : `.${decimals}`}`
}

const epoch2000 = 946_684_800_000n
const endOfTime = 2n ** 63n - 1n

function date(days: number): string {
  if (days === 2 ** 31 - 1) return 'infinity'
  return days === -(2 ** 31) ? '-infinity' : time(BigInt(days) * 86_400_000_000n).slice(0, 10)
}

function time(microseconds: bigint, zone = ''): string {
  if (microseconds === endOfTime) return 'infinity'
  if (microseconds === -endOfTime - 1n) return '-infinity'
  const micros = ((microseconds % 1000n) + 1000n) % 1000n
  const date = new Date(Number((microseconds - micros) / 1000n + epoch2000))
  const [day, clock] = date.toISOString().slice(0, -1).split('T') as [string, string]
  // Years before 1 and after 9999 are written otherwise, and are rare enough to be shown as bytes.
  if (day.length !== 10 || day.startsWith('0000')) return unread()
  const fraction = `${clock.slice(9)}${String(micros).padStart(3, '0')}`.replace(/0+$/, '')
  return `${day} ${clock.slice(0, 8)}${fraction === '' ? '' : `.${fraction}`}${zone}`
}
