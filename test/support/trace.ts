// Frames as lines of text, one message a line, for traces and for telling two exchanges apart. Reads with a codec of its own.
import { cancelRequest, gssEncRequest, sslRequest } from './messages.ts'

/** One frame as it came: head included. */
export interface TestFrame {
  /** One character; empty for a startup frame. */
  readonly type: string
  readonly bytes: Buffer
  readonly body: Buffer
}

/** Splits what is complete off the front. */
export function splitFrames(bytes: Buffer): { frames: TestFrame[], rest: Buffer } {
  const frames: TestFrame[] = []
  let at = 0
  while (bytes.length - at >= 5) {
    const end = at + 1 + bytes.readInt32BE(at + 1)
    if (end > bytes.length || end < at + 5) break
    frames.push({ type: String.fromCharCode(bytes[at]!), bytes: bytes.subarray(at, end), body: bytes.subarray(at + 5, end) })
    at = end
  }
  return { frames, rest: bytes.subarray(at) }
}

/** `client: Query "SELECT 1"` and so on, in order. */
export const clientLines = (bytes: Buffer) => splitFrames(bytes).frames.map((frame) => `client: ${frontendLine(frame)}`)
export const serverLine = (frame: TestFrame) => `server: ${backendLine(frame)}`

/** A client's first message, which has no type. */
export function startupLine(bytes: Buffer): string {
  const code = bytes.readInt32BE(4)
  if (code === sslRequest().readInt32BE(4)) return 'client: SSLRequest'
  if (code === gssEncRequest().readInt32BE(4)) return 'client: GSSENCRequest'
  if (code === cancelRequest(0, Buffer.alloc(4)).readInt32BE(4)) return 'client: CancelRequest'
  const fields = bytes.subarray(8).toString().split('\0').slice(0, -2)
  const pairs = fields.flatMap((name, index) => index % 2 === 0 ? [`${name}=${fields[index + 1]}`] : [])
  return `client: StartupMessage ${code >> 16}.${code & 0xffff} ${pairs.join(' ')}`
}

