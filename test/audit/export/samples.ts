// One entry of each kind the log knows, with everything in it that a kind may have; and hostile ones.
import type { AuditEntry, EntryFacts } from '../../../shared/audit/entry.ts'
import type { ExportRecord, Intent } from '../../../server/audit/export/contract.ts'
import { intent, outcome } from '../sample.ts'
import { origin } from '../logs-origin.ts'

const session = '01j8zq4v6ma8k0p2r5t7w9y1b3'
const actor = { issuer: 'https://id.example.com', subject: 'u-1042', email: 'ada@example.com', groups: ['engineering'], kind: 'human' as const }
const agent = { issuer: 'hoop', subject: 'ci-7', groups: [], kind: 'agent' as const, onBehalfOf: { issuer: 'https://id.example.com', subject: 'u-1042' } }
const target = { name: 'prod-db', protocol: 'postgres', address: 'db.internal:5432', database: 'clinic' }
const socketTarget = { name: 'local', protocol: 'postgres', address: '/var/run/postgresql' }
const allowed = intent() as Extract<EntryFacts, { kind: 'statement.intent' }>
const { statement, decision } = allowed
const review = '01j8zq4v6ma8k0p2r5t7w9y1b4'

/** The compiler asks for a sample of every kind. */
const byKind: { readonly [Kind in EntryFacts['kind']]: readonly Extract<EntryFacts, { kind: Kind }>[] } = {
  'session.start': [
    { kind: 'session.start', session, actor, target, source: '192.0.2.7' },
    { kind: 'session.start', session, actor: agent, target: socketTarget, source: '2001:db8::7' },
    { kind: 'session.start', session, actor, target, source: 'unknown' }
  ],
  'session.end': [{ kind: 'session.end', session, actor, reason: 'closed', connections: 2 }],
  'connection.start': [{ kind: 'connection.start', session, connection: 1, client: 'psql' }],
  'connection.end': [{ kind: 'connection.end', session, connection: 1, errorClass: '57P01' }],
  'statement.intent': [
    allowed,
    { ...allowed, actor: agent, target: socketTarget, statement: { ...statement, verb: 'UPDATE', effects: ['write'], relations: ['a', 'b'], exposure: { why: [], flags: [], masked: ['public.patients.name'], clear: [] } } },
    { ...allowed, statement: { ...without(statement, 'redacted'), verb: 'DO', effects: ['unknown'] }, decision: { ...decision, action: 'hold', review } }
  ],
  decision: [{ ...allowed, kind: 'decision', decision: { ...decision, action: 'deny', rule: 'built-in: nothing allows it', reason: 'no rule allows write' } }],
  outcome: [
    outcome(0) as Extract<EntryFacts, { kind: 'outcome' }>,
    { kind: 'outcome', session, connection: 1, intent: 0, outcome: { status: 'error', errorClass: '42P01', durationMilliseconds: 0.4 } },
    { kind: 'outcome', session, connection: 1, intent: 0, outcome: { status: 'unknown', durationMilliseconds: 0 } },
    { kind: 'outcome', session, connection: 1, intent: 0, outcome: { status: 'cancelled', durationMilliseconds: 7 } }
  ],
  cancel: [{ kind: 'cancel', session, connection: 1, actor, cancels: 2, decision }],
  'review.held': [
    { kind: 'review.held', review, session, connection: 1, actor, target, statements: [statement], binding: statement.sha256, decision: { ...decision, action: 'hold' }, asked: ['dba'], expiresAt: '2026-11-25T22:00:00.000Z' }
  ],
  'review.asked': [{ kind: 'review.asked', review, sink: 'webhook chat', delivered: true }],
  'review.seen': [{ kind: 'review.seen', review, actor }],
  'review.reason': [{ kind: 'review.reason', review, actor, reason: 'ticket 7' }],
  'review.vote': [{ kind: 'review.vote', review, actor, approve: true, breakGlass: true, reason: 'outage' }],
  'review.end': [{ kind: 'review.end', review, state: 'expired' }],
  'review.release': [{ kind: 'review.release', review, session, connection: 1, approvers: [actor] }],
  login: [
    { kind: 'login', actor, source: '192.0.2.7', method: 'id_token', accepted: true },
    { kind: 'login', source: '192.0.2.7', method: 'refresh', accepted: false, reason: 'expired' }
  ],
  token: [
    ...(['create', 'refresh', 'revoke', 'reuse'] as const).map((action) => ({ kind: 'token' as const, actor, action, token: review, subject: 'ci-7' })),
    { kind: 'token', actor, action: 'create', token: review }
  ],
  revocation: [
    { kind: 'revocation', actor, subject: { issuer: 'https://id.example.com', subject: 'u-7' }, action: 'disable' },
    { kind: 'revocation', actor, subject: { issuer: 'https://id.example.com', subject: 'u-7' }, action: 'enable' }
  ],
  'policy.change': [{ kind: 'policy.change', policy: statement.sha256, previous: statement.sha256 }],
  admin: [
    { kind: 'admin', action: 'gateway.start', detail: '0.1.0' },
    { kind: 'admin', action: 'gateway.stop' },
    { kind: 'admin', actor, action: 'policy.explain', detail: 'prod-db' },
    { kind: 'admin', action: 'audit.entry-refused' }
  ],
  'audit.read': [{ kind: 'audit.read', actor, action: 'open', entry: 7 }, { kind: 'audit.read', actor, action: 'search', detail: 'patients' }],
  redaction: [{ kind: 'redaction', session, keySha256: statement.sha256, actor, reason: 'asked for by the patient' }],
  'key.rotate': [{ kind: 'key.rotate', previous: 'gateway+0a1b2c3d+AQ==', next: 'gateway+4e5f6071+AQ==', signatures: { previous: 'c2ln', next: 'c2ln' } }],
  'retention.prune': [{ kind: 'retention.prune', first: 4_096, root: 'cm9vdA==', approvers: [actor, actor], reason: 'six years have passed' }],
  heartbeat: [{ kind: 'heartbeat', sessions: 3 }],
  'clock.jump': [{ kind: 'clock.jump', deltaMilliseconds: -7_000 }],
  'export.dead-letter': [{ kind: 'export.dead-letter', sink: 'siem', entry: 7, count: 1, reason: 'it answered HTTP 400' }],
  recovery: [
    { kind: 'recovery', droppedBytes: 7, unknownOutcomes: 1 },
    { kind: 'recovery', droppedBytes: 0, unknownOutcomes: 0, discontinuity: 'a checkpoint' }
  ]
}

