// An audit log's folder on this machine, read only. Takes no lock: a gateway may be writing to it.
import { constants } from 'node:fs'
import { open, readdir, readFile, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { GatewayError } from '../shared/errors.ts'
import type { LogFiles } from '../shared/audit/verify.ts'

/** @throws GatewayError bad_request when the folder is none, or cannot be read */
export async function openLogFiles(directory: string): Promise<LogFiles> {
  const found = await stat(directory).catch((error: NodeJS.ErrnoException) => { throw unreadable(directory, error) })
  if (!found.isDirectory()) throw new GatewayError('bad_request', `${directory} is not a folder`)
  return {
    read: (path) => absentOr(directory, path, readSmall(join(directory, path))),
    list: async (folder) => await absentOr(directory, folder, readdir(join(directory, folder))) ?? [],
    async* stream(path) {
      try {
        const file = await openFile(join(directory, path))
        yield* file.createReadStream({ highWaterMark: 1024 * 1024 }) as AsyncIterable<Uint8Array>
      } catch (error) {
        throw unreadable(join(directory, path), error as NodeJS.ErrnoException)
      }
    }
  }
}

/** As `openLogFiles`. @throws GatewayError bad_request also when there is nothing of a log in the folder */
export async function openLog(directory: string): Promise<LogFiles> {
  const files = await openLogFiles(directory)
  const found = await Promise.all([files.list('segments'), files.read('checkpoint'), files.read('log.pub')])
  if (found.every((part) => part === undefined || part.length === 0)) {
    throw new GatewayError('bad_request', `there is no audit log in ${directory}`, { hint: 'name the folder that holds "segments" and "checkpoint"' })
  }
  return files
}

/** A verifier key, given as its line or as a file that holds it. @throws GatewayError bad_request when it is neither */
export async function keyLine(given: string): Promise<string> {
  if (/^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$/.test(given)) return given
  const text = (await readWhole(given)).toString('utf8')
  if (text.includes('PRIVATE KEY')) {
    throw new GatewayError('bad_request', `${given} is a private key`, { hint: 'the public one is the line in log.pub, or witness.pub' })
  }
  return text.trim()
}

/** @throws GatewayError bad_request when the file cannot be read */
export function readWhole(path: string): Promise<Buffer> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => { throw unreadable(path, error) })
}

/** Of all in a log's folder but segments: checkpoints, tiles, keys. */
const maxSmallBytes = 1024 * 1024

/** Whoever hands over a folder may have put anything there: a pipe would be waited for, a device read for ever. */
async function openFile(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  if ((await file.stat()).isFile()) return file
  await file.close()
  throw Object.assign(new Error('it is no regular file'), { code: 'no regular file' })
}

async function readSmall(path: string): Promise<Buffer> {
  const file = await openFile(path)
  try {
    const { size } = await file.stat()
    if (size > maxSmallBytes) throw Object.assign(new Error('it is too large'), { code: `${size} bytes, more than it can have` })
    return await file.readFile()
  } finally {
    await file.close()
  }
}

function absentOr<T>(directory: string, path: string, reading: Promise<T>): Promise<T | undefined> {
  return reading.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw unreadable(join(directory, path), error)
  })
}

function unreadable(path: string, error: NodeJS.ErrnoException): GatewayError {
  const why = error.code === 'ENOENT' ? 'does not exist' : `cannot be read (${error.code ?? error.message})`
  return new GatewayError('bad_request', `${path} ${why}`, { cause: error })
}
