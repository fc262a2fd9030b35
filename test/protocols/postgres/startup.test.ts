import { createConnection } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgres } from '../../../server/protocols/postgres/index.ts'
import { commandLineOptions, greetingFrom } from '../../../server/protocols/postgres/startup.ts'
import { GatewayError } from '../../../shared/errors.ts'
import type { Target } from '../../../shared/model.ts'
import * as m from '../../support/messages.ts'
import { TestPostgres } from '../../support/postgres.ts'
import { reportFields } from '../../support/trace.ts'
import { WireClient } from '../../support/wire.ts'
import { ProtocolHarness } from '../harness.ts'

const target: Target = { name: 'prod-db', protocol: 'postgres', address: 'db:5432', database: 'clinic', tls: 'disable', labels: {} }
const greet = (parameters: Record<string, string>, version: [number, number] = [3, 0], to = target) =>
  greetingFrom({ type: 'StartupMessage', major: version[0], minor: version[1], parameters: new Map(Object.entries(parameters)) }, to)

describe('what a StartupMessage may not ask for', () => {
  test.each<[string, Record<string, string>, RegExp]>([
    ['replication', { user: 'me', replication: 'database' }, /replication/],
    ['physical replication', { user: 'me', replication: 'true' }, /replication/],
    ['another encoding', { user: 'me', client_encoding: 'SJIS' }, /client_encoding/],
    ['another encoding, spelled otherwise', { user: 'me', Client_Encoding: 'GBK' }, /fixed/],
    ['strings the gateway would misread', { user: 'me', standard_conforming_strings: 'off' }, /fixed/],
    ['another role', { user: 'me', role: 'postgres' }, /cannot be given/],
    ['a library of its own', { user: 'me', session_preload_libraries: 'evil' }, /cannot be given/],
    ['a pinned setting through options', { user: 'me', options: '-c standard_conforming_strings=off' }, /fixed/],
    ['a pinned setting through options, long form', { user: 'me', options: '--client-encoding=SJIS' }, /fixed/],
    ['a pinned setting through options, glued', { user: 'me', options: '-cclient_encoding=SJIS' }, /fixed/],
    ['a pinned setting through options, escaped', { user: 'me', options: '-c cl\\ient_encoding=SJIS' }, /fixed/],
    ['other server options', { user: 'me', options: '-O' }, /not passed on/],
    ['an option without value', { user: 'me', options: '-c work_mem' }, /not passed on/],
    ['no user', { database: 'clinic' }, /no PostgreSQL user name/],
    ['a database the target does not serve', { user: 'me', database: 'payroll' }, /serves the database "clinic", not "payroll"/]
  ])('%s', (_, parameters, expected) => {
    expect(() => greet(parameters)).toThrow(expected)
    expect(() => greet(parameters)).toThrow(GatewayError)
  })

  test('protocol 2', () => {
    expect(() => greet({}, [2, 0])).toThrow(/protocol 2.0/)
  })
})

describe('what it may', () => {
  test.each<[string, Record<string, string>, string]>([
    ['named', { user: 'me', database: 'clinic' }, 'clinic'],
    ['unnamed: tools then ask for the user\'s', { user: 'me' }, 'clinic'],
    ['named like the user', { user: 'me', database: 'me' }, 'clinic'],
    ['named like the target', { user: 'me', database: 'prod-db' }, 'clinic']
  ])('the database, %s', (_, parameters, expected) => {
    expect(greet(parameters).database).toBe(expected)
  })

  test('any database where the target names none', () => {
    const { database: _, ...open } = target
    expect(greet({ user: 'me', database: 'other' }, [3, 0], open).database).toBe('other')
  })

  test('settings, UTF-8 by its names, and psql\'s SQL_ASCII of the C locale', () => {
    const { settings } = greet({
      user: 'me',
      client_encoding: '\'utf-8\'',
      DateStyle: 'ISO',
      options: '-c statement_timeout=5s --search-path=a\\ b',
      standard_conforming_strings: 'on'
    })
    expect([...settings]).toEqual([['DateStyle', 'ISO'], ['statement_timeout', '5s'], ['search_path', 'a b']])
    expect(() => greet({ user: 'me', client_encoding: 'SQL_ASCII' })).not.toThrow()
    expect(() => greet({ user: 'me', replication: 'off' })).not.toThrow()
  })

  test('a newer minor version, and options nobody knows, which are told', () => {
    expect(greet({ user: 'me', '_pq_.compression': 'zstd' }, [3, 9999])).toMatchObject({ askedMinor: 9999, minor: 2, options: ['_pq_.compression'] })
  })

  test.each<[string, [string, string][]]>([
    ['', []],
    ['-c a=1  -c b=2', [['a', '1'], ['b', '2']]],
    ['-ca=1 --b-c=x=y', [['a', '1'], ['b_c', 'x=y']]],
    ['-c a=x\\ y\\\\z', [['a', 'x y\\z']]]
  ])('options %j', (text, expected) => {
    expect(commandLineOptions(text)).toEqual(expected)
  })
})

