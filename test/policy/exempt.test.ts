// Who is exempt from masking, who may ask to be, and for how long: a table of rules, people and hours.
import { describe, expect, test } from 'vitest'
import { exceptSchema, exemptionsOf, grantFor, type Grant } from '../../server/policy/exempt.ts'
import { marksTheSame, maskingSchema, protectionFor, protectSchema, type Protection } from '../../server/policy/protect.ts'
import { parsePolicy } from '../../server/policy/rules.ts'
import { left, lapsed } from '../../server/session/lapsed.ts'
import type { Principal, Target } from '../../shared/model.ts'

const prod: Target = { name: 'prod-db', protocol: 'postgres', address: 'db:5432', tls: 'disable', labels: { env: 'prod' } }
const dana: Principal = { issuer: 'https://idp.example', subject: 'dana', groups: ['privacy'], kind: 'human' }
const eve: Principal = { ...dana, subject: 'eve', groups: ['engineers'] }
const agent: Principal = { ...dana, subject: 'bot', kind: 'agent', onBehalfOf: { issuer: dana.issuer, subject: 'dana' } }
const service: Principal = { ...agent, kind: 'service' }
const opened = Date.parse('2026-11-25T12:00:00Z')
const hour = 3600_000

const rules = (...excepts: unknown[]) =>
  protectSchema.parse(excepts.map((except, i) => ({ name: `rule ${i}`, columns: [`t.c${i}`], ...(except === undefined ? {} : { except }) })))
const protection = (written: ReturnType<typeof rules>, who = dana, now = opened, grant?: Grant): Protection =>
  protectionFor({ rules: written, masking: maskingSchema.parse({}) }, who, prod, { now, grant })!
const isExempt = (except: unknown, who = dana, now = opened, grant?: Grant) => protection(rules(except), who, now, grant).rules[0]!.exempt

