// Proofs from tiles and the leaves to their right, against the slow recursive tree; and the one-file proof, one test per way of lying.
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { checkpointText, parseVerifierKey, signNote, verifierKeyOf } from '../../shared/audit/checkpoint.ts'
import { cosign, parseWitnessKey, witnessKeyOf } from '../../shared/audit/cosignature.ts'
import { hashLeaf, hashNode, verifyConsistency, verifyInclusion, emptyRoot, type Hash } from '../../shared/audit/merkle.ts'
import { proveConsistency, proveInclusion, rootOf, type TreeSource } from '../../shared/audit/proofs.ts'
import { fullTiles, tilePath, tileWidth } from '../../shared/audit/tiles.ts'
import { checkProof, parseTlogProof, tlogProofText } from '../../shared/audit/tlog-proof.ts'

const leaves = Array.from({ length: 66_200 }, (_, i) => hashLeaf(Buffer.from(String(i))))
const roots = new Map<string, Hash>()

/** MTH(D[begin:end]) as RFC 6962 section 2.1 defines it; remembered, since the tests ask for the same ones. */
function root(begin: number, end: number): Hash {
  if (begin === end) return emptyRoot
  if (end - begin === 1) return leaves[begin]!
  const key = `${begin} ${end}`
  let found = roots.get(key)
  if (found === undefined) {
    let width = 1
    while (width * 2 < end - begin) width *= 2
    found = hashNode(root(begin, begin + width), root(begin + width, end))
    roots.set(key, found)
  }
  return found
}

/** What a log of `size` has on disk; counts what is read. */
function sourceOf(size: number) {
  const read = { tiles: 0, leaves: 0 }
  const tiles = new Map<string, Buffer>()
  for (let level = 0; fullTiles(level, size) > 0; level++) {
    const width = tileWidth ** level
    for (let n = 0; n < fullTiles(level, size); n++) {
      const hashes = Array.from({ length: tileWidth }, (_, i) => root((n * tileWidth + i) * width, (n * tileWidth + i + 1) * width))
      tiles.set(tilePath(level, n), Buffer.concat(hashes))
    }
  }
  const source: TreeSource = {
    tile: async (path) => {
      read.tiles++
      return tiles.get(path) ?? expect.fail(`${path} is no full tile`)
    },
    leaves: async (from, to) => {
      read.leaves += to - from
      return leaves.slice(from, to)
    }
  }
  return { source, read }
}

describe('proofs from tiles', () => {
  const sizes = [1, 2, 3, 255, 256, 257, 511, 512, 1000, 65_535, 65_536, 65_537, 66_200]

  test.each(sizes)('of a tree of %i hold against the recursive root, and read little', { timeout: 30_000 }, async (size) => {
    const { source, read } = sourceOf(size)
    const whole = root(0, size)
    expect(await rootOf(size, source)).toEqual(whole)
    const some = [0, 1, 127, 255, 256, 300, size / 2 | 0, 65_535, 65_536, size - 2, size - 1].filter((i) => i >= 0 && i < size)
    for (const index of new Set(some)) {
      expect(verifyInclusion(leaves[index]!, index, size, await proveInclusion(index, size, source), whole), `leaf ${index}`).toBe(true)
      const from = index + 1
      expect(verifyConsistency(from, size, await proveConsistency(from, size, source), root(0, from), whole), `from ${from}`).toBe(true)
      expect(Buffer.from(await rootOf(from, source)), `root of ${from}`).toEqual(Buffer.from(root(0, from)))
    }
    expect(read.leaves).toBeLessThan(tileWidth * 3 * (some.length + 1))
    read.tiles = 0
    await proveInclusion(0, size, source)
    expect(read.tiles).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(size + 1) / 8) + tileWidth)
    await expect(proveInclusion(size, size, source)).rejects.toThrow(RangeError)
    expect(await proveConsistency(0, size, source)).toEqual([])
  })
})

