// Values at the edges of PostgreSQL's types, as SQL literals without their cast. Data for the tests of totality.

const texts = [
  '',
  ' ',
  'a',
  '0',
  '-1',
  '\\',
  '%',
  '_',
  '"',
  '{',
  'é',
  'İ',
  'ß',
  '\u{1F4A9}',
  'e\u0301',
  '\n\t\u0001',
  '123-45-6789',
  'NaN',
  'null',
  '[',
  '(',
  'x'.repeat(5_000),
  'A b,C;d|'.repeat(40)
]
const instants = ['infinity', '-infinity', '4714-11-24 00:00:00+00 BC', '294276-12-31 23:59:59.999999+00', '2000-02-29 12:00:00.5+00', '0001-01-01 00:00:00+00 BC', '1582-10-15 00:00+00', '9999-12-31 23:59:59.999999+00']
const json = ['null', 'true', '1', '-0', '1e300', '"a"', '""', '[]', '{}', '[1,[2,{"a":null}]]', '{"a":{"b":"c"},"":1}', `${'['.repeat(500)}${']'.repeat(500)}`]

/** By name in pg_catalog; arrays begin with `_`. Some majors do not have all: those are left out there. */
export const extremes: Readonly<Record<string, readonly string[]>> = {
  text: texts,
  varchar: texts,
  bpchar: texts,
  name: texts.filter((text) => text.length < 64),
  char: ['', 'a', '\\377'],
  bytea: ['\\x', '\\x00', '\\xff', '\\xc3a9', `\\x${'ab'.repeat(3_000)}`],
  bool: ['t', 'f'],
  int2: ['0', '-1', '32767', '-32768'],
  int4: ['0', '-1', '1', '2147483647', '-2147483648'],
  int8: ['0', '-1', '9223372036854775807', '-9223372036854775808'],
  oid: ['0', '1259', '4294967295'],
  numeric: ['0', '-0.5', 'NaN', 'Infinity', '-Infinity', `1${'0'.repeat(131_000)}`, `0.${'0'.repeat(16_000)}1`, '99999999999999999999.99'],
  float4: ['0', '-0', 'NaN', 'Infinity', '-Infinity', '3.4e38', '1e-45'],
  float8: ['0', '-0', 'NaN', 'Infinity', '-Infinity', '1.7e308', '5e-324'],
  money: ['0', '92233720368547758.07', '-92233720368547758.08'],
  date: ['infinity', '-infinity', '4714-11-24 BC', '5874897-12-31', '2000-02-29', '0001-01-01 BC'],
  timestamp: instants,
  timestamptz: instants,
  time: ['00:00', '24:00', '23:59:59.999999'],
  timetz: ['00:00+15:59', '24:00-15:59', '12:00Z'],
  interval: ['0', '178000000 years', '-178000000 years', '1 mon -1 day 00:00:00.000001', '2147483647 days -2147483648 seconds', 'P1Y', 'infinity', '-infinity'],
  uuid: ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '01890a5d-ac96-774b-bcce-b302099a8057'],
  inet: ['0.0.0.0/0', '255.255.255.255', '10.1.2.3/8', '::/0', 'ffff::1/64', '::1'],
  cidr: ['0.0.0.0/0', '10.0.0.0/8', '::/0', 'ffff::/64'],
  macaddr: ['00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff'],
  jsonb: json,
  json: [...json, '"\\u0000"', '"\\ud800"', '{"a":1,"a":2}', ' [ 1 , 2 ] '],
  xml: ['', '<a/>', 'text'],
  varbit: ['', '0', '1'.repeat(500)],
  tsvector: ['', 'a:1A b', '\'x y\':3'],
  int4range: ['empty', '(,)', '[1,2)', '[2147483647,]'],
  int4multirange: ['{}', '{(,)}', '{[1,2),[5,9)}'],
  _text: ['{}', '{a}', '{NULL}', '{a,b,c}', '{{a,b},{c,d}}', '[5:6]={a,b}', '{"",NULL,x}'],
  _int4: ['{}', '{1}', '{NULL}', '{{1,2},{3,4}}', '[-3:-2]={1,2}'],
  _date: ['{}', '{infinity}', '{2000-01-01,NULL}']
}

/** What stands for the types with which pg_proc names "any". */
export const anyTypes: Readonly<Record<string, readonly string[]>> = {
  any: ['text', 'int4', 'numeric', 'float8', 'date', 'timestamptz', 'interval', 'bool', 'jsonb', 'json', 'bytea', 'uuid', '_text', 'int4range', 'xml'],
  anyelement: ['text', 'int4', 'numeric', 'float8', 'date', 'timestamptz', 'interval', 'bool', 'jsonb', 'json', 'bytea', 'uuid', '_text', 'int4range', 'xml'],
  anynonarray: ['text', 'int4', 'numeric', 'date', 'json', 'jsonb'],
  anycompatible: ['text', 'int4', 'numeric'],
  anyarray: ['_text', '_int4', '_date'],
  anycompatiblearray: ['_text', '_int4'],
  anyrange: ['int4range'],
  anymultirange: ['int4multirange'],
  anyenum: []
}

export function literal(value: string, type: string): string {
  const name = type.startsWith('_') ? `${type.slice(1)}[]` : type === 'char' ? '"char"' : type
  return `E'${value.replaceAll('\\', '\\\\').replaceAll('\'', '\'\'')}'::${name}`
}
