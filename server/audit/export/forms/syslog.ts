// Records as RFC 5424 messages: header, structured data, and the entry as JSON behind a byte order mark. Pure.
import { hash } from 'node:crypto'
import { beginning } from '../../../../shared/text.ts'
import type { ExportRecord } from '../contract.ts'
import { factsOf, nameOf, type RecordFacts, type Severity } from './facts.ts'

/** "log audit", RFC 5424 section 6.2.1. */
const facility = 13
const severities: Record<Severity, number> = { informational: 6, low: 5, medium: 4, high: 3, critical: 2 }
/** 32473 is the enterprise number kept for examples (RFC 5612): this project has none of its own. */
const dataId = 'hoop@32473'
const maxValueLength = 512

/**
 *   <PRI>1 TIME ORIGIN hoop BOOT KIND [hoop@32473 ...] BOM MESSAGE
 *
 * One larger than `maxBytes` has the long texts of its entry cut and says so with `cut="1"`; index and `leaf`, the SHA-256 of the
 * leaf, are always whole, and the entry is in the log.
 * @see RFC 5424 section 6
 */
export function syslogMessage(record: ExportRecord, maxBytes: number): string {
  const facts = factsOf(record)
  const { origin, time, kind, severity, raw } = facts
  const boot = record.kind === 'entry' ? record.entry.boot : undefined
  const head = `<${facility * 8 + severities[severity]}>1 ${time} ${word(origin, 255)} hoop ${word(boot, 128)} ${word(kind, 32)} `
  const whole = `${head}${structuredData(facts, maxValueLength, false)} \uFEFF${raw}`
  if (Buffer.byteLength(whole) <= maxBytes) return whole

  for (let length = 512; length >= 8; length = Math.floor(length / 2)) {
    const shorter = record.kind === 'entry' ? JSON.stringify(shortened(record.entry, length)) : raw
    const cut = `${head}${structuredData(facts, length, true)} \uFEFF${shorter}`
    if (Buffer.byteLength(cut) <= maxBytes) return cut
  }
  return `${head}${structuredData(pick(facts), 64, true)}`
}

/** What says which entry it is, and nothing more. */
function pick({ kind, origin, time, index, uid, severity, message, raw }: RecordFacts): RecordFacts {
  return { kind, origin, time, uid, severity, message, raw, ...(index === undefined ? {} : { index }) }
}

function structuredData(facts: RecordFacts, maxLength: number, cut: boolean): string {
  const { origin, index, session, connection, actor, target, source, statement, decision, outcome, raw } = facts
  const values: Record<string, string | number | undefined> = {
    origin,
    index,
    ...(index === undefined ? {} : { leaf: hash('sha256', Buffer.concat([Buffer.of(0), Buffer.from(raw)])) }),
    session,
    connection,
    actor: actor === undefined ? undefined : nameOf(actor),
    subject: actor?.subject,
    issuer: actor?.issuer,
    source,
    target: target?.name,
    database: target?.database,
    verb: statement?.verb,
    sha256: statement?.sha256,
    relations: statement?.relations.join(','),
    action: decision?.action,
    rule: decision?.rule,
    status: outcome?.status,
    rows: outcome?.rows,
    cut: cut ? 1 : undefined
  }
  const parameters = Object.entries(values)
    .flatMap(([name, value]) => value === undefined || value === '' ? [] : [`${name}="${parameter(String(value), name === 'leaf' || name === 'sha256' ? 64 : maxLength)}"`])
  return `[${[dataId, ...parameters].join(' ')}]`
}

/** Controls are allowed there (RFC 5424 section 6.3.3), and many a receiver ends the line at one: they become spaces. */
function parameter(value: string, maxLength: number): string {
  const line = value.replace(/[\p{Cc}\u2028\u2029]/gu, ' ')
  return within(line, maxLength).replace(/["\\\]]/g, '\\$&')
}

/** A header's word: printable ASCII without spaces; "-" for none. */
function word(text: string | undefined, maxLength: number): string {
  const plain = (text ?? '').replace(/[^\x21-\x7e]/g, '?').slice(0, maxLength)
  return plain === '' ? '-' : plain
}

function shortened(value: unknown, length: number): unknown {
  if (typeof value === 'string') return within(value, length)
  if (Array.isArray(value)) return value.slice(0, 16).map((item) => shortened(item, length))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, name === 'sha256' ? member : shortened(member, length)]))
}

function within(text: string, length: number): string {
  return text.length <= length ? text : `${beginning(text, length)}...`
}
