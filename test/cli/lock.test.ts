import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { withLock } from '../../cli/lock.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-lock-'))
  path = join(folder, 'x.lock')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** The id of a process that has ended. */
const deadPid = () => spawnSync(process.execPath, ['-e', '']).pid

test('one at a time, and nothing is left behind', async () => {
  let inside = 0
  let most = 0
  await Promise.all(Array.from({ length: 10 }, () => withLock(path, async () => {
    most = Math.max(most, ++inside)
    await new Promise((resolve) => setTimeout(resolve, 5))
    inside--
  })))
  expect(most).toBe(1)
  expect(await readdir(folder)).toEqual([])
})

test('a task that fails gives the lock back', async () => {
  await expect(withLock(path, async () => { throw new Error('failed') })).rejects.toThrow('failed')
  expect(await withLock(path, async () => 'done')).toBe('done')
})

test('a lock whose process was killed is broken, by one of many only', async () => {
  await writeFile(path, `${deadPid()} abc`)
  let inside = 0
  await Promise.all(Array.from({ length: 10 }, () => withLock(path, async () => {
    expect(++inside).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 2))
    inside--
  })))
  expect(await readdir(folder)).toEqual([])
})

test('a lock whose number another process has by now is broken at once', async () => {
  // As somebody of this person's, and as root's or another user's, whom no signal reaches.
  for (const pid of [process.pid, 1]) {
    await writeFile(path, `${pid} 12345678901 abc`)
    expect(await withLock(path, async () => 'done', 1_000)).toBe('done')
  }
})

test('a lock of the process that took it stays, as long as that lives', async () => {
  await withLock(path, async () => {
    await expect(withLock(path, async () => 'done', 100)).rejects.toMatchObject({ code: 'conflict' })
  })
})

test('a lock that a living process has held far too long is broken', async () => {
  await writeFile(path, `${process.pid} abc`)
  await utimes(path, 0, 0)
  expect(await withLock(path, async () => 'done')).toBe('done')
})

test('a lock that holds nonsense is broken', async () => {
  await writeFile(path, 'nonsense')
  expect(await withLock(path, async () => 'done')).toBe('done')
})

test('a lock that stays taken is told, with what to do', async () => {
  await writeFile(path, `${process.pid} abc`)
  await expect(withLock(path, async () => 'done', 100)).rejects.toMatchObject({ code: 'conflict', hint: expect.stringContaining(path) as string })
})
