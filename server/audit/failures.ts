// Why the audit log cannot be opened or written, in words an operator can act on. No message holds anything of an entry.
import { getSystemErrorMap } from 'node:util'
import { GatewayError } from '../../shared/errors.ts'

/** The disk refused; from here on the log takes nothing. `doing` reads on from "while". */
export function diskFailure(error: unknown, doing: string): GatewayError {
  const { code = 'unknown error', message } = error as NodeJS.ErrnoException
  const words = wordsOf.get(code) ?? message
  const full = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG'
  return new GatewayError('audit_unavailable', `the audit log cannot be written: ${code} (${words}) while ${doing}`, {
    hint: full
      ? 'free space where the audit directory lies, then restart the gateway'
      : 'see to the disk the audit directory lies on, then restart the gateway; a failed sync is never tried again',
    cause: error
  })
}

/** What is on disk is not what the log wrote. `where` names the file or entry. */
export function damage(where: string, message: string, hint = 'restore the audit directory from a copy, or move it away to begin a new log; hoop audit verify says more'): GatewayError {
  return new GatewayError('audit_unavailable', `the audit log is damaged: ${where}: ${message}`, { hint })
}

/** The directory is not fit to hold a log. */
export function unfit(message: string, hint?: string): GatewayError {
  return new GatewayError('config_invalid', `audit directory: ${message}`, hint === undefined ? {} : { hint })
}

const wordsOf = new Map([...getSystemErrorMap().values()].map(([code, words]) => [code, words] as const))
