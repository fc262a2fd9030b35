// What is attached to an entry: exact texts and parameters, encrypted with the key of their session. The layout, and opening it; how
// the key gets to a recipient is session-key.ts. Pure.
import { createDecipheriv, createHash } from 'node:crypto'
import { GatewayError } from '../errors.ts'
import { canonical } from './canonical.ts'

/**
 *   version     1 byte, 0x01
 *   nonce       12 bytes, never the same twice under one key
 *   ciphertext  AES-256-GCM of the plaintext
 *   tag         16 bytes
 */
export const sealedVersion = 1
export const nonceBytes = 12
export const tagBytes = 16
/** Plaintexts are filled up with zeros to a multiple of it, so that their length says little about parameters. */
export const paddingBytes = 64

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

/** Additional data of the encryption: nothing sealed in one session, or log, opens as if it were of another. */
export function sealedContext(origin: string, session: string): Buffer {
  return Buffer.from(canonical({ kind: 'statement', origin, session }))
}

/**
 * @param key 32 bytes
 * @throws GatewayError bad_request when key, context or bytes do not belong together
 */
export function openSealed(attachment: Uint8Array, key: Uint8Array, context: Uint8Array): OpenedStatement[] {
  if (attachment.length < 1 + nonceBytes + tagBytes) throw unopened('it is too short')
  if (attachment[0] !== sealedVersion) throw unopened(`it has version ${attachment[0]}, which this program does not know`)
  const nonce = attachment.subarray(1, 1 + nonceBytes)
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
  decipher.setAAD(context)
  decipher.setAuthTag(attachment.subarray(-tagBytes))
  try {
    const plain = decipher.update(attachment.subarray(1 + nonceBytes, -tagBytes))
    decipher.final()
    return statementsFrom(plain)
  } catch (error) {
    if (error instanceof GatewayError) throw error
    throw unopened('it is not what was sealed with this session\'s key')
  }
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
