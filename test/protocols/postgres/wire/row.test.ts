// One row of an answer to the gateway's own questions.
import { describe, expect, test } from 'vitest'
import { decodeRow, Texts } from '../../../../server/protocols/postgres/wire/row.ts'

function row(values: readonly (string | null)[]): Buffer {
  const count = Buffer.alloc(2)
  count.writeUInt16BE(values.length)
  return Buffer.concat([count, ...values.flatMap((value) => {
    const [head, bytes] = [Buffer.alloc(4), Buffer.from(value ?? '')]
    head.writeInt32BE(value === null ? -1 : bytes.length)
    return [head, bytes]
  })])
}

const values = ['', null, '16384', 'größe', '\u{1F600}', 'x'.repeat(1_000), '16384']

describe('a row', () => {
  test('cut short anywhere is refused', () => {
    const whole = row(values)
    for (let end = 0; end < whole.length; end++) {
      expect(() => decodeRow(whole.subarray(0, end)), String(end)).toThrow(expect.objectContaining({ code: 'protocol_violation' }))
    }
  })

  test('with a length below NULL\'s is refused', () => {
    const bytes = row(['a'])
    bytes.writeInt32BE(-2, 2)
    expect(() => decodeRow(bytes)).toThrow(expect.objectContaining({ code: 'protocol_violation' }))
  })

  test('is its values as text, NULL as null', () => {
    expect(decodeRow(row(values))).toEqual(values)
    expect(decodeRow(row([]))).toEqual([])
  })

  test('says what others said before, however many different things they said', () => {
    const texts = new Texts()
    for (let round = 0; round < 3; round++) {
      for (let at = 0; at < 10_000; at++) {
        const said = [String(at), 't', null, `column_${at % 7}`]
        if (decodeRow(row(said), texts).join() !== said.join()) throw new Error(`row ${at}`)
      }
    }
    expect(decodeRow(row(values), texts)).toEqual(values)
  })
})
