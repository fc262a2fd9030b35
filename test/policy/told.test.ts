// What the audit log is told of a policy: small enough for an entry, whatever the policy is.
import { expect, test } from 'vitest'
import { policyChange } from '../../server/policy/told.ts'
import { parsePolicy } from '../../server/policy/rules.ts'
import { maskingSchema, protectSchema } from '../../server/policy/protect.ts'
import { canonical } from '../../shared/audit/canonical.ts'
import { maxEntryBytes } from '../../shared/audit/frame.ts'

const masking = maskingSchema.parse(undefined)
const policyOf = (protect: readonly unknown[]) => parsePolicy([], { rules: protectSchema.parse(protect), masking })

test('what it protects stands in the entry as its author wrote it', () => {
  const policy = policyOf([{ name: 'PHI', columns: ['public.patients.ssn', '*.dob'], comment: 'PHI', mask: 'year' }])
  expect(policyChange(policy, 'before')).toEqual({
    kind: 'policy.change',
    policy: policy.version,
    previous: 'before',
    rules: 0,
    protects: [{ name: 'PHI', columns: ['public.patients.ssn', '*.dob', 'comment: PHI'], mask: 'year' }]
  })
})

test('the largest policy there may be is cut, and says by how much', () => {
  const columns = Array.from({ length: 1_000 }, (_, i) => `schema_${i}.${'x'.repeat(240)}`)
  const facts = policyChange(policyOf(Array.from({ length: 200 }, (_, i) => ({ name: `${i} ${'n'.repeat(90)}`, columns }))))
  expect(Buffer.byteLength(JSON.stringify(facts))).toBeLessThan(maxEntryBytes - 1_000)
  const { protects = [] } = facts as Extract<typeof facts, { kind: 'policy.change' }>
  expect(protects.slice(0, 2)).toMatchObject([{ more: 600 }, { columns: [], more: 1_000 }])
})

test('a pattern is not cut within a character', () => {
  const facts = policyChange(policyOf([{ name: 'PHI', columns: [`public.t.${'x'.repeat(90)}😀`] }]))
  expect(() => canonical(facts)).not.toThrow()
  expect(facts).toMatchObject({ protects: [{ columns: [`public.t.${'x'.repeat(90)}`] }] })
})
