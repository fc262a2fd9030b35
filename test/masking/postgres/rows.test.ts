import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { maxHeldBytes } from '../../../server/masking/postgres/large-row.ts'
import { RowMasker } from '../../../server/masking/postgres/rows.ts'
import { maxReadBytes, type CellMask } from '../../../server/masking/postgres/values.ts'
import { BackendWalker } from '../../../server/protocols/postgres/wire/walker.ts'
import { message, type Value } from '../../support/messages.ts'

const int16 = (value: number) => { const bytes = Buffer.alloc(2); bytes.writeUInt16BE(value); return bytes }
const int32 = (value: number) => { const bytes = Buffer.alloc(4); bytes.writeInt32BE(value); return bytes }
const counted = (bytes: Buffer) => Buffer.concat([int32(bytes.length), bytes])
const cell = (value: Value) => value === null ? int32(-1) : counted(Buffer.from(value as string))
const dataRow = (...values: Value[]) => message('D', int16(values.length), ...values.map(cell))

const constant = (value: string | null, whenNull: string | null = null): CellMask =>
  ({ constant: value === null ? null : Buffer.from(value), whenNull: whenNull === null ? null : Buffer.from(whenNull) })
/** Reads values that do not begin with "?", and turns their letters about, so that a value masked twice would show. */
const turning: CellMask = {
  constant: Buffer.from('***'),
  whenNull: null,
  of: (value) => value[0] === 0x3f ? undefined : Buffer.from([0x3c, ...value, 0x3e])
}
/** Of the same length, so that it happens in place. */
const counting: CellMask = { constant: null, whenNull: null, of: (value) => Buffer.from(value.map((byte) => (byte + 1) & 0xff)) }

/** Masks as slowly and plainly as can be. */
function plainly(values: readonly Value[], masks: readonly (CellMask | undefined)[]): Value[] {
  return values.map((value, column) => {
    const mask = masks[column]
    if (mask === undefined) return value
    if (value === null) return mask.whenNull
    const bytes = Buffer.from(value as string)
    return bytes.length > maxReadBytes ? mask.constant : mask.of?.(bytes) ?? mask.constant
  })
}

/** A walker whose rows the masker sees. */
function walker(masker: RowMasker | undefined, rows: number[] = [], own = false): BackendWalker {
  return new BackendWalker({
    data: (_, bytes) => { rows.push(bytes) },
    rewriter: () => masker,
    message: () => 'forward',
    due: () => undefined
  }, 1000, own)
}

function through(masks: readonly (CellMask | undefined)[], chunks: readonly Buffer[], rows?: number[], own?: boolean): Buffer {
  const walking = walker(new RowMasker(masks), rows, own)
  return Buffer.concat(chunks.flatMap((chunk) => walking.push(chunk)))
}

function cut(whole: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...cuts.map((one) => one % (whole.length + 1)).sort((a, b) => a - b), whole.length]
  return at.slice(1).map((end, index) => whole.subarray(at[index], end))
}

const masked = [undefined, constant('***')]
const raw = (...parts: Buffer[]) => message('D', ...parts)

