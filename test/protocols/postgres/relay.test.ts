import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { postgres } from '../../../server/protocols/postgres/index.ts'
import { GatewayError } from '../../../shared/errors.ts'
import type { Operation } from '../../../shared/model.ts'
import * as m from '../../support/messages.ts'
import { TestPostgres } from '../../support/postgres.ts'
import { frameTypes, reportFields, rowValues, type TestFrame } from '../../support/trace.ts'
import { until } from '../../support/until.ts'
import { WireClient } from '../../support/wire.ts'
import { ProtocolHarness } from '../harness.ts'

let server: TestPostgres
let harness: ProtocolHarness
let client: WireClient

beforeAll(async () => {
  server = await TestPostgres.start()
  await server.query('CREATE TABLE t (n int); CREATE TABLE seen (what text)')
})
afterAll(() => server.stop())
beforeEach(async () => {
  await server.query('TRUNCATE t, seen')
  harness = await ProtocolHarness.start(postgres(), { address: server.address, user: server.superuser, password: server.password, database: 'postgres' })
  client = await WireClient.open(harness.to, { user: 'me', database: 'postgres' })
})
afterEach(async () => {
  client.destroy()
  await harness.stop()
})

const textOf = (operation: Operation) => operation.kind === 'statement' ? operation.text : ''
const deny = (pattern: RegExp) => { harness.gate = (operation) => pattern.test(textOf(operation)) ? 'not this one' : undefined }
const count = async (table = 't') => Number((await server.query(`SELECT count(*) FROM ${table}`))[0]!.count)
const outcomes = () => harness.settled.map(({ operation, outcome }) => `${textOf(operation)}: ${outcome.status}${outcome.errorClass === undefined ? '' : ` ${outcome.errorClass}`}`)
const insert = (n: number) => [m.parse(`INSERT INTO t VALUES (${n})`), m.bind(), m.execute()]

test('who a client is, is told once and by its own word', async () => {
  expect(harness.introduced.map(({ name }) => name)).toEqual([undefined])
  const named = await WireClient.open(harness.to, { user: 'me', database: 'postgres', parameters: { application_name: 'a tool' } })
  await named.ask('SET application_name TO other')
  expect(harness.introduced.map(({ name }) => name)).toEqual([undefined, 'a tool'])
  await named.ask('SELECT n FROM t')
  await named.ask('SELECT generate_series(1, 3)')
  expect(harness.introduced[1]!.shown).toEqual({ rows: 3, maskedCells: 0 })
  named.destroy()
})

describe('a denied simple query', () => {
  test('is answered with the transaction status last seen', async () => {
    deny(/DELETE/)
    await client.ask('BEGIN')
    expect(frameTypes((await client.ask('DELETE FROM t')).frames)).toBe('E42501 ZT')
    expect(frameTypes((await client.ask('SELECT 1')).frames)).toBe('T D C ZT')
    await client.ask('ROLLBACK')
    expect(frameTypes((await client.ask('DELETE FROM t')).frames)).toBe('E42501 ZI')
  })

  test('takes every statement of its string with it', async () => {
    deny(/DELETE/)
    const { frames } = await client.ask('INSERT INTO t VALUES (1); DELETE FROM t; INSERT INTO t VALUES (2)')
    expect(frameTypes(frames)).toBe('E42501 ZI')
    expect(await count()).toBe(0)
    expect(harness.asked.at(-1)!.map(textOf)).toHaveLength(3)
  })

  test('says which rule refused it', async () => {
    deny(/DELETE/)
    const { error } = await client.ask('DELETE FROM t')
    expect(error).toMatchObject({ S: 'ERROR', V: 'ERROR', C: '42501', M: 'not this one', D: 'Refused by rule "the rule of the test"; nothing of it reached the database.' })
  })
})

