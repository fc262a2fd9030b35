import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parsePolicy, policySchema } from '../../server/policy/rules.ts'

const rule = { name: 'readers', effects: ['read'], then: 'allow' }

function problems(rules: unknown): string {
  const parsed = policySchema.safeParse(rules)
  if (!parsed.success) return parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${JSON.stringify(issue)}`).join('\n')
  try {
    parsePolicy(parsed.data)
    return ''
  } catch (error) {
    expect(error).toMatchObject({ code: 'config_invalid' })
    return (error as Error).message
  }
}

describe('a wrong rule is refused and says where', () => {
  test.each<[string, unknown, RegExp]>([
    ['no list', rule, /expected.*array/],
    ['no name', [{ ...rule, name: undefined }], /^0\.name/],
    ['an empty name', [{ ...rule, name: '' }], /^0\.name/],
    ['a name of two lines', [{ ...rule, name: 'a\nb' }], /one line/],
    ['a name of the gateway\'s own', [{ ...rule, name: 'built-in: all' }], /the gateway's own/],
    ['an unknown field', [{ ...rule, effect: ['read'] }], /^0: .*unrecognized_keys.*effect/],
    ['an unknown effect', [{ ...rule, effects: ['reed'] }], /^0\.effects\.0: .*"read","write"/],
    ['no effects at all', [{ ...rule, effects: [] }], /^0\.effects/],
    ['an unknown flag', [{ ...rule, flags: ['nowhere'] }], /^0\.flags\.0.*no_where/],
    ['something that is nothing', [{ ...rule, then: 'mask' }], /^0\.then: .*"deny","hold","allow"/],
    ['nothing to do', [{ ...rule, then: undefined }], /^0\.then/],
    ['an e-mail address as identity', [{ ...rule, who: { email: 'a@example.com' } }], /unrecognized_keys.*email/],
    ['nobody', [{ ...rule, who: {} }], /leave it out to mean everybody/],
    ['an unknown kind of principal', [{ ...rule, who: { kind: 'robot' } }], /human.*service.*agent/],
    ['an empty list of groups', [{ ...rule, who: { group: [] } }], /^0\.who\.group/],
    ['no target', [{ ...rule, targets: {} }], /leave it out to mean all/],
    ['a label that is no text', [{ ...rule, targets: { env: 7 } }], /^0\.targets\.env/],
    ['a pattern with a space', [{ ...rule, relations: ['public. a'] }], /without spaces/],
    ['two rules of one name', [rule, rule], /two rules are named "readers"/],
    ['a reason nobody will read', [{ ...rule, reason: 'why' }], /has a reason, which is for refusals only/],
    ['leave to change pinned settings', [{ ...rule, flags: ['pinned_setting'] }], /always refused/],
    ['privileges on relations', [{ ...rule, effects: ['read', 'privilege'], relations: ['a'] }], /allows privilege on relations/],
    ['everything on relations', [{ ...rule, effects: undefined, relations: ['a'] }], /give it effects, some of read, write, schema/],
    ['too many rules', Array.from({ length: 1001 }, (_, i) => ({ ...rule, name: `r${i}` })), /at most 1000 rules/]
  ])('%s', (_, rules, expected) => {
    expect(problems(rules)).toMatch(expected)
  })

  test('every contradiction is told at once', () => {
    expect(problems([rule, rule, { ...rule, name: 'x', reason: 'y' }]).split('\n')).toHaveLength(2)
  })
})

describe('the version', () => {
  const version = (rules: unknown) => parsePolicy(policySchema.parse(rules)).version

  test('is a SHA-256', () => {
    expect(version([rule])).toMatch(/^[0-9a-f]{64}$/)
    expect(version([])).toMatch(/^[0-9a-f]{64}$/)
  })

  test('does not depend on how the rules are written down', () => {
    expect(version([{ then: 'allow', effects: ['read'], name: 'readers', who: undefined }])).toBe(version([rule]))
  })

  test('depends on everything that decides', () => {
    const deny = { name: 'd', then: 'deny' }
    const variants = [[], [rule], [deny], [rule, deny], [deny, rule], [{ ...rule, effects: ['write'] }], [{ ...rule, who: { group: 'a' } }], [{ ...rule, who: { subject: 'a' } }], [{ ...rule, targets: { a: 'b' } }], [{ ...deny, reason: 'because' }], [{ ...rule, verbs: 'SELECT' }]]
    expect(new Set(variants.map(version)).size).toBe(variants.length)
  })

  test('tells any two different lists of names apart', () => {
    const name = fc.string({ minLength: 1, maxLength: 4 }).filter((text) => !/\p{Cc}/u.test(text))
    fc.assert(fc.property(name, name, (a, b) => {
      fc.pre(a !== b)
      expect(version([{ ...rule, who: { group: [a, b] } }])).not.toBe(version([{ ...rule, who: { group: [b, a] } }]))
      expect(version([{ ...rule, who: { group: a } }])).not.toBe(version([{ ...rule, who: { group: b } }]))
    }))
  })
})