describe('a row that is not as planned is refused:', () => {
  test.each<[string, Buffer]>([
    ['one column fewer', dataRow('a')],
    ['one column more', dataRow('a', 'b', 'c')],
    ['no columns', dataRow()],
    ['no count', raw()],
    ['half a count', raw(Buffer.of(0))],
    ['fewer cells than counted', raw(int16(2), cell('a'))],
    ['half a cell length', raw(int16(2), cell('a'), Buffer.of(0, 0))],
    ['a cell longer than the row', raw(int16(2), cell('a'), int32(5), Buffer.from('secr'))],
    ['an unmasked cell longer than the row', raw(int16(2), int32(500), cell('secret'))],
    ['a cell length of -2', raw(int16(2), cell('a'), int32(-2))],
    ['an unmasked cell length of -2', raw(int16(2), int32(-2), cell('secret'))],
    ['a length near 2 GiB', raw(int16(2), int32(0x7fffffff), cell('secret'))]
  ])('%s', (_, bytes) => {
    expect(() => through(masked, [bytes])).toThrow(/row of the server/)
    expect(() => through(masked, [dataRow('a', 'b'), bytes].map((one) => Buffer.concat([one])))).toThrow(/row of the server/)
  })

  test.each<[string, Buffer]>([
    ['one column fewer', dataRow('x'.repeat(70_000))],
    ['one column more', dataRow('x'.repeat(70_000), 'b', 'c')],
    ['fewer cells than counted', raw(int16(2), cell('x'.repeat(70_000)))],
    ['a cell longer than the row', raw(int16(2), cell('x'.repeat(70_000)), int32(5), Buffer.from('secr'))],
    ['a cell length of -2', raw(int16(2), cell('x'.repeat(70_000)), int32(-2))],
    ['an unmasked cell longer than the row', raw(int16(2), int32(70_100), Buffer.alloc(70_000))]
  ])('a large one with %s', (_, bytes) => {
    expect(() => through(masked, [bytes])).toThrow(/row of the server/)
    expect(() => through(masked, cut(bytes, [5, 6, 7, 8, 9, 100, 60_000, bytes.length - 1]))).toThrow(/row of the server/)
  })
})

describe('masking rows', () => {
  test.each<[string, (CellMask | undefined)[], Value[], Value[]]>([
    ['a constant of the same length', masked, ['a', 'abc'], ['a', '***']],
    ['a shorter one', masked, ['a', '123-45-6789'], ['a', '***']],
    ['a longer one', masked, ['a', ''], ['a', '***']],
    ['a NULL stays NULL', masked, [null, null], [null, null]],
    ['a hidden NULL', [undefined, constant('***', '***')], ['a', null], ['a', '***']],
    ['NULL in the place of a value', [constant(null), undefined], ['abc', 'b'], [null, 'b']],
    ['several columns', [constant('x'), undefined, constant(null), constant('long one')], ['1', '2', '3', '4'], ['x', '2', null, 'long one']],
    ['a function', [turning, undefined], ['abc', 'b'], ['<abc>', 'b']],
    ['a function that cannot read the value', [turning], ['?'], ['***']],
    ['a function that keeps the length, in front of one that does not', [counting, turning], ['abc', 'abc'], ['bcd', '<abc>']],
    ['nothing', [undefined, undefined], ['a', 'b'], ['a', 'b']]
  ])('%s', (_, masks, values, expected) => {
    const rows = [dataRow(...values), dataRow(...values), dataRow(...values)]
    const wanted = Buffer.concat(rows.map(() => dataRow(...expected)))
    expect(through(masks, [Buffer.concat(rows)])).toEqual(wanted)
    expect(through(masks, rows)).toEqual(wanted)
    // The second run has seen whether lengths change.
    const walking = walker(new RowMasker(masks))
    const chunk = Buffer.concat(rows)
    for (let run = 0; run < 3; run++) expect(Buffer.concat(walking.push(chunk))).toEqual(wanted)
    expect(chunk).toEqual(Buffer.concat(rows))
  })

  test('one result after another, each with a masker of its own, and what stands between', () => {
    const stream = Buffer.concat([
      message('T', Buffer.from('cols')),
      dataRow('a', 'secret'),
      message('C', Buffer.from('SELECT 1\0')),
      dataRow('clear'),
      message('Z', Buffer.from('I'))
    ])
    let masker: RowMasker | undefined = new RowMasker(masked)
    const walking = new BackendWalker({
      data: () => undefined,
      rewriter: () => masker,
      message: (type) => { if (type === 0x43) masker = undefined; return 'forward' },
      due: () => undefined
    }, 1000)
    expect(Buffer.concat(walking.push(stream))).toEqual(Buffer.concat([
      message('T', Buffer.from('cols')),
      dataRow('a', '***'),
      message('C', Buffer.from('SELECT 1\0')),
      dataRow('clear'),
      message('Z', Buffer.from('I'))
    ]))
  })

  test('counts every row once, with the bytes the server sent, however it came', () => {
    const rows = [dataRow('a', 'secret'), dataRow('b', 'x'.repeat(70_000)), dataRow('c', null)]
    const seen: number[] = []
    through(masked, cut(Buffer.concat(rows), [3, 10, 20, 30, 200, 66_000]), seen)
    expect(seen).toEqual(rows.map((row) => row.length))
  })

  test('passes a chunk without a masker as it is, uncopied', () => {
    const chunk = dataRow('a', 'b')
    const [out] = walker(undefined).push(chunk)
    expect((out as Buffer).buffer).toBe(chunk.buffer)
    expect((out as Buffer).byteOffset).toBe(chunk.byteOffset)
  })

  test('however the stream is cut, it is what masking value by value gives', () => {
    const value = fc.oneof(
      { weight: 6, arbitrary: fc.string({ maxLength: 60 }) },
      { weight: 1, arbitrary: fc.constantFrom('', '?', 'abc') },
      { weight: 1, arbitrary: fc.nat(90_000).map((length) => 'y'.repeat(length)) },
      { weight: 2, arbitrary: fc.constant(null) }
    )
    const mask = fc.constantFrom(undefined, undefined, constant('***'), constant('abc', 'abc'), constant(null), turning, counting)
    const result = fc.integer({ min: 0, max: 6 }).chain((columns) => fc.record({
      masks: fc.array(mask, { minLength: columns, maxLength: columns }),
      rows: fc.array(fc.array(value, { minLength: columns, maxLength: columns }), { maxLength: 12 }),
      cuts: fc.array(fc.nat(400_000), { maxLength: 12 })
    }))
    fc.assert(fc.property(result, ({ masks, rows, cuts }) => {
      const whole = Buffer.concat([...rows.map((row) => dataRow(...row)), message('C', Buffer.from('SELECT 1\0'))])
      const wanted = Buffer.concat([...rows.map((row) => dataRow(...plainly(row, masks))), message('C', Buffer.from('SELECT 1\0'))])
      expect(through(masks, cut(whole, cuts)).equals(wanted)).toBe(true)
      expect(through(masks, cut(Buffer.from(whole), cuts).map((chunk) => Buffer.from(chunk)), [], true).equals(wanted)).toBe(true)
      expect(through(masks, [whole]).equals(wanted)).toBe(true)
    }), { numRuns: 300, seed: 11 })
  })

  test('byte by byte, it is the same', () => {
    const rows = [dataRow('a', 'secret', 'c'), dataRow(null, null, null), dataRow('', '', '')]
    const masks = [turning, constant('***', 'null'), undefined]
    const bytes = Buffer.concat(rows)
    expect(through(masks, Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)))).toEqual(through(masks, [bytes]))
  })
})

