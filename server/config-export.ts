// The section `audit.export` of the configuration: one entry a sink, and what its fields must be together.
import { resolve } from 'node:path'
import { z } from 'zod'
import { hostAndPort, name, receiverUrl, secret, type ConfigProblem } from './config-fields.ts'

const lagBound = z.strictObject({
  entries: z.number().int().min(1).max(10_000_000).default(10_000),
  seconds: z.number().int().min(1).max(86_400).default(300)
})

const sinkFields = {
  name,
  /** Where a sink begins that was not there before. */
  from: z.enum(['end', 'beginning']).default('end'),
  /** Statements are refused while it lags by more than this. */
  strict: z.union([z.boolean().transform((on) => on ? lagBound.parse({}) : undefined), lagBound], { error: 'true, false, or "entries" and "seconds"' })
    .optional()
}
const httpSinkFields = {
  ...sinkFields,
  url: receiverUrl,
  ca: secret.optional(),
  /** The `Authorization: Bearer` header. */
  bearer: secret.optional(),
  /** Any other header that says who sends: `Authorization` with a scheme of its own, an API key. */
  header: z.strictObject({ name: z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'the name of an HTTP header'), secret }).optional()
}

const sinkSchema = z.discriminatedUnion('kind', [
  z.strictObject({ ...httpSinkFields, kind: z.literal('ocsf'), framing: z.enum(['array', 'lines']).default('array') }),
  z.strictObject({ ...httpSinkFields, kind: z.literal('otlp') }),
  z.strictObject({ ...sinkFields, kind: z.literal('webhook'), url: receiverUrl, ca: secret.optional(), secret }),
  z.strictObject({
    ...sinkFields,
    kind: z.literal('syslog'),
    address: hostAndPort,
    tls: z
      .strictObject({ ca: secret.optional(), cert: secret.optional(), key: secret.optional(), serverName: z.string().min(1).optional() })
      .refine((tls) => (tls.cert === undefined) === (tls.key === undefined), '"cert" and "key" go together')
      .prefault({}),
    maxMessageBytes: z.number().int().min(2_048).max(131_072).default(8_192)
  }),
  z.strictObject({ ...sinkFields, kind: z.literal('file'), path: z.string().min(1) })
])

export const exportSchema = z.array(sinkSchema).max(20).default([])
  .refine((sinks) => new Set(sinks.map((sink) => sink.name)).size === sinks.length, 'two sinks have the same name')

export type SinkConfig = z.infer<typeof sinkSchema>

/** What each field by itself does not show. @param directory of the log; the next start refuses what is not its own there */
export function sinkProblems(sinks: readonly SinkConfig[], folder: string, directory: string): ConfigProblem[] {
  return sinks.flatMap((sink, i) => {
    const at = `audit.export.${i}`
    if (sink.kind === 'file' && `${resolve(folder, sink.path)}/`.startsWith(`${resolve(folder, directory)}/`)) {
      return [{ path: `${at}.path`, message: 'lies in the audit log\'s own directory' }]
    }
    if ('bearer' in sink && sink.bearer !== undefined && sink.header?.name.toLowerCase() === 'authorization') {
      return [{ path: `${at}.header`, message: 'is the header that "bearer" sets' }]
    }
    return []
  })
}

/** Paths made absolute. */
export function sinksOf(sinks: readonly SinkConfig[], folder: string): SinkConfig[] {
  return sinks.map((sink) => sink.kind === 'file' ? { ...sink, path: resolve(folder, sink.path) } : sink)
}
