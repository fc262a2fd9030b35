// What a client says: decoders for the messages the gateway judges, encoders for those it sends upstream itself. Pure.
import type { Frame } from './frames.ts'
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

export type FrontendMessage =
  | { readonly type: 'Query', readonly textBytes: Buffer, readonly text: string }
  | { readonly type: 'Parse', readonly name: string, readonly textBytes: Buffer, readonly text: string, readonly parameterTypes: readonly number[] }
  | { readonly type: 'Bind', readonly portal: string, readonly statement: string, readonly parameterFormats: readonly number[], readonly parameters: readonly (Buffer | null)[], readonly resultFormats: readonly number[] }
  | { readonly type: 'Execute', readonly portal: string, readonly maxRows: number }
  | { readonly type: 'Describe' | 'Close', readonly what: 'statement' | 'portal', readonly name: string }
  | { readonly type: 'Sync' | 'Flush' | 'Terminate' | 'CopyDone' | 'CopyData' | 'CopyFail' | 'FunctionCall' | 'Password' }

/** Every type a client may send once it is logged in. */
export const frontendTypes = 'QPBEDCSHXdcfFp'

/**
 * @throws ProtocolViolation for a type no client may send, and for a body that does not match its type
 * @see PostgreSQL docs, Message Formats
 */
export function decodeFrontend(frame: Frame): FrontendMessage {
  switch (frame.type) {
    case 'Q': return query(frame.body)
    case 'P': return parse(frame.body)
    case 'B': return bind(frame.body)
    case 'E': return execute(frame.body)
    case 'D': return named('Describe', frame.body)
    case 'C': return named('Close', frame.body)
    case 'S': return bare('Sync', frame.body)
    case 'H': return bare('Flush', frame.body)
    case 'X': return bare('Terminate', frame.body)
    case 'c': return bare('CopyDone', frame.body)
    // Not looked into: COPY data is streamed, the reason of a CopyFail is the server's to read, a fast-path call is refused.
    case 'd': return { type: 'CopyData' }
    case 'f': return { type: 'CopyFail' }
    case 'F': return { type: 'FunctionCall' }
    case 'p': return { type: 'Password' }
    default: throw new Reader(frame.body, 'message').violation(`type 0x${frame.type.charCodeAt(0).toString(16).padStart(2, '0')}, which no client sends`)
  }
}

/**
 *   text  cstring
 */
function query(body: Buffer): FrontendMessage {
  const reader = new Reader(body, 'Query')
  const textBytes = reader.cstringBytes()
  reader.end()
  return { type: 'Query', textBytes, text: reader.text(textBytes) }
}

/**
 *   name   cstring, empty for the unnamed statement
 *   text   cstring
 *   count  int16, parameter types that follow
 *   types  int32 each
 */
function parse(body: Buffer): FrontendMessage {
  const reader = new Reader(body, 'Parse')
  const name = reader.cstring()
  const textBytes = reader.cstringBytes()
  const parameterTypes = Array.from({ length: reader.uint16() }, () => reader.uint32())
  reader.end()
  return { type: 'Parse', name, textBytes, text: reader.text(textBytes), parameterTypes }
}

/**
 *   portal     cstring
 *   statement  cstring
 *   formats    int16 count, int16 each
 *   values     int16 count; each int32 length (-1: NULL), then its bytes
 *   results    int16 count, int16 format code each (0 text, 1 binary)
 */
function bind(body: Buffer): FrontendMessage {
  const reader = new Reader(body, 'Bind')
  const portal = reader.cstring()
  const statement = reader.cstring()
  const parameterFormats = int16s(reader)
  const parameters: (Buffer | null)[] = []
  for (let left = reader.uint16(); left > 0; left--) {
    const length = reader.int32()
    if (length < -1) throw reader.violation(`a parameter length of ${length}`)
    parameters.push(length === -1 ? null : reader.bytes(length))
  }
  const resultFormats = int16s(reader)
  reader.end()
  return { type: 'Bind', portal, statement, parameterFormats, parameters, resultFormats }
}

function int16s(reader: Reader): number[] {
  const values: number[] = []
  for (let left = reader.uint16(); left > 0; left--) values.push(reader.int16())
  return values
}

/**
 *   portal   cstring
 *   maxRows  int32, 0 for all
 */
function execute(body: Buffer): FrontendMessage {
  const reader = new Reader(body, 'Execute')
  const message = { type: 'Execute', portal: reader.cstring(), maxRows: reader.int32() } as const
  reader.end()
  return message
}

/**
 *   what  byte, 'S' statement or 'P' portal
 *   name  cstring
 */
