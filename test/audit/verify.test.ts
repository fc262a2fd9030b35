// Every byte of a log, and what a verification claims of a whole one. The ways of lying are vectors: vectors.test.ts.
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { canonical } from '../../shared/audit/canonical.ts'
import { keyNameOf, openCheckpoint, parseVerifierKey } from '../../shared/audit/checkpoint.ts'
import type { AuditEntry, SealedFacts } from '../../shared/audit/entry.ts'
import { verifyLog } from '../../shared/audit/verify.ts'
import { Findings } from '../../shared/audit/verify/findings.ts'
import { scanSegments } from '../../shared/audit/verify/segments.ts'
import { TreeCheck } from '../../shared/audit/verify/tree.ts'
import { attachment, beat, intent, outcome } from './sample.ts'
import { Copy, framed, framesOf } from './copy.ts'
import { crashCopy, openIn, origin, temporary } from './logs.ts'

/** A closed log of `count` small entries, and its verifier key. */
async function logOf(count: number, options = {}): Promise<{ copy: Copy, key: string }> {
  const directory = await temporary()
  const log = await openIn(directory, options)
  for (let left = count; left > 0; left -= 50) await log.append(Array.from({ length: Math.min(50, left) }, (_, i) => beat(i)))
  await log.close()
  return { copy: await Copy.of(directory), key: log.verifierKey }
}

function changed(entry: Buffer, change: (entry: Record<string, unknown>) => void): Buffer {
  const value = JSON.parse(entry.toString()) as Record<string, unknown>
  change(value)
  return Buffer.from(canonical(value))
}