describe('at a port', () => {
  let server: TestPostgres
  let harness: ProtocolHarness
  const start = (more: object = {}) =>
    ProtocolHarness.start(postgres(), { address: server.address, user: server.superuser, password: server.password, database: 'postgres', ...more })
  beforeAll(async () => { server = await TestPostgres.start(); harness = await start() })
  afterAll(async () => { await harness.stop(); await server.stop() })

  test('requests for encryption are declined, and the client speaks on', async () => {
    const client = WireClient.raw(harness.to)
    client.sendRaw(m.gssEncRequest())
    expect(await client.byte()).toBe('N')
    client.sendRaw(m.sslRequest())
    expect(await client.byte()).toBe('N')
    await client.login({ user: 'me', database: 'postgres' })
    expect((await client.ask('SELECT 1')).rows).toEqual([['1']])
    await client.close()
  })

  test.each<[string, Buffer]>([
    ['plaintext stuffed behind an SSLRequest', Buffer.concat([m.sslRequest(), m.startup({ user: 'me' })])],
    ['SSLRequest twice', Buffer.concat([m.sslRequest()])],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['a TLS hello', Buffer.from('16030100f8010000f40303', 'hex')],
    ['a startup packet over the limit', Buffer.from([0, 0, 0x40, 0])],
    ['a length below 4', Buffer.from([0, 0, 0, 3])]
  ])('%s ends the connection', async (name, bytes) => {
    const client = WireClient.raw(harness.to)
    client.sendRaw(bytes)
    if (name === 'SSLRequest twice') { await client.byte(); client.sendRaw(bytes) }
    await client.closed
    client.destroy()
  })

  test('protocol 3.2 gets a long cancel key where the server speaks it, and is told where not', async () => {
    const client = await WireClient.open(harness.to, { user: 'me', database: 'postgres', protocol: 0x0003_0002 })
    const key = client.frames.find(({ type }) => type === 'K')!.body.length - 4
    const negotiated = client.frames.some(({ type }) => type === 'v')
    const major = Number((await server.query('SHOW server_version_num'))[0]!.server_version_num) / 10_000
    expect([key, negotiated]).toEqual(major >= 18 ? [32, false] : [4, true])
    await client.close()
  })

  test('unknown protocol options are answered as PostgreSQL does', async () => {
    const client = await WireClient.open(harness.to, { user: 'me', database: 'postgres', parameters: { '_pq_.x': '1' } })
    expect(client.frames[0]).toMatchObject({ type: 'v' })
    await client.close()
  })

  test('the application name shown is the client\'s own; the server knows the session', async () => {
    const client = await WireClient.open(harness.to, { user: 'me', database: 'postgres', parameters: { application_name: 'tool' } })
    const shown = client.frames.filter(({ type }) => type === 'S').map(({ body }) => body.toString()).filter((text) => text.startsWith('application_name'))
    expect(shown).toEqual(['application_name\0tool\0'])
    expect((await client.ask('SHOW application_name')).rows[0]![0]).toMatch(/^hoop\/[a-z0-9]{26}$/)
    await client.close()
  })

  test('where the port cannot tell who connects, the session\'s password is asked for', async () => {
    const guarded = await start({ clientPassword: 'right' })
    await expect(WireClient.open(guarded.to, { user: 'me', database: 'postgres', password: 'wrong' })).rejects.toThrow(/28000 the password is not the one of this session/)
    const client = await WireClient.open(guarded.to, { user: 'me', database: 'postgres', password: 'right' })
    expect((await client.ask('SELECT 1')).rows).toEqual([['1']])
    await client.close()
    await guarded.stop()
  })

  test('a client that says nothing and goes leaves nothing behind', async () => {
    const socket = createConnection(harness.to)
    await new Promise((resolve) => socket.once('connect', resolve))
    socket.destroy()
    const client = await WireClient.open(harness.to, { user: 'me', database: 'postgres' })
    await client.close()
  })

  test('a database that does not exist is told by its name, as an error of the target', async () => {
    const { database: _, ...rest } = { database: 0, address: server.address, user: server.superuser, password: server.password }
    const open = await ProtocolHarness.start(postgres(), rest)
    const client = WireClient.raw(open.to)
    client.sendRaw(m.startup({ user: 'me', database: 'nowhere' }))
    expect(reportFields((await client.until('E')).at(-1)!)).toMatchObject({ S: 'FATAL', C: '08006', M: 'target "db" refused the connection: database "nowhere" does not exist (3D000)' })
    await client.closed
    await open.stop()
  })
})
