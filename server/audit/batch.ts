// Entries and their attachments on their way to disk: encoded once, framed in place in one buffer, and written in one go.
import type { EntryFacts } from '../../shared/audit/entry.ts'
import { frameHeaderBytes, maxEntryBytes, writeFrameHeader, type Attachment } from '../../shared/audit/frame.ts'
import { hashLeafAt, type Hash } from '../../shared/audit/merkle.ts'
import { GatewayError } from '../../shared/errors.ts'

const initialBytes = 64 * 1024
const keptBytes = 4 * 1024 * 1024
/** A larger attachment is written from where it lies. */
const copiedBytes = 64 * 1024

export interface Waiter {
  resolve(): void
  reject(reason: GatewayError): void
}

export class Batch {
  #buffer = Buffer.allocUnsafe(initialBytes)
  /** Bytes used of the buffer. */
  #length = 0
  /** Attachments that are not in the buffer, by the place in it that they come at. */
  #large: { readonly at: number, readonly frames: Uint8Array }[] = []
  #largeBytes = 0
  /** Leaf hashes, in order. */
  leaves: Hash[] = []
  /** Offset of each entry's frame, attachments counted. */
  offsets: number[] = []
  /** What the recovery wants to remember of each entry, in order. */
  facts: EntryFacts[] = []
  waiters: Waiter[] = []

  get count(): number { return this.offsets.length }

  /** All there is to write, in order. */
  get pieces(): Uint8Array[] {
    const pieces: Uint8Array[] = []
    let begin = 0
    for (const { at, frames } of this.#large) {
      pieces.push(this.#buffer.subarray(begin, at), frames)
      begin = at
    }
    if (begin < this.#length) pieces.push(this.#buffer.subarray(begin, this.#length))
    return pieces
  }

  /**
   * @param text the entry in canonical form, which names the attachment's hash
   * @throws GatewayError limit_exceeded, and nothing was added
   */
  add(facts: EntryFacts, text: string, attachment?: Attachment): void {
    // A UTF-16 code unit is at most three bytes of UTF-8.
    this.#reserve(frameHeaderBytes + text.length * 3)
    const begin = this.#length + frameHeaderBytes
    const length = this.#buffer.write(text, begin, 'utf8')
    if (length > maxEntryBytes) {
      throw new GatewayError('limit_exceeded', `an audit entry of kind ${facts.kind} would have ${length} bytes, the limit is ${maxEntryBytes}`)
    }
    // The leaf is hashed where it lies; the byte in front of it is the header's, which is written after that.
    this.leaves.push(hashLeafAt(this.#buffer, begin, begin + length))
    writeFrameHeader(this.#buffer, this.#length, length, this.count === 0)
    this.offsets.push(this.#length + this.#largeBytes)
    this.facts.push(facts)
    this.#length = begin + length
    if (attachment !== undefined) this.#attach(attachment.frames)
  }

  /** Forgets all entries from number `count` of this batch on. */
  rewind(count: number): void {
    if (count >= this.count) return
    const end = this.offsets[count]!
    while (this.#large.length > 0 && this.#large.at(-1)!.at + this.#largeBytes > end) this.#largeBytes -= this.#large.pop()!.frames.length
    this.#length = end - this.#largeBytes
    this.leaves.length = count
    this.offsets.length = count
    this.facts.length = count
  }

  clear(): void {
    this.#length = 0
    this.#large = []
    this.#largeBytes = 0
    this.leaves = []
    this.offsets = []
    this.facts = []
    this.waiters = []
    // One burst does not keep its memory for ever.
    if (this.#buffer.length > keptBytes) this.#buffer = Buffer.allocUnsafe(initialBytes)
  }

  #attach(frames: Uint8Array): void {
    if (frames.length > copiedBytes) {
      this.#large.push({ at: this.#length, frames })
      this.#largeBytes += frames.length
      return
    }
    this.#reserve(frames.length)
    this.#buffer.set(frames, this.#length)
    this.#length += frames.length
  }

  #reserve(bytes: number): void {
    if (this.#buffer.length - this.#length >= bytes) return
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}
