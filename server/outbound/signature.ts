// The signature on what the gateway posts to webhooks. Pure.
import { createHmac } from 'node:crypto'

export interface Signed {
  readonly id: string
  /** Seconds since 1970. */
  readonly timestamp: number
  readonly body: string
}

/**
 * Standard Webhooks, *Signature scheme*: HMAC-SHA-256 over id, timestamp and body, base64, after its version.
 * @param secret `whsec_` and base64 as in that specification, or any text
 */
export function signatureOf(secret: string, { id, timestamp, body }: Signed): string {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : secret
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}

/** The three headers of a message; without a secret it is not signed. */
export function webhookHeaders(message: Signed, secret: string | undefined): Record<string, string> {
  return {
    'webhook-id': message.id,
    'webhook-timestamp': String(message.timestamp),
    ...(secret === undefined ? {} : { 'webhook-signature': signatureOf(secret, message) })
  }
}
