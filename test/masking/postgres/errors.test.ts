// Statements that fail because of a protected value and say so: what is left of each error, scanned byte by byte.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { scrub } from '../../../server/masking/postgres/errors.ts'
import { conditionNames } from '../../../server/masking/postgres/sqlstates.ts'
import { answer, decodeErrorFields } from '../../../server/protocols/postgres/wire/backend.ts'
import { LeakScan } from '../../support/leak-scan.ts'
import { bind, execute, message, parse, query, sync } from '../../support/messages.ts'
import { TestPostgres } from '../../support/postgres.ts'
import { hasServer } from '../../support/postgres-server.ts'
import type { TestFrame } from '../../support/trace.ts'
import { WireClient } from '../../support/wire.ts'

const names = new Set(['public', 'people', 'ssn', 'people_ssn_key', 'people_age_check', 'kin', 'kin_person_fkey'])

describe('scrubbing', () => {
  const raw = new Map(Object.entries({
    S: 'FEHLER',
    V: 'ERROR',
    C: '23505',
    M: 'secret',
    D: 'secret',
    H: 'secret',
    P: '17',
    p: '3',
    q: 'secret',
    W: 'secret',
    s: 'public',
    t: 'people',
    c: 'secret',
    d: 'secret',
    n: 'people_ssn_key',
    F: 'secret.c',
    L: '1',
    R: 'secret',
    x: 'secret'
  }))

  test('keeps severity, code and position, names the condition, and objects that are known; drops everything else', () => {
    expect(Object.fromEntries(scrub(raw, names))).toEqual({
      S: 'ERROR',
      V: 'ERROR',
      C: '23505',
      M: 'unique_violation',
      P: '17',
      s: 'public',
      t: 'people',
      n: 'people_ssn_key'
    })
  })

  test.each<[string, Record<string, string>, Record<string, string>]>([
    ['a code that somebody made up', { S: 'ERROR', C: '12345', M: 'x' }, { S: 'ERROR', V: 'ERROR', C: 'P0001', M: 'raise_exception' }],
    ['no code', { S: 'ERROR', M: 'x' }, { S: 'ERROR', V: 'ERROR', C: 'P0001', M: 'raise_exception' }],
    ['a severity that is none', { S: 'secret', V: 'secret', C: '22012' }, { S: 'ERROR', V: 'ERROR', C: '22012', M: 'division_by_zero' }],
    ['the end of the connection', { S: 'FATAL', V: 'FATAL', C: '57P01', M: 'x' }, { S: 'FATAL', V: 'FATAL', C: '57P01', M: 'admin_shutdown' }],
    ['a position that is none', { V: 'ERROR', C: '42601', P: '1 secret' }, { S: 'ERROR', V: 'ERROR', C: '42601', M: 'syntax_error' }],
    ['a severity as old servers send it', { S: 'ERROR', C: '42601' }, { S: 'ERROR', V: 'ERROR', C: '42601', M: 'syntax_error' }],
    ['nothing', {}, { S: 'ERROR', V: 'ERROR', C: 'P0001', M: 'raise_exception' }]
  ])('of %s', (_, fields, expected) => {
    expect(Object.fromEntries(scrub(new Map(Object.entries(fields)), names))).toEqual(expected)
  })
})

const protectedValues = ['123-45-6789', '987-65-4321', 'Hypertension', '190815', 'diabetes.mellitus', '1815-12-32', 'x7[q(zw', 'MRN-77123']
const ssn = '(SELECT ssn FROM people WHERE id = 1)'
const diagnosis = '(SELECT diagnosis FROM people WHERE id = 1)'
const born = '(SELECT born FROM people WHERE id = 1)'
const path = '(SELECT path FROM people WHERE id = 1)'
const pattern = '(SELECT pattern FROM people WHERE id = 1)'
const raised = (using: string) => `DO $$ DECLARE v text; BEGIN SELECT ssn INTO v FROM people WHERE id = 1; RAISE ${using}; END $$`

