// Recordings as files: how one is sealed block by block while it grows, and read back. Knows bytes and keys, not what is in them.
//
//   head    "hoop recording 1\n", then one line of JSON: session, salt (32 bytes, base64), key (which one, as `keyName` says)
//   block   length  uint32, big-endian, of what follows the flag
//           flag    byte: 1 for the last block of a recording that was ended in order, else 0
//           sealed  AES-256-GCM of the block's deflated text, 16 bytes of tag behind it
//
// The key of a file is HKDF-SHA-256 of the configured one with the file's salt, so nonces are the blocks' numbers. What is authenticated
// with each block: SHA-256 of the head, its number, its flag. A block cannot be changed, moved, dropped or taken from another file.
import { createCipheriv, createDecipheriv, createHash, hkdfSync, type Hash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { GatewayError } from '../../shared/errors.ts'

const magic = 'hoop recording 1\n'
const tagBytes = 16
const frameBytes = 5
const maxHeadBytes = 4096
const maxBlockBytes = 64 * 1024 * 1024
/** As a block of larger events may be, unfolded. */
const maxTextBytes = 64 * 1024 * 1024

/** Says which key without saying anything about it. */
export function keyName(key: Buffer): string {
  return Buffer.from(hkdfSync('sha256', key, '', 'hoop recording key name', 8)).toString('hex')
}

/** @param text of the secret: 32 bytes as base64 or hex. @throws GatewayError config_invalid */
export function keyFrom(text: string): Buffer {
  const plain = text.trim()
  const key = Buffer.from(plain, /^[0-9a-fA-F]{64}$/.test(plain) ? 'hex' : 'base64')
  if (key.length === 32 && /^([0-9a-fA-F]{64}|[A-Za-z0-9+/]{43}=)$/.test(plain)) return key
  throw new GatewayError('config_invalid', 'recording.key is not 32 bytes in base64 or hex', { hint: 'openssl rand -base64 32' })
}

export interface Written {
  readonly sha256: string
  readonly bytes: number
}

/** One file being written. Appends are made one after another by its owner. */
export class RecordingFile {
  readonly #handle: FileHandle
  readonly #sealer: Sealer
  readonly #hash: Hash
  #bytes: number

  private constructor(handle: FileHandle, sealer: Sealer, head: Buffer) {
    this.#handle = handle
    this.#sealer = sealer
    this.#hash = createHash('sha256').update(head)
    this.#bytes = head.length
  }

  /** @throws the system's error, also where there is such a file already */
  static async create(directory: string, session: string, key: Buffer, salt: Buffer): Promise<RecordingFile> {
    const head = Buffer.from(`${magic}${JSON.stringify({ session, salt: salt.toString('base64'), key: keyName(key) })}\n`)
    const handle = await open(pathOf(directory, session), 'wx', 0o600)
    try {
      await handle.appendFile(head)
      return new RecordingFile(handle, sealerOf(key, salt, head), head)
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /** Sealed in the order of the calls, whenever they are written. */
  seal(text: Buffer, last: boolean): Buffer {
    return this.#sealer.seal(deflateRawSync(text, { level: 1 }), last)
  }

  /** @throws the system's error; what was written of these bytes is taken back where that is possible */
  async append(sealed: Buffer): Promise<void> {
    try {
      await this.#handle.appendFile(sealed)
    } catch (error) {
      await this.#handle.truncate(this.#bytes).catch(() => undefined)
      throw error
    }
    this.#hash.update(sealed)
    this.#bytes += sealed.length
  }

  /** Durable when it resolves. @returns what was written, failed appends left out */
  async close(): Promise<Written> {
    try {
      await this.#handle.datasync()
    } finally {
      await this.#handle.close()
    }
    return this.written
  }

  get written(): Written { return { sha256: this.#hash.copy().digest('hex'), bytes: this.#bytes } }
}

/** A file being read. */
export interface ReadRecording {
  /** Reads all of it: SHA-256, lower-case hex, of what the handle shows that the blocks come from. */
  sha256(): Promise<string>
  /**
   * The text of each block. Ends without a word where a block is missing its end and `growing` says that it may.
   * @throws RecordingDamaged at the first block that is not as it was written, or missing; all before it is
   */
  blocks(growing: boolean): AsyncIterable<string>
  close(): Promise<void>
}

export class RecordingDamaged extends Error {}

/** @returns undefined where there is none. @throws RecordingDamaged where its head is not one, or asks for another key */
export async function readRecording(directory: string, session: string, key: Buffer): Promise<ReadRecording | undefined> {
  const handle = await open(pathOf(directory, session), 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (handle === undefined) return undefined
  try {
    const { size } = await handle.stat()
    return {
      sha256: () => hashOf(handle, size),
      blocks: (growing) => blocksOf(handle, size, { session, key, growing }),
      close: () => handle.close()
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function* blocksOf(
  handle: FileHandle,
  size: number,
  { session, key, growing }: { readonly session: string, readonly key: Buffer, readonly growing: boolean }
): AsyncGenerator<string> {
  const { sealer, length } = await headOf(handle, session, key)
  let at = length
  let ended = false
  while (at < size) {
    if (ended) throw new RecordingDamaged('there is more behind its end')
    const frame = await bytesOf(handle, at, Math.min(frameBytes, size - at))
    const wanted = frame.length < frameBytes ? Infinity : frame.readUInt32BE(0)
    if (wanted !== Infinity && (wanted < tagBytes || wanted > maxBlockBytes)) throw new RecordingDamaged(`a block of ${wanted} bytes, ${at} bytes into the file`)
    if (at + frameBytes + wanted > size) {
      if (growing) return
      throw new RecordingDamaged(`it breaks off within a block, ${at} bytes into the file`)
    }
    const text = sealer.unseal(await bytesOf(handle, at + frameBytes, wanted), frame[4]!)
    if (text === undefined) throw new RecordingDamaged(`a block that is not as it was written, ${at} bytes into the file`)
    yield text.toString('utf8')
    ended = frame[4] === 1
    at += frameBytes + wanted
  }
  if (!ended && !growing) throw new RecordingDamaged('it breaks off between two blocks')
}

async function headOf(handle: FileHandle, session: string, key: Buffer): Promise<{ sealer: Sealer, length: number }> {
  const bytes = await bytesOf(handle, 0, maxHeadBytes)
  const end = bytes.indexOf(10, magic.length)
  if (bytes.subarray(0, magic.length).toString('latin1') !== magic || end < 0) throw new RecordingDamaged('it is no recording')
  const head = bytes.subarray(0, end + 1)
  const facts = parsed(head.subarray(magic.length).toString('utf8'))
  if (facts?.session !== session || typeof facts.salt !== 'string') throw new RecordingDamaged('it is no recording of this session')
  if (facts.key !== keyName(key)) throw new RecordingDamaged('it was written with another recording.key')
  return { sealer: sealerOf(key, Buffer.from(facts.salt, 'base64'), head), length: head.length }
}

class Sealer {
  readonly #key: Buffer
  readonly #head: Buffer
  #number = 0

  constructor(key: Buffer, head: Buffer) {
    this.#key = key
    this.#head = createHash('sha256').update(head).digest()
  }

  seal(plain: Buffer, last: boolean): Buffer {
    const flag = last ? 1 : 0
    const { nonce, bound } = this.#next(flag)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(bound)
    const frame = Buffer.alloc(frameBytes)
    const sealed = Buffer.concat([frame, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
    sealed.writeUInt32BE(sealed.length - frameBytes, 0)
    sealed[4] = flag
    return sealed
  }

  /** @returns undefined where it is not what was sealed as the block of this number */
  unseal(sealed: Buffer, flag: number): Buffer | undefined {
    const { nonce, bound } = this.#next(flag)
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: tagBytes }).setAAD(bound)
      decipher.setAuthTag(sealed.subarray(-tagBytes))
      const plain = Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()])
      return inflateRawSync(plain, { maxOutputLength: maxTextBytes })
    } catch {
      return undefined
    }
  }

  #next(flag: number): { nonce: Buffer, bound: Buffer } {
    const nonce = Buffer.alloc(12)
    nonce.writeBigUInt64BE(BigInt(this.#number++), 4)
    return { nonce, bound: Buffer.concat([this.#head, nonce, Buffer.from([flag])]) }
  }
}

function sealerOf(key: Buffer, salt: Buffer, head: Buffer): Sealer {
  return new Sealer(Buffer.from(hkdfSync('sha256', key, salt, 'hoop recording 1', 32)), head)
}

/** An id is 26 letters and digits: nothing that leads elsewhere. */
export function pathOf(directory: string, session: string): string {
  return join(directory, session)
}

async function hashOf(handle: FileHandle, size: number): Promise<string> {
  const hash = createHash('sha256')
  const step = 256 * 1024
  for (let at = 0; at < size; at += step) hash.update(await bytesOf(handle, at, Math.min(step, size - at)))
  return hash.digest('hex')
}

/** Fewer than asked for only where the file ends. */
async function bytesOf(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length)
  let have = 0
  while (have < length) {
    const { bytesRead } = await handle.read(bytes, have, length - have, at + have)
    if (bytesRead === 0) break
    have += bytesRead
  }
  return bytes.subarray(0, have)
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
}
