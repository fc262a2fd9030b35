// One test per way of lying about the past, and every byte of a log.
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { canonical } from '../../shared/audit/canonical.ts'
import { keyNameOf, openCheckpoint, parseVerifierKey } from '../../shared/audit/checkpoint.ts'
import type { AuditEntry, SealedFacts } from '../../shared/audit/entry.ts'
import { hashLeaf } from '../../shared/audit/merkle.ts'
import { verifyLog } from '../../shared/audit/verify.ts'
import { Findings } from '../../shared/audit/verify/findings.ts'
import { scanSegments } from '../../shared/audit/verify/segments.ts'
import { TreeCheck } from '../../shared/audit/verify/tree.ts'
import { attachment, beat, intent, outcome } from './sample.ts'
import { Copy, crashCopy, framed, framesOf, openIn, origin, temporary } from './logs.ts'

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

describe('a log that was changed', () => {
  const attacks: [string, (entries: Buffer[]) => Buffer[], RegExp][] = [
    ['an entry removed', (entries) => entries.toSpliced(7, 1), /entry 7 .*says it is entry 8/],
    ['two entries swapped', (entries) => entries.with(7, entries[8]!).with(8, entries[7]!), /entry 7 .*says it is entry 8/],
    ['an entry duplicated', (entries) => entries.toSpliced(7, 0, entries[7]!), /entry 8 .*says it is entry 7/],
    ['the last entries cut', (entries) => entries.slice(0, -3), /entry 27 .*ends after 27 entries, its signed checkpoint says 30/],
    ['an entry changed', (entries) => entries.with(7, changed(entries[7]!, (entry) => { entry.sessions = 99 })), /checkpoint: .*do not have the signed root/],
    ['an entry removed and the others numbered again', (entries) => [...renumbered(entries.toSpliced(7, 1)), entries.at(-1)!], /do not have the signed root/],
    ['two entries swapped and numbered again', (entries) => renumbered(entries.with(7, entries[8]!).with(8, entries[7]!)), /earlier monotonic time|signed root/],
    ['an entry of another log', (entries) => entries.with(7, changed(entries[7]!, (entry) => { entry.origin = 'other' })), /entry 7 .*of the log "other"/],
    ['an entry of another boot', (entries) => entries.with(7, changed(entries[7]!, (entry) => { entry.boot = 'x' })), /entry 8 .*had ended before/],
    ['an earlier monotonic time', (entries) => entries.with(7, changed(entries[7]!, (entry) => { entry.monotonic = '1' })), /entry 7 .*earlier monotonic/],
    ['a time that is none', (entries) => entries.with(7, changed(entries[7]!, (entry) => { entry.time = 'yesterday' })), /entry 7 .*no valid time/],
    ['a version of the future', (entries) => entries.with(7, changed(entries[7]!, (entry) => { entry.version = 2 })), /entry 7 .*version 2/],
    ['an outcome of a later entry', (entries) => entries.with(7, changed(entries[7]!, (entry) => { entry.kind = 'outcome'; entry.intent = 9 })), /entry 7 .*no earlier entry/],
    ['white space in an entry', (entries) => entries.with(7, Buffer.from(entries[7]!.toString().replace(',', ', '))), /entry 7 .*canonical/],
    ['no JSON in an entry', (entries) => entries.with(7, Buffer.from('{')), /entry 7 .*not valid JSON/],
    ['no object in an entry', (entries) => entries.with(7, Buffer.from('[]')), /entry 7 .*no JSON object/],
    ['no UTF-8 in an entry', (entries) => entries.with(7, Buffer.from([0x22, 0xff, 0x22])), /entry 7 .*UTF-8/]
  ]
  test.each(attacks)('%s, frames and checksums mended, is noticed', async (_, attack, expected) => {
    const { copy, key } = await logOf(30)
    copy.rewrite(attack(copy.entries()))
    const { ok, problems } = await verifyLog(copy, key)
    expect(ok).toBe(false)
    expect(problems.map(({ entry, file, message }) => `entry ${entry} ${file}: ${message}`).join('\n')).toMatch(expected)
  })

  function renumbered(entries: Buffer[]): Buffer[] {
    return entries.map((entry, index) => changed(entry, (value) => { value.index = index }))
  }

  test('entries changed together with their tiles do not have the signed root', async () => {
    const { copy, key } = await logOf(300)
    const entries = copy.entries()
    copy.rewrite(entries.with(7, changed(entries[7]!, (entry) => { entry.sessions = 99 })))
    const tile = copy.files.get('tile/0/000')!
    expect((await verifyLog(copy, key)).problems[0]).toMatchObject({ entry: 7, file: 'tile/0/000' })
    tile.set(hashLeaf(copy.entries()[7]!), 7 * 32)
    expect((await verifyLog(copy, key)).problems).toEqual([{ file: 'checkpoint', message: expect.stringContaining('signed root') }])
  })

  test('missing, shortened and foreign files are named', async () => {
    const { copy, key } = await logOf(300, { segmentBytes: 8 * 1024 })
    expect(copy.segments.length).toBeGreaterThan(3)
    const without = async (path: string, put?: Buffer) => {
      const kept = copy.files.get(path)
      if (put === undefined) copy.files.delete(path)
      else copy.files.set(path, put)
      const { problems } = await verifyLog(copy, key)
      if (kept === undefined) copy.files.delete(path)
      else copy.files.set(path, kept)
      return problems[0]
    }
    expect(await without('checkpoint')).toMatchObject({ file: 'checkpoint', message: expect.stringContaining('missing') })
    expect(await without('tile/0/000')).toEqual({ file: 'tile/0/000', message: 'is missing' })
    expect(await without('tile/0/000', Buffer.alloc(8191))).toMatchObject({ file: 'tile/0/000', message: expect.stringContaining('8191 bytes') })
    expect(await without('segments/notes.txt', Buffer.from('x'))).toMatchObject({ file: 'segments/notes.txt', message: 'is no segment of a log' })
    expect(await without(copy.segments[0]!)).toMatchObject({ entry: 0, file: copy.segments[1]!, message: expect.stringContaining('are missing') })
    expect(await without(copy.segments[1]!)).toMatchObject({ file: copy.segments[2]!, message: expect.stringContaining('are missing') })
    expect(await without(copy.segments.at(-1)!)).toMatchObject({ message: expect.stringContaining('its signed checkpoint says 300') })
    expect(await without('segments/0000000000000001', copy.files.get(copy.segments[0]!))).toMatchObject({ message: expect.stringContaining('already has') })
    expect((await verifyLog(copy, key)).problems).toEqual([])
  })

  test('a damaged segment that others follow is no unfinished write', async () => {
    const { copy, key } = await logOf(300, { segmentBytes: 8 * 1024 })
    const path = copy.segments[1]!
    copy.files.set(path, copy.files.get(path)!.subarray(0, -1))
    expect((await verifyLog(copy, key)).problems[0]).toMatchObject({ file: path, message: expect.stringContaining('cut short') })
  })

  test('a checkpoint of another key is refused, and so is one of another name', async () => {
    const { copy } = await logOf(3)
    const { copy: other, key: otherKey } = await logOf(3)
    expect((await verifyLog(copy, otherKey)).problems[0]).toMatchObject({ file: 'checkpoint', message: expect.stringContaining('not signed by the key') })
    copy.files.set('checkpoint', other.files.get('checkpoint')!)
    expect((await verifyLog(copy, otherKey)).ok).toBe(false)
    await expect(verifyLog(copy, 'nonsense')).rejects.toMatchObject({ code: 'bad_request' })
  })

  test('no more than a hundred problems are listed', async () => {
    const { copy, key } = await logOf(150)
    copy.rewrite(copy.entries().map((entry) => changed(entry, (value) => { value.index = -1 })))
    expect((await verifyLog(copy, key)).problems).toHaveLength(101)
  })
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
      expect.stringContaining('1 statements have no outcome')
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