/** Each fails with a protected value somewhere in the error. */
const failing: readonly string[] = [
  // 22P02 and its kin: a value that is not of the type
  ...['int', 'bigint', 'numeric', 'float8', 'bool', 'uuid', 'json', 'jsonb', 'inet', 'cidr', 'macaddr', 'money', 'point', 'pg_lsn', 'int4range', 'int[]', 'tid', 'box']
    .map((type) => `SELECT ${ssn}::${type}`),
  `SELECT ${ssn}::date`,
  `SELECT ${ssn}::timestamp`,
  `SELECT ${ssn}::time`,
  `SELECT ${ssn}::interval`,
  `SELECT ${born}::date`,
  `SELECT ${ssn}::mood`,
  `SELECT ${diagnosis}::oid`,
  `SELECT xmlparse(document ${diagnosis})`,
  // Names made of values
  `SELECT ${diagnosis}::regclass`,
  `SELECT ${path}::regclass`,
  `SELECT ${diagnosis}::regtype`,
  `SELECT ${diagnosis}::regproc`,
  `SELECT ${diagnosis}::regrole`,
  `SELECT ${diagnosis}::regconfig`,
  `SELECT nextval(${diagnosis})`,
  `SELECT to_tsvector(${diagnosis}::regconfig, 'x')`,
  // Arguments made of values
  `SELECT now() AT TIME ZONE ${diagnosis}`,
  `SELECT date_trunc(${diagnosis}, now())`,
  `SELECT extract(epoch FROM ${born}::date)`,
  `SELECT encode('x', ${diagnosis})`,
  `SELECT convert_to('x', ${diagnosis})`,
  `SELECT to_date(${ssn}, 'YYYY-MM-DD-HH')`,
  `SELECT set_config(${diagnosis}, 'x', false)`,
  `SELECT current_setting(${diagnosis})`,
  `SELECT has_table_privilege(${diagnosis}, 'select')`,
  // Constraints
  'INSERT INTO people (id, ssn) SELECT 9, ssn FROM people WHERE id = 1',
  'UPDATE people SET ssn = (SELECT ssn FROM people WHERE id = 1) WHERE id = 2',
  'UPDATE people SET name = NULL WHERE id = 1',
  'UPDATE people SET age = 5000 WHERE id = 1',
  'DELETE FROM people WHERE id = 1',
  'INSERT INTO kin SELECT ssn || \'x\' FROM people WHERE id = 1',
  'INSERT INTO parts SELECT age, ssn FROM people WHERE id = 1',
  'CREATE UNIQUE INDEX ON people (left(ssn, 0), age)',
  // Dynamic SQL and everything RAISE can say
  'DO $$ DECLARE v text; BEGIN SELECT diagnosis INTO v FROM people WHERE id = 1; EXECUTE \'SELECT \' || v; END $$',
  'DO $$ DECLARE v text; BEGIN SELECT ssn INTO v FROM people WHERE id = 1; EXECUTE \'SELEC \' || v; END $$',
  'DO $$ DECLARE v text; BEGIN SELECT ssn INTO v FROM people WHERE id = 1; ASSERT false, v; END $$',
  raised('EXCEPTION \'%\', v'),
  raised('EXCEPTION USING MESSAGE = v, DETAIL = v, HINT = v'),
  raised('EXCEPTION \'x\' USING SCHEMA = v, TABLE = v, COLUMN = v, DATATYPE = v, CONSTRAINT = v'),
  raised('EXCEPTION \'x\' USING ERRCODE = \'22012\', DETAIL = reverse(v)'),
  raised('EXCEPTION \'%\', encode(v::bytea, \'base64\')'),
  raised('EXCEPTION \'%\', encode(v::bytea, \'hex\')'),
  'SELECT whispers(ssn) FROM people WHERE id = 1'
]

/** These show no value, or less than four characters of one: whether they fail is what tells, or the code. */
const silent: readonly string[] = [
  'SELECT 1 / (age - 190815) FROM people WHERE id = 1',
  'SELECT (age * 100000)::int FROM people WHERE id = 1',
  'SELECT ln(age - 190815) FROM people WHERE id = 1',
  'SELECT sqrt(190814 - age) FROM people WHERE id = 1',
  'SELECT (SELECT ssn FROM people)',
  `SELECT ${ssn}::bit`,
  `SELECT ${ssn}::short`,
  `SELECT ${pattern}::jsonpath`,
  `SELECT decode(${pattern}, 'hex')`,
  `SELECT 'a' ~ ${pattern}`,
  `SELECT regexp_replace('a', ${pattern}, '')`,
  `SELECT to_number(${diagnosis}, '999')`,
  `SELECT format(${pattern} || '%s%q', 'a')`,
  'INSERT INTO narrow SELECT diagnosis FROM people WHERE id = 1',
  'ALTER TABLE people ADD CHECK (age > 200000)',
  'ALTER TABLE people ALTER ssn TYPE int USING ssn::int',
  raised('EXCEPTION USING ERRCODE = left(translate(v, \'-\', \'\'), 5)')
]

