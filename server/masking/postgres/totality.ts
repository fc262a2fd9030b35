// Which arguments of PostgreSQL's own functions and operators can hold a protected value without showing anything but in the result:
// no value of the argument's type makes the call fail, whatever the other arguments, and none changes a number of rows. Pure data and
// look-ups. From reading the functions' sources; test/masking/postgres/functions.test.ts tries every entry on real servers with the
// extreme values of each type. Memory is the exception (docs/masking.md, limits): a result over 1 GB fails everywhere.
//
// What is not here is not harmless. Some that look so: age, date_trunc, to_char of a date (infinity, conversion to timestamp
// overflows), to_tsvector (1 MB), abs (lowest integer), ascii and chr (encodings), repeat and replace (they multiply lengths),
// json `->>` (\u0000 in a json cannot be text), array_position and array_append (arrays of more dimensions), jsonb_build_object keys.

/** What is known of a call: names of types in pg_catalog, arguments that are constants, as text. Undefined: not known, no constant. */
export interface CallView {
  readonly types: readonly (string | undefined)[]
  readonly constants: readonly (string | undefined)[]
}

/** `each`: all arguments. */
type Positions = readonly number[] | 'each'

interface Harmless {
  readonly names: string
  readonly positions: Positions
  /** Only with at most that many arguments. */
  readonly most?: number
  /** Only where the argument in question is known to have one of these types. */
  readonly types?: readonly string[]
  /** Only where the whole call looks so. */
  readonly when?: (call: CallView) => boolean
}

const instants = ['timestamp', 'timestamptz']
const moments = ['date', ...instants, 'time', 'timetz', 'interval']
const integers = ['int2', 'int4', 'int8']
const textual = ['text', 'varchar', 'bpchar', 'name', 'char', 'unknown']
const isText = (type: string | undefined) => type !== undefined && textual.includes(type)

const ofDate = ['year', 'month', 'day', 'quarter', 'century', 'decade', 'millennium', 'epoch']
const ofWeek = ['week', 'isoyear', 'dow', 'isodow', 'doy', 'julian']
const ofTime = ['hour', 'minute', 'second', 'milliseconds', 'microseconds']
/** A field that the type does not have is an error for most values, but not for infinity. */
const fields: Readonly<Record<string, readonly string[]>> = {
  date: [...ofDate, ...ofWeek],
  timestamp: [...ofDate, ...ofWeek, ...ofTime],
  timestamptz: [...ofDate, ...ofWeek, ...ofTime, 'timezone', 'timezone_hour', 'timezone_minute'],
  interval: [...ofDate, ...ofTime],
  time: [...ofTime, 'epoch'],
  timetz: [...ofTime, 'epoch', 'timezone', 'timezone_hour', 'timezone_minute']
}

function hasField({ types: [, type = ''], constants: [field = ''] }: CallView): boolean {
  return fields[type]?.includes(field.toLowerCase()) ?? false
}

const functions: readonly Harmless[] = [
  { names: 'upper lower initcap reverse quote_ident quote_literal quote_nullable md5 sha224 sha256 sha384 sha512', positions: [0], most: 1 },
  { names: 'length char_length character_length octet_length', positions: [0], most: 1 },
  { names: 'concat concat_ws num_nulls num_nonnulls', positions: 'each' },
  { names: 'left right substr', positions: [0] },
  { names: 'substring', positions: [0], when: ({ types }) => isText(types[0]) },
  { names: 'btrim ltrim rtrim strpos starts_with translate string_to_array', positions: 'each' },
  { names: 'position', positions: [0, 1], most: 2 },
  { names: 'lpad rpad', positions: [0, 2] },
  { names: 'split_part', positions: [0, 1] },
  { names: 'to_hex', positions: [0] },
  { names: 'encode', positions: [0] },
  { names: 'replace', positions: [0], when: ({ constants: [, from, to] }) => from !== undefined && to !== undefined && to.length <= from.length },
  { names: 'regexp_replace', positions: [0], when: ({ constants: [, , by] }) => by === '' },
  { names: 'regexp_match regexp_like regexp_count regexp_substr regexp_instr', positions: [0] },
  { names: 'array_to_string', positions: [0, 1, 2] },
  { names: 'array_length array_ndims array_dims array_lower array_upper cardinality', positions: [0] },
  { names: 'jsonb_typeof jsonb_pretty jsonb_strip_nulls', positions: [0], most: 1 },
  { names: 'jsonb_extract_path jsonb_extract_path_text', positions: 'each' },
  { names: 'to_json row_to_json array_to_json', positions: [0], most: 1 },
  { names: 'json_build_array', positions: 'each' },
  { names: 'extract', positions: [1], types: moments, when: hasField },
  { names: 'date_part', positions: [1], types: moments.filter((type) => type !== 'date'), when: hasField },
  { names: 'to_char', positions: [0], types: instants },
  { names: 'isfinite', positions: [0], types: [...instants, 'date', 'interval'] },
  { names: 'host masklen family network abbrev broadcast netmask hostmask', positions: [0], most: 1, types: ['inet', 'cidr'] },
  { names: 'isempty lower_inc upper_inc lower_inf upper_inf', positions: [0] },
  { names: 'pg_typeof pg_column_size pg_collation_for', positions: [0] },
  { names: 'hashtext hashint4 hashint8', positions: [0] },
  // Aggregates and window functions. Without types: sum and avg of other numbers overflow, an array of arrays must be rectangular.
  { names: 'count any_value bool_and bool_or every string_agg json_agg xmlagg row_number rank dense_rank', positions: 'each' },
  { names: 'min max', positions: [0] },
  { names: 'sum avg', positions: [0], types: integers },
  { names: 'bit_and bit_or bit_xor', positions: [0], types: integers },
  {
    names: 'array_agg',
    positions: [0],
    types: [...textual, ...moments, ...integers, 'numeric', 'float4', 'float8', 'bool', 'uuid', 'jsonb', 'json', 'inet', 'cidr', 'bytea']
  },
  { names: 'jsonb_agg', positions: [0], types: [...textual, ...moments, ...integers, 'numeric', 'float4', 'float8', 'bool', 'uuid', 'jsonb'] },
  { names: 'to_jsonb', positions: [0], types: [...textual, ...moments, ...integers, 'numeric', 'float4', 'float8', 'bool', 'uuid', 'jsonb'] },
  { names: 'json_object_agg', positions: [1] },
  { names: 'first_value last_value nth_value', positions: [0] },
  { names: 'lag lead', positions: [0, 2] }
]

