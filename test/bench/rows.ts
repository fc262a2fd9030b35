// How fast rows are walked and masked, in one process without a socket: GB/s of the stream, nanoseconds a row.
// Run by hand: npx tsx test/bench/rows.ts
import { RowMasker } from '../../server/masking/postgres/rows.ts'
import type { CellMask } from '../../server/masking/postgres/values.ts'
import { maskFor } from '../../server/masking/postgres/values.ts'
import { BackendWalker } from '../../server/protocols/postgres/wire/walker.ts'
import { message } from '../support/messages.ts'

const columns = 10
const chunkBytes = 64 * 1024
const streamBytes = 16 * 1024 * 1024
const masked = 3

const text = { type: 25, typeModifier: -1, nullable: false }
const constant = (value: string): CellMask => ({ constant: Buffer.from(value), whenNull: null })

const shapes = [
  { shape: 'narrow (10 x 8 bytes)', cell: '12345678' },
  { shape: 'wide (10 x 200 bytes)', cell: 'x'.repeat(200) }
]
const ways: { way: string, mask: (cell: string) => CellMask | undefined }[] = [
  { way: 'untouched, nobody asked', mask: () => undefined },
  { way: 'one of 10, same length', mask: (cell) => constant('*'.repeat(cell.length)) },
  { way: 'one of 10, other length', mask: () => constant('***') },
  { way: 'one of 10, NULL', mask: () => constant('') },
  { way: 'one of 10, last4', mask: () => maskFor('last4', text, 0) },
  { way: 'one of 10, hash', mask: () => maskFor('hash', text, 0, { key: Buffer.alloc(32, 1) }) }
]

for (const { shape, cell } of shapes) {
  const row = rowOf(Array.from({ length: columns }, () => cell))
  const rows = Math.ceil(streamBytes / row.length)
  const stream = Buffer.concat(Array.from({ length: rows }, () => row))
  console.log(`${shape}: ${row.length} bytes a row`)
  for (const { way, mask } of ways) {
    const one = mask(cell)
    const masker = one && new RowMasker(Array.from({ length: columns }, (_, column) => column === masked ? one : undefined))
    const seconds = Array.from({ length: 9 }, () => walk(stream, masker)).sort((a, b) => a - b)[4]!
    console.log(`  ${way.padEnd(26)} ${(stream.length / seconds / 1e9).toFixed(2).padStart(6)} GB/s ${(seconds / rows * 1e9).toFixed(0).padStart(6)} ns a row`)
  }
}

function rowOf(values: readonly string[]): Buffer {
  const int16 = (value: number) => { const bytes = Buffer.alloc(2); bytes.writeInt16BE(value); return bytes }
  const int32 = (value: number) => { const bytes = Buffer.alloc(4); bytes.writeInt32BE(value); return bytes }
  return message('D', int16(values.length), ...values.flatMap((value) => [int32(value.length), Buffer.from(value)]))
}

/** @returns seconds for the whole stream, in chunks as a socket gives them */
function walk(stream: Buffer, masker: RowMasker | undefined): number {
  let counted = 0
  const walker = new BackendWalker({
    data: (_, bytes) => { counted += bytes },
    ...(masker === undefined ? {} : { rewriter: () => masker }),
    message: () => 'forward',
    due: () => undefined
  }, 1_000_000, true)
  let sent = 0
  // A socket's chunks are each a buffer of its own, and ours to change.
  const chunks: Buffer[] = []
  for (let at = 0; at < stream.length; at += chunkBytes) chunks.push(Buffer.from(stream.subarray(at, at + chunkBytes)))
  const begin = performance.now()
  for (const chunk of chunks) for (const part of walker.push(chunk)) sent += part.length
  const seconds = (performance.now() - begin) / 1000
  if (counted !== stream.length || sent === 0) throw new Error('not everything was walked')
  return seconds
}
