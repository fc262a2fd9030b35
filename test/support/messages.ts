// What a PostgreSQL client sends, for tests. A codec of its own, so that the gateway's is not checked against itself.
// Field tables: PostgreSQL docs, Message Formats.

/** Parameter or column value: text, bytes, or SQL NULL. */
export type Value = string | Uint8Array | null

const int16 = (value: number) => { const bytes = Buffer.alloc(2); bytes.writeInt16BE(value); return bytes }
const int32 = (value: number) => { const bytes = Buffer.alloc(4); bytes.writeInt32BE(value); return bytes }
const cstring = (text: string) => Buffer.from(`${text}\0`)
const counted = (items: readonly Buffer[]) => Buffer.concat([int16(items.length), ...items])

/** Any message: type and body, whatever they are. */
export function message(type: string, ...fields: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(fields)
  return Buffer.concat([Buffer.from(type, 'latin1'), int32(body.length + 4), body])
}

/** Protocol 3.0 unless said otherwise; the user's name is one of the parameters. */
export function startup(parameters: Readonly<Record<string, string>>, protocol = 0x00030000): Buffer {
  return message('', int32(protocol), ...Object.entries(parameters).flat().map(cstring), Buffer.of(0))
}
export const sslRequest = () => message('', int32(80877103))
export const gssEncRequest = () => message('', int32(80877104))
export const cancelRequest = (processId: number, secretKey: Uint8Array) => message('', int32(80877102), int32(processId), secretKey)

export const password = (text: string) => message('p', cstring(text))
export const query = (text: string) => message('Q', cstring(text))
export const parse = (text: string, name = '', types: readonly number[] = []) =>
  message('P', cstring(name), cstring(text), counted(types.map(int32)))

export interface BindFields {
  readonly portal?: string
  readonly statement?: string
  readonly parameters?: readonly Value[]
  /** 0 text, 1 binary; none, one for all, or one each. */
  readonly formats?: readonly number[]
  readonly results?: readonly number[]
}
export function bind({ portal = '', statement = '', parameters = [], formats = [], results = [] }: BindFields = {}): Buffer {
  const values = parameters.map((value) => {
    if (value === null) return int32(-1)
    const bytes = Buffer.from(value as Uint8Array)
    return Buffer.concat([int32(bytes.length), bytes])
  })
  return message('B', cstring(portal), cstring(statement), counted(formats.map(int16)), counted(values), counted(results.map(int16)))
}
export const describeStatement = (name = '') => message('D', Buffer.from('S'), cstring(name))
export const describePortal = (name = '') => message('D', Buffer.from('P'), cstring(name))
/** @param maxRows 0: all */
export const execute = (portal = '', maxRows = 0) => message('E', cstring(portal), int32(maxRows))
export const closeStatement = (name = '') => message('C', Buffer.from('S'), cstring(name))
export const closePortal = (name = '') => message('C', Buffer.from('P'), cstring(name))
export const sync = () => message('S')
export const flush = () => message('H')
export const copyData = (bytes: string | Uint8Array) => message('d', Buffer.from(bytes as Uint8Array))
export const copyDone = () => message('c')
export const copyFail = (reason: string) => message('f', cstring(reason))
export const functionCall = (oid: number) => message('F', int32(oid), int16(0), int16(0), int16(0))
export const terminate = () => message('X')
