// Lies about who signed what: checkpoints, keys and their rotation, cosignatures; and keys that are not the log's.
import { segmentFile } from '../../../shared/audit/frame.ts'
import { checkpointText, signNote } from '../../../shared/audit/checkpoint.ts'
import { signRotation } from '../../../shared/audit/rotation.ts'
import { alone, change, signed, withKept, type Lie } from './lie.ts'
import { cosigned, cosignedAt, keys, lineOf, origin, partsIn, witnessLine, witnessName } from './sample.ts'

const two = segmentFile(6)
const empty = Buffer.alloc(32)
const textOf = (note: Buffer) => note.toString().slice(0, note.toString().indexOf('\n\n') + 1)
const notCosigned = { damaged: {}, says: 'nothing in it is cosigned by the witness witness.example', second: 'nothing in it is cosigned by witness.example' } as const
const checkpoint = (make: (text: string) => string): Lie['lie'] => ({ copy }) => {
  copy.files.set('checkpoint', Buffer.from(make(textOf(copy.files.get('checkpoint')!))))
}

const checkpoints: Lie[] = [
  { name: 'checkpoint-missing', changed: 'the checkpoint is gone', of: 'small', lie: ({ copy }) => { copy.files.delete('checkpoint') }, verdict: { damaged: { file: 'checkpoint' }, says: 'is missing: nothing says how many entries there were', second: 'is no signed note' } },
  { name: 'checkpoint-that-is-none', changed: 'the checkpoint is one letter', of: 'small', lie: ({ copy }) => { copy.files.set('checkpoint', Buffer.from('x')) }, verdict: { damaged: { file: 'checkpoint' }, says: 'is no signed note' } },
  { name: 'checkpoint-with-another-size', changed: 'the checkpoint says 11 entries, under the signature for 12', of: 'small', lie: ({ copy }) => { copy.files.set('checkpoint', Buffer.from(copy.files.get('checkpoint')!.toString().replace('\n12\n', '\n11\n'))) }, verdict: { damaged: { file: 'checkpoint' }, says: 'has a wrong signature' } },
  { name: 'checkpoint-with-a-line-more', changed: 'the checkpoint has an extension line, and is signed with it', of: 'small', lie: checkpoint((text) => signNote(`${text}more\n`, origin, keys.second)), verdict: { damaged: { file: 'checkpoint' }, says: 'is no checkpoint' } },
  { name: 'checkpoint-of-another-root', changed: 'the key in force has signed another root', of: 'small', lie: checkpoint(() => signNote(checkpointText({ origin, size: 12, rootHash: empty }), origin, keys.second)), verdict: { damaged: { file: 'checkpoint' }, says: 'do not have the signed root', second: 'do not have the root in checkpoint' } },
  { name: 'checkpoint-of-more-entries', changed: 'the key in force has signed that there are 13 entries', of: 'small', lie: checkpoint(() => signNote(checkpointText({ origin, size: 13, rootHash: empty }), origin, keys.second)), verdict: { damaged: { entry: 12, file: 'checkpoint' }, says: 'the log ends after 12 entries, its signed checkpoint says 13', second: 'the log ends after 12 entries, checkpoint says 13' } },
  { name: 'checkpoint-of-another-log', changed: 'the checkpoint is of a log of another name, signed by this one\'s key', of: 'small', lie: checkpoint(() => signNote(checkpointText({ origin: 'other.example/log', size: 12, rootHash: empty }), 'other.example/log', keys.second)), verdict: { damaged: { file: 'checkpoint' }, says: 'is of the log "other.example/log"', second: 'is of "other.example/log"' } },
  { name: 'checkpoint-of-another-key', changed: 'the checkpoint is signed by a stranger, under the log\'s name', of: 'small', lie: checkpoint((text) => signNote(text, origin, keys.stranger)), verdict: { damaged: { file: 'checkpoint' }, says: 'is not signed by the key', second: 'not signed by' } },
  { name: 'checkpoint-of-the-key-before', changed: 'the checkpoint is signed by the key that was rotated out before it', of: 'small', lie: checkpoint((text) => signNote(text, origin, keys.first)), verdict: { damaged: { file: 'checkpoint' }, says: 'is not signed by the key', second: 'not signed by' } },
  { name: 'checkpoint-kept-of-another-key', changed: 'nothing; what was given as a checkpoint kept elsewhere is signed by a stranger', of: 'small', lie: () => undefined, holds: { kept: Buffer.from(signNote(checkpointText({ origin, size: 4, rootHash: empty }), origin, keys.stranger)) }, verdict: { refused: 'kept checkpoint 1 is not signed by the key', second: 'kept checkpoint 1 is of' } },
  { name: 'checkpoint-kept-that-is-none', changed: 'nothing; what was given as a checkpoint kept elsewhere is none', of: 'small', lie: () => undefined, holds: { kept: Buffer.from('x') }, verdict: { refused: 'kept checkpoint 1 is no signed note', second: 'is no signed note' } },
  { name: 'checkpoint-kept-of-another-root', changed: 'nothing; but the log has signed another past of four entries, and that was kept', of: 'small', lie: () => undefined, holds: { kept: Buffer.from(signNote(checkpointText({ origin, size: 4, rootHash: empty }), origin, keys.first)) }, verdict: { damaged: {}, says: 'are not those of a checkpoint kept elsewhere', second: 'do not have the root in kept checkpoint 1' } }
]

