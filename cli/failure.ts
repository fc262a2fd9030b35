// How a failure is told and which exit code it ends with: one table. Pure.
import { asGatewayError, type ErrorCode, type GatewayError } from '../shared/errors.ts'

/** Exit codes, as `hoop help exit-codes` lists them. */
export const exitCodes = {
  done: 0,
  failed: 1,
  cancelled: 2,
  signIn: 4,
  review: 8,
  usage: 64,
  interrupted: 130
} as const

const byCode: Readonly<Record<ErrorCode, number>> = {
  denied: exitCodes.failed,
  review_rejected: exitCodes.failed,
  review_pending: exitCodes.review,
  review_expired: exitCodes.cancelled,
  cancelled: exitCodes.cancelled,
  unauthenticated: exitCodes.signIn,
  forbidden: exitCodes.failed,
  not_found: exitCodes.failed,
  bad_request: exitCodes.failed,
  conflict: exitCodes.failed,
  target_unknown: exitCodes.failed,
  target_unreachable: exitCodes.failed,
  target_refused: exitCodes.failed,
  protocol_violation: exitCodes.failed,
  limit_exceeded: exitCodes.failed,
  audit_unavailable: exitCodes.failed,
  state_unavailable: exitCodes.failed,
  session_ended: exitCodes.failed,
  gateway_unreachable: exitCodes.failed,
  config_invalid: exitCodes.failed,
  usage: exitCodes.usage,
  internal: exitCodes.failed
}

export interface Failure {
  /** For `Terminal.say`, without its prefix. */
  readonly lines: readonly string[]
  readonly exitCode: number
}

/** The stack and the causes are told with `--debug` only: they are for whoever mends hoop, not for whoever uses it. */
export function failureFrom(error: unknown, debug: boolean): Failure {
  const failure = asGatewayError(error)
  const bug = failure.code === 'internal' && failure !== error
  const message = bug ? 'hoop has failed in a way nobody foresaw' : failure.message
  const hint = failure.hint ?? (failure.code === 'internal' && !debug ? 'run it again with --debug and report what it says' : undefined)
  return {
    lines: [
      `error: ${message}`,
      ...(hint === undefined ? [] : [`hint: ${hint}`]),
      ...(debug ? chain(bug ? error : failure) : [])
    ],
    exitCode: byCode[failure.code]
  }
}

function chain(error: unknown): string[] {
  if (!(error instanceof Error)) return error === undefined ? [] : [String(error)]
  return [error.stack ?? error.message, ...chain((error as GatewayError).cause)]
}
