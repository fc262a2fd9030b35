import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { elementTypes, typeConstants } from '../../../server/masking/postgres/types.ts'
import { maskFor, type MaskedColumn, type MaskName } from '../../../server/masking/postgres/values.ts'
import { bind, execute, parse, sync, type Value } from '../../support/messages.ts'
import { TestPostgres } from '../../support/postgres.ts'
import { hasServer } from '../../support/postgres-server.ts'
import { reportFields } from '../../support/trace.ts'
import { WireClient } from '../../support/wire.ts'

const key = Buffer.alloc(32, 7)
const options = { key, currentYear: 2026 }
const plain = { typeModifier: -1, nullable: false }
const types = Object.fromEntries([...typeConstants].map(([oid, { name }]) => [name, oid])) as Record<string, number>

function column(name: string, more: Partial<MaskedColumn> = {}): MaskedColumn {
  return { ...plain, type: types[name]!, ...more }
}

/** What the mask makes of a text value; undefined where it is redacted. */
function ofText(mask: MaskName, name: string, text: string, more: Partial<MaskedColumn> = {}): string | undefined {
  return maskFor(mask, column(name, more), 0, options).of?.(Buffer.from(text))?.toString()
}

describe.each([
  { server: 'system' as const, name: 'the machine\'s server' },
  { server: 'embedded' as const, name: 'the embedded server' }
])('constants, sent through $name', ({ server }) => {
  const here = hasServer({ server })
  let postgres: TestPostgres
  let wire: WireClient

  beforeAll(async () => {
    if (!here) return
    postgres = await TestPostgres.start({ server, logStatements: false })
    await postgres.query('CREATE TYPE own_range AS RANGE (subtype = text); CREATE TYPE mood AS ENUM (\'ok\', \'bad\'); CREATE TYPE pair AS (a int, b text); CREATE DOMAIN short AS varchar(2)')
    wire = await WireClient.open({ path: postgres.socket }, { user: 'postgres', database: 'postgres' })
  })
  afterAll(async () => {
    await wire?.close()
    await postgres?.stop()
  })

  /** Sends a value as a parameter of the type. @returns it as the server sends it back */
  async function through(type: number, value: Value, format: 0 | 1, result: 0 | 1, text = 'SELECT $1'): Promise<Buffer | null> {
    const frames = await wire.exchange([parse(text, '', [type]), bind({ parameters: [value], formats: [format], results: [result] }), execute(), sync()])
    const error = frames.find((frame) => frame.type === 'E')
    if (error !== undefined) throw new Error(reportFields(error).M)
    const { body } = frames.find((frame) => frame.type === 'D')!
    return body.readInt32BE(2) < 0 ? null : Buffer.from(body.subarray(6))
  }

  async function roundTrip(masked: MaskedColumn): Promise<void> {
    const text = maskFor('redact', masked, 0).constant
    const binary = maskFor('redact', masked, 1).constant
    expect([text, binary].includes(null), `${masked.type}: one form only`).toBe(false)
    for (const [value, format] of [[text, 0], [binary, 1]] as const) {
      expect((await through(masked.type, value, format, 0))?.toString()).toBe(text!.toString())
      expect(await through(masked.type, value, format, 1)).toEqual(binary)
    }
  }

  test.runIf(here)('every type of pg_catalog has one the server takes and sends back as it was, or is known to have none', async () => {
    const rows = await postgres.query(`
      SELECT oid::int, typname AS name, typarray::int AS array FROM pg_type
      WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype IN ('b', 'r', 'm') AND typinput <> 'array_in'::regproc ORDER BY oid`)
    expect(rows.length).toBeGreaterThan(75)
    const none: string[] = []
    for (const { oid, name, array } of rows as { oid: number, name: string, array: number }[]) {
      expect(typeConstants.get(oid)).toMatchObject({ name, array })
      if (typeConstants.get(oid)!.text === undefined) none.push(name)
      else await roundTrip({ ...plain, type: oid })
    }
    expect(none).toEqual([
      'pg_node_tree',
      'aclitem',
      'pg_ndistinct',
      'pg_dependencies',
      'gtsvector',
      'pg_brin_bloom_summary',
      'pg_brin_minmax_multi_summary',
      'pg_mcv_list'
    ])
    // Nothing but what the server refuses has none.
    for (const name of none) await expect(through(types[name]!, '', 1, 0)).rejects.toThrow()
  }, 60_000)

  test.runIf(here)('every array type of pg_catalog has an empty array', async () => {
    const rows = await postgres.query('SELECT typarray::int AS oid, oid::int AS element FROM pg_type WHERE typnamespace = \'pg_catalog\'::regnamespace AND typarray <> 0 AND typtype IN (\'b\', \'r\', \'m\')')
    for (const { oid, element } of rows as { oid: number, element: number }[]) {
      expect(elementTypes.get(oid)).toBe(element)
      if (element !== types.aclitem && element !== types.gtsvector) await roundTrip({ ...plain, type: oid })
    }
  }, 60_000)

  test.runIf(here)('types that people made: ranges, multiranges and arrays have one, the others are NULL', async () => {
    const rows = await postgres.query('SELECT oid::int, typname AS name, typtype AS kind, typarray::int AS array FROM pg_type WHERE typname IN (\'own_range\', \'own_multirange\', \'mood\', \'pair\')')
    for (const { oid, name, kind, array } of rows as { oid: number, name: string, kind: string, array: number }[]) {
      if (name.startsWith('own')) await roundTrip({ ...plain, type: oid, kind })
      else expect(maskFor('redact', { ...plain, type: oid, kind }, 0)).toEqual({ constant: null, whenNull: null })
      await roundTrip({ ...plain, type: array, kind: 'b', arrayOf: oid })
    }
    expect(rows).toHaveLength(4)
  })

  test.runIf(here).each([
    ['varchar(2)', 'varchar', 6],
    ['char(1)', 'bpchar', 5],
    ['char(9)', 'bpchar', 13],
    ['bit(3)', 'bit', 3],
    ['bit(8)', 'bit', 8],
    ['bit(9)', 'bit', 9],
    ['numeric(4,2)', 'numeric', 262_150],
    ['timestamp(0)', 'timestamp', 0]
  ])('one of %s fits a column of it, in text and binary', async (declared, name, typeModifier) => {
    await postgres.query(`DROP TABLE IF EXISTS declared; CREATE TABLE declared (c ${declared} NOT NULL)`)
    expect(await postgres.query('SELECT atttypmod FROM pg_attribute WHERE attname = \'c\' AND attrelid = \'declared\'::regclass')).toEqual([
      { atttypmod: name === 'timestamp' ? 0 : typeModifier }
    ])
    for (const format of [0, 1] as const) {
      const value = maskFor('redact', column(name, { typeModifier }), format).constant
      const back = await through(types[name]!, value, format, format, 'INSERT INTO declared VALUES ($1) RETURNING c')
      if (name !== 'numeric') expect(back!.toString('latin1').trimEnd()).toBe(value!.toString('latin1'))
    }
  })

  test.runIf(here)('hash, fake, year and age90 give the same in text and in binary, which the server reads', async () => {
    const cases: [MaskName, string, string][] = [
      ['hash', 'int2', '-5'],
      ['hash', 'int4', '123456789'],
      ['hash', 'int8', '-9223372036854775808'],
      ['hash', 'uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
      ['hash', 'bytea', '\\x00ff10'],
      ['hash', 'text', 'ünïcode'],
      ['fake', 'int2', '32767'],
      ['fake', 'int4', '7'],
      ['fake', 'int8', '4111111111111111'],
      ['fake', 'uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
      ['fake', 'date', '1985-02-28'],
      ['fake', 'timestamp', '1985-02-28 23:59:59.25'],
      ['fake', 'timestamptz', '1915-02-28 23:59:59.25+02'],
      ['year', 'date', '1985-02-28'],
      ['year', 'date', '0004-02-28'],
      ['year', 'timestamp', '1999-12-31 23:59:59.999999'],
      ['year', 'timestamptz', '2004-01-01 00:30:00+01'],
      ['age90', 'int2', '101'],
      ['age90', 'int4', '89'],
      ['age90', 'int8', '-1']
    ]
    for (const [mask, name, value] of cases) {
      const type = types[name]!
      const asText = maskFor(mask, column(name), 0, options).of!(await through(type, value, 0, 0) ?? Buffer.alloc(0))!
      const asBinary = maskFor(mask, column(name), 1, options).of!(await through(type, value, 0, 1) ?? Buffer.alloc(0))!
      expect((await through(type, asBinary, 1, 0))!.toString(), `${mask} of ${name} ${value}`).toBe(asText.toString())
      expect(await through(type, asText, 0, 1)).toEqual(asBinary)
    }
  })
})

describe('a NULL', () => {
  test('stays NULL, and what may be NULL is', () => {
    expect(maskFor('redact', column('int4', { nullable: true }), 1)).toEqual({ constant: null, whenNull: null })
    expect(maskFor('redact', column('int4'), 1)).toEqual({ constant: Buffer.alloc(4), whenNull: null })
    expect(maskFor('redact', { ...plain, type: 1007, nullable: true }, 0)).toEqual({ constant: null, whenNull: null })
  })

  test('is the constant where NULLs are hidden', () => {
    for (const name of ['text', 'int4']) {
      for (const nullable of [true, false]) {
        const { constant, whenNull } = maskFor('redact', column(name, { nullable }), 0, { hideNulls: true })
        expect(whenNull).toEqual(constant)
      }
    }
    const { constant, whenNull } = maskFor('last4', column('text'), 0, { hideNulls: true })
    expect([constant, whenNull]).toEqual([Buffer.from('***'), Buffer.from('***')])
  })

  test('is what null makes of everything, of NOT NULL columns too', () => {
    expect(maskFor('null', column('int4'), 1)).toEqual({ constant: null, whenNull: null })
  })
})

describe('a mask with a meaning', () => {
  test.each<[MaskName, string]>([
    ['year', 'text'],
    ['year', 'int4'],
    ['zip3', 'int4'],
    ['age90', 'text'],
    ['last4', 'int8'],
    ['domain', 'json'],
    ['hash', 'date'],
    ['hash', 'numeric'],
    ['fake', 'bool'],
    ['fake', 'float8'],
    ['age90', 'numeric'],
    ['last4', 'xml']
  ])('%s of %s is redact', (mask, name) => {
    expect(maskFor(mask, column(name), 0, options)).toEqual(maskFor('redact', column(name), 0))
  })

  test('of an array, or of a mask that nobody knows, is redact', () => {
    expect(maskFor('hash', { ...plain, type: types.text!, arrayOf: 25 }, 0, options).of).toBeUndefined()
    expect(maskFor('hash', { ...plain, type: 1009 }, 0, options)).toEqual({ constant: Buffer.from('{}'), whenNull: null })
    expect(maskFor('none' as MaskName, column('text'), 0)).toEqual({ constant: Buffer.from('***'), whenNull: null })
  })

  test.each<MaskName>(['hash', 'fake', 'year'])('%s is not made without its key or year', (mask) => {
    const name = mask === 'year' ? 'date' : 'text'
    expect(() => maskFor(mask, column(name), 0)).toThrow(/no key or year/)
    if (mask !== 'year') expect(() => maskFor(mask, column(name), 0, { key: Buffer.alloc(31) })).toThrow(/a key of 31 bytes/)
  })

  test.each<[MaskName, string, string, string | undefined]>([
    ['last4', 'text', '123-45-6789', '***6789'],
    ['last4', 'text', '1234567', undefined],
    ['last4', 'bpchar', '1234    ', undefined],
    ['last4', 'bpchar', '12345678    ', '***5678'],
    ['last4', 'text', '', undefined],
    ['last4', 'text', '日本語日本語日本', '***本語日本'],
    ['domain', 'text', 'ann@clinic.example', '***@clinic.example'],
    ['domain', 'text', 'a@b@clinic.example', undefined],
    ['domain', 'text', 'call @ 555-12-3456', undefined],
    ['domain', 'text', 'ssn@123-45-6789', undefined],
    ['domain', 'text', 'no address', undefined],
    ['zip3', 'text', '02139-4307', '021'],
    ['zip3', 'text', '021394307', '021'],
    ['zip3', 'bpchar', '03601', '000'],
    ['zip3', 'text', '89301', '000'],
    ['zip3', 'text', '2139', undefined],
    ['zip3', 'text', 'SW1A 1AA', undefined],
    ['age90', 'int4', '89', '89'],
    ['age90', 'int4', '90', '90'],
    ['age90', 'int4', '117', '90'],
    ['year', 'date', '1985-12-31', '1985-01-01'],
    ['year', 'date', '1937-12-31', '1937-01-01'],
    ['year', 'date', '1936-12-31', '1936-01-01'],
    ['year', 'date', '1920-12-31', '1936-01-01'],
    ['year', 'date', 'infinity', undefined],
    ['year', 'date', '0044-03-15 BC', undefined],
    ['year', 'date', '31.12.1985', undefined],
    ['year', 'timestamptz', '1985-07-31 12:00:00+02', '1985-01-01 00:00:00+00']
  ])('%s of the %s %s is %s', (mask, name, value, masked) => {
    expect(ofText(mask, name, value)).toBe(masked)
  })

  test('never makes a value longer than its column holds', () => {
    for (const mask of ['last4', 'domain', 'hash', 'fake', 'zip3'] as const) {
      for (const text of ['12345678', 'a@b.example', '02139', 'Ann Müller', '1']) {
        const of = maskFor(mask, column('varchar', { typeModifier: 4 + [...text].length }), 0, options).of!
        const masked = of(Buffer.from(text))
        if (masked !== undefined) expect([...masked.toString()].length).toBeLessThanOrEqual([...text].length)
      }
    }
  })

  test('reads nothing that is not UTF-8', () => {
    for (const mask of ['last4', 'hash', 'fake'] as const) {
      expect(maskFor(mask, column('text'), 0, options).of!(Buffer.from([0xff, 0x80, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46]))).toBeUndefined()
    }
  })
})

describe('hash', () => {
  const of = (text: string, secret = key) => maskFor('hash', column('text'), 0, { key: secret }).of!(Buffer.from(text))!.toString()

  test('keeps equality, also between char(n) and text, and needs the key', () => {
    expect(of('a')).toBe(of('a'))
    expect(ofText('hash', 'bpchar', 'a     ')).toBe(of('a'))
    expect(of('a')).not.toBe(of('b'))
    expect(of('a')).not.toBe(of('a', Buffer.alloc(32, 8)))
    expect(of('a')).toMatch(/^[0-9a-f]{32}$/)
  })
})

describe('fake', () => {
  test.each<[string, RegExp]>([
    ['ann@clinic.example', /^[a-z]+\.[a-z]+\d\d@example\.(com|net|org)$/],
    ['123-45-6789', /^9\d\d-0[1-9]-\d{4}$/],
    ['123456789', /^9\d\d0[1-9]\d{4}$/],
    ['(617) 495-1000', /^\([2-9]{3}\) 555-01\d\d$/],
    ['+1 617.495.1000', /^\+[2-9] [2-9]{3}\.555\.01\d\d$/],
    ['1985-02-28', /^(19[4-9]\d|200\d)-\d\d-\d\d$/],
    ['Ann Müller', /^[A-Z][a-z]+ [A-Z][a-z]+$/],
    ['MÜLLER, ANN B.', /^[A-Z]+, [A-Z]+ [A-Z]\.$/],
    ['AB-1234/x', /^[A-Z]{2}-\d{4}\/[a-z]$/],
    ['病歴 7', /^[a-z]{2} \d$/],
    ['a — 1', /^[a-z] \* \d$/],
    ['', /^$/]
  ])('of %s keeps the shape', (text, shape) => {
    const masked = ofText('fake', 'text', text)!
    expect(masked).toMatch(shape)
    expect(ofText('fake', 'text', text)).toBe(masked)
    if (text.length > 3) expect(masked).not.toBe(text)
  })

  test('of a number keeps sign and digits, within the type', () => {
    for (const [name, value] of [['int2', '32767'], ['int2', '-9'], ['int4', '2147483647'], ['int8', '-9223372036854775807'], ['int8', '0']] as const) {
      const masked = ofText('fake', name, value)!
      expect(masked.replace('-', '').length).toBe(value.replace('-', '').length)
      expect(BigInt(masked) <= 2n ** BigInt({ int2: 15, int4: 31, int8: 63 }[name]) - 1n).toBe(true)
    }
  })
})
