// Which operators and casts of PostgreSQL's own cannot fail, whatever the value; and the types their answers have. Pure data; of functions
// it is totality.ts that knows.
// What is not here may fail: then whether it does depends on its operands.

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

export const textTypes = words('text varchar bpchar name')

/**
 * Types that compare with each other without ever failing. A numeric beside a float, or an int8 beside an oid, is converted first and
 * may not fit; json and xml have no equality; rows and arrays look theirs up while comparing.
 */
const comparable: readonly ReadonlySet<string>[] = [
  'text varchar bpchar name own-text',
  'int2 int4 int8 numeric',
  'int2 int4 int8 float4 float8',
  'int2 int4 oid regclass regtype regproc',
  'date timestamp timestamptz',
  'time timetz',
  'inet cidr',
  'bit varbit',
  ...words(`char money bool interval uuid macaddr macaddr8 bytea
  jsonb pg_lsn tid xid enum`)
].map(words)

const comparisons = words('= <> != < > <= >=')
const patterns = words('~~ !~~ ~~* !~~*')
const regexes = words('~ !~ ~* !~*')
/** Of jsonb alone: json keeps its text as it came, and may turn out not to be readable. */
const jsonbAccess = words('-> ->> #> #>> ? ?| ?& @> <@')

/** A regular expression that is certain to compile: literals, dots, simple classes, one quantifier each. */
const plainRegex = /^\^?(?:(?:[A-Za-z0-9 _@,:;/%&#=<>'"-]|\.|\\[dws.])[*+?]?)*\$?$/
/** A LIKE pattern that does not end in an escape without what it escapes. */
const plainPattern = /^(?:[^\\]|\\[\s\S])*$/u

/**
 * @param right the right operand, where it is a constant
 * @returns whether the operator gives an answer for any two values of these types
 */
export function totalOperator(
  name: string,
  leftType: string | undefined,
  rightType: string | undefined,
  right: string | undefined
): boolean {
  if (comparisons.has(name)) {
    const sides = [leftType ?? '', rightType ?? ''].filter((type) => type !== 'unknown')
    return comparable.some((types) => sides.every((type) => types.has(type)))
  }
  if (patterns.has(name)) return isText(leftType) && right !== undefined && plainPattern.test(right)
  if (regexes.has(name)) return isText(leftType) && right !== undefined && plainRegex.test(right)
  // An untyped literal beside text is text; beside anything else it is read as that.
  if (name === '||') return (isText(leftType) && (isText(rightType) || rightType === 'unknown')) || (leftType === 'unknown' && isText(rightType))
  if (jsonbAccess.has(name)) return leftType === 'jsonb' && (right !== undefined || rightType === 'text')
  return false
}

const widened: readonly ReadonlySet<string>[] = [textTypes, 'int2 int4 int8 numeric', 'int2 int4 int8 float8'].map((types) =>
  typeof types === 'string' ? words(types) : types)

/** Whether values of these types become one type, as the branches of CASE and of UNION do, without ever failing. */
export function totalUnion(types: readonly (string | undefined)[]): boolean {
  const typed = types.filter((type) => type !== 'unknown')
  const [first] = typed
  // A lone type needs no conversion, whatever it is.
  return typed.length <= 1 || (first !== undefined && typed.every((type) => type === first))
    || widened.some((group) => typed.every((type) => group.has(type ?? '')))
}

export function operatorType(name: string, leftType: string | undefined): string | undefined {
  if (comparisons.has(name) || patterns.has(name) || regexes.has(name)) return 'bool'
  if (name === '||' && (isText(leftType) || leftType === 'unknown')) return 'text'
  if (name === '->' || name === '#>') return leftType
  if (name === '->>' || name === '#>>') return 'text'
  return undefined
}

export function isText(type: string | undefined): boolean {
  return textTypes.has(type ?? '') || type === 'own-text'
}

const widening: Readonly<Record<string, ReadonlySet<string>>> = {
  int2: words('int4 int8 numeric float4 float8'),
  int4: words('int8 numeric float8'),
  int8: words('numeric'),
  bool: words('int4'),
  date: words(''),
  jsonb: words('json'),
  inet: words('cidr'),
  cidr: words('inet'),
  enum: words('')
}

/** Types whose text form always exists. */
const printable = words(`
  text varchar bpchar name char int2 int4 int8 oid numeric float4 float8 money bool date timestamp timestamptz time timetz interval uuid
  inet cidr macaddr macaddr8 bit varbit bytea json jsonb enum xml tsvector`)

/**
 * Whether a cast without a modifier gives an answer for any value. Text to text may be cut but does not fail; a literal is read
 * when the statement is parsed, so it fails always or never.
 */
export function totalCast(from: string | undefined, to: string | undefined, modified: boolean): boolean {
  if (from === undefined || to === undefined) return false
  if (from === 'unknown') return true
  if (isText(from) && textTypes.has(to)) return true
  if (modified) return textTypes.has(to) && printable.has(from)
  return from === to || (textTypes.has(to) && printable.has(from)) || widening[from]?.has(to) === true
}

/** What functions answer, where something is done with their answer that depends on its type. */
const results: readonly (readonly [type: string, names: string])[] = [
  ['text', `upper lower initcap left right substr substring overlay btrim ltrim rtrim trim reverse replace translate repeat lpad rpad concat
    concat_ws md5 to_char to_hex quote_ident quote_literal quote_nullable split_part regexp_replace encode string_agg format_type
    pg_get_expr pg_get_viewdef pg_get_indexdef pg_get_constraintdef jsonb_typeof json_typeof chr ascii`],
  ['int4', 'length char_length character_length octet_length bit_length strpos position ascii array_length cardinality'],
  ['int8', 'count row_number rank dense_rank'],
  ['bool', 'starts_with isfinite bool_and bool_or every'],
  ['numeric', 'extract'],
  ['interval', 'age'],
  ['bytea', 'sha224 sha256 sha384 sha512'],
  ['timestamptz', 'now statement_timestamp transaction_timestamp clock_timestamp'],
  ['array', 'array_agg string_to_array regexp_split_to_array'],
  ['jsonb', 'to_jsonb jsonb_build_object jsonb_build_array jsonb_agg jsonb_object_agg']
]

const resultByName = new Map<string, string>()
for (const [type, names] of results) for (const name of words(names)) resultByName.set(name, type)

export function resultType(name: string): string | undefined {
  return resultByName.get(name)
}
