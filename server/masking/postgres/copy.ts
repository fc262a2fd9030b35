// Masks the rows of COPY TO STDOUT, one CopyData message each: text and csv here, binary in rows.ts. Pure.
import { GatewayError, ProtocolViolation } from '../../../shared/errors.ts'
import type { CopyFormat } from './copy-format.ts'
import { maxCopyRowBytes, RowMasker } from './rows.ts'
import { maxReadBytes, type CellMask } from './values.ts'

/** What rewrites a COPY's rows. @param cells one for each column copied; made for binary values if the format is, else for text */
export function copyMasker(cells: readonly (CellMask | undefined)[], format: CopyFormat): RowMasker | LineMasker {
  return format.format === 'binary' ? new RowMasker(cells, 'binary copy') : new LineMasker(cells, format)
}

/** A field as it stands in the line: [begin, end), quotes included. */
interface Field {
  readonly begin: number
  readonly end: number
  readonly quoted: boolean
}

const headBytes = 5
const newline = 0x0a
const backslash = 0x5c

/**
 * Masks lines of text or csv. A line of another number of fields than planned is refused. What a masked field looks like depends on its
 * mask alone: neither on the quotes nor on the escapes that the value needed.
 * @see PostgreSQL docs, COPY, File Formats
 */
export class LineMasker {
  readonly wholeUpTo = maxCopyRowBytes
  readonly #cells: readonly (CellMask | undefined)[]
  readonly #format: CopyFormat
  readonly #delimiter: number
  readonly #quote: number
  readonly #escape: number
  readonly #marker: Buffer
  /** A field that reads as NULL may be a value that looks the same: a marker of the client's choice would be a question about it. */
  readonly #ambiguous: boolean
  readonly #constants: readonly { readonly value: Buffer, readonly whenNull: Buffer }[]
  #headerDue: boolean

