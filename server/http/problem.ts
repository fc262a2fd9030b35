// An error as an HTTP answer: one table from code to status, one shape (RFC 9457), for API, refused upgrades and broken requests alike.
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ApiProblem } from '../../shared/api.ts'
import { asGatewayError, GatewayError, type ErrorCode, type ErrorOptions } from '../../shared/errors.ts'

const statuses: Readonly<Record<ErrorCode, number>> = {
  denied: 403,
  review_rejected: 403,
  review_pending: 202,
  review_expired: 403,
  cancelled: 403,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  bad_request: 400,
  conflict: 409,
  target_unknown: 404,
  target_unreachable: 502,
  target_refused: 502,
  protocol_violation: 400,
  limit_exceeded: 429,
  audit_unavailable: 503,
  state_unavailable: 503,
  session_ended: 410,
  gateway_unreachable: 503,
  config_invalid: 500,
  usage: 400,
  internal: 500
}

/** A refusal for which HTTP has a more precise status than the code's. */
export class HttpRefusal extends GatewayError {
  constructor(readonly status: 405 | 408 | 413 | 415 | 426 | 431, code: ErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options)
  }
}

/** On every answer but the embedded provider's, which has pages. Nothing here is for a browser to show, frame, guess at or keep. */
export const answerHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': 'default-src \'none\'; frame-ancestors \'none\'',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff'
}

/** What is not a GatewayError is a bug: told as `internal`, without its text. */
export function problemFrom(error: unknown): ApiProblem {
  const { code, message, hint } = asGatewayError(error)
  const status = error instanceof HttpRefusal ? error.status : statuses[code]
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? '',
    status,
    code,
    detail: code === 'internal' ? 'internal error; the gateway\'s operator finds the reason in its log' : message,
    ...(hint === undefined ? {} : { hint })
  }
}

/** Headers that belong to one problem, beside `answerHeaders`. */
export function problemHeaders(problem: ApiProblem): Record<string, string> {
  return {
    'content-type': 'application/problem+json',
    ...(problem.status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    ...(problem.status === 503 ? { 'retry-after': '1' } : {})
  }
}

/** Answers on a socket that has no ServerResponse (a refused upgrade, a request that does not parse), then closes it. */
export function refuseSocket(socket: Duplex, error: unknown): void {
  if (!socket.writable) return void socket.destroy()
  const problem = problemFrom(error)
  const body = JSON.stringify(problem)
  const headers = { ...answerHeaders, ...problemHeaders(problem), 'content-length': String(Buffer.byteLength(body)), connection: 'close' }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  // The server's sockets are half-open by nature: without destroy() a peer that never closes would keep it.
  socket.end(`HTTP/1.1 ${problem.status} ${problem.title}\r\n${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}
