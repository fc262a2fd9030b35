// What `hoop policy` makes of the gateway's answers, as lines; hostile names among them.
import { parse } from 'yaml'
import { describe, expect, test } from 'vitest'
import { explanationLines } from '../../cli/policy/explanation.ts'
import { surveyLines } from '../../cli/policy/survey.ts'
import { suggestionLines } from '../../cli/policy/suggestions.ts'
import type { ExplainedStatement, Suggestions, Survey } from '../../shared/explain.ts'
import { protectSchema } from '../../server/policy/protect.ts'

const statement: ExplainedStatement = {
  verb: 'SELECT',
  effects: ['read'],
  relations: ['patients'],
  functions: ['substr'],
  flags: [],
  columns: [
    { name: 'id', shown: 'clean', from: [], path: ['patients.id'] },
    { name: 's', shown: 'masked', mask: 'last4', tells: 'the last four characters', from: ['public.patients.ssn'], path: ['patients.ssn', 's'] },
    { name: 'h', shown: 'masked', mask: 'redact', from: ['public.patients.ssn'], path: ['h'], mayAsk: ['privacy', 'dpo'] },
    { name: 'both', shown: 'redacted', from: ['public.patients.email', 'public.patients.ssn'], path: ['patients.ssn', 'both'] },
    { name: 'd', shown: 'clear', from: ['public.patients.dob'], path: ['d'], exemptions: [{ rule: 'born', until: '2027-02-01T00:00:00.000Z' }] },
    { name: 'e', shown: 'clear', from: ['public.patients.dob'], path: ['e'], exemptions: [{ rule: 'born' }, { rule: 'PHI' }] }
  ],
  flows: [{ kind: 'launder', action: 'deny', columns: ['public.patients.ssn'], into: 'public.notes.body', why: 'it is written there' }],
  unproven: ['f runs SQL from a string'],
  decision: { action: 'hold', rule: 'r', masks: [], terms: { places: [{ group: 'dba', count: 1 }, { group: 'privacy', count: 2 }], timeoutSeconds: 900, requesterReason: true, approverReason: false, breakGlass: [], rowsAbove: 100 } }
}

test('an explanation says what is shown, where it came from, and who decides', () => {
  expect(explanationLines({ target: 'db', protected: true, statements: [statement] })).toEqual([
    'SELECT: read',
    'relations: patients',
    'functions: substr',
    '',
    'columns',
    '  COLUMN  SHOWN                                                                      FROM',
    '  id      as it is                                                                   patients.id',
    '  s       masked: last4 (tells the last four characters)                             patients.ssn -> s',
    '  h       masked: redact; members of privacy, dpo may ask with --clear               h; with public.patients.ssn',
    '  both    redacted                                                                   patients.ssn -> both; with public.patients.email',
    '  d       clear, because of the exemption from "born" until 2027-02-01 00:00:00 UTC  d; with public.patients.dob',
    '  e       clear, because of the exemption from "born" and "PHI"                      e; with public.patients.dob',
    '',
    'depends on protected values',
    '  deny  launder: it is written there (public.patients.ssn, into public.notes.body)',
    '',
    'not proven to be harmless, so it holds',
    '  f runs SQL from a string',
    '',
    'it waits for a review: r',
    '  by dba and 2 of privacy, at most 15 min, with a reason of yours',
    '  unless the database expects at most 100 rows'
  ])
})

test('of several statements each is said to be which', () => {
  const plain: ExplainedStatement = { verb: 'COMMIT', effects: [], relations: [], functions: [], flags: ['transaction'], flows: [], unproven: [], decision: { action: 'deny', rule: 'x', reason: 'no' } }
  expect(explanationLines({ target: 'db', protected: false, statements: [plain, plain] })).toEqual([
    'statement 1 of 2', 'COMMIT: has no effect of its own (transaction)', '', 'it is refused: x', '  no',
    '', 'statement 2 of 2', 'COMMIT: has no effect of its own (transaction)', '', 'it is refused: x', '  no',
    '', 'nothing on db is protected from you'
  ])
})

test('a survey leaves out what there is nothing of', () => {
  const empty: Survey = { target: 'db', database: 'd', problems: [], columns: [], views: [], functions: [], indexes: [], lookAlikes: [] }
  expect(surveyLines(empty)).toEqual(['db (d): 0 protected columns, every name matches'])
  const views = [{ view: 'public.v', columns: [{ column: 'm', from: ['public.p.email'] }], unproven: ['it calls f', 'g'], sha256: 'a1' }]
  expect(surveyLines({ ...empty, problems: ['no column "x"'], views }).join('\n')).toBe(`db (d): 0 protected columns, 1 problem

problems
  no column "x"

views made from protected columns
  VIEW      COLUMN  FROM
  public.v  m       public.p.email

views that hold what reads them, until they are trusted
  VIEW      SHA256  WHY
  public.v  a1      it calls f; g`)
})

describe('a suggested section', () => {
  const found: Suggestions = {
    target: 'db',
    database: 'clinic',
    relations: 2,
    sampledColumns: 9,
    unread: [{ relation: 'public.locked', errorClass: '55P03' }],
    suggestions: [
      { column: 'public.patients.ssn', holds: 'social security number', mask: 'redact', because: ['name', 'values'], hits: 198, sampled: 200 },
      { column: 'public.people."Tax*Id"', holds: 'social security number', mask: 'redact', because: ['values'], hits: 3, sampled: 3 },
      { column: 'public.patients.dob', holds: 'date of birth', mask: 'year', because: ['comment'], hits: 0, sampled: 0 }
    ]
  }

  test('is what the configuration takes', () => {
    const text = suggestionLines(found).join('\n')
    expect(text).toContain('"public.patients.ssn"  # its name, 198 of 200 values')
    expect(text).toContain('# not read: public.locked (55P03)')
    const { protect } = parse(text) as { protect: unknown }
    expect(protectSchema.parse(protect)).toMatchObject([
      { columns: ['public.patients.ssn', 'public.people."Tax*Id"'], mask: 'redact', targets: { name: 'db' } },
      { columns: ['public.patients.dob'], mask: 'year' }
    ])
  })

  test('of nothing is a section, too', () => {
    expect(parse(suggestionLines({ ...found, suggestions: [] }).join('\n'))).toEqual({ protect: [] })
  })

  test.each(['x\n- evil', 'a: b # c', '"', '\\', '*', '\u0085', '\u2028then', '- "}', '\u202E\u0007', '\u{1F600}'])('a column named %j stays one item', (name) => {
    const one = { ...found.suggestions[0]!, column: `public.t.${JSON.stringify(name)}` }
    const { protect } = parse(suggestionLines({ ...found, target: 'db', unread: [{ relation: name, errorClass: '' }], suggestions: [one] }).join('\n')) as { protect: { columns: string[] }[] }
    expect(protect.map(({ columns }) => columns)).toEqual([[one.column]])
    expect(suggestionLines({ ...found, unread: [], suggestions: [one] }).join('\n')).not.toMatch(/[\u202E\u0007\u2028]/)
  })
})
