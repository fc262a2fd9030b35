// One gateway per audit directory. The lock is a listening Unix socket in it: the kernel takes it back when its process dies,
// however it dies.
import { randomBytes } from 'node:crypto'
import { open, readdir, rename, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { GatewayError } from '../../shared/errors.ts'

const pattern = /^lock-[0-9a-f]{16}$/

export interface Lock {
  release(): Promise<void>
}

/** Names a lock leaves in its directory, taken or stale. */
export function isLockName(name: string): boolean {
  return pattern.test(name) || /^\.lock-[0-9a-f]{16}$/.test(name)
}

/**
 * Announce, then look: each contender first shows a socket of its own that already listens, then looks for others. Of two that come
 * at once, the later one to look sees the other, so never do both get it; at worst neither does. A socket nobody listens on is
 * of a dead process and is removed; its name is never used again, so that no living one can be hit.
 * @throws GatewayError conflict when another process holds the directory
 */
export async function lockDirectory(directory: string): Promise<Lock> {
  const name = `lock-${randomBytes(8).toString('hex')}`
  // A socket's path is at most 107 bytes, a directory's may be more; through its descriptor it is short. Linux only.
  const handle = await open(directory)
  const base = process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : directory
  let server: Server | undefined
  const release = async () => {
    await rm(join(directory, name), { force: true })
    await new Promise<void>((resolve) => server === undefined ? resolve() : server.close(() => resolve()))
    await handle.close()
  }
  try {
    server = await listen(join(base, `.${name}`))
    // Under its final name it is seen only once it listens.
    await rename(join(directory, `.${name}`), join(directory, name)).catch((error: NodeJS.ErrnoException) => {
      // Whoever came at the same time took it for a dead one's.
      throw error.code === 'ENOENT' ? heldElsewhere(directory) : error
    })
    for (const other of await readdir(directory)) {
      if (!isLockName(other) || other === name) continue
      if (pattern.test(other) && await listening(join(base, other))) throw heldElsewhere(directory)
      await rm(join(directory, other), { force: true })
    }
    return { release }
  } catch (error) {
    await release()
    throw error
  }
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      // A full queue of askers is no reason to die.
      server.on('error', () => undefined)
      resolve(server.unref())
    })
  })
}

/** Anything but a plain "nobody listens" counts as taken. */
function listening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const answer = (taken: boolean) => {
      socket.destroy()
      resolve(taken)
    }
    socket.once('connect', () => answer(true))
    socket.once('error', (error: NodeJS.ErrnoException) => answer(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'))
  })
}

function heldElsewhere(directory: string): GatewayError {
  return new GatewayError('conflict', `another gateway is writing the audit log in ${directory}`, {
    hint: 'stop it first, or give this gateway an audit directory of its own'
  })
}