const stolen = signRotation(origin, keys.stranger, keys.stranger)
const forked = signRotation(origin, keys.first, keys.stranger)

const rotations: Lie[] = [
  { name: 'rotation-to-another-key', changed: 'the rotation in entry 7 names a stranger\'s key as the next', of: 'small', lie: change(7, { next: lineOf(keys.stranger) }), verdict: { damaged: { entry: 7, file: two }, says: 'this key rotation is not signed by the previous key' } },
  { name: 'rotation-that-only-the-next-key-signed', changed: 'the rotation in entry 7 leads to a stranger\'s key, who has signed for both', of: 'small', lie: signed(change(7, { ...stolen, previous: lineOf(keys.first) }), keys.stranger), verdict: { damaged: { entry: 7, file: two }, says: 'this key rotation is not signed by the previous key' } },
  { name: 'rotation-of-another-key', changed: 'the rotation in entry 7 is of a stranger\'s key to itself, who has signed the log', of: 'small', lie: signed(change(7, { ...stolen }), keys.stranger), verdict: { damaged: { file: 'checkpoint' }, says: 'none of them has to do with the key that was given', second: 'not signed by' } },
  { name: 'rotation-hidden', changed: 'the rotation in entry 7 is told as something else, and signed by the next key', of: 'small', lie: signed(change(7, { kind: 'admin' })), verdict: { damaged: { file: 'checkpoint' }, says: 'is not signed by the key', second: 'not signed by' } },
  { name: 'rotation-twice', changed: 'entry 9 rotates the first key once more, to a stranger\'s, though it is no longer in force', of: 'small', lie: change(9, { kind: 'key.rotate', ...forked }), verdict: { damaged: { entry: 9, file: two }, says: 'this key rotation does not begin with the key that was in force', second: 'this key rotation does not begin with the key in force' } },
  { name: 'rotation-damaged', changed: 'a bit of entry 7, its checksum as it was: that the first key signed the checkpoint kept elsewhere can no longer be told', of: 'small', lie: ({ copy }) => {
    const segment = copy.files.get(two)!
    segment[segment.indexOf(partsIn(copy)[7]!.entry) + 3]! ^= 1
  }, holds: { ...withKept, key: lineOf(keys.second) }, verdict: { damaged: { entry: 7, file: two }, says: 'length or checksum is wrong' } },
  { name: 'rotation-of-another-log', changed: 'the rotation in entry 7 is of another log, and right there', of: 'small', lie: change(7, { ...signRotation('other.example/log', keys.first, keys.second) }), verdict: { damaged: { entry: 7, file: two }, says: 'names a key of the log "other.example/log"' } }
]

