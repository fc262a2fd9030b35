// Where Unix sockets go: a folder only this user can enter.
import { createHash } from 'node:crypto'
import { lstat, mkdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'

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
    await mkdir(folder, { recursive: true, mode: 0o700 })
    for (const path of [base, folder]) {
      const found = await lstat(path)
      if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0) return undefined
    }
    return folder
  } catch {
    return undefined
  }
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
