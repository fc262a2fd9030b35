// What a start finds: the tree at the last checkpoint, the entries after it, a torn tail, statements without outcome. Repairs nothing but
// the torn tail, and refuses everything else that is wrong.
import { createReadStream } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AuditEntry } from '../../shared/audit/entry.ts'
import { openCheckpoint, type Checkpoint, type Verifier } from '../../shared/audit/checkpoint.ts'
import { BatchSearch, segmentFile } from '../../shared/audit/frame.ts'
import { emptyRoot, equal, hashLeaf } from '../../shared/audit/merkle.ts'
import { hashInTile, tileBytes, tilePath, tileWidth } from '../../shared/audit/tiles.ts'
import { damage } from './failures.ts'
import { OpenIntents } from './open-intents.ts'
import { entryChunks, markEvery, segmentPath, type LocatedEntry, type Segment } from './segments.ts'
import { Tree } from './tree.ts'

export interface Recovered {
  readonly tree: Tree
  readonly segments: Segment[]
  readonly open: OpenIntents
  readonly droppedBytes: number
  /** Size of the checkpoint on disk; undefined when there is none. */
  readonly checkpointSize: number | undefined
  /** Whose signature the checkpoint carries; absent without a checkpoint. */
  readonly signer?: Verifier
  /** The last key that an entry beyond the checkpoint rotates in, as its verifier key line. */
  readonly rotatedTo: string | undefined
  /** Why this log does not continue its last checkpoint: that checkpoint, as signed. */
  readonly discontinuity?: string
}

interface Start {
  readonly checkpoint: Checkpoint
  readonly tree: Tree
  readonly open: OpenIntents
  /** Entries whose statements `open` knows already. */
  readonly openSize: number
}

/**
 * @param segments those of the directory, in order
 * @param verifiers of the key, and of one that was being rotated in
 * @param prunedBefore the log may begin with this entry, or with one before it: retention has removed the others. That an entry says so
 *   is checked later
 * @param acceptLoss goes on with a log that is shorter than its own checkpoint
 * @throws GatewayError audit_unavailable that names what is damaged
 */
export async function recover(
  directory: string,
  segments: Segment[],
  verifiers: readonly [Verifier, ...Verifier[]],
  prunedBefore: number,
  acceptLoss: boolean
): Promise<Recovered> {
  const [{ name: origin }] = verifiers
  const first = segments[0]?.first ?? 0
  if (first > prunedBefore) throw damage('entry 0', `is missing: the first segment begins with entry ${first}`)
  const note = await readFile(join(directory, 'checkpoint')).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    return undefined
  })
  if (note === undefined && segments.some(({ size }) => size > 0) && !acceptLoss) {
    throw damage('checkpoint', 'is missing, while there are entries', shorter)
  }
  const { checkpoint, signer } = note === undefined ? {} : read(note, verifiers)
  const found = await scan(directory, segments, origin, await startFrom(directory, checkpoint))
  const expected = Math.max(checkpoint?.size ?? 0, found.openSize)
  if (found.count >= expected && (note !== undefined || found.count === 0)) {
    return { ...await finish(directory, found, checkpoint?.size), ...(signer === undefined ? {} : { signer }) }
  }

  if (!acceptLoss) {
    throw damage(`entry ${found.count}`, `the log ends after ${found.count} entries, its own checkpoint says ${expected}`, shorter)
  }
  // The tiles are of the longer log: the tree is built anew from what is left.
  const left = await scan(directory, segments, origin, await fromTiles(directory, origin, first))
  const discontinuity = note === undefined ? 'the checkpoint was missing' : note.toString()
  return { ...await finish(directory, left, checkpoint?.size), ...(signer === undefined ? {} : { signer }), discontinuity }
}

const shorter = 'restore the missing files from a copy; or, to go on without them: hoop gateway start --accept-loss, which writes the loss into the log'

/** Signed by any of the keys. @throws GatewayError audit_unavailable: what is wrong for the first */
function read(note: Uint8Array, [verifier, ...others]: readonly [Verifier, ...Verifier[]]): { checkpoint: Checkpoint, signer: Verifier } {
  try {
    return { checkpoint: openCheckpoint(note, verifier), signer: verifier }
  } catch (error) {
    const [next, ...rest] = others
    if (next === undefined) throw damage('checkpoint', (error as Error).message)
    return read(note, [next, ...rest])
  }
}

function fromNothing(origin: string): Start {
  return { checkpoint: { origin, size: 0, rootHash: emptyRoot }, tree: new Tree(), open: new OpenIntents(), openSize: 0 }
}

/** Nothing is known but the hashes of the entries that retention removed. */
async function fromTiles(directory: string, origin: string, first: number): Promise<Start> {
  const whole = first - first % tileWidth
  const tree = await Tree.load(whole, (path) => readTile(directory, path))
  const rest = first === whole ? undefined : await readTile(directory, tilePath(0, whole / tileWidth))
  for (let i = 0; whole + i < first; i++) tree.append(Uint8Array.from(hashInTile(rest!, i)))
  return { ...fromNothing(origin), tree }
}

