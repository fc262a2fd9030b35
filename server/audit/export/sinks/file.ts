// JSON lines in a file: appended, synced, and opened anew when it was moved away (logrotate's "create" and plain renaming).
import { open, stat, type FileHandle } from 'node:fs/promises'
import { canonical } from '../../../../shared/audit/canonical.ts'
import type { Delivery, Sink } from '../contract.ts'

interface Opened {
  readonly file: FileHandle
  readonly id: string
}

/** A line is an entry in canonical form, the leaf of the log's tree; or `{"checkpoint":"..."}`. */
export function createFileSink(path: string): Sink {
  let opened: Opened | undefined

  return {
    kind: 'file',
    maxRecords: 1_000,
    maxBytes: 1024 * 1024,
    encode: (record) => record.kind === 'entry' ? canonical(record.entry) : canonical({ checkpoint: record.checkpoint.note }),
    async send(batch): Promise<Delivery> {
      try {
        await append(`${batch.map(({ text }) => text).join('\n')}\n`)
        return { result: 'delivered' }
      } catch (error) {
        await shut()
        return { result: 'again', reason: (error as NodeJS.ErrnoException).code ?? (error as Error).message }
      }
    },
    close: () => void shut()
  }

  async function append(lines: string): Promise<void> {
    // Followed by its name: whoever rotates has moved the one that is open, or removed it.
    const found = await stat(path, { bigint: true }).catch(absent)
    if (found !== undefined && !found.isFile()) throw new Error('it is no file')
    if (opened !== undefined && (found === undefined || idOf(found) !== opened.id)) await shut()
    opened ??= await openAnew()
    await opened.file.appendFile(lines)
    await opened.file.datasync()
  }

  async function openAnew(): Promise<Opened> {
    const file = await open(path, 'a+', 0o600)
    try {
      await dropTornLine(file)
      return { file, id: idOf(await file.stat({ bigint: true })) }
    } catch (error) {
      await file.close()
      throw error
    }
  }

  async function shut(): Promise<void> {
    const before = opened
    opened = undefined
    await before?.file.close().catch(() => undefined)
  }
}

/** More than a line of ours can have. */
const lookBackBytes = 192 * 1024

/** A write that a full disk or a kill cut short: the cursor did not move, so all of it comes again. */
async function dropTornLine(file: FileHandle): Promise<void> {
  const { size } = await file.stat()
  const begin = Math.max(0, size - lookBackBytes)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size - begin), 0, size - begin, begin)
  const end = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1
  if (end === bytesRead) return
  // Something else's file, named by mistake, is left alone.
  if ((end === 0 && begin > 0) || buffer.toString('latin1', end, end + 2) !== '{"') throw new Error('its last line is not one of the export')
  await file.truncate(begin + end)
}

function idOf({ dev, ino }: { readonly dev: bigint, readonly ino: bigint }): string {
  return `${dev}:${ino}`
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
