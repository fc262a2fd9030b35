// Makes what one session sealed unreadable for good: first it is written into the log, then the session's key is destroyed, and its
// recording removed. A note of what is under way lies beside the log, so that a start after a crash in between ends it.
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { canonical } from '../../shared/audit/canonical.ts'
import type { Actor } from '../../shared/audit/entry.ts'
import { GatewayError } from '../../shared/errors.ts'
import { isId } from '../../shared/id.ts'
import { replaceFile, syncFolder, type Disk } from './disk.ts'
import { damage } from './failures.ts'
import type { AuditLog } from './log.ts'
import type { SessionKeys } from './session-keys.ts'

export interface Redactions {
  /**
   * @returns the index of the redaction's entry; by then the key is gone, and the recording
   * @throws GatewayError not_found where the session has no key | audit_unavailable
   */
  redact(session: string, actor: Actor, reason: string): Promise<number>
}

interface Note {
  readonly session: string
  /** The redaction's entry, if it was written, is not before this one. */
  readonly from: number
}

export interface RedactionParts {
  readonly directory: string
  readonly audit: AuditLog
  readonly keys: SessionKeys
  /** They hold the same statements, and what those showed. Absent where nothing is recorded. */
  readonly recordings?: { remove(session: string): Promise<void> }
  readonly disk: Disk
}

/** By the time it resolves, what a crash interrupted is done. @throws GatewayError audit_unavailable */
export async function openRedactions({ directory, audit, keys, recordings, disk }: RedactionParts): Promise<Redactions> {
  const path = join(directory, 'redacting')
  /** One at a time: there is one note. */
  let last: Promise<unknown> = Promise.resolve()
  await finish()

  return {
    redact(session, actor, reason) {
      const mine = last.then(() => redact(session, actor, reason))
      last = mine.catch(() => undefined)
      return mine
    }
  }

  async function redact(session: string, actor: Actor, reason: string): Promise<number> {
    // One that failed half-way since the start.
    await finish()
    const key = await keys.read(session)
    if (key === undefined) {
      throw new GatewayError('not_found', `session ${session} has no key: nothing was sealed in it, or it was redacted before`, {
        hint: `hoop audit open, of one of its entries, says which`
      })
    }
    try {
      await replaceFile(disk, path, Buffer.from(canonical({ session, from: audit.size } satisfies Note)))
    } catch (error) {
      throw unwritten(error)
    }
    const [index] = await audit.append([{ kind: 'redaction', session, keySha256: key.sha256, actor, reason }])
    await destroy(session)
    return index!
  }

  async function destroy(session: string): Promise<void> {
    try {
      await keys.shred(session)
      await recordings?.remove(session)
      await rm(path, { force: true })
      await syncFolder(disk, directory)
    } catch (error) {
      throw unwritten(error)
    }
  }

  /** Where the entry was not written, nobody was told that it was done, and the key stays. */
  async function finish(): Promise<void> {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw unwritten(error)
      return undefined
    })
    if (text === undefined) return
    const { session, from } = noteFrom(text)
    for await (const entry of audit.read({ from })) {
      if (entry.kind === 'redaction' && entry.session === session) return destroy(session)
    }
    await rm(path, { force: true })
  }
}

function noteFrom(text: string): Note {
  try {
    const note = JSON.parse(text) as Note
    if (isId(note.session) && Number.isSafeInteger(note.from)) return note
  } catch { /* Said below. */ }
  throw damage('redacting', 'is not the note of a redaction', 'see which session\'s key in keys/ the log\'s last redaction names, remove both files, and start again')
}

function unwritten(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  return new GatewayError('audit_unavailable', `the redaction cannot be finished: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`, {
    hint: 'see to the disk the audit directory lies on, then restart the gateway, which finishes it',
    cause: error
  })
}
