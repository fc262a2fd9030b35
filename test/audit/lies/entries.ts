// Lies about what was written: entries and what is attached to them, with frames and checksums as they should be.
import { createHash } from 'node:crypto'
import { frameAttachment, segmentFile } from '../../../shared/audit/frame.ts'
import { alone, change, edit, renumbered, respell, signed, withKept, withMembers, type Lie } from './lie.ts'
import { keys } from './sample.ts'

const [one, two] = [segmentFile(0), segmentFile(6)]
const rewritten = { damaged: { file: 'checkpoint' }, says: 'do not have the signed root', second: 'do not have the root in checkpoint' } as const
const hash = (text: string) => createHash('sha256').update(text).digest('hex')

/** An entry that is still an entry, at the same place. */
const members: Lie[] = [
  { name: 'entry-changed', changed: 'entry 4 says 99 sessions', of: 'small', lie: change(4, { sessions: 99 }), verdict: rewritten },
  { name: 'entry-of-another-log', changed: 'entry 4 names another log', of: 'small', lie: change(4, { origin: 'other.example/log' }), verdict: { damaged: { entry: 4, file: one }, says: 'is of the log "other.example/log"', second: 'of the log "other.example/log"' } },
  { name: 'entry-of-another-version', changed: 'entry 4 has version 2', of: 'small', lie: change(4, { version: 2 }), verdict: { damaged: { entry: 4, file: one }, says: 'has version 2, which this program does not know', second: 'has a version this program does not know' } },
  { name: 'entry-without-kind', changed: 'entry 4 has no kind', of: 'small', lie: change(4, { kind: undefined }), verdict: { damaged: { entry: 4, file: one }, says: 'has no kind', second: 'or no kind' } },
  { name: 'index-as-text', changed: 'entry 4 says it is entry "4"', of: 'small', lie: edit((parts) => parts.with(4, withMembers(parts[4]!, { index: '4' }))), verdict: { damaged: { entry: 4, file: one }, says: 'says it is entry "4"', second: 'says it is entry' } },
  { name: 'time-that-is-none', changed: 'entry 4 was written "yesterday"', of: 'small', lie: change(4, { time: 'yesterday' }), verdict: { damaged: { entry: 4, file: one }, says: 'has no valid time' } },
  { name: 'time-of-no-calendar', changed: 'entry 4 was written in the thirteenth month', of: 'small', lie: change(4, { time: '2026-13-01T00:00:04.000Z' }), verdict: { damaged: { entry: 4, file: one }, says: 'has no valid time' } },
  { name: 'boot-missing', changed: 'entry 4 names no start of the gateway', of: 'small', lie: change(4, { boot: '' }), verdict: { damaged: { entry: 4, file: one }, says: 'has no boot id' } },
  { name: 'boot-that-had-ended', changed: 'entry 8, after another start of the gateway, is of the start before it', of: 'small', lie: change(8, { boot: '01kdv2m8w000000000000000b1' }), verdict: { damaged: { entry: 8, file: two }, says: 'belongs to a start of the gateway that had ended before' } },
  { name: 'monotonic-time-earlier', changed: 'entry 4 has an earlier monotonic time than entry 3', of: 'small', lie: change(4, { monotonic: '1' }), verdict: { damaged: { entry: 4, file: one }, says: 'has an earlier monotonic time than the entry before it' } },
  { name: 'monotonic-time-malformed', changed: 'the monotonic time of entry 4 begins with a zero', of: 'small', lie: change(4, { monotonic: '05000000000' }), verdict: { damaged: { entry: 4, file: one }, says: 'no valid monotonic time' } },
  { name: 'outcome-of-a-later-entry', changed: 'the outcome in entry 3 is of entry 4', of: 'small', lie: change(3, { intent: 4 }), verdict: { damaged: { entry: 3, file: one }, says: 'is the outcome of no earlier entry' } },
  { name: 'outcome-of-itself', changed: 'the outcome in entry 3 is of entry 3', of: 'small', lie: change(3, { intent: 3 }), verdict: { damaged: { entry: 3, file: one }, says: 'is the outcome of no earlier entry' } },
  { name: 'outcome-of-no-entry', changed: 'the outcome in entry 3 is of entry 1.5', of: 'small', lie: change(3, { intent: 1.5 }), verdict: { damaged: { entry: 3, file: one }, says: 'is the outcome of no earlier entry' } }
]

