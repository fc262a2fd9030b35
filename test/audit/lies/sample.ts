// The logs that the vectors lie about, as the gateway lays them out, with keys and times that are always the same. The keys are known to
// everybody who reads this file, and are good for nothing else.
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { canonical } from '../../../shared/audit/canonical.ts'
import { checkpointText, signNote, verifierKeyOf } from '../../../shared/audit/checkpoint.ts'
import { cosign, witnessKeyOf } from '../../../shared/audit/cosignature.ts'
import type { Actor, EntryFacts } from '../../../shared/audit/entry.ts'
import { frameAttachment, segmentFile } from '../../../shared/audit/frame.ts'
import { CompactRange, hashLeaf } from '../../../shared/audit/merkle.ts'
import { signRotation } from '../../../shared/audit/rotation.ts'
import { Copy, framed, framesOf } from '../copy.ts'

export const origin = 'vectors.example/log'
export const witnessName = 'witness.example'
/** Seconds since 1970 at which the witness cosigned. */
export const cosignedAt = 1_767_229_200

/** An Ed25519 key whose seed is the hash of its name. @see RFC 8410 section 7 */
export function keyCalled(name: string): KeyObject {
  const seed = createHash('sha256').update(`hoop audit vectors: ${name}`).digest()
  return createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8' })
}

export const keys = {
  /** Signs until the log tells of the rotation to `second`. */
  first: keyCalled('log, first'),
  second: keyCalled('log, second'),
  witness: keyCalled('witness'),
  /** Of somebody who has to do with neither. */
  stranger: keyCalled('stranger')
}
export const lineOf = (key: KeyObject, name = origin) => verifierKeyOf(name, createPublicKey(key))
export const witnessLine = witnessKeyOf(witnessName, createPublicKey(keys.witness))

export const root: Actor = { issuer: 'https://id.example.com', subject: 'u-1', email: 'root@example.com', groups: ['hoop-admins'], kind: 'human' }
export const other: Actor = { ...root, subject: 'u-2', email: 'other@example.com' }
const ada: Actor = { ...root, subject: 'u-1042', email: 'ada@example.com', groups: ['engineering'] }

/** An entry's bytes, and the frames of what is attached to it. */
export interface LogPart {
  readonly entry: Buffer
  readonly attached: Buffer
}

export interface Sample {
  readonly copy: Copy
  /** A checkpoint of its first entries, signed by the first key and kept elsewhere. */
  readonly kept: Buffer
}

const begun = Date.parse('2026-01-01T00:00:00.000Z')
const session = '01kdv2m8x0000000000000000s'
const target = { name: 'prod-db', protocol: 'postgres', address: 'db.internal:5432', database: 'clinic' } as const
const policy = createHash('sha256').update('policy').digest('hex')
const sealed = Buffer.from(Array.from({ length: 96 }, (_, i) => i * 7 & 255))

/** What the gateway adds to what it writes: a second passes between entries, and `start` is the one with which it started last. */
function partOf(facts: EntryFacts, index: number, start: number, attachment?: Buffer): LogPart {
  const sealedFacts = attachment === undefined ? {} : { sealed: { bytes: attachment.length, sha256: createHash('sha256').update(attachment).digest('hex') } }
  const clocks = { time: new Date(begun + index * 1000).toISOString(), monotonic: String((index - start + 1) * 1_000_000_000), boot: `01kdv2m8w000000000000000b${start === 0 ? 1 : 2}` }
  const entry = Buffer.from(canonical({ ...facts, ...sealedFacts, version: 1, index, origin, ...clocks }))
  return { entry, attached: Buffer.from(attachment === undefined ? [] : frameAttachment(attachment)) }
}

const beat: EntryFacts = { kind: 'heartbeat', sessions: 1 }
const rotation: EntryFacts = { kind: 'key.rotate', ...signRotation(origin, keys.first, keys.second) }

const statement: EntryFacts = {
  kind: 'statement.intent',
  session,
  connection: 1,
  actor: ada,
  target,
  statement: { step: 'execute', verb: 'SELECT', redacted: 'SELECT name FROM patients WHERE id = ?', sha256: policy, length: 38, parameters: 0, effects: ['read'], relations: ['public.patients'], flags: [] },
  decision: { action: 'allow', rule: 'engineers read', policy }
}

