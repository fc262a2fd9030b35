// OCSF events over HTTPS, as a JSON array or one a line.
import type { Sink } from '../contract.ts'
import { ocsfEvent } from '../forms/ocsf.ts'
import { createHttpSender, deliveryFrom, type HttpSettings } from './http.ts'

export interface OcsfSettings extends HttpSettings {
  readonly framing: 'array' | 'lines'
}

export function createOcsfSink(settings: OcsfSettings, version: string): Sink {
  const sender = createHttpSender(settings)
  const lines = settings.framing === 'lines'
  return {
    kind: 'ocsf',
    maxRecords: 500,
    maxBytes: 1024 * 1024,
    encode: (record) => JSON.stringify(ocsfEvent(record, version)),
    async send(batch, signal) {
      const texts = batch.map(({ text }) => text)
      const body = lines ? `${texts.join('\n')}\n` : `[${texts.join(',')}]`
      return deliveryFrom(await sender.send(body, { 'content-type': lines ? 'application/x-ndjson' : 'application/json' }, signal))
    },
    close: sender.close
  }
}
