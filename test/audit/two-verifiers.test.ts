// The verifier of the command line and the one of bin/hoop-audit-verify.mjs, which share no code, are shown logs that the gateway's own
// writer made, whole and damaged at random, and must say the same of each. The ways of lying are vectors: vectors.test.ts.
import { generateKeyPairSync } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { openAuditLog } from '../../server/audit/log.ts'
import { parseCheckpoint, parseNote } from '../../shared/audit/checkpoint.ts'
import { cosign, witnessKeyOf } from '../../shared/audit/cosignature.ts'
import type { Actor } from '../../shared/audit/entry.ts'
import { Random } from '../support/random.ts'
import { Copy, framed, framesOf } from './copy.ts'
import { origin, temporary } from './logs.ts'
import { attachment, beat, intent } from './sample.ts'
import { firstVerdict, secondVerdict, secondVerifier, type Report, type Told } from './verdicts.ts'

const witness = generateKeyPairSync('ed25519')
const witnessKey = witnessKeyOf('w.example', witness.publicKey)

interface Sample {
  readonly copy: Copy
  /** The first key, and the one in force. */
  readonly keys: readonly [string, string]
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
  const first = log.verifierKey
  await log.close()
  const kept = await readFile(join(directory, 'checkpoint'))
  log = await open(true)
  const keys = [first, log.verifierKey] as const
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
  copy.files.set('cosigned/w', Buffer.concat([note, Buffer.from(cosign(parseNote(note).text, 'w.example', witness.privateKey, 1_700_000_000))]))
  return { copy, keys, kept }
}

let whole: Sample
let pruned: Sample
beforeAll(async () => {
  whole = await makeSample(false)
  pruned = await makeSample(true)
}, 60_000)

async function written(files: ReadonlyMap<string, Buffer>): Promise<string> {
  const folder = await temporary()
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), bytes)
  }
  return folder
}

interface Holds {
  readonly kept?: Buffer
  readonly witnesses?: readonly string[]
}

/** What both say; the words are each one's own. */
async function both(copy: Copy, key: string, { kept, witnesses = [witnessKey] }: Holds = {}): Promise<Told> {
  const folder = await written(copy.files)
  const keptIn = await temporary()
  if (kept !== undefined) await writeFile(join(keptIn, 'kept'), kept)
  const given = { key, witness: witnesses, checkpoint: kept === undefined ? [] : [join(keptIn, 'kept')] }
  const [first, second] = await Promise.all([firstVerdict(folder, given), secondVerdict(folder, given)])
  expect(apartFromWords(second)).toEqual(apartFromWords(first))
  return first
}

/** The first verifier lists a hundred problems, and says that there are more. */
function apartFromWords(said: Told) {
  return 'refused' in said ? 'refused' : { ...said, problems: said.problems.slice(0, 100).map(({ entry, file }) => ({ entry, file })) }
}

function fresh({ copy }: Sample): Copy {
  const again = new Copy()
  for (const [path, bytes] of copy.files) again.files.set(path, Buffer.from(bytes))
  return again
}

describe('of a whole log both say', () => {
  test('that it is, from every key that was kept, how far it is anchored, and by whom', async () => {
    const { entries } = await both(whole.copy, whole.keys[0]) as Report
    expect(entries).toBeGreaterThan(600)
    for (const key of whole.keys) {
      expect(await both(whole.copy, key)).toMatchObject({ ok: true, checkpointSize: entries, notAnchoredAfter: entries })
      const { size } = parseCheckpoint(parseNote(whole.kept).text)
      expect(await both(whole.copy, key, { kept: whole.kept, witnesses: [] })).toMatchObject({ ok: true, notAnchoredAfter: size })
      expect(await both(whole.copy, key, { witnesses: [] })).toMatchObject({ ok: true, notAnchoredAfter: 0 })
    }
  })

  test('the same where retention has removed its beginning', async () => {
    expect(await both(pruned.copy, pruned.keys[0])).toMatchObject({ ok: true, prunedBefore: expect.any(Number) as number, problems: [] })
    expect(await both(pruned.copy, pruned.keys[1], { kept: pruned.kept })).toMatchObject({ ok: true })
  })

  test('the same of one that was torn behind its checkpoint', async () => {
    const copy = fresh(whole)
    const path = copy.segments.at(-1)!
    copy.files.set(path, Buffer.concat([copy.files.get(path)!, framed(copy.entries().at(-1)!).subarray(0, -3)]))
    expect(await both(copy, whole.keys[0])).toMatchObject({ ok: true })
  })
})

describe('whatever is done to a log, both say the same of it', () => {
  const seeds = Array.from({ length: Number(process.env.HOOP_TEST_TRIES ?? 60) }, (_, i) => i + 1)
  test.each(seeds)('seed %i', async (seed) => {
    const random = new Random(seed)
    const sample = seed % 3 === 0 ? pruned : whole
    const copy = fresh(sample)
    const done = damage(copy, random)
    const kept = random.chance(0.5) ? { kept: sample.kept } : {}
    const said = await both(copy, random.pick(sample.keys), { ...kept, ...(random.chance(0.3) ? { witnesses: [] } : {}) })
    // Of other files nobody is asked, or only by whoever holds a witness's key.
    if (/^(segments|tile|checkpoint)/.test(done.path)) expect({ done, said }).toMatchObject({ said: { ok: false } })
  })

  /** One file, changed in one of the ways that files are. */
  function damage({ files }: Copy, random: Random): { readonly how: string, readonly path: string } {
    const paths = [...files.keys()].filter((path) => files.get(path)!.length > 0).sort()
    const path = random.pick(paths)
    const bytes = files.get(path)!
    const at = random.below(bytes.length)
    const ways: Record<string, () => Buffer | undefined> = {
      'a bit flipped': () => {
        const changed = Buffer.from(bytes)
        changed[at]! ^= 1 << random.below(8)
        return changed
      },
      'cut off': () => bytes.subarray(0, at),
      'begun later': () => bytes.subarray(1 + at),
      removed: () => undefined,
      'a run of ones': () => Buffer.concat([bytes.subarray(0, at), Buffer.alloc(40, 1), bytes.subarray(at + 40)]),
      'written twice': () => Buffer.concat([bytes, bytes]),
      'replaced by another': () => files.get(random.pick(paths.filter((other) => other !== path)))!,
      'a frame moved': () => path.startsWith('segments/') ? moved(bytes, random) : bytes.subarray(1)
    }
    const how = random.pick(Object.keys(ways))
    const changed = ways[how]!()
    if (changed === undefined) files.delete(path)
    else files.set(path, changed)
    return { how, path }
  }

  function moved(segment: Buffer, random: Random): Buffer {
    const frames = framesOf(segment).map(({ begin, end }) => segment.subarray(begin, end))
    const from = random.below(frames.length - 1)
    return Buffer.concat(frames.toSpliced(from, 2, frames[from + 1]!, frames[from]!))
  }
})

test('the second verifier has at most 300 lines and imports nothing but Node', async () => {
  const text = await readFile(secondVerifier, 'utf8')
  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(300)
  const imports = [...text.matchAll(/from '([^']+)'|import\(/g)].map(([, name]) => name)
  expect(imports.every((name) => name?.startsWith('node:'))).toBe(true)
})
