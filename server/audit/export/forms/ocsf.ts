// Records as OCSF 1.5.0 events: which class and activity each kind of entry is, as data, and the objects in them. Pure.
// The schema is https://schema.ocsf.io/1.5.0; the tables in docs/audit.md say the same.
import type { Actor, AuditEntry, TargetFacts } from '../../../../shared/audit/entry.ts'
import type { ExportRecord } from '../contract.ts'
import { factsOf, nameOf, type RecordFacts, type Severity } from './facts.ts'

export const ocsfVersion = '1.5.0'

const classes = {
  datastore: { class_uid: 6005, class_name: 'Datastore Activity', category_uid: 6 },
  api: { class_uid: 6003, class_name: 'API Activity', category_uid: 6 },
  lifecycle: { class_uid: 6002, class_name: 'Application Lifecycle', category_uid: 6 },
  authentication: { class_uid: 3002, class_name: 'Authentication', category_uid: 3 },
  account: { class_uid: 3001, class_name: 'Account Change', category_uid: 3 }
} as const

type Class = keyof typeof classes

/** `activity` 99 is "Other": its name is then the entry's kind. */
interface Row {
  readonly class: Class
  readonly activity: number | ((entry: AuditEntry, facts: RecordFacts) => number)
}

/** Kinds that are not here are API Activity, "Other", with the kind as the operation. */
const rows: Partial<Record<AuditEntry['kind'] | 'checkpoint', Row>> = {
  'session.start': { class: 'datastore', activity: 3 },
  'session.end': { class: 'datastore', activity: 99 },
  'statement.intent': { class: 'datastore', activity: (_, facts) => statementActivity(facts) },
  decision: { class: 'datastore', activity: (_, facts) => statementActivity(facts) },
  outcome: { class: 'datastore', activity: (_, facts) => statementActivity(facts) },
  'review.held': { class: 'datastore', activity: 99 },
  login: { class: 'authentication', activity: 1 },
  token: { class: 'account', activity: (entry) => entry.kind === 'token' ? tokenActivities[entry.action] ?? 99 : 99 },
  revocation: { class: 'account', activity: (entry) => entry.kind === 'revocation' && entry.action === 'enable' ? 2 : 5 },
  'policy.change': { class: 'lifecycle', activity: 8 },
  admin: { class: 'lifecycle', activity: (entry) => entry.kind === 'admin' ? adminActivities[entry.action] ?? 99 : 99 },
  'audit.read': { class: 'api', activity: 2 },
  redaction: { class: 'api', activity: 4 },
  'retention.prune': { class: 'api', activity: 4 },
  'key.rotate': { class: 'lifecycle', activity: 8 },
  heartbeat: { class: 'lifecycle', activity: 99 },
  'clock.jump': { class: 'lifecycle', activity: 99 },
  recovery: { class: 'lifecycle', activity: 5 },
  'export.dead-letter': { class: 'lifecycle', activity: 99 },
  checkpoint: { class: 'lifecycle', activity: 99 }
}

const tokenActivities: Record<string, number> = { create: 1, revoke: 6 }
const adminActivities: Record<string, number> = { 'gateway.start': 3, 'gateway.stop': 4 }

/** By the parser's word; by the first effect where it is not here. */
const verbActivities: Record<string, number> = {
  SELECT: 4, VALUES: 4, TABLE: 4, EXPLAIN: 4, SHOW: 4, FETCH: 4,
  UPDATE: 2, MERGE: 2, 'ALTER TABLE': 2,
  INSERT: 5, COPY: 5,
  'CREATE TABLE': 6,
  DELETE: 7, TRUNCATE: 7, 'DROP TABLE': 7
}
const effectActivities: Record<string, number> = { read: 1, write: 5 }

const severities: Record<Severity, number> = { informational: 1, low: 2, medium: 3, high: 4, critical: 5 }

const outcomeStatus = { ok: 1, error: 2, cancelled: 99, unknown: 0 } as const

