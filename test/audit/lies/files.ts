// Lies about the files that entries lie in: segments, frames, tiles.
import { segmentFile, frameHeaderBytes, crc32c } from '../../../shared/audit/frame.ts'
import { hashLeaf } from '../../../shared/audit/merkle.ts'
import { tilePath } from '../../../shared/audit/tiles.ts'
import { change, edit, type Lie } from './lie.ts'
import { partsIn } from './sample.ts'

const [one, two] = [segmentFile(0), segmentFile(6)]
const tile = tilePath(0, 0)

/** The frame of the second segment's first entry, its length field changed and its checksum right again. */
function reframed(field: (length: number) => number): Lie['lie'] {
  return ({ copy }) => {
    const segment = copy.files.get(two)!
    const length = segment.readUInt32BE(0) % 0x1_0000
    segment.writeUInt32BE(field(length), 0)
    segment.writeUInt32BE(crc32c(segment, frameHeaderBytes, frameHeaderBytes + length, crc32c(segment, 0, 4)), 4)
  }
}

const frames: Lie[] = [
  { name: 'byte-flipped', changed: 'a bit of entry 4, its checksum as it was', of: 'small', lie: ({ copy }) => {
    const segment = copy.files.get(one)!
    segment[segment.indexOf(partsIn(copy)[4]!.entry) + 3]! ^= 1
  }, verdict: { damaged: { entry: 4, file: one }, says: 'length or checksum is wrong' } },
  { name: 'length-zero', changed: 'the frame of entry 6 says it has no bytes', of: 'small', lie: ({ copy }) => { copy.files.get(two)!.writeUInt32BE(0x8000_0000, 0) }, verdict: { damaged: { entry: 6, file: two }, says: 'length or checksum is wrong' } },
  { name: 'length-with-unknown-bits', changed: 'the frame of entry 6 has bit 16 of its length set', of: 'small', lie: reframed((length) => 0x8001_0000 + length), verdict: { damaged: { entry: 6, file: two }, says: 'length or checksum is wrong' } },
  { name: 'length-of-both-kinds', changed: 'the frame of entry 6 says that it is an entry and an attachment', of: 'small', lie: reframed((length) => 0xc000_0000 + length), verdict: { damaged: { entry: 6, file: two }, says: 'length or checksum is wrong' } },
  { name: 'cut-within-a-segment', changed: 'the last byte of the first segment is gone', of: 'small', lie: ({ copy }) => { copy.files.set(one, copy.files.get(one)!.subarray(0, -1)) }, verdict: { damaged: { entry: 5, file: one }, says: 'is cut short' } },
  { name: 'cut-within-the-checkpoint', changed: 'the last byte of the last segment is gone, which the signed checkpoint covers', of: 'small', lie: ({ copy }) => { copy.files.set(two, copy.files.get(two)!.subarray(0, -1)) }, verdict: { damaged: { entry: 11, file: two }, says: 'is cut short' } },
  { name: 'cut-behind-the-checkpoint', changed: 'a thirteenth entry, newer than the checkpoint, lacks its end: a crash leaves that', of: 'small', lie: ({ copy }) => {
    const segment = copy.files.get(two)!
    copy.files.set(two, Buffer.concat([segment, segment.subarray(0, 40)]))
  }, verdict: { whole: { notAnchoredAfter: 12 } } },
  { name: 'zeros-behind', changed: 'the first segment has 64 zeros behind its last entry', of: 'small', lie: ({ copy }) => { copy.files.set(one, Buffer.concat([copy.files.get(one)!, Buffer.alloc(64)])) }, verdict: { damaged: { entry: 6, file: one }, says: 'length or checksum is wrong' } }
]

function renamed(first: number): Lie['lie'] {
  return ({ copy }) => {
    copy.files.set(segmentFile(first), copy.files.get(one)!)
    for (const path of [one, two]) copy.files.delete(path)
  }
}

