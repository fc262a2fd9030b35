import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { copyFormat } from '../../../server/masking/postgres/copy-format.ts'
import { copyMasker } from '../../../server/masking/postgres/copy.ts'
import { typeConstants } from '../../../server/masking/postgres/types.ts'
import { maskFor, type CellMask } from '../../../server/masking/postgres/values.ts'
import { BackendWalker } from '../../../server/protocols/postgres/wire/walker.ts'
import { loadParser } from '../../../server/sql/postgres/parser.ts'
import { as } from '../../../server/sql/postgres/tree.ts'
import { LeakScan } from '../../support/leak-scan.ts'
import { message, query } from '../../support/messages.ts'
import { TestPostgres } from '../../support/postgres.ts'
import type { TestFrame } from '../../support/trace.ts'
import { WireClient } from '../../support/wire.ts'

const parser = await loadParser(15)
const columns = ['id', 'secret', 'note']

function formatOf(options: string, names: readonly string[] = columns) {
  const parsed = parser.parse(`COPY t TO STDOUT ${options}`)
  const copy = parsed.type === 'tree' ? as(parsed.statements[0]!.tree, 'CopyStmt') : undefined
  if (copy === undefined) throw new Error(`not a COPY: ${JSON.stringify(parsed)}`)
  return copyFormat(copy.options, names)
}

const constant = (value: string | null): CellMask => ({ constant: value === null ? null : Buffer.from(value), whenNull: null })
const last4 = maskFor('last4', { type: 25, typeModifier: -1, nullable: false }, 0)
/** Gives the value back, so that what it read is seen. */
const same: CellMask = { constant: null, whenNull: null, of: (value) => Buffer.from(value) }

function masked(options: string, cells: readonly (CellMask | undefined)[], ...lines: string[]): string[] {
  const masker = copyMasker(cells, formatOf(options))
  const bytes = Buffer.concat(lines.map((line) => message('d', Buffer.from(line))))
  const out = Buffer.from(masker.rewrite(bytes, 0, bytes.length, false))
  const bodies: string[] = []
  for (let at = 0; at < out.length; at += 1 + out.readInt32BE(at + 1)) bodies.push(out.toString('utf8', at + 5, at + 1 + out.readInt32BE(at + 1)))
  return bodies
}

describe('a COPY whose rows could be split another way is refused:', () => {
  test.each([
    '(ENCODING \'LATIN1\')',
    '(ENCODING \'sjis\')',
    '(FREEZE)',
    '(FORMAT xml)',
    '(FORMAT text, DELIMITER \'||\')',
    '(FORMAT text, DELIMITER \'a\')',
    '(FORMAT text, DELIMITER \'é\')',
    '(FORMAT text, QUOTE \'x\')',
    '(FORMAT binary, DELIMITER \',\')',
    '(FORMAT binary, HEADER)',
    '(FORMAT csv, QUOTE \'xx\')',
    '(FORMAT csv, NULL \'a"b\')',
    '(FORMAT csv, DELIMITER \'"\')',
    '(NULL E\'a\\tb\')',
    '(NULL E\'a\\nb\')',
    '(NULL \'a\\\')',
    '(NULL \'\\.\')',
    '(HEADER match)',
    '(HEADER 2)',
    '(FORMAT csv, FORCE_QUOTE (other))',
    '(FORMAT csv, FORCE_NOT_NULL (id))',
    '(DEFAULT \'x\')',
    '(own_option 1)',
    '(NULL \'a\', NULL \'b\')',
    '(FORMAT csv, ESCAPE \',\')'
  ])('%s', (options) => {
    expect(() => formatOf(options)).toThrow(/cannot be masked/)
  })

  test('which are read as the server reads them', () => {
    expect(formatOf('')).toEqual({ format: 'text', delimiter: '\t', quote: '"', escape: '"', null: '\\N', header: false, forceQuote: new Set() })
    expect(formatOf('WITH CSV HEADER QUOTE \'x\' FORCE QUOTE *')).toEqual(
      { format: 'csv', delimiter: ',', quote: 'x', escape: 'x', null: '', header: true, forceQuote: new Set([0, 1, 2]) }
    )
    expect(formatOf('(FORMAT \'CSV\', ESCAPE \'\\\', FORCE_QUOTE (note), HEADER off, ENCODING \'utf-8\', NULL \'\')')).toMatchObject(
      { format: 'csv', quote: '"', escape: '\\', header: false, forceQuote: new Set([2]), null: '' }
    )
    expect(formatOf('BINARY')).toMatchObject({ format: 'binary' })
    expect(formatOf('(HEADER true)')).toMatchObject({ header: true })
    expect(formatOf('(HEADER 1)')).toMatchObject({ header: true })
    expect(formatOf('(HEADER 0)')).toMatchObject({ header: false })
    expect(formatOf('DELIMITER \'|\' NULL \'\'')).toMatchObject({ format: 'text', delimiter: '|', null: '' })
  })
})

