// The Merkle tree of RFC 6962 section 2.1 with SHA-256: hashes, a tree that grows in constant memory, both kinds of proof. Pure.
// Sizes and indexes are whole numbers below 2^53, so they are halved by division: JavaScript's shifts end at 32 bits.
import { hash } from 'node:crypto'

export type Hash = Uint8Array

/** Bytes of a hash. */
export const hashBytes = 32

/** Hash of a complete subtree: the one of height `height` that begins at leaf `index * 2^height`. */
export type Nodes = (height: number, index: number) => Hash

/** MTH({}): SHA-256 of nothing. */
export const emptyRoot: Hash = sha256(new Uint8Array())

/** A copy out of the string costs less than a buffer of its own for each hash, by half. */
function sha256(bytes: Uint8Array): Hash {
  return Buffer.from(hash('sha256', bytes, 'binary'), 'latin1')
}

/** SHA-256(0x00 || leaf). */
export function hashLeaf(leaf: Uint8Array): Hash {
  const prefixed = Buffer.allocUnsafe(leaf.length + 1)
  prefixed.set(leaf, 1)
  return hashLeafAt(prefixed, 1, prefixed.length)
}

/** The same of the leaf [begin, end) of `bytes`, uncopied: overwrites the byte in front of it. */
export function hashLeafAt(bytes: Uint8Array, begin: number, end: number): Hash {
  bytes[begin - 1] = 0
  return sha256(bytes.subarray(begin - 1, end))
}

/** What is hashed for a node; every byte of it is written each time. */
const pair = Buffer.alloc(1 + 2 * hashBytes)

/** SHA-256(0x01 || left || right). */
export function hashNode(left: Hash, right: Hash): Hash {
  pair[0] = 1
  pair.set(left, 1)
  pair.set(right, 1 + hashBytes)
  return sha256(pair)
}

/** A tree that only grows: keeps the roots of its complete subtrees, at most one a height, left to right. */
export class CompactRange {
  #size: number
  readonly #roots: Hash[]

  /** @param roots of the complete subtrees that make up a tree of `size`, the largest first */
  constructor(size = 0, roots: readonly Hash[] = []) {
    if (roots.length !== ones(size)) throw new RangeError(`a tree of ${size} has ${ones(size)} complete subtrees, not ${roots.length}`)
    this.#size = size
    this.#roots = [...roots]
  }

  get size(): number { return this.#size }

  /** `complete` is told each subtree that this leaf completes, the leaf itself first, by height and root. */
  append(leaf: Hash, complete?: (height: number, root: Hash) => void): void {
    let root = leaf
    complete?.(0, root)
    let height = 1
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2, height++) {
      root = hashNode(this.#roots.pop()!, root)
      complete?.(height, root)
    }
    this.#roots.push(root)
    this.#size++
  }

  root(): Hash {
    let root = this.#roots.at(-1)
    if (root === undefined) return emptyRoot
    for (let i = this.#roots.length - 2; i >= 0; i--) root = hashNode(this.#roots[i]!, root)
    return root
  }
}

/** PATH(index, D[size]), from the leaf's sibling upwards. @throws RangeError unless index < size. @see RFC 6962 section 2.1.1 */
export function inclusionProof(index: number, size: number, nodes: Nodes): Hash[] {
  if (!(index >= 0 && index < size)) throw new RangeError(`there is no leaf ${index} in a tree of ${size}`)
  const proof: Hash[] = []
  let [begin, end] = [0, size]
  while (end - begin > 1) {
    const middle = begin + powerBelow(end - begin)
    if (index < middle) {
      proof.push(subtree(middle, end, nodes))
      end = middle
    } else {
      proof.push(subtree(begin, middle, nodes))
      begin = middle
    }
  }
  return proof.reverse()
}

/** Whether `leaf` (its hash) is number `index` of the tree of `size` with that root. @see RFC 9162 section 2.1.3.2 */
export function verifyInclusion(leaf: Hash, index: number, size: number, proof: readonly Hash[], root: Hash): boolean {
  if (!(index >= 0 && index < size)) return false
  let [node, last, result] = [index, size - 1, leaf]
  for (const sibling of proof) {
    if (last === 0) return false
    if (odd(node) || node === last) {
      result = hashNode(sibling, result)
      while (!odd(node) && node !== 0) [node, last] = [half(node), half(last)]
    } else {
      result = hashNode(result, sibling)
    }
    ;[node, last] = [half(node), half(last)]
  }
  return last === 0 && equal(result, root)
}

/**
 * PROOF(from, D[to]): the tree of `from` leaves begins the tree of `to`.
 * @throws RangeError unless 0 < from <= to
 * @see RFC 6962 section 2.1.2
 */
export function consistencyProof(from: number, to: number, nodes: Nodes): Hash[] {
  if (!(from > 0 && from <= to)) throw new RangeError(`no proof leads from a tree of ${from} to one of ${to}`)
  const proof: Hash[] = []
  let [begin, end, whole] = [0, to, true]
  while (from !== end) {
    const middle = begin + powerBelow(end - begin)
    if (from <= middle) {
      proof.push(subtree(middle, end, nodes))
      end = middle
    } else {
      proof.push(subtree(begin, middle, nodes))
      begin = middle
      whole = false
    }
  }
  if (!whole) proof.push(subtree(begin, end, nodes))
  return proof.reverse()
}

/** @see RFC 9162 section 2.1.4.2 */
export function verifyConsistency(from: number, to: number, proof: readonly Hash[], fromRoot: Hash, toRoot: Hash): boolean {
  if (!(from > 0 && from <= to)) return false
  if (from === to) return proof.length === 0 && equal(fromRoot, toRoot)
  const path = ones(from) === 1 ? [fromRoot, ...proof] : [...proof]
  if (path.length === 0) return false
  let [node, last] = [from - 1, to - 1]
  while (odd(node)) [node, last] = [half(node), half(last)]
  let [older, newer] = [path[0]!, path[0]!]
  for (const sibling of path.slice(1)) {
    if (last === 0) return false
    if (odd(node) || node === last) {
      older = hashNode(sibling, older)
      newer = hashNode(sibling, newer)
      while (!odd(node) && node !== 0) [node, last] = [half(node), half(last)]
    } else {
      newer = hashNode(newer, sibling)
    }
    ;[node, last] = [half(node), half(last)]
  }
  return last === 0 && equal(older, fromRoot) && equal(newer, toRoot)
}

/** MTH(D[begin:end]) where `begin` is a multiple of the power of two at or above the width, as all subtrees of a tree begin. */
function subtree(begin: number, end: number, nodes: Nodes): Hash {
  const width = end - begin
  if (ones(width) === 1) return nodes(Math.log2(width), begin / width)
  const middle = begin + powerBelow(width)
  return hashNode(subtree(begin, middle, nodes), subtree(middle, end, nodes))
}

/** The largest power of two smaller than `n`, which is at least 2. */
function powerBelow(n: number): number {
  let power = 1
  while (power * 2 < n) power *= 2
  return power
}

function ones(n: number): number {
  let count = 0
  for (let rest = n; rest > 0; rest = half(rest)) if (odd(rest)) count++
  return count
}

function odd(n: number): boolean {
  return n % 2 === 1
}

function half(n: number): number {
  return Math.floor(n / 2)
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
