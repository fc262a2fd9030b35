// Identifiers in columns nobody has marked: found in every form of a result, from a real server; through a session whose gate is scripted.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { defaultFlows } from '../../../server/masking/postgres/judge.ts'
import { defaultKinds } from '../../../server/masking/detectors.ts'
import type { Detection, Protection } from '../../../server/policy/protect.ts'
import { postgres } from '../../../server/protocols/postgres/index.ts'
import * as m from '../../support/messages.ts'
import { TestPostgres } from '../../support/postgres.ts'
import { reportFields, rowsOf, type TestFrame } from '../../support/trace.ts'
import { until } from '../../support/until.ts'
import { WireClient } from '../../support/wire.ts'
import { ProtocolHarness } from '../harness.ts'

const masking: Detection = { kinds: defaultKinds, action: 'mask' }
const reporting: Detection = { kinds: defaultKinds, action: 'report' }
const protection: Protection = {
  rules: [{ name: 'PHI', columns: ['public.people.secret'], mask: 'redact', exempt: false }],
  flows: defaultFlows,
  trust: []
}

let server: TestPostgres
let harness: ProtocolHarness
let client: WireClient

const asClinic = (sql: string) => server.query(sql, { database: 'clinic' })
async function start(detection?: Detection, what?: Protection): Promise<void> {
  harness = await ProtocolHarness.start(postgres(), {
    address: server.address,
    user: server.superuser,
    password: server.password,
    database: 'clinic',
    ...(detection === undefined ? {} : { detection }),
    ...(what === undefined ? {} : { protection: what })
  })
  client = await WireClient.open(harness.to, { user: 'me', database: 'clinic' })
}

async function restart(...how: Parameters<typeof start>): Promise<void> {
  client.destroy()
  await harness.stop()
  await start(...how)
}

beforeAll(async () => {
  server = await TestPostgres.start()
  await server.query('CREATE DATABASE clinic')
  await asClinic(`CREATE TABLE notes (id int PRIMARY KEY, body text, doc jsonb, raw json, short varchar(8), tags text[], n bigint, at timestamptz);
    INSERT INTO notes VALUES
      (1, 'his ssn is 123-45-6789, call (555) 234-5678', '{"a": "123-45-6789", "phone": 5552345678}', '{"m": "ada\\u0041@example.com"}', 'a@b.info', '{"x 123-45-6789",y}', 4111111111111111, '2024-01-02'),
      (2, 'nothing', '{}', NULL, NULL, '{}', 5, NULL);
    CREATE TABLE people (id int, name text, secret text);
    INSERT INTO people VALUES (1, 'x 123-45-6789', 'hidden');
    CREATE DOMAIN words AS text; CREATE TABLE odd (id int, said words, whole notes);
    INSERT INTO odd SELECT 1, '123-45-6789', x FROM notes x WHERE x.id = 1`)
})
afterAll(() => server.stop())
beforeEach(() => start(masking))
afterEach(async () => {
  client.destroy()
  await harness.stop()
})

const detected = async (at = 0) => until('an outcome', () => harness.settled[at]?.outcome).then(({ detected: found }) => found)
const copied = (frames: readonly TestFrame[]) => Buffer.concat(frames.filter(({ type }) => type === 'd').map(({ body }) => body))