describe('a proof in one file', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const witnessKeys = generateKeyPairSync('ed25519')
  const origin = 'gateway.example.com/audit'
  const log = parseVerifierKey(verifierKeyOf(origin, publicKey))
  const witness = parseWitnessKey(witnessKeyOf('w.example', witnessKeys.publicKey))
  const entries = Array.from({ length: 10 }, (_, index) => Buffer.from(`{"index":${index},"kind":"heartbeat"}`))
  const hashes = entries.map((entry) => hashLeaf(entry))
  const text = checkpointText({ origin, size: 10, rootHash: rootIn(0, 10) })
  const note = signNote(text, origin, privateKey) + cosign(text, 'w.example', witnessKeys.privateKey, 1_700_000_000)

  function rootIn(begin: number, end: number): Hash {
    if (end - begin === 1) return hashes[begin]!
    let width = 1
    while (width * 2 < end - begin) width *= 2
    return hashNode(rootIn(begin, begin + width), rootIn(begin + width, end))
  }

  async function proofOf(index: number): Promise<string> {
    const source: TreeSource = { tile: () => expect.fail('no tile is full'), leaves: async (from, to) => hashes.slice(from, to) }
    return tlogProofText({ index, entry: entries[index]!, proof: await proveInclusion(index, 10, source), checkpoint: Buffer.from(note) })
  }

  const check = (file: string, witnesses = [witness]) => checkProof(parseTlogProof(Buffer.from(file)), log, witnesses)

  test('that holds says of which log, signed by whom, cosigned when', async () => {
    for (let index = 0; index < 10; index++) {
      expect(check(await proofOf(index))).toMatchObject({ origin, index, size: 10, entry: entries[index], cosigned: [{ witness: 'w.example', time: 1_700_000_000 }] })
    }
    expect((await proofOf(3)).split('\n').slice(0, 3)).toEqual(['c2sp.org/tlog-proof@v1', `extra ${entries[3]!.toString('base64')}`, 'index 3'])
    expect(check(await proofOf(3), []).cosigned).toEqual([])
  })

  const other = signNote(text, origin, createPrivateKey(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })))
  const lies: [string, (file: string) => string, RegExp][] = [
    ['for another entry', (file) => file.replace('index 3', 'index 4'), /says entry 4, and holds entry 3/],
    ['with another entry in it', (file) => file.replace(/extra .*/, `extra ${entries[4]!.toString('base64')}`), /says entry 3, and holds entry 4/],
    ['with a changed entry', (file) => file.replace(/extra .*/, `extra ${Buffer.from('{"index":3,"kind":"login"}').toString('base64')}`), /does not hold: entry 3/],
    ['with a changed hash', (file) => file.replace(/(index 3\n)./, (_, line: string) => `${line}_`), /malformed hash/],
    ['with another hash', (file) => file.replace(/(index 3\n).*/, (_, line: string) => line + Buffer.alloc(32, 1).toString('base64')), /does not hold/],
    ['with a hash too few', (file) => file.replace(/(index 3\n).*\n/, '$1'), /does not hold/],
    ['with a hash too many', (file) => file.replace(/(index 3\n)/, `$1${Buffer.alloc(32, 1).toString('base64')}\n`), /does not hold/],
    ['beyond the checkpoint', (file) => file.replace('index 3', 'index 10'), /entry 10, and its checkpoint speaks for 10 entries only/],
    ['of another log', (file) => file.replace(/\n\ngateway.*$/s, `\n\n${signNote(text.replace('gateway', 'other'), 'other.example.com/audit', privateKey)}`), /is about the log "other.example.com\/audit"/],
    ['signed by another key', (file) => file.replace(/\n\ngateway.*$/s, `\n\n${other}`), /not signed by the key/],
    ['with a changed checkpoint', (file) => file.replace('\n10\n', '\n11\n'), /wrong signature/],
    ['without its entry', (file) => file.replace(/extra .*\n/, ''), /does not hold the entry/],
    ['with an index spelled another way', (file) => file.replace('index 3', 'index 03'), /malformed index/],
    ['cut', (file) => file.slice(0, file.indexOf('\n\n')), /is no proof|signed note/],
    ['that is none', () => 'hello\n', /is no proof/],
    ['that is empty', () => '', /is no proof/],
    ['too large', (file) => file + 'x'.repeat(200_000), /larger than/],
    ['without the cosignature asked for', (file) => file.replace(/— w\.example.*\n/, ''), /no cosignature of the witness w\.example/],
    ['with the cosignature of another time', (file) => file.replace(/(— w\.example) .*/, (_, name: string) => {
      const bytes = Buffer.from(cosign(text, 'w.example', witnessKeys.privateKey, 1_700_000_000).split(' ')[2]!, 'base64')
      bytes.writeBigUInt64BE(1_800_000_000n, 4)
      return `${name} ${bytes.toString('base64')}`
    }), /wrong cosignature/]
  ]
  test.each(lies)('%s is refused', async (_, lie, says) => {
    const file = await proofOf(3)
    expect(lie(file)).not.toBe(file)
    expect(() => check(lie(file))).toThrow(says)
  })

  test('every byte of it flipped is refused', async () => {
    const bytes = Buffer.from(await proofOf(3))
    for (let at = 0; at < bytes.length; at++) {
      bytes[at]! ^= 1
      expect(() => checkProof(parseTlogProof(bytes), log, [witness]), `byte ${at}`).toThrow()
      bytes[at]! ^= 1
    }
  })
})
