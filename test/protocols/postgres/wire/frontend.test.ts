import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeFrontend, decodeStartup, encode } from '../../../../server/protocols/postgres/wire/frontend.ts'
import { FrameSplitter, type Frame } from '../../../../server/protocols/postgres/wire/frames.ts'
import {
  decodeAuthentication,
  decodeBackendKeyData,
  decodeCommandComplete,
  decodeErrorFields,
  decodeNegotiateProtocolVersion,
  decodeParameterStatus,
  decodeReadyForQuery
} from '../../../../server/protocols/postgres/wire/backend.ts'
import { GatewayError } from '../../../../shared/errors.ts'
import * as messages from '../../../support/messages.ts'

function frameOf(bytes: Buffer, startup = false): Frame {
  const splitter = new FrameSplitter({ maxBodyBytes: 1_000_000, startup })
  splitter.push(bytes)
  return splitter.next()!
}

/** Every message whose body has fields, as a client sends it. */
const valid: readonly (readonly [string, Buffer])[] = [
  ['Query', messages.query('SELECT 1')],
  ['Parse', messages.parse('SELECT $1', 's1', [23, 25])],
  ['Bind', messages.bind({ portal: 'p', statement: 's1', parameters: ['1', null, Buffer.from([1, 2])], formats: [0, 0, 1], results: [1] })],
  ['Execute', messages.execute('p', 10)],
  ['Describe', messages.describeStatement('s1')],
  ['Close', messages.closePortal('p')],
  ['Sync', messages.sync()],
  ['Flush', messages.flush()],
  ['Terminate', messages.terminate()],
  ['CopyDone', messages.copyDone()]
]

describe('frontend messages', () => {
  test.each(valid)('%s is read', (type, bytes) => {
    expect(decodeFrontend(frameOf(bytes)).type).toBe(type)
  })

  test('the fields of a Bind', () => {
    expect(decodeFrontend(frameOf(valid[2]![1]))).toEqual({
      type: 'Bind',
      portal: 'p',
      statement: 's1',
      parameterFormats: [0, 0, 1],
      parameters: [Buffer.from('1'), null, Buffer.from([1, 2])],
      resultFormats: [1]
    })
  })

  test.each(valid)('%s cut anywhere inside its body is refused', (_, bytes) => {
    for (let length = 5; length < bytes.length; length++) {
      const cut = Buffer.from(bytes.subarray(0, length))
      cut.writeInt32BE(length - 1, 1)
      expect(() => decodeFrontend(frameOf(cut)), `${length} bytes`).toThrow(GatewayError)
    }
  })

  test.each(valid)('%s with a byte too many is refused', (_, bytes) => {
    const longer = Buffer.concat([bytes, Buffer.of(0)])
    longer.writeInt32BE(longer.length - 1, 1)
    expect(() => decodeFrontend(frameOf(longer))).toThrow(GatewayError)
  })

  test.each([[0x00], [0x41], [0x7a], [0xff]])('type 0x%s is no client\'s', (type) => {
    expect(() => decodeFrontend(frameOf(Buffer.from([type, 0, 0, 0, 4])))).toThrow(/no client sends/)
  })

  test('text that is not UTF-8 is refused', () => {
    expect(() => decodeFrontend(frameOf(messages.message('Q', Buffer.from([0x53, 0xff, 0xfe, 0x00]))))).toThrow(/UTF-8/)
  })

  test.each([-2, -2147483648, 2147483647, 1000])('a parameter length of %i is refused', (length) => {
    const bytes = messages.bind({ parameters: ['x'] })
    bytes.writeInt32BE(length, 5 + 1 + 1 + 2 + 2)
    expect(() => decodeFrontend(frameOf(bytes))).toThrow(GatewayError)
  })

  test('mutated messages are read or refused, never anything else', () => {
    fc.assert(fc.property(fc.constantFrom(...valid), fc.nat(), fc.integer({ min: 0, max: 255 }), ([, bytes], position, value) => {
      const mutated = Buffer.from(bytes)
      if (mutated.length > 5) mutated[5 + position % (mutated.length - 5)] = value
      try { decodeFrontend(frameOf(mutated)) } catch (error) { expect(error).toBeInstanceOf(GatewayError) }
    }), { numRuns: 3000, seed: 11 })
  })
})

