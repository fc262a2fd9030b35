import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { EntryFacts } from '../../shared/audit/entry.ts'
import { openCheckpoint, parseVerifierKey } from '../../shared/audit/checkpoint.ts'
import { verifyLog } from '../../shared/audit/verify.ts'
import { nodeDisk } from '../../server/audit/disk.ts'
import { beat, filesIn, intent, outcome } from './sample.ts'
import { Copy, framesOf } from './copy.ts'
import { entriesOf, openIn, origin, temporary, TestDisk, turns } from './logs.ts'
import { SmallDisk } from '../support/small-disk.ts'
import { until } from '../support/until.ts'

const unavailable = expect.objectContaining({ code: 'audit_unavailable' })

describe('a disk that fails', () => {
  test.each([
    ['a full disk', 'write', 'ENOSPC', /ENOSPC \(no space left on device\) while writing entries/],
    ['a quota', 'write', 'EDQUOT', /EDQUOT .* while writing entries/],
    ['a failed sync', 'fdatasync', 'EIO', /EIO \(i\/o error\) while writing entries/],
    ['a new segment that cannot be made', 'open', 'EMFILE', /EMFILE .* while writing entries/],
    ['a folder that cannot be synced', 'fsync', 'EIO', /EIO .* while writing entries/]
  ] as const)('%s refuses what was waiting and all that follows, and says why', async (_, operation, code, message) => {
    const directory = await temporary()
    const disk = new TestDisk()
    const log = await openIn(directory, { disk: disk.disk, segmentBytes: 1 })
    await log.append([beat(1)])
    disk.fail(operation, code)
    const waiting = [log.append([beat(2)]), log.append([beat(3), beat(4)])]
    for (const each of waiting) await expect(each).rejects.toMatchObject({ code: 'audit_unavailable', message: expect.stringMatching(message), hint: expect.any(String) })
    expect(log.signal.aborted).toBe(true)
    expect(log.signal.reason).toEqual(unavailable)

    const calls = { ...disk.calls }
    await expect(log.append([beat(5)])).rejects.toBe(log.signal.reason)
    log.note(beat(6))
    await turns()
    expect(disk.calls).toEqual(calls)
    await log.close()

    const again = await openIn(directory)
    expect((await entriesOf(again))[0]).toMatchObject({ index: 0, sessions: 1 })
    await again.append([beat(7)])
    await again.close()
    expect((await verifyLog(filesIn(directory), again.verifierKey)).problems).toEqual([])
  })

  test.each([
    ['rename', 'EROFS', 'checkpoint'],
    ['open', 'ENOSPC', 'checkpoint.tmp'],
    ['open', 'EACCES', 'open.tmp'],
    ['open', 'ENOSPC', 'tile/0/000']
  ] as const)('a checkpoint that cannot be written (%s: %s of %s) refuses statements too', async (operation, code, path) => {
    const disk = new TestDisk()
    const log = await openIn(await temporary(), { disk: disk.disk })
    disk.fail(operation, code, path)
    await log.append(Array.from({ length: 1000 }, () => beat()))
    await until('the log to stop', () => log.signal.aborted)
    expect(log.signal.reason.message).toContain(`${code} (`)
    expect(log.signal.reason.message).toContain('while writing a checkpoint')
    await expect(log.append([beat()])).rejects.toBe(log.signal.reason)
  })

  test('a last checkpoint that cannot be written is told by close', async () => {
    const directory = await temporary()
    const disk = new TestDisk()
    const log = await openIn(directory, { disk: disk.disk })
    await log.append([beat()])
    disk.fail('rename', 'EIO')
    await expect(log.close()).rejects.toEqual(unavailable)
    await openIn(directory)
  })

  test('a disk that takes a few bytes at a time is written to the end', async () => {
    const directory = await temporary()
    const disk = new TestDisk()
    disk.writes = 100
    const log = await openIn(directory, { disk: disk.disk })
    await log.append([intent(), outcome(0)])
    await log.close()
    expect(await verifyLog(filesIn(directory), log.verifierKey)).toMatchObject({ ok: true, entries: 2 })
  })

  test('a real full disk refuses, and space makes a restart good again', async ({ skip }) => {
    const disk = SmallDisk.mount(1) ?? skip(SmallDisk.unfit)
    onTestFinished(() => disk.unmount())
    const directory = join(disk.folder, 'audit')
    const log = await openIn(directory)
    const acknowledged: number[] = []
    const fill = async () => {
      for (;;) acknowledged.push(...await log.append([intent('x'.repeat(10_000))]))
    }
    await expect(fill()).rejects.toThrow(/ENOSPC/)
    expect(log.signal.reason.hint).toContain('free space')
    await log.close()

    disk.resize(4)
    const again = await openIn(directory)
    const indexes = (await entriesOf(again)).filter(({ kind }) => kind === 'statement.intent').map(({ index }) => index)
    expect(indexes.slice(0, acknowledged.length)).toEqual(acknowledged)
    await again.append([intent()])
    await again.close()
    expect((await verifyLog(filesIn(directory), again.verifierKey)).problems).toEqual([])
  })
})

