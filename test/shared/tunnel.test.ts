import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { Transform, type Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import type { ErrorCode } from '../../shared/errors.ts'
import { GatewayError } from '../../shared/errors.ts'
import { closeCodeFor, closeCodes, closeReasonFor, maxPayloadBytes, TunnelClosed, tunnelStream as openTunnel, type BinarySocket } from '../../shared/tunnel.ts'

let server: WebSocketServer
beforeAll(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false, maxPayload: maxPayloadBytes })
  await once(server, 'listening')
})
afterAll(() => {
  for (const socket of server.clients) socket.terminate()
  server.close()
})

const opened: Duplex[] = []
afterEach(() => {
  for (const stream of opened.splice(0)) stream.on('error', () => {}).destroy()
})

function tunnelStream(socket: BinarySocket): Duplex {
  const stream = openTunnel(socket)
  opened.push(stream)
  return stream
}

const address = () => `ws://127.0.0.1:${(server.address() as AddressInfo).port}`

/** Both ends of one WebSocket over loopback. */
async function sockets(): Promise<{ near: WebSocket, far: WebSocket }> {
  const accepted = once(server, 'connection') as Promise<[WebSocket]>
  const near = new WebSocket(address(), { perMessageDeflate: false, maxPayload: maxPayloadBytes })
  const [[far]] = await Promise.all([accepted, once(near, 'open')])
  return { near, far }
}

async function pair(): Promise<{ near: Duplex, far: Duplex }> {
  const ends = await sockets()
  return { near: tunnelStream(ends.near), far: tunnelStream(ends.far) }
}

