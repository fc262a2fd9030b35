// SCRAM-SHA-256 and SCRAM-SHA-256-PLUS, the client's side. Computes only; who sends the messages is not its affair.
import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { ProtocolViolation } from '../../../shared/errors.ts'

const derive = promisify(pbkdf2)
/** A hostile server could ask for hours of work (pgjdbc CVE-2026-42198); PostgreSQL's default is 4,096. */
const maxIterations = 600_000
const maxNonceCharacters = 512

export interface ScramExchange {
  readonly mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-256-PLUS'
  /** The client-first-message. */
  readonly first: string
  /** The client-final-message in answer to the server-first-message. @throws ProtocolViolation */
  final(serverFirst: string): Promise<string>
  /** Checks that the server knows the password too. @throws ProtocolViolation */
  verify(serverFinal: string): void
}

/**
 * @param mechanisms those the server offers
 * @param nonce printable ASCII without commas, from a cryptographic source
 * @param certificate DER of the server's certificate; absent without TLS
 * @returns undefined where the server offers neither mechanism
 * @see RFC 5802 section 5, RFC 7677, RFC 5929 section 4 (tls-server-end-point)
 */
export function startScram(
  mechanisms: readonly string[],
  password: string,
  nonce: string,
  certificate?: Uint8Array
): ScramExchange | undefined {
  const binding = certificate === undefined ? undefined : endPointBinding(certificate)
  const plus = binding !== undefined && mechanisms.includes('SCRAM-SHA-256-PLUS')
  if (!plus && !mechanisms.includes('SCRAM-SHA-256')) return undefined
  // "y" says: could bind, but the server did not offer it; the server then notices a stripped offer.
  const gs2 = plus ? 'p=tls-server-end-point,,' : binding === undefined ? 'n,,' : 'y,,'
  const firstBare = `n=,r=${nonce}`
  const bound = Buffer.concat([Buffer.from(gs2), plus ? binding : Buffer.alloc(0)]).toString('base64')
  let serverSignature: Buffer | undefined

  return {
    mechanism: plus ? 'SCRAM-SHA-256-PLUS' : 'SCRAM-SHA-256',
    first: gs2 + firstBare,
    async final(serverFirst) {
      const [serverNonce, salt, iterations] = ['r', 's', 'i'].map((name) => attribute(serverFirst, name))
      if (!serverNonce!.startsWith(nonce) || serverNonce!.length === nonce.length || serverNonce!.length > maxNonceCharacters) {
        throw violation('the server did not extend the nonce')
      }
      const count = /^\d{1,9}$/.test(iterations!) ? Number(iterations) : 0
      if (count < 1 || count > maxIterations) throw violation(`an iteration count of ${iterations!.slice(0, 20)}`)
      const salted = await derive(prepared(password), Buffer.from(salt!, 'base64'), count, 32, 'sha256')
      const withoutProof = `c=${bound},r=${serverNonce}`
      const message = `${firstBare},${serverFirst},${withoutProof}`
      const clientKey = hmac(salted, 'Client Key')
      const clientSignature = hmac(createHash('sha256').update(clientKey).digest(), message)
      serverSignature = hmac(hmac(salted, 'Server Key'), message)
      const proof = clientKey.map((byte, i) => byte ^ clientSignature[i]!)
      return `${withoutProof},p=${Buffer.from(proof).toString('base64')}`
    },
    verify(serverFinal) {
      const claimed = Buffer.from(attribute(serverFinal, 'v'), 'base64')
      if (serverSignature === undefined || claimed.length !== 32 || !timingSafeEqual(claimed, serverSignature)) {
        throw violation('the server does not prove that it knows the password')
      }
    }
  }
}

function violation(what: string): ProtocolViolation {
  return new ProtocolViolation('SCRAM', what)
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function attribute(message: string, name: string): string {
  const found = message.split(',').find((part) => part.startsWith(`${name}=`))
  if (found === undefined) throw violation(`the server's message lacks "${name}"`)
  return found.slice(2)
}

/**
 * SASLprep as PostgreSQL does it: where the password cannot be prepared, its bytes are used as they are.
 * @see RFC 4013 section 2
 */
function prepared(password: string): string {
  if (/^[\x20-\x7e]*$/.test(password)) return password
  const mapped = password
    .replace(/[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g, ' ')
    .replace(/[\u00ad\u034f\u1806\u180b-\u180d\u200c\u200d\u2060\ufe00-\ufe0f\ufeff]/g, '')
    .normalize('NFKC')
  return mapped === '' || /[\p{Cc}\p{Cn}\p{Co}\p{Cs}]/u.test(mapped) ? password : mapped
}

/** Signature algorithm OIDs to the hash RFC 5929 wants: that of the signature, but SHA-256 for MD5 and SHA-1. */
const bindingHashes: Readonly<Record<string, string>> = {
  '2a864886f70d010104': 'sha256', // md5WithRSAEncryption
  '2a864886f70d010105': 'sha256', // sha1WithRSAEncryption
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d0401': 'sha256', // ecdsa-with-SHA1
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512'
}

/** undefined where the certificate's signature has no hash of its own (Ed25519): binding is not defined for it. */
export function endPointBinding(certificate: Uint8Array): Buffer | undefined {
  const hash = bindingHashes[signatureAlgorithm(certificate)]
  return hash === undefined ? undefined : createHash(hash).update(certificate).digest()
}

/**
 * Hex of the OID in
 *   Certificate ::= SEQUENCE { tbsCertificate SEQUENCE, signatureAlgorithm SEQUENCE { algorithm OBJECT IDENTIFIER, ... }, ... }
 * @see RFC 5280 section 4.1
 */
function signatureAlgorithm(der: Uint8Array): string {
  const bytes = Buffer.from(der.buffer, der.byteOffset, der.length)
  const element = (at: number) => {
    const short = bytes[at + 1] ?? 0
    const lengthBytes = short < 0x80 ? 0 : short & 0x7f
    if (lengthBytes > 4 || at + 2 + lengthBytes > bytes.length) throw violation('the server\'s certificate cannot be read')
    const length = lengthBytes === 0 ? short : bytes.readUIntBE(at + 2, lengthBytes)
    const start = at + 2 + lengthBytes
    return { start, end: start + length }
  }
  const tbs = element(element(0).start)
  const oid = element(element(tbs.end).start)
  return bytes.subarray(oid.start, oid.end).toString('hex')
}