describe('entries that cannot be written', () => {
  test('one that is too large is refused with all it came with, and leaves no gap', async () => {
    const log = await openIn(await temporary())
    await expect(log.append([beat(1), intent('x'.repeat(70_000)), beat(2)])).rejects.toMatchObject({ code: 'limit_exceeded', message: expect.stringContaining('65535') })
    expect(await log.append([beat(3)])).toEqual([0])
    expect(await entriesOf(log)).toMatchObject([{ index: 0, sessions: 3 }])
  })

  test('the limit is in bytes, not characters', async () => {
    const log = await openIn(await temporary())
    await expect(log.append([intent('€'.repeat(22_000))])).rejects.toMatchObject({ code: 'limit_exceeded' })
    await log.append([intent('x'.repeat(60_000)), intent('€'.repeat(20_000))])
    expect(log.size).toBe(2)
  })

  test('one without canonical form is refused as the bug it is', async () => {
    const log = await openIn(await temporary())
    await expect(log.append([intent('\ud83d')])).rejects.toThrow(TypeError)
    await expect(log.append([{ kind: 'heartbeat', sessions: NaN }])).rejects.toThrow(TypeError)
    expect(await log.append([beat(1)])).toEqual([0])
  })

  test('one that nobody waits for leaves a trace without its content', async () => {
    const log = await openIn(await temporary())
    log.note(intent(`secret ${'x'.repeat(70_000)}`))
    log.note({ kind: 'admin', action: 'secret \ud83d' })
    await log.append([beat(1)])
    const entries = await entriesOf(log)
    expect(entries).toMatchObject([{ kind: 'admin', action: 'audit.entry-refused', detail: expect.stringContaining('statement.intent') }, { kind: 'admin', action: 'audit.entry-refused', detail: 'admin: it has no canonical form' }, { sessions: 1 }])
    expect(JSON.stringify(entries)).not.toContain('secret')
  })

  test('a writer cannot forge what the log itself says', async () => {
    const log = await openIn(await temporary())
    await log.append([{ ...beat(1), index: 99, origin: 'other', time: 'never', monotonic: '0', boot: 'x', version: 7 } as object as EntryFacts])
    expect(await entriesOf(log)).toMatchObject([{ index: 0, origin, version: 1, boot: expect.stringMatching(/^[a-z0-9]{26}$/) }])
  })

  test('after close nothing is taken', async () => {
    const log = await openIn(await temporary())
    await log.close()
    await log.close()
    await expect(log.append([beat()])).rejects.toMatchObject({ code: 'audit_unavailable', message: expect.stringContaining('closed') })
    log.note(beat())
    expect(log.size).toBe(0)
    expect(log.signal.aborted).toBe(false)
  })
})

