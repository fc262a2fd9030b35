// What a sink refused for good, one JSON line each, beside its cursor. The entries themselves stay in the log.
import { stat } from 'node:fs/promises'
import { writeAll, type Disk } from '../disk.ts'
import type { Encoded } from './contract.ts'

export interface DeadLetter {
  readonly encoded: Encoded
  readonly reason: string
  /** Of a batch that begins here, the receiver refused so many without saying which. */
  readonly among?: { readonly count: number, readonly batch: number }
}

/** Beyond this the file takes only what happened, no longer what was sent: a sink that refuses everything must not fill the disk. */
const maxBytesWithText = 64 * 1024 * 1024

/** Durable when it resolves. @throws NodeJS.ErrnoException */
export async function writeDeadLetters(disk: Disk, path: string, letters: readonly DeadLetter[], time: string): Promise<void> {
  const size = await stat(path).then((found) => found.size, (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    return 0
  })
  const lines = letters.map(({ encoded: { record, text }, reason, among }) => JSON.stringify({
    time,
    ...(record.kind === 'entry'
      ? { entry: record.entry.index, kind: record.entry.kind }
      : { checkpoint: record.checkpoint.size }),
    reason,
    ...among,
    ...(size < maxBytesWithText ? { sent: text } : {})
  }))
  const fd = await disk.open(path, 'a', 0o600)
  try {
    await writeAll(disk, fd, Buffer.from(`${lines.join('\n')}\n`), size)
    await disk.fdatasync(fd)
  } finally {
    await disk.close(fd)
  }
}
