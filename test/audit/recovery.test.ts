import { execFileSync } from 'node:child_process'
import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { AuditEntry } from '../../shared/audit/entry.ts'
import { verifyLog } from '../../shared/audit/verify.ts'
import { beat, filesIn, intent, outcome } from './sample.ts'
import { Copy, framed, framesOf } from './copy.ts'
import { crashCopy, entriesOf, openIn, temporary } from './logs.ts'
import { secondVerifier } from './verdicts.ts'

const first = 'segments/0000000000000000'

/** A log that crashed: its checkpoint covers nothing, each array was one batch. */
async function crashed(...batches: Parameters<Awaited<ReturnType<typeof openIn>>['append']>[0][]): Promise<{ directory: string, key: string, segment: Buffer }> {
  const directory = await temporary()
  const log = await openIn(directory)
  for (const batch of batches) await log.append(batch)
  const copy = await crashCopy(directory)
  return { directory: copy, key: log.verifierKey, segment: await readFile(join(copy, first)) }
}

/** A log that was closed after `count` entries. */
async function closed(count: number, options = {}): Promise<{ directory: string, key: string }> {
  const directory = await temporary()
  const log = await openIn(directory, options)
  for (let left = count; left > 0; left -= 50) await log.append(Array.from({ length: Math.min(50, left) }, () => beat()))
  await log.close()
  return { directory, key: log.verifierKey }
}

async function tail(directory: string, from: number, options = {}): Promise<AuditEntry[]> {
  const log = await openIn(directory, options)
  const entries = await entriesOf(log, { from })
  await log.close()
  const report = await verifyLog(filesIn(directory), log.verifierKey)
  expect(report.problems).toEqual([])
  expect(report.checkpointSize).toBe(report.entries)
  return entries
}

describe('damage is named and refused', () => {
  const flip = async (directory: string, path: string, at: number) => {
    const bytes = await readFile(join(directory, path))
    bytes[at]! ^= 1
    await writeFile(join(directory, path), bytes)
  }

  test('an entry in the tail that a later batch follows', async () => {
    const { directory, segment } = await crashed([beat()], [beat()], [beat()])
    await flip(directory, first, framesOf(segment)[1]!.begin + 30)
    await expect(openIn(directory)).rejects.toMatchObject({ code: 'audit_unavailable', message: expect.stringMatching(/entry 1: in segments\/0{16} at byte/) })
    await expect(openIn(directory, { acceptLoss: true })).rejects.toMatchObject({ message: expect.stringContaining('entry 1') })
  })

  test.each([
    ['an entry put in another\'s place', (frames: Buffer[]) => [frames[1]!, frames[0]!]],
    ['an entry written twice', (frames: Buffer[]) => [frames[0]!, frames[0]!]],
    ['what is no JSON', () => [framed(Buffer.from('nonsense'))]]
  ])('%s', async (_, change) => {
    const { directory, segment } = await crashed([beat()], [beat()])
    await writeFile(join(directory, first), Buffer.concat(change(framesOf(segment).map(({ begin, end }) => segment.subarray(begin, end)))))
    await expect(openIn(directory)).rejects.toMatchObject({ message: expect.stringContaining('is not the entry that belongs there') })
  })

  test('an entry the checkpoint covers, changed with its checksum', async () => {
    const { directory } = await closed(300)
    const segment = await readFile(join(directory, first))
    const { begin, end, bytes } = framesOf(segment)[290]!
    framed(Buffer.from(Buffer.from(bytes).toString().replace('"sessions":0', '"sessions":1'))).copy(segment, begin, 0, end - begin)
    await writeFile(join(directory, first), segment)
    await expect(openIn(directory)).rejects.toMatchObject({ message: expect.stringContaining('the first 300 entries do not have the root it signed') })
  })

  test.each([
    ['a missing tile', async (directory: string) => rm(join(directory, 'tile/0/000')), /tile\/0\/000: cannot be read \(ENOENT\)/],
    ['a short tile', async (directory: string) => truncate(join(directory, 'tile/0/000'), 100), /tile\/0\/000: has 100 bytes/],
    ['a changed tile', async (directory: string) => flip(directory, 'tile/0/000', 77), /do not have the root it signed/],
    ['a changed checkpoint', async (directory: string) => flip(directory, 'checkpoint', 30), /checkpoint: has a wrong signature/],
    ['a missing checkpoint', async (directory: string) => rm(join(directory, 'checkpoint')), /checkpoint: is missing/],
    ['a missing key', async (directory: string) => rm(join(directory, 'log.key')), /log\.key: the private key is missing/],
    ['another key', async (directory: string) => {
      const other = await closed(1)
      await writeFile(join(directory, 'log.key'), await readFile(join(other.directory, 'log.key')))
    }, /log\.pub: is of another key/],
    ['a key that is none', async (directory: string) => writeFile(join(directory, 'log.key'), 'x'), /log\.key: is no Ed25519/],
    ['a missing segment', async (directory: string) => rm(join(directory, first)), /entry \d+.*is missing/]
  ])('%s', async (_, harm, message) => {
    const { directory } = await closed(300, { segmentBytes: 32_000 })
    await harm(directory)
    await expect(openIn(directory)).rejects.toMatchObject({ code: 'audit_unavailable', message: expect.stringMatching(message), hint: expect.any(String) })
  })
})

