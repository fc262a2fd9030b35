// The gateway's own errors in PostgreSQL's words. Pure.
import { Denied, type ErrorCode, type GatewayError } from '../../../shared/errors.ts'
import { answer, type Report } from './wire/backend.ts'

/** @see PostgreSQL docs, Appendix A, PostgreSQL Error Codes */
export const sqlStates: Readonly<Record<ErrorCode, string>> = {
  denied: '42501',
  forbidden: '42501',
  review_rejected: '42501',
  review_pending: '42501',
  review_expired: '57014',
  cancelled: '57014',
  unauthenticated: '28000',
  target_refused: '28000',
  target_unknown: '08006',
  target_unreachable: '08006',
  gateway_unreachable: '08006',
  protocol_violation: '08P01',
  bad_request: '08P01',
  usage: '08P01',
  limit_exceeded: '54000',
  audit_unavailable: '58000',
  state_unavailable: '58000',
  config_invalid: '58000',
  session_ended: '57P01',
  conflict: 'XX000',
  not_found: 'XX000',
  internal: 'XX000'
}

/** @param fatal whether the connection ends with it */
export function report(error: GatewayError, fatal: boolean): Report {
  return {
    severity: fatal ? 'FATAL' : 'ERROR',
    code: sqlStates[error.code],
    message: error.code === 'internal' ? 'the gateway failed; its operator finds the reason in the gateway\'s log' : error.message,
    ...(error instanceof Denied ? { detail: `Refused by rule "${error.rule}"; nothing of it reached the database.` } : {}),
    ...(error.hint === undefined ? {} : { hint: error.hint })
  }
}

/** An ErrorResponse. */
export function refusal(error: GatewayError, fatal = false): Buffer {
  return answer.error(report(error, fatal))
}
