// Batches of entries to a webhook, signed as the messages about reviews are.
import { hash } from 'node:crypto'
import { webhookHeaders } from '../../../outbound/signature.ts'
import { canonical } from '../../../../shared/audit/canonical.ts'
import { indexOf, type Encoded, type Sink } from '../contract.ts'
import { createHttpSender, deliveryFrom, type HttpSettings } from './http.ts'

export interface WebhookSettings extends HttpSettings {
  readonly secret: () => Promise<string>
}

/** @param now milliseconds since 1970 */
export function createWebhookSink(settings: WebhookSettings, origin: string, now: () => number): Sink {
  const sender = createHttpSender(settings)
  const log = hash('sha256', origin).slice(0, 16)
  return {
    kind: 'webhook',
    maxRecords: 200,
    maxBytes: 512 * 1024,
    encode: (record) => record.kind === 'entry' ? canonical(record.entry) : canonical({ checkpoint: record.checkpoint.note }),
    async send(batch, signal) {
      const secret = await settings.secret()
      const body = `{"origin":${JSON.stringify(origin)},"records":[${batch.map(({ text }) => text).join(',')}]}`
      const message = { id: `${log}-${idOf(batch)}`, timestamp: Math.floor(now() / 1000), body }
      return deliveryFrom(await sender.send(body, webhookHeaders(message, secret), signal))
    },
    close: sender.close
  }
}

/** The same for each try of the same batch. No full stops in it: the signature is over parts joined by them. */
function idOf(batch: readonly Encoded[]): string {
  const name = ({ record }: Encoded) => indexOf(record) ?? `c${record.kind === 'checkpoint' ? record.checkpoint.size : ''}`
  return `${name(batch[0]!)}-${name(batch.at(-1)!)}`
}
