// A recording in its file: limits, damage of every kind, another key, a disk that fails, and how long it is kept.
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { keyFrom } from '../../server/recording/files.ts'
import { openRecordings, type Recordings } from '../../server/recording/recordings.ts'
import type { Recorder } from '../../server/recording/recorder.ts'
import { makeId } from '../../shared/id.ts'
import type { StatementOperation } from '../../shared/model.ts'
import type { RecordingDamage, RecordingEvent } from '../../shared/recording.ts'

const key = randomBytes(32)
const limits = { perOperationBytes: 1_000, perSessionBytes: 5_000 }
const id = makeId(1, Buffer.alloc(16, 1))
let directory: string
let recordings: Recordings
let failures: Error[]
let at = 0

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'hoop-recordings-')), 'recordings')
  recordings = await openRecordings({ directory, key, limits, keepDays: 30, randomBytes })
  failures = []
  at = 0
})
afterEach(() => rm(join(directory, '..'), { recursive: true, force: true }))

const begin = (session = id) => recordings.begin(session, { elapsed: () => at, onFailure: (error) => failures.push(error) })
const eventsOf = async (session = id, growing = false, from = recordings) => {
  const stored = await from.read(session)
  const events: (RecordingEvent | RecordingDamage)[] = []
  for await (const event of stored.events(growing)) events.push(event)
  await stored.close()
  return events
}
const statement = (text: string): StatementOperation => ({
  kind: 'statement', step: 'execute', text, sha256: createHash('sha256').update(text).digest('hex'), parameters: [], effects: [], relations: [],
  functions: [], flags: [], verb: 'SELECT'
})
/** In blocks of their own. */
async function record(recorder: Recorder, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    recorder.add({ type: 'warning', message: `number ${i}` })
    await recorder.flush()
  }
}

test('what is added is read back, and its hash is the file\'s', async () => {
  const recorder = await begin()
  recorder.add({ type: 'connection.start' }, 1)
  at = 12.4
  recorder.statement(1, 7, statement('SELECT 1'), [])
  recorder.connection(1).record({ type: 'rows', entry: 7, rows: [['1', null, 'ü\n']] })
  const facts = await recorder.close()
  const file = await readFile(join(directory, id))
  expect(facts).toEqual({ events: 3, bytes: file.length, sha256: createHash('sha256').update(file).digest('hex') })
  expect(await eventsOf()).toEqual([
    { at: 0, connection: 1, type: 'connection.start' },
    { at: 12, connection: 1, type: 'statement', entry: 7, step: 'execute', verb: 'SELECT', text: 'SELECT 1' },
    { at: 12, connection: 1, type: 'rows', entry: 7, rows: [['1', null, 'ü\n']] }
  ])
  expect((await stat(join(directory, id))).mode & 0o777).toBe(0o600)
  expect(file.toString('latin1')).not.toContain('SELECT')
  expect(failures).toEqual([])
})

