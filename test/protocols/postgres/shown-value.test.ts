// Values as a recording shows them, against what a real server writes for them itself.
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { shownValue } from '../../../server/protocols/postgres/shown-value.ts'
import { TestPostgres } from '../../support/postgres.ts'

let postgres: TestPostgres
let client: pg.Client
beforeAll(async () => {
  postgres = await TestPostgres.start()
  client = new pg.Client({ host: '127.0.0.1', port: postgres.port, user: 'postgres', password: postgres.password, database: 'postgres' })
  await client.connect()
  await client.query('SET TimeZone = \'UTC\'')
})
afterAll(async () => {
  await client?.end()
  await postgres?.stop()
})

const values: Readonly<Record<string, readonly string[]>> = {
  bool: ['t', 'f'],
  int2: ['0', '-32768', '32767'],
  int4: ['0', '-1', '2147483647', '-2147483648'],
  int8: ['0', '9223372036854775807', '-9223372036854775808'],
  oid: ['0', '4294967295'],
  float4: ['0', '1.5', '-0.1', '3.4e38', '1e-45', '16777216', 'NaN', 'Infinity', '-Infinity', '-0'],
  float8: ['0', '0.1', '-2.5', '0.30000000000000004', '123456.789', '9007199254740993', 'NaN', 'Infinity', '-Infinity', '-0'],
  numeric: ['0', '0.00', '1', '-1', '12.50', '-0.05', '0.0001', '0.00001', '10000', '100000000', '99999999999999999999.9999', '1e30', '1e-30', '12345.678900', 'NaN'],
  text: ['', 'plain', 'ü 🦆', '\u001b[2J'],
  varchar: ['x'],
  'char(4)': ['ab'],
  name: ['relation'],
  json: ['{"a": [1, null]}'],
  jsonb: ['{"a": [1, null]}'],
  uuid: ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  date: ['2000-01-01', '1999-12-31', '1970-01-01', '2024-02-29', '9999-12-31', '0001-01-01', 'infinity', '-infinity'],
  timestamp: ['2000-01-01 00:00:00', '1999-12-31 23:59:59.999999', '2024-02-29 12:00:00.25', '1066-10-14 09:00:00.000001', 'infinity', '-infinity'],
  timestamptz: ['2024-02-29 12:00:00.25+00', '1969-12-31 23:59:59.5+00', 'infinity', '-infinity']
}
/** Of the types whose send function is not called after them. */
const senders: Readonly<Record<string, string>> = {
  numeric: 'numeric_send', 'char(4)': 'bpcharsend', json: 'json_send', jsonb: 'jsonb_send', uuid: 'uuid_send',
  date: 'date_send', timestamp: 'timestamp_send', timestamptz: 'timestamptz_send'
}
const cases = Object.entries(values).flatMap(([type, texts]) => texts.map((text) => [type, text] as const))

test.each(cases)('%s %j, in binary, reads as the server writes it', async (type, text) => {
  const { rows } = await client.query<{ bytes: Buffer, oid: number, written: string }>(
    `SELECT ${senders[type] ?? `${type}send`}($1::${type}) AS bytes, '${type}'::regtype::oid AS oid, format('%s', $1::${type}) AS written`,
    [text]
  )
  const { bytes, oid, written } = rows[0]!
  const shown = shownValue(bytes, Number(oid), 1)
  // Which exponents are written with one is the server's own taste.
  if (type.startsWith('float')) expect(Number(shown)).toBe(Number(written))
  else expect(shown).toBe(written)
})

test('the bytes of what is no value of its type, or of an unknown one, are shown as they are', () => {
  expect(shownValue(Buffer.from([0, 0, 1]), 23, 1)).toBe('\\x000001')
  expect(shownValue(Buffer.from([65, 66, 67, 68]), 0, 1)).toBe('\\x41424344')
  expect(shownValue(Buffer.from([0xff, 0xfe]), 25, 0)).toBe('\\xfffe')
  expect(shownValue(Buffer.from([2, 123, 125]), 3802, 1)).toBe('\\x027b7d')
  expect(shownValue(Buffer.from([0, 9, 0, 0, 0, 0, 0, 0]), 1700, 1)).toBe('\\x0009000000000000')
  expect(shownValue(Buffer.from('ABCD'), 0, 0)).toBe('ABCD')
})
