// A recording read back: whose session it was, whether its file is the one the audit log names, and its events.
import type { AuditLog } from '../audit/log.ts'
import type { Recordings, StoredRecording } from '../recording/recordings.ts'
import type { Recorder } from '../recording/recorder.ts'
import type { SessionSummary } from '../../shared/api.ts'
import type { RecordingHead, ReplayLine } from '../../shared/recording.ts'

export interface ReplayParts {
  readonly audit: AuditLog
  readonly recordings: Recordings
  readonly session: SessionSummary
  /** Index of its session.end entry; absent where there is none. */
  readonly lastEntry: number | undefined
  /** Of a session that is still open: what it has by now is written first. */
  readonly recorder: Recorder | undefined
  /** Called once there is something to show; where it rejects, nothing is. */
  readonly seen: () => Promise<unknown>
}

/** @throws GatewayError not_found | audit_unavailable, before there is a first line */
export async function openReplay(parts: ReplayParts): Promise<AsyncIterable<ReplayLine>> {
  const { audit, recordings, session, lastEntry, recorder, seen } = parts
  await recorder?.flush()
  const stored = await recordings.read(session.id)
  try {
    const matches = recorder === undefined ? await agreement(audit, lastEntry, stored) : 'open'
    await seen()
    return linesOf(stored, { type: 'recording', session, matches })
  } catch (error) {
    await stored.close()
    throw error
  }
}

async function* linesOf(stored: StoredRecording, head: RecordingHead): AsyncGenerator<ReplayLine> {
  try {
    yield head
    // What the gateway was killed in breaks off where it was; the log does not say where, nor that it should not.
    yield* stored.events(head.matches === 'open' || head.matches === 'unknown')
  } finally {
    await stored.close()
  }
}

async function agreement(audit: AuditLog, lastEntry: number | undefined, stored: StoredRecording): Promise<RecordingHead['matches']> {
  if (lastEntry === undefined) return 'unknown'
  for await (const entry of audit.read({ from: lastEntry, to: lastEntry + 1 })) {
    if (entry.kind === 'session.end') return entry.recording !== undefined && entry.recording.sha256 === await stored.sha256()
  }
  return 'unknown'
}