describe('a batch of the extended protocol', () => {
  test('is judged whole: the third statement denied, the first two never run', async () => {
    deny(/VALUES \(3\)/)
    const frames = await client.exchange([...insert(1), ...insert(2), ...insert(3), m.sync()])
    expect(frameTypes(frames)).toBe('E42501 ZI')
    expect(await count()).toBe(0)
  })

  test('parsed, bound and run in one batch is one operation, with its parameters', async () => {
    await client.exchange([m.parse('SELECT $1::text'), m.bind({ parameters: ['x'] }), m.describePortal(), m.execute(), m.sync()])
    expect(harness.asked).toHaveLength(1)
    expect(harness.operations).toMatchObject([{ step: 'execute', text: 'SELECT $1::text', parameters: [Buffer.from('x')] }])
  })

  test('each run of a prepared statement is an operation of its own, judged by its own text', async () => {
    await client.exchange([m.parse('SELECT $1::int', 's'), m.sync()])
    await client.exchange([
      m.bind({ statement: 's', parameters: ['1'] }),
      m.execute(),
      m.bind({ statement: 's', parameters: ['2'] }),
      m.execute(),
      m.sync()
    ])
    expect(harness.operations.map((operation) => operation.kind === 'statement' && [operation.step, operation.text, operation.parameters.map(String).join()]))
      .toEqual([['prepare', 'SELECT $1::int', ''], ['execute', 'SELECT $1::int', '1'], ['execute', 'SELECT $1::int', '2']])
  })

  test('a denied Execute of a statement prepared before is answered in its own slot of a pipeline', async () => {
    await client.exchange([m.parse('INSERT INTO t VALUES ($1)', 's'), m.sync()])
    harness.gate = (operation) => operation.kind === 'statement' && String(operation.parameters[0]) === '2' ? 'not two' : undefined
    const run = (n: number) => [m.bind({ statement: 's', parameters: [String(n)] }), m.execute(), m.sync()]
    const frames = await client.exchange([...run(1), ...run(2), ...run(3)], 3)
    expect(frameTypes(frames)).toBe('2 C ZI E42501 ZI 2 C ZI')
    expect((await server.query('SELECT n FROM t ORDER BY n')).map(({ n }) => n)).toEqual([1, 3])
  })

  test('denied behind a Flush makes the part before it roll back, as an error of the server would', async () => {
    deny(/VALUES \(2\)/)
    client.send(...insert(1), m.flush())
    expect(frameTypes(await client.until('C'))).toBe('1 2 C')
    const frames = await client.exchange([...insert(2), m.sync()])
    expect(frameTypes(frames)).toBe('E42501 ZI')
    expect(await count()).toBe(0)
  })

  test('denied before a Flush: everything up to Sync is skipped, and nothing of it reaches the gate or the server', async () => {
    deny(/VALUES \(1\)/)
    client.send(...insert(1), m.flush())
    expect(frameTypes(await client.until('E'))).toBe('E42501')
    const frames = await client.exchange([...insert(2), m.sync()])
    expect(frameTypes(frames)).toBe('ZI')
    expect(await count()).toBe(0)
    expect(harness.operations.map(textOf)).toEqual(['INSERT INTO t VALUES (1)'])
  })

  test('what the server skips after an error is settled as cancelled', async () => {
    const frames = await client.exchange([m.parse('SELECT 1/0'), m.bind(), m.execute(), ...insert(2), m.sync()])
    expect(frameTypes(frames)).toBe('1 E22012 ZI')
    expect(outcomes()).toEqual(['SELECT 1/0: error 22012', 'INSERT INTO t VALUES (2): cancelled'])
  })

  test('an error after a Flush skips what follows, without asking the gate', async () => {
    client.send(m.parse('SELECT 1/0'), m.bind(), m.execute(), m.flush())
    await client.until('E')
    const asked = harness.asked.length
    expect(frameTypes(await client.exchange([...insert(5), m.sync()]))).toBe('ZI')
    expect(harness.asked).toHaveLength(asked)
  })

  test('row limits: each further Execute of a portal is an operation', async () => {
    await client.ask('BEGIN')
    const frames = await client.exchange([
      m.parse('SELECT generate_series(1, 5)'),
      m.bind({ portal: 'p' }),
      m.execute('p', 2),
      m.execute('p', 2),
      m.execute('p', 2),
      m.sync()
    ])
    expect(frameTypes(frames)).toBe('1 2 D D s D D s D C ZT')
    expect(harness.operations.slice(1).map((operation) => operation.kind === 'statement' && operation.step)).toEqual(['execute', 'execute', 'execute'])
    expect(harness.settled.slice(1).map(({ outcome }) => outcome.rows)).toEqual([2, 2, 1])
  })

  test('messages without Sync or Flush are judged once they have grown to a mebibyte, and answered', async () => {
    const large = Array.from({ length: 40 }, () => [m.parse(`SELECT '${'x'.repeat(50_000)}'`), m.bind(), m.execute()]).flat()
    client.send(...large)
    await until('the gate to be asked', () => harness.asked.length > 0)
    const frames = await client.exchange([m.sync()])
    expect(frames.filter(({ type }) => type === 'C')).toHaveLength(40)
  })
})

