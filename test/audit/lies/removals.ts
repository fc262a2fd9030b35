// Lies about what retention removed: of the sample, entries 0 to 249 are gone with two people's word, which entry 262 has.
import { segmentFile } from '../../../shared/audit/frame.ts'
import { signRotation } from '../../../shared/audit/rotation.ts'
import { tilePath } from '../../../shared/audit/tiles.ts'
import { alone, change, edit, signed, type Lie, type Place } from './lie.ts'
import { keys, origin, other, root, sampleOf } from './sample.ts'

const file = segmentFile(250)
const tile = tilePath(0, 0)
/** The log's own key has signed each of these: without a witness, the entry is all that tells. */
const forged = (name: string, changed: string, members: Record<string, unknown>, says: string, place: Place = { entry: 262, file }): Lie =>
  ({ name: `removal-${name}`, changed: `${changed}; the key in force has signed that`, of: 'pruned', lie: signed(change(262, members)), holds: alone, verdict: { damaged: place, says } })
const unsaid = 'no entry says that retention removed them'

export const removalLies: readonly Lie[] = [
  forged('by-one-person', 'entry 262 names one approver', { approvers: [root] }, 'was not approved by two different people'),
  forged('by-one-person-twice', 'entry 262 names one approver under two e-mail addresses', { approvers: [root, { ...root, email: 'x@example.com' }] }, 'was not approved by two different people'),
  forged('by-three-people', 'entry 262 names three approvers, two of them the same', { approvers: [root, other, root] }, 'was not approved by two different people'),
  forged('by-an-agent', 'one of the approvers in entry 262 is an agent', { approvers: [root, { ...other, kind: 'agent' }] }, 'was not approved by two different people'),
  forged('of-other-entries', 'entry 262 names another root', { root: Buffer.alloc(32, 1).toString('base64') }, 'this removal by retention is of other entries', { entry: 262 }),
  forged('without-a-root', 'entry 262 names no root', { root: 'x' }, 'does not name the root of what was removed'),
  forged('of-younger-entries', 'entry 262 says that entries before 10,000 were removed', { first: 10_000 }, 'names no entries that it could have removed'),
  forged('of-fewer-entries', 'entry 262 says that the entries before 100 were removed', { first: 100 }, unsaid, { entry: 0, file }),
  forged('told-as-something-else', 'entry 262 is told as something else', { kind: 'admin' }, unsaid, { entry: 0, file }),
  forged('without-the-rotation', 'entry 262 does not carry the key rotation that was removed', { keys: undefined }, 'not signed by', { file: 'checkpoint' }),
  forged('with-a-forged-rotation', 'the key rotation that entry 262 carries leads to a stranger\'s key', { keys: [{ at: 5, ...signRotation(origin, keys.stranger, keys.second), previous: signRotation(origin, keys.first, keys.second).previous }] }, 'this key rotation is not signed by the previous key', { entry: 5, file }),
  forged('with-keys-that-are-none', 'for key rotations entry 262 carries a number', { keys: 7 }, 'this key rotation names', { file }),
  forged('with-a-key-that-is-null', 'for a key rotation entry 262 carries null', { keys: [null] }, 'this key rotation names', { file }),
  { name: 'removal-by-hand', changed: 'the first segment is gone, and nobody says why', of: 'tiled', lie: ({ copy }) => { copy.files.delete(segmentFile(0)) }, verdict: { damaged: { entry: 0, file }, says: unsaid } },
  { name: 'removal-with-a-changed-hash', changed: 'a bit of the hash of entry 1, which is gone', of: 'pruned', lie: ({ copy }) => { copy.files.get(tile)![40]! ^= 1 }, verdict: { damaged: { entry: 262 }, says: 'this removal by retention is of other entries' } },
  { name: 'removal-without-the-tile', changed: 'the tile with the hashes of what is gone is gone, too', of: 'pruned', lie: ({ copy }) => { copy.files.delete(tile) }, verdict: { damaged: { entry: 0, file: tile }, says: 'is missing or short' } },
  { name: 'removal-of-an-entry-more', changed: 'entry 250, the first that stayed, is gone, and the segment named accordingly', of: 'pruned', lie: ({ copy }) => {
    edit((parts) => parts.slice(1))({ copy, kept: Buffer.alloc(0) })
    copy.files.set(segmentFile(251), copy.files.get(file)!)
    copy.files.delete(file)
  }, verdict: { damaged: { entry: 0, file: segmentFile(251) }, says: unsaid } },
  { name: 'removal-not-yet-done', changed: 'what entry 262 says is removed is still there: a crash leaves that, and the next start removes it', of: 'pruned', lie: ({ copy }) => { copy.files.set(segmentFile(0), sampleOf('tiled').copy.files.get(segmentFile(0))!) }, verdict: { whole: { notAnchoredAfter: 264 } } }
]
