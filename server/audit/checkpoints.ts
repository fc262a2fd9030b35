// Writes down how far the log is: full tiles, the statements still open, then the signed checkpoint that speaks for all of it.
import type { KeyObject } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { checkpointText, signNote } from '../../shared/audit/checkpoint.ts'
import type { Hash } from '../../shared/audit/merkle.ts'
import { replaceFile, syncFolder, writeFileSynced, type Disk } from './disk.ts'
import type { Tile } from './tree.ts'

export interface Progress {
  /** Number of durable entries. */
  readonly size: number
  readonly rootHash: Hash
  readonly tiles: readonly Tile[]
  /** Of the open statements, as `OpenIntents.text` says. */
  readonly open: string
}

/**
 * The order is what a crash may leave: a checkpoint never speaks of tiles or entries that are not durable.
 * The writer returns the signed note.
 * @throws NodeJS.ErrnoException
 */
export function createCheckpoints(directory: string, origin: string, privateKey: () => KeyObject, disk: Disk) {
  const folders = new Set<string>()

  return async ({ size, rootHash, tiles, open }: Progress): Promise<string> => {
    const touched = new Set<string>()
    for (const tile of tiles) {
      const path = join(directory, tile.path)
      await makeFolder(dirname(path), touched)
      // Overwritten in place: one torn by a crash lies beyond the checkpoint, and is written again before the next.
      await writeFileSynced(disk, path, tile.bytes)
      touched.add(dirname(path))
    }
    for (const folder of touched) await syncFolder(disk, folder)
    await replaceFile(disk, join(directory, 'open'), Buffer.from(open))
    const note = signNote(checkpointText({ origin, size, rootHash }), origin, privateKey())
    await replaceFile(disk, join(directory, 'checkpoint'), Buffer.from(note))
    return note
  }

  async function makeFolder(folder: string, touched: Set<string>): Promise<void> {
    if (folders.has(folder)) return
    await mkdir(folder, { recursive: true, mode: 0o700 })
    for (let parent = dirname(folder); parent.startsWith(directory); parent = dirname(parent)) touched.add(parent)
    folders.add(folder)
  }
}
