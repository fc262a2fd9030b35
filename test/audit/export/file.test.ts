// The file sink: lines that verify, rotation as logrotate does it, and what a kill or a full disk leaves behind.
import { mkdir, readFile, rename, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createFileSink } from '../../../server/audit/export/sinks/file.ts'
import { canonical } from '../../../shared/audit/canonical.ts'
import { openCheckpoint, parseVerifierKey } from '../../../shared/audit/checkpoint.ts'
import { CompactRange, hashLeaf } from '../../../shared/audit/merkle.ts'
import { until } from '../../support/until.ts'
import { entriesOf, temporary } from '../logs.ts'
import { hostile } from './samples.ts'
import { World } from './world.ts'

async function start() {
  const [world, folder] = [await World.start(), await temporary()]
  const file = join(folder, 'audit.jsonl')
  return { world, folder, file }
}
const linesOf = async (file: string) => (await readFile(file, 'utf8')).split('\n').slice(0, -1)
const entriesIn = async (...files: string[]) => (await Promise.all(files.map(linesOf))).flat().filter((line) => !line.startsWith('{"checkpoint"'))
const leaves = async (world: World) => (await entriesOf(world.audit)).map((entry) => canonical(entry))

describe('the file', () => {
  test('holds the leaves of the tree, so that its checkpoints can be checked from it alone', async () => {
    const { world, file } = await start()
    await world.audit.append(hostile)
    await world.append(1_100)
    const exports = await world.open({ lines: createFileSink(file) })
    await until('everything and a checkpoint', async () => exports.status()[0]!.lagEntries === 0 && (await readFile(file, 'utf8')).includes('{"checkpoint"'))
    expect(await entriesIn(file)).toEqual(await leaves(world))
    const { checkpoint: note } = JSON.parse((await linesOf(file)).find((line) => line.startsWith('{"checkpoint"'))!) as { checkpoint: string }
    const { size, rootHash } = openCheckpoint(Buffer.from(note), parseVerifierKey(world.audit.verifierKey))
    const tree = new CompactRange()
    for (const line of (await entriesIn(file)).slice(0, size)) tree.append(hashLeaf(Buffer.from(line)))
    expect(Buffer.from(tree.root())).toEqual(Buffer.from(rootHash))
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  test('that is moved away is made anew, and no entry is in neither or in both', async () => {
    const { world, file } = await start()
    const exports = await world.open({ lines: createFileSink(file) })
    for (let round = 1; round <= 3; round++) {
      await world.append(20)
      await until('everything', () => exports.status()[0]!.lagEntries === 0)
      await rename(file, `${file}.${round}`)
    }
    await world.append(5)
    await until('everything', () => exports.status()[0]!.lagEntries === 0)
    expect(await entriesIn(`${file}.1`, `${file}.2`, `${file}.3`, file)).toEqual(await leaves(world))
  })

  test('that a kill left with half a line loses that half, and gets the entry whole', async () => {
    const { world, file } = await start()
    await world.append(3)
    const whole = await leaves(world)
    await writeFile(file, `${whole[0]!}\n${whole[1]!.slice(0, 40)}`)
    const exports = await world.open({ lines: createFileSink(file) })
    await until('everything', () => exports.status()[0]!.lagEntries === 0)
    expect(await entriesIn(file)).toEqual([whole[0], ...await leaves(world)])
  })

  test.each<[string, (file: string) => Promise<unknown>, RegExp]>([
    ['is a folder', (file) => mkdir(file), /no file/],
    ['is a pipe nobody reads', (file) => Promise.resolve(execFileSync('mkfifo', [file])), /no file/],
    ['is somebody else\'s', (file) => writeFile(file, 'Dear diary'), /not one of the export/],
    ['is somebody else\'s, and long', (file) => writeFile(file, 'x'.repeat(400_000)), /not one of the export/],
    ['lies in a folder that is not there', (file) => symlink('/nonexistent/place', file), /ENOENT|no file/]
  ])('that %s is left as it is, and the sink says why it waits', async (_, make, reason) => {
    const { world, file } = await start()
    await make(file)
    const before = (await stat(file).catch(() => undefined))?.isFile() === true ? await readFile(file, 'utf8') : undefined
    await world.append(1)
    const exports = await world.open({ lines: createFileSink(file) })
    await until('the reason', () => exports.status()[0]!.lastError !== undefined)
    expect(exports.status()[0]).toMatchObject({ state: 'failing', lastError: { reason: expect.stringMatching(reason) as string } })
    if (before !== undefined) expect(await readFile(file, 'utf8')).toBe(before)
  })

  test('that was emptied in place (logrotate\'s copytruncate) is appended to', async () => {
    const { world, file } = await start()
    const exports = await world.open({ lines: createFileSink(file) })
    await world.append(3)
    await until('everything', () => exports.status()[0]!.lagEntries === 0)
    const before = world.audit.size
    await truncate(file)
    await world.append(2)
    await until('everything', () => exports.status()[0]!.lagEntries === 0)
    expect(await entriesIn(file)).toEqual((await leaves(world)).slice(before))
  })
})