function named(type: 'Describe' | 'Close', body: Buffer): FrontendMessage {
  const reader = new Reader(body, type)
  const what = reader.byte()
  if (what !== 0x53 && what !== 0x50) throw reader.violation(`a subtype of 0x${what.toString(16)}`)
  const message = { type, what: what === 0x53 ? 'statement' : 'portal', name: reader.cstring() } as const
  reader.end()
  return message
}

function bare(type: 'Sync' | 'Flush' | 'Terminate' | 'CopyDone', body: Buffer): FrontendMessage {
  new Reader(body, type).end()
  return { type }
}

export const protocol30 = 0x0003_0000
export const protocol32 = 0x0003_0002
const sslCode = 80877103
const gssCode = 80877104
const cancelCode = 80877102

export type StartupPacket =
  | { readonly type: 'SSLRequest' | 'GSSENCRequest' }
  | { readonly type: 'CancelRequest', readonly processId: number, readonly secretKey: Buffer }
  | { readonly type: 'StartupMessage', readonly major: number, readonly minor: number, readonly parameters: ReadonlyMap<string, string> }

/**
 *   code        int32: protocol version, major in the upper half, or one of the request codes
 *   processId   int32           (CancelRequest)
 *   secretKey   4 to 256 bytes  (CancelRequest; more than 4 since protocol 3.2)
 *   parameters  cstring name, cstring value, ..., a closing NUL  (StartupMessage)
 */
export function decodeStartup(frame: Frame): StartupPacket {
  const reader = new Reader(frame.body, 'StartupMessage')
  const code = reader.uint32()
  if (code === sslCode || code === gssCode) {
    reader.end()
    return { type: code === sslCode ? 'SSLRequest' : 'GSSENCRequest' }
  }
  if (code === cancelCode) {
    const processId = reader.int32()
    if (reader.remaining < 4 || reader.remaining > 256) throw reader.violation(`a cancel key of ${reader.remaining} bytes`)
    return { type: 'CancelRequest', processId, secretKey: reader.bytes(reader.remaining) }
  }
  const parameters = new Map<string, string>()
  if (code >>> 16 !== 3) return { type: 'StartupMessage', major: code >>> 16, minor: code & 0xffff, parameters }
  for (let name = reader.cstring(); name !== ''; name = reader.cstring()) {
    if (parameters.has(name)) throw reader.violation(`the parameter ${name} twice`)
    parameters.set(name, reader.cstring())
  }
  reader.end()
  return { type: 'StartupMessage', major: 3, minor: code & 0xffff, parameters }
}

/** Sent behind each batch; nobody changes bytes on their way out. */
const [sync, flush] = [new Writer().frame('S'), new Writer().frame('H')]

export const gssRequest = () => new Writer().int32(gssCode).frame('')

export const encode = {
  sslRequest: () => new Writer().int32(sslCode).frame(''),
  cancelRequest: (processId: number, secretKey: Uint8Array) => new Writer().int32(cancelCode).int32(processId).bytes(secretKey).frame(''),
  startup(version: number, parameters: Iterable<readonly [string, string]>): Buffer {
    const writer = new Writer().int32(version)
    for (const [name, value] of parameters) writer.cstring(name).cstring(value)
    return writer.byte(0).frame('')
  },
  password: (text: string) => new Writer().cstring(text).frame('p'),
  saslInitialResponse: (mechanism: string, data: Uint8Array) => new Writer().cstring(mechanism).int32(data.length).bytes(data).frame('p'),
  saslResponse: (data: Uint8Array) => new Writer().bytes(data).frame('p'),
  query: (text: string) => new Writer().cstring(text).frame('Q'),
  /** `text` as the client's own bytes, without NUL. */
  parse: (name: string, text: Uint8Array) => new Writer().cstring(name).bytes(text).byte(0).int16(0).frame('P'),
  /** A Bind that always fails: of a statement nobody can have prepared, since its name is longer than names are. */
  bindNothing: () => new Writer().cstring('').cstring('refused by the gateway'.padEnd(80, '.')).int16(0).int16(0).int16(0).frame('B'),
  describeStatement: (name: string) => new Writer().byte(0x53).cstring(name).frame('D'),
  describePortal: (name: string) => new Writer().byte(0x50).cstring(name).frame('D'),
  /** A Bind of the unnamed statement to the unnamed portal, all results as text. */
  bind(parameters: readonly (Uint8Array | null)[], formats: readonly number[]): Buffer {
    const writer = new Writer().cstring('').cstring('').int16(formats.length)
    for (const format of formats) writer.int16(format)
    writer.int16(parameters.length)
    for (const value of parameters) {
      if (value === null) writer.int32(-1)
      else writer.int32(value.length).bytes(value)
    }
    return writer.int16(0).frame('B')
  },
  /** Of the unnamed portal, every row. */
  execute: () => new Writer().cstring('').int32(0).frame('E'),
  sync: () => sync,
  flush: () => flush,
  terminate: () => new Writer().frame('X')
}
