import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LookupBudget, type Asked } from '../../server/masking/budget.ts'

const limit = { distinct: 20, seconds: 3600 }
const hour = 3600_000
const asking = (...values: string[]): Asked[] => [{ columns: ['public.patients.email'], values: values.map((value) => Buffer.from(value)) }]
const fresh = () => new LookupBudget(Buffer.alloc(32, 1))
const many = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `value ${from + i}`)

describe('a budget of values', () => {
  test('is over with the value after the last', () => {
    const budget = fresh()
    for (const [i, value] of many(20).entries()) expect(budget.spend('alice', asking(value), limit, i)).toEqual({ count: i + 1, over: false })
    expect(budget.spend('alice', asking('another'), limit, 30)).toEqual({ count: 20, over: true })
  })

  test('is not spent by the same value again, even when nothing is left', () => {
    const budget = fresh()
    budget.spend('alice', asking(...many(20)), limit, 0)
    expect(budget.spend('alice', asking('value 3', 'value 4'), limit, 1)).toEqual({ count: 20, over: false })
  })

  test('is over for values that cannot be told, whatever is left', () => {
    expect(fresh().spend('alice', [{ columns: ['a.b.c'] }], limit, 0)).toEqual({ count: 0, over: true })
    expect(fresh().spend('alice', [...asking('x'), { columns: ['a.b.c'] }], { distinct: 10_000, seconds: 60 }, 0).over).toBe(true)
  })

  test('is not spent by a statement that asks for too many: it shows nothing', () => {
    const budget = fresh()
    expect(budget.spend('alice', asking(...many(21)), limit, 0)).toEqual({ count: 0, over: true })
    expect(budget.spend('alice', asking(...many(20)), limit, 0)).toEqual({ count: 20, over: false })
  })

  test('of nothing lets nothing be asked for', () => {
    expect(fresh().spend('alice', asking('x'), { distinct: 0, seconds: 60 }, 0).over).toBe(true)
    expect(fresh().spend('alice', asking(), { distinct: 0, seconds: 60 }, 0).over).toBe(false)
  })

  test('comes back value by value, that long after each was last asked for', () => {
    const budget = fresh()
    budget.spend('alice', asking(...many(10)), limit, 0)
    budget.spend('alice', asking(...many(10, 10)), limit, hour / 2)
    budget.spend('alice', asking('value 0'), limit, hour / 2)
    expect(budget.spend('alice', asking('new'), limit, hour - 1)).toEqual({ count: 20, over: true })
    expect(budget.spend('alice', asking('new'), limit, hour)).toEqual({ count: 12, over: false })
  })

  test('is everybody\'s own, and tells columns apart', () => {
    const budget = fresh()
    budget.spend('alice', asking(...many(20)), limit, 0)
    expect(budget.spend('bob', asking('x'), limit, 0)).toEqual({ count: 1, over: false })
    budget.spend('carol', [{ columns: ['a.b.c'], values: [Buffer.from('x')] }], limit, 0)
    expect(budget.spend('carol', [{ columns: ['a.b.d'], values: [Buffer.from('x')] }], limit, 0).count).toBe(2)
    expect(budget.spend('carol', [{ columns: ['a.b', 'd'], values: [Buffer.from('x')] }], limit, 0).count).toBe(3)
    expect(budget.spend('carol', [{ columns: ['a.b.d'], values: [Buffer.from('x')] }], limit, 0).count).toBe(3)
  })

  test('is over for new accounts where too many have spent something, until that counts no more', () => {
    const budget = fresh()
    for (let i = 0; i < 10_000; i++) budget.spend(`account ${i}`, asking('x'), limit, 0)
    expect(budget.spend('one more', asking('x'), limit, 1).over).toBe(true)
    expect(budget.spend('account 7', asking('y'), limit, 1)).toEqual({ count: 2, over: false })
    expect(budget.spend('one more', asking('x'), limit, hour)).toEqual({ count: 1, over: false })
    expect(budget.accounts).toBe(2)
  })

  test('keeps no value, only what its key makes of one', () => {
    const budget = fresh()
    budget.spend('alice', asking('ada@example.com'), limit, 0)
    const spy = JSON.stringify(budget, (_, value: unknown) => value instanceof Map ? [...value] : value)
    expect(spy).not.toMatch(/ada@/)
  })

  test('counts as a set of what was asked for within the window would', () => {
    const value = fc.integer({ min: 0, max: 12 })
    const step = fc.record({ values: fc.array(value, { maxLength: 5 }), wait: fc.integer({ min: 0, max: 40_000 }) })
    fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const [budget, small] = [fresh(), { distinct: 6, seconds: 60 }]
      let asked: { readonly value: number, readonly at: number }[] = []
      let now = 0
      for (const { values, wait } of steps) {
        now += wait
        asked = asked.filter(({ at }) => at > now - 60_000)
        const known = new Set(asked.map(({ value }) => value))
        const all = new Set([...known, ...values])
        const over = values.length > 0 && all.size > 6
        expect(budget.spend('alice', asking(...values.map(String)), small, now)).toEqual({ count: over ? known.size : all.size, over })
        if (!over) asked = [...asked.filter(({ value }) => !values.includes(value)), ...values.map((value) => ({ value, at: now }))]
      }
    }))
  })
})