describe('names', () => {
  test('a Parse of a name in use fails and leaves the old statement, which is what later runs are judged by', async () => {
    await client.exchange([m.parse('SELECT 1', 's'), m.sync()])
    client.send(m.parse('SELECT 2', 's'), m.sync(), m.bind({ statement: 's' }), m.execute(), m.sync())
    const frames = await client.until('Z', 2)
    expect(frameTypes(frames)).toBe('E42P05 ZI 2 D C ZI')
    expect(harness.operations.map(textOf)).toEqual(['SELECT 1', 'SELECT 2', 'SELECT 1'])
    expect(rowValues(frames.find(({ type }) => type === 'D')!)).toEqual(['1'])
  })

  test('closed and parsed again under the same name, the new text counts', async () => {
    await client.exchange([m.parse('SELECT 1', 's'), m.sync()])
    await client.exchange([m.closeStatement('s'), m.parse('SELECT 2', 's'), m.bind({ statement: 's' }), m.execute(), m.sync()])
    expect(harness.operations.map(textOf)).toEqual(['SELECT 1', 'SELECT 2'])
  })

  test('an SQL-level EXECUTE has the effects of what was prepared', async () => {
    await client.ask('PREPARE w AS INSERT INTO t VALUES (7)')
    await client.ask('EXECUTE w')
    expect(harness.operations.map((operation) => operation.kind === 'statement' && [...operation.effects])).toEqual([['write'], ['write']])
    expect(await count()).toBe(1)
    await client.ask('DEALLOCATE w')
    await client.ask('EXECUTE w')
    expect(harness.operations.at(-1)).toMatchObject({ effects: ['unknown'] })
  })

  test('a statement prepared in SQL and bound by message has its effects, too', async () => {
    await client.ask('PREPARE w AS INSERT INTO t VALUES (7)')
    await client.exchange([m.bind({ statement: 'w' }), m.execute(), m.sync()])
    expect(harness.operations.at(-1)).toMatchObject({ step: 'execute', effects: ['write'] })
  })

  test('names the gateway has not seen are unknown', async () => {
    expect(frameTypes(await client.exchange([m.bind({ statement: 'nobody' }), m.execute(), m.sync()]))).toBe('E26000 ZI')
    expect(harness.operations).toMatchObject([{ effects: ['unknown'] }])
  })
})

describe('text that does not parse', () => {
  test('is refused by the server\'s own parser, in its own words', async () => {
    const direct = await WireClient.open({ path: server.socket }, { user: server.superuser, database: 'postgres' })
    for (const text of ['SELEC 1', 'SELECT 1; SELEC 2', 'SELECT \'', '/* open']) {
      expect((await client.ask(text)).frames.map(({ bytes }) => bytes)).toEqual((await direct.ask(text)).frames.map(({ bytes }) => bytes))
    }
    expect(harness.operations.every((operation) => operation.kind === 'statement' && operation.step === 'check')).toBe(true)
    await direct.close()
  })

  test('in a Parse, what stands behind it is skipped', async () => {
    expect(frameTypes(await client.exchange([m.parse('SELEC 1'), m.bind(), m.execute(), ...insert(1), m.sync()]))).toBe('E42601 ZI')
    expect(await count()).toBe(0)
    expect(outcomes()).toEqual(['SELEC 1: error 42601'])
  })

  test('an empty query string is passed on and written down', async () => {
    expect(frameTypes((await client.ask('')).frames)).toBe('I ZI')
    expect(frameTypes((await client.ask(' ; ; -- nothing')).frames)).toBe('I ZI')
    expect(frameTypes(await client.exchange([m.parse(''), m.bind(), m.describePortal(), m.execute(), m.sync()]))).toBe('1 2 n I ZI')
    expect(frameTypes(await client.exchange([m.parse('/* a ping */'), m.bind(), m.execute(), m.sync()]))).toBe('1 2 I ZI')
    const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')
    expect(harness.operations).toMatchObject(['', ' ; ; -- nothing', '', '/* a ping */'].map((text) => ({ verb: 'EMPTY', text, sha256: hashOf(text), redacted: '' })))
  })
})