async function startFrom(directory: string, checkpoint: Checkpoint | undefined): Promise<Start> {
  if (checkpoint === undefined) return fromNothing('')
  const known = await OpenIntents.load(directory)
  const tree = await Tree.load(checkpoint.size - checkpoint.size % tileWidth, (path) => readTile(directory, path))
  return { checkpoint, tree, open: known?.intents ?? new OpenIntents(), openSize: known?.size ?? 0 }
}

/** A full tile within the checkpoint. @throws GatewayError audit_unavailable */
export async function readTile(directory: string, path: string): Promise<Uint8Array> {
  const tile = await readFile(join(directory, path)).catch((error: NodeJS.ErrnoException) => {
    throw damage(path, `cannot be read (${error.code})`)
  })
  if (tile.length !== tileBytes) throw damage(path, `has ${tile.length} bytes instead of ${tileBytes}`)
  return tile
}

/** Reads entries from where the tree, or the knowledge of open statements, ends. `count` is how many the log has. */
async function scan(directory: string, segments: readonly Segment[], origin: string, start: Start) {
  const { checkpoint, tree, open, openSize } = start
  const from = Math.min(tree.size, openSize)
  const begin = Math.max(0, segments.findLastIndex(({ first }) => first <= from))
  let count = segments[begin]?.first ?? 0
  let rotatedTo: string | undefined
  let torn: { readonly segment: Segment, readonly at: number } | undefined
  compareRoot(checkpoint, tree)

  for (const segment of segments.slice(begin)) {
    if (torn !== undefined) throw damage(`entry ${count}`, `in ${segmentFile(torn.segment.first)}: length or checksum is wrong`)
    if (segment.first !== count) throw damage(`entry ${count}`, `is missing: the segment after it begins with entry ${segment.first}`)
    const path = segmentPath(directory, segment.first)
    const marks: number[] = []
    let end = 0
    const accept = (entry: LocatedEntry) => {
      if ((count - segment.first) % markEvery === 0) marks.push(entry.offset)
      if (count >= from) take(count, entry)
      count++
      end = entry.end
    }
    // The last one is looked at before it counts: its attachment may be cut off.
    let last: LocatedEntry | undefined
    for await (const entries of entryChunks(path, 0, segment.size)) {
      for (const entry of entries) {
        if (last !== undefined) accept(last)
        last = entry
      }
    }
    if (last !== undefined && last.attachedBytes >= sealedBytes(parse(last.bytes))) accept(last)
    segment.marks = marks
    if (end < segment.size) {
      if (await batchBeginsAfter(path, end + 1)) {
        throw damage(`entry ${count}`, `in ${segmentFile(segment.first)} at byte ${end}: length or checksum is wrong`)
      }
      torn = { segment, at: end }
    }
  }
  return { ...start, segments: [...segments], torn, count, rotatedTo }

  function take(index: number, { bytes, attachedBytes }: LocatedEntry): void {
    const entry = parse(bytes)
    if (entry?.index !== index || entry.origin !== origin) throw damage(`entry ${index}`, 'is not the entry that belongs there')
    if (attachedBytes !== sealedBytes(entry)) throw damage(`entry ${index}`, `has ${attachedBytes} bytes attached instead of ${sealedBytes(entry)}`)
    if (index >= openSize) open.see(index, entry)
    if (entry.kind === 'key.rotate' && index >= checkpoint.size) rotatedTo = entry.next
    if (index !== tree.size) return
    tree.append(hashLeaf(bytes))
    compareRoot(checkpoint, tree)
  }
}

/** How many bytes an entry says are attached to it. */
function sealedBytes(entry: AuditEntry | undefined): number {
  return entry !== undefined && 'sealed' in entry ? entry.sealed?.bytes ?? 0 : 0
}

async function batchBeginsAfter(path: string, offset: number): Promise<boolean> {
  const search = new BatchSearch()
  for await (const chunk of createReadStream(path, { start: offset })) {
    search.push(chunk as Buffer)
    if (search.found) break
  }
  return search.found
}

function compareRoot({ size, rootHash }: Checkpoint, tree: Tree): void {
  if (tree.size === size && !equal(tree.root(), rootHash)) {
    throw damage('checkpoint', `the first ${size} entries do not have the root it signed: entries or tiles were changed`)
  }
}

async function finish(directory: string, found: Awaited<ReturnType<typeof scan>>, checkpointSize: number | undefined): Promise<Recovered> {
  const { tree, segments, open, torn, rotatedTo } = found
  const droppedBytes = torn === undefined ? 0 : torn.segment.size - torn.at
  if (torn !== undefined) {
    await truncate(segmentPath(directory, torn.segment.first), torn.at)
    torn.segment.size = torn.at
  }
  return { tree, segments, open, droppedBytes, checkpointSize, rotatedTo }
}

async function truncate(path: string, size: number): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.truncate(size)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** @throws SyntaxError */
export function parseEntry(bytes: Uint8Array): AuditEntry {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()) as AuditEntry
}

function parse(bytes: Uint8Array): AuditEntry | undefined {
  try {
    return parseEntry(bytes)
  } catch {
    return undefined
  }
}
