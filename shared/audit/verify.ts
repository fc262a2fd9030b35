// Verifies a log from its files and a public key, sharing no code with what writes logs but the hashes and the frame. Pure: files
// are handed in.
import type { AuditEntry } from './entry.ts'
import { emptyRoot, type Hash } from './merkle.ts'
import type { KeyRotation } from './rotation.ts'
import { Anchors, type Anchor } from './verify/anchors.ts'
import { AttachmentCheck } from './verify/attachments.ts'
import { KeyChain } from './verify/keys.ts'
import { firstEntry, PruneCheck, prunedLeaves } from './verify/pruned.ts'
import { OrderCheck } from './verify/order.ts'
import type { LogFiles } from './verify/files.ts'
import { Findings, type Problem } from './verify/findings.ts'
import { scanSegments } from './verify/segments.ts'
import { TreeCheck } from './verify/tree.ts'

export interface VerifyReport {
  /** No problem was found. What that proves, and what it does not, is in `notes` and `notAnchoredAfter`. */
  readonly ok: boolean
  readonly origin: string
  /** Entries there are or were, in order, up to the end or the first that could not be read. */
  readonly entries: number
  /** Index of the first entry that is still there, where retention has removed those before it. */
  readonly prunedBefore?: number
  /** Entries the signed checkpoint speaks for; those after it rest on their checksums only. 0 without a valid checkpoint. */
  readonly checkpointSize: number
  /** Root hash rebuilt from the entries the checkpoint speaks for (from all that were read, where they are fewer), base64. */
  readonly rootHash: string
  readonly firstTime?: string
  readonly lastTime?: string
  /** `name+keyid` of the log's keys, in the order in which they were in force. */
  readonly keys: readonly string[]
  /** What vouches for the beginning of the log besides its own key. */
  readonly anchors: readonly Anchor[]
  /**
   * Number of the first entries that a checkpoint kept elsewhere or a witness vouches for. All later ones could have been rewritten by
   * whoever holds the log's private key; 0: all of them. Absent when the log is empty.
   */
  readonly notAnchoredAfter?: number
  readonly problems: readonly Problem[]
  readonly notes: readonly string[]
}

/**
 * Reads everything: frames, checksums, canonical form, fields and order of every entry, hashes of what is attached; rebuilds the
 * tree and compares it with the tiles, the signed checkpoint, checkpoints kept elsewhere, and what witnesses cosigned.
 * @param verifierKey any one of the log's keys: rotations are followed from it
 * @param progress told the number of entries read, every few thousand
 * @param kept signed checkpoints of this log that were kept where its owner cannot write
 * @param witnessKeys of witnesses, each of which must have cosigned this log
 * @throws GatewayError bad_request when a key or one of `kept` is malformed, or one of `kept` of another key
 */
export async function verifyLog(
  files: LogFiles,
  verifierKey: string,
  progress?: (entries: number) => void,
  kept: readonly Uint8Array[] = [],
  witnessKeys: readonly string[] = []
): Promise<VerifyReport> {
  const findings = new Findings()
  const keys = new KeyChain(verifierKey, findings)
  const anchors = new Anchors(witnessKeys, findings)
  await anchors.read(files, kept)
  const first = await firstEntry(files)
  const order = new OrderCheck(keys.origin, first, findings)
  const pruned = new PruneCheck(first, findings)
  const rotations: (readonly [number, KeyRotation, string])[] = []
  const { roots, rebuilt } = await rebuild(files, first, [anchors.ownSize, ...anchors.sizes], order, findings, (entry, file) => {
    if (entry.kind === 'key.rotate') rotations.push([order.count - 1, entry, file])
    if (entry.kind === 'retention.prune') pruned.add(entry, file)
  }, progress)

  pruned.compare(findings.unread && roots.get(first) === undefined ? undefined : roots.get(first))
  pruned.settle(keys)
  for (const [at, rotation, file] of rotations) keys.add(at, rotation, file)
  const size = anchors.checkSignatures(keys, order.count) ? anchors.ownSize : 0
  const found = anchors.compare(order.count, roots)
  const anchored = Math.max(0, ...found.map(({ entries }) => entries))
  for (const note of notes(order, size, anchored, anchors, kept.length)) findings.note(note)
  return {
    ok: findings.problems.length === 0,
    origin: keys.origin,
    entries: order.count,
    ...(first === 0 ? {} : { prunedBefore: first }),
    checkpointSize: size,
    rootHash: Buffer.from((size > 0 ? roots.get(size) : undefined) ?? rebuilt).toString('base64'),
    ...(order.firstTime === undefined ? {} : { firstTime: order.firstTime }),
    ...(order.lastTime === undefined ? {} : { lastTime: order.lastTime }),
    keys: keys.names,
    anchors: found,
    ...(order.count === 0 ? {} : { notAnchoredAfter: anchored }),
    problems: findings.problems,
    notes: findings.notes
  }
}

