// One hoop process at a time: a lock file that a killed process cannot leave locked for ever.
import { constants } from 'node:fs'
import { link, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { GatewayError } from '../shared/errors.ts'
import { makePrivateFolder } from './private-file.ts'

const retryMilliseconds = 50
/** Longer than anything done under the lock may take; a process stopped with Ctrl-Z must not stop the others for good. */
const staleMilliseconds = 60_000

/**
 * Runs `task` while no other process of this person runs one under the same path.
 * @throws GatewayError conflict when the lock stays taken for `limitMilliseconds`
 */
export async function withLock<T>(path: string, task: () => Promise<T>, limitMilliseconds = 30_000): Promise<T> {
  await makePrivateFolder(dirname(path))
  const mine = `${process.pid} ${await startOf(process.pid) ?? '-'} ${randomBytes(8).toString('hex')}`
  const deadline = performance.now() + limitMilliseconds
  while (!await take(path, mine)) {
    await breakStale(path)
    if (performance.now() > deadline) {
      throw new GatewayError('conflict', 'another hoop process does not finish what it is doing', { hint: `if none runs, remove ${path}` })
    }
    await delay(retryMilliseconds)
  }
  try {
    return await task()
  } finally {
    // Broken as stale and taken by another meanwhile: then it is no longer ours to remove.
    if (await readFile(path, 'utf8').catch(() => undefined) === mine) await rm(path, { force: true })
  }
}

async function take(path: string, mine: string): Promise<boolean> {
  const fresh = `${path}.${mine.split(' ')[2]!}`
  const handle = await open(fresh, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
  await handle.writeFile(mine).finally(() => handle.close())
  try {
    // A link appears with its content or not at all, so nobody reads an empty lock and takes it for a stale one.
    await link(fresh, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(fresh, { force: true })
  }
}

async function breakStale(path: string): Promise<void> {
  const owner = await readFile(path, 'utf8').catch(() => undefined)
  if (owner === undefined) return
  const age = await stat(path).then(({ mtimeMs }) => Date.now() - mtimeMs, () => 0)
  const [pid, start, random] = owner.split(' ')
  if (await isAlive(Number(pid), random === undefined ? '-' : start!) && age < staleMilliseconds) return
  const aside = `${path}.${randomBytes(8).toString('hex')}`
  try {
    await rename(path, aside)
    // Somebody else broke it first and this is the new owner's: give it back.
    if (await readFile(aside, 'utf8') !== owner) await link(aside, path)
  } catch {
    // Gone meanwhile: the next turn of the caller's loop sees how it stands.
  } finally {
    await rm(aside, { force: true })
  }
}

/** Whether the process that took it lives: under its number another may live by now, whose start differs. */
async function isAlive(pid: number, start: string): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const now = await startOf(pid)
  return now === undefined || start === '-' || now === start
}

/**
 * When a process began, in clock ticks since the machine did; undefined where the system does not tell.
 * @see proc_pid_stat(5): field 22; what stands in brackets before it may hold blanks and brackets
 */
async function startOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined)
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19]
}
