import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Duplex, PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { localGuard } from '../../../cli/tunnel/guard.ts'
import { openListener, type Listener, type ListenerOptions } from '../../../cli/tunnel/listener.ts'
import { GatewayError } from '../../../shared/errors.ts'
import { until } from '../../support/until.ts'

const b64 = (text: string) => Buffer.from(text, 'latin1').toString('base64')
const offline = {
  probes: [{ ask: b64('SSL?'), answer: b64('N') }],
  errors: { unauthenticated: b64('sign in: hoop login'), gateway_unreachable: b64('gateway away'), session_ended: b64('session over') }
}

let folder: string
let listener: Listener | undefined
let failures: GatewayError[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-l-'))
  failures = []
})
afterEach(async () => {
  await listener?.close(0)
  listener = undefined
  await rm(folder, { recursive: true, force: true })
})

async function open(o: Partial<ListenerOptions> = {}): Promise<Listener> {
  return listener = await openListener({
    gatewayUrl: 'https://gw.example',
    target: 'prod-db',
    configDirectory: folder,
    port: 0,
    guard: async () => true,
    open: async () => new PassThrough(),
    offline: () => offline,
    onFailure: (error) => failures.push(error),
    now: () => performance.now(),
    ...o
  })
}

/** What a client heard by the time its connection closed. */
async function said(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (chunk: Buffer) => { text += chunk.toString('latin1') }).on('error', () => undefined)
  await once(socket, 'close')
  return text
}

const client = ({ port }: Pick<Listener, 'port'>) => connect(port, '127.0.0.1')

describe('the listener', () => {
  test.each(['0.0.0.0', '::', '::1', '192.168.1.1', 'localhost', 'example.com', '127.0.0.1.evil.example'])('refuses to listen on %s', async (host) => {
    await expect(open({ host })).rejects.toMatchObject({ code: 'usage' })
  })

  test('is reachable on 127.0.0.1 alone', async () => {
    const { port } = await open()
    const [error] = await once(connect(port, '127.0.0.2'), 'error').catch((caught: unknown) => [caught]) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNREFUSED')
  })

  test('says that a port is in use, and names --port', async () => {
    const { port } = await open()
    const first = listener!
    await expect(open({ port })).rejects.toMatchObject({ code: 'conflict', hint: expect.stringContaining('--port') as string })
    listener = first
  })

  test('carries bytes both ways as they are', async () => {
    const socket = client(await open())
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    socket.write(bytes)
    const [echoed] = await once(socket, 'data') as [Buffer]
    expect(echoed).toEqual(bytes)
    socket.destroy()
  })

  test('hands on a first byte that might still become HTTP as soon as it cannot', async () => {
    const socket = client(await open())
    socket.setNoDelay(true).write('G')
    await until('the connection', () => listener!.connections === 1)
    socket.write('X')
    const [echoed] = await once(socket, 'data') as [Buffer]
    expect(echoed.toString()).toBe('GX')
    socket.destroy()
  })

  test('lets a server speak first', async () => {
    const server = new PassThrough()
    server.write('greetings')
    const [greeting] = await once(client(await open({ open: async () => server })), 'data') as [Buffer]
    expect(greeting.toString()).toBe('greetings')
  })

  test('delivers what the server said last before it closed', async () => {
    const last = 'x'.repeat(300_000)
    const tunnel = new Duplex({ read() {}, write(_chunk, _encoding, done) { this.push(last); this.push(null); done() } })
    const socket = client(await open({ open: async () => tunnel }))
    socket.write('quit')
    expect(await said(socket)).toHaveLength(last.length)
  })

  test('stops reading from a client while the tunnel does not take more', async () => {
    let taken = 0
    const stuck = new Duplex({ read() {}, write(chunk: Buffer) { taken += chunk.length }, highWaterMark: 16 * 1024 })
    const socket = client(await open({ open: async () => stuck }))
    let accepted = 0
    const chunk = Buffer.alloc(256 * 1024)
    for (let i = 0; i < 400; i++) socket.write(chunk, () => { accepted += chunk.length })
    await until('the first bytes', () => taken > 0)
    const settled = await until('the client to stall', async () => {
      const before = accepted
      await new Promise((resolve) => setTimeout(resolve, 150))
      return before === accepted && before > 0
    })
    expect(settled).toBe(true)
    // Kernel buffers on loopback hold some megabytes; a hundred would have gone through without back-pressure.
    expect(accepted).toBeLessThan(50 * 1024 * 1024)
    socket.destroy()
  })

  test('stops reading from the tunnel while a client does not take more', async () => {
    let given = 0
    const endless = new Duplex({
      read() { given += 64 * 1024; this.push(Buffer.alloc(64 * 1024)) },
      write(_chunk, _encoding, done) { done() }
    })
    const socket = client(await open({ open: async () => endless }))
    socket.pause()
    socket.write('more')
    await until('it to stall', async () => {
      const before = given
      await new Promise((resolve) => setTimeout(resolve, 150))
      return before === given && before > 0
    })
    expect(given).toBeLessThan(50 * 1024 * 1024)
    socket.destroy()
  })
})

