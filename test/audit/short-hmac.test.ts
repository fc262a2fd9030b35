import { createHmac, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { ShortHmac } from '../../server/audit/short-hmac.ts'

test.each([16, 32, 64])('says what HMAC-SHA-256 says, with a key of %i bytes, one message after the other', (bytes) => {
  const key = randomBytes(bytes)
  const hmac = new ShortHmac(key)
  for (const length of [0, 1, 55, 56, 63, 64, 65, 1000, 32 * 1024, 3]) {
    const message = randomBytes(length)
    expect(Buffer.from(hmac.digest(message), 'latin1').toString('hex')).toBe(createHmac('sha256', key).update(message).digest('hex'))
  }
})

test('a longer message is refused, not cut', () => {
  expect(() => new ShortHmac(randomBytes(32)).digest(Buffer.alloc(32 * 1024 + 1))).toThrow(RangeError)
})
