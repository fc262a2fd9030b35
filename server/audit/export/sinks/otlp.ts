// OpenTelemetry logs: OTLP over HTTP in JSON.
import type { Delivery, Sink } from '../contract.ts'
import { otlpRecord, otlpRequest } from '../forms/otlp.ts'
import { createHttpSender, deliveryFrom, type HttpSettings } from './http.ts'

export function createOtlpSink(settings: HttpSettings, origin: string, version: string): Sink {
  const sender = createHttpSender(settings)
  return {
    kind: 'otlp',
    maxRecords: 500,
    maxBytes: 1024 * 1024,
    encode: otlpRecord,
    async send(batch, signal) {
      const answer = await sender.send(otlpRequest(batch.map(({ text }) => text), origin, version), {}, signal)
      const delivery = deliveryFrom(answer)
      if (delivery.result !== 'delivered' || 'error' in answer) return delivery
      const count = rejectedBy(answer.body)
      return count === 0 ? delivery : rejected(Math.min(count, batch.length))
    },
    close: sender.close
  }
}

/** What was partly taken must not be sent again (OTLP specification, *Partial Success*). */
function rejected(count: number): Delivery {
  return { result: 'delivered', rejected: { count, reason: `it rejected ${count} log records` } }
}

/** `partialSuccess.rejectedLogRecords`, an int64 and so mostly a string. An answer that says nothing, or not JSON, is a full success. */
function rejectedBy(body: string): number {
  try {
    const answer = JSON.parse(body) as { partialSuccess?: { rejectedLogRecords?: unknown } | null } | null
    const count = Number(answer?.partialSuccess?.rejectedLogRecords ?? 0)
    return Number.isSafeInteger(count) && count > 0 ? count : 0
  } catch {
    return 0
  }
}