describe('every byte of a 64 KiB log with attachments, a tile and a checkpoint', () => {
  async function sample() {
    const directory = await temporary()
    const log = await openIn(directory)
    // Of many lengths, the shortest and long ones, in batches of one to four; something is attached to some.
    for (let i = 0; log.size < 260; i++) {
      const first = i % 5 === 0 ? intent(`select ${'x'.repeat(i * 53 % 1500)}`) : beat(i)
      const facts = [first, ...Array.from({ length: i % 4 }, () => beat(i))]
      const bytes = i % 5 === 0 && i % 7 < 4 ? attachment(randomBytes(1 + i * 31 % 900)) : undefined
      await log.append(facts, [bytes])
    }
    await log.close()
    const copy = await Copy.of(directory)
    const [path] = copy.segments
    const segment = copy.files.get(path!)!
    const frames = framesOf(segment)
    expect(segment.length).toBeGreaterThan(64 * 1024)
    expect(segment.length).toBeLessThan(96 * 1024)
    expect(frames.filter(({ attachment }) => attachment).length).toBeGreaterThan(5)
    const sealed = copy.entries().map((entry) => (JSON.parse(entry.toString()) as { sealed?: SealedFacts }).sealed?.bytes ?? 0)
    return { copy, key: log.verifierKey, path: path!, segment, frames, entries: sealed.length, scan: () => scan(copy, sealed) }
  }

  /**
   * The part of a verification that meets each byte first: 65,536 whole verifications would take minutes.
   * @param sealed how many bytes are attached to each entry; what it says itself is only read in a whole verification
   */
  async function scan(copy: Copy, sealed: readonly number[]) {
    const findings = new Findings()
    let [count, attached] = [0, 0]
    await scanSegments(copy, Infinity, findings, {
      entry() {
        attached = 0
        return ++count
      },
      attachment: (bytes) => { attached += bytes.length },
      short: () => attached < sealed[count - 1]! ? attached : undefined,
      drop: () => --count,
      pause: async () => undefined
    })
    return { count, short: attached < (sealed[count - 1] ?? 0), problem: findings.problems[0] }
  }

  test('flipped is noticed, and the entry it is in, or attached to, is named', { timeout: 120_000 }, async () => {
    const { copy, key, segment, frames, entries, path, scan } = await sample()
    expect(await scan()).toEqual({ count: entries, short: false, problem: undefined })
    let [entry, at] = [-1, 0]
    for (const frame of frames) {
      if (!frame.attachment) entry++
      for (; at < frame.end; at++) {
        segment[at]! ^= 1 << at % 8
        const { problem } = await scan()
        if (problem?.entry !== entry || problem.file !== path) expect.fail(`byte ${at} of entry ${entry}: ${JSON.stringify(problem)}`)
        if (at === frame.begin) expect((await verifyLog(copy, key)).problems[0]).toEqual(problem)
        segment[at]! ^= 1 << at % 8
      }
    }
    expect(await verifyLog(copy, key)).toMatchObject({ ok: true, problems: [] })
  })

  test('as its end is noticed', { timeout: 120_000 }, async () => {
    const { copy, key, segment, frames, path, scan } = await sample()
    let entry = -1
    for (const frame of frames) {
      if (!frame.attachment) entry++
      for (let end = frame.begin; end < frame.end; end++) {
        copy.files.set(path, segment.subarray(0, end))
        const { short, problem } = await scan()
        if (end > frame.begin) {
          if (problem?.entry !== entry || problem.file !== path) expect.fail(`cut at ${end} in entry ${entry}: ${JSON.stringify(problem)}`)
          continue
        }
        // No frame is damaged here: that there was more, only the entry it is attached to and the signed checkpoint know.
        expect(short).toBe(frame.attachment)
        const { problems } = await verifyLog(copy, key)
        const message = expect.stringContaining('its signed checkpoint says') as string
        expect(problems.at(-1)).toMatchObject({ entry: frame.attachment ? entry + 1 : entry, message })
        if (frame.attachment) expect(problems[0]).toMatchObject({ entry, message: expect.stringContaining('bytes attached instead of') as string })
      }
    }
  })

  test('of its checkpoint flipped, or cut off, is noticed', async () => {
    const { copy, key } = await sample()
    const note = copy.files.get('checkpoint')!
    for (let at = 0; at < note.length; at++) {
      note[at]! ^= 1 << at % 8
      const flipped = await verifyLog(copy, key)
      note[at]! ^= 1 << at % 8
      copy.files.set('checkpoint', note.subarray(0, at))
      const cut = await verifyLog(copy, key)
      copy.files.set('checkpoint', note)
      if (flipped.ok || cut.ok) expect.fail(`byte ${at}`)
    }
    expect((await verifyLog(copy, key)).ok).toBe(true)
  })

  test('of its tile flipped is noticed, and the entry whose hash it is; and so is each end it may have', { timeout: 120_000 }, async () => {
    const { copy, key } = await sample()
    const leaves = copy.entries().slice(0, 256)
    const tile = copy.files.get('tile/0/000')!
    const problem = async () => {
      const findings = new Findings()
      const tree = new TreeCheck(copy, 256, findings)
      for (const leaf of leaves) tree.append(leaf)
      await tree.compare()
      return findings.problems[0]
    }
    expect(await problem()).toBeUndefined()
    for (let at = 0; at < tile.length; at++) {
      tile[at]! ^= 1 << at % 8
      const flipped = await problem()
      tile[at]! ^= 1 << at % 8
      if (flipped?.entry !== at >> 5 || flipped.file !== 'tile/0/000') expect.fail(`byte ${at}: ${JSON.stringify(flipped)}`)
    }
    for (let end = 0; end < tile.length; end++) {
      copy.files.set('tile/0/000', tile.subarray(0, end))
      const cut = await problem()
      if (cut?.message !== `has ${end} bytes instead of 8192`) expect.fail(`cut at ${end}: ${JSON.stringify(cut)}`)
    }
    expect((await verifyLog(copy, key)).problems).toEqual([{ file: 'tile/0/000', message: 'has 8191 bytes instead of 8192' }])
  })
})

test('no more than a hundred problems are listed', async () => {
  const { copy, key } = await logOf(150)
  copy.rewrite(copy.entries().map((entry) => changed(entry, (value) => { value.index = -1 })))
  expect((await verifyLog(copy, key)).problems).toHaveLength(101)
})

