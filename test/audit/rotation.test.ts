// The log's key is rotated: from any key that was kept the log verifies, at every step a crash is survived, and no forgery passes.
import { generateKeyPairSync } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { keyNameOf, openCheckpoint, parseVerifierKey, verifierKeyOf } from '../../shared/audit/checkpoint.ts'
import { flawOfRotation, signRotation } from '../../shared/audit/rotation.ts'
import { verifyLog } from '../../shared/audit/verify.ts'
import { beat } from './sample.ts'
import { Copy } from './copy.ts'
import { copyingDisk, crashCopy, entriesOf, openIn, origin, temporary } from './logs.ts'

const nameOf = (line: string) => keyNameOf(parseVerifierKey(line))

/** A log of three entries, then rotated `times` times with one more entry after each. */
async function rotated(times: number): Promise<{ directory: string, keys: string[], kept: Uint8Array }> {
  const directory = await temporary()
  let log = await openIn(directory)
  await log.append([beat(1), beat(2), beat(3)])
  const keys = [log.verifierKey]
  await log.close()
  const kept = await readFile(join(directory, 'checkpoint'))
  for (let i = 0; i < times; i++) {
    log = await openIn(directory, { rotateKey: true })
    keys.push(log.verifierKey)
    await log.append([beat(i)])
    await log.close()
  }
  return { directory, keys, kept }
}

test('from every key that was kept the log verifies, and the last one signs', async () => {
  const { directory, keys, kept } = await rotated(3)
  expect(new Set(keys).size).toBe(4)
  expect((await readFile(join(directory, 'log.pub'), 'utf8')).trim()).toBe(keys[3])
  expect((await readdir(directory)).filter((name) => name.includes('next'))).toEqual([])
  expect(openCheckpoint(await readFile(join(directory, 'checkpoint')), parseVerifierKey(keys[3]!)).size).toBe(9)
  const copy = await Copy.of(directory)
  for (const key of keys) {
    const report = await verifyLog(copy, key, undefined, [kept])
    expect(report).toMatchObject({ ok: true, entries: 9, checkpointSize: 9, notAnchoredAfter: 3, keys: keys.map(nameOf) })
  }
  const stranger = verifierKeyOf(origin, generateKeyPairSync('ed25519').publicKey)
  expect((await verifyLog(copy, stranger)).problems).toEqual([
    { file: 'checkpoint', message: expect.stringMatching(/is not signed by the key .*; the log tells of 3 key rotations, and none of them has to do/) }
  ])
  // A later start needs no flag, and rotates nothing.
  const log = await openIn(directory)
  expect(log.verifierKey).toBe(keys[3])
  expect((await entriesOf(log)).filter(({ kind }) => kind === 'key.rotate')).toHaveLength(3)
})

test('a crash at any step leaves a log that starts, verifies from the kept key, and has one key', { timeout: 120_000 }, async () => {
  const { directory, keys: [first] } = await rotated(0)
  const { disk, copies } = copyingDisk(directory)
  const log = await openIn(directory, { rotateKey: true, disk })
  await log.close()
  expect(copies.length).toBeGreaterThan(20)
  const ends = new Set<boolean>()
  for (const copy of copies) {
    const again = await openIn(copy)
    await again.append([beat(9)])
    await again.close()
    const report = await verifyLog(await Copy.of(copy), first!)
    expect(report).toMatchObject({ ok: true, problems: [] })
    const rotations = report.keys.length - 1
    expect(rotations).toBeLessThanOrEqual(1)
    expect(report.keys.at(-1)).toBe(nameOf(again.verifierKey))
    expect((await readFile(join(copy, 'log.pub'), 'utf8')).trim()).toBe(again.verifierKey)
    expect((await readdir(copy)).filter((name) => name.includes('next'))).toEqual([])
    ends.add(rotations === 1)
  }
  // Some crashes came before the entry, some after it.
  expect(ends.size).toBe(2)
})

test('a rotation whose next key was lost is refused, and so is a start with the last key put back', async () => {
  const { directory } = await rotated(0)
  const before = await crashCopy(directory)
  const { disk, copies } = copyingDisk(directory)
  await (await openIn(directory, { rotateKey: true, disk })).close()
  // The entry is durable, the checkpoint is not yet signed by the next key.
  let refused = 0
  for (const copy of copies) {
    if (!(await readdir(copy)).includes('log.key.next')) continue
    await writeFile(join(copy, 'log.key.next'), '')
    await openIn(copy).then((log) => log.close(), (error: { code: string }) => {
      expect(error.code).toBe('audit_unavailable')
      refused++
    })
  }
  expect(refused).toBeGreaterThan(0)
  for (const file of ['log.key', 'log.pub']) await writeFile(join(directory, file), await readFile(join(before, file)), { mode: 0o600 })
  await expect(openIn(directory)).rejects.toMatchObject({ code: 'audit_unavailable', message: expect.stringContaining('not signed by the key') })
})

test('the last private key is nowhere in the folder afterwards', async () => {
  const { directory } = await rotated(0)
  const old = await readFile(join(directory, 'log.key'))
  await (await openIn(directory, { rotateKey: true })).close()
  for (const file of (await Copy.of(directory)).files.values()) expect(file.includes(old.subarray(30, 90))).toBe(false)
})

test('rotations that are not signed by both keys have a flaw, and so have those of other logs', () => {
  const [one, two, three] = [1, 2, 3].map(() => generateKeyPairSync('ed25519').privateKey)
  const right = signRotation(origin, one!, two!)
  expect(flawOfRotation(origin, right)).toBeUndefined()
  const other = signRotation(origin, three!, two!)
  const flaws: [unknown, RegExp][] = [
    [undefined, /names no keys/],
    [{ previous: right.previous, next: right.next }, /not signed by the previous key/],
    [{ ...right, previous: other.previous }, /not signed by the previous key/],
    [{ ...right, signatures: { ...right.signatures, previous: other.signatures.previous } }, /not signed by the previous key/],
    [{ ...right, signatures: { previous: right.signatures.previous, next: right.signatures.previous } }, /not signed by the next key/],
    [{ ...right, next: 'nonsense' }, /not signed by the previous key/],
    [signRotation('other.example', one!, two!), /a key of the log "other.example"/]
  ]
  for (const [claimed, says] of flaws) expect(flawOfRotation(origin, claimed)).toMatch(says)
})
