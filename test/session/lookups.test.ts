import { describe, expect, test } from 'vitest'
import { LookupBudget } from '../../server/masking/budget.ts'
import { accountOf, counted } from '../../server/session/lookups.ts'
import { Sightings } from '../../server/session/sightings.ts'
import type { Exposure, Principal, StatementOperation, Target } from '../../shared/model.ts'

const column = 'public.patients.email'
const plain: Exposure = { action: 'allow', why: [], flags: [`lookup ${column}`, `null ${column}`], masked: [], clear: [] }
const asks = (...values: string[]): Exposure =>
  ({ ...plain, asked: [{ columns: [column], values: values.map((value) => Buffer.from(value)) }] })

function statement(exposure: Exposure | undefined, step: StatementOperation['step'] = 'execute'): StatementOperation {
  const facts = { text: '', sha256: '', parameters: [], effects: [], relations: [], functions: [], flags: [], verb: 'SELECT' } as const
  return { kind: 'statement', step, ...facts, ...(exposure === undefined ? {} : { exposure }) }
}

function counter(distinct: number, seconds = 3600) {
  const budget = new LookupBudget(Buffer.alloc(32))
  const limit = { distinct, seconds }
  return (...operations: StatementOperation[]) =>
    counted(operations, (asked) => budget.spend('alice', asked, limit, 0), limit).map((one) => (one as StatementOperation).exposure)
}

describe('a statement that asks for values', () => {
  test('carries the count in its flags, one after the other in a batch', () => {
    const count = counter(3)
    const both = count(statement(asks('a')), statement(asks('b', 'a')))
    expect(both.map((exposure) => exposure!.flags[0])).toEqual([`lookup ${column} (1 of 3)`, `lookup ${column} (2 of 3)`])
    expect(both.map((exposure) => exposure!.action)).toEqual(['allow', 'allow'])
    expect(count(statement(asks('c')))[0]!.flags).toEqual([`lookup ${column} (3 of 3)`, `null ${column}`])
  })

  test.each<[Exposure['action'], Exposure['action']]>([['allow', 'hold'], ['hold', 'hold'], ['deny', 'deny']])('beyond the last: %s becomes %s', (before, after) => {
    const count = counter(1)
    count(statement(asks('a')))
    const [exposure] = count(statement({ ...asks('b'), action: before, why: ['another reason'] }))
    const why = ['another reason', `it asks for more than 1 different values of protected columns within an hour (${column})`]
    expect(exposure).toMatchObject({ action: after, why })
    expect(exposure!.flags[0]).toBe(`lookup ${column} (over 1)`)
  })

  test('has spent whatever becomes of it', () => {
    const count = counter(1)
    count(statement({ ...asks('a'), action: 'deny' }))
    expect(count(statement(asks('b')))[0]!.action).toBe('hold')
  })

  test('that cannot be counted is held', () => {
    expect(counter(100, 90)(statement({ ...plain, asked: [{ columns: [column] }] }))[0]).toMatchObject({
      action: 'hold',
      why: [`it asks for values of ${column} that cannot be counted`]
    })
  })

  test('spends nothing before it runs, and is left alone where it asks for nothing', () => {
    const count = counter(1)
    for (const step of ['check', 'prepare', 'bind'] as const) {
      for (const value of ['a', 'b', 'c']) expect(count(statement(asks(value), step))[0]!.action).toBe('allow')
    }
    const nothing = statement(plain)
    const spend = () => { throw new Error('spent') }
    expect(counted([nothing, { kind: 'cancel', connection: 1 }], spend, { distinct: 1, seconds: 60 })[0]).toBe(nothing)
  })
})

test('an account is one principal\'s on one target, not its owner\'s', () => {
  const alice: Principal = { issuer: 'https://idp.test', subject: 'alice', groups: [], kind: 'human' }
  const agent: Principal = { issuer: 'https://idp.test', subject: 'agent', groups: [], kind: 'agent', onBehalfOf: alice }
  const target = (name: string): Target => ({ name, protocol: 'postgres', address: 'db:5432', tls: 'disable', labels: {} })
  const same = [alice, agent, { ...alice, issuer: 'x' }].map((principal) => accountOf(principal, target('a')))
  expect(new Set([...same, accountOf(alice, target('b'))]).size).toBe(4)
})

test('what was found is told once for each column and kind', () => {
  const sightings = new Sightings()
  const body = 'public.notes.body'
  const found = { status: 'ok', detected: [{ column: body, kind: 'ssn', hits: 132 }, { column: body, kind: 'email', hits: 1 }] } as const
  expect(sightings.news(found)).toEqual([`${body} looks like it holds SSNs: 132 hits`, `${body} looks like it holds e-mail addresses: 1 hit`])
  expect(sightings.news(found)).toEqual([])
  expect(sightings.news({ status: 'ok' })).toEqual([])
})
