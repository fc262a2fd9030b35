import { expect, test } from 'vitest'
import { createRefusals } from '../../server/http/refusals.ts'

test('an address that was refused thirty times within a minute is not looked at until the minute is over; others are', () => {
  let time = 0
  const refusals = createRefusals(() => time)
  for (let i = 0; i < 30; i++) {
    expect(() => refusals.check('10.0.0.1')).not.toThrow()
    refusals.count('10.0.0.1')
  }
  expect(() => refusals.check('10.0.0.1')).toThrow(/too many logins/)
  expect(() => refusals.check('10.0.0.2')).not.toThrow()
  time = 59_999
  expect(() => refusals.check('10.0.0.1')).toThrow()
  time = 60_000
  expect(() => refusals.check('10.0.0.1')).not.toThrow()
})

test('addresses beyond the limit push out the oldest, not the memory', () => {
  const refusals = createRefusals(() => 0)
  for (let i = 0; i < 20_000; i++) for (let times = 0; times < (i === 0 ? 30 : 1); times++) refusals.count(`address ${i}`)
  expect(() => refusals.check('address 0')).not.toThrow()
})

test('the addresses of one IPv6 network, which one household has without number, count as one', () => {
  const refusals = createRefusals(() => 0)
  for (let i = 0; i < 30; i++) refusals.count(`2001:db8:0:1::${i.toString(16)}`)
  expect(() => refusals.check('2001:db8:0:1:ffff::1')).toThrow(/too many logins/)
  expect(() => refusals.check('2001:db8:0:2::1')).not.toThrow()
})