/** Kinds the log may get later: a form must not fail at one. */
const strange = [
  { kind: 'something.new', actor, detail: 'x' },
  { kind: 'something.else' }
] as unknown as EntryFacts[]

export const controls = 'a\u0000\u0001\n\r\t\u001b[31m"\\]\u007f\u0085\u202e\u2028 \u{1F600} e\u0301'

/** Texts as long as an entry may hold, names full of what breaks other formats. */
export const hostile: readonly EntryFacts[] = [
  { ...allowed, statement: { ...statement, redacted: 'x'.repeat(16_000), relations: Array.from({ length: 200 }, (_, i) => `schema.relation_${i}`) } },
  { ...allowed, statement: { ...statement, redacted: '\u{1F600}'.repeat(8_000) } },
  { ...allowed, actor: { ...actor, email: `${controls}@example.com`, subject: controls, groups: [controls] }, target: { ...target, name: controls, database: controls, address: controls } },
  { kind: 'login', source: controls, method: controls, accepted: false, reason: controls },
  { kind: 'admin', action: controls, detail: controls.repeat(300) }
]

function entryOf(facts: EntryFacts, index = 7): AuditEntry {
  return { ...facts, version: 1, index, origin, time: '2026-11-25T21:00:00.123Z', monotonic: '1234567890', boot: '01j8zq4v6ma8k0p2r5t7w9y1b5' }
}

export function recordOf(facts: EntryFacts, index = 7, of?: EntryFacts): ExportRecord {
  return { kind: 'entry', entry: entryOf(facts, index), ...(of === undefined ? {} : { intent: entryOf(of, 0) as Intent }) }
}

const checkpointRecord: ExportRecord = {
  kind: 'checkpoint',
  origin,
  time: '2026-11-25T21:00:00.123Z',
  checkpoint: { size: 1000, note: `${origin}\n1000\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— ${origin} Az3grlgtzPICa5OS8npV\n` }
}

/** [what, record]: every kind, outcomes with and without their intent, hostile ones, the checkpoint. */
export const records: readonly (readonly [string, ExportRecord])[] = [
  ...[...Object.values(byKind).flat(), ...strange].map((facts, i) => [`${facts.kind} ${i}`, recordOf(facts)] as const),
  ...byKind.outcome.map((facts, i) => [`outcome ${i} with its intent`, recordOf(facts, 9, allowed)] as const),
  ...hostile.map((facts, i) => [`hostile ${facts.kind} ${i}`, recordOf(facts)] as const),
  ['checkpoint', checkpointRecord]
]

function without<T extends object, K extends keyof T>(value: T, name: K): Omit<T, K> {
  const { [name]: _, ...rest } = value
  return rest
}
