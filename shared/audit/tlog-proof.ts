// A proof in one file that an entry stands in a log at its place: C2SP tlog-proof, with the entry as its extra data. Pure.
import { GatewayError } from '../errors.ts'
import { fromBase64, keyNameOf, openNote, parseCheckpoint, parseNote, type Verifier } from './checkpoint.ts'
import { cosignedAt } from './cosignature.ts'
import { hashBytes, hashLeaf, verifyInclusion, type Hash } from './merkle.ts'

const firstLine = 'c2sp.org/tlog-proof@v1'
const maxProofLines = 63
/** An entry in base64, the proof, and a checkpoint of 64 KiB. */
export const maxProofBytes = 160 * 1024

export interface TlogProof {
  readonly index: number
  /** The leaf itself. The specification leaves it to the application what this is, and how it is trusted: not before `checkProof`. */
  readonly entry: Uint8Array
  readonly proof: readonly Hash[]
  /** The signed note, cosignatures included. */
  readonly checkpoint: Uint8Array
}

/** What a proof that holds says. */
export interface Proven {
  readonly origin: string
  readonly index: number
  readonly size: number
  readonly entry: Uint8Array
  /** `name+keyid` of the key that signed the checkpoint. */
  readonly signedBy: string
  /** Seconds since 1970. */
  readonly cosigned: readonly { readonly witness: string, readonly time: number }[]
}

export function tlogProofText({ index, entry, proof, checkpoint }: TlogProof): string {
  const lines = [firstLine, `extra ${base64(entry)}`, `index ${index}`, ...proof.map(base64)]
  return `${lines.join('\n')}\n\n${Buffer.from(checkpoint).toString()}`
}

/** @throws GatewayError bad_request that says what is wrong */
export function parseTlogProof(file: Uint8Array): TlogProof {
  if (file.length > maxProofBytes) throw wrong('is larger than a proof may be')
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  const split = bytes.indexOf('\n\n')
  const [first, extra, index, ...hashes] = bytes.toString('latin1', 0, Math.max(0, split)).split('\n')
  if (first !== firstLine) throw wrong(`is no proof: it does not begin with ${firstLine}`)
  if (index === undefined || !extra!.startsWith('extra ')) throw wrong('does not hold the entry it is about')
  const entry = fromBase64(extra!.slice('extra '.length))
  if (entry === undefined || entry.length === 0) throw wrong('does not hold the entry it is about')
  const number = /^index (0|[1-9]\d{0,15})$/.exec(index)?.[1]
  if (number === undefined || !Number.isSafeInteger(Number(number))) throw wrong('has a malformed index')
  if (hashes.length > maxProofLines) throw wrong(`has more than ${maxProofLines} hashes`)
  const proof = hashes.map((line) => {
    const hash = fromBase64(line)
    if (hash?.length !== hashBytes) throw wrong('has a malformed hash')
    return hash
  })
  return { index: Number(number), entry, proof, checkpoint: bytes.subarray(split + 2) }
}

/**
 * Checks a proof against a log's key, and the cosignatures of witnesses.
 * @throws GatewayError bad_request that says what does not hold
 */
export function checkProof({ index, entry, proof, checkpoint }: TlogProof, log: Verifier, witnesses: readonly Verifier[]): Proven {
  const note = about('its checkpoint', () => parseNote(checkpoint))
  const { origin, size, rootHash } = about('its checkpoint', () => parseCheckpoint(note.text))
  if (origin !== log.name) throw wrong(`is about the log "${origin}", and the key is of "${log.name}"`)
  about('its checkpoint', () => openNote(checkpoint, log))
  if (index >= size) throw wrong(`is about entry ${index}, and its checkpoint speaks for ${size} entries only`)
  const said = indexIn(entry)
  if (said !== index) throw wrong(`says entry ${index}, and holds entry ${said ?? 'that says no index'}`)
  if (!verifyInclusion(hashLeaf(entry), index, size, proof, rootHash)) {
    throw wrong(`does not hold: entry ${index}, as it stands here, is not in the tree that was signed; the entry, its place or a hash was changed`)
  }
  const cosigned = witnesses.map((witness) => {
    const time = about('its checkpoint', () => cosignedAt(note, witness))
    if (time === undefined) throw wrong(`carries no cosignature of the witness ${keyNameOf(witness)}`)
    return { witness: witness.name, time }
  })
  return { origin, index, size, entry, signedBy: keyNameOf(log), cosigned }
}

function indexIn(entry: Uint8Array): unknown {
  try {
    const { index } = JSON.parse(Buffer.from(entry).toString()) as { index?: unknown }
    return typeof index === 'number' ? index : undefined
  } catch {
    return undefined
  }
}

function about<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof GatewayError) throw wrong(`${what} ${error.message}`)
    throw error
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

function wrong(message: string): GatewayError {
  return new GatewayError('bad_request', `the proof ${message.replace(/^its /, 'is not to be trusted: its ')}`)
}