const cosignatures: Lie[] = [
  { name: 'cosignature-missing', changed: 'what the witness cosigned is gone', of: 'small', lie: ({ copy }) => { copy.files.delete('cosigned/witness') }, verdict: notCosigned },
  { name: 'cosignature-of-another-time', changed: 'the cosignature says one second later than it was made', of: 'small', lie: ({ copy }) => {
    const note = copy.files.get('cosigned/witness')!.toString()
    const [line, encoded] = new RegExp(`— ${witnessName} (\\S+)`).exec(note) as unknown as [string, string]
    const bytes = Buffer.from(encoded, 'base64')
    bytes.writeBigUInt64BE(BigInt(cosignedAt + 1), 4)
    copy.files.set('cosigned/witness', Buffer.from(note.replace(line, `— ${witnessName} ${bytes.toString('base64')}`)))
  }, verdict: { damaged: { file: 'cosigned/witness' }, says: 'has a wrong cosignature of witness.example' } },
  { name: 'cosignature-at-no-time', changed: 'the witness has cosigned at a time that no calendar has', of: 'small', lie: ({ copy }) => { cosigned(copy, { at: 8_640_000_000_001 }) }, verdict: { damaged: { file: 'cosigned/witness' }, says: 'has a wrong cosignature of witness.example' } },
  { name: 'cosignature-of-another-checkpoint', changed: 'the cosignature is of a checkpoint of three entries', of: 'small', lie: ({ copy }) => { cosigned(copy, { text: checkpointText({ origin, size: 3, rootHash: empty }) }) }, verdict: { damaged: { file: 'cosigned/witness' }, says: 'has a wrong cosignature of witness.example' } },
  { name: 'cosignature-of-a-stranger', changed: 'somebody else has cosigned, under the witness\'s name', of: 'small', lie: ({ copy }) => { cosigned(copy, { key: keys.stranger }) }, verdict: notCosigned },
  { name: 'cosigned-file-that-is-none', changed: 'a file beside what the witness cosigned is one letter', of: 'small', lie: ({ copy }) => { copy.files.set('cosigned/x', Buffer.from('x')) }, verdict: { damaged: { file: 'cosigned/x' }, says: 'is no signed note' } }
]

const wrongKeys: Lie[] = [
  { name: 'key-of-a-stranger', changed: 'nothing; the key that was given is a stranger\'s, under the log\'s name', of: 'small', lie: () => undefined, holds: { key: lineOf(keys.stranger) }, verdict: { damaged: { file: 'checkpoint' }, says: 'none of them has to do with the key that was given', second: 'not signed by' } },
  { name: 'key-of-another-log', changed: 'nothing; the key that was given is of a log of another name', of: 'small', lie: () => undefined, holds: { key: lineOf(keys.first, 'other.example/log') }, verdict: { damaged: { entry: 0, file: segmentFile(0) }, says: 'is of the log "vectors.example/log"', second: 'of the log "vectors.example/log"' } },
  { name: 'key-of-the-witness', changed: 'nothing; the key that was given is the witness\'s', of: 'small', lie: () => undefined, holds: { key: witnessLine }, verdict: { refused: 'the key is a witness\'s, not a log\'s', second: 'this is no Ed25519 key of a log' } },
  { name: 'key-for-the-witness', changed: 'nothing; the witness\'s key that was given is the log\'s', of: 'small', lie: () => undefined, holds: { witnesses: [lineOf(keys.first)] }, verdict: { refused: 'the key is a log\'s, not a witness\'s', second: 'this is no Ed25519 key of a witness' } },
  { name: 'key-mistyped', changed: 'nothing; a letter of the key that was given is another', of: 'small', lie: () => undefined, holds: { key: lineOf(keys.first).replace(/.(?==*$)/, (letter) => letter === 'A' ? 'B' : 'A') }, verdict: { refused: 'it was cut or mistyped' } },
  { name: 'key-later', changed: 'nothing; the key that was given is the one in force', of: 'small', lie: () => undefined, holds: { ...alone, key: lineOf(keys.second), kept: true }, verdict: { whole: { notAnchoredAfter: 4 } } }
]

export const signatureLies: readonly Lie[] = [...checkpoints, ...rotations, ...cosignatures, ...wrongKeys]
