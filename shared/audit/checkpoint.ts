// What the log signs: a C2SP tlog-checkpoint (name, size, root) as a C2SP signed note with Ed25519. Pure; keys are handed in.
import { createPublicKey, hash, sign, verify, type KeyObject } from 'node:crypto'
import { isUtf8 } from 'node:buffer'
import { GatewayError } from '../errors.ts'
import { hashBytes, type Hash } from './merkle.ts'

export interface Checkpoint {
  /** Name of the log. */
  readonly origin: string
  /** Number of entries. */
  readonly size: number
  readonly rootHash: Hash
}

/** Who may sign, from a verifier key line. */
export interface Verifier {
  readonly name: string
  /** Four bytes that tell keys of one name apart; no proof of anything. */
  readonly keyId: Uint8Array
  readonly publicKey: KeyObject
}

/** What a key is for: signing notes, or cosigning checkpoints with a time. @see C2SP signed-note, *Signature types* */
export type KeyType = 0x01 | 0x04
const ed25519 = 0x01
const maxNoteBytes = 64 * 1024
const maxSignatures = 16
const signaturePattern = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u
/** Other control characters than newline are forbidden in a note. */
const control = /[\u0000-\u0009\u000b-\u001f]/

/** Name of a log: not empty, without spaces, "+" or control characters. */
export function isOrigin(name: string): boolean {
  return /^[^\s+]+$/u.test(name) && !control.test(name)
}

/**
 * The line people keep to check a log: `name+keyid+base64(0x01 || public key)`, the key id in hexadecimal.
 * @see C2SP signed-note, *Signature types*
 */
export function verifierKeyOf(name: string, publicKey: KeyObject, type: KeyType = ed25519): string {
  const raw = rawKey(publicKey)
  const id = Buffer.from(keyIdOf(name, raw, type)).toString('hex')
  return `${name}+${id}+${Buffer.concat([Buffer.of(type), raw]).toString('base64')}`
}

/** @throws GatewayError bad_request that says what is wrong with the line */
export function parseVerifierKey(line: string, type: KeyType = ed25519): Verifier {
  // Base64 may hold "+" itself.
  const [, name, id, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/u.exec(line.trim()) ?? []
  if (name === undefined) throw malformed('the verifier key is not of the form name+hash+base64')
  const key = fromBase64(encoded!)
  if (key?.length === 33 && key[0] === (type === 1 ? 4 : 1)) {
    throw malformed(type === 1 ? 'the key is a witness\'s, not a log\'s' : 'the key is a log\'s, not a witness\'s')
  }
  if (key === undefined || key[0] !== type || key.length !== 33) throw malformed('the verifier key is no Ed25519 key')
  const raw = key.subarray(1)
  const keyId = keyIdOf(name, raw, type)
  if (Buffer.from(keyId).toString('hex') !== id) throw malformed('the verifier key does not match its own hash: it was cut or mistyped')
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }, format: 'jwk' })
  return { name, keyId, publicKey }
}

/** `text` ends in a newline. @see C2SP signed-note, *Format* */
export function signNote(text: string, name: string, privateKey: KeyObject): string {
  return `${text}\n${signatureLine(name, createPublicKey(privateKey), ed25519, sign(null, Buffer.from(text), privateKey))}`
}

/** Ended by a newline. @see C2SP signed-note, *Signatures* */
export function signatureLine(name: string, publicKey: KeyObject, type: KeyType, signature: Uint8Array): string {
  return `— ${name} ${Buffer.concat([keyIdOf(name, rawKey(publicKey), type), signature]).toString('base64')}\n`
}

/** A signed note taken apart, nothing of it verified. */
export interface Note {
  /** Ends in a newline. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

export interface NoteSignature {
  readonly name: string
  readonly keyId: Uint8Array
  readonly signature: Uint8Array
  /** As it stands in the note, newline included. */
  readonly line: string
}

