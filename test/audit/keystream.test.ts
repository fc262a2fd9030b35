import { createDecipheriv, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { counterBlock, Keystream } from '../../server/audit/keystream.ts'

test('what is encrypted anywhere in a keystream is AES-256-CTR from the block it names', () => {
  const key = randomBytes(32)
  const stream = new Keystream(key, 2 ** 40 + 7)
  for (const length of [64, 0, 4096, 4032, 128, 12 * 1024 + 16, 16]) {
    const plain = randomBytes(length)
    const { block } = stream
    const bytes = Buffer.from(plain)
    stream.encrypt(bytes)
    expect(createDecipheriv('aes-256-ctr', key, counterBlock(2 ** 40 + 7, block)).update(bytes).equals(plain)).toBe(true)
    expect(stream.block).toBe(block + length / 16)
  }
})

test('a counter block is two numbers of eight bytes', () => {
  expect(counterBlock(2 ** 32 + 5, 2 ** 52 + 1).toString('hex')).toBe('0000000100000005' + '0010000000000001')
})

test('nothing is encrypted once it has forgotten its key', () => {
  const stream = new Keystream(randomBytes(32), 0)
  stream.encrypt(Buffer.alloc(64))
  stream.forget()
  expect(() => { stream.encrypt(Buffer.alloc(16)) }).toThrow()
})
