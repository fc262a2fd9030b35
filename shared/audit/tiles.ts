// Where the tree's hashes lie: the layout of C2SP tlog-tiles. A tile is 256 hashes in a row, 8 heights above those of the level
// below. Pure.
import { hashBytes, hashNode, type Hash } from './merkle.ts'

/** Hashes in a full tile; levels are log2 of it apart. */
export const tileWidth = 256
export const tileHeight = 8
export const tileBytes = tileWidth * hashBytes

/**
 * Path of a full tile below the log's folder, e.g. `tile/1/x001/234`.
 * @see C2SP tlog-tiles, *Merkle Tree*
 */
export function tilePath(level: number, index: number): string {
  const digits = String(index)
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.../g)!
  return `tile/${level}/${groups.map((group, i) => i < groups.length - 1 ? `x${group}` : group).join('/')}`
}

/** Number of full tiles of a level in a tree of `size` leaves. */
export function fullTiles(level: number, size: number): number {
  return Math.floor(size / tileWidth ** (level + 1))
}

/** Hash number `index` of a tile. A view. */
export function hashInTile(tile: Uint8Array, index: number): Hash {
  return tile.subarray(index * hashBytes, (index + 1) * hashBytes)
}

/** Root of the complete subtree over the hashes `[begin, begin + width)` of a tile; `width` is a power of two. */
export function rootInTile(tile: Uint8Array, begin: number, width: number): Hash {
  if (width === 1) return hashInTile(tile, begin)
  return hashNode(rootInTile(tile, begin, width / 2), rootInTile(tile, begin + width / 2, width / 2))
}

/** Roots of the complete subtrees over a tile's first `width` hashes, the largest first. */
export function rootsInTile(tile: Uint8Array, width: number): Hash[] {
  const roots: Hash[] = []
  let begin = 0
  for (let bit = tileWidth; bit >= 1; bit /= 2) {
    if (width - begin < bit) continue
    roots.push(rootInTile(tile, begin, bit))
    begin += bit
  }
  return roots
}
