// Bounds-checked reading of one message body. Pure.
import { ProtocolViolation } from '../../../../shared/errors.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads from the start of `body` on; every method throws ProtocolViolation, naming `subject`, rather than read past its end. */
export class Reader {
  #at = 0
  readonly #body: Buffer
  readonly #subject: string

  constructor(body: Buffer, subject: string) {
    this.#body = body
    this.#subject = subject
  }

  get remaining(): number { return this.#body.length - this.#at }

  byte(): number { return this.#body[this.#take(1)]! }
  int16(): number { return this.#body.readInt16BE(this.#take(2)) }
  /** For counts, which PostgreSQL reads as unsigned where it matters (up to 65,535 parameters). */
  uint16(): number { return this.#body.readUInt16BE(this.#take(2)) }
  int32(): number { return this.#body.readInt32BE(this.#take(4)) }
  uint32(): number { return this.#body.readUInt32BE(this.#take(4)) }

  /** The next `length` bytes, not copied. */
  bytes(length: number): Buffer {
    const start = this.#take(length)
    return this.#body.subarray(start, start + length)
  }

  /** The next `length` bytes as UTF-8; what is none is replaced. */
  loose(length: number): string {
    const start = this.#take(length)
    return this.#body.toString('utf8', start, start + length)
  }

  /** Bytes up to the next NUL, which is skipped, not copied. */
  cstringBytes(): Buffer {
    const end = this.#body.indexOf(0, this.#at)
    if (end < 0) throw this.violation('a string without its closing NUL')
    const bytes = this.#body.subarray(this.#at, end)
    this.#at = end + 1
    return bytes
  }

  /** A NUL-terminated string, valid UTF-8. */
  cstring(): string {
    return this.text(this.cstringBytes())
  }

  text(bytes: Uint8Array): string {
    const plain = plainName(bytes)
    if (plain !== undefined) return plain
    try {
      return utf8.decode(bytes)
    } catch {
      throw this.violation('text that is not valid UTF-8')
    }
  }

  /** Refuses what stands behind the last field. */
  end(): void {
    if (this.remaining > 0) throw this.violation(`${this.remaining} bytes behind its last field`)
  }

  violation(what: string): ProtocolViolation {
    return new ProtocolViolation(this.#subject, what)
  }

  #take(length: number): number {
    if (length < 0 || length > this.remaining) throw this.violation('shorter than its fields')
    const start = this.#at
    this.#at += length
    return start
  }
}

const longestName = 24

/** A short text of ASCII, as nearly every name is, for less than it costs to call the decoder. */
function plainName(bytes: Uint8Array): string | undefined {
  if (bytes.length > longestName) return undefined
  let text = ''
  for (let i = 0; i < bytes.length; i++) {
    const code = bytes[i]!
    if (code >= 0x80) return undefined
    text += String.fromCharCode(code)
  }
  return text
}
