// What the command line reads of a log's segments: whole ones, torn ones, and ones in which something is missing that had been there.
import { describe, expect, test } from 'vitest'
import { readEntries } from '../../../cli/audit/entries.ts'
import { framesOf } from '../../../cli/audit/frames.ts'
import { recordIn } from '../../../cli/audit/records.ts'
import { segmentFile } from '../../../shared/audit/frame.ts'
import { verifyLog } from '../../../shared/audit/verify.ts'
import { Copy, framesOf as framesIn } from '../../audit/copy.ts'
import { openIn, temporary } from '../../audit/logs.ts'
import { beat } from '../../audit/sample.ts'

/** Forty entries in several segments, one more segment than is full. */
async function sample(): Promise<{ copy: Copy, key: string }> {
  const directory = await temporary()
  const log = await openIn(directory, { segmentBytes: 2_000 })
  while (log.size < 40) await log.append([beat(log.size)])
  await log.close()
  return { copy: await Copy.of(directory), key: log.verifierKey }
}

async function indexes(copy: Copy, since?: string): Promise<number[]> {
  const found: number[] = []
  for await (const entries of readEntries(copy, since === undefined ? {} : { since })) found.push(...entries.map(({ index }) => index))
  return found
}

async function endOf(copy: Copy, file: string): Promise<string | undefined> {
  for await (const { end } of framesOf(copy, Number(file.slice(-16)))) if (end !== undefined) return end
  return undefined
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)
const append = (copy: Copy, file: string, bytes: Uint8Array) => copy.files.set(file, Buffer.concat([copy.files.get(file)!, bytes]))

describe('a log that cannot be read on', () => {
  test('has a segment that ends in something else before the last', async () => {
    const { copy } = await sample()
    append(copy, copy.segments[0]!, Buffer.alloc(100))
    expect(await endOf(copy, copy.segments[0]!)).toBe('torn')
    await expect(indexes(copy)).rejects.toThrow(/in segments\/0{16} cannot be read/)
  })

  test('has a batch behind what is damaged', async () => {
    const { copy } = await sample()
    const last = copy.segments.at(-1)!
    copy.files.get(last)![20]! ^= 1
    expect(await endOf(copy, last)).toBe('damaged')
    await expect(indexes(copy)).rejects.toThrow(`entry ${Number(last.slice(-16))} in ${last} cannot be read`)
  })

  test('lacks the end of what its checkpoint speaks for', async () => {
    const { copy } = await sample()
    const last = copy.segments.at(-1)!
    copy.files.set(last, copy.files.get(last)!.subarray(0, -1))
    expect(await endOf(copy, last)).toBe('torn')
    await expect(indexes(copy)).rejects.toThrow(/cannot be read/)
  })
})

describe('a write that was cut off at the end of a log is passed over, as verifying does:', () => {
  test.each([
    ['the file had grown, and nothing was in it yet', Buffer.alloc(4096)],
    ['half a header', Buffer.from([0x80, 0, 0])],
    ['something else', Buffer.from('what a disk had there before')]
  ])('%s', async (_, tail) => {
    const { copy, key } = await sample()
    const count = (await indexes(copy)).length
    append(copy, copy.segments.at(-1)!, tail)
    expect(await verifyLog(copy, key)).toMatchObject({ ok: true, entries: count, notes: expect.arrayContaining([expect.stringContaining('a write that was cut off')]) })
    for (const chunk of [Infinity, 7]) {
      copy.chunk = chunk
      expect(await indexes(copy)).toEqual(upTo(count))
    }
  })
})

test('segments that end before a time are not opened, and of the others\' beginnings only the first frame is read', async () => {
  const { copy } = await sample()
  const first = copy.segments.at(-1)!
  const { time } = JSON.parse(framesIn(copy.files.get(first)!)[0]!.bytes.toString()) as { time: string }
  // Later than all entries: the last segment alone.
  const after = new Date(Date.parse(time) + 60_000).toISOString()
  expect((await indexes(copy, after))[0]).toBe(Number(first.slice(-16)))
  copy.chunk = 3
  expect((await indexes(copy, after))[0]).toBe(Number(first.slice(-16)))
  expect(await indexes(copy, '2020-01-01T00:00:00.000Z')).toHaveLength((await indexes(copy)).length)
})

test('an entry of a log without entries is not there, and no number is made up', async () => {
  const copy = new Copy()
  copy.files.set(segmentFile(0), Buffer.alloc(0))
  await expect(recordIn(copy, 0)).rejects.toThrow(/there is no entry 0 to be read: the log holds no entry/)
})