describe('a line that is not as planned is refused:', () => {
  test.each<[string, string, string]>([
    ['a column fewer', '', '1\tsecret\n'],
    ['a column more', '', '1\tsecret\tnote\tmore\n'],
    ['no end', '', '1\tsecret\tnote'],
    ['an escaped end', '', '1\tsecret\tnote\\\n'],
    ['two lines', '', '1\tsecret\tnote\n1\tsecret\tnote\n'],
    ['nothing', '', ''],
    ['a csv column fewer', 'CSV', '1,secret\n'],
    ['a csv column more', 'CSV', '1,secret,note,more\n'],
    ['no csv end', 'CSV', '1,secret,note'],
    ['no closing quote', 'CSV', '1,"secret,note\n'],
    ['something behind the closing quote', 'CSV', '1,"secret"x,note\n'],
    ['two csv lines', 'CSV', '1,secret,note\n1,secret,note\n']
  ])('%s', (_, options, line) => {
    expect(() => masked(options, [undefined, constant('***'), undefined], line)).toThrow(/COPY row of the server/)
  })
})

describe('masking a line of', () => {
  test.each<[string, string, (CellMask | undefined)[], string, string]>([
    ['text', '', [undefined, constant('***'), undefined], '1\tsecret\tnote\n', '1\t***\tnote\n'],
    ['text with escapes', '', [undefined, constant('***'), undefined], '1\\\\\tse\\tcr\\\\\\net\tn\\\\ote\n', '1\\\\\t***\tn\\\\ote\n'],
    ['text with another delimiter', 'DELIMITER \'|\'', [undefined, constant('***'), undefined], '1|se\\|cret|note\n', '1|***|note\n'],
    ['text with NULL', '', [undefined, constant('***'), undefined], '1\t\\N\tnote\n', '1\t\\N\tnote\n'],
    ['text that looks like NULL', '', [undefined, constant('***'), undefined], '1\t\\\\N\tnote\n', '1\t***\tnote\n'],
    ['text, to NULL', '', [undefined, constant(null), undefined], '1\tsecret\tnote\n', '1\t\\N\tnote\n'],
    ['text, a value that must be escaped', '', [undefined, constant('a\tb\\\n'), undefined], '1\tsecret\tnote\n', '1\ta\\tb\\\\\\n\tnote\n'],
    ['text, read', '', [undefined, last4, undefined], '1\t123\\t45\\t6789\tnote\n', '1\t***6789\tnote\n'],
    ['csv', 'CSV', [undefined, constant('***'), undefined], '1,secret,note\n', '1,***,note\n'],
    ['csv with quotes', 'CSV', [undefined, constant('***'), undefined], '"1,","se""c\nr,et","no""te"\n', '"1,",***,"no""te"\n'],
    ['csv with NULL', 'CSV', [undefined, constant('***'), undefined], '1,,note\n', '1,,note\n'],
    ['csv that looks like NULL', 'CSV', [undefined, constant('***'), undefined], '1,"",note\n', '1,***,note\n'],
    ['csv, to a value that looks like NULL', 'CSV NULL \'***\'', [undefined, constant('***'), undefined], '1,secret,note\n', '1,"***",note\n'],
    ['csv, always quoted', 'CSV FORCE QUOTE secret', [undefined, constant('***'), undefined], '1,"secret",note\n', '1,"***",note\n'],
    ['csv, always quoted, to NULL', 'CSV FORCE QUOTE secret', [undefined, constant(null), undefined], '1,"secret",note\n', '1,,note\n'],
    ['csv, read', 'CSV', [undefined, last4, undefined], '1,"123""45,6789",note\n', '1,***6789,note\n'],
    ['csv with another escape', 'CSV ESCAPE \'\\\'', [undefined, same, undefined], '1,"a\\"b\\\\",note\n', '1,"a\\"b\\\\",note\n'],
    ['csv with one odd quote', 'CSV QUOTE \'x\'', [undefined, constant('***'), undefined], '1,xsexxcretx,note\n', '1,***,note\n']
  ])('%s', (_, options, cells, line, wanted) => {
    expect(masked(options, cells, line)).toEqual([wanted])
  })

  test('the header stays, whatever its columns', () => {
    expect(masked('CSV HEADER', [undefined, constant('***'), undefined], 'id,secret,note\n', '1,secret,note\n')).toEqual(['id,secret,note\n', '1,***,note\n'])
    expect(masked('(HEADER)', [undefined, constant('***'), undefined], 'id\tsecret\tnote\n', '1\tsecret\tnote\n')).toEqual(['id\tsecret\tnote\n', '1\t***\tnote\n'])
  })

  // The client chooses what stands for NULL: could it choose the value it asks for, NULL and value would tell it whether it guessed.
  test('a NULL marker that may be a value is masked like one', () => {
    const cells = [undefined, constant('***'), undefined]
    expect(masked('NULL \'123-45-6789\'', cells, '1\t123-45-6789\tnote\n')).toEqual(['1\t***\tnote\n'])
    expect(masked('NULL \'\'', cells, '1\t\tnote\n')).toEqual(['1\t***\tnote\n'])
    expect(masked('NULL \'123-45-6789\'', [undefined, last4, undefined], '1\t123-45-6789\tnote\n', '1\t123-45-0000\tnote\n'))
      .toEqual(['1\t***\tnote\n', '1\t***0000\tnote\n'])
  })
})