/** Walks all entries. @returns the root of all, and those of the `sizes` that the log reaches */
async function rebuild(
  files: LogFiles,
  first: number,
  sizes: readonly number[],
  order: OrderCheck,
  findings: Findings,
  seen: (entry: AuditEntry, file: string) => void,
  progress: ((entries: number) => void) | undefined
): Promise<{ roots: ReadonlyMap<number, Hash | undefined>, rebuilt: Hash }> {
  const tree = new TreeCheck(files, sizes[0]!, findings)
  const attachments = new AttachmentCheck(findings)
  const roots = new Map<number, Hash | undefined>([first, ...sizes].map((at) => [at, undefined]))
  if (roots.has(0)) roots.set(0, emptyRoot)
  let leaves = 0
  const grown = () => {
    leaves++
    if (roots.has(leaves)) roots.set(leaves, tree.root())
  }

  const complete = await prunedLeaves(files, first, findings, (hash) => {
    tree.appendHash(hash)
    grown()
  })
  if (!complete) findings.unread = true
  let told = 0
  // What a checkpoint speaks for had been durable, attachments included.
  await scanSegments(files, Math.max(0, ...sizes), findings, {
    entry(bytes, file) {
      const entry = order.next(bytes, file)
      attachments.begin(order.count - 1, entry, file)
      if (complete) tree.append(bytes)
      if (complete) grown()
      if (entry !== undefined) seen(entry, file)
      return order.count
    },
    attachment: (bytes) => attachments.add(bytes),
    short: () => attachments.short,
    drop() {
      attachments.forget()
      order.drop()
      return order.count
    },
    async pause() {
      await tree.compare()
      if (order.count - told >= 5000) progress?.(told = order.count)
    }
  }, first)
  attachments.finish()
  await tree.compare()
  return { roots, rebuilt: tree.root() }
}

function* notes(order: OrderCheck, checkpointSize: number, anchored: number, anchors: Anchors, kept: number): Generator<string> {
  const { count, jumps } = order
  if (count > checkpointSize) {
    yield `${count - checkpointSize === 1 ? 'the last entry is' : `the last ${count - checkpointSize} entries are`} newer than the signed checkpoint: only checksums were checked there, and whether more followed is not known`
  }
  if (count > anchored) {
    yield anchored > 0
      ? `not anchored after entry ${anchored - 1}: whoever holds the log's private key could have rewritten what follows`
      : `not anchored${kept > 0 || anchors.witnessed ? '' : ' (no checkpoint kept elsewhere and no witness\'s key was given)'}: whoever holds the log's private key could have rewritten all of it`
  }
  if (!anchors.witnessed && anchors.files > 0) yield 'witnesses have cosigned this log: give their keys (--witness) to have that count'
  if (jumps.length > 0) yield `the wall clock jumped ${jumps.length === 1 ? 'once, at' : `${jumps.length} times, first at`} entry ${jumps[0]}: times across a jump cannot be compared, the order of entries can`
  if (order.openIntents > 0) yield `${order.openIntents === 1 ? '1 statement has' : `${order.openIntents} statements have`} no outcome: still running, or the gateway was killed and has not started since`
  for (const { index, text } of order.discontinuities) {
    const lost = /^[^\n]+\n(\d+)\n/.exec(text)?.[1]
    yield `entry ${index} declares a loss that an operator accepted: the log does not continue ${lost === undefined ? 'its last checkpoint' : `its checkpoint of ${lost} entries`}`
  }
}

export type { Anchor, LogFiles, Problem }
