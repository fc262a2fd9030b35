// The sinks of the audit export as the configuration has them: references become secrets that are read when they are needed.
import type { SinkChoice } from './audit/export/exports.ts'
import type { HttpSettings } from './audit/export/sinks/http.ts'
import { createSink, type SinkSettings, type SinkSurroundings } from './audit/export/sinks/index.ts'
import type { Config } from './config.ts'
import type { SinkConfig } from './config-export.ts'
import { isSecretReference, type Secrets } from './secrets.ts'

export function sinksFrom({ audit, secrets }: Pick<Config, 'audit' | 'secrets'>, surroundings: SinkSurroundings): SinkChoice[] {
  return audit.export.map((sink) => ({
    name: sink.name,
    from: sink.from,
    sink: createSink(settingsOf(sink, secrets), surroundings),
    ...(sink.strict === undefined ? {} : { strict: sink.strict })
  }))
}

function settingsOf(sink: SinkConfig, secrets: Secrets): SinkSettings {
  const read = async (reference: string | undefined) => reference === undefined ? undefined : secrets.read(reference)
  switch (sink.kind) {
    case 'ocsf': return { kind: sink.kind, framing: sink.framing, ...httpOf(sink, secrets) }
    case 'otlp': return { kind: sink.kind, ...httpOf(sink, secrets) }
    case 'webhook': return { kind: sink.kind, secret: () => secrets.read(sink.secret), ...httpOf(sink, secrets) }
    case 'file': return { kind: sink.kind, path: sink.path }
    case 'syslog': {
      const { tls, maxMessageBytes } = sink
      const [, host, port] = /^(.*):(\d+)$/.exec(sink.address)!
      return {
        kind: sink.kind,
        host: host!.replace(/^\[|\]$/g, ''),
        port: Number(port),
        maxMessageBytes,
        ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }),
        async tls() {
          const [ca, cert, key] = await Promise.all([read(tls.ca), read(tls.cert), read(tls.key)])
          return { ...(ca === undefined ? {} : { ca }), ...(cert === undefined || key === undefined ? {} : { cert, key }) }
        }
      }
    }
  }
}

type HttpSink = Pick<Extract<SinkConfig, { kind: 'ocsf' }>, 'url' | 'ca' | 'bearer' | 'header'>

function httpOf({ url, ca, bearer, header }: HttpSink, secrets: Secrets): HttpSettings {
  return {
    url: () => isSecretReference(url) ? secrets.read(url) : Promise.resolve(url),
    ca: () => ca === undefined ? Promise.resolve(undefined) : secrets.read(ca),
    async headers() {
      return {
        ...(bearer === undefined ? {} : { authorization: `Bearer ${await secrets.read(bearer)}` }),
        ...(header === undefined ? {} : { [header.name]: await secrets.read(header.secret) })
      }
    }
  }
}
