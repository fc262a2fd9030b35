// What a log sends a witness: how far the witness knows it, the proof that it goes on from there, and the new checkpoint. C2SP
// tlog-witness, add-checkpoint. Pure.
import { GatewayError } from '../errors.ts'
import { fromBase64 } from './checkpoint.ts'
import { hashBytes, type Hash } from './merkle.ts'

export const addCheckpointPath = '/add-checkpoint'
/** Of the answer 409, whose body is the size the witness knows. */
export const sizeType = 'text/x.tlog.size'
/** A checkpoint of 64 KiB and 63 lines of proof; nothing larger is read. */
export const maxRequestBytes = 72 * 1024
const maxProofLines = 63

export interface AddCheckpoint {
  /** Size of the tree that the witness cosigned last; 0: none. */
  readonly oldSize: number
  readonly proof: readonly Hash[]
  /** The signed note. */
  readonly checkpoint: Uint8Array
}

/**
 *   old SIZE        decimal
 *   proof lines     base64, at most 63
 *   an empty line, and the checkpoint
 */
export function addCheckpointText({ oldSize, proof, checkpoint }: AddCheckpoint): string {
  return `old ${oldSize}\n${proof.map((hash) => `${Buffer.from(hash).toString('base64')}\n`).join('')}\n${Buffer.from(checkpoint).toString()}`
}

/** @throws GatewayError bad_request; the checkpoint is not looked at */
export function parseAddCheckpoint(body: Uint8Array): AddCheckpoint {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const split = bytes.indexOf('\n\n')
  if (split < 0) throw malformed('it has no empty line')
  const [old, ...lines] = bytes.toString('latin1', 0, split).split('\n')
  const size = /^old (0|[1-9]\d{0,15})$/.exec(old!)?.[1]
  if (size === undefined || !Number.isSafeInteger(Number(size))) throw malformed('its first line is not "old SIZE"')
  if (lines.length > maxProofLines) throw malformed(`it has more than ${maxProofLines} lines of proof`)
  return { oldSize: Number(size), proof: lines.map(hashFrom), checkpoint: bytes.subarray(split + 2) }
}

function hashFrom(line: string): Hash {
  const hash = fromBase64(line)
  if (hash?.length !== hashBytes) throw malformed('a line of its proof is no hash')
  return hash
}

function malformed(what: string): GatewayError {
  return new GatewayError('bad_request', `this is no add-checkpoint request: ${what}`)
}
