// Following the log: in order, at least once, nothing twice without need, nothing lost; whatever the sink, the disk or the cursor does.
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { backoff } from '../../../server/audit/export/backoff.ts'
import { holdingStatements } from '../../../server/audit/export/exports.ts'
import type { AuditEntry } from '../../../shared/audit/entry.ts'
import { until } from '../../support/until.ts'
import { entriesOf, TestDisk } from '../logs.ts'
import { intent } from '../sample.ts'
import { indexesOf, later, refusal, ScriptedSink, World } from './world.ts'

const upTo = (size: number) => Array.from({ length: size }, (_, i) => i)
const caughtUp = (world: World, ...sinks: ScriptedSink[]) =>
  until('the sinks to have everything', () => sinks.every((sink) => sink.indexes.at(-1) === world.audit.size - 1))
const deadLetters = async (world: World) => (await entriesOf(world.audit)).filter((entry): entry is Extract<AuditEntry, { kind: 'export.dead-letter' }> => entry.kind === 'export.dead-letter')
const cursorOf = async (world: World, name = 'siem') => JSON.parse(await readFile(join(world.directory, 'export', `${name}.json`), 'utf8')) as Record<string, unknown>
const deadFile = async (world: World, name = 'siem') =>
  (await readFile(join(world.directory, 'export', `${name}.dead`), 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)

describe('a cursor that cannot be used', () => {
  async function stoppedBy(change: (file: string, world: World) => Promise<unknown>) {
    const world = await World.start()
    const sink = new ScriptedSink()
    await world.append(5)
    const exports = await world.open({ siem: sink })
    await caughtUp(world, sink)
    await exports.close()
    const file = join(world.directory, 'export', 'siem.json')
    await change(file, world)
    const [again, other] = [new ScriptedSink(), new ScriptedSink()]
    const second = await world.open({ siem: again, other })
    await caughtUp(world, other)
    return { world, again, status: second.status()[0]!, file }
  }

  test.each<[string, (file: string) => Promise<unknown>, RegExp]>([
    ['is empty', (file) => writeFile(file, ''), /is damaged/],
    ['is cut', async (file) => writeFile(file, (await readFile(file, 'utf8')).slice(0, 40)), /is damaged/],
    ['is another kind of JSON', (file) => writeFile(file, '[7]'), /is damaged/],
    ['is null', (file) => writeFile(file, 'null'), /is damaged/],
    ['stands before the first entry', (file) => change(file, { next: -1 }), /is damaged/],
    ['stands between two entries', (file) => change(file, { next: 1.5 }), /is damaged/],
    ['does not say what it saw last', (file) => change(file, { last: undefined }), /is damaged/],
    ['is of another log', (file) => change(file, { origin: 'somebody.else/log' }), /of the log "somebody\.else\/log"/],
    ['stands beyond the log', (file) => change(file, { next: 1_000_000 }), /1000000, and the log has only/],
    ['saw another entry there', (file) => change(file, { last: '0'.repeat(64) }), /of another log, or entry \d+ was changed/]
  ])('that %s stops this sink alone, says which file, and what to do', async (_, change, message) => {
    const { world, again, status, file } = await stoppedBy(change)
    expect(status).toMatchObject({ state: 'stopped', lastError: { reason: expect.stringMatching(message) as string } })
    expect(status.lastError!.reason).toContain(file)
    expect(again.calls).toEqual([])
    expect(world.told).toContainEqual(expect.objectContaining({ level: 'error', facts: expect.objectContaining({ sink: 'siem', hint: expect.stringMatching(/remove it/) as string }) as object }))
    expect(await entriesOf(world.audit)).toContainEqual(expect.objectContaining({ kind: 'admin', action: 'export.stopped', detail: 'siem' }))
  })

  test('that is removed makes the sink begin as a new one', async () => {
    const { again, status } = await stoppedBy((file) => rm(file))
    expect(status.state).toBe('running')
    expect(again.indexes[0]).toBe(0)
  })

  async function change(file: string, by: object): Promise<void> {
    await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')) as object, ...by }))
  }
})

describe('files', () => {
  test('a file that does not belong in the folder stops the start', async () => {
    const world = await World.start()
    await mkdir(join(world.directory, 'export'), { mode: 0o700 })
    await writeFile(join(world.directory, 'export', 'notes.txt'), '')
    await expect(world.open({})).rejects.toMatchObject({ code: 'config_invalid', message: expect.stringMatching(/notes\.txt does not belong/) as string })
  })

  test('belong to the gateway\'s user alone, and the log\'s own directory check lets them be', async () => {
    const world = await World.start()
    const sink = new ScriptedSink()
    sink.answer = (batch) => indexesOf(batch).includes(1) ? refusal : { result: 'delivered' }
    const exports = await world.open({ siem: sink })
    await world.append(3)
    await caughtUp(world, sink)
    await exports.close()
    await world.audit.close()
    for (const name of await readdir(join(world.directory, 'export'))) {
      expect((await stat(join(world.directory, 'export', name))).mode & 0o777, name).toBe(0o600)
    }
    expect((await stat(join(world.directory, 'export'))).mode & 0o777).toBe(0o700)
    await world.openLog()
  })

  test('without any sink nothing is made', async () => {
    const world = await World.start()
    const exports = await world.open({})
    expect(exports.status()).toEqual([])
    expect(exports.blocking()).toBeUndefined()
    await expect(stat(join(world.directory, 'export'))).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('the line', () => {
  test('brings each entry once and in order, in batches within the sink\'s bounds, and the cursor says so', async () => {
    const world = await World.start()
    const sink = new ScriptedSink()
    await world.append(47)
    await world.open({ siem: sink })
    await caughtUp(world, sink)
    await world.append(30)
    await caughtUp(world, sink)
    expect(sink.indexes).toEqual(upTo(world.audit.size))
    expect(Math.max(...sink.calls)).toBeLessThanOrEqual(sink.maxRecords + 1)
    await until('the cursor', async () => (await cursorOf(world)).next === world.audit.size)
  })

  test('cuts batches by bytes, and sends one record that is larger all the same', async () => {
    const world = await World.start()
    const sink = new ScriptedSink()
    sink.maxBytes = 1_000
    await world.append(6)
    await world.audit.append([{ kind: 'admin', action: 'x', detail: 'y'.repeat(16_000) }])
    await world.append(6)
    await world.open({ siem: sink })
    await caughtUp(world, sink)
    expect(sink.indexes).toEqual(upTo(world.audit.size))
    expect(Math.max(...sink.calls)).toBeLessThan(6)
  })

  test('goes on after a restart where it was, and sends nothing again that the cursor has', async () => {
    const world = await World.start()
    const sink = new ScriptedSink()
    await world.append(12)
    const exports = await world.open({ siem: sink })
    await caughtUp(world, sink)
    await exports.close()
    await world.audit.close()
    await world.openLog()
    await world.append(8)
    const next = new ScriptedSink()
    await world.open({ siem: next })
    await caughtUp(world, next)
    expect([...sink.indexes, ...next.indexes]).toEqual(upTo(world.audit.size))
  })

  test('begins at the end of the log for a new sink, or with the first entry where that is asked for', async () => {
    const world = await World.start()
    await world.append(9)
    const before = world.audit.size
    const late = new ScriptedSink()
    await world.open({ late }, { from: 'end' })
    await world.append(2)
    await caughtUp(world, late)
    expect(late.indexes[0]).toBe(before)
    expect(await entriesOf(world.audit)).toContainEqual(expect.objectContaining({ action: 'export.begin', detail: `late from entry ${before}` }))
  })

  test('tells of a sink that was renamed, which begins anew; back under its old name it goes on', async () => {
    const world = await World.start()
    const [first, renamed, back] = [new ScriptedSink(), new ScriptedSink(), new ScriptedSink()]
    await (await world.open({ siem: first })).close()
    await world.append(3)
    await (await world.open({ 'new-siem': renamed }, { from: 'end' })).close()
    expect(world.told).toContainEqual(expect.objectContaining({ level: 'warn', facts: { sink: 'siem' } }))
    await world.open({ siem: back }, { from: 'end' })
    await caughtUp(world, back)
    expect([...first.indexes, ...back.indexes]).toEqual(upTo(world.audit.size))
  })

  test('brings checkpoints too, each once', async () => {
    const world = await World.start()
    const sink = new ScriptedSink()
    sink.maxRecords = 500
    await world.open({ siem: sink })
    for (let i = 0; i < 5; i++) await world.append(700)
    await caughtUp(world, sink)
    await until('a checkpoint', () => sink.checkpoints.length >= 2)
    expect(new Set(sink.checkpoints).size).toBe(sink.checkpoints.length)
    expect(sink.checkpoints).toEqual([...sink.checkpoints].sort((a, b) => a - b))
  })

  test('does not turn round while there is nothing to send', async () => {
    const world = await World.start()
    const sink = new ScriptedSink()
    await world.open({ siem: sink })
    await caughtUp(world, sink)
    const [calls, pauses] = [sink.calls.length, world.pauses.length]
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect([sink.calls.length, world.pauses.length]).toEqual([calls, pauses])
  })

  test('keeps one sink\'s trouble from the others', async () => {
    const world = await World.start()
    const [dead, hanging, well] = [new ScriptedSink(), new ScriptedSink(), new ScriptedSink()]
    dead.answer = () => later
    hanging.answer = () => 'hang'
    await world.append(25)
    const exports = await world.open({ dead, hanging, well })
    await caughtUp(world, well)
    expect(exports.status().map(({ state, next }) => [state, next])).toEqual([['failing', 0], ['running', 0], ['running', world.audit.size]])
  })
})

describe('a sink in trouble', () => {
  test.each<[string, () => ReturnType<ScriptedSink['answer']>, RegExp]>([
    ['fails', () => later, /HTTP 500/],
    ['throws an error of the system', () => Object.assign(new Error('connect 10.0.0.1'), { code: 'ECONNREFUSED' }), /^ECONNREFUSED$/],
    ['throws something unknown', () => new Error('secret-token is wrong'), /^an error of the gateway's own$/]
  ])('that %s is tried again with growing pauses until it works; the line then goes on whole', async (_, answer, reason) => {
    const world = await World.start()
    const sink = new ScriptedSink()
    sink.answer = answer
    await world.append(5)
    const exports = await world.open({ siem: sink })
    await until('some tries', () => sink.calls.length >= 5)
    expect(exports.status()[0]).toMatchObject({ state: 'failing', deadLetters: 0, lastError: { reason: expect.stringMatching(reason) as string } })
    sink.answer = () => ({ result: 'delivered' })
    await caughtUp(world, sink)
    expect(sink.indexes).toEqual(upTo(world.audit.size))
    expect(exports.status()[0]!.state).toBe('running')
    expect(world.pauses.filter((pause) => pause !== 200).slice(0, 4)).toEqual([375, 750, 1500, 3000])
    // The operator is told when it begins and when it is over, not at each try.
    expect(world.told.map(({ level }) => level)).toEqual(['warn', 'info'])
  })

  test('backoff doubles up to a minute, is half chance, and grants what the receiver asks for, within bounds', () => {
    expect([1, 2, 3, 4, 20].map((failures) => backoff(failures, 1))).toEqual([500, 1000, 2000, 4000, 60_000])
    expect(backoff(1, 0)).toBe(250)
    expect(backoff(1, 0, 7_000)).toBe(7_000)
    expect(backoff(1, 0, 1e9)).toBe(300_000)
    expect(backoff(5_000, 0)).toBe(30_000)
  })
})

describe('a record that is refused', () => {
  test('is found by halving, written down with its reason, told of in the log, and the line goes on in order', async () => {
    const world = await World.start()
    const sink = new ScriptedSink()
    sink.answer = (batch) => indexesOf(batch).includes(6) ? refusal : { result: 'delivered' }
    await world.append(20)
    const exports = await world.open({ siem: sink })
    await until('the dead letter to have passed as well', async () => {
      const [letter] = await deadLetters(world)
      return letter !== undefined && sink.indexes.includes(letter.index)
    })
    expect(sink.indexes).toEqual(upTo(world.audit.size).filter((index) => index !== 6))
    expect(await deadLetters(world)).toMatchObject([{ sink: 'siem', entry: 6, count: 1, reason: 'it answered HTTP 400' }])
    expect(await deadFile(world)).toMatchObject([{ entry: 6, kind: 'heartbeat', reason: 'it answered HTTP 400', sent: expect.stringContaining('"index":6') as string }])
    expect(exports.status()[0]).toMatchObject({ state: 'running', deadLetters: 1 })
    // Halving, not one by one.
    expect(sink.calls.length).toBeLessThan(12)
  })

  test('many of a batch make one entry in the log', async () => {
    const world = await World.start()
    const sink = new ScriptedSink()
    sink.answer = (batch) => indexesOf(batch).some((index) => index % 2 === 1 && index < 10) ? refusal : { result: 'delivered' }
    await world.append(10)
    await world.open({ siem: sink })
    await caughtUp(world, sink)
    await until('the entry', async () => (await deadLetters(world)).length > 0)
    expect(await deadLetters(world)).toMatchObject([{ entry: 1, count: 5 }])
    expect((await deadFile(world)).map(({ entry }) => entry)).toEqual([1, 3, 5, 7, 9])
  })

  test('by sinks that refuse everything: neither their own dead letters nor one another\'s go round for ever', async () => {
    const world = await World.start()
    const [one, two] = [new ScriptedSink(), new ScriptedSink()]
    one.answer = two.answer = () => refusal
    await world.append(5)
    const exports = await world.open({ one, two })
    await until('both to have refused everything', () => exports.status().every(({ lagEntries }) => lagEntries === 0) && world.audit.size > 5)
    const settled = world.audit.size
    await until('some more turns', async () => (await deadFile(world, 'one')).length >= settled && (await deadFile(world, 'two')).length >= settled)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(world.audit.size).toBeLessThan(12)
    expect(exports.status().every(({ deadLetters }) => deadLetters >= settled)).toBe(true)
  })

  test('by a sink that has no form for it counts as refused, wherever in a batch it stands', async () => {
    const world = await World.start()
    const sink = new ScriptedSink()
    sink.encode = (record) => {
      if (record.kind === 'entry' && [0, 4].includes(record.entry.index)) throw new TypeError('no such form')
      return JSON.stringify(record)
    }
    await world.append(8)
    await world.open({ siem: sink })
    await caughtUp(world, sink)
    expect(sink.indexes).toEqual(upTo(world.audit.size).filter((index) => index !== 0 && index !== 4))
    expect((await deadFile(world)).map(({ entry }) => entry)).toEqual([0, 4])
  })

  test('without saying which: the batch is not sent again, and how many were lost is written down', async () => {
    const world = await World.start()
    const sink = new ScriptedSink()
    let first = true
    sink.answer = () => {
      const rejected = first ? { rejected: { count: 3, reason: 'it rejected 3 log records' } } : {}
      first = false
      return { result: 'delivered', ...rejected }
    }
    await world.append(8)
    const exports = await world.open({ siem: sink })
    await caughtUp(world, sink)
    await until('the entry', async () => (await deadLetters(world)).length > 0)
    expect(await deadLetters(world)).toMatchObject([{ entry: 0, count: 3 }])
    expect(await deadFile(world)).toMatchObject([{ entry: 0, count: 3 }])
    expect(exports.status()[0]!.deadLetters).toBe(3)
  })
})

describe('disks that fail', () => {
  test.each(['write', 'fsync', 'rename'] as const)('a %s of the cursor that fails is tried again, and nothing is skipped', async (operation) => {
    const world = await World.start()
    const sink = new ScriptedSink()
    const { disk, fault } = failingOnce(operation, 'siem.json')
    await world.append(5)
    const exports = await world.open({ siem: sink }, { disk })
    fault()
    await world.append(5)
    await caughtUp(world, sink)
    await until('the cursor', async () => (await cursorOf(world)).next === world.audit.size)
    expect(sink.indexes).toEqual(upTo(world.audit.size))
    expect(exports.status()[0]!.lastError!.reason).toMatch(/ENOSPC/)
  })

  test('a dead letter that cannot be written holds the cursor back until it can', async () => {
    const world = await World.start()
    const sink = new ScriptedSink()
    sink.answer = (batch) => indexesOf(batch).includes(2) ? refusal : { result: 'delivered' }
    const { disk, fault } = failingOnce('open', 'siem.dead')
    fault()
    await world.append(5)
    await world.open({ siem: sink }, { disk })
    await until('the dead letter', async () => (await deadLetters(world)).length > 0)
    expect(await deadFile(world)).toMatchObject([{ entry: 2 }])
  })

  test('a cursor that cannot be begun stops the sink, and not the gateway', async () => {
    const world = await World.start()
    const { disk, fault } = failingOnce('open', 'siem.json')
    fault()
    const exports = await world.open({ siem: new ScriptedSink() }, { disk })
    expect(exports.status()).toMatchObject([{ state: 'stopped', lastError: { reason: expect.stringMatching(/ENOSPC/) as string } }])
  })

  function failingOnce(operation: 'write' | 'fsync' | 'rename' | 'open', path: string) {
    const tests = new TestDisk()
    return { disk: tests.disk, fault: () => tests.fail(operation, 'ENOSPC', operation === 'open' || operation === 'rename' ? path : undefined) }
  }
})

describe('a strict sink', () => {
  const bound = { entries: 20, seconds: 60 }

  test('refuses statements once it lags, by entries, names itself, and takes them again when it has caught up', async () => {
    const world = await World.start()
    const sink = new ScriptedSink()
    sink.answer = () => later
    const exports = await world.open({ siem: sink }, { strict: bound })
    const audit = holdingStatements(world.audit, exports)
    await audit.append([intent()])
    await world.append(40)
    await expect(audit.append([intent()])).rejects.toMatchObject({ code: 'audit_unavailable', message: expect.stringMatching(/"siem" lags by \d+ entries/) as string })
    expect(exports.blocking()).toMatch(/"siem"/)
    expect(exports.status()[0]).toMatchObject({ strict: true, blocking: true })
    // Everything else is written down as ever.
    await audit.append([{ kind: 'heartbeat', sessions: 1 }])
    sink.answer = () => ({ result: 'delivered' })
    await caughtUp(world, sink)
    await audit.append([intent()])
    expect(exports.blocking()).toBeUndefined()
  })

  test('refuses by time too: how old the oldest entry is that was not received', async () => {
    const world = await World.start()
    const sink = new ScriptedSink()
    const exports = await world.open({ siem: sink }, { strict: bound })
    await caughtUp(world, sink)
    // Long idle is no lag.
    world.skipped += 3_600_000
    expect(exports.blocking()).toBeUndefined()
    sink.answer = () => later
    await world.append(1)
    await until('it to be behind', () => exports.status()[0]!.state === 'failing')
    expect(exports.blocking()).toBeUndefined()
    world.skipped += 61_000
    expect(exports.blocking()).toMatch(/lags by \d+ entries and 6\d s/)
    sink.answer = () => ({ result: 'delivered' })
    await caughtUp(world, sink)
    await until('statements to be taken', () => exports.blocking() === undefined)
  })

  test('that does not run keeps statements waiting from the start', async () => {
    const world = await World.start()
    await mkdir(join(world.directory, 'export'), { mode: 0o700 })
    await writeFile(join(world.directory, 'export', 'siem.json'), 'damaged')
    const exports = await world.open({ siem: new ScriptedSink() }, { strict: bound })
    expect(exports.blocking()).toMatch(/"siem" does not run: .*is damaged/)
  })

  test('any other sink never does, however far it is behind', async () => {
    const world = await World.start()
    const sink = new ScriptedSink()
    sink.answer = () => 'hang'
    const exports = await world.open({ siem: sink })
    await world.append(3_000)
    world.skipped += 10_000_000
    await holdingStatements(world.audit, exports).append([intent()])
    expect(exports.blocking()).toBeUndefined()
  })
})

describe('the end', () => {
  test('sends what is left, then closes the sink', async () => {
    const world = await World.start()
    const sink = new ScriptedSink()
    const exports = await world.open({ siem: sink })
    await world.append(35)
    await exports.close()
    expect(sink.indexes).toEqual(upTo(world.audit.size))
    expect(sink.closed).toBe(true)
  })

  test.each<[string, () => ReturnType<ScriptedSink['answer']>]>([['fails', () => later], ['hangs', () => 'hang']])('does not wait for a sink that %s', async (_, answer) => {
    const world = await World.start()
    const sink = new ScriptedSink()
    sink.answer = answer
    const exports = await world.open({ siem: sink })
    await world.append(5)
    await until('a try', () => sink.calls.length > 0)
    await exports.close()
    expect(sink.closed).toBe(true)
    expect(await cursorOf(world)).toMatchObject({ next: 0 })
  })
})

test('entries that cannot be read are not passed over', async () => {
  const world = await World.start()
  const sink = new ScriptedSink()
  await world.append(5)
  const segment = join(world.directory, 'segments', '0000000000000000')
  await rename(segment, `${segment}.away`)
  const exports = await world.open({ siem: sink })
  await until('it to say so', () => exports.status()[0]!.state === 'failing')
  expect(sink.indexes).toEqual([])
  await rename(`${segment}.away`, segment)
  await chmod(segment, 0o600)
  await until('everything', () => sink.indexes.length === world.audit.size)
  expect(sink.indexes).toEqual(upTo(world.audit.size))
})
