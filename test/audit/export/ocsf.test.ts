// OCSF events against the published schema, pinned: every kind of entry, and what a security team looks for in them.
import { describe, expect, test } from 'vitest'
import { ocsfEvent, ocsfVersion } from '../../../server/audit/export/forms/ocsf.ts'
import { canonical } from '../../../shared/audit/canonical.ts'
import type { EntryFacts } from '../../../shared/audit/entry.ts'
import { intent, outcome } from '../sample.ts'
import { problemsOf, schema } from './ocsf-schema.ts'
import { controls, records, recordOf } from './samples.ts'

type Event = Record<string, unknown>
const eventOf = (...args: Parameters<typeof recordOf>) => ocsfEvent(recordOf(...args), '0.1.0') as Event

describe('the check itself', () => {
  const good = eventOf(intent())
  test.each<[string, Event, RegExp]>([
    ['an attribute nobody knows', { ...good, colour: 'red' }, /^colour: is not an attribute/],
    ['an unknown class', { ...good, class_uid: 6999 }, /no class/],
    ['a missing attribute', { ...good, src_endpoint: undefined, actor: undefined }, /required/],
    ['a wrong type', { ...good, time: 'now' }, /^time: is no integer/],
    ['a value outside the enumeration', { ...good, severity_id: 7 }, /^severity_id: 7/],
    ['a class and activity that do not make the type', { ...good, type_uid: 600599_9 }, /^type_uid/],
    ['an attribute of a profile that is not named', { ...good, metadata: { ...(good.metadata as object), profiles: [] } }, /of the profile security_control/],
    ['a wrong thing deep inside', { ...good, actor: { user: { uid: 7 } } }, /^actor\.user\.uid: is no string/],
    ['an object without what it needs one of', { ...good, database: { type_id: 1 } }, /^database\.: has none of/],
    ['an e-mail address that is none', { ...good, actor: { user: { uid: 'x', email_addr: 'ada' } } }, /email_t/]
  ])('finds %s', (_, event, problem) => {
    const present = Object.fromEntries(Object.entries(event).filter(([, value]) => value !== undefined))
    expect(problemsOf(present)).toEqual(expect.arrayContaining([expect.stringMatching(problem)]))
  })
})

describe('OCSF events', () => {
  test('are of the pinned version', () => {
    expect(schema.about).toMatchObject({ version: ocsfVersion, license: 'Apache-2.0' })
  })

  test.each(records)('%s is valid', (_, record) => {
    const event = ocsfEvent(record, '0.1.0') as Event
    expect(problemsOf(JSON.parse(JSON.stringify(event)) as Event)).toEqual([])
    expect(event.type_uid).toBe((event.class_uid as number) * 100 + (event.activity_id as number))
  })

  test.each<[EntryFacts['kind'], number, number]>([
    ['session.start', 6005, 3], ['statement.intent', 6005, 4], ['decision', 6005, 4], ['login', 3002, 1], ['revocation', 3001, 5],
    ['policy.change', 6002, 8], ['heartbeat', 6002, 99], ['cancel', 6003, 99], ['review.vote', 6003, 99]
  ])('%s is class %i, activity %i', (kind, uid, activity) => {
    const [, record] = records.find(([name]) => name.startsWith(`${kind} `))!
    expect(ocsfEvent(record, '0.1.0')).toMatchObject({ class_uid: uid, activity_id: activity })
  })

  test('a statement says who, on what, with which text, and that it was let through', () => {
    expect(eventOf(intent())).toMatchObject({
      class_uid: 6005,
      activity_id: 4,
      action_id: 1,
      disposition_id: 1,
      actor: { user: { uid: 'u-1042', email_addr: 'ada@example.com', groups: [{ name: 'engineering' }, { name: 'on-call' }] } },
      dst_endpoint: { svc_name: 'prod-db', hostname: 'db.internal', port: 5432 },
      database: { name: 'clinic' },
      table: { name: 'public.patients' },
      query_info: { query_string: 'select name, birth_date from patients where id = ?' },
      policy: { name: 'engineers read' },
      metadata: { sequence: 7, uid: 'gateway.example.com/audit/7' }
    })
  })

  test('an outcome carries what its intent was, where that is at hand', () => {
    expect(eventOf(outcome(0), 9, intent())).toMatchObject({ class_uid: 6005, status_id: 1, actor: { user: { uid: 'u-1042' } }, query_info: { bytes: 84 }, unmapped: { rows: 1 } })
    expect(eventOf(outcome(0))).toMatchObject({ class_uid: 6003, status_id: 1, actor: { session: { uid: '01j8zq4v6ma8k0p2r5t7w9y1b3' } } })
  })

  test.each(records)('%s holds the leaf of the log as it is', (_, record) => {
    expect((ocsfEvent(record, '0.1.0') as Event).raw_data).toBe(record.kind === 'entry' ? canonical(record.entry) : record.checkpoint.note)
  })

  test('the line for people has no characters that act on a terminal', () => {
    const { message } = eventOf({ ...intent(), target: { name: controls, protocol: 'postgres', address: 'x:1' } } as EntryFacts) as { message: string }
    expect(message).toContain('<U+001B>')
    expect(message).not.toMatch(/[\p{Cc}\u202e\u2028]/u)
  })
})
