// The verifier of the command line and the one of bin/hoop-audit-verify.mjs, which share no code, are shown the same logs, whole and
// damaged in every way of lying, and must say the same of each.
import { execFile } from 'node:child_process'
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { openAuditLog } from '../../server/audit/log.ts'
import { canonical } from '../../shared/audit/canonical.ts'
import { checkpointText, parseCheckpoint, parseNote, signNote, verifierKeyOf } from '../../shared/audit/checkpoint.ts'
import { cosign, witnessKeyOf } from '../../shared/audit/cosignature.ts'
import type { Actor } from '../../shared/audit/entry.ts'
import { frameAttachment } from '../../shared/audit/frame.ts'
import { verifyLog } from '../../shared/audit/verify.ts'
import { attachment, beat, intent } from './sample.ts'
import { Copy, framed, origin, temporary } from './logs.ts'

const verifier = join(import.meta.dirname, '..', '..', 'bin', 'hoop-audit-verify.mjs')
const witness = generateKeyPairSync('ed25519')
const witnessKey = witnessKeyOf('w.example', witness.publicKey)
const time = 1_700_000_000

interface Sample {
  readonly copy: Copy
  /** The first key, and the one in force. */
  readonly keys: readonly string[]
  /** A checkpoint kept early. */
  readonly kept: Buffer
}

/** With attachments, several segments, tiles, a rotation, a cosigned checkpoint. */
async function makeSample(prune: boolean): Promise<Sample> {
  const directory = await mkdtemp(join(tmpdir(), 'hoop-audit-'))
  const open = (rotateKey = false) =>
    openAuditLog({ directory, origin, now: Date.now, heartbeat: () => ({ sessions: 0 }), segmentBytes: 60_000, rotateKey })
  let log = await open()
  await log.append([beat(1), intent('select 1'), beat(2)], [undefined, attachment(Buffer.alloc(70_000, 7)), undefined])
  while (log.size < 300) await log.append(Array.from({ length: 9 }, (_, i) => i === 4 ? intent(`select ${i}`) : beat(i)))
  const keys = [log.verifierKey]
  await log.close()
  const kept = await readFile(join(directory, 'checkpoint'))
  log = await open(true)
  keys.push(log.verifierKey)
  while (log.size < 600) await log.append(Array.from({ length: 10 }, (_, i) => beat(i)))
  if (prune) {
    const root: Actor = { issuer: 'i', subject: 'root', groups: [], kind: 'human' }
    const found = await log.prunable('2100-01-01T00:00:00.000Z')
    const facts = { first: found!.first, root: Buffer.from(found!.root).toString('base64'), keys: found!.keys }
    await log.prune({ kind: 'retention.prune', ...facts, approvers: [root, { ...root, subject: 'other' }], reason: 'old' })
  }
  await log.close()
  const copy = await Copy.of(directory)
  await rm(directory, { recursive: true })
  const note = copy.files.get('checkpoint')!
  copy.files.set('cosigned/w', Buffer.concat([note, Buffer.from(cosign(parseNote(note).text, 'w.example', witness.privateKey, time))]))
  return { copy, keys, kept }
}

let whole: Sample
let pruned: Sample
beforeAll(async () => {
  whole = await makeSample(false)
  pruned = await makeSample(true)
}, 60_000)

function fresh({ copy, ...rest }: Sample): Sample {
  const again = new Copy()
  for (const [path, bytes] of copy.files) again.files.set(path, Buffer.from(bytes))
  return { copy: again, ...rest }
}

interface Said {
  readonly ok: boolean
  readonly entries?: number
  readonly prunedBefore?: number
  readonly checkpointSize?: number
  readonly notAnchoredAfter?: number
}

type Told = Said & { readonly problems: string }

async function first({ copy }: Sample, key: string, kept: readonly Buffer[], witnesses: readonly string[]): Promise<Told> {
  try {
    const report = await verifyLog(copy, key, undefined, kept, witnesses)
    const { ok, entries, prunedBefore, checkpointSize, notAnchoredAfter = 0, problems } = report
    const told = problems.map(({ entry, message }) => `${entry} ${message}`).join('\n')
    return { ok, entries, ...(prunedBefore === undefined ? {} : { prunedBefore }), checkpointSize, notAnchoredAfter, problems: told }
  } catch (error) {
    return { ok: false, problems: (error as Error).message }
  }
}