const segments: Lie[] = [
  { name: 'segment-missing-first', changed: 'the first segment is gone', of: 'small', lie: ({ copy }) => { copy.files.delete(one) }, verdict: { damaged: { entry: 0, file: tile }, says: 'is missing or short' } },
  { name: 'segment-missing-last', changed: 'the last segment is gone', of: 'small', lie: ({ copy }) => { copy.files.delete(two) }, verdict: { damaged: { entry: 6, file: 'checkpoint' }, says: 'it says 12 entries and the log ends after 6: a rotation of its key may be among what is missing', second: 'not signed by' } },
  { name: 'segment-missing-between', changed: 'entries 3 to 5, in a segment of their own, are gone', of: 'small', lie: ({ copy }) => {
    const segment = copy.files.get(one)!
    copy.files.set(one, segment.subarray(0, segment.indexOf(partsIn(copy)[3]!.entry) - frameHeaderBytes))
  }, verdict: { damaged: { entry: 3, file: two }, says: 'begins with entry 6: entries 3 to 5 are missing', second: 'begins with entry 6, not 3' } },
  { name: 'segment-twice', changed: 'the second segment is there again, under the name of the entry before its first', of: 'small', lie: ({ copy }) => { copy.files.set(segmentFile(5), copy.files.get(two)!) }, verdict: { damaged: { entry: 6, file: segmentFile(5) }, says: 'begins with entry 5, which the segment before it already has', second: 'begins with entry 5, not 6' } },
  { name: 'segment-named-far-ahead', changed: 'the first segment says that it begins with entry 500,000,000', of: 'small', lie: renamed(500_000_000), verdict: { damaged: { entry: 0, file: tile }, says: 'is missing or short' } },
  { name: 'segment-named-beyond-all', changed: 'the second segment is named with sixteen nines, more than an index can be', of: 'small', lie: ({ copy }) => {
    copy.files.set('segments/9999999999999999', copy.files.get(two)!)
    copy.files.delete(two)
  }, verdict: { damaged: { file: 'segments/9999999999999999' }, says: 'is no segment of a log' } },
  { name: 'segment-that-is-none', changed: 'a file of another name among the segments', of: 'small', lie: ({ copy }) => { copy.files.set('segments/notes.txt', Buffer.from('x')) }, verdict: { damaged: { file: 'segments/notes.txt' }, says: 'is no segment of a log' } },
  { name: 'segments-emptied', changed: 'both segments are there and hold nothing', of: 'small', lie: ({ copy }) => { for (const path of [one, two]) copy.files.set(path, Buffer.alloc(0)) }, verdict: { damaged: { entry: 0, file: two }, says: 'begins with entry 6: entries 0 to 5 are missing', second: 'begins with entry 6, not 0' } }
]

const tiles: Lie[] = [
  { name: 'tile-changed', changed: 'a bit of the hash of entry 3', of: 'tiled', lie: ({ copy }) => { copy.files.get(tile)![100]! ^= 1 }, verdict: { damaged: { entry: 3, file: tile }, says: 'hash 3 is not that of the entries' } },
  { name: 'tile-missing', changed: 'the only full tile is gone', of: 'tiled', lie: ({ copy }) => { copy.files.delete(tile) }, verdict: { damaged: { file: tile }, says: 'is missing' } },
  { name: 'tile-shortened', changed: 'the last byte of the tile is gone', of: 'tiled', lie: ({ copy }) => { copy.files.set(tile, copy.files.get(tile)!.subarray(0, -1)) }, verdict: { damaged: { file: tile }, says: 'has 8191 bytes instead of 8192', second: 'is missing, or has another length than 8192 bytes' } },
  { name: 'tile-lengthened', changed: 'a byte behind the tile', of: 'tiled', lie: ({ copy }) => { copy.files.set(tile, Buffer.concat([copy.files.get(tile)!, Buffer.of(0)])) }, verdict: { damaged: { file: tile }, says: 'has 8193 bytes instead of 8192', second: 'is missing, or has another length than 8192 bytes' } },
  { name: 'entry-of-a-tile-changed', changed: 'entry 7 says 99 sessions', of: 'tiled', lie: change(7, { sessions: 99 }), verdict: { damaged: { entry: 7, file: tile }, says: 'hash 7 is not that of the entries' } },
  { name: 'entry-changed-with-its-tile', changed: 'entry 7 says 99 sessions, and the tile has its hash', of: 'tiled', lie: (sample) => {
    change(7, { sessions: 99 })(sample)
    sample.copy.files.get(tile)!.set(hashLeaf(partsIn(sample.copy)[7]!.entry), 7 * 32)
  }, verdict: { damaged: { file: 'checkpoint' }, says: 'do not have the signed root', second: 'do not have the root in checkpoint' } },
  { name: 'entry-behind-the-tiles-removed', changed: 'entry 257, whose hash is in no full tile, is gone', of: 'tiled', lie: edit((parts) => parts.toSpliced(257, 1)), verdict: { damaged: { entry: 257, file: segmentFile(250) }, says: 'says it is entry 258' } }
]

export const fileLies: readonly Lie[] = [...frames, ...segments, ...tiles]
