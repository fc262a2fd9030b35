// Removing the oldest segments for good, in steps of which each can be the last before a crash: a plan, the entry, its copy beside the
// log, the session keys and files. What is only planned is forgotten at the next start; what has its entry is finished.
//
//   prune.next   what is about to be written: {"after":size,"first":N,"root":...}
//   pruned       the bytes of the entry of kind retention.prune that says why the log begins where it does
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { canonical } from '../../shared/audit/canonical.ts'
import type { AuditEntry, EntryFacts } from '../../shared/audit/entry.ts'
import { isId } from '../../shared/id.ts'
import type { Hash } from '../../shared/audit/merkle.ts'
import { rootOf, type TreeSource } from '../../shared/audit/proofs.ts'
import type { KeyRotation } from '../../shared/audit/rotation.ts'
import { fullTiles, tileWidth } from '../../shared/audit/tiles.ts'
import { replaceFile, syncFolder, type Disk } from './disk.ts'
import { damage } from './failures.ts'
import { parseEntry } from './recovery.ts'
import { segmentPath, type Segments } from './segments.ts'

export type Prune = Extract<AuditEntry, { kind: 'retention.prune' }>
export type PruneFacts = Extract<EntryFacts, { kind: 'retention.prune' }>

/** What could be removed. */
export interface Prunable {
  /** Index of the first entry that would stay. */
  readonly first: number
  readonly root: Hash
  readonly keys: readonly (KeyRotation & { readonly at: number })[]
  readonly bytes: number
  /** RFC 3339, of the newest entry that would go. */
  readonly newest: string
}

interface Plan {
  /** The entry's index is this or more. */
  readonly after: number
  readonly first: number
  readonly root: string
}

/**
 * The longest run of whole segments from the beginning in which no entry is as young as `before`, and whose hashes are all in full tiles:
 * those are what the rest is verified with.
 * @param before RFC 3339, UTC, milliseconds
 * @param size of the last checkpoint, whose tiles are durable
 */
export async function prunable(segments: Segments, before: string, size: number, tree: TreeSource): Promise<Prunable | undefined> {
  const listed = segments.listed
  const keys: (KeyRotation & { at: number })[] = []
  let [first, bytes, newest] = [listed[0]?.first ?? 0, 0, '']
  for (const [i, next] of listed.slice(1).entries()) {
    if (next.first > fullTiles(0, size) * tileWidth) break
    const told = await oldEntries(segments, listed[i]!.first, next.first, before)
    if (told === undefined) break
    keys.push(...told.keys)
    if (told.newest > newest) newest = told.newest
    first = next.first
    bytes += listed[i]!.size
  }
  if (bytes === 0) return undefined
  return { first, root: await rootOf(first, tree), keys, bytes, newest }
}

/** undefined when one of the entries [from, to) is not older. Times of a clock that jumped count as they stand. */
async function oldEntries(segments: Segments, from: number, to: number, before: string) {
  const keys: (KeyRotation & { at: number })[] = []
  let newest = ''
  for await (const bytes of segments.read(from, to)) {
    const entry = parseEntry(bytes)
    if (entry.time >= before) return undefined
    if (entry.time > newest) newest = entry.time
    if (entry.kind === 'key.rotate') keys.push({ at: entry.index, previous: entry.previous, next: entry.next, signatures: entry.signatures })
    // Rotations that an earlier removal has carried along are carried on.
    if (entry.kind === 'retention.prune') keys.unshift(...entry.keys ?? [])
  }
  return { keys, newest }
}

/** The step before the entry. */
export async function planPrune(directory: string, { first, root }: PruneFacts, after: number, disk: Disk): Promise<void> {
  await replaceFile(disk, join(directory, 'prune.next'), Buffer.from(canonical({ after, first, root })))
}

/** All steps after the entry; may be done twice. @param bytes the entry's */
export async function finishPrune(directory: string, segments: Segments, bytes: Uint8Array, disk: Disk): Promise<void> {
  await replaceFile(disk, join(directory, 'pruned'), bytes)
  await removeBefore(directory, segments, (parseEntry(bytes) as Prune).first, disk)
  await rm(join(directory, 'prune.next'), { force: true })
  await syncFolder(disk, directory)
}

/** At start: is there a plan whose entry was written? Finishes it; forgets one without. */
export async function settlePrune(directory: string, segments: Segments, size: number, disk: Disk): Promise<void> {
  const plan = parsed<Plan>(await readFile(join(directory, 'prune.next')).catch(absent))
  if (plan !== undefined && plan.after < size) {
    for await (const bytes of segments.read(Math.max(plan.after, segments.first), size)) {
      const entry = parseEntry(bytes)
      if (entry.kind === 'retention.prune' && entry.first === plan.first && entry.root === plan.root) {
        return finishPrune(directory, segments, Uint8Array.from(bytes), disk)
      }
    }
  }
  await rm(join(directory, 'prune.next'), { force: true })
}

interface Pruned {
  readonly index: number
  readonly first: number
  readonly bytes: Uint8Array
}

/** The entry that says why the log begins where it does, as the file beside it has it; nothing of it is verified. */
export async function readPruned(directory: string): Promise<Pruned | undefined> {
  const bytes = await readFile(join(directory, 'pruned')).catch(absent)
  if (bytes === undefined) return undefined
  const { kind, index, first } = parsed<Partial<Prune>>(bytes) ?? {}
  if (kind !== 'retention.prune' || !Number.isSafeInteger(index) || !Number.isSafeInteger(first)) throw damage('pruned', 'is no entry about a removal')
  return { index: index!, first: first!, bytes }
}

/** Compares the file with the entry in the log, then removes what a crash may have left. @throws GatewayError audit_unavailable */
export async function checkPruned(directory: string, segments: Segments, size: number, disk: Disk): Promise<void> {
  const pruned = await readPruned(directory)
  if (pruned === undefined) return
  if (pruned.index >= size) throw damage('pruned', `is not entry ${pruned.index} of this log, which has ${size}`)
  const { entry } = await segments.record(pruned.index)
  if (Buffer.compare(entry, pruned.bytes) !== 0) throw damage('pruned', `is not what entry ${pruned.index} says`)
  if (segments.first < pruned.first) await removeBefore(directory, segments, pruned.first, disk)
}

/** A segment's session keys go before it does: while it is there, a start knows which they are. */
async function removeBefore(directory: string, segments: Segments, first: number, disk: Disk): Promise<void> {
  const listed = segments.listed
  for (const [i, segment] of listed.entries()) {
    const next = listed[i + 1]
    if (next === undefined || next.first > first) break
    for await (const bytes of segments.read(segment.first, next.first)) {
      const entry = parseEntry(bytes)
      if (entry.kind === 'session.end' && isId(entry.session)) await rm(join(directory, 'keys', entry.session.slice(0, 4), entry.session), { force: true })
    }
    segments.forget(segment)
    await rm(segmentPath(directory, segment.first), { force: true })
  }
  await syncFolder(disk, join(directory, 'segments'))
}

function parsed<T>(bytes: Uint8Array | undefined): T | undefined {
  try {
    return bytes === undefined ? undefined : JSON.parse(Buffer.from(bytes).toString()) as T
  } catch {
    return undefined
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
