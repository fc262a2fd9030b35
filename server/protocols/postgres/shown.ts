// What the client is shown, told to a recording: rows and messages as they go out, after masking. Exists only where there is a recording.
// Rows are decoded once while there is room for them; from there on to the statement's end they are counted and hashed only.
import { createHash, type Hash } from 'node:crypto'
import type { ShownEvent } from '../../../shared/recording.ts'
import type { AnalyzedStatement } from '../../sql/postgres/index.ts'
import type { Recording } from '../protocol.ts'
import type { Guard } from './guard.ts'
import type { Current } from './replies.ts'
import { shownValue } from './shown-value.ts'
import { decodeCommandComplete, decodeErrorFields } from './wire/backend.ts'
import { Reader } from './wire/reader.ts'
import type { RowRewriter } from './wire/walker.ts'
import { decodeRowDescription, type DescribedColumn } from './wire/row-description.ts'

const headBytes = 5
const copyData = 0x64

/** Larger rows come in pieces. */
const wholeUpTo = 64 * 1024

/**
 * Passes rows as they are, whole ones only: they are told a run at a time, and a connection that has to end between two chunks of a
 * result ends between two rows, where its client can still be told why.
 */
export const wholeRows: RowRewriter = {
  wholeUpTo,
  rewrite: (bytes, begin, end) => bytes.subarray(begin, end),
  rewritePiece: (piece) => [piece]
}

/** Of the statement whose result is being shown. */
interface Result {
  readonly of: object
  readonly entry: number | undefined
  /** Undefined: nobody has asked what they are. */
  readonly columns: readonly DescribedColumn[] | undefined
  readonly formats: readonly number[]
  readonly guard: Guard | undefined
  columnsTold: boolean
  cut: { rows: number, bytes: number, readonly hash: Hash } | undefined
}

export class Shown {
  readonly #recording: Recording
  /** By what was prepared, as long as this connection has it described. */
  readonly #columns = new WeakMap<AnalyzedStatement, readonly DescribedColumn[]>()
  #result: Result | undefined
  #rows: (string | null)[][] = []
  #copied: string[] = []
  /** The begin of a message to be kept. */
  #held: Buffer[] = []
  #heldBytes = 0
  #wanted = headBytes
  /** Bytes still to come of a message that is not kept. */
  #passing = 0
  #copyFormat = 0

  constructor(recording: Recording) {
    this.#recording = recording
  }

  /** Bytes of DataRow or CopyData messages, cut anywhere. */
  data(bytes: Buffer, current: Current): void {
    if (bytes.length === 0) return
    const result = this.#resultOf(current)
    for (let at = 0; at < bytes.length;) {
      if (this.#passing > 0) {
        const step = Math.min(this.#passing, bytes.length - at)
        this.#lost(result, bytes.subarray(at, at + step))
        this.#passing -= step
        at += step
        continue
      }
      const step = Math.min(this.#wanted - this.#heldBytes, bytes.length - at)
      this.#held.push(bytes.subarray(at, at + step))
      this.#heldBytes += step
      at += step
      if (this.#heldBytes === this.#wanted) this.#complete(result)
    }
    // Their bytes are the relay's again once this returns.
    if (this.#held.length > 0) this.#held = [Buffer.concat(this.#held)]
  }

  /** A whole message of the server's, or what stands in its place. `current` is what it answers. */
  message(type: string, body: Buffer, current: Current | undefined): void {
    switch (type) {
      case 'T': return this.#described(decodeRowDescription(body), current!)
      case 'H': this.#copyFormat = body[0]!; return
      case '1': if (current?.parses !== undefined) this.#columns.delete(current.parses); return
      case 'C': return this.#done(decodeCommandComplete(body).tag, current!)
      case 'I': return this.#done('', current!)
      case 's': return this.#done('PORTAL SUSPENDED', current!)
      case 'E': case 'N': return this.#report(type, body, current)
      case 'A': return this.#notification(body)
      default:
    }
  }

  /** Messages of the gateway's own, whole. */
  own(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const end = at + 1 + bytes.readInt32BE(at + 1)
      const type = String.fromCharCode(bytes[at]!)
      if (type === 'E' || type === 'N') this.#report(type, bytes.subarray(at + headBytes, end), undefined)
      at = end
    }
  }

  /** Tells what has come so far of the rows under way. */
  flush(): void {
    const { entry } = this.#result ?? {}
    if (this.#rows.length > 0) this.#tell({ type: 'rows', rows: this.#rows }, entry)
    if (this.#copied.length > 0) {
      const text = this.#copyFormat === 0 ? this.#copied.join('') : `\\x${this.#copied.join('')}`
      this.#tell({ type: 'copy', text, lines: this.#copied.length }, entry)
    }
    this.#rows = []
    this.#copied = []
  }

  /** A head, or a whole message that is kept. */
  #complete(result: Result): void {
    const bytes = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held)
    if (this.#wanted === headBytes) {
      const total = 1 + bytes.readInt32BE(1)
      if (result.cut === undefined && this.#recording.keeps(total)) {
        this.#wanted = total
        if (total > headBytes) return
      } else {
        this.#cutOf(result).rows++
        this.#lost(result, bytes)
        this.#passing = total - headBytes
        return this.#forget()
      }
    }
    if (bytes[0] === copyData) this.#copied.push(bytes.subarray(headBytes).toString(this.#copyFormat === 0 ? 'utf8' : 'hex'))
    else {
      this.#tellColumns(result)
      this.#rows.push(rowOf(bytes.subarray(headBytes), result))
    }
    this.#forget()
  }

  #forget(): void {
    this.#held = []
    this.#heldBytes = 0
    this.#wanted = headBytes
  }

  #resultOf(current: Current): Result {
    if (this.#result?.of === current.of) return this.#result
    this.flush()
    const described = current.runs === undefined ? undefined : this.#columns.get(current.runs)
    return this.#result = this.#begin(current, described, current.resultFormats)
  }

  #begin({ of, entry, guard }: Current, columns: readonly DescribedColumn[] | undefined, formats: readonly number[]): Result {
    return { of, entry, columns, formats, guard, columnsTold: false, cut: undefined }
  }