describe('COPY', () => {
  test('in, by simple query', async () => {
    client.send(m.query('COPY t FROM STDIN'))
    await client.until('G')
    const frames = await client.exchange([m.copyData('1\n2\n'), m.copyData('3\n'), m.copyDone()])
    expect(frameTypes(frames)).toBe('C ZI')
    expect(await count()).toBe(3)
    expect(harness.settled[0]!.outcome).toMatchObject({ status: 'ok', rows: 3 })
  })

  test('in, with the data sent ahead of the answer', async () => {
    const frames = await client.exchange([m.query('COPY t FROM STDIN'), m.copyData('1\n'), m.copyDone(), m.query('SELECT 1')], 2)
    expect(frameTypes(frames)).toBe('G C ZI T D C ZI')
    expect(await count()).toBe(1)
  })

  test('in, denied: the data sent ahead is dropped', async () => {
    deny(/COPY/)
    const frames = await client.exchange([m.query('COPY t FROM STDIN'), m.copyData('1\n'), m.copyDone(), m.query('SELECT 1')], 2)
    expect(frameTypes(frames)).toBe('E42501 ZI T D C ZI')
    expect(await count()).toBe(0)
  })

  test('in, by the extended protocol as libpq does it, with the Sync that the server ignores', async () => {
    client.send(m.parse('COPY t FROM STDIN'), m.bind(), m.describePortal(), m.execute(), m.sync())
    expect(frameTypes(await client.until('G'))).toBe('1 2 n G')
    expect(frameTypes(await client.exchange([m.copyData('1\n'), m.copyDone(), m.sync()]))).toBe('C ZI')
    expect(frameTypes((await client.ask('SELECT 1')).frames)).toBe('T D C ZI')
    expect(await count()).toBe(1)
  })

  test('in, that fails half-way: what the client goes on sending is dropped', async () => {
    client.send(m.query('COPY t FROM STDIN'))
    await client.until('G')
    client.send(m.copyData('not a number\n'))
    client.send(m.copyData('1\n'), m.copyDone())
    expect(frameTypes(await client.until('Z'))).toBe('E22P02 ZI')
    expect(frameTypes((await client.ask('SELECT 1')).frames)).toBe('T D C ZI')
    client.send(m.parse('COPY t FROM STDIN'), m.bind(), m.execute(), m.sync())
    await client.until('G')
    expect(frameTypes(await client.exchange([m.copyData('no\n'), m.copyDone(), m.sync()]))).toBe('E22P02 ZI')
    expect(frameTypes((await client.ask('SELECT 1')).frames)).toBe('T D C ZI')
  })

  test('in, broken off by the client', async () => {
    client.send(m.query('COPY t FROM STDIN'))
    await client.until('G')
    expect(frameTypes(await client.exchange([m.copyData('1\n'), m.copyFail('changed my mind')]))).toBe('E57014 ZI')
    expect(await count()).toBe(0)
  })

  test('two in one string, and out', async () => {
    client.send(m.query('COPY t FROM STDIN; COPY t FROM STDIN; COPY (SELECT n FROM t ORDER BY n) TO STDOUT'))
    await client.until('G')
    client.send(m.copyData('1\n'), m.copyDone())
    expect(frameTypes(await client.until('G'))).toBe('C G')
    expect(frameTypes(await client.exchange([m.copyData('2\n'), m.copyDone()]))).toBe('C H d d c C ZI')
    expect(harness.settled.map(({ outcome }) => outcome.rows)).toEqual([1, 1, 2])
  })

  test('a message that is no COPY data ends the session', async () => {
    client.send(m.query('COPY t FROM STDIN'))
    await client.until('G')
    client.send(m.query('SELECT 1'))
    await client.closed
    await until('the end', () => harness.ends.length > 0)
    expect(harness.ends[0]?.code).toBe('protocol_violation')
  })
})