describe('a result', () => {
  test('has the place of each identifier named instead, and nothing else changed', async () => {
    const { frames, rows } = await client.ask('SELECT id, body, n, at::text FROM notes ORDER BY id')
    expect(rows).toEqual([['1', 'his ssn is [ssn], call [phone]', '4111111111111111', expect.stringMatching(/^2024/)], ['2', 'nothing', '5', null]])
    expect(frames.map(({ type }) => type).join('')).toBe('TDDCZ')
    expect(await detected()).toEqual([{ column: 'public.notes.body', kind: 'ssn', hits: 1 }, { column: 'public.notes.body', kind: 'phone', hits: 1 }])
  })

  test('stays JSON', async () => {
    const { rows } = await client.ask('SELECT doc, raw FROM notes WHERE id = 1')
    expect(rows.map((row) => row.map((cell) => JSON.parse(cell!) as unknown))).toEqual([[{ a: '[ssn]', phone: '[phone]' }, { m: expect.stringContaining('[email]') as string }]])
  })

  test('is no longer than its column allows', async () => {
    expect((await client.ask('SELECT short FROM notes WHERE id = 1')).rows).toEqual([['[email]']])
    expect((await client.ask('SELECT \'a@b.io\'::varchar(6)')).rows).toEqual([['[email']])
  })

  test('of arrays, domains and rows is searched, too', async () => {
    expect((await client.ask('SELECT tags FROM notes WHERE id = 1')).rows).toEqual([['{"x [ssn]",y}']])
    const { rows } = await client.ask('SELECT said, whole, upper(said) FROM odd')
    expect(JSON.stringify(rows)).not.toMatch(/123-45-6789/)
    expect(rows[0]!.slice(0, 1)).toEqual(['[ssn]'])
  })

  test('in the extended protocol: text and binary, described or not, in parts, run again', async () => {
    for (const results of [[], [0], [1]]) {
      const frames = await client.exchange([m.parse('SELECT body, doc, tags FROM notes ORDER BY id', 's'), m.bind({ statement: 's', results }), m.execute('', 1), m.execute(), m.sync()])
      expect(frames.map(({ type }) => type).join('')).toBe('12DsDCZ')
      expect(Buffer.concat(frames.map(({ bytes }) => bytes)).toString('latin1')).not.toMatch(/123-45-6789|5552345678/)
      expect(rowsOf(frames)[0]![0]).toBe('his ssn is [ssn], call [phone]')
      const again = await client.exchange([m.bind({ statement: 's', results }), m.describePortal(), m.execute(), m.sync()])
      expect(again.map(({ type }) => type).join('')).toBe('2TDDCZ')
      expect(Buffer.concat(again.map(({ bytes }) => bytes)).toString('latin1')).not.toMatch(/123-45-6789/)
      await client.exchange([m.closeStatement('s'), m.sync()])
    }
    // In binary nothing can be cut out of an array: it is NULL.
    const frames = await client.exchange([m.parse('SELECT tags FROM notes ORDER BY id'), m.bind({ results: [1] }), m.execute(), m.sync()])
    expect(frames.filter(({ type }) => type === 'D').map(({ body }) => body.readInt32BE(2))).toEqual([-1, 12])
  })

  test('without rows, an error, and an empty statement are as ever', async () => {
    const exchanges = [
      [m.parse('SELECT nothing_like_it'), m.bind({}), m.execute(), m.sync()],
      [m.parse(''), m.bind({}), m.execute(), m.sync()],
      [m.parse('BEGIN'), m.bind({}), m.execute(), m.parse('SELECT 1/(id - 1) FROM notes'), m.bind({}), m.execute(), m.sync()],
      [m.parse('SELECT 1'), m.bind({}), m.execute(), m.sync()],
      [m.parse('SELECT 1'), m.sync()]
    ]
    const answers = async () => {
      const all = []
      for (const messages of exchanges) {
        const frames = await client.exchange(messages)
        all.push(frames.map(({ type, body, bytes }) => type === 'E' ? reportFields({ type, body, bytes }).C : type).join(' '))
      }
      return all
    }
    const searched = await answers()
    const known = harness.settled.map(({ outcome }) => outcome)
    await restart()
    expect(searched).toEqual(await answers())
    expect(known).toEqual(harness.settled.map(({ outcome }) => outcome))
    await restart(masking)
    expect((await client.ask('SELECT 1; SELECT body FROM notes WHERE id = 1')).rows).toEqual([['1'], ['his ssn is [ssn], call [phone]']])
  })

  test('of a cursor, by FETCH and by its portal', async () => {
    await client.ask('BEGIN')
    await client.ask('DECLARE c CURSOR FOR SELECT body FROM notes ORDER BY id')
    expect((await client.ask('FETCH 1 FROM c')).rows).toEqual([['his ssn is [ssn], call [phone]']])
    await client.ask('MOVE ABSOLUTE 0 c')
    const frames = await client.exchange([m.execute('c', 1), m.sync()])
    expect(rowsOf(frames)).toEqual([['his ssn is [ssn], call [phone]']])
    await client.ask('ROLLBACK')
  })

  test('with a value of half a megabyte is searched, with one of more than a megabyte not shown', async () => {
    const half = await client.ask('SELECT repeat(\'word \', 100000) || \'123-45-6789\' AS body')
    expect(half.rows[0]![0]!.length).toBe(500_005)
    expect(half.rows[0]![0]!.endsWith('word [ssn]')).toBe(true)
    expect((await client.ask('SELECT 1, repeat(\'word \', 300000) || \'123-45-6789\' AS body, \'123-45-6789\', 2')).rows).toEqual([['1', '***', '[ssn]', '2']])
  })
})

