// The token file, for machines without a keychain: `tokens.json`, readable by its owner only, in a folder only its owner can change.
// What another user could have put or read there is refused, not repaired: whoever plants a token decides who one works as.
import { lstat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { GatewayError } from '../../shared/errors.ts'
import { makePrivateFolder, readPrivateFile, writePrivateFile } from '../private-file.ts'
import { parseLogins, serialiseLogins, type Logins, type StoredTokens } from './stored.ts'

const maxFileBytes = 256 * 1024

export interface TokenFile {
  readonly path: string
  exists(): Promise<boolean>
  /** @throws GatewayError config_invalid when others could read or change it, unauthenticated when it is not a token file */
  load(gateway: string): Promise<StoredTokens | undefined>
  save(gateway: string, tokens: StoredTokens): Promise<void>
  remove(gateway: string): Promise<void>
}

export function openTokenFile(directory: string, say: (line: string) => void): TokenFile {
  const path = join(directory, 'tokens.json')
  const exists = async () => await found(path) !== undefined

  /** A file that cannot be used holds no login that could be lost; saying so is enough. */
  const readOrDrop = async (): Promise<Logins> => {
    try {
      return await read(path)
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      say(`${error.message}; it is replaced`)
      return new Map()
    }
  }

  return {
    path,
    exists,
    load: async (gateway) => (await read(path)).get(gateway),

    async save(gateway, tokens) {
      const logins = await readOrDrop()
      await writePrivateFile(path, serialiseLogins(logins.set(gateway, tokens)))
    },

    async remove(gateway) {
      if (!await exists()) return
      const logins = await readOrDrop()
      const changed = logins.delete(gateway)
      // Removing the name also removes a link planted under it, never what it points to.
      if (logins.size === 0) await unlink(path)
      else if (changed) await writePrivateFile(path, serialiseLogins(logins))
    }
  }
}

async function read(path: string): Promise<Logins> {
  const file = await found(path)
  if (file === undefined) return new Map()
  await makePrivateFolder(dirname(path))
  const hint = `remove ${path}, then run: hoop login`
  const text = await readPrivateFile(path, maxFileBytes).catch((error: GatewayError) => {
    throw new GatewayError(error.code, error.message, { hint: error.hint ?? hint, cause: error })
  })
  if (text === undefined) return new Map()
  // The reader has proved it ours and not writable by others; a token must not have been readable by them either.
  if (process.getuid !== undefined && (file.mode & 0o077) !== 0) {
    throw new GatewayError('config_invalid', `${path} can be read by other users, so the login in it is not used`, { hint })
  }
  const logins = parseLogins(text)
  if (logins === undefined) throw new GatewayError('unauthenticated', `${path} is not a token file`, { hint })
  return logins
}

/** Of the name itself, not of what a link points to. */
async function found(path: string) {
  return lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw new GatewayError('config_invalid', `${path} cannot be read (${error.code ?? 'unknown error'})`, { cause: error })
  })
}
