import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { askedValues } from '../../../server/masking/postgres/asked.ts'

const labels = ['public.patients.email']
const first = [{ labels, values: [{ parameter: 1 }] }]

function valuesOf(value: Buffer | string | null | undefined, format: 0 | 1 | 2 = 0): string[] | undefined {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  const [asked] = askedValues(first, { parameters: bytes === undefined ? [] : [bytes], parameterFormats: format === 0 ? [] : [format] })
  return asked!.values?.map((one) => Buffer.from(one).toString('latin1'))
}

function arrayOf(...elements: (string | null)[]): Buffer {
  const word = (number: number) => { const bytes = Buffer.alloc(4); bytes.writeInt32BE(number); return bytes }
  const cells = elements.map((one) => one === null ? word(-1) : Buffer.concat([word(Buffer.byteLength(one)), Buffer.from(one)]))
  const dimensions = elements.length === 0 ? [] : [word(elements.length), word(1)]
  return Buffer.concat([word(dimensions.length / 2), word(elements.includes(null) ? 1 : 0), word(25), ...dimensions, ...cells])
}

describe('what cannot be counted', () => {
  test.each<[string, Parameters<typeof valuesOf>]>([
    ['a parameter that is not bound', [undefined]],
    ['a format that is not known', ['x', 2]],
    ['an array that does not end', ['{a,b']],
    ['an array with something behind it', ['{a,b}}']],
    ['an array with something after it', ['{a} b']],
    ['an array with a quote in an element', ['{a"b}']]
  ])('%s', (_, args) => expect(valuesOf(...args)).toBeUndefined())

  test('a flow whose values the analysis does not know', () => {
    expect(askedValues([{ labels, values: undefined }], { parameters: [], parameterFormats: [] })).toEqual([{ columns: labels }])
  })
})

describe('values', () => {
  test.each<[string, string[]]>([
    ['ada@example.com', ['ada@example.com']],
    ['', ['']],
    ['{}', []],
    ['{a,b}', ['a', 'b']],
    [' { a , b c } ', ['a', 'b c']],
    ['{"a","b, c","d\\"e"}', ['a', 'b, c', 'd"e']],
    ['{a,NULL,"NULL"}', ['a', 'NULL']],
    ['{{a,b},{c,d}}', ['a', 'b', 'c', 'd']],
    ['[0:1]={a,b}', ['a', 'b']],
    ['[0:1][2:3]={{a,b},{c,d}}', ['a', 'b', 'c', 'd']],
    ['{a\\,b}', ['a,b']]
  ])('of the text %j', (written, expected) => {
    expect(valuesOf(written)).toEqual(expected)
  })

  test('of NULL are none', () => expect(valuesOf(null)).toEqual([]))
  test('of constants are their text', () => {
    const asked = askedValues([{ labels, values: ['a', '{b}'] }], { parameters: [], parameterFormats: [] })
    expect(asked[0]!.values).toEqual([Buffer.from('a'), Buffer.from('{b}')])
  })
  test('in binary are never those of text: one marks them that no text can hold', () => {
    expect(valuesOf('123', 1)).toEqual(['\x00123'])
    expect(valuesOf(arrayOf('a', null, 'b'), 1)).toEqual(['\x00a', '\x00b'])
    expect(valuesOf(arrayOf(), 1)).toEqual([])
  })
  test('of something that nearly is a binary array are one', () => {
    expect(valuesOf(Buffer.concat([arrayOf('a', 'b'), Buffer.of(0)]), 1)).toHaveLength(1)
  })
  test('take the format of their own parameter', () => {
    const asked = askedValues([{ labels, values: [{ parameter: 2 }] }], { parameters: [Buffer.from('x'), Buffer.from('y')], parameterFormats: [0, 1] })
    expect(asked[0]!.values).toEqual([Buffer.from('\0y')])
  })

  test('of an array are as many as went in, however they are quoted', () => {
    fc.assert(fc.property(fc.array(fc.string(), { maxLength: 8 }), (elements) => {
      const written = `{${elements.map((one) => `"${one.replace(/[\\"]/g, '\\$&')}"`).join(',')}}`
      const asked = askedValues(first, { parameters: [Buffer.from(written)], parameterFormats: [] })
      expect(asked[0]!.values).toEqual(elements.map((one) => Buffer.from(one)))
    }))
  })
})
