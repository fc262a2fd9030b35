// One AES-256-CTR keystream for many short plaintexts, one behind the other: a cipher is set up once for all of them, which costs
// several times what it then takes to encrypt one.
import { createCipheriv, type Cipher } from 'node:crypto'

/** Made ahead at a time; a session that does nothing keeps no more. */
const chunkBytes = 4 * 1024
const blockBytes = 16
const zeros = Buffer.alloc(chunkBytes)

/** @param stream number of a keystream: no two under one key have the same */
export function counterBlock(stream: number, block: number): Buffer {
  const bytes = Buffer.alloc(blockBytes)
  writeCounterBlock(bytes, 0, stream, block)
  return bytes
}

export function writeCounterBlock(bytes: Buffer, at: number, stream: number, block: number): void {
  writeUint64(bytes, at, stream)
  writeUint64(bytes, at + 8, block)
}

function writeUint64(bytes: Buffer, at: number, number: number): void {
  bytes.writeUInt32BE(Math.floor(number / 2 ** 32), at)
  bytes.writeUInt32BE(number % 2 ** 32, at + 4)
}

export class Keystream {
  readonly #cipher: Cipher
  #chunk = Buffer.alloc(0)
  #used = 0
  #block = 0

  constructor(key: Buffer, stream: number) {
    this.#cipher = createCipheriv('aes-256-ctr', key, counterBlock(stream, 0))
  }

  /** Number of the block that the next plaintext begins with. */
  get block(): number { return this.#block }

  /** @param bytes encrypted in place; whole blocks */
  encrypt(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      if (this.#used === this.#chunk.length) this.#refill()
      const length = Math.min(bytes.length - done, this.#chunk.length - this.#used)
      for (let i = 0; i < length; i++) bytes[done + i]! ^= this.#chunk[this.#used + i]!
      this.#used += length
      done += length
    }
    this.#block += bytes.length / blockBytes
  }

  /** Once: what was made ahead is overwritten, and the cipher lets go of its key. */
  forget(): void {
    this.#chunk.fill(0)
    this.#used = this.#chunk.length
    this.#cipher.final()
  }

  #refill(): void {
    this.#chunk = this.#cipher.update(zeros)
    this.#used = 0
  }
}
