// Folders that somebody made to hurt whoever reads them: every vector of lying through every reader, entries that are not as their kind is
// and are signed all the same, pipes and devices for files, names for terminals. What comes of it is an answer, or a refusal that says why.
import { execFileSync, execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { looked, readEntries } from '../../../cli/audit/entries.ts'
import { proofFrom } from '../../../cli/audit/prove.ts'
import { recordIn } from '../../../cli/audit/records.ts'
import { ReportFacts } from '../../../cli/audit/report/facts.ts'
import { Stories } from '../../../cli/audit/statements.ts'
import { matcher } from '../../../cli/audit/search.ts'
import { entryLine } from '../../../cli/audit/words.ts'
import { openLogFiles } from '../../../cli/log-files.ts'
import { GatewayError } from '../../../shared/errors.ts'
import { edit, withMembers } from '../../audit/lies/lie.ts'
import { keys, lineOf, sampleOf } from '../../audit/lies/sample.ts'
import type { Copy } from '../../audit/copy.ts'
import { firstVerdict, secondVerdict, secondVerifier } from '../../audit/verdicts.ts'

const vectors = join(import.meta.dirname, '..', '..', 'vectors', 'audit')
const names = (await readdir(vectors, { withFileTypes: true })).filter((found) => found.isDirectory()).map(({ name }) => name)
const key = lineOf(keys.first)

async function written({ files }: Copy): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hoop-hostile-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), bytes)
  }
  return folder
}

/** What each reader of a folder does with it. */
const readers: Record<string, (directory: string) => Promise<void>> = {
  async search(directory) {
    const stories = new Stories()
    const isWanted = matcher({ kinds: ['heartbeat', 'statement.intent', 'session.start', 'retention.prune', 'key.rotate'] })
    for await (const entries of readEntries(await openLogFiles(directory))) {
      for (const entry of entries) {
        const told = looked(entry, () => stories.take(entry, isWanted(entry)))
        for (const one of told) looked(one.entry, () => entryLine(one))
      }
    }
    for (const one of stories.rest()) looked(one.entry, () => entryLine(one))
  },
  async report(directory) {
    const facts = new ReportFacts({ from: '2025-12-31T00:00:00.000Z', to: '2026-01-02T00:00:00.000Z' })
    for await (const entries of readEntries(await openLogFiles(directory))) {
      for (const entry of entries) looked(entry, () => facts.add(entry))
    }
  },
  async prove(directory) { await proofFrom(await openLogFiles(directory), 3) },
  async 'prove one that is in no full tile'(directory) { await proofFrom(await openLogFiles(directory), 261) },
  async open(directory) { await recordIn(await openLogFiles(directory), 2) }
}

/** Nothing of ours fails in a way nobody foresaw. */
async function expectForeseen(reading: Promise<void>): Promise<void> {
  const error: unknown = await reading.catch((thrown: unknown) => thrown)
  if (error !== undefined) expect(error).toBeInstanceOf(GatewayError)
}

describe.each(Object.keys(readers))('%s', (reader) => {
  test('of every vector answers, or refuses and says why', async () => {
    for (const name of names) await expectForeseen(readers[reader]!(join(vectors, name, 'log')))
  })
})

describe('an entry that is signed and not as its kind is', () => {
  const shapes: [string, Record<string, unknown>][] = [
    ['a statement without a statement', { kind: 'statement.intent', statement: undefined }],
    ['a statement whose relations are text', { kind: 'statement.intent', statement: { relations: 'patients' } }],
    ['a refusal without a decision', { kind: 'decision', decision: null }],
    ['a session without a person', { kind: 'session.start', actor: null, target: null }],
    ['an outcome without an outcome', { kind: 'outcome', intent: 2, outcome: null }],
    ['a review without statements', { kind: 'review.held', statements: null }],
    ['a policy without a hash', { kind: 'policy.change', policy: 7 }],
    ['a revocation of nobody', { kind: 'revocation' }],
    ['a rotation of nothing', { kind: 'key.rotate' }],
    ['a removal by nobody', { kind: 'retention.prune', approvers: 'two' }],
    ['a removal that carries what are no rotations', { kind: 'retention.prune', first: 1, keys: 7 }]
  ]
  test.each(shapes)('%s: readers name it, and both verifiers stand it', async (_, members) => {
    const sample = sampleOf('small')
    edit((parts) => parts.map((part, i) => i === 4 ? withMembers(part, members) : part))(sample)
    sample.copy.signAgain(keys.second)
    const directory = await written(sample.copy)
    for (const reader of Object.values(readers)) await expectForeseen(reader(directory))
    const [first, second] = await Promise.all([firstVerdict(directory, { key }), secondVerdict(directory, { key })])
    expect('ok' in second && 'ok' in first && second.ok === first.ok).toBe(true)
  })
})

describe('a folder with something else for a file', () => {
  const places = ['checkpoint', 'segments/0000000000000000', 'segments/0000000000000006', 'cosigned/witness', 'tile/0/000']
  const things: [string, (path: string) => Promise<unknown>][] = [
    ['a pipe', async (path) => execFileSync('mkfifo', [path])],
    ['a device without end', (path) => symlink('/dev/zero', path)],
    ['a folder', (path) => mkdir(path)],
    ['a link to itself', (path) => symlink(path, path)],
    ['four gigabytes of nothing', async (path) => {
      await writeFile(path, '')
      await truncate(path, 2 ** 32)
    }]
  ]
  test.each(things)('%s is not waited for, nor read for ever', { timeout: 60_000 }, async (what, put) => {
    for (const place of places.filter((place) => !(what.startsWith('four') && place.startsWith('segments')))) {
      const { copy } = sampleOf(place.startsWith('tile') ? 'tiled' : 'small')
      const directory = await written(copy)
      await rm(join(directory, place))
      await put(join(directory, place))
      const verdicts = await Promise.all([firstVerdict(directory, { key }), secondVerdict(directory, { key })])
      for (const verdict of verdicts) expect({ place, ok: 'ok' in verdict && verdict.ok }).toEqual({ place, ok: false })
    }
  })

  test('names are nothing a terminal obeys', async () => {
    const { copy } = sampleOf('small')
    copy.files.set('segments/\u001b]52;c;aGk=\u0007', Buffer.from('x'))
    copy.files.set('cosigned/\u009b2J\u202etxt', Buffer.from('x'))
    const directory = await written(copy)
    const { stdout } = await new Promise<{ stdout: string }>((resolve) => {
      execFile(process.execPath, [secondVerifier, directory, '--key', key], (_, stdout) => resolve({ stdout }))
    })
    expect(stdout).toContain('segments/\\u{1b}]52;c;aGk=\\u{7}')
    expect(stdout).toMatch(/^[\n -~]*$/)
  })
})
