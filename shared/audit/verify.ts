// Verifies a log from its files and a public key, sharing no code with what writes logs but the hashes and the frame. Pure: files
// are handed in.
import { openCheckpoint, parseVerifierKey, type Checkpoint, type Verifier } from './checkpoint.ts'
import { GatewayError } from '../errors.ts'
import { emptyRoot, equal, type Hash } from './merkle.ts'
import { AttachmentCheck } from './verify/attachments.ts'
import { OrderCheck } from './verify/order.ts'
import type { LogFiles } from './verify/files.ts'
import { Findings, type Problem } from './verify/findings.ts'
import { scanSegments } from './verify/segments.ts'
import { TreeCheck } from './verify/tree.ts'

export interface VerifyReport {
  /** No problem was found. What that proves, and what it does not, is in `notes` and `notAnchoredAfter`. */
  readonly ok: boolean
  readonly origin: string
  /** Entries read, in order, up to the end or the first that could not be read. */
  readonly entries: number
  /** Entries the signed checkpoint speaks for; those after it rest on their checksums only. 0 without a valid checkpoint. */
  readonly checkpointSize: number
  /** Root hash rebuilt from the entries the checkpoint speaks for (from all that were read, where they are fewer), base64. */
  readonly rootHash: string
  readonly firstTime?: string
  readonly lastTime?: string
  /**
   * Number of the first entries that a checkpoint kept elsewhere vouches for. All later ones could have been rewritten by whoever
   * holds the log's private key; 0: all of them. Absent when the log is empty.
   */
  readonly notAnchoredAfter?: number
  readonly problems: readonly Problem[]
  readonly notes: readonly string[]
}

/**
 * Reads everything: frames, checksums, canonical form, fields and order of every entry, hashes of what is attached; rebuilds the
 * tree and compares it with the tiles and the signed checkpoint.
 * @param progress told the number of entries read, every few thousand
 * @param kept signed checkpoints of this log that were kept where its owner cannot write
 * @throws GatewayError bad_request when `verifierKey` or one of `kept` is malformed or of another key
 */
export async function verifyLog(
  files: LogFiles,
  verifierKey: string,
  progress?: (entries: number) => void,
  kept: readonly Uint8Array[] = []
): Promise<VerifyReport> {
  const verifier = parseVerifierKey(verifierKey)
  const anchors = kept.map((note, i) => openKept(note, i + 1, verifier))
  const findings = new Findings()
  const checkpoint = await readCheckpoint(files, verifier, findings)
  return verifyEntries(files, verifier.name, checkpoint, anchors, findings, progress)
}

