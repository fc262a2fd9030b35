import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, connect, type Server, type Socket } from 'node:net'
import { platform } from 'node:os'
import { afterEach, describe, expect, test } from 'vitest'
import { listenersOn, localGuard, uidGuard, uidsOf, type Peer } from '../../../cli/tunnel/guard.ts'

const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'
const line = (local: string, remote: string, state: string, uid: number | string, inode: number) =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000 ${String(uid).padStart(5)}        0 ${inode} 1 0000000000000000 20 4 30 10 -1\n`
const peer: Peer = { client: { address: '127.0.0.1', port: 54321 }, listener: { address: '127.0.0.1', port: 20001 } }
const [client, listener] = ['0100007F:D431', '0100007F:4E21']
const mapped = (end: string) => `0000000000000000FFFF0000${end}`

describe('the owner of a connection, from the kernel\'s table', () => {
  test.each<[string, string, number[]]>([
    ['an empty table', '', []],
    ['nothing but the heading', head, []],
    ['the connection is not there', head + line('0100007F:D432', listener!, '01', 1000, 42), []],
    ['our own end of it, whose owner is us, not the client', head + line(listener!, client!, '01', 1000, 42), []],
    ['the same ports on another address', head + line('0200007F:D431', listener!, '01', 1000, 42), []],
    ['the same client port to another listener', head + line(client!, '0100007F:4E22', '01', 1000, 42), []],
    ['a line cut short', head + line(client!, listener!, '01', 1000, 42).slice(0, 60), []],
    ['an owner that is no number', head + line(client!, listener!, '01', 'root', 42), []],
    ['a socket its process has closed: the kernel says 0, whoever it was', head + line(client!, listener!, '05', 0, 0), []],
    ['one in TIME_WAIT', head + line(client!, listener!, '06', 0, 0), []],
    ['one that listens', head + line(client!, listener!, '0A', 1000, 42), []],
    ['a bare prefix of the address', head + line(`${client!}0`, listener!, '01', 1000, 42), []],
    ['the connection', head + line(client!, listener!, '01', 1000, 42), [1000]],
    ['a client that has said all it will', head + line(client!, listener!, '04', 1000, 42), [1000]],
    ['an IPv6 socket that reached us over IPv4', head + line(mapped(client!), mapped(listener!), '01', 1000, 42), [1000]],
    ['among others', head + line(listener!, client!, '01', 0, 41) + line(client!, listener!, '01', 1000, 42) + line('0100007F:0016', '00000000:0000', '0A', 0, 43), [1000]]
  ])('%s', (_, table, owners) => {
    expect(uidsOf(table, peer)).toEqual(owners)
  })

  test('addresses are written in the machine\'s byte order', () => {
    const other = { client: { address: '127.1.2.3', port: 1 }, listener: { address: '127.0.0.1', port: 65535 } }
    expect(uidsOf(head + line('0302017F:0001', '0100007F:FFFF', '01', 7, 1), other)).toEqual([7])
  })
})

describe('who listens on a port', () => {
  const nobody = '00000000:0000'
  test.each<[string, string, number[]]>([
    ['an empty table', '', []],
    ['another port', head + line('0100007F:4E22', nobody, '0A', 1000, 42), []],
    ['another address', head + line('0200007F:4E21', nobody, '0A', 1000, 42), []],
    ['a connection, which does not listen', head + line(listener!, client!, '01', 1000, 42), []],
    ['on 127.0.0.1', head + line(listener!, nobody, '0A', 1000, 42), [1000]],
    ['on all addresses', head + line('00000000:4E21', nobody, '0A', 1001, 42), [1001]],
    ['on all addresses of IPv6, which takes IPv4 in', head + line(`${'0'.repeat(32)}:4E21`, `${'0'.repeat(32)}:0000`, '0A', 1002, 42), [1002]]
  ])('%s', (_, table, owners) => {
    expect(listenersOn(table, 20001)).toEqual(owners)
  })
})

describe('the guard', () => {
  const table = head + line(client!, listener!, '01', 1000, 42)

  test('lets in who is the same user, and nobody else', async () => {
    expect(await uidGuard([1000], async () => [table])(peer)).toBe(true)
    expect(await uidGuard([1001], async () => [table])(peer)).toBe(false)
    expect(await uidGuard([0], async () => [table])(peer)).toBe(false)
  })

  test('refuses who is found twice with two owners', async () => {
    expect(await uidGuard([1000], async () => [table, head + line(client!, listener!, '01', 0, 43)])(peer)).toBe(false)
  })

  test('refuses who is not found, and when the tables cannot be read', async () => {
    expect(await uidGuard([1000], async () => [head])(peer)).toBe(false)
    expect(await uidGuard([1000], async () => undefined)(peer)).toBe(false)
  })

  test('looks again when an entry was missed', async () => {
    let reads = 0
    expect(await uidGuard([1000], async () => ++reads < 3 ? [head] : [table])(peer)).toBe(true)
  })
})

describe.runIf(platform() === 'linux')('on this machine', () => {
  let server: Server
  afterEach(() => { server.close() })

  /** Accepts one connection and asks the guard about it. */
  async function judged(connectTo: (port: number) => unknown): Promise<boolean> {
    const guard = (await localGuard())!
    server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const accepted = once(server, 'connection')
    connectTo(port)
    const [socket] = await accepted as [Socket]
    const verdict = await guard({
      client: { address: socket.remoteAddress!, port: socket.remotePort! },
      listener: { address: socket.localAddress!, port: socket.localPort! }
    })
    socket.destroy()
    return verdict
  }

  test('our own connection is ours', async () => {
    expect(await judged((port) => connect(port, '127.0.0.1').on('error', () => undefined))).toBe(true)
  })

  test('our own connection from an IPv6 socket is ours', async () => {
    expect(await judged((port) => connect(port, '::ffff:127.0.0.1').on('error', () => undefined))).toBe(true)
  })

  // Only root can become somebody else.
  test.runIf(process.getuid?.() === 0)('another user\'s connection is not', async () => {
    const script = 'const s=require("net").connect(+process.argv[1],"127.0.0.1");s.on("error",()=>{});s.on("close",()=>process.exit())'
    expect(await judged((port) => spawn(process.execPath, ['-e', script, String(port)], { uid: 65534, gid: 65534, stdio: 'ignore', cwd: '/' }))).toBe(false)
  })

  // The kernel shows such a socket as root's, so for root this is the way in.
  test('a connection whose process closed it right after sending is nobody\'s', async () => {
    const script = 'const s=require("net").connect(+process.argv[1],"127.0.0.1",()=>{s.write("DROP TABLE t;");s.destroySoon()})'
    let ended: Promise<unknown> = Promise.resolve()
    const guard = (await localGuard())!
    server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const accepted = once(server, 'connection')
    ended = once(spawn(process.execPath, ['-e', script, String(port)], { stdio: 'ignore' }), 'exit')
    const [socket] = await accepted as [Socket]
    await ended
    expect(await guard({
      client: { address: socket.remoteAddress!, port: socket.remotePort! },
      listener: { address: socket.localAddress!, port: socket.localPort! }
    })).toBe(false)
    socket.destroy()
  })
})