/** Twelve entries in two segments: a session with a sealed statement, another start of the gateway, a rotation of the key. */
const small: readonly EntryFacts[] = [
  beat,
  { kind: 'session.start', session, actor: ada, target, source: '192.0.2.7' },
  statement,
  { kind: 'outcome', session, connection: 1, intent: 2, outcome: { status: 'ok', rows: 1, bytes: 84, durationMilliseconds: 1.204 } },
  beat,
  { kind: 'session.end', session, actor: ada, reason: 'closed', connections: 1 },
  beat, rotation, beat, beat, beat, beat
]
const tiled: readonly EntryFacts[] = Array.from({ length: 262 }, (_, i) => i === 5 ? rotation : beat)

/** As the sample whose sizes and places the lies name. */
export const places = {
  small: { entries: 12, segments: [0, 6], kept: 4, start: 6 },
  tiled: { entries: 262, segments: [0, 250], kept: 4, start: 4 },
  /** `tiled`, and two entries more: of the first 250 only the hashes are left, and entry 262 says why. */
  pruned: { entries: 264, segments: [0, 250], kept: 4, start: 4 }
}
export type Kind = keyof typeof places

function partsOf(kind: Kind): LogPart[] {
  const { start } = places[kind]
  const parts = (kind === 'small' ? small : tiled).map((facts, i) => partOf(facts, i, i < start ? 0 : start, facts === statement ? sealed : undefined))
  if (kind !== 'pruned') return parts
  const [, first] = places.pruned.segments as [number, number]
  const prune: EntryFacts = {
    kind: 'retention.prune',
    first,
    root: rootOf(parts.slice(0, first)),
    approvers: [root, other],
    reason: 'six years are over',
    keys: [{ at: 5, ...signRotation(origin, keys.first, keys.second) }]
  }
  return [...parts, partOf(prune, 262, start), partOf(beat, 263, start)]
}

function rootOf(parts: readonly LogPart[]): string {
  const range = new CompactRange()
  for (const { entry } of parts) range.append(hashLeaf(entry))
  return Buffer.from(range.root()).toString('base64')
}

/** Whole and signed by the key in force, cosigned by the witness; each call makes it anew. */
export function sampleOf(kind: Kind): Sample {
  const { segments, kept } = places[kind]
  const parts = partsOf(kind)
  const copy = new Copy()
  copy.files.set('log.pub', Buffer.from(`${lineOf(keys.second)}\n`))
  put(copy, parts, segments)
  copy.signAgain(keys.second)
  cosigned(copy)
  if (kind === 'pruned') copy.files.delete(segmentFile(0))
  const early = checkpointText({ origin, size: kept, rootHash: Buffer.from(rootOf(parts.slice(0, kept)), 'base64') })
  return { copy, kept: Buffer.from(signNote(early, origin, keys.first)) }
}

interface Cosigning {
  readonly text: string
  readonly key: KeyObject
  readonly at: number
}

/** Has the witness cosign the checkpoint that is there, or another text. */
export function cosigned(copy: Copy, { text, key = keys.witness, at = cosignedAt }: Partial<Cosigning> = {}): void {
  const note = copy.files.get('checkpoint')!
  const signed = note.toString().slice(0, note.toString().indexOf('\n\n') + 1)
  copy.files.set('cosigned/witness', Buffer.concat([note, Buffer.from(cosign(text ?? signed, witnessName, key, at))]))
}

/** Lays parts out in segments that begin with these indexes, the first of them `parts[0]`'s. */
export function put(copy: Copy, parts: readonly LogPart[], segments: readonly number[] = [0]): void {
  for (const path of copy.segments) copy.files.delete(path)
  for (const [i, begin] of segments.entries()) {
    const within = parts.slice(begin - segments[0]!, segments[i + 1] === undefined ? undefined : segments[i + 1]! - segments[0]!)
    copy.files.set(segmentFile(begin), Buffer.concat(within.flatMap(({ entry, attached }) => [framed(entry), attached])))
  }
}

/** All there is, in order. */
export function partsIn(copy: Copy): LogPart[] {
  const parts: { entry: Buffer, attached: Buffer }[] = []
  for (const path of copy.segments) {
    const segment = copy.files.get(path)!
    for (const { attachment, bytes, begin, end } of framesOf(segment)) {
      if (!attachment) parts.push({ entry: Buffer.from(bytes), attached: Buffer.alloc(0) })
      else parts.at(-1)!.attached = Buffer.concat([parts.at(-1)!.attached, segment.subarray(begin, end)])
    }
  }
  return parts
}