/** Entries that came, went or moved. */
const order: Lie[] = [
  { name: 'entry-removed', changed: 'entry 4 is gone', of: 'small', lie: edit((parts) => parts.toSpliced(4, 1)), verdict: { damaged: { entry: 4, file: one }, says: 'says it is entry 5' } },
  { name: 'entry-removed-and-numbered-again', changed: 'entry 8 is gone, and those after it say they are one less', of: 'small', lie: edit((parts) => renumbered(parts.toSpliced(8, 1))), verdict: { damaged: { entry: 11, file: 'checkpoint' }, says: 'the log ends after 11 entries', second: 'the log ends after 11 entries' } },
  { name: 'entry-removed-and-signed-again', changed: 'entry 8 is gone, those after it say they are one less, and the key in force has signed what is left', of: 'small', lie: signed(edit((parts) => renumbered(parts.toSpliced(8, 1)))), verdict: { damaged: { entry: 11, file: 'cosigned/witness' }, says: 'the log ends after 11 entries, what the witness witness.example cosigned says 12', second: 'the log ends after 11 entries' } },
  { name: 'entry-removed-and-signed-again-without-a-witness', changed: 'the same, shown to an auditor who holds nobody\'s word but the log\'s own', of: 'small', lie: signed(edit((parts) => renumbered(parts.toSpliced(8, 1)))), holds: alone, verdict: { whole: { notAnchoredAfter: 0 } } },
  { name: 'entry-changed-and-signed-again', changed: 'entry 8 says 99 sessions, and the key in force has signed that', of: 'small', lie: signed(change(8, { sessions: 99 })), verdict: { damaged: { file: 'cosigned/witness' }, says: 'are not those of what the witness witness.example cosigned: the log was rewritten and signed again', second: 'do not have the root in cosigned/witness' } },
  { name: 'entry-changed-that-a-kept-checkpoint-covers', changed: 'entry 0 says 99 sessions, and the key in force has signed that; a checkpoint of four entries was kept', of: 'small', lie: signed(change(0, { sessions: 99 })), holds: withKept, verdict: { damaged: {}, says: 'are not those of a checkpoint kept elsewhere: the log was rewritten and signed again', second: 'do not have the root in kept checkpoint 1' } },
  { name: 'entry-changed-behind-a-kept-checkpoint', changed: 'entry 8 says 99 sessions, and the key in force has signed that; a checkpoint of four entries was kept', of: 'small', lie: signed(change(8, { sessions: 99 })), holds: withKept, verdict: { whole: { notAnchoredAfter: 4 } } },
  { name: 'entry-twice', changed: 'entry 4 is there twice', of: 'small', lie: edit((parts) => parts.toSpliced(4, 0, parts[4]!)), verdict: { damaged: { entry: 5, file: one }, says: 'says it is entry 4' } },
  { name: 'entry-inserted', changed: 'a new entry 4, and those after it say they are one more', of: 'small', lie: edit((parts) => renumbered(parts.toSpliced(4, 0, parts[4]!))), verdict: rewritten },
  { name: 'entries-swapped', changed: 'entries 8 and 9 are in each other\'s place', of: 'small', lie: edit((parts) => parts.with(8, parts[9]!).with(9, parts[8]!)), verdict: { damaged: { entry: 8, file: two }, says: 'says it is entry 9' } },
  { name: 'entries-swapped-and-numbered-again', changed: 'the same, and each says that it stands where it does', of: 'small', lie: edit((parts) => renumbered(parts.with(8, parts[9]!).with(9, parts[8]!))), verdict: { damaged: { entry: 9, file: two }, says: 'has an earlier monotonic time than the entry before it' } },
  { name: 'end-cut', changed: 'the last three entries are gone', of: 'small', lie: edit((parts) => parts.slice(0, -3)), verdict: { damaged: { entry: 9, file: 'checkpoint' }, says: 'the log ends after 9 entries, its signed checkpoint says 12', second: 'the log ends after 9 entries, checkpoint says 12' } },
  { name: 'end-cut-and-signed-again', changed: 'the last ten entries are gone, and what was cosigned, and the key then in force has signed what is left; a checkpoint of four entries was kept', of: 'small', lie: signed((sample) => {
    edit((parts) => parts.slice(0, 2))(sample)
    sample.copy.files.delete('cosigned/witness')
  }, keys.first), holds: withKept, verdict: { damaged: { entry: 2 }, says: 'the log ends after 2 entries, a checkpoint kept elsewhere says 4', second: 'the log ends after 2 entries, kept checkpoint 1 says 4' } }
]

