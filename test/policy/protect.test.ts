import { describe, expect, test } from 'vitest'
import { defaultKinds } from '../../server/masking/detectors.ts'
import { detectionFor, maskingSchema } from '../../server/policy/protect.ts'
import { parsePolicy } from '../../server/policy/rules.ts'
import type { Target } from '../../shared/model.ts'

const prod: Target = { name: 'prod-db', protocol: 'postgres', address: 'db:5432', tls: 'disable', labels: { env: 'prod' } }

describe('the section masking', () => {
  test.each<[string, unknown]>([
    ['a window of a second', { lookups: { per: '1s' } }],
    ['a window of two days', { lookups: { per: '48h' } }],
    ['fewer values than none', { lookups: { distinct: -1 } }],
    ['more values than are kept', { lookups: { distinct: 10_001 } }],
    ['detection that does nothing', { detect: { kinds: ['ssn'] } }],
    ['detection of nothing', { detect: { kinds: [], action: 'mask' } }],
    ['a kind that is not known', { detect: { kinds: ['name'], action: 'mask' } }]
  ])('refuses %s', (_, written) => expect(maskingSchema.safeParse(written).success).toBe(false))

  test('lets twenty values an hour be asked for, and looks for nothing, unless it says so', () => {
    expect(maskingSchema.parse(undefined)).toMatchObject({ lookups: { distinct: 20, seconds: 3600 } })
    expect(maskingSchema.parse({ lookups: { per: '15m' } }).lookups).toEqual({ distinct: 20, seconds: 900 })
    expect(detectionFor({ rules: [], masking: maskingSchema.parse({}) }, prod)).toBeUndefined()
  })

  test('looks on the targets it names for the kinds it names', () => {
    const of = (detect: unknown, target = prod) => detectionFor({ rules: [], masking: maskingSchema.parse({ detect }) }, target)
    expect(of({ action: 'report' })).toEqual({ kinds: defaultKinds, action: 'report' })
    expect(of({ kinds: ['ssn', 'zip'], action: 'mask', targets: { env: 'prod' } })).toEqual({ kinds: ['ssn', 'zip'], action: 'mask' })
    expect(of({ action: 'mask', targets: { env: ['test', 'dev'] } })).toBeUndefined()
  })

  test('changes the policy\'s version where it has a say', () => {
    const version = (masking: unknown) => parsePolicy([], { rules: [], masking: maskingSchema.parse(masking) }).version
    expect(version({ lookups: { distinct: 3 } })).toBe(parsePolicy([]).version)
    expect(version({ detect: { action: 'mask' } })).not.toBe(version({ detect: { action: 'report' } }))
    expect(version({ detect: { action: 'mask' } })).not.toBe(parsePolicy([]).version)
  })
})
