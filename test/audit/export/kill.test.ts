// kill -9 of the writing and exporting process at random points, with a receiver that fails in every way meanwhile: what was received in
// the end is the log, nothing missing. HOOP_TEST_KILLS: how many times it is killed; `npm run test:export` asks for 200.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { createSink } from '../../../server/audit/export/sinks/index.ts'
import { canonical } from '../../../shared/audit/canonical.ts'
import { Random } from '../../support/random.ts'
import { until } from '../../support/until.ts'
import { entriesOf, openIn, temporary } from '../logs.ts'
import { origin } from '../logs-origin.ts'
import { HttpsReceiver, ways, type Behaviour } from './receiver.ts'
import { World } from './world.ts'

const kills = Number(process.env.HOOP_TEST_KILLS ?? 5)

test(`${kills} kills, a receiver that fails in every way: the union received is the log, in order`, { timeout: 60_000 + kills * 10_000 }, async () => {
  // The same in each run: a failure can be had again.
  const random = new Random(20_261_125)
  const [directory, file] = [await temporary(), join(await temporary(), 'lines')]
  const receiver = await HttpsReceiver.start()
  /** By index, with the refused one's left out. */
  const received = new Map<number, string>()
  const order: number[][] = []
  const poisonous = (leaf: string) => leaf.includes('"redacted":"select 13"')
  const failures: readonly Behaviour[] = [ways.status(500), ways.hang, ways.drop, ways.reset, ways.status(429), ways.garbage, ways.redirect]
  const accept: Behaviour = (request) => {
    const leaves = (JSON.parse(request.body) as { raw_data: string }[]).map(({ raw_data }) => raw_data).filter((leaf) => leaf.startsWith('{'))
    if (leaves.some(poisonous)) return ways.status(400)(request)
    order.push(leaves.map((leaf) => {
      const { index } = JSON.parse(leaf) as { index: number }
      expect(received.get(index) ?? leaf).toBe(leaf)
      received.set(index, leaf)
      return index
    }))
    // Received, and the exporter does not get to know.
    return random.chance(0.1) ? ways.reset(request) : ways.accept(request)
  }
  receiver.behave = (request) => random.chance(0.3) ? random.pick(failures)(request) : accept(request)

  for (let round = 0; round < kills; round++) {
    const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'exporting-writer.ts'), directory, receiver.url, file], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => { child.kill('SIGKILL') })
    const exited = once(child, 'exit')
    const after = 1 + random.below(400)
    let seen = 0
    for await (const _ of createInterface({ input: child.stdout })) if (++seen === after) child.kill('SIGKILL')
    expect(await exited).toEqual([null, 'SIGKILL'])
  }

  receiver.behave = accept
  const world = await World.attach(directory)
  const settings = { url: () => Promise.resolve(receiver.url), headers: () => Promise.resolve({}), ca: () => Promise.resolve(undefined) }
  const surroundings = { origin, version: '0.1.0', now: Date.now }
  const exports = await world.open({
    siem: createSink({ kind: 'ocsf', framing: 'array', ...settings }, surroundings),
    lines: createSink({ kind: 'file', path: file }, surroundings)
  })
  await until('everything', () => exports.status().every(({ lagEntries, state }) => lagEntries === 0 && state === 'running'), 60_000)
  await exports.close()
  await world.audit.close()

  const log = await openIn(directory)
  const leaves = (await entriesOf(log)).map((entry) => canonical(entry))
  // One may have got an entry that was written while the other was being closed.
  const sentTo = (sink: string) => leaves.slice(0, exports.status().find(({ name }) => name === sink)!.next)
  const exported = sentTo('siem')
  expect(exported.length).toBeGreaterThan(kills * 20)
  const missing = exported.filter((leaf, index) => received.get(index) !== leaf)
  expect(missing.filter((leaf) => !poisonous(leaf))).toEqual([])
  expect(missing.length).toBeGreaterThan(0)
  const dead = (await readFile(join(directory, 'export', 'siem.dead'), 'utf8')).trimEnd().split('\n')
  const deadEntries = [...new Set(dead.map((line) => (JSON.parse(line) as { entry: number }).entry))]
  expect(deadEntries.sort((a, b) => a - b)).toEqual(missing.map((leaf) => (JSON.parse(leaf) as { index: number }).index))

  // In order: a batch is consecutive but for the poisonous ones, and begins no later than where the one before it ended.
  let end = 0
  for (const batch of order.filter((indexes) => indexes.length > 0)) {
    for (let i = 1; i < batch.length; i++) expect(batch[i]!).toBeGreaterThan(batch[i - 1]!)
    const skipped = leaves.slice(end, batch[0]).filter((leaf) => !poisonous(leaf))
    expect(skipped).toEqual([])
    end = Math.max(end, batch.at(-1)! + 1)
  }

  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n').filter((line) => !line.startsWith('{"checkpoint"'))
  const firsts = [...new Set(lines)]
  expect(firsts).toEqual(sentTo('lines'))
})
