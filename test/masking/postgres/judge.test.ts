import { describe, expect, test } from 'vitest'
import type { Column, Finding, Flow, FlowKind } from '../../../server/masking/postgres/finding.ts'
import { defaultFlows, judge, strictFlows, type MaskingPolicy } from '../../../server/masking/postgres/judge.ts'

const ssn = 'clinic.patients.ssn'
const email = 'clinic.patients.email'
const policy: MaskingPolicy = { flows: defaultFlows, masks: new Map([[ssn, 'last4']]), exempt: new Map() }

function finding(part: Partial<Finding>): Finding {
  return { columns: [], flows: [], opaque: [], relations: [], reached: true, functions: [], changesCatalog: false, ...part }
}

function flow(kind: FlowKind, labels: readonly string[] = [ssn], more: Partial<Flow> = {}): Flow {
  return { kind, labels: new Set(labels), why: `because of ${kind}`, ...more }
}

function column(labels: readonly string[], more: Partial<Column> = {}): Column {
  return { name: 'c', labels: new Set(labels), path: [], ...more }
}

describe('the action', () => {
  test.each([
    ['null', 'allow'],
    ['lookup', 'allow'],
    ['constraint', 'allow'],
    ['join', 'hold'],
    ['group', 'hold'],
    ['distinct', 'hold'],
    ['setop', 'hold'],
    ['order', 'hold'],
    ['other', 'hold'],
    ['srf', 'hold'],
    ['error', 'hold'],
    ['udf-arg', 'hold'],
    ['ddl', 'hold'],
    ['explain', 'hold'],
    ['launder', 'deny']
  ] as const)('of %s is by default %s, and deny under strict', (kind, action) => {
    const one = finding({ flows: [flow(kind, [ssn], { asked: ['x'] })] })
    expect(judge(one, policy).action).toBe(action)
    expect(judge(one, { ...policy, flows: strictFlows }).action).toBe('deny')
  })

  test('is the strictest of all', () => {
    expect(judge(finding({ flows: [flow('null'), flow('launder'), flow('order')] }), policy)).toMatchObject({
      action: 'deny',
      why: [`because of launder (${ssn})`, `because of order (${ssn})`],
      flags: [`null ${ssn}`]
    })
  })

  test('is hold where something could not be proven', () => {
    expect(judge(finding({ opaque: ['MERGE is not understood'] }), policy)).toMatchObject({ action: 'hold', why: ['MERGE is not understood'] })
  })

  test('of a look-up or write whose values nobody can count is that of any other condition', () => {
    expect(judge(finding({ flows: [flow('lookup')] }), policy).action).toBe('hold')
    expect(judge(finding({ flows: [flow('constraint')] }), policy).action).toBe('hold')
    expect(judge(finding({ flows: [flow('lookup')] }), { ...policy, flows: { ...defaultFlows, other: 'allow' } }).action).toBe('allow')
  })

  test('does not count columns this principal may see', () => {
    const exempt = { ...policy, exempt: new Map([[ssn, ['PHI']]]) }
    expect(judge(finding({ flows: [flow('order')] }), exempt)).toMatchObject({ action: 'allow', flags: [] })
    expect(judge(finding({ flows: [flow('order', [ssn, email])] }), exempt).action).toBe('hold')
  })
})

describe('cells', () => {
  const cells = (columns: readonly Column[], part: Partial<Finding> = {}, by = policy) => judge(finding({ columns, ...part }), by).cells

  test('a clean one passes, a protected one has its mask, a derived one and one without a mask are redacted', () => {
    expect(cells([column([]), column([ssn], { identity: ssn }), column([ssn]), column([email], { identity: email })])).toEqual([
      'pass',
      { mask: 'last4', label: ssn },
      'redact',
      { mask: 'redact', label: email }
    ])
  })

  test('what an exempt principal sees in clear is said', () => {
    const exempt = { ...policy, exempt: new Map([[ssn, ['PHI']]]) }
    expect(cells([column([ssn], { identity: ssn }), column([ssn, email])], {}, exempt)).toEqual(['pass', 'redact'])
    expect(judge(finding({ columns: [column([ssn], { identity: ssn })] }), exempt).exempted).toEqual([{ rule: 'PHI', columns: [ssn] }])
  })

  test('of a statement that is not understood, only stored unprotected columns pass', () => {
    const opaque = ['a DO block']
    expect(cells([column([]), column([], { origin: { relation: 1, attnum: 2 } }), column([ssn], { identity: ssn })], { opaque })).toEqual([
      'redact',
      'pass',
      { mask: 'last4', label: ssn }
    ])
  })

  test('there are none where columns are not known', () => {
    expect(judge(finding({ columns: undefined }), policy).cells).toBeUndefined()
  })
})

test('the values that were asked for are counted elsewhere', () => {
  const flows = [flow('lookup', [email], { asked: ['a', { parameter: 2 }] }), flow('constraint', [ssn], { asked: ['b'] }), flow('null', [ssn])]
  expect(judge(finding({ flows }), policy).asked).toEqual([{ labels: [email], values: ['a', { parameter: 2 }] }, { labels: [ssn], values: ['b'] }])
})
