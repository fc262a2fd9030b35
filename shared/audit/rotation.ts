// How a log changes its key: one statement, signed by the key that goes and by the one that comes. Pure; keys are handed in.
import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { canonical } from './canonical.ts'
import { fromBase64, parseVerifierKey, verifierKeyOf } from './checkpoint.ts'

/** As it stands in an entry of kind `key.rotate`. */
export interface KeyRotation {
  /** Verifier key lines. */
  readonly previous: string
  readonly next: string
  /** Of both keys, Ed25519, base64, over `rotationText`. */
  readonly signatures: { readonly previous: string, readonly next: string }
}

/**
 * What both keys sign. A key of a log signs checkpoints too, whose first line is the log's name and has no spaces: neither text can be
 * taken for the other.
 */
export function rotationText(origin: string, previous: string, next: string): Buffer {
  return Buffer.from(`hoop audit key rotation v1\n${canonical({ origin, previous, next })}\n`)
}

export function signRotation(origin: string, previousKey: KeyObject, nextKey: KeyObject): KeyRotation {
  const [previous, next] = [previousKey, nextKey].map((key) => verifierKeyOf(origin, createPublicKey(key))) as [string, string]
  const text = rotationText(origin, previous, next)
  const [ofPrevious, ofNext] = [previousKey, nextKey].map((key) => sign(null, text, key).toString('base64')) as [string, string]
  return { previous, next, signatures: { previous: ofPrevious, next: ofNext } }
}

/** What is wrong with a rotation that an entry claims; undefined: nothing, both keys have signed it. */
export function flawOfRotation(origin: string, claimed: unknown): string | undefined {
  const { previous, next, signatures } = (claimed ?? {}) as Partial<KeyRotation>
  if (typeof previous !== 'string' || typeof next !== 'string') return 'names no keys'
  const text = rotationText(origin, previous, next)
  for (const [which, line] of [['previous', previous], ['next', next]] as const) {
    const signature = fromBase64(String(signatures?.[which]))
    try {
      const key = parseVerifierKey(line)
      if (key.name !== origin) return `names a key of the log "${key.name}"`
      if (signature === undefined || !verify(null, text, key.publicKey, signature)) return `is not signed by the ${which} key`
    } catch (error) {
      return `names a ${which} key that is none: ${(error as Error).message}`
    }
  }
  return undefined
}