export function ocsfEvent(record: ExportRecord, productVersion: string): object {
  const facts = factsOf(record)
  const { kind, time, severity, message, raw, statement, decision, outcome } = facts
  const entry = record.kind === 'entry' ? record.entry : undefined
  const row = rowOf(facts, entry)
  const { class_uid, class_name, category_uid } = classes[row.class]
  const activity = typeof row.activity === 'number' ? row.activity : row.activity(entry!, facts)
  return {
    class_uid,
    class_name,
    category_uid,
    activity_id: activity,
    ...(activity === 99 ? { activity_name: kind } : {}),
    type_uid: class_uid * 100 + activity,
    severity_id: severities[severity],
    time: Date.parse(time),
    message,
    metadata: metadataOf(facts, productVersion),
    ...statusOf(facts, entry),
    ...(decision === undefined || outcome !== undefined ? {} : controlOf(facts)),
    ...(outcome === undefined ? {} : { duration: Math.round(outcome.durationMilliseconds) }),
    ...ownMembers[row.class](facts, entry),
    ...(statement === undefined && outcome === undefined ? {} : { unmapped: unmappedOf(facts) }),
    raw_data: raw
  }
}

/** A class asks for members that not every entry has: an outcome whose intent is gone, an administrator's deed without a name. */
function rowOf(facts: RecordFacts, entry: AuditEntry | undefined): Row {
  const row = rows[facts.kind] ?? { class: 'api', activity: 99 }
  if (row.class === 'datastore' && facts.target === undefined) return { class: 'api', activity: 99 }
  if (entry?.kind === 'admin' && entry.actor !== undefined) return { class: 'api', activity: 99 }
  return row
}

function statementActivity({ statement }: RecordFacts): number {
  if (statement === undefined) return 99
  if (statement.verb === 'COPY' && !statement.effects.includes('write')) return 1
  return verbActivities[statement.verb] ?? effectActivities[statement.effects[0] ?? ''] ?? 99
}

function metadataOf({ kind, origin, time, index, uid, session, decision, outcome }: RecordFacts, version: string): object {
  return {
    version: ocsfVersion,
    product: { name: 'hoop', vendor_name: 'hoop', version },
    log_name: origin,
    log_provider: 'hoop',
    uid,
    event_code: kind,
    original_time: time,
    ...(index === undefined ? {} : { sequence: index }),
    ...(session === undefined ? {} : { correlation_uid: session }),
    ...(decision === undefined || outcome !== undefined ? {} : { profiles: ['security_control'] })
  }
}

function statusOf({ decision, outcome }: RecordFacts, entry: AuditEntry | undefined): object {
  if (outcome !== undefined) {
    const { status, errorClass } = outcome
    return { status_id: outcomeStatus[status], status, ...(errorClass === undefined ? {} : { status_code: errorClass }) }
  }
  if (entry?.kind === 'login') return { status_id: entry.accepted ? 1 : 2, ...(entry.reason === undefined ? {} : { status_detail: entry.reason }) }
  if (decision?.reason !== undefined) return { status_id: 2, status_detail: decision.reason }
  return {}
}

/** Profile *Security Control*: what the gateway did about it. */
function controlOf({ decision }: RecordFacts): object {
  const { action, rule, policy } = decision!
  return {
    action_id: action === 'deny' ? 2 : action === 'allow' ? 1 : 99,
    ...(action === 'hold' ? { action: 'hold' } : {}),
    disposition_id: action === 'deny' ? 2 : action === 'allow' ? 1 : 14,
    policy: { name: rule, uid: policy }
  }
}