describe('limits', () => {
  test('are of one statement\'s result, and begin again with the next', async () => {
    const shown = (await begin()).connection(1)
    expect([shown.keeps(900), shown.keeps(101), shown.keeps(100)]).toEqual([true, false, true])
    shown.record({ type: 'done', tag: 'SELECT 2' })
    expect(shown.keeps(1_000)).toBe(true)
  })

  test('of a session hold for all its connections; statements still become events, and say what they lack', async () => {
    const recorder = await begin()
    const shown = recorder.connection(1)
    for (let i = 0; i < 10; i++) shown.record({ type: 'rows', rows: [['x'.repeat(490)]] })
    expect([shown.keeps(1), recorder.connection(2).keeps(1)]).toEqual([false, false])
    const long = `SELECT '${'y'.repeat(500)}'`
    recorder.statement(2, 9, statement(long), ['a parameter'])
    recorder.denied(2, { rule: 'r', reason: 'no', text: long })
    expect(await recorder.close()).toMatchObject({ cut: true })
    const [asked, cut, denied, alsoCut] = (await eventsOf()).slice(-4)
    expect(asked).toEqual({ at: 0, connection: 2, type: 'statement', entry: 9, step: 'execute', verb: 'SELECT', text: long.slice(0, 200) })
    expect(cut).toMatchObject({ type: 'cut', what: 'text', entry: 9, bytes: long.length, sha256: statement(long).sha256 })
    expect(denied).toMatchObject({ type: 'denied', text: long.slice(0, 200) })
    expect(alsoCut).toMatchObject({ type: 'cut', bytes: long.length, sha256: statement(long).sha256 })
  })

  test('an endless error message ends with how much more there was', async () => {
    const recorder = await begin()
    recorder.connection(1).record({ type: 'error', severity: 'ERROR', sqlState: 'P0001', message: 'z'.repeat(20_000) })
    await recorder.close()
    expect((await eventsOf())[0]).toMatchObject({ message: `${'z'.repeat(16_384)} (and 3616 characters more)` })
  })
})

describe('damage', () => {
  let whole: Buffer
  /** Where each block begins, and the end. */
  let blocks: number[]
  beforeEach(async () => {
    const recorder = await begin()
    await record(recorder, 4)
    await recorder.close()
    whole = await readFile(join(directory, id))
    blocks = [whole.indexOf(10, whole.indexOf(10) + 1) + 1]
    while (blocks.at(-1)! < whole.length) blocks.push(blocks.at(-1)! + 5 + whole.readUInt32BE(blocks.at(-1)!))
  })
  const with_ = async (bytes: Buffer) => {
    await writeFile(join(directory, id), bytes)
    const events = await eventsOf()
    const last = events.at(-1)
    return { before: events.length - 1, reason: last?.type === 'damaged' ? last.reason : undefined }
  }
  const part = (from: number, to: number) => whole.subarray(blocks[from], blocks[to])

  test('there is none at first', async () => {
    expect(blocks).toHaveLength(6)
    expect(await eventsOf()).toHaveLength(4)
  })

  test('any changed byte is found, and what was before it is read', async () => {
    for (let byte = 0; byte < whole.length; byte += 7) {
      const changed = Buffer.from(whole)
      changed[byte]! ^= 0x41
      const { reason, before } = await with_(changed)
      expect(reason, `byte ${byte}`).toBeDefined()
      expect(before).toBe(Math.max(0, Math.min(4, blocks.filter((start) => start <= byte).length - 1)))
    }
  })

  test('a file cut anywhere is found, at the end of a block too', async () => {
    for (let length = 0; length < whole.length; length += 5) expect((await with_(whole.subarray(0, length))).reason, `cut at ${length}`).toBeDefined()
    for (const end of blocks.slice(0, -1)) expect((await with_(whole.subarray(0, end))).reason).toMatch(/breaks off between/)
  })

  test.each([
    ['a block left out', () => Buffer.concat([whole.subarray(0, blocks[1]), part(2, 5)]), 1],
    ['two blocks exchanged', () => Buffer.concat([whole.subarray(0, blocks[0]), part(1, 2), part(0, 1), part(2, 5)]), 0],
    ['a block twice', () => Buffer.concat([whole.subarray(0, blocks[1]), part(0, 1), part(1, 5)]), 1],
    ['more behind the end', () => Buffer.concat([whole, part(0, 1)]), 4],
    ['the end moved forward', () => Buffer.concat([whole.subarray(0, blocks[1]), part(4, 5)]), 1]
  ])('%s is found', async (_, made, before) => {
    expect(await with_(made())).toMatchObject({ before, reason: expect.any(String) as string })
  })

  test('a file of another session, and a block of one, are found', async () => {
    const other = makeId(2, Buffer.alloc(16, 2))
    const recorder = await begin(other)
    await record(recorder, 4)
    await recorder.close()
    const foreign = await readFile(join(directory, other))
    expect((await with_(foreign)).reason).toMatch(/no recording of this session/)
    expect(await with_(Buffer.concat([whole.subarray(0, blocks[0]), foreign.subarray(blocks[0])]))).toMatchObject({ before: 0 })
  })

  test('another key is named as such', async () => {
    const others = await openRecordings({ directory, key: randomBytes(32), limits, randomBytes })
    expect(await eventsOf(id, false, others)).toEqual([{ type: 'damaged', reason: 'it was written with another recording.key' }])
  })

  test('a file that is still growing may break off within its last block, and nowhere else', async () => {
    await writeFile(join(directory, id), whole.subarray(0, blocks[3]! + 9))
    expect(await eventsOf(id, true)).toHaveLength(3)
    const changed = Buffer.from(whole.subarray(0, blocks[3]! + 9))
    changed[blocks[1]! + 10]! ^= 1
    await writeFile(join(directory, id), changed)
    expect((await eventsOf(id, true)).at(-1)).toMatchObject({ type: 'damaged' })
  })
})