describe('a torn tail', () => {
  test('a last write that was cut anywhere is dropped, and the log says how much', async () => {
    const { directory, segment } = await crashed([beat(1)], [beat(2)])
    const last = framesOf(segment)[1]!
    const cuts = [1, 3, 4, 7, 8, 9, 50, last.end - last.begin - 1]
    for (const bytes of cuts) {
      const copy = await crashCopy(directory)
      await truncate(join(copy, first), last.begin + bytes)
      expect(await tail(copy, 0)).toMatchObject([{ sessions: 1 }, { kind: 'recovery', index: 1, droppedBytes: bytes, unknownOutcomes: 0 }])
    }
    expect(await tail(directory, 0)).toMatchObject([{ sessions: 1 }, { sessions: 2 }])
  })

  test('of a last batch that was written in part, whole entries at its front are kept', async () => {
    const { directory, segment } = await crashed([beat(1)], [beat(2), beat(3), beat(4)])
    const frames = framesOf(segment)
    // The page of the third entry was never written, that of the fourth was.
    segment.fill(0, frames[2]!.begin, frames[2]!.end)
    await writeFile(join(directory, first), segment)
    expect(await tail(directory, 0)).toMatchObject([{ sessions: 1 }, { sessions: 2 }, { kind: 'recovery', droppedBytes: frames[3]!.end - frames[2]!.begin }])
  })

  test('a segment that was made and never written to is used', async () => {
    const { directory } = await crashed([beat(1)])
    await writeFile(join(directory, 'segments/0000000000000001'), '')
    expect(await tail(directory, 0)).toMatchObject([{ sessions: 1 }])
    const log = await openIn(directory)
    expect(await log.append([beat(2)])).toEqual([1])
    expect((await Copy.of(directory)).files.get('segments/0000000000000001')!.length).toBeGreaterThan(0)
  })

  test('half-written side files are of no consequence', async () => {
    const { directory } = await crashed([beat(1)])
    for (const name of ['checkpoint.tmp', 'open.tmp']) await writeFile(join(directory, name), 'half')
    await rm(join(directory, 'log.pub'))
    expect(await tail(directory, 0)).toMatchObject([{ sessions: 1 }])
  })
})

describe('statements without outcome', () => {
  const unknown = (of: number) => ({ kind: 'outcome', intent: of, session: expect.any(String), connection: 7, outcome: { status: 'unknown' } })

  test('get one, after a crash, once', async () => {
    const { directory } = await crashed([intent('a', 7), intent('b', 7), intent('c', 7)], [outcome(1, 7)])
    expect(await tail(directory, 4)).toMatchObject([{ kind: 'recovery', droppedBytes: 0, unknownOutcomes: 2 }, unknown(0), unknown(2)])
    expect(await tail(directory, 7)).toEqual([])
  })

  test('are known though their entries lie far behind the checkpoint', async () => {
    const directory = await temporary()
    const log = await openIn(directory)
    await log.append([intent('a', 7), intent('b', 7)])
    for (let i = 0; i < 6; i++) await log.append(Array.from({ length: 500 }, () => beat()))
    await log.append([outcome(0, 7)])
    await log.close()
    for (const without of [false, true]) {
      const copy = await crashCopy(directory)
      // Without the list the whole log is read.
      if (without) await writeFile(join(copy, 'open'), '00000000\n{}')
      expect(await tail(copy, 3003)).toMatchObject([{ kind: 'recovery', unknownOutcomes: 1 }, unknown(1)])
    }
  })

  test('an intent and its outcome after the list was written cancel out', async () => {
    const directory = await temporary()
    let log = await openIn(directory)
    await log.append([intent('a', 7)])
    await log.close()
    log = await openIn(directory)
    await log.append([intent('b', 7), outcome(3, 7), intent('c', 7)])
    expect(await tail(await crashCopy(directory), 6)).toMatchObject([{ kind: 'recovery', unknownOutcomes: 1 }, unknown(5)])
  })
})

