// What a server says: decoders for the messages the gateway reads, encoders for those it sends the client itself. Pure.
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

export type Authentication =
  | { readonly type: 'Ok' | 'CleartextPassword' }
  | { readonly type: 'MD5Password', readonly salt: Buffer }
  | { readonly type: 'SASL', readonly mechanisms: readonly string[] }
  | { readonly type: 'SASLContinue' | 'SASLFinal', readonly data: Buffer }
  | { readonly type: 'Unsupported', readonly code: number }

/**
 *   code  int32; what follows depends on it
 */
export function decodeAuthentication(body: Buffer): Authentication {
  const reader = new Reader(body, 'Authentication')
  const code = reader.int32()
  switch (code) {
    case 0: reader.end(); return { type: 'Ok' }
    case 3: reader.end(); return { type: 'CleartextPassword' }
    case 5: {
      const salt = reader.bytes(4)
      reader.end()
      return { type: 'MD5Password', salt }
    }
    case 10: {
      const mechanisms: string[] = []
      for (let name = reader.cstring(); name !== ''; name = reader.cstring()) mechanisms.push(name)
      reader.end()
      return { type: 'SASL', mechanisms }
    }
    case 11: return { type: 'SASLContinue', data: reader.bytes(reader.remaining) }
    case 12: return { type: 'SASLFinal', data: reader.bytes(reader.remaining) }
    default: return { type: 'Unsupported', code }
  }
}

/**
 *   name   cstring
 *   value  cstring
 */
export function decodeParameterStatus(body: Buffer): { name: string, value: string } {
  const reader = new Reader(body, 'ParameterStatus')
  const status = { name: reader.cstring(), value: reader.cstring() }
  reader.end()
  return status
}

/**
 *   processId  int32
 *   secretKey  4 bytes; 4 to 256 since protocol 3.2
 */
export function decodeBackendKeyData(body: Buffer): { processId: number, secretKey: Buffer } {
  const reader = new Reader(body, 'BackendKeyData')
  const processId = reader.int32()
  if (reader.remaining < 4 || reader.remaining > 256) throw reader.violation(`a key of ${reader.remaining} bytes`)
  return { processId, secretKey: reader.bytes(reader.remaining) }
}

/**
 *   minor    int32, newest minor version the server speaks
 *   count    int32, options it does not know
 *   options  cstring each
 */
export function decodeNegotiateProtocolVersion(body: Buffer): { minor: number, unknown: readonly string[] } {
  const reader = new Reader(body, 'NegotiateProtocolVersion')
  // The whole version number, of which only the minor half may differ from what was asked.
  const minor = reader.int32() & 0xffff
  const count = reader.int32()
  if (count < 0 || count > reader.remaining) throw reader.violation(`a count of ${count}`)
  const unknown = Array.from({ length: count }, () => reader.cstring())
  reader.end()
  return { minor, unknown }
}

export type TransactionStatus = 'I' | 'T' | 'E'

/**
 *   status  byte: I idle, T in a transaction, E in a failed one
 */
export function decodeReadyForQuery(body: Buffer): TransactionStatus {
  const reader = new Reader(body, 'ReadyForQuery')
  const status = String.fromCharCode(reader.byte())
  reader.end()
  if (status !== 'I' && status !== 'T' && status !== 'E') throw reader.violation(`a status of ${JSON.stringify(status)}`)
  return status
}

/** Field letter (S, V, C, M, D, H ...) to text, in the order sent. @see PostgreSQL docs, Error and Notice Message Fields */
export type ErrorFields = ReadonlyMap<string, string>

/**
 *   repeated: field  byte, 0 ends the list
 *             value  cstring
 *
 * Values are shown to people only; a server of another encoding may send before the encoding is agreed, so they are read leniently.
 */
export function decodeErrorFields(body: Buffer): ErrorFields {
  const reader = new Reader(body, 'ErrorResponse')
  const fields = new Map<string, string>()
  for (let letter = reader.byte(); letter !== 0; letter = reader.byte()) {
    fields.set(String.fromCharCode(letter), reader.cstringBytes().toString('utf8'))
  }
  reader.end()
  return fields
}

/**
 *   tag  cstring, e.g. "INSERT 0 5"; its last word is the row count where there is one
 */
export function decodeCommandComplete(body: Buffer): { tag: string, rows?: number } {
  const reader = new Reader(body, 'CommandComplete')
  const tag = reader.cstring()
  reader.end()
  const count = /^(?:SELECT|INSERT \d+|UPDATE|DELETE|MERGE|FETCH|MOVE|COPY) (\d+)$/.exec(tag)?.[1]
  return count === undefined ? { tag } : { tag, rows: Number(count) }
}

/** The fields of an ErrorResponse or NoticeResponse of the gateway's own. */
export interface Report {
  readonly severity: 'ERROR' | 'FATAL' | 'NOTICE' | 'WARNING'
  /** SQLSTATE. */
  readonly code: string
  readonly message: string
  readonly detail?: string
  readonly hint?: string
}

export const answer = {
  authenticationOk: () => new Writer().int32(0).frame('R'),
  authenticationCleartextPassword: () => new Writer().int32(3).frame('R'),
  parameterStatus: (name: string, value: string) => new Writer().cstring(name).cstring(value).frame('S'),
  backendKeyData: (processId: number, secretKey: Uint8Array) => new Writer().int32(processId).bytes(secretKey).frame('K'),
  readyForQuery: (status: TransactionStatus) => new Writer().byte(status.charCodeAt(0)).frame('Z'),
  negotiateProtocolVersion(minor: number, unknown: readonly string[]): Buffer {
    const writer = new Writer().int32(0x0003_0000 | minor).int32(unknown.length)
    for (const name of unknown) writer.cstring(name)
    return writer.frame('v')
  },
  error: (report: Report) => reportFrame('E', report),
  /** An ErrorResponse of these fields, in their order. */
  errorFields: (fields: ErrorFields) => fieldsFrame('E', fields),
  notice: (report: Report) => reportFrame('N', report)
}

function reportFrame(type: 'E' | 'N', { severity, code, message, detail, hint }: Report): Buffer {
  return fieldsFrame(type, [['S', severity], ['V', severity], ['C', code], ['M', message], ['D', detail], ['H', hint]])
}

function fieldsFrame(type: 'E' | 'N', fields: Iterable<readonly [letter: string, value: string | undefined]>): Buffer {
  const writer = new Writer()
  for (const [letter, value] of fields) {
    // A NUL would end the field early and let the rest be read as fields of its own.
    if (value !== undefined) writer.byte(letter.charCodeAt(0)).cstring(value.replaceAll('\0', '\\0'))
  }
  return writer.byte(0).frame(type)
}
