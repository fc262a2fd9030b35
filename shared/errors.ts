// The one error class, with stable codes. Messages are for people and hold no secret and no protected value.

export type ErrorCode =
  | 'denied' | 'review_rejected' | 'review_pending' | 'review_expired' | 'cancelled'
  | 'unauthenticated' | 'forbidden' | 'not_found' | 'bad_request' | 'conflict'
  | 'target_unknown' | 'target_unreachable' | 'target_refused'
  | 'protocol_violation' | 'limit_exceeded' | 'audit_unavailable' | 'state_unavailable' | 'session_ended'
  | 'gateway_unreachable' | 'config_invalid' | 'usage' | 'internal'

export interface ErrorOptions {
  /** Something the reader can do or type. */
  readonly hint?: string
  readonly cause?: unknown
}

/** Anything that is not a GatewayError is a bug: logged with its stack, shown as `internal` without its text. */
export class GatewayError extends Error {
  readonly code: ErrorCode
  readonly hint?: string

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.code = code
    if (options.hint !== undefined) this.hint = options.hint
  }
}

/** Policy said no. `operation` is the index, in the list given to `authorize`, of the first one refused. */
export class Denied extends GatewayError {
  constructor(readonly rule: string, readonly reason: string, readonly operation: number, options?: ErrorOptions) {
    super('denied', reason, options)
  }
}

/** People said no, nobody said anything in time, or the wait was broken off. `review` is the review's id. */
export class ReviewRefused extends GatewayError {
  constructor(code: 'review_rejected' | 'review_expired' | 'cancelled', readonly review: string, message: string, options?: ErrorOptions) {
    super(code, message, options)
  }
}

/** The log works, and somebody who must have all of it has not yet: nothing runs until they have. */
export class ExportLags extends GatewayError {
  constructor(message: string, options?: ErrorOptions) {
    super('audit_unavailable', message, options)
  }
}

/** The peer broke the protocol. `subject` names the message or field. */
export class ProtocolViolation extends GatewayError {
  constructor(readonly subject: string, message: string, options?: ErrorOptions) {
    super('protocol_violation', `${subject}: ${message}`, options)
  }
}

/** The bytes as an error of ours; anything foreign becomes `internal` with the original as cause. */
export function asGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  return new GatewayError('internal', 'internal error', { cause: error })
}