/** @throws GatewayError bad_request @see C2SP signed-note, *Format* */
export function parseNote(note: Uint8Array): Note {
  if (note.length > maxNoteBytes) throw malformed('is larger than a signed note may be')
  if (!isUtf8(note)) throw malformed('is not valid UTF-8')
  const whole = Buffer.from(note).toString()
  if (control.test(whole)) throw malformed('holds a control character')
  const split = whole.lastIndexOf('\n\n')
  if (split < 0 || !whole.endsWith('\n')) throw malformed('is no signed note')
  const lines = whole.slice(split + 2, -1).split('\n')
  if (lines.length > maxSignatures) throw malformed(`has more than ${maxSignatures} signatures`)
  return { text: whole.slice(0, split + 1), signatures: lines.map(parseSignature) }
}

/** @throws GatewayError bad_request */
export function parseSignature(line: string): NoteSignature {
  const [, name, encoded] = signaturePattern.exec(line) ?? []
  const bytes = encoded === undefined ? undefined : fromBase64(encoded)
  if (bytes === undefined || bytes.length < 5) throw malformed('has a malformed signature line')
  return { name: name!, keyId: bytes.subarray(0, 4), signature: bytes.subarray(4), line: `${line}\n` }
}

/** Of the signatures those that say they are of this key. */
export function signaturesOf({ signatures }: Pick<Note, 'signatures'>, { name, keyId }: Verifier): NoteSignature[] {
  return signatures.filter((found) => found.name === name && Buffer.compare(found.keyId, keyId) === 0)
}

/**
 * The text of a note that this verifier's key has signed. Signatures of other keys are ignored; a wrong one of this key is not.
 * @throws GatewayError bad_request
 */
export function openNote(note: Uint8Array, verifier: Verifier): string {
  const parsed = parseNote(note)
  const own = signaturesOf(parsed, verifier)
  for (const { signature } of own) {
    if (!verify(null, Buffer.from(parsed.text), verifier.publicKey, signature)) throw malformed(`has a wrong signature of ${verifier.name}`)
  }
  if (own.length === 0) throw malformed(`is not signed by the key ${keyNameOf(verifier)}`)
  return parsed.text
}

/** `name+keyid`, which tells keys of one name apart. */
export function keyNameOf({ name, keyId }: Verifier): string {
  return `${name}+${Buffer.from(keyId).toString('hex')}`
}

/** Three lines, each ended by a newline: origin, size in decimal, root in base64. */
export function checkpointText({ origin, size, rootHash }: Checkpoint): string {
  return `${origin}\n${size}\n${Buffer.from(rootHash).toString('base64')}\n`
}

/**
 * Verifies a signed checkpoint and reads it. Extension lines are refused: this log writes none.
 * @throws GatewayError bad_request
 */
export function openCheckpoint(note: Uint8Array, verifier: Verifier): Checkpoint {
  const checkpoint = parseCheckpoint(openNote(note, verifier))
  if (checkpoint.origin !== verifier.name) throw malformed(`is of the log "${checkpoint.origin}", not of "${verifier.name}"`)
  return checkpoint
}

/** The text of a note as a checkpoint. @throws GatewayError bad_request */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin, size, root, rest, ...more] = text.split('\n')
  if (rest !== '' || more.length > 0) throw malformed('is no checkpoint of three lines')
  if (!isOrigin(origin!)) throw malformed('names no log')
  if (!/^(0|[1-9]\d{0,15})$/.test(size!) || !Number.isSafeInteger(Number(size))) throw malformed('has a malformed size')
  const rootHash = fromBase64(root!)
  if (rootHash?.length !== hashBytes) throw malformed('has a malformed root hash')
  return { origin: origin!, size: Number(size), rootHash }
}

function keyIdOf(name: string, raw: Uint8Array, type: KeyType): Uint8Array {
  return hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(type), raw]), 'buffer').subarray(0, 4)
}

function rawKey(publicKey: KeyObject): Buffer {
  return Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url')
}

/** Only the one spelling each byte string has. */
export function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

function malformed(what: string): GatewayError {
  return new GatewayError('bad_request', what)
}