  constructor(cells: readonly (CellMask | undefined)[], format: CopyFormat) {
    this.#cells = cells
    this.#format = format
    this.#delimiter = format.delimiter.charCodeAt(0)
    this.#quote = format.quote.charCodeAt(0)
    this.#escape = format.escape.charCodeAt(0)
    this.#marker = Buffer.from(format.null)
    this.#ambiguous = format.format === 'text' && format.null !== '\\N'
    this.#constants = cells.map((cell, column) =>
      ({ value: this.#written(cell?.constant ?? null, column), whenNull: this.#written(cell?.whenNull ?? null, column) }))
    this.#headerDue = format.header
  }

  /** @throws ProtocolViolation for a line that is not as planned. @see RowMasker.rewrite */
  rewrite(bytes: Buffer, begin: number, end: number): Uint8Array {
    const out: Uint8Array[] = []
    for (let at = begin; at < end;) {
      const next = at + 1 + bytes.readInt32BE(at + 1)
      if (this.#headerDue) {
        this.#headerDue = false
        out.push(bytes.subarray(at, next))
      } else {
        this.#line(bytes.subarray(at + headBytes, next), out)
      }
      at = next
    }
    return Buffer.concat(out)
  }

  rewritePiece(): Uint8Array[] {
    throw new GatewayError('limit_exceeded', `a row to be masked is larger than ${maxCopyRowBytes} bytes`)
  }

  #line(line: Buffer, out: Uint8Array[]): void {
    const fields = this.#format.format === 'csv' ? this.#splitQuoted(line) : this.#splitEscaped(line)
    if (fields.length !== this.#cells.length) throw violation(`${fields.length} columns where ${this.#cells.length} were planned`)
    const parts: Uint8Array[] = []
    let copiedTo = 0
    for (const [column, field] of fields.entries()) {
      const cell = this.#cells[column]
      if (cell === undefined) continue
      parts.push(line.subarray(copiedTo, field.begin), this.#masked(line, field, cell, column))
      copiedTo = field.end
    }
    parts.push(line.subarray(copiedTo))
    const head = Buffer.from('d\0\0\0\0', 'latin1')
    head.writeInt32BE(parts.reduce((sum, part) => sum + part.length, 4), 1)
    out.push(head, ...parts)
  }

  #masked(line: Buffer, field: Field, cell: CellMask, column: number): Buffer {
    const raw = line.subarray(field.begin, field.end)
    const constants = this.#constants[column]!
    if (!field.quoted && raw.equals(this.#marker)) {
      // What is only searched has nothing to hide by being NULL.
      if (cell.readUpTo !== undefined) return raw
      return this.#ambiguous ? constants.value : constants.whenNull
    }
    if (cell.of === undefined) return constants.value
    if (raw.length > (cell.readUpTo ?? maxReadBytes)) return cell.passLarger === true ? raw : constants.value
    const value = this.#format.format === 'csv' ? this.#unquoted(raw, field.quoted) : unescaped(raw)
    const masked = cell.of(value)
    if (masked === value) return raw
    return masked === undefined ? constants.value : this.#written(masked, column)
  }

  /** Fields of a text line: a backslash takes the next byte with it. */
  #splitEscaped(line: Buffer): Field[] {
    const fields: Field[] = []
    let begin = 0
    for (let at = 0; at < line.length; at++) {
      const byte = line[at]!
      if (byte === backslash) at++
      else if (byte === this.#delimiter || byte === newline) {
        fields.push({ begin, end: at, quoted: false })
        begin = at + 1
        if (byte === newline && begin !== line.length) throw violation('a line within the line')
      }
    }
    // Every line ends with a newline, so nothing is left.
    if (begin !== line.length || line.at(-1) !== newline) throw violation('no line of its own')
    return fields
  }

  /** Fields of a csv line. A quote opens a field only at its begin; within, the escape takes a quote or an escape with it. */
  #splitQuoted(line: Buffer): Field[] {
    const fields: Field[] = []
    for (let at = 0; ;) {
      const begin = at
      const quoted = line[at] === this.#quote
      if (quoted) at = this.#closing(line, at + 1) + 1
      else while (at < line.length && line[at] !== this.#delimiter && line[at] !== newline) at++
      if (at >= line.length || (line[at] !== this.#delimiter && line[at] !== newline)) throw violation('no line of its own')
      fields.push({ begin, end: at, quoted })
      if (line[at++] !== newline) continue
      if (at !== line.length) throw violation('a line within the line')
      return fields
    }
  }

  #closing(line: Buffer, at: number): number {
    for (; at < line.length; at++) {
      const byte = line[at]!
      const next = line[at + 1]
      if (byte === this.#escape && (next === this.#quote || next === this.#escape)) at++
      else if (byte === this.#quote) return at
    }
    throw violation('no closing quote')
  }

  #unquoted(raw: Buffer, quoted: boolean): Buffer {
    if (!quoted) return raw
    const value = Buffer.allocUnsafe(raw.length)
    let length = 0
    for (let at = 1; at < raw.length - 1; at++) {
      // Only a quote or another escape follows an escape: otherwise it stands for itself.
      if (raw[at] === this.#escape && at + 1 < raw.length - 1 && (raw[at + 1] === this.#quote || raw[at + 1] === this.#escape)) at++
      value[length++] = raw[at]!
    }
    return value.subarray(0, length)
  }

  /** A value as the server would write it in this column; null is the marker. */
  #written(value: Buffer | null, column: number): Buffer {
    if (value === null) return this.#marker
    return this.#format.format === 'csv' ? this.#quotedIfNeeded(value, this.#format.forceQuote.has(column)) : escaped(value, this.#delimiter)
  }

  #quotedIfNeeded(value: Buffer, force: boolean): Buffer {
    const special = (byte: number) => byte === this.#delimiter || byte === this.#quote || byte === newline || byte === 0x0d
    // A lone \. would end the data.
    const endOfData = this.#cells.length === 1 && value.equals(Buffer.from('\\.'))
    if (!force && !endOfData && !value.equals(this.#marker) && !value.some(special)) return value
    const out: number[] = [this.#quote]
    for (const byte of value) {
      if (byte === this.#quote || byte === this.#escape) out.push(this.#escape)
      out.push(byte)
    }
    out.push(this.#quote)
    return Buffer.from(out)
  }
}

/** Letters that stand behind a backslash for bytes that could be read as something else. */
const letters: ReadonlyMap<number, number> = new Map([[8, 0x62], [12, 0x66], [10, 0x6e], [13, 0x72], [9, 0x74], [11, 0x76]])
const bytesOfLetters = new Map([...letters].map(([byte, letter]) => [letter, byte]))

function escaped(value: Buffer, delimiter: number): Buffer {
  const out: number[] = []
  for (const byte of value) {
    const letter = letters.get(byte) ?? (byte === delimiter ? byte : undefined)
    if (letter !== undefined) out.push(backslash, letter)
    else if (byte === backslash) out.push(backslash, backslash)
    else out.push(byte)
  }
  return Buffer.from(out)
}

function unescaped(raw: Buffer): Buffer {
  if (!raw.includes(backslash)) return raw
  const value = Buffer.allocUnsafe(raw.length)
  let length = 0
  for (let at = 0; at < raw.length; at++) {
    const byte = raw[at]!
    value[length++] = byte !== backslash ? byte : bytesOfLetters.get(raw[++at]!) ?? raw[at]!
  }
  return value.subarray(0, length)
}

function violation(what: string): ProtocolViolation {
  return new ProtocolViolation('COPY row of the server', what)
}
