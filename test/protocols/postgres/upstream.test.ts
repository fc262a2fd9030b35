import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { postgres } from '../../../server/protocols/postgres/index.ts'
import type { TargetConfig } from '../../../server/config.ts'
import * as m from '../../support/messages.ts'
import { TestPostgres } from '../../support/postgres.ts'
import { reportFields } from '../../support/trace.ts'
import { until } from '../../support/until.ts'
import { WireClient } from '../../support/wire.ts'
import { ProtocolHarness, type HarnessOptions } from '../harness.ts'

/** What the client sees: a row, or the refusal. */
async function tried(options: HarnessOptions): Promise<string> {
  const harness = await ProtocolHarness.start(postgres(), options)
  const client = WireClient.raw(harness.to)
  try {
    await client.login({ user: 'me', database: 'postgres' })
    return (await client.ask('SELECT current_user')).rows[0]![0]!
  } catch (error) {
    return (error as Error).message
  } finally {
    client.destroy()
    await harness.stop()
  }
}

describe('logging in at a real server', () => {
  let server: TestPostgres
  let tls: Exclude<TargetConfig['tls'], string>
  beforeAll(async () => {
    server = await TestPostgres.start({
      ssl: true,
      hba: [
        'local all trusted trust',
        'local all scram scram-sha-256',
        'hostssl all scram 127.0.0.1/32 scram-sha-256',
        'host all scram_plain 127.0.0.1/32 scram-sha-256',
        'host all md5 127.0.0.1/32 md5',
        'host all clear 127.0.0.1/32 password',
        'hostssl all cert 127.0.0.1/32 cert'
      ].join('\n')
    })
    await server.query(`
      CREATE ROLE trusted LOGIN; CREATE ROLE cert LOGIN;
      CREATE ROLE scram LOGIN PASSWORD 'pa\u00dfw\u00f6rt\u00a0\u2168'; CREATE ROLE scram_plain LOGIN PASSWORD 'secret';
      CREATE ROLE clear LOGIN PASSWORD 'secret'; SET password_encryption = 'md5'; CREATE ROLE md5 LOGIN PASSWORD 'secret';`)
    tls = { mode: 'verify-full', ca: `file:${server.authority!.caFile}` }
  })
  afterAll(() => server.stop())

  const target = (user: string, more: Partial<HarnessOptions> = {}): HarnessOptions => ({ address: server.address, user, database: 'postgres', ...more })

  test('SCRAM-SHA-256-PLUS over TLS, with a password that needs SASLprep', async () => {
    expect(await tried(target('scram', { tls, password: 'pa\u00dfw\u00f6rt\u00a0\u2168' }))).toBe('scram')
    // U+00A0 is a space and U+2168 is "IX" after preparation.
    expect(await tried(target('scram', { tls, password: 'pa\u00dfw\u00f6rt IX' }))).toBe('scram')
  })
  test('SCRAM-SHA-256 without TLS', async () => {
    expect(await tried(target('scram_plain', { password: 'secret' }))).toBe('scram_plain')
  })
  test('md5', async () => {
    expect(await tried(target('md5', { password: 'secret' }))).toBe('md5')
  })
  test('a clear-text password over TLS only', async () => {
    expect(await tried(target('clear', { tls, password: 'secret' }))).toBe('clear')
    expect(await tried(target('clear', { password: 'secret' }))).toMatch(/28000 target "db" asks for the password in clear text without TLS/)
  })
  test('a client certificate', async () => {
    const { certFile, keyFile } = server.clientCertificate('cert')
    expect(dirname(certFile)).toBe(dirname(keyFile))
    expect(await tried(target('cert', { tls: { ...tls, cert: `file:${certFile}`, key: `file:${keyFile}` } }))).toBe('cert')
    expect(await tried(target('cert', { tls }))).toMatch(/28000 target "db" refused the gateway's credential/)
  })
  test('a Unix socket, with and without password', async () => {
    expect(await tried({ address: server.socket, user: 'trusted', database: 'postgres' })).toBe('trusted')
    expect(await tried({ address: server.socket, user: 'scram', database: 'postgres', password: 'pa\u00dfw\u00f6rt IX' })).toBe('scram')
  })

  test.each<[string, Partial<HarnessOptions> & { user: string }, RegExp]>([
    ['a wrong password', { user: 'scram_plain', password: 'wrong-secret' }, /^refused: 28000 target "db" refused the gateway's credential \(28P01\)$/],
    ['no password where one is asked for', { user: 'scram_plain' }, /^refused: 28000 target "db" asks for a password, and the gateway has none/],
    ['a certificate of another authority', { user: 'scram', tls: 'verify-full', password: 'x' }, /^refused: 08006 target "db" cannot be reached: TLS failed/]
  ])('%s is told with the target\'s name and without the secret', async (_, { user, ...more }, expected) => {
    const message = await tried(target(user, more))
    expect(message).toMatch(expected)
    expect(message).not.toContain('wrong-secret')
  })

  test('a cancel request goes the same way, TLS included', async () => {
    const harness = await ProtocolHarness.start(postgres(), target('scram', { tls, password: 'pa\u00dfw\u00f6rt IX' }))
    const client = await WireClient.open(harness.to, { user: 'me', database: 'postgres' })
    const key = client.frames.find(({ type }) => type === 'K')!.body
    client.send(m.query('SELECT pg_sleep(60)'))
    await until('the statement to run', async () =>
      (await server.query('SELECT count(*) FROM pg_stat_activity WHERE query = \'SELECT pg_sleep(60)\' AND state = \'active\''))[0]!.count === '1')
    const other = WireClient.raw(harness.to)
    other.sendRaw(m.cancelRequest(key.readInt32BE(0), key.subarray(4)))
    const frames = await client.until('Z')
    expect(reportFields(frames.find(({ type }) => type === 'E')!).C).toBe('57014')
    client.destroy()
    other.destroy()
    await harness.stop()
  })
})

describe('a hostile or broken server', () => {
  let fake: Server | undefined
  const sockets = new Set<Socket>()
  afterEach(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => fake?.close(resolve) ?? resolve(undefined))
  })

  type Answer = (socket: Socket, message: Buffer, count: number) => void
  async function against(answer: Answer, more: Partial<HarnessOptions> = {}): Promise<string> {
    fake = createServer((socket) => {
      sockets.add(socket)
      let count = 0
      socket.on('error', () => undefined)
      socket.on('data', (chunk: Buffer) => answer(socket, chunk, count++))
    })
    await new Promise<void>((resolve) => fake!.listen(0, '127.0.0.1', resolve))
    return tried({ address: `127.0.0.1:${(fake.address() as AddressInfo).port}`, user: 'u', password: 'secret', database: 'postgres', ...more })
  }

  const r = (code: number, ...rest: Uint8Array[]) => { const int = Buffer.alloc(4); int.writeInt32BE(code); return m.message('R', int, ...rest) }
  const status = (name: string, value: string) => m.message('S', Buffer.from(`${name}\0${value}\0`))
  const ready = m.message('Z', Buffer.from('I'))
  const loggedIn = [r(0), status('server_version', '15.3'), status('client_encoding', 'UTF8'), status('standard_conforming_strings', 'on')]

  test.each<[string, (socket: Socket, count: number) => void, RegExp]>([
    ['hangs up at once', (socket) => socket.destroy(), /hung up during the login/],
    ['sends bytes that are no messages', (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'), /does not speak PostgreSQL/],
    ['sends an endless message', (socket) => socket.write(Buffer.from([0x52, 0x7f, 0xff, 0xff, 0xff])), /does not speak PostgreSQL/],
    ['asks for an unknown way to log in', (socket) => socket.write(r(7)), /not known here \(code 7\)/],
    ['offers only mechanisms nobody knows', (socket) => socket.write(r(10, Buffer.from('X-EVIL\0\0'))), /offers none/],
    ['ends SCRAM before it proved itself', (socket, count) => socket.write(count === 0 ? r(10, Buffer.from('SCRAM-SHA-256\0\0')) : r(0)), /ended before SCRAM did/],
    ['asks for the password twice', (socket, count) => socket.write(count === 0 ? r(5, Buffer.from('salt')) : r(5, Buffer.from('tlas'))), /asked for twice/],
    ['is ready before the login is done', (socket) => socket.write(ready), /before the login was done/],
    ['sends its key twice', (socket) => socket.write(Buffer.concat([...loggedIn, m.message('K', Buffer.alloc(8)), m.message('K', Buffer.alloc(8)), ready])), /BackendKeyData: sent twice/],
    ['has an old version', (socket) => socket.write(Buffer.concat([r(0), status('server_version', '9.6'), ...loggedIn.slice(2), ready])), /28000.*9/],
    ['reports another encoding', (socket) => socket.write(Buffer.concat([r(0), status('client_encoding', 'SJIS'), ready])), /client_encoding = SJIS/],
    ['refuses with an error without SQLSTATE', (socket) => socket.write(m.message('E', Buffer.from('MNo\0\0'))), /refused the connection: No \(no SQLSTATE\)/],
    ['sends messages without end', (socket) => socket.write(Buffer.concat(Array.from({ length: 1100 }, () => status('x', 'y')))), /more than 1000 messages/]
  ])('that %s is told as such, and the process lives on', async (_, act, expected) => {
    const message = await against((socket, __, count) => act(socket, count))
    expect(message).toMatch(expected)
    expect(message).not.toContain('secret')
  })

  test('without TLS where TLS is asked for gets nothing, not even the user name', async () => {
    const got: Buffer[] = []
    const message = await against((socket, chunk) => { got.push(chunk); socket.write('N') }, { tls: 'require' })
    expect(message).toMatch(/08006 target "db" does not offer TLS/)
    expect(Buffer.concat(got)).toEqual(m.sslRequest())
  })

  test('that stuffs bytes behind its answer to SSLRequest is refused', async () => {
    expect(await against((socket) => socket.write('Sxxxx'), { tls: 'require' })).toMatch(/sent more bytes before it was answered/)
  })

  test.each<[string, Buffer]>([
    ['an unknown message', m.message('v', Buffer.alloc(8))],
    ['a length below 4', Buffer.from([0x54, 0, 0, 0, 1])],
    ['a message out of place', m.message('2')],
    ['CopyBothResponse', m.message('W', Buffer.from([0, 0, 0]))],
    ['a function\'s result', m.message('V', Buffer.alloc(4))],
    ['more statements than were sent', Buffer.concat([m.message('C', Buffer.from('SELECT 1\0')), m.message('C', Buffer.from('DELETE 1\0'))])],
    ['a login of its own', r(3)]
  ])('that answers a statement with %s ends the session with 08P01', async (_, bytes) => {
    const message = await against((socket, __, count) => socket.write(count === 0 ? Buffer.concat([...loggedIn, ready]) : bytes))
    expect(message).toMatch(/S="FATAL".*C="08P01"/)
  })
})
