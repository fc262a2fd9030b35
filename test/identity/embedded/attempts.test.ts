import { describe, expect, test } from 'vitest'
import { createAttempts } from '../../../server/identity/embedded/attempts.ts'

describe('guessing a password', () => {
  test('is free five times, then waits double each time up to five minutes', () => {
    let now = 1_000_000
    const attempts = createAttempts(() => now)
    const waits: number[] = []
    for (let n = 0; n < 18; n++) {
      const wait = attempts.begin('alice', '192.0.2.1')
      waits.push(wait / 1000)
      now += wait
      if (wait > 0) expect(attempts.begin('alice', '192.0.2.1')).toBe(0)
    }
    expect(waits).toEqual([0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300])
  })

  test('is at most thirty guesses in the first hour, however fast one asks', () => {
    let now = 0
    const attempts = createAttempts(() => now)
    let looked = 0
    for (; now < 3600_000; now += 250) if (attempts.begin('alice', '192.0.2.1') === 0) looked++
    expect(looked).toBeLessThanOrEqual(30)
  })

  test('is forgotten after a success, and after a quarter of an hour without an attempt', () => {
    let now = 0
    const attempts = createAttempts(() => now)
    for (let n = 0; n < 6; n++) attempts.begin('alice', '192.0.2.1')
    expect(attempts.begin('alice', '192.0.2.1')).toBeGreaterThan(0)
    attempts.succeeded('alice', '192.0.2.1')
    for (let n = 0; n < 5; n++) expect(attempts.begin('alice', '192.0.2.1')).toBe(0)
    now += 15 * 60_000
    for (let n = 0; n < 5; n++) expect(attempts.begin('alice', '192.0.2.1')).toBe(0)
  })

  test.each([
    ['another person', 'bob', '192.0.2.1', 0],
    ['another address', 'alice', '192.0.2.2', 0],
    ['another IPv6 network', 'alice', '2001:db8:0:1::1', 0],
    ['the same IPv6 network', 'alice', '2001:db8::ffff:1', 1],
    ['the same IPv6 network written in full', 'alice', '2001:db8:0:0:1:2:3:4', 1]
  ])('from one place does not slow down %s more than it must', (_name, username, address, slowed) => {
    const attempts = createAttempts(() => 0)
    for (const from of ['192.0.2.1', '2001:db8::1']) for (let n = 0; n < 9; n++) attempts.begin('alice', from)
    expect(Math.sign(attempts.begin(username, address))).toBe(slowed)
  })

  test('costs bounded memory', () => {
    const attempts = createAttempts(() => 0)
    for (let n = 0; n < 50_000; n++) attempts.begin(`name-${n}`, '192.0.2.1')
    for (let n = 0; n < 5; n++) expect(attempts.begin('name-0', '192.0.2.1')).toBe(0)
  })
})
