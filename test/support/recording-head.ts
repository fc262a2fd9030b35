// The head of a recording, as the gateway sends it.
import type { RecordingHead } from '../../shared/recording.ts'

export function recordingHead(matches: RecordingHead['matches'], statements: number): RecordingHead {
  return {
    type: 'recording',
    matches,
    session: {
      id: '01k5b2y8v4s0q9m3t7x6c1n0ad',
      principal: { issuer: 'i', subject: 's', email: 'ann@example.com', groups: [], kind: 'human' },
      target: 'prod-db',
      startedAt: '2026-11-25T22:00:00.000Z',
      statements,
      denied: 0
    } as RecordingHead['session']
  }
}
