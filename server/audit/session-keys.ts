// The files sessions' keys lie in, wrapped: written before the session begins, and destroyed by a redaction.
import { createHash } from 'node:crypto'
import { mkdir, readFile, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sessionKeyPath } from '../../shared/audit/session-key.ts'
import { syncFolder, writeFileSynced, type Disk } from './disk.ts'

export class SessionKeys {
  readonly #directory: string
  readonly #disk: Disk
  /** Folders whose own names are known to be durable. */
  readonly #folders = new Set<string>()

  constructor(directory: string, disk: Disk) {
    this.#directory = directory
    this.#disk = disk
  }

  /** Durable when it resolves. @returns SHA-256 of the file, hex @throws NodeJS.ErrnoException */
  async write(session: string, text: string): Promise<string> {
    const path = this.#path(session)
    const folder = dirname(path)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const bytes = Buffer.from(text)
    await writeFileSynced(this.#disk, path, bytes, 'wx')
    await syncFolder(this.#disk, folder)
    if (!this.#folders.has(folder)) {
      await syncFolder(this.#disk, dirname(folder))
      await syncFolder(this.#disk, this.#directory)
      this.#folders.add(folder)
    }
    return sha256Of(bytes)
  }

  /** undefined when there is none (any more). */
  async read(session: string): Promise<{ readonly bytes: Buffer, readonly sha256: string } | undefined> {
    const bytes = await readFile(this.#path(session)).catch(absent)
    return bytes === undefined ? undefined : { bytes, sha256: sha256Of(bytes) }
  }

  /** Overwrites the file, then removes it; does nothing where it is gone. @throws NodeJS.ErrnoException */
  async shred(session: string): Promise<void> {
    const path = this.#path(session)
    const found = await stat(path).catch(absent)
    if (found === undefined) return
    await writeFileSynced(this.#disk, path, Buffer.alloc(found.size), 'r+')
    await unlink(path)
    await syncFolder(this.#disk, dirname(path))
  }

  #path(session: string): string {
    return join(this.#directory, sessionKeyPath(session))
  }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