describe('a log that is shorter than its own checkpoint', () => {
  test.each([
    ['cut between entries', async (directory: string) => {
      const segment = await readFile(join(directory, first))
      await truncate(join(directory, first), framesOf(segment)[280]!.begin)
    }, 280],
    ['cut within an entry', async (directory: string) => {
      const segment = await readFile(join(directory, first))
      await truncate(join(directory, first), framesOf(segment)[100]!.begin + 9)
    }, 100],
    ['without any entry', async (directory: string) => rm(join(directory, first)), 0]
  ])('%s does not start; with the loss accepted it goes on and says so', async (_, harm, left) => {
    const { directory, key } = await closed(300)
    const lost = await readFile(join(directory, 'checkpoint'), 'utf8')
    await harm(directory)
    await expect(openIn(directory)).rejects.toMatchObject({
      code: 'audit_unavailable',
      message: expect.stringContaining(`ends after ${left} entries, its own checkpoint says 300`),
      hint: expect.stringContaining('--accept-loss')
    })
    expect(await tail(directory, left, { acceptLoss: true })).toMatchObject([{ kind: 'recovery', index: left, discontinuity: lost }])
    // From then on it starts as any other, and tells every reader.
    expect(await tail(directory, left + 1)).toEqual([])
    const report = await verifyLog(filesIn(directory), key)
    expect(report.notes).toContainEqual(expect.stringContaining(`entry ${left} declares a loss that an operator accepted: the log does not continue its checkpoint of 300 entries`))
    expect(execFileSync(process.execPath, [secondVerifier, directory, '--key', key], { encoding: 'utf8' })).toContain(`entry ${left} declares a loss that an operator accepted`)
    const kept = await verifyLog(filesIn(directory), key, undefined, [Buffer.from(lost)])
    expect(kept.ok).toBe(false)
  })

  test('a lost checkpoint can be accepted too', async () => {
    const { directory } = await closed(300)
    await rm(join(directory, 'checkpoint'))
    expect(await tail(directory, 300, { acceptLoss: true })).toMatchObject([{ kind: 'recovery', discontinuity: 'the checkpoint was missing' }])
  })

  test('accepting a loss where there is none changes nothing', async () => {
    const { directory } = await closed(300)
    expect(await tail(directory, 300, { acceptLoss: true })).toEqual([])
  })
})

describe('starting again', () => {
  test('goes on from any size, across tiles and segments', async () => {
    const directory = await temporary()
    let size = 0
    for (const count of [1, 254, 1, 1, 255, 256, 700, 3, 40]) {
      const log = await openIn(directory, { segmentBytes: 50_000 })
      expect(log.size).toBe(size)
      await log.append(Array.from({ length: count }, () => beat()))
      await log.close()
      size += count
      expect(await verifyLog(filesIn(directory), log.verifierKey)).toMatchObject({ ok: true, entries: size, checkpointSize: size })
    }
  })

  test('goes on from a crash at any size', async () => {
    let directory = await temporary()
    for (const count of [255, 1, 2, 300, 1200, 7]) {
      const log = await openIn(directory, { segmentBytes: 50_000 })
      await log.append(Array.from({ length: count }, () => beat()))
      directory = await crashCopy(directory)
    }
    expect(await tail(directory, 1764)).toMatchObject([{ index: 1764 }])
  })

  test('is a new boot each time', async () => {
    const { directory } = await closed(1)
    const log = await openIn(directory)
    await log.append([beat()])
    expect(new Set((await entriesOf(log)).map(({ boot }) => boot)).size).toBe(2)
  })
})
