// Recordings as they are configured: opened with their key and limits, and removed once they have been kept for so long.
import { randomBytes } from 'node:crypto'
import type { EntryFacts } from '../shared/audit/entry.ts'
import type { Config } from './config.ts'
import type { Log } from './log.ts'
import { keyFrom } from './recording/files.ts'
import { openRecordings, type Recordings } from './recording/recordings.ts'

const expiryMilliseconds = 3600_000

/** @returns undefined where nothing is recorded. @throws GatewayError config_invalid */
export async function recordingsOf({ recording, secrets }: Pick<Config, 'recording' | 'secrets'>): Promise<Recordings | undefined> {
  if (recording === undefined) return undefined
  const { directory, key, perOperationBytes, perSessionBytes, keepDays } = recording
  return openRecordings({
    directory,
    key: keyFrom(await secrets.read(key)),
    limits: { perOperationBytes, perSessionBytes },
    ...(keepDays === undefined ? {} : { keepDays }),
    randomBytes
  })
}

/** @throws GatewayError config_invalid where there is a key and it is none */
export async function checkRecordingKey({ recording, secrets }: Pick<Config, 'recording' | 'secrets'>): Promise<void> {
  if (recording !== undefined) keyFrom(await secrets.read(recording.key))
}

export interface ExpiryParts {
  readonly recordings: Recordings | undefined
  readonly isOpen: (session: string) => boolean
  readonly note: (facts: EntryFacts) => void
  readonly now: () => number
  readonly log: Log
}

/** Now and then every hour; each removal is written down. @returns what stops it */
export function expireRecordings({ recordings, isOpen, note, now, log }: ExpiryParts): () => void {
  if (recordings === undefined) return () => undefined
  const expire = () => void recordings.expire(now(), isOpen).then(({ sessions, problem }) => {
    for (const session of sessions) note({ kind: 'admin', action: 'recording.expire', detail: session })
    if (problem !== undefined) throw problem
  }).catch((error: unknown) => log.error({ problem: (error as Error).message }, 'old recordings cannot be removed'))
  expire()
  const timer = setInterval(expire, expiryMilliseconds).unref()
  return () => clearInterval(timer)
}
