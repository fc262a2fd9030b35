// All recordings of a gateway: begun with a session, read back, and removed when they have been kept long enough.
import { lstat, mkdir, readdir, rm, unlink } from 'node:fs/promises'
import { GatewayError } from '../../shared/errors.ts'
import { isId } from '../../shared/id.ts'
import type { RecordingDamage, RecordingEvent } from '../../shared/recording.ts'
import { pathOf, readRecording, RecordingDamaged, RecordingFile, type ReadRecording } from './files.ts'
import { Recorder, type RecorderParts, type RecordingLimits } from './recorder.ts'

const dayMilliseconds = 24 * 3600_000

export interface RecordingsOptions {
  readonly directory: string
  /** 32 bytes. */
  readonly key: Buffer
  readonly limits: RecordingLimits
  /** Undefined: for ever. */
  readonly keepDays?: number
  readonly randomBytes: (count: number) => Buffer
}

export interface Recordings {
  /** @throws GatewayError audit_unavailable */
  begin(session: string, parts: Pick<RecorderParts, 'elapsed' | 'onFailure'>): Promise<Recorder>
  /** @throws GatewayError not_found where there is none (any more) | audit_unavailable where it cannot be opened */
  read(session: string): Promise<StoredRecording>
  /** Removes one, where there is one. @throws GatewayError audit_unavailable */
  remove(session: string): Promise<void>
  /** Removes those last written longer ago than they are kept, whose session is over; one that cannot be removed keeps no other. */
  expire(now: number, isOpen: (session: string) => boolean): Promise<Expired>
}

export interface Expired {
  /** Whose recording was removed. */
  readonly sessions: readonly string[]
  /** The first thing that went wrong, while the others were removed. */
  readonly problem?: Error
}

export interface StoredRecording {
  /** SHA-256 of the file, lower-case hex; reads all of it. @throws GatewayError audit_unavailable */
  sha256(): Promise<string>
  /** In order; where the file is not as it was written, the damage is the last. @param growing its last block may be missing its end */
  events(growing: boolean): AsyncIterable<RecordingEvent | RecordingDamage>
  close(): Promise<void>
}

/** Makes the directory where there is none. @throws GatewayError config_invalid */
export async function openRecordings({ directory, key, limits, keepDays, randomBytes }: RecordingsOptions): Promise<Recordings> {
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    throw new GatewayError('config_invalid', `recording.directory: ${directory} cannot be made (${error.code})`)
  })
  const found = await lstat(directory)
  if (!found.isDirectory()) throw new GatewayError('config_invalid', `recording.directory: ${directory} is no directory`)
  if ((found.mode & 0o077) !== 0) {
    throw new GatewayError('config_invalid', `recording.directory: ${directory} is open to other users`, { hint: `chmod 700 ${directory}` })
  }
  return {
    async begin(session, parts) {
      const file = await RecordingFile.create(directory, session, key, randomBytes(32)).catch((error: NodeJS.ErrnoException) => {
        throw cannotRecord(error)
      })
      return new Recorder({ file, limits, ...parts })
    },

    async read(session) {
      const stored = await readRecording(directory, session, key).catch(unreadable)
      if (stored === undefined) {
        throw new GatewayError('not_found', 'there is no recording of this session', { hint: 'it was not recorded, not kept for so long, or redacted; hoop sessions show says what the log holds' })
      }
      return {
        sha256: () => stored.sha256().catch(unreadable),
        events: (growing) => eventsOf(stored, growing),
        close: () => stored.close()
      }
    },

    async remove(session) {
      await rm(pathOf(directory, session), { force: true }).catch((error: NodeJS.ErrnoException) => {
        throw new GatewayError('audit_unavailable', `the session's recording cannot be removed (${error.code})`, { hint: `remove ${pathOf(directory, session)}` })
      })
    },

    async expire(now, isOpen) {
      if (keepDays === undefined) return { sessions: [] }
      const sessions: string[] = []
      let problem: Error | undefined
      for (const name of await readdir(directory)) {
        if (!isId(name) || isOpen(name)) continue
        const path = pathOf(directory, name)
        try {
          const { mtimeMs } = await lstat(path)
          if (now - mtimeMs < keepDays * dayMilliseconds) continue
          await unlink(path)
          sessions.push(name)
        } catch (error) {
          problem ??= error as Error
        }
      }
      return { sessions, ...(problem === undefined ? {} : { problem }) }
    }
  }
}

/** What a session that has to be recorded ends with, or is not opened for. */
export function cannotRecord(error: NodeJS.ErrnoException): GatewayError {
  return new GatewayError('audit_unavailable', `the session cannot be recorded (${error.code ?? 'unknown error'}), and nothing passes unrecorded`, {
    hint: 'tell the operator of the gateway'
  })
}

function unreadable(error: NodeJS.ErrnoException): never {
  throw new GatewayError('audit_unavailable', `the recording cannot be read (${error.code ?? error.message})`)
}

async function* eventsOf(stored: ReadRecording, growing: boolean): AsyncGenerator<RecordingEvent | RecordingDamage> {
  try {
    for await (const text of stored.blocks(growing)) {
      for (const line of text.split('\n')) if (line !== '') yield JSON.parse(line) as RecordingEvent
    }
  } catch (error) {
    if (!(error instanceof RecordingDamaged)) throw error
    yield { type: 'damaged', reason: error.message }
  }
}