describe('COPY', () => {
  test.each([
    ['COPY (SELECT id, body, doc FROM notes ORDER BY id) TO STDOUT', '1\this ssn is [ssn], call [phone]\t{"a": "[ssn]", "phone": "[phone]"}\n2\tnothing\t{}\n'],
    ['COPY (SELECT body, n, short FROM notes ORDER BY id) TO STDOUT (FORMAT csv, HEADER)', 'body,n,short\n"his ssn is [ssn], call [phone]",4111111111111111,[email]\nnothing,5,\n'],
    ['COPY people TO STDOUT (DELIMITER \'|\')', '1|x [ssn]|hidden\n']
  ])('%s', async (sql, expected) => {
    const { frames } = await client.ask(sql)
    expect(copied(frames).toString()).toBe(expected)
    expect(await detected()).toEqual(expect.arrayContaining([expect.objectContaining({ kind: 'ssn', hits: 1 })]))
  })

  test('in binary, and in the extended protocol', async () => {
    const frames = await client.exchange([m.parse('COPY (SELECT id, body, tags FROM notes ORDER BY id) TO STDOUT (FORMAT binary)'), m.bind({}), m.execute(), m.sync()])
    expect(copied(frames).toString('latin1')).toMatch(/his ssn is \[ssn\], call \[phone\]/)
    expect(copied(frames).toString('latin1')).not.toMatch(/123-45/)
  })

  test('of what the analysis cannot name has as many columns as the server says', async () => {
    await asClinic('CREATE OR REPLACE FUNCTION told() RETURNS TABLE (a int, b text) LANGUAGE sql AS $$ SELECT 1, \'123-45-6789\'::text $$')
    expect(copied((await client.ask('COPY (SELECT * FROM told()) TO STDOUT')).frames).toString()).toBe('1\t[ssn]\n')
  })
})

describe('reporting', () => {
  test('changes no byte and tells the same', async () => {
    const statements = ['SELECT * FROM notes ORDER BY id', 'COPY notes TO STDOUT', 'COPY notes TO STDOUT (FORMAT csv, FORCE_QUOTE *)', 'COPY notes TO STDOUT (FORMAT binary)', 'SELECT repeat(\'word \', 300000)']
    const bytesOf = async (sql: string) => Buffer.concat((await client.ask(sql)).frames.map(({ bytes }) => bytes))
    await restart()
    const plain: Buffer[] = []
    for (const sql of statements) plain.push(await bytesOf(sql))
    expect(harness.settled.map(({ outcome }) => outcome.detected)).toEqual(statements.map(() => undefined))
    await restart(reporting)
    for (const [i, sql] of statements.entries()) {
      expect(plain[i]!.equals(await bytesOf(sql)), sql).toBe(true)
      const found = await detected(i)
      if (sql.includes('notes')) expect(found, sql).toEqual(expect.arrayContaining([{ column: 'public.notes.body', kind: 'ssn', hits: 1 }]))
    }
  })
})

describe('beside protected columns', () => {
  test('those that pass are searched, those that are protected are masked as ever', async () => {
    await restart(masking, protection)
    expect((await client.ask('SELECT name, secret FROM people')).rows).toEqual([['x [ssn]', '***']])
    expect(copied((await client.ask('COPY people TO STDOUT')).frames).toString()).toBe('1\tx [ssn]\t***\n')
    const frames = await client.exchange([m.parse('SELECT secret, name FROM people'), m.bind({ results: [1] }), m.execute(), m.sync()])
    expect(rowsOf(frames)).toEqual([['***', 'x [ssn]']])
    expect((await client.ask('SELECT body FROM notes WHERE id = 1')).rows).toEqual([['his ssn is [ssn], call [phone]']])
  })

  test('and without them nothing is refused that was not: code that cannot be read runs', async () => {
    expect((await client.ask('DO $$ BEGIN PERFORM 1; END $$')).error).toBeUndefined()
    expect((await client.ask('SELECT id FROM notes WHERE body LIKE \'n%\'')).rows).toEqual([['2']])
  })
})