describe('strangers', () => {
  test.each([
    ['a browser', 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n', 'HTTP'],
    ['a web page that posts SQL', 'POST / HTTP/1.1\r\nContent-Length: 12\r\n\r\nDROP TABLE t', 'HTTP'],
    ['a TLS client', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'TLS']
  ])('%s is turned away at once, and nothing of it reaches the tunnel', async (_, bytes, spoke) => {
    const seen: Buffer[] = []
    const tunnel = new PassThrough()
    tunnel.on('data', (chunk: Buffer) => seen.push(chunk))
    const socket = client(await open({ open: async () => tunnel }))
    socket.write(bytes, 'latin1')
    expect(await said(socket)).toBe('')
    expect(seen).toEqual([])
    await until('the failure to be told', () => failures.length === 1)
    expect(failures[0]).toMatchObject({ code: 'protocol_violation', message: expect.stringContaining(spoke) as string })
    expect(tunnel.destroyed).toBe(true)
  })

  test('HTTP that comes one byte at a time is turned away too', async () => {
    const seen: Buffer[] = []
    const tunnel = new PassThrough()
    tunnel.on('data', (chunk: Buffer) => seen.push(chunk))
    const socket = client(await open({ open: async () => tunnel })).setNoDelay(true)
    const closed = said(socket)
    for (const letter of 'GET / HTTP/1.1') {
      socket.write(letter)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await closed).toBe('')
    expect(seen).toEqual([])
  })

  test('who the guard does not know is closed unread, and the tunnel never opened', async () => {
    let opened = 0
    const socket = client(await open({ guard: async () => false, open: async () => { opened++; return new PassThrough() } }))
    socket.write('hello')
    expect(await said(socket)).toBe('')
    expect(opened).toBe(0)
    expect(failures).toMatchObject([{ code: 'forbidden' }])
  })

  test('one that is turned away leaves the listener to the others', async () => {
    let first = true
    const opened = await open({ guard: async () => { const known = !first; first = false; return known } })
    await said(client(opened))
    const socket = client(opened)
    socket.write('hello')
    expect(String((await once(socket, 'data'))[0])).toBe('hello')
    socket.destroy()
  })

  // Only root can become somebody else.
  test.runIf(process.getuid?.() === 0)('another user of the machine is turned away by the real guard, on TCP and on the Unix socket', async () => {
    await chmod(folder, 0o755)
    const opened = await open({ guard: await localGuard(), socket: { base: join(folder, 'run'), name: (port) => `.s.PGSQL.${port}` } })
    const script = 'const s=require("net").connect(JSON.parse(process.argv[1]));s.write("hello");s.on("data",(d)=>process.stdout.write(d));'
      + 's.on("error",(e)=>{process.stdout.write(e.code);process.exit()});s.on("close",()=>process.exit())'
    const stranger = async (to: object) => {
      const child = spawn(process.execPath, ['-e', script, JSON.stringify(to)], { uid: 65534, gid: 65534, cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] })
      let text = ''
      child.stdout.on('data', (chunk: Buffer) => { text += chunk.toString() })
      await once(child, 'close')
      return text
    }
    expect(await stranger({ port: opened.port, host: '127.0.0.1' })).not.toContain('hello')
    expect(await stranger({ path: opened.socket!.path })).toBe('EACCES')
    expect(failures).toMatchObject([{ code: 'forbidden' }])
  })
})

describe('while the gateway cannot be used', () => {
  const refusing = (code: 'unauthenticated' | 'gateway_unreachable' | 'session_ended' | 'not_found' | 'internal') =>
    open({ open: async () => { throw new GatewayError(code, 'why') } })

  test.each([
    ['unauthenticated', 'sign in: hoop login'],
    ['gateway_unreachable', 'gateway away'],
    ['session_ended', 'session over'],
    ['not_found', 'session over'],
    ['internal', 'gateway away']
  ] as const)('%s: the client is told in its own protocol', async (code, told) => {
    const socket = client(await refusing(code))
    socket.write('startup')
    expect(await said(socket)).toBe(told)
  })

  test('its questions are answered first, however many and however cut', async () => {
    const socket = client(await refusing('unauthenticated')).setNoDelay(true)
    const heard = said(socket)
    socket.write('SS')
    await new Promise((resolve) => setImmediate(resolve))
    socket.write('L?')
    await new Promise((resolve) => setImmediate(resolve))
    socket.write('SSL?startup')
    expect(await heard).toBe('NNsign in: hoop login')
  })

  test('HTTP is turned away even then', async () => {
    const socket = client(await refusing('unauthenticated'))
    socket.write('GET / HTTP/1.1\r\n\r\n')
    expect(await said(socket)).toBe('')
  })

  test('a client that leaves in the middle of a question leaves nothing behind', async () => {
    const opened = await refusing('unauthenticated')
    const socket = client(opened)
    socket.end('SS')
    await said(socket)
    await until('the connection to be over', () => opened.connections === 0)
  })

  test('a client gets through as soon as the gateway is back', async () => {
    let away = true
    const opened = await open({ open: async () => { if (away) throw new GatewayError('gateway_unreachable', 'away'); return new PassThrough() } })
    const early = client(opened)
    early.write('startup')
    expect(await said(early)).toBe('gateway away')
    away = false
    const late = client(opened)
    late.write('startup')
    expect(String((await once(late, 'data'))[0])).toBe('startup')
    late.destroy()
  })
})