class Fields {
  #at = 0
  constructor(readonly body: Buffer) {}
  get left(): number { return this.body.length - this.#at }
  int16(): number { this.#at += 2; return this.body.readInt16BE(this.#at - 2) }
  int32(): number { this.#at += 4; return this.body.readInt32BE(this.#at - 4) }
  char(): string { return String.fromCharCode(this.body[this.#at++]!) }
  bytes(count: number): Buffer { this.#at += count; return this.body.subarray(this.#at - count, this.#at) }
  text(): string {
    const end = this.body.indexOf(0, this.#at)
    const text = this.body.toString('utf8', this.#at, end)
    this.#at = end + 1
    return text
  }

  list<T>(read: () => T): T[] { return Array.from({ length: this.int16() }, read) }
  value(): string { const length = this.int32(); return length < 0 ? 'NULL' : shown(this.bytes(length)) }
}

/** Text where it is text, hex where not; long ones cut. */
function shown(bytes: Buffer): string {
  const isText = bytes.every((byte) => byte >= 32 && byte !== 127)
  const text = isText ? JSON.stringify(bytes.toString()) : `0x${bytes.toString('hex')}`
  return text.length > 80 ? `${text.slice(0, 80)}... (${bytes.length} bytes)` : text
}

const what = (kind: string) => kind === 'S' ? 'statement' : 'portal'

function frontendLine({ type, body }: TestFrame): string {
  const fields = new Fields(body)
  switch (type) {
    case 'Q': return `Query ${JSON.stringify(fields.text())}`
    case 'P': return `Parse name="${fields.text()}" ${JSON.stringify(fields.text())} types=[${fields.list(() => fields.int32()).join(' ')}]`
    case 'B': {
      const [portal, statement] = [fields.text(), fields.text()]
      const formats = fields.list(() => fields.int16())
      const values = fields.list(() => fields.value())
      const results = fields.list(() => fields.int16())
      return `Bind portal="${portal}" statement="${statement}" formats=[${formats.join(' ')}] values=[${values.join(' ')}] results=[${results.join(' ')}]`
    }
    case 'D': return `Describe ${what(fields.char())} "${fields.text()}"`
    case 'C': return `Close ${what(fields.char())} "${fields.text()}"`
    case 'E': return `Execute portal="${fields.text()}" maxRows=${fields.int32()}`
    case 'S': return 'Sync'
    case 'H': return 'Flush'
    case 'd': return `CopyData ${shown(body)}`
    case 'c': return 'CopyDone'
    case 'f': return `CopyFail ${JSON.stringify(fields.text())}`
    case 'F': return `FunctionCall ${fields.int32()}`
    case 'p': return 'PasswordMessage'
    case 'X': return 'Terminate'
    default: return `0x${type.charCodeAt(0).toString(16)} ${shown(body)}`
  }
}

const authentications: Readonly<Record<number, string>> = {
  0: 'Ok',
  3: 'CleartextPassword',
  5: 'MD5Password',
  10: 'SASL',
  11: 'SASLContinue',
  12: 'SASLFinal'
}
const statuses: Readonly<Record<string, string>> = { I: 'idle', T: 'in transaction', E: 'in failed transaction' }
const bare: Readonly<Record<string, string>> = {
  1: 'ParseComplete',
  2: 'BindComplete',
  3: 'CloseComplete',
  I: 'EmptyQueryResponse',
  n: 'NoData',
  s: 'PortalSuspended',
  c: 'CopyDone'
}

function backendLine({ type, body }: TestFrame): string {
  const fields = new Fields(body)
  if (bare[type] !== undefined) return bare[type]
  switch (type) {
    case 'R': return `Authentication${authentications[fields.int32()] ?? 'Unknown'}`
    case 'S': return `ParameterStatus ${fields.text()}=${fields.text()}`
    case 'K': return 'BackendKeyData'
    case 'Z': return `ReadyForQuery ${statuses[fields.char()]}`
    case 'T': return `RowDescription ${fields.list(() => column(fields)).join(', ')}`
    case 't': return `ParameterDescription [${fields.list(() => fields.int32()).join(' ')}]`
    case 'D': return `DataRow ${fields.list(() => fields.value()).join(' ')}`
    case 'C': return `CommandComplete ${JSON.stringify(fields.text())}`
    case 'E': return `ErrorResponse ${report(fields)}`
    case 'N': return `NoticeResponse ${report(fields)}`
    case 'A': { fields.int32(); return `NotificationResponse ${fields.text()} ${JSON.stringify(fields.text())}` }
    case 'G': case 'H': case 'W': {
      const name = { G: 'CopyInResponse', H: 'CopyOutResponse', W: 'CopyBothResponse' }[type]
      const format = fields.char().charCodeAt(0) === 0 ? 'text' : 'binary'
      return `${name} ${format} columns=[${fields.list(() => fields.int16()).join(' ')}]`
    }
    case 'd': return `CopyData ${shown(body)}`
    case 'v': return `NegotiateProtocolVersion ${fields.int32()}`
    default: return `0x${type.charCodeAt(0).toString(16)} ${shown(body)}`
  }
}

function column(fields: Fields): string {
  const name = fields.text()
  const [table, attribute, type, size, modifier, format] =
    [fields.int32(), fields.int16(), fields.int32(), fields.int16(), fields.int32(), fields.int16()]
  return `${name}:${type}${format === 1 ? ' binary' : ''}${table === 0 ? '' : ` of ${table}.${attribute}`} (${size}, ${modifier})`
}

/** Fields of an error or notice, e.g. `S="ERROR" C="42703" M="..."`. */
function report(fields: Fields): string {
  const parts: string[] = []
  for (let code = fields.char(); code !== '\0'; code = fields.char()) parts.push(`${code}=${JSON.stringify(fields.text())}`)
  return parts.join(' ')
}

/** The fields of an ErrorResponse or NoticeResponse by their letter: C is the SQLSTATE, M the message, H the hint. */
export function reportFields(frame: TestFrame): Readonly<Record<string, string>> {
  const fields = new Fields(frame.body)
  const found: Record<string, string> = {}
  for (let code = fields.char(); code !== '\0'; code = fields.char()) found[code] = fields.text()
  return found
}

/** What came, a letter each; with the transaction status and the SQLSTATE where there is one: `1 2 E42601 ZI`. */
export function frameTypes(frames: readonly TestFrame[]): string {
  return frames.map((frame) => frame.type === 'Z' ? `Z${frame.body.toString()}` : frame.type === 'E' ? `E${reportFields(frame).C}` : frame.type).join(' ')
}

/** The columns of a DataRow as text; null is SQL NULL. */
export function rowValues(frame: TestFrame): (string | null)[] {
  const fields = new Fields(frame.body)
  return fields.list(() => {
    const length = fields.int32()
    return length < 0 ? null : fields.bytes(length).toString()
  })
}

export function rowsOf(frames: readonly TestFrame[]): (string | null)[][] {
  return frames.filter(({ type }) => type === 'D').map(rowValues)
}