describe('startup packets', () => {
  test.each<[string, Buffer, RegExp]>([
    ['a parameter twice', messages.message('', Buffer.from([0, 3, 0, 0]), Buffer.from('user\0a\0user\0b\0\0')), /twice/],
    ['no closing NUL', messages.message('', Buffer.from([0, 3, 0, 0]), Buffer.from('user\0a\0')), /NUL/],
    ['bytes behind the end', messages.message('', Buffer.from([0, 3, 0, 0]), Buffer.from('user\0a\0\0x')), /behind/],
    ['a short cancel key', messages.cancelRequest(1, Buffer.alloc(3)), /key of 3/],
    ['a long cancel key', messages.cancelRequest(1, Buffer.alloc(257)), /key of 257/],
    ['an SSLRequest with more', messages.message('', messages.sslRequest().subarray(4), Buffer.of(1)), /behind/]
  ])('%s is refused', (_, bytes, expected) => {
    expect(() => decodeStartup(frameOf(bytes, true))).toThrow(expected)
  })

  test('parameters keep their order', () => {
    const packet = decodeStartup(frameOf(messages.startup({ user: 'me', database: 'db', TimeZone: 'UTC' }), true))
    expect(packet.type === 'StartupMessage' && [...packet.parameters]).toEqual([['user', 'me'], ['database', 'db'], ['TimeZone', 'UTC']])
  })

  test('what the gateway sends itself reads back as it was meant', () => {
    expect(encode.sslRequest()).toEqual(messages.sslRequest())
    expect(encode.cancelRequest(7, Buffer.alloc(4, 1))).toEqual(messages.cancelRequest(7, Buffer.alloc(4, 1)))
    expect(encode.query('x')).toEqual(messages.query('x'))
    expect(encode.parse('', Buffer.from('x'))).toEqual(messages.parse('x'))
    expect([encode.sync(), encode.flush(), encode.terminate()]).toEqual([messages.sync(), messages.flush(), messages.terminate()])
    expect(decodeFrontend(frameOf(encode.bindNothing()))).toMatchObject({ type: 'Bind', portal: '', parameters: [] })
  })
})

describe('frames', () => {
  test.each([[Buffer.from([0x51, 0, 0, 0, 3])], [Buffer.from([0x51, 0xff, 0xff, 0xff, 0xff])], [Buffer.from([0x51, 0x7f, 0xff, 0xff, 0xff])]])('an impossible length is refused: %o', (bytes) => {
    const splitter = new FrameSplitter({ maxBodyBytes: 100 })
    splitter.push(bytes)
    expect(() => splitter.next()).toThrow(GatewayError)
  })

  test('byte by byte they come out as they went in', () => {
    const splitter = new FrameSplitter({ maxBodyBytes: 1000 })
    const all = Buffer.concat(valid.map(([, bytes]) => bytes))
    const frames: Buffer[] = []
    for (const byte of all) {
      splitter.push(Buffer.of(byte))
      for (const frame of splitter.all()) frames.push(frame.bytes)
    }
    expect(frames).toEqual(valid.map(([, bytes]) => bytes))
    expect(splitter.buffered).toBe(0)
  })

  test('a frame is a copy: it survives the reuse of the chunk it came in', () => {
    const chunk = Buffer.from(messages.query('SELECT 1'))
    const frame = frameOf(chunk)
    chunk.fill(0)
    expect(frame.bytes).toEqual(messages.query('SELECT 1'))
  })
})

describe('messages of the server are read or refused, whatever they hold', () => {
  const decoders = {
    decodeAuthentication,
    decodeBackendKeyData,
    decodeCommandComplete,
    decodeErrorFields,
    decodeNegotiateProtocolVersion,
    decodeParameterStatus,
    decodeReadyForQuery
  }
  test.each(Object.entries(decoders))('%s', (_, decode) => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try { decode(Buffer.from(bytes)) } catch (error) { expect(error).toBeInstanceOf(GatewayError) }
    }), { numRuns: 1000, seed: 13 })
  })

  test.each<[string, number | undefined]>([
    ['SELECT 5', 5],
    ['INSERT 0 12', 12],
    ['UPDATE 0', 0],
    ['CREATE TABLE', undefined],
    ['COPY 3', 3],
    ['MERGE 2', 2],
    ['BEGIN', undefined]
  ])('the tag %j counts %s', (tag, rows) => {
    expect(decodeCommandComplete(Buffer.from(`${tag}\0`)).rows).toBe(rows)
  })
})