describe('closing', () => {
  test('takes no more connections, and ends an idle one without waiting', async () => {
    const opened = await open()
    const socket = client(opened)
    socket.write('ask')
    await once(socket, 'data')
    const closed = once(socket, 'close')
    const began = performance.now()
    await opened.close(10_000)
    await closed
    expect(performance.now() - began).toBeLessThan(5_000)
    const [error] = await once(client(opened), 'error').catch((caught: unknown) => [caught]) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNREFUSED')
  })

  test('lets what was asked be answered', async () => {
    const answering = new Duplex({ read() {}, write(_chunk, _encoding, done) { setTimeout(() => this.push('the answer'), 400); done() } })
    const opened = await open({ open: async () => answering })
    const socket = client(opened)
    const heard = said(socket)
    socket.write('ask')
    await until('the question to arrive', () => answering.writableLength === 0 && opened.connections === 1)
    await new Promise((resolve) => setTimeout(resolve, 50))
    await opened.close(5_000)
    expect(await heard).toBe('the answer')
  })

  test('waits for a question that came in the same millisecond as the answer before it', async () => {
    let frozen = 0
    const answering = new Duplex({
      read() {},
      write(chunk, _encoding, done) {
        if (String(chunk) === 'first') this.push('answer')
        else setTimeout(() => this.push('last answer'), 400)
        done()
      }
    })
    const opened = await open({ open: async () => answering, now: () => frozen })
    const socket = client(opened)
    const heard = said(socket)
    socket.write('first')
    await once(socket, 'data')
    socket.write('second')
    await new Promise((resolve) => setTimeout(resolve, 50))
    frozen = 1000
    const closing = opened.close(5_000)
    await new Promise((resolve) => setTimeout(resolve, 600))
    frozen = 10_000
    await closing
    expect(await heard).toBe('answerlast answer')
  })

  test('ends what does not finish in time', async () => {
    const silent = new Duplex({ read() {}, write(_chunk, _encoding, done) { done() } })
    const opened = await open({ open: async () => silent })
    const socket = client(opened)
    const heard = said(socket)
    socket.write('ask')
    await until('the connection', () => opened.connections === 1)
    await opened.close(200)
    expect(await heard).toBe('')
    expect(silent.destroyed).toBe(true)
  })
})

describe('the Unix socket', () => {
  const socket = (base: string) => ({ base, name: (port: number) => `.s.PGSQL.${port}` })

  test('lies in a folder only its owner can enter, and works', async () => {
    const opened = await open({ socket: socket(join(folder, 'run')) })
    expect(opened.socket!.path).toBe(join(opened.socket!.folder, `.s.PGSQL.${opened.port}`))
    expect((await stat(opened.socket!.folder)).mode & 0o777).toBe(0o700)
    const local = connect(opened.socket!.path)
    local.write('hello')
    expect(String((await once(local, 'data'))[0])).toBe('hello')
    local.destroy()
  })

  test('is left out where the folder is open to others, or its path too long', async () => {
    await chmod(folder, 0o755)
    expect((await open({ socket: socket(folder) })).socket).toBeUndefined()
    await listener!.close(0)
    expect((await open({ socket: socket(join(folder, 'x'.repeat(100))) })).socket).toBeUndefined()
  })

  test('takes the place of one that a killed process left', async () => {
    const base = join(folder, 'run')
    const first = await open({ socket: socket(base) })
    const { path } = first.socket!
    // A hard kill leaves the file; here the same by hand, since a clean close removes it.
    await first.close(0)
    const script = 'require("net").createServer().listen(process.argv[1],()=>process.kill(process.pid,"SIGKILL"))'
    await once(spawn(process.execPath, ['-e', script, path], { stdio: 'ignore' }), 'exit')
    expect((await stat(path)).isSocket()).toBe(true)
    const second = await open({ port: first.port, socket: socket(base) })
    expect(second.socket!.path).toBe(path)
  })

  test('does not remove a file that is no socket', async () => {
    const base = join(folder, 'run')
    const first = await open({ socket: socket(base) })
    await first.close(0)
    await writeFile(first.socket!.path, 'precious')
    const second = await open({ port: first.port, socket: socket(base) })
    expect(second.socket).toBeUndefined()
    expect((await stat(first.socket!.path)).isFile()).toBe(true)
  })
})