/** Functions of which every second argument is a value, the others keys, which must not be NULL. */
const pairs = new Map([['json_build_object', undefined], ['jsonb_build_object', [...textual, ...moments, ...integers, 'bool', 'uuid', 'jsonb']]])

const byName = new Map<string, Harmless>()
for (const entry of functions) for (const name of entry.names.split(' ')) byName.set(name, entry)

/** All that have some harmless argument, at least under conditions. */
export const harmlessNames: ReadonlySet<string> = new Set([...byName.keys(), ...pairs.keys()])

/** Positions from 0 that are harmless whatever is known of the call; undefined: none. See `isHarmless` for the conditional ones. */
export function harmlessArguments(name: string): ReadonlySet<number> | 'all' | undefined {
  const entry = byName.get(name)
  if (entry === undefined || entry.most !== undefined || entry.types !== undefined || entry.when !== undefined) return undefined
  return entry.positions === 'each' ? 'all' : new Set(entry.positions)
}

/** Whether a protected value in that position, from 0, of a call of PostgreSQL's own function of that name shows in its result at most. */
export function isHarmless(name: string, position: number, call: CallView): boolean {
  const type = call.types[position]
  if (pairs.has(name)) {
    const types = pairs.get(name)
    return position % 2 === 1 && (types === undefined || (type !== undefined && types.includes(type)))
  }
  const entry = byName.get(name)
  if (entry === undefined) return false
  if (entry.positions !== 'each' && !entry.positions.includes(position)) return false
  if (entry.most !== undefined && call.types.length > entry.most) return false
  if (entry.types !== undefined && (type === undefined || !entry.types.includes(type))) return false
  return entry.when === undefined || entry.when(call)
}

const comparisons = new Set(['=', '<>', '!=', '<', '<=', '>', '>='])
const patterns = new Set(['~~', '!~~', '~~*', '!~~*', '~', '!~', '~*', '!~*'])
const ofJsonb = new Set(['->', '->>', '#>', '#>>', '?', '?|', '?&', '@>', '<@'])
/** Pairs of which one side is converted to the other's type without being asked, and may not fit: numeric to float, int8 to oid. */
const lossy: readonly (readonly [readonly string[], readonly string[]])[] = [
  [['numeric', 'unknown type'], ['float4', 'float8', 'unknown type']],
  [['int8', 'unknown type'], ['oid', 'regclass', 'regproc', 'regprocedure', 'regtype', 'regrole', 'regnamespace', 'unknown type']]
]

/**
 * Likewise for PostgreSQL's own binary operators, and a value on the side `position` (0 left, 1 right).
 * @param call types and constants of both sides; a constant without a type is `unknown`, one of digits int4 or numeric
 */
export function isHarmlessOperand(operator: string, position: 0 | 1, call: CallView): boolean {
  const [left, right] = call.types
  if (comparisons.has(operator)) {
    const [a, b] = [left ?? 'unknown type', right ?? 'unknown type']
    // Where neither is known, one could be numeric and the other a float.
    return !lossy.some(([from, to]) => (from.includes(a) && to.includes(b)) || (from.includes(b) && to.includes(a)))
  }
  if (patterns.has(operator)) return position === 0 && isText(left)
  if (operator === '^@') return true
  if (operator === '||') {
    const known = (type: string | undefined) => type !== undefined && !type.startsWith('_') && !['jsonb', 'tsvector', 'tsquery'].includes(type)
    return known(left) && known(right) && (isText(left) || isText(right) || (left === right && (left === 'bytea' || left === 'varbit')))
  }
  if (ofJsonb.has(operator)) return left === 'jsonb' && (operator !== '<@' || right === 'jsonb')
  return false
}

/** To where every value of any type can be converted: its output function is the one that sends it. */
const intoText = new Set(['text', 'varchar', 'bpchar', 'name'])
const widening: ReadonlyMap<string, readonly string[]> = new Map([
  ['int2', ['int4', 'int8', 'numeric', 'float4', 'float8']],
  ['int4', ['int8', 'numeric', 'float4', 'float8', 'oid']],
  ['int8', ['numeric', 'float4', 'float8']],
  ['float4', ['float8']],
  ['timestamp', ['date', 'time']],
  ['timestamptz', ['date', 'time']],
  ['bool', ['int4']],
  ['inet', ['cidr']],
  ['cidr', ['inet']]
])

/**
 * Whether converting every value of a type succeeds, with `CAST` written out.
 * @param modified the target has a modifier, as in numeric(5,2)
 */
export function isHarmlessCast(source: string | undefined, target: string, modified: boolean): boolean {
  if (intoText.has(target)) return true
  if (source === undefined || modified) return false
  return source === target || (widening.get(source)?.includes(target) ?? false)
}
