import { describe, expect, test } from 'vitest'
import {
  attachmentOffset,
  BatchSearch,
  crc32c,
  frameAttachment,
  framedAttachmentBytes,
  frameHeaderBytes,
  maxEntryBytes,
  readFrame,
  writeFrameHeader
} from '../../shared/audit/frame.ts'

function frame(text: string, beginsBatch = false): Buffer {
  const bytes = Buffer.from(text)
  const framed = Buffer.concat([Buffer.alloc(frameHeaderBytes), bytes])
  writeFrameHeader(framed, 0, bytes.length, beginsBatch)
  return framed
}

describe('CRC-32C', () => {
  test.each([
    ['32 zero bytes', Buffer.alloc(32), 0x8a9136aa],
    ['32 bytes 0xff', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['0 to 31', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
    ['31 to 0', Buffer.from(Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c],
    ['the digits 1 to 9', Buffer.from('123456789'), 0xe3069283],
    ['nothing', Buffer.alloc(0), 0]
  ])('of %s is that of RFC 3720', (_, bytes, sum) => {
    expect(crc32c(bytes)).toBe(sum)
  })

  test('of a part goes on with the next, wherever it is cut', () => {
    const bytes = Buffer.from('the quick brown fox jumps over the lazy dog')
    for (let cut = 0; cut <= bytes.length; cut++) expect(crc32c(bytes, cut, bytes.length, crc32c(bytes, 0, cut))).toBe(crc32c(bytes))
  })
})

describe('frames', () => {
  test('a frame is read back, with what it begins', () => {
    for (const beginsBatch of [true, false]) {
      const bytes = Buffer.concat([Buffer.from('xx'), frame('{"a":1}', beginsBatch), Buffer.from('yy')])
      expect(readFrame(bytes, 2)).toEqual({ bytes: Buffer.from('{"a":1}'), beginsBatch, attachment: false, end: 17 })
    }
  })

  test('every prefix is incomplete', () => {
    const bytes = frame('{"a":1}', true)
    for (let end = 0; end < bytes.length; end++) expect(readFrame(bytes.subarray(0, end), 0)).toBe('incomplete')
  })

  test('every flipped bit is noticed', () => {
    const bytes = frame('{"a":1}')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      expect(readFrame(flipped, 0)).toBeTypeOf('string')
    }
  })

  test('lengths of zero, beyond the limit and with unknown bits are no frames', () => {
    expect(readFrame(Buffer.alloc(64), 0)).toBe('damaged')
    for (const length of [maxEntryBytes + 1, 0x2000_0001, 0x4000_0000, 0x4001_0000, 0xc000_0007, 0xffff_ffff]) {
      const bytes = frame('{"a":1}')
      bytes.writeUInt32BE(length)
      expect(readFrame(bytes, 0)).toBe('damaged')
    }
  })

  test('a batch that begins behind damage is found at any distance, however the bytes are cut; anything else is none', () => {
    const noise = Buffer.concat([frame('{"a":1}'), Buffer.from([0x80, 0, 0, 7, 1, 2, 3, 4]), Buffer.alloc(300, 0x80), frame('{"a":2}')])
    const found = (bytes: Buffer, chunk = bytes.length) => {
      const search = new BatchSearch()
      for (let at = 0; at < bytes.length; at += chunk) search.push(bytes.subarray(at, at + chunk))
      return search.found
    }
    for (const chunk of [1, 2, 3, 7, 100, 1000]) {
      expect(found(noise, chunk)).toBe(false)
      for (let gap = 0; gap < 20; gap++) {
        expect(found(Buffer.concat([noise, Buffer.alloc(gap), frame('{"b":1}', true), Buffer.alloc(gap)]), chunk)).toBe(true)
      }
      expect(found(frame('{"b":1}', true).subarray(1), chunk)).toBe(false)
      expect(found(Buffer.from(frameAttachment(Buffer.alloc(70_000, 0x80))), chunk * 7_000)).toBe(false)
    }
  })
})

describe('an attachment', () => {
  test.each([0, 1, 100, maxEntryBytes - 1, maxEntryBytes, maxEntryBytes + 1, 2 * maxEntryBytes, 200_000])('of %i bytes is cut into frames and comes back', (bytes) => {
    const attachment = Buffer.from(Array.from({ length: bytes }, (_, i) => i * 7 & 255))
    const frames = frameAttachment(attachment)
    expect(frames.length).toBe(framedAttachmentBytes(bytes))
    const pieces: Uint8Array[] = []
    for (let at = 0; at < frames.length;) {
      const frame = readFrame(frames, at)
      if (typeof frame === 'string') throw new Error(frame)
      expect(frame).toMatchObject({ attachment: true, beginsBatch: false })
      expect(attachmentOffset(pieces.length * maxEntryBytes)).toBe(at + frameHeaderBytes)
      pieces.push(frame.bytes)
      at = frame.end
    }
    expect(pieces.length).toBe(Math.ceil(bytes / maxEntryBytes))
    expect(Buffer.concat(pieces).equals(attachment)).toBe(true)
  })

  test('every flipped bit of its frame is noticed, the bit that makes it one included', () => {
    const bytes = frameAttachment(Buffer.from('sealed'))
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      expect(readFrame(flipped, 0)).toBeTypeOf('string')
    }
  })
})
