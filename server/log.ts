// The operator's log: JSON lines on stderr. Not the audit log; holds no statement, no secret and no protected value.
import { pino } from 'pino'

export interface Log {
  debug(facts: object, message: string): void
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** Writes synchronously, so that the last line before a crash is not lost. */
export function createLog(level: LogLevel): Log {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, errorKey: 'error' }, pino.destination({ dest: 2, sync: true }))
}