async function readAll(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function errorOf(stream: Duplex): Promise<GatewayError> {
  return new Promise((resolve, reject) => {
    stream.once('error', (error) => resolve(error as GatewayError))
    stream.once('end', () => reject(new Error('ended instead')))
    stream.resume()
  })
}

/** Waits for a condition, a turn of the event loop at a time. */
async function until(condition: () => boolean): Promise<void> {
  const limit = performance.now() + 10_000
  while (!condition()) {
    if (performance.now() > limit) throw new Error('the condition never came true')
    await new Promise(setImmediate)
  }
}

describe('what goes wrong', () => {
  test('a text frame destroys the tunnel, and the sender is told with 1003 or a code of ours', async () => {
    const { near, far } = await sockets()
    const stream = tunnelStream(far)
    const closed = once(near, 'close') as Promise<[number]>
    near.send('select 1')
    expect((await errorOf(stream)).code).toBe('protocol_violation')
    expect(closeCodes[(await closed)[0]]?.code).toBe('protocol_violation')
  })

  test('a frame over 1 MiB destroys the tunnel with limit_exceeded', async () => {
    const { near, far } = await sockets()
    near.on('error', () => {})
    const closed = once(near, 'close') as Promise<[number]>
    near.send(Buffer.alloc(maxPayloadBytes + 1))
    expect((await errorOf(tunnelStream(far))).code).toBe('limit_exceeded')
    expect((await closed)[0]).toBe(1009)
  })

  test('a peer that vanishes is an error, not an end', async () => {
    const { near, far } = await sockets()
    const stream = tunnelStream(far)
    near.terminate()
    expect(await errorOf(stream)).toMatchObject({ name: 'TunnelClosed', code: 'gateway_unreachable', closeCode: 1006 })
  })

  test('destroy() before end() is told as 1001', async () => {
    const { near, far } = await pair()
    near.destroy()
    expect(await errorOf(far)).toMatchObject({ closeCode: 1001 })
  })

  test('destroy(error) carries code and message to the other side', async () => {
    const { near, far } = await pair()
    far.on('error', () => {})
    far.destroy(new GatewayError('audit_unavailable', 'the audit log cannot be written: no space left'))
    expect(await errorOf(near)).toMatchObject({ code: 'audit_unavailable', closeCode: 4503, message: 'the audit log cannot be written: no space left' })
  })

  test('the text of a foreign error stays here', async () => {
    const { near, far } = await pair()
    far.on('error', () => {})
    far.destroy(new Error('password=hunter2'))
    expect(await errorOf(near)).toMatchObject({ code: 'internal', closeCode: 1011, message: 'internal error' })
  })

  test('what was written before destroy(error) is read before the error is seen', async () => {
    const { near, far } = await pair()
    far.on('error', () => {})
    far.write('FATAL: you were disabled')
    far.write('.')
    far.destroy(new GatewayError('unauthenticated', 'disabled'))
    near.on('error', () => {})
    await once(near, 'readable')
    await until(() => near.readableLength === 25)
    // The close frame is there as well by now; the reader has not asked yet.
    for (let i = 0; i < 20; i++) await new Promise(setImmediate)
    expect(near.destroyed).toBe(false)
    expect(String(near.read())).toBe('FATAL: you were disabled.')
    expect(near.errored).toMatchObject({ closeCode: 4401 })
  })

  test('garbage instead of a frame destroys the tunnel', async () => {
    const accepted = once(server, 'connection') as Promise<[WebSocket]>
    const raw = connect((server.address() as AddressInfo).port, '127.0.0.1')
    const lines = ['GET / HTTP/1.1', 'Host: x', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==', '', '']
    raw.write(lines.join('\r\n'))
    const [far] = await accepted
    const failed = errorOf(tunnelStream(far))
    raw.on('error', () => {}).end(Buffer.from([0xff, 0xff, 0xff, 0xff]))
    expect((await failed).code).toBe('protocol_violation')
  })

  test('a handshake that fails is an error of the stream', async () => {
    const socket = new WebSocket('ws://127.0.0.1:1')
    expect((await errorOf(tunnelStream(socket))).code).toBe('gateway_unreachable')
  })

  test('writing to a peer that has said everything is dropped, and its last bytes are still read', async () => {
    const { near, far } = await pair()
    far.end('bye')
    await once(near, 'readable')
    near.write('too late')
    expect(String(await readAll(near))).toBe('bye')
  })
})

describe('what goes right', () => {
  test('end() sends what is left, the other side reads to its end, both are closed', async () => {
    const { near, far } = await pair()
    near.write('one, ')
    near.write('two, ')
    near.end('three')
    expect(String(await readAll(far))).toBe('one, two, three')
    near.resume()
    await until(() => near.closed && far.closed)
    expect(near.errored ?? far.errored).toBe(null)
  })

  test('bytes written while still connecting arrive', async () => {
    const accepted = once(server, 'connection') as Promise<[WebSocket]>
    const near = tunnelStream(new WebSocket(address(), { perMessageDeflate: false }))
    near.end('early')
    const [far] = await accepted
    expect(String(await readAll(tunnelStream(far)))).toBe('early')
  })

  test('writes of one turn travel in one frame', async () => {
    const { near, far } = await sockets()
    const frames: number[] = []
    far.on('message', (frame: Buffer) => frames.push(frame.length))
    const stream = tunnelStream(near)
    for (let i = 0; i < 10; i++) stream.write(Buffer.alloc(100))
    await Promise.resolve()
    stream.write(Buffer.alloc(24))
    await until(() => frames.reduce((sum, length) => sum + length, 0) === 1024)
    expect(frames).toEqual([1024])
  })

  test('a chunk of any size is cut below what a receiver takes', async () => {
    const { near, far } = await sockets()
    const frames: number[] = []
    far.on('message', (frame: Buffer) => frames.push(frame.length))
    tunnelStream(near).end(Buffer.alloc(3 * maxPayloadBytes + 1))
    await once(far, 'close')
    expect(frames.reduce((sum, length) => sum + length, 0)).toBe(3 * maxPayloadBytes + 1)
    expect(Math.max(...frames)).toBeLessThanOrEqual(256 * 1024)
  })

  test('chunks of random sizes arrive intact and in order, both ways at once, to readers of any pace', async () => {
    const size = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 15_000, max: 18_000 }), fc.integer({ min: 0, max: 700_000 }))
    const sizes = fc.array(size, { maxLength: 30 })
    await fc.assert(fc.asyncProperty(sizes, sizes, fc.boolean(), async (there, back, turns) => {
      const { near, far } = await pair()
      const [sent, returned] = [bytes(there, 1), bytes(back, 2)]
      const exchange = async (stream: Duplex, chunks: Buffer[], expected: number) => {
        const received: Buffer[] = []
        let length = 0
        const complete = new Promise<void>((resolve) => {
          if (expected === 0) resolve()
          stream.on('data', (chunk: Buffer) => {
            received.push(chunk)
            length += chunk.length
            if (length === expected) resolve()
            if (!turns || length % 3 !== 0) return
            stream.pause()
            setImmediate(() => stream.resume())
          })
        })
        for (const chunk of chunks) {
          if (!stream.write(chunk)) await once(stream, 'drain')
          else if (turns) await new Promise(setImmediate)
        }
        await complete
        return Buffer.concat(received)
      }
      const total = (chunks: Buffer[]) => chunks.reduce((sum, chunk) => sum + chunk.length, 0)
      const [atNear, atFar] = await Promise.all([exchange(near, sent, total(returned)), exchange(far, returned, total(sent))])
      near.end()
      expect(atFar.equals(Buffer.concat(sent))).toBe(true)
      expect(atNear.equals(Buffer.concat(returned))).toBe(true)
    }), { numRuns: 40 })
  })

  test('a slow reader holds the writer back: what is on its way stays bounded', async () => {
    const { near, far } = await sockets()
    const stream = tunnelStream(near)
    const reader = tunnelStream(far)
    let written = 0
    let most = 0
    const chunk = Buffer.alloc(64 * 1024)
    const pour = () => {
      while (written < 256 * chunk.length * 4) {
        written += chunk.length
        most = Math.max(most, near.bufferedAmount + stream.writableLength)
        if (!stream.write(chunk)) return void stream.once('drain', pour)
      }
      stream.end()
    }
    pour()
    // Nobody reads: the writer comes to rest with no more than the kernel's buffers and ours filled.
    let before = -1
    await until(() => {
      const rests = before === written && stream.writableNeedDrain
      before = written
      return rests
    })
    expect(written).toBeLessThan(32 * 1024 * 1024)
    expect(reader.readableLength).toBeLessThan(512 * 1024)
    let read = 0
    for await (const piece of reader) read += (piece as Buffer).length
    expect(read).toBe(256 * chunk.length * 4)
    expect(most).toBeLessThan(1024 * 1024)
  })

  test('it is an ordinary Duplex: pipeline() through an echo gives back what was sent', async () => {
    const { near, far } = await pair()
    void pipeline(far, new Transform({ transform: (chunk, _, done) => done(null, chunk) }), far).catch(() => {})
    const sent = bytes([1, 70_000, 20, 900_000], 3)
    const answer: Buffer[] = []
    const all = Buffer.concat(sent)
    near.on('data', (chunk: Buffer) => answer.push(chunk))
    sent.forEach((chunk) => near.write(chunk))
    await until(() => answer.reduce((sum, chunk) => sum + chunk.length, 0) === all.length)
    expect(Buffer.concat(answer).equals(all)).toBe(true)
    near.end()
  })
})