test('there is at most one of a session, and none that was not begun', async () => {
  await begin()
  await expect(begin()).rejects.toMatchObject({ code: 'audit_unavailable', message: expect.stringContaining('EEXIST') as string })
  await expect(recordings.read(makeId(9, Buffer.alloc(16)))).rejects.toMatchObject({ code: 'not_found' })
})

test('followers are told what is recorded from then on, until they stop', async () => {
  const recorder = await begin()
  const told: string[] = []
  recorder.add({ type: 'warning', message: 'before' })
  const stop = recorder.follow((event) => { if (event.type === 'warning') told.push(event.message) })
  recorder.add({ type: 'warning', message: 'now' })
  stop()
  recorder.add({ type: 'warning', message: 'after' })
  expect([told, recorder.followers]).toEqual([['now'], 0])
})

test('what was last written longer ago than it is kept goes, but not what is open', async () => {
  const [old, open, young] = [3, 4, 5].map((n) => makeId(n, Buffer.alloc(16, n)))
  for (const session of [old!, open!, young!]) await (await begin(session)).close()
  const now = Date.now()
  const then = new Date(now - 31 * 86_400_000)
  for (const session of [old!, open!]) await utimes(join(directory, session), then, then)
  await writeFile(join(directory, 'notes.txt'), 'somebody\'s')
  expect(await recordings.expire(now, (session) => session === open)).toEqual({ sessions: [old] })
  expect((await readdir(directory)).sort()).toEqual([open, young, 'notes.txt'].sort())
})

test('one that cannot be removed does not keep the others, and what was removed is told', async () => {
  const sessions = [3, 4, 5].map((n) => makeId(n, Buffer.alloc(16, n)))
  const now = Date.now()
  const then = new Date(now - 31 * 86_400_000)
  for (const [i, session] of sessions.entries()) {
    // No unlink removes a folder, whoever asks.
    if (i === 1) await mkdir(join(directory, session))
    else await (await begin(session)).close()
    await utimes(join(directory, session), then, then)
  }
  const { sessions: removed, problem } = await recordings.expire(now, () => false)
  expect([...removed].sort()).toEqual([sessions[0], sessions[2]])
  expect(problem).toMatchObject({ path: join(directory, sessions[1]!) })
})

test.each([
  ['', false], ['secret', false], [randomBytes(31).toString('base64'), false], [randomBytes(33).toString('base64'), false], ['zz'.repeat(32), false],
  [randomBytes(32).toString('base64'), true], [randomBytes(32).toString('hex'), true], [`${randomBytes(32).toString('base64')}\n`, true]
])('the key %j is taken: %s', (text, taken) => {
  if (taken) expect(keyFrom(text)).toHaveLength(32)
  else expect(() => keyFrom(text)).toThrow(expect.objectContaining({ code: 'config_invalid', hint: 'openssl rand -base64 32' }) as Error)
})