async function second({ copy }: Sample, key: string, kept: readonly Buffer[], witnesses: readonly string[]): Promise<Said> {
  const folder = await temporary()
  for (const [path, bytes] of copy.files) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), bytes)
  }
  const files = await temporary()
  const checkpoints = await Promise.all(kept.map(async (bytes, i) => {
    await writeFile(join(files, String(i)), bytes)
    return ['--checkpoint', join(files, String(i))]
  }))
  const args = [verifier, folder, '--key', key, ...checkpoints.flat(), ...witnesses.flatMap((line) => ['--witness', line]), '--json']
  return new Promise((resolve) => {
    execFile(process.execPath, args, (error, stdout) => {
      const report = (stdout === '' ? { ok: false } : JSON.parse(stdout)) as Said
      expect(error === null ? 0 : error.code).toBe(report.ok ? 0 : 1)
      const { ok, entries, prunedBefore, checkpointSize, notAnchoredAfter } = report
      resolve(stdout === '' ? { ok } : { ok, entries: entries!, ...(prunedBefore === undefined ? {} : { prunedBefore }), checkpointSize: checkpointSize!, notAnchoredAfter: notAnchoredAfter! })
    })
  })
}

async function both(sample: Sample, key = sample.keys[0]!, kept: readonly Buffer[] = [], witnesses: readonly string[] = [witnessKey]) {
  const [one, two] = await Promise.all([first(sample, key, kept, witnesses), second(sample, key, kept, witnesses)])
  const { problems, ...said } = one
  expect(two).toEqual(said)
  return { ...said, problems }
}

function change(entry: Buffer, with_: Record<string, unknown>): Buffer {
  return Buffer.from(canonical({ ...JSON.parse(entry.toString()) as object, ...with_ }))
}

describe('of a whole log both say', () => {
  test('that it is, from every key that was kept, how far it is anchored, and by whom', async () => {
    const { entries } = await both(whole)
    expect(entries).toBeGreaterThan(600)
    for (const key of whole.keys) {
      expect(await both(whole, key)).toMatchObject({ ok: true, checkpointSize: entries, notAnchoredAfter: entries })
      const { size } = parseCheckpoint(parseNote(whole.kept).text)
      expect(await both(whole, key, [whole.kept], [])).toMatchObject({ ok: true, notAnchoredAfter: size })
      expect(await both(whole, key, [], [])).toMatchObject({ ok: true, notAnchoredAfter: 0 })
    }
  })

  test('the same where retention has removed its beginning', async () => {
    const said = await both(pruned)
    expect(said).toMatchObject({ ok: true, prunedBefore: expect.any(Number), problems: '' })
    expect(await both(pruned, pruned.keys[1], [pruned.kept])).toMatchObject({ ok: true })
  })

  test('the same of one that was torn behind its checkpoint', async () => {
    const sample = fresh(whole)
    const path = sample.copy.segments.at(-1)!
    const tail = Buffer.concat([sample.copy.files.get(path)!, framed(beatAfter(sample)).subarray(0, -3)])
    sample.copy.files.set(path, tail)
    expect(await both(sample)).toMatchObject({ ok: true })
  })

  function beatAfter({ copy }: Sample): Buffer {
    const last = copy.entries().at(-1)!
    return change(last, { index: (JSON.parse(last.toString()) as { index: number }).index + 1 })
  }
})

