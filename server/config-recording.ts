// The section `recording` of the configuration, and what a target says about it.
import { resolve } from 'node:path'
import { z } from 'zod'
import { secret, type ConfigProblem } from './config-fields.ts'

type RecordingConfig = z.infer<typeof recordingSchema>

/** What clients were shown, for replay; without the section it is not kept. */
export const recordingSchema = z.strictObject({
  directory: z.string().min(1),
  /** 32 bytes, in base64 or hex. */
  key: secret,
  /** Of one statement's result that is kept, as it went out; and of its text. */
  perOperationBytes: z.number().int().min(0).max(16 * 2 ** 20).default(2 ** 20),
  perSessionBytes: z.number().int().min(0).max(2 ** 40).default(64 * 2 ** 20),
  /** For ever where absent. */
  keepDays: z.number().int().min(1).max(36_500).optional(),
  /** Whether people may replay and follow their own sessions. */
  own: z.boolean().default(true)
})

/** Of a target, where there is the section. `optional`: a session goes on where it cannot be recorded. */
export const recordingModes = z.enum(['required', 'optional', 'off'])

/** What each field by itself does not show. @param audit the log's directory; the next start refuses what is not its own there */
export function recordingProblems(recording: RecordingConfig | undefined, folder: string, audit: string): ConfigProblem[] {
  if (recording === undefined) return []
  const inside = `${resolve(folder, recording.directory)}/`.startsWith(`${resolve(folder, audit)}/`)
  return inside ? [{ path: 'recording.directory', message: 'lies in the audit log\'s own directory' }] : []
}

/** Its path made absolute. */
export function recordingIn(recording: RecordingConfig | undefined, folder: string): RecordingConfig | undefined {
  return recording === undefined ? undefined : { ...recording, directory: resolve(folder, recording.directory) }
}
