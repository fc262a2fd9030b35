// Records as OTLP log records in JSON: attributes by OpenTelemetry's conventions where there are any. Pure.
import type { ExportRecord } from '../contract.ts'
import { factsOf, nameOf, type Severity } from './facts.ts'

/** OpenTelemetry logs data model, *Field: SeverityNumber*. */
const severities: Record<Severity, readonly [number: number, text: string]> = {
  informational: [9, 'INFO'],
  low: [10, 'INFO2'],
  medium: [13, 'WARN'],
  high: [17, 'ERROR'],
  critical: [21, 'FATAL']
}

type Value = string | number | boolean | readonly string[] | undefined

export function otlpRecord(record: ExportRecord): string {
  const facts = factsOf(record)
  const { kind, origin, time, index, uid, severity, raw, session, connection, source } = facts
  const { actor, target, statement, decision, outcome } = facts
  const [host, port] = target === undefined ? [] : /^(.*):(\d+)$/.exec(target.address)?.slice(1) ?? [target.address]
  const [severityNumber, severityText] = severities[severity]
  // 64-bit integers are strings in the JSON mapping, nanoseconds included.
  const nanoseconds = `${Date.parse(time)}000000`
  return JSON.stringify({
    timeUnixNano: nanoseconds,
    observedTimeUnixNano: nanoseconds,
    severityNumber,
    severityText,
    eventName: `hoop.${kind}`,
    body: { stringValue: raw },
    attributes: attributes({
      'log.record.uid': uid,
      'hoop.origin': origin,
      'hoop.index': index,
      'hoop.kind': kind,
      'session.id': session,
      'hoop.connection': connection,
      'user.id': actor?.subject,
      'user.email': actor?.email,
      'user.name': actor === undefined ? undefined : nameOf(actor),
      'user.roles': actor?.groups,
      'hoop.user.issuer': actor?.issuer,
      'hoop.user.kind': actor?.kind,
      'client.address': source,
      'hoop.target': target?.name,
      'db.system.name': target === undefined ? undefined : target.protocol === 'postgres' ? 'postgresql' : target.protocol,
      'db.namespace': target?.database,
      'server.address': host,
      'server.port': port === undefined ? undefined : Number(port),
      'db.operation.name': statement?.verb,
      'db.query.text': statement?.redacted,
      'hoop.statement.sha256': statement?.sha256,
      'hoop.statement.effects': statement?.effects,
      'hoop.statement.relations': statement?.relations,
      'hoop.decision.action': decision?.action,
      'hoop.decision.rule': decision?.rule,
      'hoop.decision.policy': decision?.policy,
      'hoop.outcome.status': outcome?.status,
      'db.response.status_code': outcome?.errorClass,
      'db.response.returned_rows': outcome?.rows
    })
  })
}

/** @param records as `otlpRecord` makes them */
export function otlpRequest(records: readonly string[], origin: string, version: string): string {
  const resource = { attributes: attributes({ 'service.name': 'hoop', 'service.version': version, 'service.instance.id': origin }) }
  const scope = { name: 'hoop.audit', version }
  return `{"resourceLogs":[{"resource":${JSON.stringify(resource)},"scopeLogs":[{"scope":${JSON.stringify(scope)},"logRecords":[${records.join(',')}]}]}]}`
}

function attributes(values: Readonly<Record<string, Value>>): object[] {
  return Object.entries(values).flatMap(([key, value]) => value === undefined ? [] : [{ key, value: anyValue(value) }])
}

function anyValue(value: Exclude<Value, undefined>): object {
  switch (typeof value) {
    case 'string': return { stringValue: value }
    case 'boolean': return { boolValue: value }
    case 'number': return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
    default: return { arrayValue: { values: value.map((item) => ({ stringValue: item })) } }
  }
}
