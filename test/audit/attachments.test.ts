// What is attached to entries: written with them, read back, torn with them, and checked by whoever verifies the log.
import { randomBytes } from 'node:crypto'
import { readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { verifyLog } from '../../shared/audit/verify.ts'
import type { AuditLog } from '../../server/audit/log.ts'
import { attachment, beat, filesIn, intent } from './sample.ts'
import { Copy, framesOf } from './copy.ts'
import { crashCopy, entriesOf, openIn, temporary, TestDisk } from './logs.ts'

const first = 'segments/0000000000000000'
const mebibyte = 1024 * 1024

async function attach(log: AuditLog, ...bytes: (Uint8Array | undefined)[]): Promise<readonly number[]> {
  return log.append(bytes.map(() => intent()), bytes.map((each) => each === undefined ? undefined : attachment(each)))
}

describe('attachments', () => {
  test('come back with their entries, whatever their size and place in the batch', async () => {
    const directory = await temporary()
    const log = await openIn(directory, { segmentBytes: mebibyte })
    // Small ones lie in the batch's buffer, large ones beside it.
    const sizes = [0, 1, 500, 65_535, 65_536, 70_000, 300_000, 1, 0, 200_000, 65_000, 3]
    const given = sizes.map((bytes) => bytes === 0 ? undefined : randomBytes(bytes))
    for (let i = 0; i < 4; i++) await attach(log, ...given.slice(i))
    const all = [0, 1, 2, 3].flatMap((i) => given.slice(i))
    const check = async (reading: AuditLog) => {
      for (const [index, bytes] of all.entries()) {
        const record = await reading.record(index)
        expect(Buffer.from(record.attachment).equals(bytes ?? Buffer.alloc(0))).toBe(true)
        const sealed = bytes === undefined ? {} : { sealed: attachment(bytes).facts }
        expect(JSON.parse(Buffer.from(record.entry).toString())).toMatchObject({ index, ...sealed })
      }
    }
    await check(log)
    expect((await entriesOf(log)).map(({ index }) => index)).toEqual(all.map((_, i) => i))
    await log.close()
    expect(await verifyLog(filesIn(directory), log.verifierKey)).toMatchObject({ ok: true, problems: [], entries: all.length })
    // Another start finds its marks by walking the segments.
    const again = await openIn(directory, { segmentBytes: mebibyte })
    await check(again)
    await expect(again.record(again.size)).rejects.toMatchObject({ code: 'not_found', message: `there is no entry ${again.size}: the log has ${again.size}` })
    await expect(again.record(-1)).rejects.toMatchObject({ code: 'not_found' })
  })

  test('are written and synced together with their entry', async () => {
    const { disk, calls } = new TestDisk()
    const log = await openIn(await temporary(), { disk })
    await log.append([beat()])
    const before = { ...calls }
    await attach(log, randomBytes(10), randomBytes(200_000), randomBytes(10))
    // The entries and small attachments before and behind the large one, and the large one from where it lies.
    expect(calls.write - before.write).toBe(3)
    expect(calls.fdatasync - before.fdatasync).toBe(1)
  })

  test('a disk that takes a few bytes at a time is written to the end', async () => {
    const disk = new TestDisk()
    disk.writes = 1000
    const directory = await temporary()
    const log = await openIn(directory, { disk: disk.disk })
    await attach(log, randomBytes(70_000), undefined, randomBytes(100))
    await log.close()
    expect(await verifyLog(filesIn(directory), log.verifierKey)).toMatchObject({ ok: true, problems: [], entries: 3 })
  })

  test('of entries that are refused together leave nothing behind', async () => {
    const directory = await temporary()
    const log = await openIn(directory)
    await attach(log, randomBytes(10))
    const release = log.append([beat()])
    await expect(log.append(
      [intent(), intent(), intent('x'.repeat(70_000))],
      [attachment(randomBytes(100)), attachment(randomBytes(100_000)), undefined]
    )).rejects.toMatchObject({ code: 'limit_exceeded' })
    const bytes = randomBytes(100_000)
    await Promise.all([release, attach(log, bytes)])
    expect(Buffer.from((await log.record(2)).attachment).equals(bytes)).toBe(true)
    await log.close()
    expect(await verifyLog(filesIn(directory), log.verifierKey)).toMatchObject({ ok: true, problems: [], entries: 3 })
  })

  test('are no leaves: the root is that of the entries alone', async () => {
    const directory = await temporary()
    const log = await openIn(directory)
    await attach(log, randomBytes(100), randomBytes(100))
    await log.close()
    const copy = await Copy.of(directory)
    const { rootHash } = await verifyLog(copy, log.verifierKey)
    copy.rewrite(copy.entries())
    expect(await verifyLog(copy, log.verifierKey)).toMatchObject({ ok: false, rootHash, problems: [{ entry: 0 }, { entry: 1 }] })
  })

  test('one of 64 MiB is written, read and verified', { timeout: 60_000 }, async () => {
    const directory = await temporary()
    const log = await openIn(directory)
    const bytes = randomBytes(64 * mebibyte)
    await attach(log, bytes, randomBytes(5))
    expect(Buffer.from((await log.record(0)).attachment).equals(bytes)).toBe(true)
    await attach(log, randomBytes(5))
    await log.close()
    expect((await Copy.of(directory)).segments).toHaveLength(2)
    expect(await verifyLog(filesIn(directory), log.verifierKey)).toMatchObject({ ok: true, problems: [], entries: 3 })
  })
})

describe('a torn tail with attachments', () => {
  test('cut anywhere in an attachment, its entry goes too', async () => {
    const directory = await temporary()
    const log = await openIn(directory)
    await attach(log, randomBytes(30))
    await attach(log, randomBytes(40), randomBytes(66_000))
    const crashed = await crashCopy(directory)
    const segment = await readFile(join(crashed, first))
    const frames = framesOf(segment)
    expect(frames.map((frame) => frame.attachment)).toEqual([false, true, false, true, false, true, true])
    const cutInto = (index: number, bytes: number) => frames[index]!.begin + bytes
    const cuts: [number, number][] = [
      [cutInto(3, 0), 1], [cutInto(3, 1), 1], [cutInto(3, 9), 1], [cutInto(3, 47), 1],
      [cutInto(4, 0), 2], [cutInto(4, 5), 2],
      [cutInto(5, 0), 2], [cutInto(5, 8), 2], [cutInto(5, 65_542), 2], [cutInto(6, 0), 2], [cutInto(6, 8), 2], [cutInto(6, 472), 2],
      [segment.length, 3]
    ]
    for (const [end, left] of cuts) {
      const copy = await crashCopy(crashed)
      await truncate(join(copy, first), end)
      const droppedBytes = end - (left === 3 ? segment.length : frames[[0, 2, 4][left]!]!.begin)
      // Before any start, the verifier sees the same.
      const before = await verifyLog(filesIn(copy), log.verifierKey)
      expect(before).toMatchObject({ ok: true, entries: left })
      expect(before.notes.some((note) => note.includes(`ends in ${droppedBytes} bytes of a write that was cut off`))).toBe(droppedBytes > 0)
      const again = await openIn(copy)
      const [recovery] = await entriesOf(again, { from: left })
      expect(recovery).toMatchObject({ kind: 'recovery', index: left, droppedBytes, unknownOutcomes: left })
      await attach(again, randomBytes(10))
      await again.close()
      expect(await verifyLog(filesIn(copy), log.verifierKey)).toMatchObject({ ok: true, problems: [] })
    }
  })

  test('an attachment that was damaged after a later batch was written is no torn write', async () => {
    const directory = await temporary()
    const log = await openIn(directory)
    await attach(log, randomBytes(300_000))
    await log.append([beat()])
    const crashed = await crashCopy(directory)
    const segment = await readFile(join(crashed, first))
    segment[framesOf(segment)[2]!.begin + 100]! ^= 1
    await writeFile(join(crashed, first), segment)
    await expect(openIn(crashed)).rejects.toMatchObject({ code: 'audit_unavailable', message: expect.stringMatching(/entry 0: in segments\/0{16} at byte 0/) })
    expect((await verifyLog(filesIn(crashed), log.verifierKey)).problems).toMatchObject([{ entry: 0, message: expect.stringContaining('length or checksum is wrong') }, {}])
  })
})

describe('attachments that are not what their entry says', () => {
  async function sample() {
    const directory = await temporary()
    const log = await openIn(directory)
    for (let i = 0; i < 6; i++) await attach(log, randomBytes(20 + i), i % 2 === 0 ? undefined : randomBytes(50))
    await log.close()
    const copy = await Copy.of(directory)
    return { copy, key: log.verifierKey, frames: framesOf(copy.files.get(first)!), segment: copy.files.get(first)! }
  }

  test('every byte flipped is noticed, and the entry it is attached to is named', { timeout: 60_000 }, async () => {
    const { copy, key, frames, segment } = await sample()
    let [entry, at] = [-1, 0]
    for (const frame of frames) {
      if (!frame.attachment) entry++
      for (; at < frame.end; at++) {
        segment[at]! ^= 1 << at % 8
        const { problems } = await verifyLog(copy, key)
        if (problems[0]?.entry !== entry) expect.fail(`byte ${at} of entry ${entry}: ${JSON.stringify(problems)}`)
        segment[at]! ^= 1 << at % 8
      }
    }
  })

  test('every cut is noticed', { timeout: 60_000 }, async () => {
    const { copy, key, segment } = await sample()
    for (let end = 0; end < segment.length; end++) {
      copy.files.set(first, segment.subarray(0, end))
      if ((await verifyLog(copy, key)).ok) expect.fail(`cut at ${end}`)
    }
  })

  test('torn at the end of a log that a kept checkpoint covers is damage', async () => {
    const directory = await temporary()
    const log = await openIn(directory)
    await attach(log, randomBytes(30))
    const crashed = await Copy.of(await crashCopy(directory))
    crashed.files.set(first, crashed.files.get(first)!.subarray(0, -1))
    expect(await verifyLog(crashed, log.verifierKey)).toMatchObject({ ok: true, entries: 0 })
    await log.close()
    const kept = (await Copy.of(directory)).files.get('checkpoint')!
    expect((await verifyLog(crashed, log.verifierKey, undefined, [kept])).problems).toContainEqual({ entry: 0, file: first, message: expect.stringContaining('is cut short') })
  })
})
