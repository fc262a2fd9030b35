import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { glob, matchesPrincipal, matchesTarget, namePattern, splitName } from '../../server/policy/match.ts'
import type { Rule } from '../../server/policy/rules.ts'
import type { Principal, Target } from '../../shared/model.ts'

describe('a glob', () => {
  test.each<[string, string, boolean]>([
    ['a', 'a', true],
    ['a', 'A', false],
    ['a', 'ab', false],
    ['', '', true],
    ['*', '', true],
    ['*', 'anything', true],
    ['**', 'x', true],
    ['a*', 'a', true],
    ['a*', 'ba', false],
    ['*a', 'ba', true],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['a*b*c', 'abc', true],
    ['a*b*c', 'a-c-b', false],
    ['*ab*ab*', 'abab', true],
    ['*ab*ab', 'ab', false],
    ['a*bc*c', 'abcc', true],
    ['a*bc*c', 'abc', false],
    ['a.c', 'abc', false],
    ['[a]', 'a', false],
    ['a?', 'ab', false]
  ])('%s on "%s": %s', (pattern, text, expected) => {
    expect(glob(pattern)(text)).toBe(expected)
  })

  test('matches what the obvious regular expression matches', () => {
    const letters = (...more: string[]) => fc.string({ unit: fc.constantFrom('a', 'b', '.', ...more), maxLength: 8 })
    fc.assert(fc.property(letters('*'), letters(), (pattern, text) => {
      const expected = new RegExp(`^${pattern.split('*').map((piece) => piece.replaceAll('.', '\\.')).join('[^]*')}$`).test(text)
      expect(glob(pattern)(text)).toBe(expected)
    }), { numRuns: 5000 })
  })

  test('takes no time over a pattern that would blow up a backtracking engine', () => {
    const matches = glob(`${'*a'.repeat(120)}*b`)
    const started = process.cpuUsage()
    expect(matches('a'.repeat(100_000))).toBe(false)
    expect(process.cpuUsage(started).user).toBeLessThan(1_000_000)
  })
})

describe('a name pattern', () => {
  test.each<[pattern: string, text: string, any: boolean, proven: boolean]>([
    ['public.a', 'public.a', true, true],
    ['public.a', 'a', true, false],
    ['public.a', 'clinic.a', false, false],
    ['public.*', 'public.a', true, true],
    ['public.*', 'a', true, false],
    ['*.a', 'public.a', true, true],
    ['*.a', 'a', true, true],
    ['*.a', 'b', false, false],
    ['*', 'public.a', true, true],
    ['*', 'a', true, true],
    ['*.*', 'a', true, true],
    ['a', 'a', true, true],
    ['a', 'public.a', true, false],
    ['a*', 'public.ab', true, false],
    ['pat*.a', 'patients.a', true, true],
    ['pat*.a', 'a', true, false],
    // A dot inside quotes is part of a name, not a separator.
    ['weird.*', '"weird.name"', true, false],
    ['weird.name', '"weird.name"', false, false],
    ['*."weird.name"', 'x."weird.name"', true, true],
    ['"weird.name"', '"weird.name"', true, true],
    ['public.*', '"public.x".a', false, false],
    ['"a""."b".c', '"a""."b".c', true, true]
  ])('%s on %s: for refusing %s, for allowing %s', (pattern, text, any, proven) => {
    const name = splitName(text)
    expect([namePattern(pattern, 'any')(name), namePattern(pattern, 'proven')(name)]).toEqual([any, proven])
  })

  test('what is proven is always among what may be', () => {
    const part = fc.constantFrom('a', 'b', 'a*', '*', '*b')
    const pattern = fc.oneof(part, fc.tuple(part, part).map((parts) => parts.join('.')))
    fc.assert(fc.property(pattern, fc.constantFrom('a', 'b', 'ab', 'a.b', 'b.a', '"a.b"', 'ab.ab'), (pattern, text) => {
      if (namePattern(pattern, 'proven')(splitName(text))) expect(namePattern(pattern, 'any')(splitName(text))).toBe(true)
    }), { numRuns: 2000 })
  })
})

describe('whom and what a rule speaks of', () => {
  const principal: Principal = { issuer: 'https://idp', subject: 'alice', email: 'root@example.com', groups: ['engineers', 'oncall'], kind: 'human' }
  const target: Target = { name: 'prod-db', protocol: 'postgres', address: 'h:1', tls: 'disable', labels: { env: 'prod', team: 'clinic' } }
  const rule = (more: Partial<Rule>): Rule => ({ name: 'r', then: 'deny', ...more })

  test.each<[Rule['who'], boolean]>([
    [undefined, true],
    [{ group: 'engineers' }, true],
    [{ group: ['nobody', 'oncall'] }, true],
    [{ group: 'Engineers' }, false],
    [{ subject: 'alice' }, true],
    [{ subject: 'root@example.com' }, false],
    [{ subject: 'alice', issuer: 'https://idp' }, true],
    [{ subject: 'alice', issuer: 'https://elsewhere' }, false],
    [{ kind: 'human' }, true],
    [{ kind: ['service', 'agent'] }, false],
    [{ group: 'engineers', kind: 'agent' }, false]
  ])('%j', (who, expected) => {
    expect(matchesPrincipal(rule({ who }), principal)).toBe(expected)
  })

  test.each<[Rule['targets'], boolean]>([
    [undefined, true],
    [{ env: 'prod' }, true],
    [{ env: ['staging', 'prod'] }, true],
    [{ env: 'prod', team: 'other' }, false],
    [{ name: 'prod-db' }, true],
    [{ name: ['a', 'b'] }, false],
    [{ region: 'eu' }, false],
    [{ constructor: 'Object' }, false],
    [{ toString: 'x' }, false]
  ])('%j', (targets, expected) => {
    expect(matchesTarget(rule({ targets }), target)).toBe(expected)
  })

  test('a label called "name" does not stand for the target\'s name', () => {
    expect(matchesTarget(rule({ targets: { name: 'prod-db' } }), { ...target, name: 'other', labels: { name: 'prod-db' } })).toBe(false)
  })
})
