// What a report counts, and that its page is one file in which nothing from the log can act.
import { describe, expect, test } from 'vitest'
import type { Report } from '../../../cli/audit/report/document.ts'
import { ReportFacts } from '../../../cli/audit/report/facts.ts'
import { htmlOf } from '../../../cli/audit/report/html.ts'
import { jsonOf } from '../../../cli/audit/report/json.ts'
import { sectionsOf } from '../../../cli/audit/report/sections.ts'
import { textOf } from '../../../cli/audit/report/text.ts'
import type { Actor, AuditEntry, EntryFacts } from '../../../shared/audit/entry.ts'
import { beat, intent, outcome } from '../../audit/sample.ts'

type Intent = Extract<EntryFacts, { kind: 'statement.intent' }>
const base = intent() as Intent
const ada = base.actor
const eve: Actor = { issuer: ada.issuer, subject: 'u-9', email: 'eve@example.com', groups: ['contractors'], kind: 'human' }
const hostile = '<img src=x onerror=alert(1)>&"\'\u001B]0;title\u0007'

const day = (n: number, time = '12:00:00.000') => `2026-11-${String(n).padStart(2, '0')}T${time}Z`

function log(facts: readonly (readonly [string, EntryFacts, string?])[]): AuditEntry[] {
  return facts.map(([time, one, boot = 'b1'], index) => ({ ...one, version: 1, index, origin: 'gateway.example', time, monotonic: String(index), boot }) as AuditEntry)
}
const login = (actor: Actor | undefined, accepted = true, reason?: string): EntryFacts =>
  ({ kind: 'login', source: '10.0.0.7', method: 'oidc', accepted, ...(actor === undefined ? {} : { actor }), ...(reason === undefined ? {} : { reason }) })
const by = (actor: Actor, fields: Partial<Intent> = {}): Intent => ({ ...base, actor, ...fields })
const exposing = (masked: string[], clear: string[] = []): Partial<Intent> =>
  ({ statement: { ...base.statement, exposure: { why: [], flags: [], masked, clear: clear.length === 0 ? [] : [{ rule: 'PHI', columns: clear }] } } })

const held: EntryFacts = {
  kind: 'review.held', review: 'r1', actor: eve, target: base.target, statements: [{ ...base.statement, redacted: hostile }], binding: 'x',
  decision: { action: 'hold', rule: 'writes wait', policy: 'p' }, asked: ['dba'], expiresAt: day(11)
}
const scope = { from: day(10, '00:00:00.000'), to: day(20, '00:00:00.000') }

function report(entries: readonly AuditEntry[], within: Report['scope'] = scope): Report {
  const facts = new ReportFacts(within)
  for (const entry of entries) facts.add(entry)
  const verified = { ok: true, origin: 'gateway.example', entries: entries.length, checkpointSize: entries.length, rootHash: 'AAAA', keys: [], anchors: [], problems: [], notes: ['not anchored'] }
  return { scope: within, madeAt: day(21), version: '0.1.0', facts, verified, again: ['hoop audit verify ./audit --key k.pub'] }
}

const entries = log([
  [day(1), login(ada)],
  [day(11), login(ada)],
  [day(11), login(eve)],
  [day(11), login(undefined, false, 'wrong audience')],
  [day(11), by(ada, exposing(['public.patients.ssn']))],
  [day(11), outcome(4)],
  [day(12), by(eve, exposing([], ['public.patients.dob']))],
  [day(12), { ...by(eve), kind: 'decision', decision: { action: 'deny', rule: hostile, policy: 'p' } } as EntryFacts],
  [day(12), held],
  [day(12), { kind: 'review.vote', review: 'r1', actor: ada, approve: true, breakGlass: true, reason: 'patient SSN 731-82-4695' }],
  [day(12), { kind: 'review.release', review: 'r1', session: base.session, connection: 1, approvers: [ada] }],
  [day(13), { kind: 'revocation', actor: ada, subject: { issuer: eve.issuer, subject: eve.subject }, action: 'disable' }],
  [day(13, '12:00:00.500'), { kind: 'session.end', session: base.session, actor: eve, reason: 'disabled', connections: 1 }],
  [day(14), { kind: 'token', actor: ada, action: 'create', token: 't1' }],
  [day(14), { kind: 'token', actor: ada, action: 'refresh', token: 't2' }],
  [day(15), { kind: 'policy.change', policy: 'p2', previous: 'p', rules: 3, protects: [{ name: 'PHI', columns: ['*.patients.ssn'], mask: 'last4', more: 2 }] }],
  [day(15), beat(), 'b2'],
  [day(25), by(ada)]
])

