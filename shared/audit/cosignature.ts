// What a witness says of a checkpoint: "at this time, this was the largest tree of that log I have seen, and it continued what I had
// seen before". C2SP tlog-cosignature with Ed25519 (cosignature/v1). Pure; keys and times are handed in.
import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { GatewayError } from '../errors.ts'
import { parseVerifierKey, signatureLine, signaturesOf, verifierKeyOf, type Note, type Verifier } from './checkpoint.ts'

const type = 0x04
const timeBytes = 8

/** The line people keep to check a witness's cosignatures. */
export function witnessKeyOf(name: string, publicKey: KeyObject): string {
  return verifierKeyOf(name, publicKey, type)
}

/** @throws GatewayError bad_request that says what is wrong with the line */
export function parseWitnessKey(line: string): Verifier {
  return parseVerifierKey(line, type)
}

/**
 * The signature line of a witness on the text of a checkpoint.
 *
 *   time       u64, big-endian; seconds since 1970
 *   signature  Ed25519, of "cosignature/v1", "time N" and the text, a line each
 */
export function cosign(text: string, name: string, privateKey: KeyObject, seconds: number): string {
  const time = Buffer.alloc(timeBytes)
  time.writeBigUInt64BE(BigInt(seconds))
  const signature = sign(null, cosignedText(text, String(seconds)), privateKey)
  return signatureLine(name, createPublicKey(privateKey), type, Buffer.concat([time, signature]))
}

/** No calendar goes further (ECMA-262, *Time Values and Time Range*), and no witness's clock is there. */
const maxSeconds = 8_640_000_000_000

/**
 * When this witness cosigned a note's text, in seconds since 1970: the latest time, where it did so more than once. undefined: it did not.
 * @throws GatewayError bad_request when a cosignature says it is this witness's and is not
 */
export function cosignedAt(note: Note, witness: Verifier): number | undefined {
  const times = signaturesOf(note, witness).map(({ signature }) => {
    const time = signature.length > timeBytes ? Buffer.from(signature).readBigUInt64BE(0) : -1n
    const good = time >= 0 && time <= maxSeconds
      && verify(null, cosignedText(note.text, String(time)), witness.publicKey, signature.subarray(timeBytes))
    if (!good) throw new GatewayError('bad_request', `has a wrong cosignature of ${witness.name}`)
    return Number(time)
  })
  return times.length === 0 ? undefined : Math.max(...times)
}

function cosignedText(text: string, time: string): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${time}\n${text}`)
}
