// Entries on their way to disk: encoded once, framed in place in one buffer, written with one call.
import type { EntryFacts } from '../../shared/audit/entry.ts'
import { frameHeaderBytes, maxEntryBytes, writeFrameHeader } from '../../shared/audit/frame.ts'
import { hashLeafAt, type Hash } from '../../shared/audit/merkle.ts'
import { GatewayError } from '../../shared/errors.ts'

const initialBytes = 64 * 1024
const keptBytes = 4 * 1024 * 1024

export interface Waiter {
  resolve(): void
  reject(reason: GatewayError): void
}

export class Batch {
  #buffer = Buffer.allocUnsafe(initialBytes)
  #length = 0
  /** Leaf hashes, in order. */
  leaves: Hash[] = []
  /** Offset of each frame. */
  offsets: number[] = []
  /** What the recovery wants to remember of each entry, in order. */
  facts: EntryFacts[] = []
  waiters: Waiter[] = []

  get count(): number { return this.offsets.length }
  get bytes(): Uint8Array { return this.#buffer.subarray(0, this.#length) }

  /** @param text the entry in canonical form @throws GatewayError limit_exceeded, and nothing was added */
  add(facts: EntryFacts, text: string): void {
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
    this.offsets.push(this.#length)
    this.facts.push(facts)
    this.#length = begin + length
  }

  /** Forgets all entries from number `count` of this batch on. */
  rewind(count: number): void {
    if (count >= this.count) return
    this.#length = this.offsets[count]!
    this.leaves.length = count
    this.offsets.length = count
    this.facts.length = count
  }

  clear(): void {
    this.#length = 0
    this.leaves = []
    this.offsets = []
    this.facts = []
    this.waiters = []
    // One burst does not keep its memory for ever.
    if (this.#buffer.length > keptBytes) this.#buffer = Buffer.allocUnsafe(initialBytes)
  }

  #reserve(bytes: number): void {
    if (this.#buffer.length - this.#length >= bytes) return
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}
