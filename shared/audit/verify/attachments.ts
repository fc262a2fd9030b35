// Checks that what is attached to an entry is what the entry says: so many bytes with that hash, no more, no less, and nothing where
// it says nothing. Whether it can be opened is not asked. Pure.
import { createHash, type Hash } from 'node:crypto'
import type { AuditEntry, SealedFacts } from '../entry.ts'
import type { Findings } from './findings.ts'

export class AttachmentCheck {
  readonly #findings: Findings
  #entry = -1
  #file = ''
  #expected: SealedFacts | undefined
  /** It says something of its attachment that is none of what can be said. */
  #unknown = false
  #hash: Hash | undefined
  #bytes = 0

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /** The last entry lacks some of its attachment: as many bytes as were seen of it. */
  get short(): number | undefined {
    return this.#expected !== undefined && this.#bytes < this.#expected.bytes ? this.#bytes : undefined
  }

  /** Begins the next entry; the one before it is done. @param entry undefined when it cannot be read */
  begin(index: number, entry: AuditEntry | undefined, file: string): void {
    this.finish()
    this.#entry = index
    this.#file = file
    const sealed: unknown = entry !== undefined && 'sealed' in entry ? entry.sealed : undefined
    if (sealed === undefined) return
    if (isSealed(sealed)) this.#expected = sealed
    else this.#unknown = true
  }

  add(bytes: Uint8Array): void {
    this.#bytes += bytes.length
    if (this.#expected === undefined) return
    this.#hash ??= createHash('sha256')
    this.#hash.update(bytes)
  }

  finish(): void {
    const [expected, unknown, bytes, hash] = [this.#expected, this.#unknown, this.#bytes, this.#hash]
    this.forget()
    if (unknown) {
      this.#wrong('says in an unknown way what is attached to it')
    } else if (expected === undefined) {
      if (bytes > 0) this.#wrong(`has ${bytes} bytes attached that it does not name`)
    } else if (bytes !== expected.bytes) {
      this.#wrong(`has ${bytes} bytes attached instead of ${expected.bytes}`)
    } else if (hash!.digest('hex') !== expected.sha256) {
      this.#wrong('has another attachment than the one whose hash it names')
    }
  }

  forget(): void {
    this.#expected = undefined
    this.#unknown = false
    this.#hash = undefined
    this.#bytes = 0
  }

  #wrong(message: string): void {
    this.#findings.problem({ entry: this.#entry, file: this.#file, message })
  }
}

function isSealed(value: unknown): value is SealedFacts {
  if (typeof value !== 'object' || value === null) return false
  const { bytes, sha256 } = value as Record<string, unknown>
  return Number.isSafeInteger(bytes) && (bytes as number) > 0 && typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)
}
