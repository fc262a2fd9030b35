// Reviews as the gateway would tell them, for tests of what is shown.
import type { HeldStatement, ReviewDetail, ReviewSummary } from '../../shared/api.ts'

/** The moment these reviews are looked at: 28 seconds after they were asked for. */
export const reviewNow = Date.parse('2026-03-10T12:00:28Z')

export function summary(changes: Partial<ReviewSummary> = {}): ReviewSummary {
  return {
    id: '01k5b2y8v4s0q9m3t7x6c1n0ad',
    kind: 'statement',
    state: 'pending',
    target: 'prod-db',
    requester: { issuer: 'https://idp.example', subject: 'ann', email: 'ann@example.com', kind: 'human' },
    rule: 'writes need the DBAs',
    statement: 'DELETE FROM visits',
    createdAt: '2026-03-10T12:00:00Z',
    expiresAt: '2026-03-10T12:15:00Z',
    asked: ['dba'],
    needed: 1,
    given: 0,
    session: '01k5b2y8v4s0q9m3t7x6c1n0se',
    connection: 2,
    mine: false,
    mayDecide: true,
    ...changes
  }
}

export function held(text: string, changes: Partial<HeldStatement> = {}): HeldStatement {
  return {
    text,
    parameters: [],
    sha256: '3f2a9c1b04de77aa3f2a9c1b04de77aa3f2a9c1b04de77aa3f2a9c1b04de77aa',
    length: Buffer.byteLength(text),
    verb: 'DELETE',
    effects: ['write'],
    relations: ['visits'],
    flags: ['no_where'],
    ...changes
  }
}

export function detail(changes: Partial<ReviewDetail> = {}): ReviewDetail {
  return {
    ...summary(),
    terms: { places: [{ group: 'dba', count: 1 }], timeoutSeconds: 900, requesterReason: false, approverReason: false, breakGlass: [] },
    binding: 'b1'.repeat(32),
    statements: [held('DELETE FROM visits')],
    context: { transaction: 'open', locks: ['RowExclusiveLock on visits'], estimatedRows: 12403 },
    earlier: [{ time: '2026-03-10T11:59:00Z', statement: 'SELECT * FROM visits WHERE id = ?', outcome: 'ok' }],
    votes: [],
    ...changes
  }
}

/** Every text field of it, and of what is in it, holds `text`. */
export function hostileDetail(text: string): ReviewDetail {
  return detail({
    id: '01k5b2y8v4s0q9m3t7x6c1n0ad',
    target: text,
    rule: text,
    statement: text,
    asked: [text],
    requester: { issuer: text, subject: text, email: text, name: text, kind: 'agent', onBehalfOf: { issuer: text, subject: text, email: text } },
    requesterReason: text,
    endReason: text,
    terms: { places: [{ group: text, count: 1 }], timeoutSeconds: 900, requesterReason: true, approverReason: true, breakGlass: [text] },
    statements: [held(text, { parameters: [text, null], verb: text, relations: [text], flags: ['no_where', 'multiple'] })],
    context: { transaction: 'failed', locks: [text], estimatedRows: null },
    earlier: [{ time: '2026-03-10T11:59:00Z', statement: text, outcome: text }],
    votes: [{ by: text, approve: true, breakGlass: true, reason: text, at: '2026-03-10T12:00:00Z' }]
  })
}

/** What must not reach a terminal, in one text of 500 pieces: cursor movement, titles, colours, bells, C1, bidi, zero width, marks. */
export const hostileText: string = Array.from({ length: 500 }, (_, i) => [
  '\u001B[2K\u001B[1G',
  '\u001B]0;title\u0007',
  '\u001B[6n',
  '\r',
  '\b\b\b',
  '\u009B2J',
  '\u202E',
  '\u200B',
  '\u001B[?1049h',
  '\u0000',
  '\u2028',
  '\u001BP1$r\u001B\\',
  '\u{E0041}',
  '\uD83D',
  '\uFFFE',
  '\u0301'.repeat(50),
  '\u3164',
  '\u007F',
  '\u000C',
  '\u001Bc'
][i % 20]! + `DROP TABLE t${i};${i % 50 === 0 ? '\n'.repeat(100) : ''}${' '.repeat(i % 7 === 0 ? 300 : 0)}`).join('')

/** What may stand on a line that goes to a terminal. */
export const printableLine = /^[^\p{C}\p{Default_Ignorable_Code_Point}\u2028\u2029]*$/u
