// What a witness answers: C2SP tlog-witness as two steps, before and after its memory of the log is known. Pure.
import { keyNameOf, openNote, parseCheckpoint, parseNote, parseVerifierKey, signaturesOf, type Checkpoint, type Verifier } from '../../shared/audit/checkpoint.ts'
import { emptyRoot, equal, verifyConsistency, type Hash } from '../../shared/audit/merkle.ts'
import { parseAddCheckpoint, sizeType } from '../../shared/audit/witness-request.ts'
import { GatewayError } from '../../shared/errors.ts'

/** Names of logs, each with the keys that may sign for it: one, or several after its key was rotated. */
export type WitnessedLogs = ReadonlyMap<string, readonly Verifier[]>

export interface Refusal {
  readonly status: 400 | 403 | 404 | 409 | 422
  readonly body: string
  readonly type?: string
  /** For the operator: the log itself has signed something it should not have. */
  readonly alarm?: string
}

/** A checkpoint that a known log has signed; whether it continues what was cosigned is still open. */
export interface Submitted {
  readonly checkpoint: Checkpoint
  readonly oldSize: number
  readonly proof: readonly Hash[]
  /** What is cosigned. */
  readonly text: string
  /** The text with the signatures of this log's keys, as a note. */
  readonly note: string
}

/**
 * The lines of key files, by log.
 * @param files each holds one key a line; several lines of one log are its keys, of which any may sign
 * @throws GatewayError config_invalid naming the file
 */
export function witnessedLogs(files: readonly { readonly path: string, readonly text: string }[]): WitnessedLogs {
  const logs = new Map<string, Verifier[]>()
  for (const { path, text } of files) {
    const lines = text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'))
    if (lines.length === 0) throw new GatewayError('config_invalid', `${path} holds no key of a log`, { hint: 'it is the gateway\'s log.pub' })
    for (const line of lines) {
      const verifier = keyFrom(path, line)
      logs.set(verifier.name, [...logs.get(verifier.name) ?? [], verifier])
    }
  }
  return logs
}

/** The first half: is this a request, of a log that is known, signed by it? */
export function recognise(body: Uint8Array, logs: WitnessedLogs): Submitted | Refusal {
  try {
    const { oldSize, proof, checkpoint: note } = parseAddCheckpoint(body)
    const parsed = parseNote(note)
    const checkpoint = parseCheckpoint(parsed.text)
    const keys = logs.get(checkpoint.origin)
    if (keys === undefined) return { status: 404, body: 'this witness does not know that log\n' }
    const signed = keys.filter((key) => signedBy(note, key))
    if (signed.length === 0) return { status: 403, body: 'the checkpoint is not signed by a key this witness trusts for that log\n' }
    if (oldSize > checkpoint.size) return { status: 400, body: 'the old size is larger than the checkpoint\'s\n' }
    const lines = signed.flatMap((key) => signaturesOf(parsed, key).map(({ line }) => line))
    return { checkpoint, oldSize, proof, text: parsed.text, note: `${parsed.text}\n${[...new Set(lines)].join('')}` }
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'bad_request') return { status: 400, body: `${error.message}\n` }
    throw error
  }
}

/**
 * The second half. @param last the checkpoint cosigned last; undefined: none of this log
 * @returns undefined when it is to be cosigned
 */
export function judge({ checkpoint, oldSize, proof }: Submitted, last: Checkpoint | undefined): Refusal | undefined {
  const { origin, size, rootHash } = checkpoint
  const known = last?.size ?? 0
  if (oldSize !== known) return { status: 409, body: `${known}\n`, type: sizeType }
  const knownRoot = last?.rootHash ?? emptyRoot
  if (oldSize === size) {
    if (!equal(rootHash, knownRoot)) {
      return { status: 409, body: `${known}\n`, type: sizeType, alarm: `the log ${origin} has signed two different trees of ${size} entries` }
    }
    return proof.length === 0 ? undefined : { status: 422, body: 'there is nothing to prove between equal trees\n' }
  }
  const consistent = oldSize === 0 ? proof.length === 0 : verifyConsistency(oldSize, size, proof, knownRoot, rootHash)
  if (consistent) return undefined
  return {
    status: 422,
    body: 'the proof does not lead from the tree this witness cosigned last\n',
    alarm: `the log ${origin} has signed a tree of ${size} entries without proof that it continues the ${known} cosigned here`
  }
}

/** A wrong signature of a trusted key is none. */
function signedBy(note: Uint8Array, key: Verifier): boolean {
  try {
    openNote(note, key)
    return true
  } catch {
    return false
  }
}

function keyFrom(path: string, line: string): Verifier {
  try {
    return parseVerifierKey(line)
  } catch (error) {
    throw new GatewayError('config_invalid', `${path}: ${(error as Error).message}`, { hint: 'one key a line, as in the gateway\'s log.pub' })
  }
}

/** Which logs, for the operator: `name (name+keyid, ...)`. */
export function namesOf(logs: WitnessedLogs): string[] {
  return [...logs].map(([name, keys]) => `${name} (${keys.map(keyNameOf).join(', ')})`)
}