describe('the field except', () => {
  test.each<[string, unknown, RegExp]>([
    ['no group', { for: '1h' }, /^group: .*exemption is somebody's/],
    ['an empty list of groups', { group: [] }, /^group: /],
    ['a reason that is not "required"', { group: 'a', reason: true }, /^reason: "required"/],
    ['a reason somebody has written', { group: 'a', reason: 'because' }, /^reason: "required"/],
    ['a time that is a number', { group: 'a', for: 3600 }, /^for: /],
    ['no time at all', { group: 'a', for: '0s' }, /^for: at least 1 s/],
    ['a time of days', { group: 'a', for: '48h' }, /^for: at most 24 h/],
    ['a day that does not exist', { group: 'a', until: '2027-02-30' }, /^until: a date or a time/],
    ['an hour without its zone', { group: 'a', until: '2027-01-31T18:00:00' }, /^until: a date or a time/],
    ['a word for a date', { group: 'a', until: 'tomorrow' }, /^until: a date or a time/],
    ['a field that is not known', { group: 'a', untill: '2027-01-31' }, /untill/]
  ])('refuses %s, and names the field', (_, written, told) => {
    const issues = exceptSchema.safeParse(written).error?.issues ?? []
    expect(issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n')).toMatch(told)
  })

  test('takes a group, a list of them, a date, which is the last day in UTC, and a time', () => {
    expect(exceptSchema.parse({ group: 'a' })).toEqual({ group: 'a' })
    expect(exceptSchema.parse({ group: ['a', 'b'], reason: 'required', for: '90m' })).toEqual({ group: ['a', 'b'], reason: 'required', for: 5400 })
    expect(exceptSchema.parse({ group: 'a', until: '2027-01-31' })).toEqual({ group: 'a', until: Date.parse('2027-02-01T00:00:00Z') })
    expect(exceptSchema.parse({ group: 'a', until: '2027-01-31T18:00:00+01:00' })).toEqual({ group: 'a', until: Date.parse('2027-01-31T17:00:00Z') })
  })

  test('is told by its rule\'s name, so that name is one rule\'s', () => {
    const named = protectSchema.parse([{ name: 'PHI', columns: ['a.b'], except: { group: 'a' } }, { name: 'PHI', columns: ['a.c'] }])
    expect(() => parsePolicy([], { rules: named, masking: maskingSchema.parse({}) })).toThrow(/several rules of protect are named "PHI"/)
    const plain = protectSchema.parse([{ name: 'PHI', columns: ['a.b'] }, { name: 'PHI', columns: ['a.c'] }])
    expect(parsePolicy([], { rules: plain, masking: maskingSchema.parse({}) }).protection.rules).toHaveLength(2)
  })
})

describe('without a reason', () => {
  test.each<[string, unknown, Principal, boolean]>([
    ['nobody is exempt from a rule without exemption', undefined, dana, false],
    ['a member is exempt at once where none is required', { group: 'privacy' }, dana, true],
    ['so is an agent, by its groups', { group: ['dpo', 'privacy'] }, agent, true],
    ['somebody in no such group is not', { group: 'privacy' }, eve, false],
    ['a member is not where one is required', { group: 'privacy', reason: 'required' }, dana, false],
    ['nor where only a time is given: it begins with a reason', { group: 'privacy', for: '1h' }, dana, false],
    ['before its end a member is', { group: 'privacy', until: '2026-11-25' }, dana, true],
    ['at its end nobody is any more', { group: 'privacy', until: '2026-11-25T12:00:00Z' }, dana, false]
  ])('%s', (_, except, who, expected) => expect(isExempt(except, who)).toBe(expected))

  test('groups that may ask are told, as long as asking helps', () => {
    const asked = (except: unknown) => protection(rules(except), eve).rules[0]!.mayAsk
    expect(asked({ group: ['privacy', 'dpo'], reason: 'required' })).toEqual(['privacy', 'dpo'])
    expect(asked({ group: 'privacy', for: '1h' })).toEqual(['privacy'])
    expect(asked({ group: 'privacy' })).toBeUndefined()
    expect(asked({ group: 'privacy', for: '1h', until: '2026-11-24' })).toBeUndefined()
  })
})

describe('a session opened with a reason', () => {
  test.each<[string, unknown, Principal, RegExp]>([
    ['an agent', { group: 'privacy', reason: 'required' }, agent, /only people/],
    ['an agent, even where none is required', { group: 'privacy' }, agent, /only people/],
    ['a service', { group: 'privacy', reason: 'required' }, service, /only people/],
    ['somebody in no exempt group', { group: 'privacy', reason: 'required' }, eve, /no group that may see protected values of "prod-db" in clear/],
    ['anybody where nobody is exempt', undefined, dana, /nobody is exempt from masking on "prod-db"/],
    ['anybody once it is over', { group: 'privacy', for: '1h', until: '2026-11-24' }, dana, /nobody is exempt/]
  ])('is refused to %s', (_, except, who, why) => {
    expect(() => grantFor(rules(except), who, prod, opened)).toThrow(expect.objectContaining({ code: 'denied', message: expect.stringMatching(why) as string }) as Error)
  })

  test('is refused with the groups that may, and none of another target\'s', () => {
    const here = protectSchema.parse([
      { name: 'a', columns: ['a.b'], targets: { env: 'prod' }, except: { group: 'privacy', for: '1h' } },
      { name: 'b', columns: ['a.b'], targets: { env: 'test' }, except: { group: ['engineers', 'testers'], for: '1h' } }
    ])
    expect(() => grantFor(here, eve, prod, opened)).toThrow(expect.objectContaining({ hint: 'members of privacy may; leave --clear out to go on with masked values' }) as Error)
  })

  test('shows what the rules that except the person protect, and ends to the millisecond', () => {
    const written = rules({ group: 'privacy', for: '1h' }, { group: 'privacy', reason: 'required' }, { group: 'dpo', reason: 'required' }, { group: 'privacy', until: '2026-11-25T12:30:00Z' })
    const grant = grantFor(written, dana, prod, opened)
    expect(exemptionsOf(grant)).toEqual([
      { rule: 'rule 0', until: '2026-11-25T13:00:00.000Z' },
      { rule: 'rule 1' },
      { rule: 'rule 3', until: '2026-11-25T12:30:00.000Z' }
    ])
    const at = (now: number) => {
      const { rules: seen, until } = protection(written, dana, now, grant)
      return [seen.map(({ exempt }) => exempt), until]
    }
    expect(at(opened)).toEqual([[true, true, false, true], opened + hour / 2])
    expect(at(opened + hour / 2 - 1)).toEqual([[true, true, false, true], opened + hour / 2])
    expect(at(opened + hour / 2)).toEqual([[true, true, false, false], opened + hour])
    expect(at(opened + hour)).toEqual([[false, true, false, false], undefined])
  })

  test('is worth nothing to another principal, and nothing for a rule it does not name', () => {
    const written = rules({ group: 'privacy', reason: 'required' })
    const grant = grantFor(written, dana, prod, opened)
    expect(isExempt({ group: 'privacy', reason: 'required' }, eve, opened, grant)).toBe(false)
    expect(isExempt({ group: 'privacy', reason: 'required' }, agent, opened, grant)).toBe(false)
    const later = rules({ group: 'privacy', reason: 'required' }, { group: 'privacy', reason: 'required' })
    expect(protection(later, dana, opened, grant).rules.map(({ exempt }) => exempt)).toEqual([true, false])
  })

  test.each<[string, unknown, number | undefined]>([
    ['a shorter time', { group: 'privacy', for: '10m' }, opened + hour / 6],
    ['a longer time', { group: 'privacy', for: '12h' }, opened + hour],
    ['no time', { group: 'privacy', reason: 'required' }, opened + hour],
    ['an end for everybody', { group: 'privacy', for: '1h', until: '2026-11-25T12:05:00Z' }, opened + hour / 12]
  ])('never ends later than it was told, whatever the policy becomes: %s', (_, except, end) => {
    const grant = grantFor(rules({ group: 'privacy', for: '1h' }), dana, prod, opened)
    expect(protection(rules(except), dana, opened + 60_000, grant).until).toBe(end)
  })

  test('gets nothing back that is over: not by a clock that is set back, nor by a policy that is', () => {
    const written = rules({ group: 'privacy', for: '1h' }, { group: 'privacy', reason: 'required' })
    const grant = grantFor(written, dana, prod, opened)
    const late = left(grant, protection(written, dana, opened + hour, grant))
    expect(protection(written, dana, opened + 1, late).rules.map(({ exempt }) => exempt)).toEqual([false, true])
    const without = left(grant, protection(rules(undefined, undefined), dana, opened, grant))
    expect(protection(written, dana, opened, without).rules.map(({ exempt }) => exempt)).toEqual([false, false])
    expect(left(grant, undefined)).toEqual(new Map())
  })
})

describe('what has lapsed', () => {
  const of = (...pairs: [string, boolean][]): Protection =>
    ({ rules: pairs.map(([name, exempt]) => ({ name, columns: ['a.b'], mask: 'redact', exempt })), flows: {} as Protection['flows'], trust: [] })

  test.each<[string, Protection | undefined, Protection | undefined, string[]]>([
    ['is what was clear and is masked', of(['a', true], ['b', true]), of(['a', false], ['b', true]), ['a']],
    ['is nothing where it was masked before', of(['a', false]), of(['a', false]), []],
    ['is nothing where nothing is protected any more', of(['a', true]), undefined, []],
    ['is nothing where its rule is gone', of(['a', true], ['b', false]), of(['b', false]), []],
    ['is what a rule of another name may mask now', of(['a', true]), of(['renamed', false]), ['a']]
  ])('%s', (_, before, after, expected) => expect(lapsed(before, after)).toEqual(expected))

  test('leaves marks as they were, and other columns do not', () => {
    expect(marksTheSame(of(['a', true]), { ...of(['a', false]), until: 5 })).toBe(true)
    expect(marksTheSame(of(['a', true]), of(['a', true], ['b', true]))).toBe(false)
    expect(marksTheSame(of(['a', true]), { ...of(['a', true]), trust: [{ name: 'f.g', sha256: 'x' }] })).toBe(false)
  })
})