describe.each([
  { server: 'system' as const, name: 'the machine\'s server' },
  { server: 'embedded' as const, name: 'the embedded server' }
])('errors of $name', ({ server }) => {
  const here = hasServer({ server })
  const scan = new LeakScan(protectedValues, { harmless: [...conditionNames.values(), ...names] })
  let postgres: TestPostgres
  let wire: WireClient

  beforeAll(async () => {
    if (!here) return
    postgres = await TestPostgres.start({ server, logStatements: false })
    await postgres.query(`
      CREATE TYPE mood AS ENUM ('ok'); CREATE DOMAIN short AS text CHECK (length(value) < 3);
      CREATE TABLE people (id int PRIMARY KEY, ssn text UNIQUE, name text NOT NULL, diagnosis text, age int CONSTRAINT people_age_check CHECK (age <> 5000), born text, path text, pattern text, mrn text);
      CREATE TABLE kin (person text REFERENCES people (ssn)); CREATE TABLE narrow (c varchar(4) CHECK (c <> 'Hyper'));
      CREATE TABLE parts (age int, ssn text) PARTITION BY RANGE (age);
      INSERT INTO people VALUES (1, '123-45-6789', 'Ada', 'Hypertension', 190815, '1815-12-32', 'diabetes.mellitus', 'x7[q(zw', 'MRN-77123'),
        (2, '987-65-4321', 'Bo', 'Hypertension', 190815, '1815-12-32', 'diabetes.mellitus', 'x7[q(zw', 'MRN-77123');
      INSERT INTO kin VALUES ('123-45-6789');
      CREATE FUNCTION whispers(v text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', v; RAISE EXCEPTION 'no' USING HINT = v; END $$`)
    wire = await WireClient.open({ path: postgres.socket }, { user: 'postgres', database: 'postgres' })
  })
  afterAll(async () => {
    await wire?.close()
    await postgres?.stop()
  })

  const forms: readonly [string, (statement: string) => Buffer[] | undefined][] = [
    ['simple', (statement) => [query(statement)]],
    ['extended', (statement) => [parse(statement), bind({ results: [1] }), execute(), sync()]],
    ['copied', (statement) => statement.startsWith('SELECT') ? [query(`COPY (${statement}) TO STDOUT`)] : undefined]
  ]

  async function errorOf(messages: Buffer[]): Promise<TestFrame> {
    const error = (await wire.exchange(messages)).find(({ type }) => type === 'E')
    if (error === undefined) throw new Error('it did not fail')
    return error
  }

  test.runIf(here).each(forms)('%s hold no value once scrubbed, nor a fragment of one', async (_, messagesOf) => {
    const told: string[] = []
    const codes = new Set<string>()
    for (const statement of [...failing, ...silent]) {
      const messages = messagesOf(statement)
      if (messages === undefined) continue
      const { bytes, body } = await errorOf(messages).catch((error: unknown) => { throw new Error(`${statement}: ${String(error)}`) })
      const fields = decodeErrorFields(body)
      codes.add(fields.get('C')!)
      if (scan.find(bytes).length > 0) told.push(statement)
      const scrubbed = answer.errorFields(scrub(fields, names))
      expect(scan.find(scrubbed), statement).toEqual([])
      const kept = decodeErrorFields(scrubbed.subarray(5))
      expect(kept.get('M')).toBe(conditionNames.get(kept.get('C')!))
      if (conditionNames.has(fields.get('C')!)) expect(kept.get('C')).toBe(fields.get('C'))
      expect([...kept.keys()].filter((letter) => !'SVCMPstcn'.includes(letter))).toEqual([])
    }
    // The test is worth something only if the errors do tell.
    expect(told).toEqual(failing.filter((statement) => messagesOf(statement) !== undefined))
    expect(codes.size).toBeGreaterThan(14)
  })

  test.runIf(here)('of rows that come by COPY hold no value once scrubbed', async () => {
    for (const [table, row] of [['people', '7\t123-45-6789\tx\n'], ['people (id, age)', '8\tHypertension\n'], ['kin', 'MRN-77123\n'], ['narrow', 'Hypertension\n']] as const) {
      wire.send(query(`COPY ${table} FROM STDIN`))
      await wire.until('GE')
      const { bytes, body } = await errorOf([message('d', Buffer.from(row)), message('c')])
      expect(scan.find(bytes), table).not.toEqual([])
      expect(scan.find(answer.errorFields(scrub(decodeErrorFields(body), names))), table).toEqual([])
    }
  })
})