describe('close codes', () => {
  const codes: ErrorCode[] = ['denied', 'unauthenticated', 'session_ended', 'limit_exceeded', 'audit_unavailable', 'target_unreachable', 'protocol_violation', 'cancelled', 'internal']
  test.each(codes)('%s comes back as itself', (code) => {
    expect(new TunnelClosed(closeCodeFor(new GatewayError(code, 'text')), '').code).toBe(code)
  })

  test('a reason is at most 123 bytes, whatever the characters', () => {
    for (const text of ['x'.repeat(500), 'é'.repeat(500), '\u{1f600}'.repeat(100), `${'a'.repeat(122)}\u{1f600}`]) {
      expect(Buffer.byteLength(closeReasonFor(new GatewayError('denied', text)))).toBeLessThanOrEqual(123)
    }
  })

  test('an unknown code is still an error', () => {
    expect(new TunnelClosed(4999, '')).toMatchObject({ code: 'gateway_unreachable' })
  })
})

/** Buffers of these sizes with recognisable contents. */
function bytes(sizes: readonly number[], seed: number): Buffer[] {
  let next = seed
  return sizes.map((size) => {
    const chunk = Buffer.allocUnsafe(size)
    for (let i = 0; i < size; i++) chunk[i] = next = (next * 75 + 74) % 65_537
    return chunk
  })
}
