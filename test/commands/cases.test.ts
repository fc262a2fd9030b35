// Cases against a target that does not do what it should; what it says of real ones is tested with `hoop policy test`.
import { afterEach, expect, test, vi } from 'vitest'
import { testCases, type PolicyCase } from '../../server/commands/cases.ts'
import { maskingSchema, protectSchema } from '../../server/policy/protect.ts'
import { parsePolicy } from '../../server/policy/rules.ts'
import type { Catalog, CatalogEntry } from '../../server/targets/catalog.ts'

afterEach(() => vi.restoreAllMocks())

test('a target whose catalog takes too long is told as that', async () => {
  vi.spyOn(AbortSignal, 'timeout').mockReturnValue(AbortSignal.abort(new DOMException('timed out', 'TimeoutError')))
  const entry = {
    target: { name: 'db', protocol: 'slow', address: 'localhost:1', tls: 'disable', labels: {} },
    protocol: { name: 'slow', explain: (...[, , , signal]: [unknown, unknown, unknown, AbortSignal]) => Promise.reject(signal.reason as Error) },
    edge: {}
  } as unknown as CatalogEntry
  const catalog = { find: () => entry } as unknown as Catalog
  const policy = parsePolicy([], { rules: protectSchema.parse([]), masking: maskingSchema.parse(undefined) })
  const one: PolicyCase = { who: { groups: [], kind: 'human', subject: 's', issuer: 'https://idp.test' }, target: 'db', statement: 'SELECT 1', expect: 'allow' }
  expect(await testCases([one], { catalog, policy, connect: true, now: 0 })).toEqual([
    { name: 'case 1', ok: false, problem: 'target "db": its catalog was not read within 60 s' }
  ])
})
