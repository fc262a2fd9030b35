// What a client says first, as far as it decides whether its bytes are carried at all. Pure.
import type { OfflineReplies } from '../../shared/model.ts'

/** Longest prefix looked at: "OPTIONS ". */
const methods = ['GET ', 'PUT ', 'PRI ', 'POST ', 'HEAD ', 'TRACE ', 'PATCH ', 'DELETE ', 'OPTIONS ', 'CONNECT ']

/**
 * A browser, or anything else that speaks HTTP or TLS, has no business on a database port: a web page must not get its bytes in.
 * `short`: a first byte or two that may still become either.
 * TLS: record type handshake (0x16) and major version 3 (RFC 8446 section 5.1).
 */
export function helloOf(bytes: Uint8Array): 'http' | 'tls' | 'short' | 'other' {
  if (bytes.length === 0) return 'short'
  if (bytes[0] === 0x16) return bytes.length < 2 ? 'short' : bytes[1] === 0x03 ? 'tls' : 'other'
  const start = String.fromCharCode(...bytes.subarray(0, 8))
  if (methods.some((method) => start.startsWith(method))) return 'http'
  return methods.some((method) => method.startsWith(start)) ? 'short' : 'other'
}

/** What a client is told that asks or speaks while the gateway cannot be used. `wait`: a question not yet complete. */
export type OfflineAnswer = { readonly type: 'wait' } | { readonly type: 'answer', readonly bytes: Buffer, readonly taken: number } | { readonly type: 'error' }

export function offlineAnswer(bytes: Uint8Array, { probes }: Pick<OfflineReplies, 'probes'>): OfflineAnswer {
  if (bytes.length === 0) return { type: 'wait' }
  let partial = false
  for (const probe of probes) {
    const ask = Buffer.from(probe.ask, 'base64')
    const length = Math.min(ask.length, bytes.length)
    if (ask.length === 0 || ask.compare(bytes, 0, length, 0, length) !== 0) continue
    if (bytes.length >= ask.length) return { type: 'answer', bytes: Buffer.from(probe.answer, 'base64'), taken: ask.length }
    partial = true
  }
  return { type: partial ? 'wait' : 'error' }
}
