import { describe, expect, test } from 'vitest'
import { LeakScan } from './leak-scan.ts'

const ssn = '123-45-6789'

describe('the scan for leaks finds', () => {
  test.each<[string, string | Buffer]>([
    ['the value', `a ${ssn} b`],
    ['its last four characters', 'card of 6789.'],
    ['its first four characters', '123-xx-xxxx'],
    ['it backwards', '9876-54-321'],
    ['its hex', Buffer.from(ssn).toString('hex')],
    ['its hex in capitals', Buffer.from(ssn).toString('hex').toUpperCase()],
    ['the hex of a fragment', Buffer.from('5-67').toString('hex')],
    ['its base64', Buffer.from(ssn).toString('base64')],
    ['its base64 at the second place of a group', Buffer.from(`x${ssn}y`).toString('base64')],
    ['its base64 at the third place of a group', Buffer.from(`xy${ssn}z`).toString('base64')]
  ])('%s', (_, text) => {
    expect(new LeakScan([ssn]).find(Buffer.from(text as string))).not.toEqual([])
  })

  test('letters of either case, also beyond ASCII', () => {
    const scan = new LeakScan(['Müller-Lüdenscheidt'])
    expect(scan.find(Buffer.from('MüLLER-L'))).not.toEqual([])
    expect(scan.find(Buffer.from('lüdenscheidt'))).not.toEqual([])
  })

  test('a number in binary', () => {
    const bytes = Buffer.alloc(20, 0xff)
    bytes.writeInt32BE(123456789, 7)
    expect(new LeakScan(['123456789']).find(bytes)).toMatchObject([{ as: 'binary integer', at: 7 }])
    bytes.fill(0xff).writeBigInt64BE(4111111111111111n, 3)
    expect(new LeakScan(['4111111111111111']).find(bytes)).toMatchObject([{ as: 'binary integer', at: 3 }])
  })

  test('nothing in what does not hold it, and no fragment of what may be sent', () => {
    const scan = new LeakScan([ssn, 'diagnosis of flu'], { harmless: ['column diagnosis'] })
    expect(scan.find(Buffer.from('no 1234 567 89 or diagnosis'))).toEqual([])
    expect(scan.find(Buffer.from('of flu'))).not.toEqual([])
  })
})