const ownMembers: Record<Class, (facts: RecordFacts, entry: AuditEntry | undefined) => object> = {
  datastore: (facts) => ({
    actor: actorOf(facts),
    src_endpoint: sourceOf(facts),
    dst_endpoint: endpointOf(facts.target!),
    type_id: 1,
    database: databaseOf(facts.target!),
    ...(facts.statement?.relations.length === 1 ? { table: { name: facts.statement.relations[0] } } : {}),
    ...queryOf(facts)
  }),
  api: (facts, entry) => ({
    actor: actorOf(facts),
    src_endpoint: sourceOf(facts),
    api: { operation: entry?.kind === 'admin' ? entry.action : facts.kind, service: { name: 'hoop', uid: facts.origin } },
    ...(facts.target === undefined ? {} : { dst_endpoint: endpointOf(facts.target) })
  }),
  lifecycle: (facts) => ({ app: { name: 'hoop', vendor_name: 'hoop', uid: facts.origin } }),
  authentication: (facts, entry) => ({
    user: facts.actor === undefined ? { uid: 'unknown', type_id: 0 } : userOf(facts.actor),
    src_endpoint: sourceOf(facts),
    service: { name: 'hoop', uid: facts.origin },
    logon_type_id: 3,
    is_remote: true,
    ...(entry?.kind === 'login' ? { auth_protocol_id: 99, auth_protocol: entry.method } : {})
  }),
  account: (facts, entry) => ({
    actor: actorOf(facts),
    src_endpoint: sourceOf(facts),
    user: entry?.kind === 'revocation'
      ? { uid: entry.subject.subject, domain: entry.subject.issuer }
      : { uid: entry?.kind === 'token' ? entry.subject ?? entry.actor.subject : 'unknown', ...(entry?.kind === 'token' ? { credential_uid: entry.token } : {}) }
  })
}

function actorOf({ actor, session }: RecordFacts): object {
  if (actor === undefined && session === undefined) return { app_name: 'hoop' }
  return {
    ...(actor === undefined ? {} : { user: userOf(actor), idp: { name: actor.issuer, uid: actor.issuer } }),
    ...(session === undefined ? {} : { session: { uid: session } })
  }
}

/** As the schema wants it; an address it does not know as one is left out, and still in the name. */
const emailAddress = /^[a-zA-Z0-9!#$%&'*+\-/=?^_`{|}~.]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9-.]+$/

function userOf(actor: Actor): object {
  const { issuer, subject, email, groups, kind } = actor
  return {
    uid: subject,
    name: nameOf(actor),
    domain: issuer,
    type_id: kind === 'human' ? 1 : 3,
    type: kind === 'human' ? 'User' : 'System',
    ...(email !== undefined && emailAddress.test(email) ? { email_addr: email } : {}),
    ...(groups.length === 0 ? {} : { groups: groups.map((name) => ({ name })) })
  }
}

function sourceOf({ source, session }: RecordFacts): object {
  if (source !== undefined && /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)$/.test(source)) return { ip: source }
  if (source !== undefined && source !== '') return { name: source }
  return session === undefined ? { svc_name: 'hoop' } : { uid: session }
}

function endpointOf({ name, address }: TargetFacts): object {
  const [, host, port] = /^(.*):(\d{1,5})$/.exec(address) ?? []
  return host === undefined ? { svc_name: name, name: address } : { svc_name: name, hostname: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}

function databaseOf({ name, database }: TargetFacts): object {
  return { name: database ?? name, uid: name, type_id: 1, type: 'Relational' }
}

function queryOf({ statement, outcome }: RecordFacts): object {
  if (statement === undefined) return {}
  return {
    query_info: {
      query_string: statement.redacted ?? `${statement.verb} (its text could not be scanned)`,
      uid: statement.sha256,
      ...(outcome?.bytes === undefined ? {} : { bytes: outcome.bytes })
    }
  }
}

/** What OCSF has no member for and people search by. */
function unmappedOf({ statement, outcome, actor, connection }: RecordFacts): object {
  return {
    ...(connection === undefined ? {} : { connection }),
    ...(statement === undefined
      ? {}
      : {
          step: statement.step,
          verb: statement.verb,
          effects: statement.effects,
          relations: statement.relations,
          flags: statement.flags,
          ...(statement.exposure === undefined ? {} : { masked: statement.exposure.masked, clear: statement.exposure.clear })
        }),
    ...(outcome?.rows === undefined ? {} : { rows: outcome.rows }),
    ...(actor?.onBehalfOf === undefined ? {} : { on_behalf_of: nameOf(actor.onBehalfOf) })
  }
}
