// The audit directory before anything is read from it: whose it is, who may look in, what does not belong there, and the log's key.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { chmod, lstat, mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isOrigin, parseVerifierKey, verifierKeyOf } from '../../shared/audit/checkpoint.ts'
import { syncFolder, writeFileSynced, type Disk } from './disk.ts'
import { damage, unfit } from './failures.ts'
import { isLockName } from './lock.ts'

/** What stands in an audit directory. `lost+found` is the file system's, where the directory is a mount point. */
const known = new Set([
  'log.key', 'log.pub', 'checkpoint', 'checkpoint.tmp', 'open', 'open.tmp', 'redacting', 'redacting.tmp', 'segments', 'tile', 'keys', 'cosigned',
  'export', 'lost+found'
])

export interface LogKey {
  readonly privateKey: KeyObject
  readonly verifierKey: string
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
 * The key that signs checkpoints; made on the first start.
 * @param begun whether the directory already holds entries or a checkpoint
 * @throws GatewayError config_invalid | audit_unavailable
 */
export async function loadKey(directory: string, origin: string, begun: boolean, disk: Disk): Promise<LogKey> {
  if (!isOrigin(origin)) throw unfit(`"${origin}" cannot be a log's name`, 'audit.origin: a name without spaces or "+"')
  const path = join(directory, 'log.key')
  const found = await lstat(path).catch(absent)
  if (found === undefined && begun) throw damage('log.key', 'the private key is missing, while there are entries')
  const privateKey = found === undefined ? await makeKey(path, disk) : await readKey(path, found)
  const verifierKey = verifierKeyOf(origin, createPublicKey(privateKey))

  const line = await readFile(join(directory, 'log.pub'), 'utf8').catch(absent)
  if (line === undefined) await writeFileSynced(disk, join(directory, 'log.pub'), Buffer.from(`${verifierKey}\n`))
  else if (line.trim() !== verifierKey) throw otherName(line, origin)
  await syncFolder(disk, directory)
  return { privateKey, verifierKey }
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
