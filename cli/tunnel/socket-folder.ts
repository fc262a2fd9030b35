// Where Unix sockets go: a folder only this user can enter.
import { createHash } from 'node:crypto'
import type { Stats } from 'node:fs'
import { lstat, mkdir, realpath, rm, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'

/** `sockaddr_un` holds 104 bytes on macOS and 108 on Linux, the closing zero included. */
const maxPathBytes = 103

/**
 * The folder for one target's socket, made 0700.
 * @returns undefined where the path would be too long for a socket, or the folder is not ours alone: TCP remains
 */
export async function socketFolder(base: string, gatewayUrl: string, target: string, fileName: string): Promise<string | undefined> {
  const folder = join(base, `${target}-${createHash('sha256').update(gatewayUrl).digest('hex').slice(0, 8)}`)
  if (Buffer.byteLength(join(folder, fileName)) > maxPathBytes) return undefined
  try {
    const above = dirname(base)
    await mkdir(above, { recursive: true, mode: 0o700 })
    if (!await isKept(above) || !await isKept(await realpath(above))) return undefined
    for (const path of [base, folder]) {
      await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error
      })
      const found = await lstat(path)
      if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0) return undefined
    }
    return folder
  } catch {
    return undefined
  }
}

/**
 * Whether nobody else can put another folder in the place of one in this: it and all above it belong to us or to root, and who else may
 * write there may not rename what is not theirs (the sticky bit, as in /tmp).
 */
async function isKept(folder: string): Promise<boolean> {
  for (let path = folder; ; path = dirname(path)) {
    // Of a link, too: whoever owns that can have it point elsewhere.
    const [named, found] = await Promise.all([lstat(path), stat(path)])
    if ([named, found].some(({ uid }) => uid !== 0 && uid !== process.getuid?.())) return false
    if (isWritableByOthers(found) && (found.mode & 0o1000) === 0) return false
    if (path === dirname(path)) return true
  }
}

/** Many systems give each person a group of their own name, and let it write. */
function isWritableByOthers({ mode, gid }: Stats): boolean {
  return (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== 0 && gid !== process.getgid?.())
}

/** Removes a socket file nobody listens at any more: its process was killed. */
export async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (found?.isSocket() !== true) return
  const answered = await new Promise<boolean>((resolve) => {
    const probe = connect(path)
    probe.once('connect', () => { probe.destroy(); resolve(true) })
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'))
  })
  if (!answered) await rm(path, { force: true })
}