describe('what is never passed on', () => {
  test('a FunctionCall is refused, and the session lives on', async () => {
    expect(frameTypes(await client.exchange([m.functionCall(1598)]))).toBe('E42501 ZI')
    expect(harness.operations).toMatchObject([{ verb: 'FUNCTION CALL', flags: ['function_call'] }])
    expect(frameTypes((await client.ask('SELECT 1')).frames)).toBe('T D C ZI')
  })

  test.each<[string, Buffer]>([
    ['a password out of turn', m.password('x')],
    ['a type no client sends', m.message('Z', Buffer.from('I'))],
    ['a second StartupMessage', m.startup({ user: 'other' })],
    ['a length below 4', Buffer.from([0x51, 0, 0, 0, 1])],
    ['a length above the limit', Buffer.from([0x51, 0x7f, 0xff, 0xff, 0xff])],
    ['text that is not UTF-8', m.message('Q', Buffer.from([0xc3, 0x28, 0]))]
  ])('%s ends the session with 08P01', async (_, bytes) => {
    client.sendRaw(bytes)
    const frames = await client.until('E')
    expect(reportFields(frames.at(-1)!)).toMatchObject({ S: 'FATAL', C: '08P01' })
    await client.closed
  })

  test('a setting the reading of SQL rests on, changed behind the gateway\'s back, ends the session', async () => {
    client.send(m.query('DO $$ BEGIN PERFORM set_config(\'standard_conforming_strings\', \'off\', false); END $$'))
    const frames = await client.until('E')
    expect(reportFields(frames.at(-1)!)).toMatchObject({ S: 'FATAL', C: '57P01' })
    await client.closed
  })
})

describe('the gate', () => {
  test('while it decides, nothing behind the statement is forwarded, and the order is kept', async () => {
    let release!: () => void
    harness.gate = (operation) => textOf(operation).includes('held') ? new Promise((resolve) => { release = () => resolve(undefined) }) : undefined
    client.send(m.query('INSERT INTO seen VALUES (\'held\')'), m.query('INSERT INTO seen VALUES (\'behind\')'))
    await until('the gate to be asked', () => harness.asked.length === 1)
    expect(await count('seen')).toBe(0)
    release()
    await client.until('Z', 2)
    expect((await server.query('SELECT what FROM seen')).map(({ what }) => what)).toEqual(['held', 'behind'])
  })

  test('a client that goes away while the gate decides cancels: nothing runs though it was allowed', async () => {
    let release!: () => void
    harness.gate = () => new Promise((resolve) => { release = () => resolve(undefined) })
    client.send(m.query('INSERT INTO seen VALUES (\'gone\')'))
    await until('the gate to be asked', () => harness.asked.length === 1)
    client.destroy()
    await until('the connection to be over', () => harness.open === 0)
    release()
    await until('the outcome', () => harness.settled.length === 1)
    expect(outcomes()).toEqual(['INSERT INTO seen VALUES (\'gone\'): cancelled'])
    expect(await count('seen')).toBe(0)
  })

  test('behind a decision, no more than a mebibyte or so is read', async () => {
    harness.gate = () => new Promise(() => undefined)
    client.send(m.query('SELECT 1'))
    const before = process.memoryUsage().rss
    for (let i = 0; i < 64; i++) client.sendRaw(m.query('x'.repeat(1024 * 1024)))
    await until('the gate to be asked', () => harness.asked.length === 1)
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024)
    expect(harness.asked).toHaveLength(1)
  })

  test('a killed session tells the client why, in a place where it is read as an error', async () => {
    client.send(m.query('SELECT pg_sleep(60)'))
    await until('the statement to run', () => harness.asked.length > 0)
    harness.kill(new GatewayError('session_ended', 'ended by an administrator'))
    const frames = await client.until('E')
    expect(reportFields(frames.at(-1)!)).toMatchObject({ S: 'FATAL', C: '57P01', M: 'ended by an administrator' })
    await client.closed
    expect(outcomes()).toEqual(['SELECT pg_sleep(60): unknown'])
    await until('the server to stop it', async () =>
      (await server.query('SELECT count(*) FROM pg_stat_activity WHERE query LIKE \'%pg_sleep(60)%\' AND state = \'active\' AND pid <> pg_backend_pid()'))[0]!.count === '0')
  })

  test('a client that goes away while its statement runs stops it', async () => {
    client.send(m.query('SELECT pg_sleep(61)'))
    const running = async () => (await server.query('SELECT count(*) FROM pg_stat_activity WHERE query LIKE \'%pg_sleep(61)%\' AND state = \'active\' AND pid <> pg_backend_pid()'))[0]!.count
    await until('the statement to run', async () => await running() === '1')
    client.destroy()
    await until('the server to stop it', async () => await running() === '0')
  })
})