describe('what is claimed of a whole log', () => {
  test('an intact log says what it holds, however its bytes arrive', async () => {
    const { copy, key } = await logOf(600, { segmentBytes: 32 * 1024 })
    const entries = copy.entries().map((entry) => JSON.parse(entry.toString()) as AuditEntry)
    for (const chunk of [Infinity, 65_536, 1000, 7]) {
      copy.chunk = chunk
      const told: number[] = []
      const { rootHash } = openCheckpoint(copy.files.get('checkpoint')!, parseVerifierKey(key))
      expect(await verifyLog(copy, key, (count) => told.push(count))).toEqual({
        ok: true,
        origin,
        entries: 600,
        checkpointSize: 600,
        rootHash: Buffer.from(rootHash).toString('base64'),
        firstTime: entries[0]!.time,
        lastTime: entries.at(-1)!.time,
        keys: [keyNameOf(parseVerifierKey(key))],
        anchors: [],
        notAnchoredAfter: 0,
        problems: [],
        notes: [expect.stringContaining('not anchored')]
      })
    }
  })

  test('without a checkpoint kept elsewhere it is not taken for anchored; with one, up to there', async () => {
    const directory = await temporary()
    let log = await openIn(directory)
    await log.append([beat(1), beat(2)])
    await log.close()
    const kept = (await Copy.of(directory)).files.get('checkpoint')!
    log = await openIn(directory)
    await log.append([beat(3)])
    await log.close()
    const copy = await Copy.of(directory)
    expect(await verifyLog(copy, log.verifierKey)).toMatchObject({ ok: true, notAnchoredAfter: 0 })
    const anchored = await verifyLog(copy, log.verifierKey, undefined, [kept])
    expect(anchored).toMatchObject({ ok: true, notAnchoredAfter: 2 })
    expect(anchored.notes).toEqual([expect.stringContaining('not anchored after entry 1')])

    // Whoever has the private key rewrites history: only the kept checkpoint tells.
    const entries = copy.entries()
    copy.rewrite(entries.with(0, changed(entries[0]!, (entry) => { entry.sessions = 99 })))
    copy.signAgain()
    expect(await verifyLog(copy, log.verifierKey)).toMatchObject({ ok: true, notAnchoredAfter: 0 })
    expect((await verifyLog(copy, log.verifierKey, undefined, [kept])).problems).toEqual([{ message: expect.stringContaining('rewritten and signed again') }])
    copy.rewrite(entries.slice(0, 1))
    copy.signAgain()
    expect((await verifyLog(copy, log.verifierKey, undefined, [kept])).problems).toMatchObject([{ entry: 1, message: expect.stringContaining('kept elsewhere says 2') }])
    await expect(verifyLog(copy, log.verifierKey, undefined, [Buffer.from('forged')])).rejects.toMatchObject({ code: 'bad_request' })
  })

  test('entries after the checkpoint are told apart, and a write that was cut off there is no damage', async () => {
    const directory = await temporary()
    const log = await openIn(directory)
    await log.append([intent(), intent()])
    await log.append([outcome(0)])
    const copy = await Copy.of(await crashCopy(directory))
    const [path] = copy.segments
    const segment = copy.files.get(path!)!
    const last = framesOf(segment).at(-1)!
    const [first] = copy.entries()
    const whole = await verifyLog(copy, log.verifierKey)
    expect(whole).toMatchObject({ ok: true, entries: 3, checkpointSize: 0 })
    expect(whole.notes).toEqual([
      expect.stringContaining('the last 3 entries are newer than the signed checkpoint'),
      expect.stringContaining('not anchored'),
      expect.stringContaining('1 statement has no outcome')
    ])
    for (let end = last.begin + 1; end < last.end; end++) {
      copy.files.set(path!, segment.subarray(0, end))
      const { ok, entries, notes } = await verifyLog(copy, log.verifierKey)
      expect({ ok, entries, note: notes[0] }).toEqual({ ok: true, entries: 2, note: expect.stringContaining(`${end - last.begin} bytes of a write that was cut off`) })
    }
    // A durable batch stands behind the damage: no crash did that.
    const damaged = Buffer.from(segment)
    damaged[20]! ^= 1
    copy.files.set(path!, damaged)
    expect((await verifyLog(copy, log.verifierKey)).problems).toMatchObject([{ entry: 0 }])
    // Within one batch a crash may leave any part unwritten.
    copy.files.set(path!, Buffer.concat([framed(first!), Buffer.alloc(500), framed(Buffer.from('{}'), false)]))
    expect((await verifyLog(copy, log.verifierKey)).notes[0]).toContain('cut off')
  })

  test('an empty log is whole and anchors nothing', async () => {
    const { copy, key } = await logOf(0)
    const report = await verifyLog(copy, key)
    expect(report).toMatchObject({ ok: true, entries: 0, checkpointSize: 0, rootHash: '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' })
    expect(report).not.toHaveProperty('notAnchoredAfter')
  })
})
