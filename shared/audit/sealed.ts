// What is attached to an entry: exact texts and parameters, encrypted with the key of their session. The layout, and opening it; how
// the key gets to a recipient is session-key.ts. Pure.
import { createDecipheriv, createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { GatewayError } from '../errors.ts'
import { canonical } from './canonical.ts'

/**
 *   version     1 byte, 0x02
 *   counter     16 bytes, the first counter block: number of the keystream and of the block in it, each u64, big-endian; no block is
 *               used twice under one key
 *   ciphertext  AES-256-CTR of the plaintext
 *   tag         the first 16 bytes of HMAC-SHA-256 over all of the above
 */
export const sealedVersion = 2
export const counterBytes = 16
export const tagBytes = 16
/** Plaintexts are filled up with zeros to a multiple of it, so that their length says little about parameters; whole blocks, too. */
export const paddingBytes = 64

export interface SealedKeys {
  /** For AES-256-CTR. */
  readonly encryption: Buffer
  /** For HMAC-SHA-256. */
  readonly tag: Buffer
}

/**
 * HKDF-SHA-256 of the session's key; nothing sealed in one session, or log, opens as if it were of another.
 * @param key 32 bytes
 */
export function sealedKeys(key: Uint8Array, origin: string, session: string): SealedKeys {
  const info = `hoop audit sealed v2\n${canonical({ origin, session })}`
  const both = Buffer.from(hkdfSync('sha256', key, '', info, 64))
  return { encryption: both.subarray(0, 32), tag: both.subarray(32) }
}

/** What stands in front of the bytes of a plaintext, in canonical form behind its own length (u32, big-endian). */
export interface SealedHead {
  readonly statements: readonly SealedStatementHead[]
}

export interface SealedStatementHead {
  readonly sha256: string
  /** Bytes of the exact text; or, where the session had it sealed shortly before, the entry it is sealed with. */
  readonly text?: number
  readonly textIn?: number
  /** Bytes of each parameter as sent; null is SQL NULL. */
  readonly parameters?: readonly (number | null)[]
  /** As in StatementOperation.parameterFormats. */
  readonly formats?: readonly number[]
}

export interface OpenedStatement {
  readonly sha256: string
  /** Its hash has been compared. Absent: it is sealed with entry `textIn`. */
  readonly text?: Uint8Array
  readonly textIn?: number
  readonly parameters: readonly (Uint8Array | null)[]
  readonly formats: readonly number[]
}

/** @throws GatewayError bad_request when keys and bytes do not belong together */
export function openSealed(attachment: Uint8Array, { encryption, tag }: SealedKeys): OpenedStatement[] {
  if (attachment.length < 1 + counterBytes + tagBytes) throw unopened('it is too short')
  if (attachment[0] !== sealedVersion) throw unopened(`it has version ${attachment[0]}, which this program does not know`)
  const expected = createHmac('sha256', tag).update(attachment.subarray(0, -tagBytes)).digest().subarray(0, tagBytes)
  if (!timingSafeEqual(expected, attachment.subarray(-tagBytes))) throw unopened('it is not what was sealed with this session\'s key')
  const decipher = createDecipheriv('aes-256-ctr', encryption, attachment.subarray(1, 1 + counterBytes))
  return statementsFrom(decipher.update(attachment.subarray(1 + counterBytes, -tagBytes)))
}

function statementsFrom(plain: Buffer): OpenedStatement[] {
  const headEnd = 4 + plain.readUInt32BE(0)
  const { statements } = JSON.parse(plain.toString('utf8', 4, headEnd)) as SealedHead
  let at = headEnd
  const take = (bytes: number): Uint8Array => {
    if (plain.length - at < bytes) throw unopened('its parts are longer than it is')
    return plain.subarray(at, at += bytes)
  }
  return statements.map(({ sha256, text: textBytes, textIn, parameters = [], formats = [] }) => {
    const text = textBytes === undefined ? undefined : take(textBytes)
    if (text !== undefined && createHash('sha256').update(text).digest('hex') !== sha256) throw unopened('its text has another hash than it says')
    return {
      sha256,
      ...(text === undefined ? {} : { text }),
      ...(textIn === undefined ? {} : { textIn }),
      parameters: parameters.map((bytes) => bytes === null ? null : take(bytes)),
      formats
    }
  })
}

function unopened(why: string): GatewayError {
  return new GatewayError('bad_request', `what is sealed cannot be opened: ${why}`)
}
