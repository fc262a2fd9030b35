import { describe, expect, test } from 'vitest'
import {
  CompactRange,
  consistencyProof,
  emptyRoot,
  equal,
  hashLeaf,
  hashNode,
  inclusionProof,
  verifyConsistency,
  verifyInclusion,
  type Hash,
  type Nodes
} from '../../shared/audit/merkle.ts'
import { fullTiles, rootInTile, rootsInTile, tilePath, tileWidth } from '../../shared/audit/tiles.ts'
import { Tree } from '../../server/audit/tree.ts'
import vectors from '../vectors/audit-rfc6962.json' with { type: 'json' }

const most = 70
const leaves = Array.from({ length: most }, (_, i) => Buffer.from(`leaf ${i}`))

/** RFC 6962 section 2.1, word for word: slow, and obviously right. */
function slowRoot(of: readonly Uint8Array[]): Hash {
  if (of.length === 0) return emptyRoot
  if (of.length === 1) return hashLeaf(of[0]!)
  const k = split(of.length)
  return hashNode(slowRoot(of.slice(0, k)), slowRoot(of.slice(k)))
}

function slowPath(m: number, of: readonly Uint8Array[]): Hash[] {
  if (of.length === 1) return []
  const k = split(of.length)
  return m < k ? [...slowPath(m, of.slice(0, k)), slowRoot(of.slice(k))] : [...slowPath(m - k, of.slice(k)), slowRoot(of.slice(0, k))]
}

function slowSubproof(m: number, of: readonly Uint8Array[], whole: boolean): Hash[] {
  if (m === of.length) return whole ? [] : [slowRoot(of)]
  const k = split(of.length)
  return m <= k
    ? [...slowSubproof(m, of.slice(0, k), whole), slowRoot(of.slice(k))]
    : [...slowSubproof(m - k, of.slice(k), false), slowRoot(of.slice(0, k))]
}

