// The list of sinks: from what an operator configured to the sink itself.
import type { Sink } from '../contract.ts'
import { createFileSink } from './file.ts'
import { createOcsfSink, type OcsfSettings } from './ocsf.ts'
import { createOtlpSink } from './otlp.ts'
import { createSyslogSink, type SyslogSettings } from './syslog.ts'
import { createWebhookSink, type WebhookSettings } from './webhook.ts'
import type { HttpSettings } from './http.ts'

export type SinkSettings =
  | { readonly kind: 'ocsf' } & OcsfSettings
  | { readonly kind: 'otlp' } & HttpSettings
  | { readonly kind: 'webhook' } & WebhookSettings
  | { readonly kind: 'syslog' } & SyslogSettings
  | { readonly kind: 'file', /** Absolute. */ readonly path: string }

export interface SinkSurroundings {
  readonly origin: string
  /** The gateway's. */
  readonly version: string
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export function createSink(settings: SinkSettings, { origin, version, now }: SinkSurroundings): Sink {
  switch (settings.kind) {
    case 'ocsf': return createOcsfSink(settings, version)
    case 'otlp': return createOtlpSink(settings, origin, version)
    case 'webhook': return createWebhookSink(settings, origin, now)
    case 'syslog': return createSyslogSink(settings)
    case 'file': return createFileSink(settings.path)
  }
}
