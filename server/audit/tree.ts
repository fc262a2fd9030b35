// The growing tree and the tiles it fills. Knows durable entries only; writes nothing itself.
import { CompactRange, hashBytes, type Hash } from '../../shared/audit/merkle.ts'
import { fullTiles, rootInTile, rootsInTile, tileBytes, tileHeight, tilePath, tileWidth } from '../../shared/audit/tiles.ts'

export interface Tile {
  readonly path: string
  readonly bytes: Uint8Array
}

export class Tree {
  readonly #range: CompactRange
  /** The hashes of each level that do not fill a tile yet. */
  readonly #levels: { tile: Uint8Array, width: number }[]
  #full: Tile[] = []

  constructor(range = new CompactRange(), levels: { tile: Uint8Array, width: number }[] = []) {
    this.#range = range
    this.#levels = levels
  }

  /**
   * The tree of the first `size` entries, a multiple of 256, from its tiles: a few hundred small files however long the log is.
   * Nothing is proven by that; whoever calls compares a root.
   */
  static async load(size: number, read: (path: string) => Promise<Uint8Array>): Promise<Tree> {
    const levels = [{ tile: new Uint8Array(tileBytes), width: 0 }]
    const roots: Hash[] = []
    for (let number = 1, above = size / tileWidth; above > 0; number++, above = Math.floor(above / tileWidth)) {
      const level = { tile: new Uint8Array(tileBytes), width: above % tileWidth }
      const first = above - level.width
      for (let i = 0; i < level.width; i++) {
        level.tile.set(rootInTile(await read(tilePath(number - 1, first + i)), 0, tileWidth), i * hashBytes)
      }
      levels.push(level)
      roots.unshift(...rootsInTile(level.tile, level.width))
    }
    return new Tree(new CompactRange(size, roots), levels)
  }

  get size(): number { return this.#range.size }

  append(leaf: Hash): void {
    const begin = this.#range.size
    this.#range.append(leaf, (height, root) => {
      if (height % tileHeight === 0) this.#add(height / tileHeight, root, begin)
    })
  }

  root(): Hash {
    return this.#range.root()
  }

  /** Tiles that have become full since the last call. */
  takeFull(): Tile[] {
    const full = this.#full
    this.#full = []
    return full
  }

  #add(number: number, hash: Hash, leaf: number): void {
    const level = this.#levels[number] ??= { tile: new Uint8Array(tileBytes), width: 0 }
    level.tile.set(hash, level.width++ * hashBytes)
    if (level.width < tileWidth) return
    this.#full.push({ path: tilePath(number, fullTiles(number, leaf)), bytes: level.tile })
    this.#levels[number] = { tile: new Uint8Array(tileBytes), width: 0 }
  }
}
