// A session's key on its way to those who may open what the session sealed: wrapped for each of them with HPKE, in one small file.
// Pure but for the randomness that HPKE needs.
import { createHash, createPublicKey, type KeyObject, type webcrypto } from 'node:crypto'
import { GatewayError } from '../errors.ts'
import { canonical } from './canonical.ts'

/** Somebody who may open what is sealed. */
export interface Recipient {
  /** As in the configuration; for people to read. */
  readonly name: string
  readonly publicKey: KeyObject
}

/** As it stands in `keys/<first 4 characters of the session's id>/<session>`, in canonical form. Bytes are base64. */
export interface SessionKeyFile {
  readonly version: 1
  readonly origin: string
  readonly session: string
  readonly recipients: readonly {
    readonly name: string
    readonly keyId: string
    /** RFC 9180's encapsulated key, 32 bytes. */
    readonly enc: string
    /** The session's key encrypted, 48 bytes. */
    readonly wrapped: string
  }[]
}

export const sessionKeyBytes = 32

const info = Buffer.from('hoop audit session key v1')

/** Path below the log's folder. */
export function sessionKeyPath(session: string): string {
  return `keys/${session.slice(0, 4)}/${session}`
}

/**
 * An X25519 public key: PEM as `openssl pkey -pubout` prints it, or the one line between its armour.
 * @throws Error that says what it is instead
 */
export function recipientKeyFrom(text: string): KeyObject {
  const trimmed = text.trim()
  if (trimmed.includes('PRIVATE KEY')) throw new Error('is a private key: it belongs to the auditor alone; name the public one, which ends in .pub')
  let key: KeyObject
  try {
    key = trimmed.startsWith('-----')
      ? createPublicKey(trimmed)
      : createPublicKey({ key: Buffer.from(trimmed, 'base64'), format: 'der', type: 'spki' })
  } catch {
    throw new Error('is no public key: neither PEM nor its one line of base64')
  }
  if (key.asymmetricKeyType !== 'x25519') throw new Error(`is a key of type ${key.asymmetricKeyType}, not X25519`)
  return key
}

/** What people write into a configuration: the PEM's one line. */
export function recipientKeyLine(key: KeyObject): string {
  return key.export({ format: 'der', type: 'spki' }).toString('base64')
}

/** The first half of the SHA-256 of the 32 public bytes, hex. */
export function recipientKeyId(key: KeyObject): string {
  const raw = Buffer.from((key.export({ format: 'jwk' }) as { x: string }).x, 'base64url')
  return createHash('sha256').update(raw).digest('hex').slice(0, 32)
}

/** @returns the file's text @throws Error when a recipient's key cannot be used, as one of small order cannot */
export async function wrapSessionKey(key: Uint8Array, recipients: readonly Recipient[], origin: string, session: string): Promise<string> {
  const suite = await hpke()
  const wrapped = await Promise.all(recipients.map(async ({ name, publicKey }) => {
    const recipientPublicKey = await suite.kem.importKey('jwk', publicKey.export({ format: 'jwk' }) as webcrypto.JsonWebKey, true)
    const { enc, ct } = await suite.seal({ recipientPublicKey, info }, key, additionalData(origin, session))
    return { name, keyId: recipientKeyId(publicKey), enc: Buffer.from(enc).toString('base64'), wrapped: Buffer.from(ct).toString('base64') }
  }))
  return canonical({ version: 1, origin, session, recipients: wrapped } satisfies SessionKeyFile)
}

/**
 * @param identity an X25519 private key
 * @returns the session's key
 * @throws GatewayError denied when it was not wrapped for this identity; bad_request when the file is damaged
 */
export async function unwrapSessionKey({ origin, session, recipients }: SessionKeyFile, identity: KeyObject): Promise<Uint8Array> {
  const keyId = recipientKeyId(createPublicKey(identity))
  const mine = recipients.find((recipient) => recipient.keyId === keyId)
  if (mine === undefined) {
    const names = recipients.map(({ name, keyId: theirs }) => `${name} (${theirs})`).join(', ')
    throw new GatewayError('denied', `it was not sealed to this identity (${keyId})`, { hint: `it was sealed to: ${names}` })
  }
  try {
    const suite = await hpke()
    const recipientKey = await suite.kem.importKey('jwk', identity.export({ format: 'jwk' }) as webcrypto.JsonWebKey, false)
    const enc = Buffer.from(mine.enc, 'base64')
    return new Uint8Array(await suite.open({ recipientKey, enc, info }, Buffer.from(mine.wrapped, 'base64'), additionalData(origin, session)))
  } catch {
    throw new GatewayError('bad_request', 'the session\'s key file is damaged: what is wrapped for this identity does not open', {
      hint: 'restore the file from a copy of the log'
    })
  }
}

/** @throws GatewayError bad_request */
export function parseSessionKeyFile(bytes: Uint8Array): SessionKeyFile {
  try {
    const file = JSON.parse(Buffer.from(bytes).toString()) as SessionKeyFile
    if (file.version === 1 && typeof file.origin === 'string' && typeof file.session === 'string' && Array.isArray(file.recipients)) return file
  } catch { /* Said below. */ }
  throw new GatewayError('bad_request', 'the session\'s key file is damaged: it is not what a gateway writes', { hint: 'restore the file from a copy of the log' })
}

function additionalData(origin: string, session: string): Buffer {
  return Buffer.from(`${origin}\n${session}`)
}

/** RFC 9180, base mode. Loaded when first needed: most commands and many gateways never do. */
async function hpke() {
  const { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } = await import('@hpke/core')
  return new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() })
}