/** One vector per way of lying: what is done to the log, and what is said. */
const lies: [string, (sample: Sample) => void, RegExp][] = [
  ['an entry changed', ({ copy }) => copy.rewrite(copy.entries().with(7, change(copy.entries()[7]!, { sessions: 99 }))), /7 /],
  ['an entry removed', ({ copy }) => copy.rewrite(copy.entries().toSpliced(7, 1)), /7 says it is entry 8/],
  ['an entry inserted', ({ copy }) => copy.rewrite(copy.entries().toSpliced(7, 0, copy.entries()[7]!)), /8 says it is entry 7/],
  ['two entries swapped', ({ copy }) => copy.rewrite(copy.entries().with(7, copy.entries()[8]!).with(8, copy.entries()[7]!)), /7 says it is entry 8/],
  ['the last entries cut', ({ copy }) => copy.rewrite(copy.entries().slice(0, -3)), /its signed checkpoint says/],
  ['an entry changed and all signed again', (sample) => {
    sample.copy.rewrite(sample.copy.entries().with(8, change(sample.copy.entries()[8]!, { sessions: 99 })))
    sample.copy.signAgain()
  }, /not those of what the witness w\.example cosigned/],
  ['a cosignature at a time that no calendar has', ({ copy }) => {
    const note = copy.files.get('checkpoint')!
    copy.files.set('cosigned/w', Buffer.concat([note, Buffer.from(cosign(parseNote(note).text, 'w.example', witness.privateKey, 8_640_000_000_001))]))
  }, /has a wrong cosignature of w\.example/],
  ['white space', ({ copy }) => copy.rewrite(copy.entries().with(7, Buffer.from(copy.entries()[7]!.toString().replace(',', ', ')))), /canonical/],
  ['a lone surrogate', ({ copy }) => {
    const text = copy.entries()[8]!.toString()
    copy.rewrite(copy.entries().with(8, Buffer.from(text.replace('"kind":"heartbeat"', '"kind":"\\ud800"'))))
  }, /8 is not in canonical form/],
  ['a number spelled another way', ({ copy }) => copy.rewrite(copy.entries().with(0, Buffer.from(copy.entries()[0]!.toString().replace('"sessions":1', '"sessions":1.0')))), /canonical/],
  ['a member twice', ({ copy }) => copy.rewrite(copy.entries().with(0, Buffer.from(copy.entries()[0]!.toString().replace('"sessions":1', '"sessions":1,"sessions":1')))), /canonical/],
  ['no UTF-8', ({ copy }) => copy.rewrite(copy.entries().with(7, Buffer.of(0x22, 0xff, 0x22))), /UTF-8/],
  ['another log\'s entry', ({ copy }) => copy.rewrite(copy.entries().with(7, change(copy.entries()[7]!, { origin: 'other.example' }))), /other\.example/],
  ['a boot that had ended', ({ copy }) => copy.rewrite(copy.entries().with(7, change(copy.entries()[7]!, { boot: 'x' }))), /had ended before/],
  ['an earlier monotonic time', ({ copy }) => copy.rewrite(copy.entries().with(7, change(copy.entries()[7]!, { monotonic: '1' }))), /earlier monotonic/],
  ['an outcome of a later entry', ({ copy }) => copy.rewrite(copy.entries().with(7, change(copy.entries()[7]!, { kind: 'outcome', intent: 9 }))), /no earlier entry/],
  ['an attachment changed', ({ copy }) => {
    const path = copy.segments[0]!
    const bytes = copy.files.get(path)!
    const changed = Buffer.alloc(70_000, 7)
    changed[5] = 8
    const run = Buffer.alloc(64, 7)
    const [before, after] = [bytes.subarray(0, bytes.indexOf(run) - 8), bytes.subarray(bytes.lastIndexOf(run) + 64)]
    copy.files.set(path, Buffer.concat([before, frameAttachment(changed), after]))
  }, /1 has another attachment/],
  ['an attachment removed', ({ copy }) => copy.rewrite(copy.entries()), /1 has 0 bytes attached/],
  ['a byte of a frame changed', ({ copy }) => { copy.files.get(copy.segments[0]!)![20]! ^= 1 }, /0 length or checksum/],
  ['a segment missing', ({ copy }) => { copy.files.delete(copy.segments[1]!) }, /are missing/],
  ['the first segment missing', ({ copy }) => { copy.files.delete(copy.segments[0]!) }, /no entry says that retention removed them/],
  ['a file that is no segment', ({ copy }) => { copy.files.set('segments/x', Buffer.from('x')) }, /no segment/],
  ['a tile changed', ({ copy }) => { copy.files.get('tile/0/001')![100]! ^= 1 }, /259 hash 3 /],
  ['a tile missing', ({ copy }) => { copy.files.delete('tile/0/000') }, /missing/],
  ['the checkpoint missing', ({ copy }) => { copy.files.delete('checkpoint') }, /missing/],
  ['the checkpoint of another log', ({ copy }) => {
    copy.files.set('checkpoint', Buffer.from(signNote(checkpointText({ origin: 'other.example', size: 3, rootHash: Buffer.alloc(32) }), 'other.example', createPrivateKey(copy.files.get('log.key')!))))
  }, /of the log "other\.example"/],
  ['the checkpoint of another key', ({ copy }) => copy.signAgain(generateKeyPairSync('ed25519').privateKey), /not signed by the key/],
  ['the checkpoint changed', ({ copy }) => { copy.files.set('checkpoint', Buffer.from(copy.files.get('checkpoint')!.toString().replace(/\n(\d+)\n/, (_, size: string) => `\n${Number(size) - 1}\n`))) }, /wrong signature/],
  ['a key rotation forged', ({ copy }) => {
    const at = copy.entries().findIndex((entry) => entry.includes('key.rotate'))
    copy.rewrite(copy.entries().with(at, change(copy.entries()[at]!, { next: verifierKeyOf(origin, generateKeyPairSync('ed25519').publicKey) })))
  }, /this key rotation is not signed by/],
  ['a key rotation hidden', (sample) => {
    const at = sample.copy.entries().findIndex((entry) => entry.includes('key.rotate'))
    sample.copy.rewrite(sample.copy.entries().with(at, change(sample.copy.entries()[at]!, { kind: 'admin' })))
    sample.copy.signAgain()
  }, /not signed by the key/],
  ['the cosignature of another time', ({ copy }) => {
    const note = copy.files.get('cosigned/w')!.toString()
    const bytes = Buffer.from(/— w\.example (\S+)/.exec(note)![1]!, 'base64')
    bytes.writeBigUInt64BE(BigInt(time + 1), 4)
    copy.files.set('cosigned/w', Buffer.from(note.replace(/— w\.example \S+/, `— w.example ${bytes.toString('base64')}`)))
  }, /wrong cosignature/],
  ['the cosignature of another checkpoint', ({ copy }) => {
    const line = cosign(checkpointText({ origin, size: 3, rootHash: Buffer.alloc(32) }), 'w.example', witness.privateKey, time)
    copy.files.set('cosigned/w', Buffer.concat([copy.files.get('checkpoint')!, Buffer.from(line)]))
  }, /wrong cosignature/],
  ['the cosignature of another witness', ({ copy }) => {
    const text = parseNote(copy.files.get('checkpoint')!).text
    copy.files.set('cosigned/w', Buffer.concat([copy.files.get('checkpoint')!, Buffer.from(cosign(text, 'w.example', generateKeyPairSync('ed25519').privateKey, time))]))
  }, /nothing in it is cosigned by the witness/],
  ['no cosignature', ({ copy }) => { copy.files.delete('cosigned/w') }, /nothing in it is cosigned by the witness/],
  ['a cosigned file that is none', ({ copy }) => { copy.files.set('cosigned/x', Buffer.from('x')) }, /no signed note/]
]

