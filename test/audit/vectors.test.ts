// Every way of lying, as it is stored in test/vectors/audit: both verifiers are shown the files, and must say what is stored with them.
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Verdict } from './lies/lie.ts'
import { lies } from './lies/index.ts'
import { tableOf, vectorOf } from './lies/vector.ts'
import { firstVerdict, secondVerdict, type Given, type Told } from './verdicts.ts'

const folder = join(import.meta.dirname, '..', 'vectors', 'audit')
const names = (await readdir(folder, { withFileTypes: true })).filter((found) => found.isDirectory()).map(({ name }) => name)

function held(name: string): Given {
  const at = (file: string) => existsSync(join(folder, name, file)) ? [join(folder, name, file)] : []
  return { key: join(folder, name, 'key'), checkpoint: at('kept'), witness: at('witness') }
}

/** What the first problem has to be, or that there is none; as `told` says it. */
function expected(verdict: Verdict, which: 'first' | 'second') {
  if ('whole' in verdict) return { ok: true, notAnchoredAfter: verdict.whole.notAnchoredAfter }
  const words = (says: string) => expect.stringContaining(which === 'second' ? verdict.second ?? says : says) as string
  if ('refused' in verdict) return { refused: words(verdict.refused) }
  return { ok: false, ...verdict.damaged, message: words(verdict.says) }
}

function told(said: Told) {
  if ('refused' in said) return said
  const { ok, notAnchoredAfter, problems: [problem] } = said
  return ok ? { ok, notAnchoredAfter } : { ok, ...problem }
}

/** A report but for its words: of each problem, what it names. */
function apartFromWords(said: Told) {
  return 'refused' in said ? 'refused' : { ...said, problems: said.problems.map(({ entry, file }) => ({ entry, file })) }
}

test('there is a vector for every way of lying, and no other', () => {
  expect(names).toEqual(lies.map(({ name }) => name).sort())
  expect(lies.length).toBeGreaterThan(100)
})

describe('the vector', () => {
  test.each(lies.map((lie) => [lie.name, lie] as const))('%s is made as it is stored', async (name, lie) => {
    const files = vectorOf(lie)
    const stored = (await readdir(join(folder, name), { recursive: true, withFileTypes: true })).filter((found) => found.isFile())
      .map(({ parentPath, name: file }) => join(parentPath, file).slice(folder.length + name.length + 2))
    expect(stored.sort()).toEqual([...files.keys()].sort())
    for (const [path, bytes] of files) {
      const same = bytes.equals(await readFile(join(folder, name, path)))
      expect({ path, same }).toEqual({ path, same: true })
    }
  })
})

test('the table in the README is that of the lies', async () => {
  expect(await readFile(join(folder, 'README.md'), 'utf8')).toContain(`\n${tableOf(lies)}\n`)
})

describe('both verifiers say the same, and what is stored, of', () => {
  test.each(names)('%s', async (name) => {
    const verdict = JSON.parse(await readFile(join(folder, name, 'verdict.json'), 'utf8')) as Verdict
    const log = join(folder, name, 'log')
    const [first, second] = await Promise.all([firstVerdict(log, held(name)), secondVerdict(log, held(name))])
    expect(told(first)).toEqual(expected(verdict, 'first'))
    expect(told(second)).toEqual(expected(verdict, 'second'))
    expect(apartFromWords(second)).toEqual(apartFromWords(first))
  })
})
