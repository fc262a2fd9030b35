// HMAC-SHA-256 (RFC 2104) of short messages, out of two hashes in one call each: an Hmac object costs more than twice as much to make.
import { hash } from 'node:crypto'

const blockBytes = 64
const hashBytes = 32
const maxMessageBytes = 32 * 1024
/** Shared: nobody else gets a turn while it is in use. What the last one left there is overwritten by the next, or when it is forgotten. */
const scratch = Buffer.alloc(blockBytes + maxMessageBytes)

export class ShortHmac {
  readonly #innerPad = Buffer.alloc(blockBytes)
  /** With room for the inner hash behind it. */
  readonly #outerPad = Buffer.alloc(blockBytes + hashBytes)

  /** @param key at most a block of the hash: 64 bytes */
  constructor(key: Uint8Array) {
    for (let i = 0; i < blockBytes; i++) {
      const byte = key[i] ?? 0
      this.#innerPad[i] = byte ^ 0x36
      this.#outerPad[i] = byte ^ 0x5c
    }
  }

  /** @param message at most 32 KiB @returns the hash, each byte a character */
  digest(message: Uint8Array): string {
    scratch.set(this.#innerPad)
    scratch.set(message, blockBytes)
    this.#outerPad.write(hash('sha256', scratch.subarray(0, blockBytes + message.length), 'binary'), blockBytes, 'latin1')
    return hash('sha256', this.#outerPad, 'binary')
  }

  /** What was made of the key is overwritten. */
  forget(): void {
    scratch.fill(0)
    this.#innerPad.fill(0)
    this.#outerPad.fill(0)
  }
}