describe('of a log that was damaged both say so:', () => {
  test.each(lies)('%s', async (_, lie, says) => {
    const sample = fresh(whole)
    lie(sample)
    const { ok, problems } = await both(sample)
    expect(ok).toBe(false)
    expect(problems).toMatch(says)
  })

  test('a log rebuilt and signed again with one entry removed: with a witness; without one, that it is not anchored', async () => {
    const sample = fresh(whole)
    const entries = sample.copy.entries().toSpliced(9, 1).map((entry, index) => change(entry, { index, ...(entry.includes('"sealed"') ? { sealed: undefined } : {}) }))
    sample.copy.rewrite(entries)
    sample.copy.signAgain()
    expect(await both(sample, sample.keys[1], [], [])).toMatchObject({ ok: true, notAnchoredAfter: 0 })
    expect((await both(sample, sample.keys[1])).problems).toMatch(/witness w\.example cosigned/)
  })

  test('removals that nobody approved, and hashes of removed entries that were changed', async () => {
    const forged = fresh(pruned)
    forged.copy.files.get('tile/0/000')![40]! ^= 1
    expect((await both(forged)).problems).toMatch(/signed root/)
    const missing = fresh(pruned)
    missing.copy.files.delete('tile/0/000')
    expect((await both(missing)).ok).toBe(false)
    const more = fresh(pruned)
    more.copy.files.delete(more.copy.segments[0]!)
    expect((await both(more)).problems).toMatch(/no entry says that retention removed them/)
  })

  test('kept checkpoints of another key, and other keys', async () => {
    const kept = Buffer.from(signNote(parseNote(whole.kept).text, origin, generateKeyPairSync('ed25519').privateKey))
    expect(await both(whole, whole.keys[0], [kept])).toMatchObject({ ok: false })
    expect(await both(whole, whole.keys[0], [Buffer.from('x')])).toMatchObject({ ok: false })
    expect(await both(whole, verifierKeyOf(origin, generateKeyPairSync('ed25519').publicKey))).toMatchObject({ ok: false, checkpointSize: 0 })
    expect(await both(whole, witnessKey)).toMatchObject({ ok: false })
  })
})

test('the second verifier has at most 300 lines and imports nothing but Node', async () => {
  const text = await readFile(verifier, 'utf8')
  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(300)
  const imports = [...text.matchAll(/from '([^']+)'|import\(/g)].map(([, name]) => name)
  expect(imports.every((name) => name?.startsWith('node:'))).toBe(true)
})