  #described(columns: readonly DescribedColumn[], current: Current): void {
    if (current.describes !== undefined) this.#columns.set(current.describes, columns)
    // In a Query the description is the begin of the result, and says what it is in.
    else if (current.kind === 'query') this.#result = this.#begin(current, columns, columns.map(({ format }) => format))
  }

  #done(tag: string, current: Current): void {
    const result = this.#resultOf(current)
    this.#end(result)
    this.#tell({ type: 'done', tag }, result.entry)
    this.#result = undefined
  }

  #end(result: Result): void {
    this.#tellColumns(result)
    this.flush()
    const { cut, entry } = result
    if (cut === undefined) return
    this.#tell({ type: 'cut', what: 'result', rows: cut.rows, bytes: cut.bytes, sha256: cut.hash.digest('hex') }, entry)
    result.cut = undefined
  }

  #report(letter: 'E' | 'N', body: Buffer, current: Current | undefined): void {
    const type = letter === 'E' ? 'error' : 'notice'
    if (type === 'error' && this.#result !== undefined) this.#end(this.#result)
    this.flush()
    if (type === 'notice' && !this.#recording.keeps(body.length)) {
      if (current !== undefined) this.#lost(this.#resultOf(current), body)
      return
    }
    const fields = decodeErrorFields(body)
    const optional = (name: string, letter: string) => fields.has(letter) ? { [name]: fields.get(letter)! } : {}
    const entry = current?.entry
    this.#tell({
      type,
      severity: fields.get('V') ?? fields.get('S') ?? '',
      sqlState: fields.get('C') ?? '',
      message: fields.get('M') ?? '',
      ...optional('detail', 'D'),
      ...optional('hint', 'H'),
      ...optional('context', 'W')
    }, entry)
    if (type === 'error') this.#result = undefined
  }

  /**
   *   processId  int32
   *   channel    cstring
   *   payload    cstring
   */
  #notification(body: Buffer): void {
    this.flush()
    if (!this.#recording.keeps(body.length)) return
    const reader = new Reader(body, 'NotificationResponse')
    reader.int32()
    const [channel, payload] = [reader.cstringBytes().toString('utf8'), reader.cstringBytes().toString('utf8')]
    this.#tell({ type: 'notice', severity: 'NOTIFY', sqlState: '', message: `${channel}: ${payload}` }, undefined)
  }

  #tellColumns(result: Result): void {
    if (result.columnsTold || result.columns === undefined) return
    result.columnsTold = true
    const masked = result.guard?.masked
    const columns = result.columns.map(({ name, type }, i) => masked?.[i] === true ? { name, type, masked: true as const } : { name, type })
    this.#tell({ type: 'columns', columns }, result.entry)
  }

  #lost(result: Result, bytes: Buffer): void {
    const cut = this.#cutOf(result)
    cut.bytes += bytes.length
    cut.hash.update(bytes)
  }

  #cutOf(result: Result): NonNullable<Result['cut']> {
    return result.cut ??= { rows: 0, bytes: 0, hash: createHash('sha256') }
  }

  #tell(event: ShownEvent, entry: number | undefined): void {
    this.#recording.record(entry === undefined ? event : { ...event, entry })
  }
}

/**
 *   count   int16
 *   values  each int32 length (-1: NULL), then its bytes
 */
function rowOf(body: Buffer, { columns, formats }: Result): (string | null)[] {
  const reader = new Reader(body, 'DataRow')
  return Array.from({ length: reader.uint16() }, (_, index) => {
    const length = reader.int32()
    if (length === -1) return null
    const format = (formats.length === 1 ? formats[0] : formats[index]) ?? 0
    return shownValue(reader.bytes(length), columns?.[index]?.type ?? 0, format)
  })
}