describe('group commit', () => {
  test('an entry is acknowledged only after its sync returned', async () => {
    const disk = new TestDisk()
    const log = await openIn(await temporary(), { disk: disk.disk })
    const release = disk.hold()
    let acknowledged = false
    const append = log.append([beat(1)]).then(() => { acknowledged = true })
    await until('a fourth write', () => disk.calls.write > 3)
    await turns()
    expect({ acknowledged, size: log.size, entries: await entriesOf(log) }).toEqual({ acknowledged: false, size: 0, entries: [] })
    release()
    await append
    expect(log.size).toBe(1)
  })

  test('what comes while a sync runs shares the next one, in the order of calls', async () => {
    const disk = new TestDisk()
    const log = await openIn(await temporary(), { disk: disk.disk })
    await log.append([beat()])
    const release = disk.hold()
    const first = log.append([beat(100)])
    await turns()
    const syncs = disk.calls.fdatasync
    const rest = Array.from({ length: 200 }, (_, i) => log.append([beat(i), beat(i)]))
    log.note(beat(7))
    release()
    expect(await first).toEqual([1])
    expect(await Promise.all(rest)).toEqual(Array.from({ length: 200 }, (_, i) => [2 + 2 * i, 3 + 2 * i]))
    await turns()
    expect(disk.calls.fdatasync - syncs).toBe(2)
    expect(log.size).toBe(403)
    expect((await entriesOf(log, { from: 2, to: 402 })).map((entry) => entry.kind === 'heartbeat' && entry.sessions)).toEqual(
      Array.from({ length: 400 }, (_, i) => i >> 1)
    )
  })

  test('an append made the moment another resolves is not forgotten', async () => {
    const log = await openIn(await temporary())
    for (let round = 0; round < 200; round++) {
      await log.append([beat()]).then(() => log.append([beat()])).then(async () => {
        for (let i = 0; i < round % 7; i++) await undefined
        return log.append([beat()])
      })
    }
    expect(log.size).toBe(600)
  })

  test('the first frame of each batch is marked', async () => {
    const directory = await temporary()
    const log = await openIn(directory)
    await log.append([beat(), beat()])
    await log.append([beat(), beat(), beat()])
    const copy = await Copy.of(directory)
    expect(framesOf(copy.files.get(copy.segments[0]!)!).map(({ beginsBatch }) => beginsBatch)).toEqual([true, false, true, false, false])
  })

  test('nothing appended is nothing written', async () => {
    const log = await openIn(await temporary())
    expect(await log.append([])).toEqual([])
    expect(log.size).toBe(0)
  })
})

describe('time', () => {
  async function openAt(directory: string) {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    onTestFinished(() => { vi.useRealTimers() })
    let [wall, steady] = [Date.UTC(2026, 0, 2, 3, 4, 5, 678), 1000.25]
    const log = await openIn(directory, { now: () => wall, elapsed: () => steady, heartbeat: () => ({ sessions: 5 }) })
    return {
      log,
      pass(milliseconds: number, monotonic = milliseconds) { wall += milliseconds; steady += monotonic },
      async tick() {
        vi.advanceTimersByTime(1000)
        await turns(5)
      }
    }
  }

  test('an entry has both clocks', async () => {
    const { log } = await openAt(await temporary())
    await log.append([beat()])
    expect(await entriesOf(log)).toMatchObject([{ time: '2026-01-02T03:04:05.678Z', monotonic: '1000250000' }])
  })

  test('a heartbeat says each minute that the log is alive', async () => {
    const { log, pass, tick } = await openAt(await temporary())
    for (let second = 1; second <= 180; second++) {
      pass(1000)
      await tick()
    }
    await until('three entries', () => log.size === 3)
    expect(await entriesOf(log)).toMatchObject([{ kind: 'heartbeat', sessions: 5, time: '2026-01-02T03:05:05.678Z' }, { kind: 'heartbeat' }, { kind: 'heartbeat' }])
  })

  test.each([[3_600_000, 0, 3_600_000], [-7_200_000, 1_000, -7_201_000], [2_001, 0, 2_001]])('a clock that moves %d ms in %d ms leaves an entry before what follows', async (wall, steady, delta) => {
    const { log, pass } = await openAt(await temporary())
    await log.append([beat(1)])
    pass(wall, steady)
    expect(await log.append([beat(2)])).toEqual([2])
    expect(await log.append([beat(3)])).toEqual([3])
    expect(await entriesOf(log)).toMatchObject([{ sessions: 1 }, { kind: 'clock.jump', deltaMilliseconds: delta }, { sessions: 2 }, { sessions: 3 }])
  })

  test('a jump in silence is noticed by the next second, two seconds are none', async () => {
    const { log, pass, tick } = await openAt(await temporary())
    pass(2_000, 0)
    await tick()
    expect(log.size).toBe(0)
    pass(10_000, 0)
    await tick()
    await until('the first entry', () => log.size === 1)
    expect(await entriesOf(log)).toMatchObject([{ kind: 'clock.jump', deltaMilliseconds: 12_000 }])
  })

  test('a checkpoint is signed within ten seconds of an entry, and none while nothing happens', async () => {
    const directory = await temporary()
    const { log, pass, tick } = await openAt(directory)
    const size = async () => openCheckpoint(await readFile(join(directory, 'checkpoint')), parseVerifierKey(log.verifierKey)).size
    await log.append([beat()])
    pass(9_000)
    await tick()
    expect(await size()).toBe(0)
    pass(1_000)
    await tick()
    await until('the first entry', async () => await size() === 1)
    const { mtimeMs } = await stat(join(directory, 'checkpoint'))
    pass(20_000)
    await tick()
    await turns()
    expect((await stat(join(directory, 'checkpoint'))).mtimeMs).toBe(mtimeMs)
  })
})

