// Proofs about a log from its full tiles and the few leaves to the right of them, so that none reads the whole log. Pure: tiles and
// leaves are handed in; nothing is proven before whoever asked compares a root.
import { consistencyProof, emptyRoot, hashNode, inclusionProof, type Hash, type Nodes } from './merkle.ts'
import { fullTiles, hashInTile, rootInTile, tileHeight, tilePath, tileWidth } from './tiles.ts'

export interface TreeSource {
  /** A full tile, 8,192 bytes. @throws when there is none */
  tile(path: string): Promise<Uint8Array>
  /** Hashes of the leaves [from, to), fewer than 256. */
  leaves(from: number, to: number): Promise<readonly Hash[]>
}

/** As `inclusionProof` of the tree of `size`. @throws RangeError unless index < size */
export function proveInclusion(index: number, size: number, source: TreeSource): Promise<Hash[]> {
  return withNodes(size, source, (nodes) => inclusionProof(index, size, nodes))
}

/** As `consistencyProof`; none is needed from an empty tree. @throws RangeError unless from <= to */
export async function proveConsistency(from: number, to: number, source: TreeSource): Promise<Hash[]> {
  return from === 0 ? [] : withNodes(to, source, (nodes) => consistencyProof(from, to, nodes))
}

/** Root of the tree of the first `size` leaves, in a tree that has at least those. */
export function rootOf(size: number, source: TreeSource): Promise<Hash> {
  return withNodes(size, source, (nodes) => {
    const roots: Hash[] = []
    for (let rest = size, height = 0; rest > 0; rest = Math.floor(rest / 2), height++) {
      if (rest % 2 === 1) roots.push(nodes(height, rest - 1))
    }
    return roots.length === 0 ? emptyRoot : roots.reduce((right, left) => hashNode(left, right))
  })
}

/** Asks once to learn which nodes are needed, fetches them, and asks again. */
async function withNodes<T>(size: number, source: TreeSource, make: (nodes: Nodes) => T): Promise<T> {
  const wanted = new Map<string, [height: number, index: number]>()
  make((height, index) => {
    wanted.set(`${height} ${index}`, [height, index])
    return emptyRoot
  })
  const node = nodeReader(size, source)
  const found = new Map<string, Hash>()
  for (const [name, [height, index]] of wanted) found.set(name, await node(height, index))
  return make((height, index) => found.get(`${height} ${index}`)!)
}

function nodeReader(size: number, source: TreeSource): (height: number, index: number) => Promise<Hash> {
  const tiles = new Map<string, Promise<Uint8Array>>()
  let edge: Promise<readonly Hash[]> | undefined

  const tile = (level: number, index: number) => {
    const path = tilePath(level, index)
    const known = tiles.get(path) ?? source.tile(path)
    tiles.set(path, known)
    return known
  }

  /** Hash `index` of a level: a leaf, or the root of a full tile below. */
  async function hashOf(level: number, index: number): Promise<Hash> {
    const number = Math.floor(index / tileWidth)
    if (number < fullTiles(level, size)) return hashInTile(await tile(level, number), index % tileWidth)
    if (level > 0) return rootInTile(await tile(level - 1, index), 0, tileWidth)
    const begin = size - size % tileWidth
    edge ??= source.leaves(begin, size)
    return (await edge)[index - begin]!
  }

  return async (height, index) => {
    const level = Math.floor(height / tileHeight)
    const width = 2 ** (height % tileHeight)
    const hashes: Hash[] = []
    for (let i = 0; i < width; i++) hashes.push(await hashOf(level, index * width + i))
    while (hashes.length > 1) for (let i = 0; i < hashes.length; i++) hashes.splice(i, 2, hashNode(hashes[i]!, hashes[i + 1]!))
    return hashes[0]!
  }
}
