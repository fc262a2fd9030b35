// The audit directory before anything is read from it: whose it is, who may look in, what does not belong there, and the log's key.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { chmod, lstat, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { GatewayError } from '../../shared/errors.ts'
import { isOrigin, parseVerifierKey, verifierKeyOf } from '../../shared/audit/checkpoint.ts'
import { replaceFile, syncFolder, writeAll, writeFileSynced, type Disk } from './disk.ts'
import { damage, unfit } from './failures.ts'
import { isLockName } from './lock.ts'

/** What stands in an audit directory. `lost+found` is the file system's, where the directory is a mount point. */
const known = new Set([
  'log.key', 'log.key.next', 'log.pub', 'log.pub.tmp', 'checkpoint', 'checkpoint.tmp', 'open', 'open.tmp', 'redacting', 'redacting.tmp',
  'segments', 'tile', 'keys', 'cosigned', 'pruned', 'pruned.tmp', 'prune.next', 'prune.next.tmp', 'export', 'lost+found'
])

/** A PKCS #8 PEM of an Ed25519 key has 119 bytes. */
const oldKeyBytes = 4096

export interface LogKey {
  readonly privateKey: KeyObject
  readonly verifierKey: string
}

/** The keys found: that of the last start, and one that was being rotated in when it ended. */
export interface FoundKeys {
  readonly current: LogKey
  readonly next?: LogKey
}

/** Makes the directory where there is none. @throws GatewayError config_invalid */
export async function prepareDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    throw unfit(`${directory} cannot be made (${error.code})`)
  })
  const found = await lstat(directory)
  if (!found.isDirectory()) throw unfit(`${directory} is no directory`)
  refuseStranger(found.uid, directory)
  const names = await readdir(directory)
  if ((found.mode & 0o077) !== 0) {
    if (names.length > 0) throw unfit(`${directory} is open to other users`, `chmod 700 ${directory}`)
    await chmod(directory, 0o700)
  }
  const foreign = names.find((name) => !known.has(name) && !isLockName(name))
  if (foreign !== undefined) throw unfit(`${join(directory, foreign)} does not belong in an audit log`, 'move it away, or choose another directory')
}

/**
 * The key that signs checkpoints; made on the first start. Which of two is in force, the log knows.
 * @param begun whether the directory already holds entries or a checkpoint
 * @throws GatewayError config_invalid | audit_unavailable
 */
export async function loadKey(directory: string, origin: string, begun: boolean, disk: Disk): Promise<FoundKeys> {
  if (!isOrigin(origin)) throw unfit(`"${origin}" cannot be a log's name`, 'audit.origin: a name without spaces or "+"')
  const path = join(directory, 'log.key')
  const found = await lstat(path).catch(absent)
  if (found === undefined && begun) throw damage('log.key', 'the private key is missing, while there are entries')
  const privateKey = found === undefined ? await makeKey(path, disk) : await readKey(path, found)
  const current = { privateKey, verifierKey: verifierKeyOf(origin, createPublicKey(privateKey)) }
  const next = await loadNextKey(directory, origin)

  const line = await readFile(join(directory, 'log.pub'), 'utf8').catch(absent)
  if (line === undefined) await writeFileSynced(disk, join(directory, 'log.pub'), Buffer.from(`${current.verifierKey}\n`))
  else if (line.trim() !== current.verifierKey && line.trim() !== next?.verifierKey) throw otherName(line, origin)
  await syncFolder(disk, directory)
  return { current, ...(next === undefined ? {} : { next }) }
}

/** A key for a rotation, durable before anything is signed with it. */
export async function makeNextKey(directory: string, origin: string, disk: Disk): Promise<LogKey> {
  const privateKey = await makeKey(join(directory, 'log.key.next'), disk)
  await syncFolder(disk, directory)
  return { privateKey, verifierKey: verifierKeyOf(origin, createPublicKey(privateKey)) }
}

/**
 * The next key takes the place of the last one, which is overwritten: as far as a file system that copies, or a disk that moves its blocks,
 * lets a file be overwritten.
 */
export async function adoptNextKey(directory: string, verifierKey: string, disk: Disk): Promise<void> {
  await replaceFile(disk, join(directory, 'log.pub'), Buffer.from(`${verifierKey}\n`))
  const path = join(directory, 'log.key')
  const old = await disk.open(path, 'r+')
  try {
    await disk.rename(`${path}.next`, path)
    await syncFolder(disk, directory)
    await writeAll(disk, old, Buffer.alloc(oldKeyBytes), 0)
    await disk.fsync(old)
  } finally {
    await disk.close(old)
  }
}

/** A rotation that never began. */
export async function forgetNextKey(directory: string, disk: Disk): Promise<void> {
  await rm(join(directory, 'log.key.next'), { force: true })
  await syncFolder(disk, directory)
}

/** One that was torn was never used: it is synced before it signs anything. */
async function loadNextKey(directory: string, origin: string): Promise<LogKey | undefined> {
  const path = join(directory, 'log.key.next')
  const found = await lstat(path).catch(absent)
  if (found === undefined) return undefined
  const privateKey = await readKey(path, found).catch((error: GatewayError) => {
    if (error.code !== 'audit_unavailable') throw error
    return undefined
  })
  return privateKey === undefined ? undefined : { privateKey, verifierKey: verifierKeyOf(origin, createPublicKey(privateKey)) }
}

async function makeKey(path: string, disk: Disk): Promise<KeyObject> {
  const { privateKey } = generateKeyPairSync('ed25519')
  await writeFileSynced(disk, path, Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })), 'wx')
  return privateKey
}

async function readKey(path: string, found: { uid: number, mode: number, isFile(): boolean }): Promise<KeyObject> {
  if (!found.isFile()) throw unfit(`${path} is no file`)
  refuseStranger(found.uid, path)
  if ((found.mode & 0o077) !== 0) throw unfit(`${path} is open to other users`, `chmod 600 ${path}`)
  let key: KeyObject | undefined
  try {
    key = createPrivateKey(await readFile(path))
  } catch (error) {
    if ('syscall' in (error as object)) throw unfit(`${path} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
  if (key?.asymmetricKeyType !== 'ed25519') throw damage('log.key', 'is no Ed25519 private key')
  return key
}

function refuseStranger(owner: number, path: string): void {
  const me = process.getuid?.()
  if (me !== undefined && owner !== me) throw unfit(`${path} belongs to user ${owner}, the gateway runs as ${me}`, `chown ${me} ${path}`)
}

function otherName(line: string, origin: string): Error {
  let name
  try {
    ({ name } = parseVerifierKey(line))
  } catch (error) {
    return damage('log.pub', (error as Error).message)
  }
  if (name === origin) return damage('log.pub', 'is of another key than log.key')
  return unfit(`the log in it is called "${name}", not "${origin}"`, `audit.origin: ${name}`)
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw unfit(`${error.path} cannot be read (${error.code})`)
}