describe('counted', () => {
  const { facts } = report(entries)

  test('statements of the period, by decision', () => {
    expect(facts).toMatchObject({ allowed: 2, denied: 1, entries: 16 })
    expect(Object.fromEntries(facts.days)).toEqual({ '2026-11-11': { allowed: 1, held: 0, denied: 0 }, '2026-11-12': { allowed: 1, held: 0, denied: 1 } })
  })

  test('who is new: not who was there before the period', () => {
    expect(facts.joiners.map(({ who }) => who)).toEqual(['eve@example.com'])
  })

  test('who was shut out, and that nothing ran afterwards', () => {
    expect(facts.leavers).toMatchObject([{ who: 'eve@example.com', by: 'ada@example.com', at: day(13), sessionsEnded: 1, lastSessionEnd: day(13, '12:00:00.500'), statementsAfter: 0 }])
  })

  test('a statement after a cut-off', () => {
    const after = report(log([[day(13), { kind: 'revocation', actor: ada, subject: { issuer: eve.issuer, subject: eve.subject }, action: 'disable' }], [day(14), by(eve)]]))
    expect(after.facts.leavers[0]).toMatchObject({ statementsAfter: 1 })
    expect(textOf(after).join('\n')).toContain('STATEMENTS RAN AFTER A CUT-OFF')
  })

  test('protected columns: masked, in clear', () => {
    expect(Object.fromEntries(facts.columns)).toEqual({
      'public.patients.ssn': { masked: 1, clear: 0, flagged: 0, refused: 0 },
      'public.patients.dob': { masked: 0, clear: 1, flagged: 0, refused: 0 }
    })
    expect(facts.clearReads.items).toMatchObject([{ who: 'eve@example.com', columns: ['public.patients.dob'] }])
  })

  test('a review from hold to run, and break-glass', () => {
    expect([...facts.reviews.values()]).toMatchObject([{ requester: 'eve@example.com', state: 'approved', ranAt: day(12), votes: [{ by: 'ada@example.com', breakGlass: true }] }])
    expect(facts.breakGlass).toHaveLength(1)
  })

  test('failed logins, tokens without their refreshing, policies', () => {
    expect(facts.failedLogins.items).toMatchObject([{ source: '10.0.0.7', reason: 'wrong audience' }])
    expect(facts.tokens.items).toMatchObject([{ action: 'create', token: 't1' }])
    expect(facts.policies).toMatchObject([{ policy: 'p2', previous: 'p' }])
  })

  test('what the policy protects', () => {
    expect(facts.protects).toMatchObject([{ name: 'PHI', mask: 'last4' }])
    expect(textOf(report(entries)).join('\n')).toMatch(/PHI\s+\*\.patients\.ssn and 2 more\s+last4/)
  })

  test('silence, and a start of the gateway', () => {
    expect(facts.gaps.items.map(({ what }) => what.split(' since')[0])).toContain('the gateway did not run')
    expect(facts.gaps.items.map(({ what }) => what.split(' since')[0])).toContain('nothing was written')
  })

  test('one target only', () => {
    expect(report(entries, { ...scope, target: 'other' }).facts).toMatchObject({ allowed: 0, denied: 0 })
  })
})

describe('the page', () => {
  const page = htmlOf(report(entries))

  test('needs nothing else and runs nothing', () => {
    expect(page).not.toMatch(/<script|<link|<img|<iframe|<[^>]*\son\w+=|url\(|@import|(?:src|href)="(?!#)/i)
    expect(page).toContain('default-src \'none\'')
  })

  test('shows hostile text and does not obey it', () => {
    expect(page).toContain('&#60;img src=x onerror=alert(1)&#62;')
    expect(page).toContain('&#60;U+001B&#62;')
    expect(page).not.toContain('\u001B')
  })

  test('has no reason people typed, in any form', () => {
    for (const text of [page, textOf(report(entries)).join('\n'), JSON.stringify(jsonOf(report(entries)))]) expect(text).not.toContain('731-82-4695')
  })

  test('names each section and its paragraph of the rule', () => {
    const sections = sectionsOf(report(entries))
    expect(sections).toHaveLength(13)
    for (const { title, rules } of sections) {
      expect(page).toContain(title.replace(/'/g, '&#39;'))
      expect(rules.length).toBeGreaterThan(0)
      for (const rule of rules) expect(rule).toMatch(/^164\.\d{3}\(/)
    }
    const named = new Set(sections.flatMap(({ rules }) => rules.map((rule) => rule.slice(0, 10))))
    for (const paragraph of ['164.308(a)', '164.312(a)', '164.312(b)', '164.312(c)', '164.312(d)', '164.312(e)', '164.316(b)']) expect([...named]).toContain(paragraph)
  })

  test('a damaged log is what it says first', () => {
    const damaged = report(entries)
    const page = htmlOf({ ...damaged, verified: { ...damaged.verified, ok: false, problems: [{ entry: 3, message: 'was changed' }] } })
    expect(page).toContain('THE LOG IS DAMAGED')
    expect(page).toContain('was changed')
  })

  test('an empty period is told as one', () => {
    expect(textOf(report([])).join('\n')).toContain('none in the period')
    expect(htmlOf(report([]))).toContain('Nobody read one in clear.')
  })
})
