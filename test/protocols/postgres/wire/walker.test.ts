import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BackendWalker, type Fate } from '../../../../server/protocols/postgres/wire/walker.ts'
import { message } from '../../../support/messages.ts'

const body = (text: string) => Buffer.from(text)
const row = (text: string) => message('D', body(text))

function walk(chunks: readonly Buffer[], fate: (type: string, body: Buffer) => Fate = () => 'forward', due?: (type: string) => Buffer | undefined) {
  const seen: string[] = []
  let last = ''
  const walker = new BackendWalker({
    data: (type, bytes) => { seen.push(`${String.fromCharCode(type)}${bytes}`) },
    message: (type, content) => {
      last = String.fromCharCode(type)
      seen.push(last + content.toString())
      return fate(last, content)
    },
    due: () => due?.(last)
  }, 1000)
  const out = chunks.map((chunk) => Buffer.concat(walker.push(chunk)))
  return { seen, out: Buffer.concat(out), walker, parts: out }
}

describe('the walker', () => {
  test.each<[string, Buffer]>([
    ['a length of 3', Buffer.from([0x54, 0, 0, 0, 3])],
    ['a length of 0', Buffer.from([0x54, 0, 0, 0, 0])],
    ['a negative length', Buffer.from([0x44, 0xff, 0xff, 0xff, 0xff])],
    ['a message over the limit', Buffer.from([0x54, 0, 0, 0x10, 0])],
    ['a message just under 2 GiB', Buffer.from([0x45, 0x7f, 0xff, 0xff, 0xff])]
  ])('refuses %s', (_, bytes) => {
    expect(() => walk([bytes])).toThrow(/length/)
  })

  test('passes a chunk that nothing touches as it is, uncopied', () => {
    const chunk = Buffer.concat([message('T', body('cols')), row('a'), row('b'), message('C', body('SELECT 2'))])
    const walker = new BackendWalker({ data: () => undefined, message: () => 'forward', due: () => undefined }, 1000)
    const out = walker.push(chunk)
    expect(out).toHaveLength(1)
    expect((out[0] as Buffer).buffer).toBe(chunk.buffer)
  })

  test('streams a row larger than the limit of other messages, and knows that it is in the middle of one', () => {
    const large = row('x'.repeat(5000))
    const { walker, parts } = walk([large.subarray(0, 2000)])
    expect(parts[0]).toHaveLength(2000)
    expect(walker.midMessage).toBe(true)
    expect(Buffer.concat(walker.push(large.subarray(2000)))).toHaveLength(large.length - 2000)
    expect(walker.midMessage).toBe(false)
  })

  test('holds other messages back until they are complete', () => {
    const chunk = Buffer.concat([row('a'), message('E', body('an error'))])
    const { parts } = walk([chunk.subarray(0, chunk.length - 1), chunk.subarray(chunk.length - 1)])
    expect(parts[0]).toEqual(row('a'))
    expect(parts[1]).toEqual(message('E', body('an error')))
  })

  test('drops, replaces and adds in place', () => {
    const chunk = Buffer.concat([row('a'), message('1'), row('b'), message('E', body('theirs')), row('c'), message('Z', body('I'))])
    const fate = (type: string): Fate => type === '1' ? 'drop' : type === 'E' ? message('E', body('ours')) : 'forward'
    const { out } = walk([chunk], fate, (type) => type === 'Z' ? message('N', body('behind')) : undefined)
    expect(out).toEqual(Buffer.concat([row('a'), row('b'), message('E', body('ours')), row('c'), message('Z', body('I')), message('N', body('behind'))]))
  })

  test('gives the same bytes and events however the stream is cut', () => {
    const messageArbitrary = fc.tuple(fc.constantFrom('D', 'd', 'T', 'C', 'E', '1', 'Z'), fc.uint8Array({ maxLength: 40 }))
      .map(([type, content]) => message(type, content))
    fc.assert(fc.property(fc.array(messageArbitrary, { maxLength: 20 }), fc.array(fc.nat(400), { maxLength: 20 }), (messages, cuts) => {
      const whole = Buffer.concat(messages)
      const at = [0, ...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length]
      const chunks = at.slice(1).map((end, i) => whole.subarray(at[i], end))
      const fate = (type: string): Fate => type === '1' ? 'drop' : 'forward'
      const cut = walk(chunks, fate)
      const uncut = walk([whole], fate)
      expect(cut.out).toEqual(uncut.out)
      expect(cut.seen).toEqual(uncut.seen)
      expect(cut.out).toEqual(Buffer.concat(messages.filter((one) => one[0] !== 0x31)))
    }), { numRuns: 300, seed: 7 })
  })
})
