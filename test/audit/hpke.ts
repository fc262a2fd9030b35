// HPKE's base mode for one suite, written from RFC 9180 with nothing but node:crypto, to check by another hand what the product does
// with its package: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. Opens only.
import { createDecipheriv, createHmac, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto'

const kem = Buffer.from('KEM\x00\x20', 'latin1')
const suite = Buffer.from('HPKE\x00\x20\x00\x01\x00\x02', 'latin1')
/** SPKI of an X25519 key, up to its 32 bytes (RFC 8410). */
const spki = Buffer.from('302a300506032b656e032100', 'hex')

/** RFC 9180 section 5.1 and 6.1, single-shot. @throws when anything does not fit */
export function openBase(identity: KeyObject, enc: Buffer, info: Buffer, aad: Buffer, sealed: Buffer): Buffer {
  const ephemeral = createPublicKey({ key: Buffer.concat([spki, enc]), format: 'der', type: 'spki' })
  const own = createPublicKey(identity).export({ format: 'der', type: 'spki' }).subarray(spki.length)
  const dh = diffieHellman({ privateKey: identity, publicKey: ephemeral })
  // Section 4.1, ExtractAndExpand.
  const shared = expand(kem, extract(kem, Buffer.alloc(0), 'eae_prk', dh), 'shared_secret', Buffer.concat([enc, own]), 32)
  // Section 5.1, KeySchedule with mode_base and no PSK.
  const none = Buffer.alloc(0)
  const context = Buffer.concat([Buffer.of(0), extract(suite, none, 'psk_id_hash', none), extract(suite, none, 'info_hash', info)])
  const secret = extract(suite, shared, 'secret', none)
  const key = expand(suite, secret, 'key', context, 32)
  const nonce = expand(suite, secret, 'base_nonce', context, 12)
  const decipher = createDecipheriv('aes-256-gcm', key, nonce)
  decipher.setAAD(aad)
  decipher.setAuthTag(sealed.subarray(-16))
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
}

/** LabeledExtract, section 4. */
function extract(id: Buffer, salt: Buffer, label: string, ikm: Buffer): Buffer {
  return createHmac('sha256', salt.length === 0 ? Buffer.alloc(32) : salt).update(Buffer.concat([Buffer.from('HPKE-v1'), id, Buffer.from(label), ikm])).digest()
}

/** LabeledExpand, section 4; HKDF-Expand of RFC 5869 for at most one block of output. */
function expand(id: Buffer, prk: Buffer, label: string, info: Buffer, length: number): Buffer {
  const labeled = Buffer.concat([Buffer.of(length >> 8, length & 255), Buffer.from('HPKE-v1'), id, Buffer.from(label), info])
  return createHmac('sha256', prk).update(Buffer.concat([labeled, Buffer.of(1)])).digest().subarray(0, length)
}
