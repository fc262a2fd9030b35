// What the audit log is told of a question about statements; what is answered is tested with the protocols.
import { expect, test } from 'vitest'
import type { AuditLog } from '../../server/audit/log.ts'
import { maskingSchema, protectSchema } from '../../server/policy/protect.ts'
import { parsePolicy } from '../../server/policy/rules.ts'
import { explain } from '../../server/session/explain.ts'
import type { CatalogEntry } from '../../server/targets/catalog.ts'
import { canonical } from '../../shared/audit/canonical.ts'
import type { EntryFacts } from '../../shared/audit/entry.ts'

test('a long statement is not cut within a character: the log would not take it', async () => {
  const written: EntryFacts[] = []
  const audit = { append: (facts: readonly EntryFacts[]) => { written.push(...facts); return Promise.resolve([0]) } } as unknown as AuditLog
  const redacted = `SELECT "${'x'.repeat(1_991)}😀"`
  const operation = {
    kind: 'statement', step: 'execute', text: redacted, redacted, sha256: '', parameters: [], effects: ['read'], relations: [], functions: [], flags: [], verb: 'SELECT'
  }
  const entry = {
    target: { name: 'db', protocol: 'echo', address: 'localhost:1', tls: 'disable', labels: {} },
    protocol: { name: 'echo', explain: () => Promise.resolve([{ operation, shows: { flows: [], unproven: [] } }]) },
    edge: {}
  } as unknown as CatalogEntry
  const policy = parsePolicy([], { rules: protectSchema.parse([]), masking: maskingSchema.parse(undefined) })
  const principal = { issuer: 'https://idp.test', subject: 'ada', groups: [], kind: 'human' } as const
  await explain({ audit, policy, principal, entry, now: 0 }, { statement: redacted })
  expect(() => canonical(written)).not.toThrow()
  expect(written).toMatchObject([{ action: 'policy.explain', detail: expect.stringContaining(`${'x'.repeat(1_991)} (sha256`) as string }])
})