describe('a row too large to hold', () => {
  const large = Buffer.alloc(8 * 1024 * 1024, 0x78)
  const pieces = (bytes: Buffer, size = 60_000) =>
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size))

  test('passes piece by piece, uncopied, behind its last masked cell', () => {
    const row = dataRow('secret', large, 'end')
    const walking = walker(new RowMasker([constant('***'), undefined, undefined]))
    const [first, second, ...others] = pieces(row)
    expect(Buffer.concat(walking.push(first!))).toHaveLength(60_000 - 3)
    expect(walking.midMessage).toBe(true)
    const [passed] = walking.push(second!)
    expect((passed as Buffer).byteOffset).toBe(second!.byteOffset)
    const rest = others.flatMap((piece) => walking.push(piece))
    expect(walking.midMessage).toBe(false)
    expect(rest.reduce((sum, one) => sum + one.length, 0) + 120_000 - 3).toBe(dataRow('***', large, 'end').length)
  })

  test('has its masked value dropped as it comes: what is sent does not wait for it', () => {
    const row = dataRow('a', large, 'end')
    const walking = walker(new RowMasker([undefined, constant('***'), undefined]))
    const [first, ...others] = pieces(row)
    const begin = Buffer.concat(walking.push(first!))
    expect(begin).toEqual(dataRow('a', '***', 'end').subarray(0, begin.length))
    const between = others.slice(0, -1).map((piece) => walking.push(piece))
    expect(between.flat()).toEqual([])
    expect(Buffer.concat([begin, ...walking.push(others.at(-1)!)])).toEqual(dataRow('a', '***', 'end'))
  })

  test('of which nothing was sent yet leaves room for an error', () => {
    const walking = walker(new RowMasker([undefined, constant('***')]))
    expect(walking.push(pieces(dataRow(large, 'secret'))[0]!)).toEqual([])
    expect(walking.midMessage).toBe(false)
  })

  test('is refused when more than the limit stands in front of a masked cell', () => {
    const walking = walker(new RowMasker([undefined, constant('***')]))
    const head = Buffer.concat([Buffer.from('D'), int32(500_000_000), int16(2), int32(400_000_000)])
    const piece = Buffer.alloc(1024 * 1024)
    expect(walking.push(head)).toEqual([])
    expect(() => {
      for (let sent = 0; sent <= maxHeldBytes; sent += piece.length) expect(walking.push(piece)).toEqual([])
    }).toThrow(/in front of a masked column/)
  })

  test('has a value read by its mask up to the limit, and made the constant beyond it', () => {
    const small = 'z'.repeat(maxReadBytes)
    const same = (values: Value[], masks: (CellMask | undefined)[], wanted: Value[]) =>
      expect(through(masks, pieces(dataRow(...values))).equals(dataRow(...wanted))).toBe(true)
    same([small, large], [turning, undefined], [`<${small}>`, large])
    same([`${small}z`, large], [turning, undefined], ['***', large])
    same(['', large], [turning, turning], ['<>', '***'])
  })
})

