// A recording read back: whose session it was, whether its file is the one the audit log names, and its events.
import type { AuditLog } from '../audit/log.ts'
import type { Recordings } from '../recording/recordings.ts'
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
}

/** @throws GatewayError not_found | audit_unavailable, before there is a first line */
export async function openReplay({ audit, recordings, session, lastEntry, recorder }: ReplayParts): Promise<AsyncIterable<ReplayLine>> {
  await recorder?.flush()
  const stored = await recordings.read(session.id)
  const matches = recorder === undefined ? await agreement(audit, lastEntry, stored.sha256) : 'open'
  // What the gateway was killed in breaks off where it was; the log does not say where, nor that it should not.
  const growing = matches === 'open' || matches === 'unknown'
  return (async function* () {
    try {
      yield { type: 'recording', session, matches }
      yield* stored.events(growing)
    } finally {
      await stored.close()
    }
  })()
}

async function agreement(audit: AuditLog, lastEntry: number | undefined, sha256: string): Promise<RecordingHead['matches']> {
  if (lastEntry === undefined) return 'unknown'
  for await (const entry of audit.read({ from: lastEntry, to: lastEntry + 1 })) {
    if (entry.kind === 'session.end') return entry.recording?.sha256 === sha256
  }
  return 'unknown'
}