describe('what a real server copies', () => {
  let postgres: TestPostgres
  let wire: WireClient
  beforeAll(async () => {
    postgres = await TestPostgres.start({ logStatements: false })
    wire = await WireClient.open({ path: postgres.socket }, { user: 'postgres', database: 'postgres' })
    await postgres.query('CREATE TABLE t (id int, secret text, note text)')
  })
  afterAll(async () => {
    await wire?.close()
    await postgres?.stop()
  })

  /** What a client sees of the COPY: masked, or as it is. The stream is cut where `cuts` say. */
  async function copied(form: string, cells?: readonly (CellMask | undefined)[], cuts: readonly number[] = []): Promise<Buffer> {
    const frames = await wire.exchange([query(`COPY t TO STDOUT ${form}`)])
    if (frames.some(({ type }) => type === 'E')) throw new Error(wire.trace.at(-2))
    const masker = cells && copyMasker(cells, formatOf(form))
    const walker = new BackendWalker({ data: () => undefined, rewriter: () => masker, message: () => 'forward', due: () => undefined }, 1_000_000)
    const whole = Buffer.concat(frames.map(({ bytes }) => bytes))
    const at = [0, ...cuts.map((cut) => cut % whole.length).sort((a, b) => a - b), whole.length]
    const out = Buffer.concat(at.slice(1).flatMap((end, index) => walker.push(whole.subarray(at[index], end))))
    return Buffer.concat(dataOf(out))
  }

  const dataOf = (bytes: Buffer): Buffer[] => {
    const found: Buffer[] = []
    for (let at = 0; at < bytes.length; at += 1 + bytes.readInt32BE(at + 1)) {
      if (bytes[at] === 0x64) found.push(bytes.subarray(at + 5, at + 1 + bytes.readInt32BE(at + 1)))
    }
    return found
  }

  const forms = [
    '',
    'DELIMITER \'|\'',
    '(HEADER)',
    'CSV',
    'CSV HEADER',
    'CSV QUOTE \'\'\'\'',
    'CSV ESCAPE \'\\\'',
    'CSV FORCE QUOTE *',
    'CSV FORCE QUOTE secret',
    'CSV NULL \'none\'',
    'CSV DELIMITER \';\' QUOTE \'~\' ESCAPE \'^\' NULL \'\\N\'',
    'BINARY'
  ]

  test.each(forms)('with %s is what it would copy had the values been the masks, whatever the values are', async (form) => {
    const character = fc.constantFrom(...'ab\t\n\r\\"\',;|~^.N ü{}', '\b', '\f', '\v', '\\N', '\\.', '""')
    const value = fc.option(fc.array(character, { maxLength: 6 }).map((parts) => parts.join('')), { freq: 5 })
    const table = fc.array(fc.tuple(value, value), { maxLength: 6 })
    await fc.assert(fc.asyncProperty(table, fc.array(fc.nat(5000), { maxLength: 5 }), async (rows, cuts) => {
      const load = async (change: (secret: string | null) => string | null) => {
        const lists = JSON.stringify(rows.map(([secret, note], id) => ({ id, secret: change(secret), note })))
        await postgres.query('TRUNCATE t')
        await postgres.query('INSERT INTO t SELECT r.id, r.secret, r.note FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS e(j, n), jsonb_to_record(j) AS r(id int, secret text, note text) ORDER BY n', { parameters: [lists] })
      }
      await load((secret) => secret)
      const withConstant = await copied(form, [undefined, constant('*, "*'), undefined], cuts)
      const unchanged = await copied(form, [same, same, same], cuts)
      const raw = await copied(form)
      await load((secret) => secret === null ? null : '*, "*')
      expect(withConstant.equals(await copied(form))).toBe(true)
      expect(unchanged.equals(raw)).toBe(true)
    }), { numRuns: 15, seed: 5 })
  }, 120_000)

  test('of every type is taken back by COPY FROM, in text, csv and binary, and holds nothing of what was there', async () => {
    const rows = await postgres.query(`SELECT oid::int, format_type(oid, -1) AS type FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace
      AND typtype IN ('b', 'r', 'm') AND typinput <> 'array_in'::regproc AND oid = ANY($1::oid[]) ORDER BY oid`, { parameters: [[...typeConstants].filter(([, { text }]) => text !== undefined).map(([oid]) => oid)] }) as { oid: number, type: string }[]
    const usable = rows.filter(({ type }) => type !== 'unknown')
    expect(usable.length).toBeGreaterThan(65)
    const names = usable.map((_, index) => `c${index}`)
    await postgres.query(`DROP TABLE IF EXISTS kinds; CREATE TABLE kinds (${usable.map(({ type }, index) => `c${index} ${type} NOT NULL`).join(', ')})`)
    // Any value will do where none is told: the constants themselves.
    const values = usable.map(({ oid, type }) => `'${(samples[type] ?? typeConstants.get(oid)!.text!).replaceAll('\'', '\'\'')}'`)
    await postgres.query(`INSERT INTO kinds VALUES (${values.join(', ')})`)
    const scan = new LeakScan(Object.values(samples), { harmless: [...typeConstants.values()].map(({ text = '' }) => text) })
    for (const form of ['', 'CSV', 'BINARY']) {
      const binary = form === 'BINARY'
      const cells = usable.map(({ oid }) => maskFor('redact', { type: oid, typeModifier: -1, nullable: false }, binary ? 1 : 0))
      const masker = copyMasker(cells, formatOf(form, names))
      const frames = (await wire.exchange([query(`COPY kinds TO STDOUT ${form}`)])).filter(({ type }) => type === 'd')
      const whole = Buffer.concat(frames.map((frame: TestFrame) => frame.bytes))
      if (!binary) expect(scan.find(whole).length).toBeGreaterThan(20)
      const out = Buffer.from(masker.rewrite(whole, 0, whole.length, false))
      expect(scan.find(out)).toEqual([])
      await postgres.query('DROP TABLE IF EXISTS back; CREATE TABLE back (LIKE kinds)')
      wire.send(query(`COPY back FROM STDIN ${form}`))
      await wire.until('GE')
      const done = await wire.exchange([out, message('c')])
      expect(done.filter(({ type }) => type === 'E').map(({ body }) => body.toString())).toEqual([])
      const { rows: [row] } = await wire.ask('SELECT * FROM back')
      expect(row!.map((text) => text!.trimEnd())).toEqual(usable.map(({ oid }) => typeConstants.get(oid)!.text))
    }
  })
})

const samples: Readonly<Record<string, string>> = {
  text: 'Hypertension',
  'character varying': 'Mellitus',
  name: 'Lovelace',
  xml: '<p>Babbage</p>',
  json: '{"ssn":"123-45-6789"}',
  jsonb: '{"mrn": "MRN-77123"}',
  integer: '190815',
  bigint: '4111111111111111',
  numeric: '98765.4321',
  money: '$71,234.56',
  date: '1815-12-10',
  'timestamp without time zone': '1852-11-27 17:18:19',
  uuid: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
  inet: '203.0.113.77',
  macaddr: '08:00:2b:01:02:03',
  bytea: '\\xdeadbeef99',
  tsvector: '\'grippe\'',
  point: '(51.5074,7.1278)'
}