describe('checkpoints', () => {
  test('one is signed at least every thousand entries, with the tiles it needs', async () => {
    const directory = await temporary()
    const log = await openIn(directory)
    for (let i = 0; i < 25; i++) await log.append(Array.from({ length: 100 }, () => beat()))
    const size = async () => openCheckpoint(await readFile(join(directory, 'checkpoint')), parseVerifierKey(log.verifierKey)).size
    await until('1,500 entries', async () => await size() > 1500)
    expect(await verifyLog(filesIn(directory), log.verifierKey)).toMatchObject({ ok: true, entries: 2500 })
    await log.close()
    expect(await size()).toBe(2500)
  })

  test('a log has one before its first entry', async () => {
    const directory = await temporary()
    const log = await openIn(directory)
    expect(openCheckpoint(await readFile(join(directory, 'checkpoint')), parseVerifierKey(log.verifierKey)).size).toBe(0)
  })
})

describe('reading', () => {
  test('any range of a log in many segments, of this start and of earlier ones', async () => {
    const directory = await temporary()
    for (let start = 0; start < 3; start++) {
      const log = await openIn(directory, { segmentBytes: 40_000 })
      for (let i = 0; i < 10; i++) await log.append(Array.from({ length: 100 }, () => beat(log.size)))
      await log.close()
    }
    const log = await openIn(directory, { segmentBytes: 40_000 })
    const all = Array.from({ length: 3000 }, (_, i) => i)
    for (const [from, to] of [[0, 3000], [0, 1], [2999, 3000], [255, 257], [256, 256], [700, 300], [1234, 1999], [2990, 9999], [-5, 2]]) {
      const expected = all.slice(Math.max(0, from!), to)
      expect((await entriesOf(log, { from, to })).map(({ index }) => index)).toEqual(expected)
    }
    expect(await entriesOf(log, { from: 5000 })).toEqual([])
    expect(await entriesOf(log)).toHaveLength(3000)
  })

  test('goes on while entries are written, and gives those of the moment it was asked', async () => {
    const log = await openIn(await temporary(), { segmentBytes: 20_000 })
    await log.append(Array.from({ length: 500 }, () => beat()))
    let seen = 0
    for await (const { index } of log.read({})) {
      expect(index).toBe(seen++)
      if (seen % 50 === 0) await log.append(Array.from({ length: 100 }, () => beat()))
    }
    expect({ seen, size: log.size }).toEqual({ seen: 500, size: 1500 })
    expect(await entriesOf(log)).toHaveLength(1500)
  })

  test('names an entry that was damaged meanwhile', async () => {
    const directory = await temporary()
    const log = await openIn(directory)
    await log.append([beat(), beat(), beat()])
    const copy = await Copy.of(directory)
    const segment = copy.files.get(copy.segments[0]!)!
    const fd = await nodeDisk.open(join(directory, copy.segments[0]!), 'r+')
    await nodeDisk.write(fd, Buffer.from('!'), framesOf(segment)[1]!.begin + 20)
    await nodeDisk.close(fd)
    await expect(entriesOf(log)).rejects.toMatchObject({ code: 'audit_unavailable', message: expect.stringContaining('entry 1') })
  })
})
