// Rebuilds the tree tile by tile, bottom up, and compares each full tile with its file. Not the writer's way of growing it. Pure.
import { emptyRoot, equal, hashBytes, hashLeaf, hashNode, type Hash } from '../merkle.ts'
import { fullTiles, hashInTile, rootInTile, rootsInTile, tileBytes, tilePath, tileWidth } from '../tiles.ts'
import type { LogFiles } from './files.ts'
import type { Findings } from './findings.ts'

interface Level {
  tile: Uint8Array
  /** Hashes in it. */
  width: number
  /** Index of the tile within the level. */
  index: number
}

export class TreeCheck {
  readonly #files: LogFiles
  readonly #size: number
  readonly #findings: Findings
  readonly #levels: Level[] = []
  readonly #full: { readonly level: number, readonly index: number, readonly tile: Uint8Array }[] = []

  /** @param size of the checkpoint: tiles beyond it may not be written yet */
  constructor(files: LogFiles, size: number, findings: Findings) {
    this.#files = files
    this.#size = size
    this.#findings = findings
  }

  append(leaf: Uint8Array): void {
    this.#add(0, hashLeaf(leaf))
  }

  /** A leaf of which only the hash is left. */
  appendHash(leaf: Hash): void {
    this.#add(0, leaf)
  }

  root(): Hash {
    const roots = this.#levels.map(({ tile, width }) => rootsInTile(tile, width)).reverse().flat()
    return roots.length === 0 ? emptyRoot : roots.reduceRight((right, left) => hashNode(left, right))
  }

  /** Compares the tiles that have become full since the last call; their files are read together. */
  async compare(): Promise<void> {
    const full = this.#full.splice(0).filter(({ level, index }) => index < fullTiles(level, this.#size))
    const stored = await Promise.all(full.map(({ level, index }) => this.#files.read(tilePath(level, index))))
    for (const [i, { level, index, tile }] of full.entries()) this.#judge(level, index, tile, stored[i])
  }

  #judge(level: number, index: number, tile: Uint8Array, stored: Uint8Array | undefined): void {
    const file = tilePath(level, index)
    if (stored === undefined) {
      this.#findings.problem({ file, message: 'is missing' })
    } else if (stored.length !== tileBytes) {
      this.#findings.problem({ file, message: `has ${stored.length} bytes instead of ${tileBytes}` })
    } else if (!equal(stored, tile)) {
      const at = Array.from({ length: tileWidth }, (_, i) => i).find((i) => !equal(hashInTile(stored, i), hashInTile(tile, i)))!
      this.#findings.problem({
        ...(level === 0 ? { entry: index * tileWidth + at } : {}),
        file,
        message: `hash ${at} is not that of the entries: they or the tile were changed`
      })
    }
  }

  #add(number: number, hash: Hash): void {
    const level = this.#levels[number] ??= { tile: new Uint8Array(tileBytes), width: 0, index: 0 }
    level.tile.set(hash, level.width++ * hashBytes)
    if (level.width < tileWidth) return
    this.#full.push({ level: number, index: level.index, tile: level.tile })
    this.#levels[number] = { tile: new Uint8Array(tileBytes), width: 0, index: level.index + 1 }
    this.#add(number + 1, rootInTile(level.tile, 0, tileWidth))
  }
}