describe('cancel requests', () => {
  const keyOf = (frames: readonly TestFrame[]) => frames.find(({ type }) => type === 'K')!.body

  test('a key given out stops that connection\'s statement, after the gate was asked', async () => {
    const key = keyOf(client.frames)
    client.send(m.query('SELECT pg_sleep(60)'))
    await until('the statement to run', async () =>
      (await server.query('SELECT count(*) FROM pg_stat_activity WHERE query = \'SELECT pg_sleep(60)\' AND state = \'active\''))[0]!.count === '1')
    const other = WireClient.raw(harness.to)
    other.sendRaw(m.cancelRequest(key.readInt32BE(0), key.subarray(4)))
    await other.closed
    expect(frameTypes(await client.until('Z'))).toMatch(/E57014 ZI$/)
    expect(harness.operations.at(-1)).toEqual({ kind: 'cancel', connection: 1 })
    expect(outcomes()).toEqual(['SELECT pg_sleep(60): cancelled 57014'])
  })

  test('of a connection whose next statement waits for the gate, while the server runs one: both end', async () => {
    const key = keyOf(client.frames)
    let release!: () => void
    harness.gate = (operation) => textOf(operation).includes('behind') ? new Promise((resolve) => { release = () => resolve(undefined) }) : undefined
    client.send(m.query('SELECT pg_sleep(62)'), m.query('INSERT INTO seen VALUES (\'behind\')'))
    await until('the statement to run, and the gate to be asked', async () => harness.asked.length === 2
      && (await server.query('SELECT count(*) FROM pg_stat_activity WHERE query = \'SELECT pg_sleep(62)\' AND state = \'active\''))[0]!.count === '1')
    const other = WireClient.raw(harness.to)
    other.sendRaw(m.cancelRequest(key.readInt32BE(0), key.subarray(4)))
    await other.closed
    release()
    expect(frameTypes(await client.until('Z', 2))).toMatch(/E57014 ZI E57014 ZI$/)
    expect(outcomes()).toEqual(['SELECT pg_sleep(62): cancelled 57014', 'INSERT INTO seen VALUES (\'behind\'): cancelled'])
    expect(await count('seen')).toBe(0)
  })

  test('a key nobody was given does nothing', async () => {
    const key = keyOf(client.frames)
    const other = WireClient.raw(harness.to)
    other.sendRaw(m.cancelRequest(key.readInt32BE(0), Buffer.from(key.subarray(4)).fill(0)))
    await other.closed
    await until('the end', () => harness.ends.length === 1)
    expect(harness.ends[0]).toMatchObject({ code: 'protocol_violation' })
    expect(harness.operations).toEqual([])
  })
})

describe('the server', () => {
  test('ends the connection: its own words reach the client', async () => {
    await server.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE \'hoop/%\'')
    expect(reportFields((await client.until('E')).at(-1)!)).toMatchObject({ S: 'FATAL', C: '57P01' })
    await client.closed
  })

  test('sends notices and notifications at any time', async () => {
    await client.ask('LISTEN news')
    await server.query('NOTIFY news, \'hello\'')
    expect((await client.until('A')).at(-1)!.body.subarray(4).toString()).toBe('news\0hello\0')
    const { frames } = await client.ask('DO $$ BEGIN RAISE NOTICE \'one\'; RAISE WARNING \'two\'; END $$')
    expect(frameTypes(frames)).toBe('N N C ZI')
  })
})