/** The same value, or nearly, in a text that is not the one text it has. */
const forms: Lie[] = [
  ['white-space', 'a space behind the first comma of entry 4', (text: string) => text.replace(',', ', ')],
  ['line-break-behind', 'a line break behind entry 4', (text: string) => `${text}\n`],
  ['byte-order-mark', 'a byte order mark before entry 4', (text: string) => `\ufeff${text}`],
  ['members-in-another-order', 'the last two members of entry 4 are in each other\'s place', (text: string) => text.replace(/("time":"[^"]+"),("version":1)/, '$2,$1')],
  ['member-twice', 'entry 4 says twice how many sessions there are', (text: string) => text.replace('"sessions":1', '"sessions":1,"sessions":1')],
  ['member-twice-otherwise', 'entry 4 says first that there are 9 sessions, then 1', (text: string) => text.replace('"sessions":1', '"sessions":9,"sessions":1')],
  ['number-with-a-point', 'the 1 in entry 4 is spelled 1.0', (text: string) => text.replace('"sessions":1', '"sessions":1.0')],
  ['number-with-an-exponent', 'the 1 in entry 4 is spelled 1e0', (text: string) => text.replace('"sessions":1', '"sessions":1e0')],
  ['number-below-zero', 'the 1 in entry 4 is -0', (text: string) => text.replace('"sessions":1', '"sessions":-0')],
  ['number-beyond-all', 'the 1 in entry 4 is 1e400', (text: string) => text.replace('"sessions":1', '"sessions":1e400')],
  ['letter-escaped', 'the h of "heartbeat" in entry 4 is escaped', (text: string) => text.replace('"heartbeat"', '"\\u0068eartbeat"')],
  ['slash-escaped', 'the slash in the log\'s name in entry 4 is escaped', (text: string) => text.replace('example/log', 'example\\/log')],
  ['half-a-character', 'entry 4 has a lone surrogate for its kind', (text: string) => text.replace('"heartbeat"', '"\\ud800"')]
].map(([name, changed, spell]) => ({ name, changed, of: 'small', lie: respell(4, spell as (text: string) => string), verdict: { damaged: { entry: 4, file: one }, says: name === 'byte-order-mark' ? 'is not valid JSON' : 'canonical' } }) as Lie)

const noEntries: Lie[] = [
  ['no-utf-8', 'is a byte of no character between quotes', Buffer.of(0x22, 0xff, 0x22), 'is not valid UTF-8'],
  ['no-json', 'is an opening brace', '{', 'is not valid JSON'],
  ['no-object', 'is an empty list', '[]', 'is no JSON object'],
  ['null', 'is null', 'null', 'is no JSON object']
].map(([name, what, entry, says]) => ({ name: `entry-that-is-${name as string}`, changed: `entry 4 ${what as string}`, of: 'small', lie: respell(4, () => entry as string), verdict: { damaged: { entry: 4, file: one }, says } }) as Lie)

const sealed = (index: number, frames: (own: Buffer) => Buffer) =>
  edit((parts) => parts.with(index, { ...parts[index]!, attached: frames(parts[2]!.attached) }))
const frames = (bytes: Buffer) => Buffer.from(frameAttachment(bytes))

/** Of the statement in entry 2, 96 bytes are attached. */
const attachments: Lie[] = [
  { name: 'attachment-changed', changed: 'a bit of what is attached to entry 2', of: 'small', lie: sealed(2, (own) => {
    const bytes = Buffer.from(own.subarray(8))
    bytes[5]! ^= 1
    return frames(bytes)
  }), verdict: { damaged: { entry: 2, file: one }, says: 'has another attachment than the one whose hash it names', second: 'has 96 bytes attached, and not those it names' } },
  { name: 'attachment-shortened', changed: 'the last byte of what is attached to entry 2 is gone', of: 'small', lie: sealed(2, (own) => frames(own.subarray(8, -1))), verdict: { damaged: { entry: 2, file: one }, says: 'has 95 bytes attached instead of 96', second: 'has 95 bytes attached' } },
  { name: 'attachment-lengthened', changed: 'another byte is attached to entry 2, in a frame of its own', of: 'small', lie: sealed(2, (own) => Buffer.concat([own, frames(Buffer.of(7))])), verdict: { damaged: { entry: 2, file: one }, says: 'has 97 bytes attached instead of 96', second: 'has 97 bytes attached' } },
  { name: 'attachment-removed', changed: 'nothing is attached to entry 2', of: 'small', lie: sealed(2, () => Buffer.alloc(0)), verdict: { damaged: { entry: 2, file: one }, says: 'has 0 bytes attached instead of 96', second: 'has 0 bytes attached' } },
  { name: 'attachment-of-another-entry', changed: 'what is attached to entry 2 is attached to entry 4, too', of: 'small', lie: sealed(4, (own) => own), verdict: { damaged: { entry: 4, file: one }, says: 'has 96 bytes attached that it does not name' } },
  { name: 'attachment-before-any-entry', changed: 'the second segment begins with an attachment', of: 'small', lie: ({ copy }) => {
    copy.files.set(two, Buffer.concat([frames(Buffer.alloc(20)), copy.files.get(two)!]))
  }, verdict: { damaged: { entry: 6, file: two }, says: 'length or checksum is wrong' } },
  { name: 'attachment-named-in-words', changed: 'entry 4 says "nothing" is attached to it', of: 'small', lie: change(4, { sealed: 'nothing' }), verdict: { damaged: { entry: 4, file: one }, says: 'says in an unknown way what is attached to it', second: 'bytes attached, and not those it names' } },
  { name: 'attachment-named-null', changed: 'entry 4 says null is attached to it', of: 'small', lie: change(4, { sealed: null }), verdict: { damaged: { entry: 4, file: one }, says: 'says in an unknown way what is attached to it', second: 'bytes attached, and not those it names' } },
  { name: 'attachment-of-no-bytes', changed: 'entry 4 says no bytes are attached to it, and names their hash', of: 'small', lie: change(4, { sealed: { bytes: 0, sha256: hash('') } }), verdict: { damaged: { entry: 4, file: one }, says: 'says in an unknown way what is attached to it', second: 'bytes attached, and not those it names' } },
  { name: 'attachment-with-half-a-hash', changed: 'entry 2 names half of the hash of what is attached to it', of: 'small', lie: change(2, { sealed: { bytes: 96, sha256: hash('').slice(32) } }), verdict: { damaged: { entry: 2, file: one }, says: 'says in an unknown way what is attached to it', second: 'bytes attached, and not those it names' } }
]

export const entryLies: readonly Lie[] = [...members, ...order, ...forms, ...noEntries, ...attachments]
