// Small files that belong to one person: read without following links, checked for owner and size, replaced as a whole.
// Profiles, remembered ports, and the token file where there is no keychain.
import { constants } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { randomBytes } from 'node:crypto'
import { GatewayError } from '../shared/errors.ts'

/**
 * @returns the file's text, undefined when there is no such file
 * @throws GatewayError config_invalid when it is a link, no file, another user's, writable by others, or too large
 */
export async function readPrivateFile(path: string, maxBytes: number): Promise<string | undefined> {
  // O_NONBLOCK: a named pipe put there must not make us wait for a writer.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const handle = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw unusable(path, error.code === 'ELOOP' ? 'is a symbolic link' : `cannot be read (${error.code ?? 'unknown error'})`)
  })
  if (handle === undefined) return undefined
  try {
    const { uid, mode, size, isFile } = await handle.stat().then((found) => ({ ...found, isFile: found.isFile() }))
    if (!isFile) throw unusable(path, 'is not a file')
    if (process.getuid !== undefined && uid !== process.getuid()) throw unusable(path, 'belongs to another user')
    if (process.getuid !== undefined && (mode & 0o022) !== 0) throw unusable(path, 'can be written by other users', `chmod 600 ${path}`)
    if (size > maxBytes) throw unusable(path, `is larger than ${maxBytes} bytes`)
    const buffer = Buffer.alloc(maxBytes + 1)
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0)
    if (bytesRead > maxBytes) throw unusable(path, `is larger than ${maxBytes} bytes`)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await handle.close()
  }
}

/** Replaces the file as a whole (0600, in a 0700 folder); a crash leaves the old one or the new one. @throws GatewayError config_invalid */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const fresh = `${path}.${randomBytes(8).toString('hex')}`
  try {
    await makePrivateFolder(dirname(path))
    const handle = await open(fresh, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(fresh, path)
  } catch (error) {
    await rm(fresh, { force: true })
    if (error instanceof GatewayError) throw error
    throw unusable(path, `cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`)
  }
}

/** @throws GatewayError config_invalid when the folder is another user's or cannot be made */
export async function makePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  const found = await stat(path)
  if (!found.isDirectory()) throw unusable(path, 'is not a folder')
  if (process.getuid !== undefined && found.uid !== process.getuid()) throw unusable(path, 'belongs to another user')
  if (process.getuid !== undefined && (found.mode & 0o022) !== 0) throw unusable(path, 'can be written by other users', `chmod 700 ${path}`)
}

function unusable(path: string, what: string, hint?: string): GatewayError {
  return new GatewayError('config_invalid', `${path} ${what}`, hint === undefined ? {} : { hint })
}