describe('binary COPY', () => {
  const header = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), int32(0), int32(0)])
  const tuple = (...values: Value[]) => Buffer.concat([int16(values.length), ...values.map(cell)])
  const trailer = message('d', int16(0xffff))
  const copy = (masks: readonly (CellMask | undefined)[], ...messages: Buffer[]) => {
    const masker = new RowMasker(masks, 'binary copy')
    const whole = Buffer.concat(messages)
    return [...masker.rewrite(whole, 0, whole.length, false)]
  }

  test.each<[string, Buffer[]]>([
    ['no header', [message('d', tuple('a', 'b'))]],
    ['half a header', [message('d', header.subarray(0, 15))]],
    ['flags', [message('d', Buffer.concat([header.subarray(0, 11), int32(1 << 16), int32(0), tuple('a', 'b')]))]],
    ['another number of columns', [message('d', header, tuple('a'))]],
    ['another number of columns behind the first row', [message('d', header, tuple('a', 'b')), message('d', tuple('a', 'b', 'c'))]],
    ['a trailer with something behind it', [message('d', header, tuple('a', 'b')), message('d', int16(0xffff), int32(0))]]
  ])('is refused with %s', (_, messages) => {
    expect(() => copy(masked, ...messages)).toThrow(/row of the server/)
  })

  test('has its rows masked behind the header and in front of the trailer', () => {
    expect(copy(masked, message('d', header, tuple('a', 'secret')), message('d', tuple('b', null)), trailer))
      .toEqual([...message('d', header, tuple('a', '***')), ...message('d', tuple('b', null)), ...trailer])
    expect(copy(masked, message('d', header), message('d', tuple('a', 'b')), trailer)).toEqual([...message('d', header), ...message('d', tuple('a', '***')), ...trailer])
    expect(copy(masked, message('d', header, int16(0xffff)))).toEqual([...message('d', header, int16(0xffff))])
    expect(copy(masked, message('d', header), trailer)).toEqual([...message('d', header), ...trailer])
  })

  test('reads no value over the limit', () => {
    const small = 'z'.repeat(maxReadBytes)
    expect(copy([turning], message('d', header, tuple(`${small}z`)))).toEqual([...message('d', header, tuple('***'))])
    expect(copy([turning], message('d', header, tuple(small)))).toEqual([...message('d', header, tuple(`<${small}>`))])
  })
})