/** The part after the signatures: `checkpoint` and `anchors` are believed. */
async function verifyEntries(
  files: LogFiles,
  origin: string,
  checkpoint: Checkpoint | undefined,
  anchors: readonly Checkpoint[],
  findings = new Findings(),
  progress?: (entries: number) => void
): Promise<VerifyReport> {
  const size = checkpoint?.size ?? 0
  const order = new OrderCheck(origin, findings)
  const tree = new TreeCheck(files, size, findings)
  const attachments = new AttachmentCheck(findings)
  const roots = new Map<number, Hash | undefined>([size, ...anchors.map((anchor) => anchor.size)].map((at) => [at, undefined]))
  if (roots.has(0)) roots.set(0, emptyRoot)

  let told = 0
  // What a checkpoint speaks for had been durable, attachments included.
  await scanSegments(files, Math.max(...roots.keys()), findings, {
    entry(bytes, file) {
      const entry = order.next(bytes, file)
      attachments.begin(order.count - 1, entry, file)
      tree.append(bytes)
      if (roots.has(order.count)) roots.set(order.count, tree.root())
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
  })
  attachments.finish()
  await tree.compare()

  const rebuilt = roots.get(size) ?? tree.root()
  if (checkpoint !== undefined) compareWithCheckpoint(checkpoint, order.count, rebuilt, findings)
  const anchored = compareWithAnchors(anchors, order.count, roots, findings)
  for (const note of notes(order, size, anchored, anchors.length)) findings.note(note)
  return {
    ok: findings.problems.length === 0,
    origin,
    entries: order.count,
    checkpointSize: size,
    rootHash: Buffer.from(rebuilt).toString('base64'),
    ...(order.firstTime === undefined ? {} : { firstTime: order.firstTime }),
    ...(order.lastTime === undefined ? {} : { lastTime: order.lastTime }),
    ...(order.count === 0 ? {} : { notAnchoredAfter: anchored }),
    problems: findings.problems,
    notes: findings.notes
  }
}

function openKept(note: Uint8Array, number: number, verifier: Verifier): Checkpoint {
  try {
    return openCheckpoint(note, verifier)
  } catch (error) {
    throw new GatewayError('bad_request', `kept checkpoint ${number} ${(error as Error).message}`)
  }
}

async function readCheckpoint(files: LogFiles, verifier: Verifier, findings: Findings): Promise<Checkpoint | undefined> {
  const note = await files.read('checkpoint')
  if (note === undefined) {
    findings.problem({ file: 'checkpoint', message: 'is missing: nothing says how many entries there were' })
    return undefined
  }
  try {
    return openCheckpoint(note, verifier)
  } catch (error) {
    findings.problem({ file: 'checkpoint', message: (error as Error).message })
    return undefined
  }
}

function compareWithCheckpoint({ size, rootHash }: Checkpoint, entries: number, rebuilt: Hash, findings: Findings): void {
  if (findings.unread) return
  if (entries < size) {
    findings.problem({ entry: entries, message: `the log ends after ${entries} entries, its signed checkpoint says ${size}` })
  } else if (!equal(rebuilt, rootHash)) {
    findings.problem({ file: 'checkpoint', message: `the first ${size} entries do not have the signed root: some were changed, removed, added or moved` })
  }
}

/** @returns the largest size that a kept checkpoint confirms */
function compareWithAnchors(
  anchors: readonly Checkpoint[],
  entries: number,
  roots: ReadonlyMap<number, Hash | undefined>,
  findings: Findings
): number {
  let anchored = 0
  for (const { size, rootHash } of anchors) {
    const rebuilt = roots.get(size)
    if (rebuilt === undefined) {
      if (!findings.unread) findings.problem({ entry: entries, message: `the log ends after ${entries} entries, a checkpoint kept elsewhere says ${size}` })
    } else if (!equal(rebuilt, rootHash)) {
      findings.problem({ message: `the first ${size} entries are not those of a checkpoint kept elsewhere: the log was rewritten and signed again` })
    } else {
      anchored = Math.max(anchored, size)
    }
  }
  return anchored
}

function* notes(order: OrderCheck, checkpointSize: number, anchored: number, anchors: number): Generator<string> {
  const { count } = order
  if (count > checkpointSize) {
    yield `the last ${count - checkpointSize} entries are newer than the signed checkpoint: only their checksums were checked, and whether more followed is not known`
  }
  if (count > anchored) {
    yield anchored > 0
      ? `not anchored after entry ${anchored - 1}: whoever holds the log's private key could have rewritten what follows`
      : `not anchored${anchors > 0 ? '' : ' (no checkpoint kept elsewhere was given)'}: whoever holds the log's private key could have rewritten all of it`
  }
  if (order.openIntents > 0) yield `${order.openIntents} statements have no outcome: they were running, or the gateway was killed and has not started since`
  for (const { index, text } of order.discontinuities) {
    const lost = /^[^\n]+\n(\d+)\n/.exec(text)?.[1]
    yield `entry ${index} declares a loss that an operator accepted: the log does not continue ${lost === undefined ? 'its last checkpoint' : `its checkpoint of ${lost} entries`}`
  }
}

export type { LogFiles, Problem }
