// The few ways the audit log writes: whole buffers, synced, whole files replaced at once. An interface so that tests can make disks fail.
import { close, fdatasync, fsync, open, rename, write } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'

/** Each resolves when the thread pool is done. @throws NodeJS.ErrnoException */
export interface Disk {
  open(path: string, flags: string, mode?: number): Promise<number>
  /** @returns how many bytes were written, perhaps fewer than asked */
  write(fd: number, bytes: Uint8Array, position: number): Promise<number>
  /** The bytes of the file, and the size needed to read them, survive a crash. */
  fdatasync(fd: number): Promise<void>
  fsync(fd: number): Promise<void>
  rename(from: string, to: string): Promise<void>
  close(fd: number): Promise<void>
}

const writeAt = promisify(write)

export const nodeDisk: Disk = {
  open: promisify(open),
  write: async (fd, bytes, position) => (await writeAt(fd, bytes, 0, bytes.length, position)).bytesWritten,
  fdatasync: promisify(fdatasync),
  fsync: promisify(fsync),
  rename: promisify(rename),
  close: promisify(close)
}

export async function writeAll(disk: Disk, fd: number, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const count = await disk.write(fd, bytes.subarray(done), position + done)
    if (count === 0) throw Object.assign(new Error('wrote nothing'), { code: 'EIO' })
    done += count
  }
}

/** Makes new names in a folder, and renames, survive a crash. */
export async function syncFolder(disk: Disk, path: string): Promise<void> {
  await withFile(disk, path, 'r', (fd) => disk.fsync(fd))
}

/** Creates or overwrites a file in place; its name is durable only after `syncFolder`. */
export async function writeFileSynced(disk: Disk, path: string, bytes: Uint8Array, flags = 'w'): Promise<void> {
  await withFile(disk, path, flags, async (fd) => {
    await writeAll(disk, fd, bytes, 0)
    await disk.fsync(fd)
  })
}

/** After a crash the file is the old one or the new one, whole. */
export async function replaceFile(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  await writeFileSynced(disk, `${path}.tmp`, bytes)
  await disk.rename(`${path}.tmp`, path)
  await syncFolder(disk, dirname(path))
}

async function withFile(disk: Disk, path: string, flags: string, use: (fd: number) => Promise<void>): Promise<void> {
  const fd = await disk.open(path, flags, 0o600)
  try {
    await use(fd)
  } finally {
    await disk.close(fd)
  }
}