function split(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

function nodesOf(of: readonly Uint8Array[]): Nodes {
  return (height, index) => slowRoot(of.slice(index * 2 ** height, (index + 1) * 2 ** height))
}

const hex = (hashes: readonly Hash[]) => hashes.map((hash) => Buffer.from(hash).toString('hex'))
const roots = Array.from({ length: most + 1 }, (_, n) => slowRoot(leaves.slice(0, n)))

describe('RFC 6962 vectors', () => {
  const input = vectors.leaves.map((leaf) => Buffer.from(leaf, 'hex'))

  test('the empty tree has the hash of nothing', () => {
    expect(hex([new CompactRange().root()])).toEqual([vectors.roots[0]])
  })

  test.each(vectors.roots.map((root, size) => ({ root, size })))('the tree of $size leaves has its known root', ({ root, size }) => {
    const range = new CompactRange()
    for (const leaf of input.slice(0, size)) range.append(hashLeaf(leaf))
    expect(hex([range.root()])).toEqual([root])
  })

  test.each(vectors.consistency)('the proof from $from to $to is the known one', ({ from, to, proof }) => {
    expect(hex(consistencyProof(from, to, nodesOf(input)))).toEqual(proof)
  })
})

describe('refused proofs', () => {
  const nodes = nodesOf(leaves)
  const strange = hashLeaf(Buffer.from('strange'))

  test.each([[-1, 4], [4, 4], [0, 0], [NaN, 4]])('there is no inclusion proof of leaf %d in a tree of %d', (index, size) => {
    expect(() => inclusionProof(index, size, nodes)).toThrow(RangeError)
    expect(verifyInclusion(strange, index, size, [], roots[0]!)).toBe(false)
  })

  test.each([[0, 4], [5, 4], [-1, 4]])('no consistency proof leads from %d to %d', (from, to) => {
    expect(() => consistencyProof(from, to, nodes)).toThrow(RangeError)
    expect(verifyConsistency(from, to, [], roots[0]!, roots[4]!)).toBe(false)
  })

  test('an inclusion proof fails when any hash, its length, the index, the size or the root is another', () => {
    for (const [index, size] of [[0, 1], [0, 7], [3, 7], [6, 7], [12, 33], [32, 33], [69, 70]] as const) {
      const proof = inclusionProof(index, size, nodes)
      const leaf = hashLeaf(leaves[index]!)
      const root = roots[size]!
      expect(verifyInclusion(leaf, index, size, proof, root)).toBe(true)
      expect(verifyInclusion(strange, index, size, proof, root)).toBe(false)
      expect(verifyInclusion(leaf, index, size, proof, strange)).toBe(false)
      expect(verifyInclusion(leaf, index, size, [...proof, strange], root)).toBe(false)
      if (proof.length > 0) expect(verifyInclusion(leaf, index, size, proof.slice(0, -1), root)).toBe(false)
      for (const i of proof.keys()) expect(verifyInclusion(leaf, index, size, proof.with(i, strange), root)).toBe(false)
      for (let other = 0; other < size; other++) if (other !== index) expect(verifyInclusion(leaf, other, size, proof, root)).toBe(false)
    }
  })

  test('a consistency proof fails when any hash, its length, a size or a root is another', () => {
    for (const [from, to] of [[1, 2], [3, 7], [4, 7], [6, 8], [32, 33], [33, 70], [64, 70]] as const) {
      const proof = consistencyProof(from, to, nodes)
      const [older, newer] = [roots[from]!, roots[to]!]
      expect(verifyConsistency(from, to, proof, older, newer)).toBe(true)
      expect(verifyConsistency(from, to, proof, strange, newer)).toBe(false)
      expect(verifyConsistency(from, to, proof, older, strange)).toBe(false)
      expect(verifyConsistency(from, to, [...proof, strange], older, newer)).toBe(false)
      expect(verifyConsistency(from, to, proof.slice(0, -1), older, newer)).toBe(false)
      expect(verifyConsistency(from, to, proof.slice(1), older, newer)).toBe(false)
      for (const i of proof.keys()) expect(verifyConsistency(from, to, proof.with(i, strange), older, newer)).toBe(false)
    }
    expect(verifyConsistency(5, 5, [], roots[5]!, roots[5]!)).toBe(true)
    expect(verifyConsistency(5, 5, [strange], roots[5]!, roots[5]!)).toBe(false)
    expect(verifyConsistency(5, 5, [], roots[5]!, roots[6]!)).toBe(false)
  })
})

describe('fast code against slow code', () => {
  test('a growing tree has the slow root at every size', () => {
    const range = new CompactRange()
    for (let size = 0; size <= most; size++) {
      expect(equal(range.root(), roots[size]!)).toBe(true)
      if (size < most) range.append(hashLeaf(leaves[size]!))
    }
  })

  test('every inclusion proof is the slow one and verifies', () => {
    for (let size = 1; size <= most; size++) {
      const part = leaves.slice(0, size)
      const nodes = nodesOf(part)
      for (let index = 0; index < size; index++) {
        const proof = inclusionProof(index, size, nodes)
        if (size < 20 || index % 7 === 0) expect(hex(proof)).toEqual(hex(slowPath(index, part)))
        if (!verifyInclusion(hashLeaf(part[index]!), index, size, proof, roots[size]!)) expect.fail(`leaf ${index} of ${size}`)
      }
    }
  })

  test('every consistency proof is the slow one and verifies', () => {
    for (let to = 1; to <= most; to++) {
      const part = leaves.slice(0, to)
      const nodes = nodesOf(part)
      for (let from = 1; from <= to; from++) {
        const proof = consistencyProof(from, to, nodes)
        if (to < 20 || from % 7 === 0) expect(hex(proof)).toEqual(hex(slowSubproof(from, part, true)))
        if (!verifyConsistency(from, to, proof, roots[from]!, roots[to]!)) expect.fail(`from ${from} to ${to}`)
      }
    }
  })

  test('a complete subtree is told with its height when its last leaf comes', () => {
    const range = new CompactRange()
    const nodes = nodesOf(leaves)
    for (let size = 0; size < most; size++) {
      range.append(hashLeaf(leaves[size]!), (height, root) => {
        expect(equal(root, nodes(height, (size + 1) / 2 ** height - 1))).toBe(true)
      })
    }
  })
})

describe('tiles', () => {
  test.each([
    [0, 0, 'tile/0/000'],
    [0, 999, 'tile/0/999'],
    [0, 1000, 'tile/0/x001/000'],
    [1, 1234067, 'tile/1/x001/x234/067'],
    [3, 70, 'tile/3/070']
  ])('tile %d/%d lies at %s', (level, index, path) => {
    expect(tilePath(level, index)).toBe(path)
  })

  test('a tree of 70,000 has 273 full tiles, then 1, then none', () => {
    expect([0, 1, 2].map((level) => fullTiles(level, 70_000))).toEqual([273, 1, 0])
  })

  test('the roots within a tile are those of its subtrees', () => {
    const tile = Buffer.concat(leaves.slice(0, 64).map((leaf) => hashLeaf(leaf)))
    expect(equal(rootInTile(tile, 0, 64), roots[64]!)).toBe(true)
    expect(rootsInTile(tile, 44)).toHaveLength(3)
    expect(equal(rootsInTile(tile, 44).reduceRight((right, left) => hashNode(left, right)), roots[44]!)).toBe(true)
  })

  // Above 65,536 there is a tile of the second level.
  test.each([0, 256, 512, 65_536, 66_560, 131_328])('a tree of %d is loaded from its tiles and grows on', async (size) => {
    const whole = new Tree()
    const tiles = new Map<string, Uint8Array>()
    for (let i = 0; i < size; i++) whole.append(numbered(i))
    for (const tile of whole.takeFull()) tiles.set(tile.path, tile.bytes)
    const loaded = await Tree.load(size, async (path) => tiles.get(path)!)
    expect(equal(loaded.root(), whole.root())).toBe(true)
    for (let i = size; i < size + tileWidth + 3; i++) {
      loaded.append(numbered(i))
      whole.append(numbered(i))
    }
    expect(equal(loaded.root(), whole.root())).toBe(true)
    expect(loaded.takeFull()).toEqual(whole.takeFull())
  })

  function numbered(i: number): Hash {
    const hash = Buffer.alloc(32)
    hash.writeUInt32BE(i)
    return hash
  }
})
