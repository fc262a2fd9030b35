// Runs the transcripts in test/transcripts: what is typed, and exactly what a person is told.
//
//   $ NAME=VALUE hoop words "quoted words"   run with nobody at a terminal; \uXXXX in quotes is that character
//   2> a line of stderr                      other lines are stdout
//   exit CODE
//
// `{folder}` is the run's own configuration folder.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { builtHoop } from '../support/built.ts'

const transcripts = join(import.meta.dirname, '..', 'transcripts')

interface Step {
  readonly typed: string
  readonly expected: string
}

let hoop: string
let folder: string
beforeAll(async () => {
  hoop = await builtHoop()
  folder = await mkdtemp(join(tmpdir(), 'hoop-transcript-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function stepsFrom(text: string): Step[] {
  return text.split(/^\$ /m).slice(1).map((part) => {
    const [typed, ...lines] = part.split('\n')
    return { typed: typed!, expected: lines.filter((line) => line !== '' && !line.startsWith('# ')).join('\n') }
  })
}

function wordsFrom(typed: string): string[] {
  return [...typed.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) =>
    plain ?? quoted!.replace(/\\u([0-9a-f]{4})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16))))
}

function run(typed: string): Promise<string> {
  const words = wordsFrom(typed.replaceAll('{folder}', folder))
  const at = words.indexOf('hoop')
  const variables = Object.fromEntries(words.slice(0, at).map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]))
  const env = { PATH: process.env.PATH, HOME: folder, HOOP_CONFIG_DIR: folder, HOOP_KEYCHAIN: 'off', ...variables }
  return new Promise((resolve) => {
    execFile(process.execPath, [hoop, ...words.slice(at + 1)], { env, timeout: 20_000 }, (error, stdout, stderr) => {
      const told = [...lines(stdout), ...lines(stderr).map((line) => `2> ${line}`), `exit ${error === null ? 0 : String(error.code)}`]
      resolve(told.join('\n').replaceAll(folder, '{folder}'))
    })
  })
}

function lines(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n')
}

describe.each(readdirSync(transcripts).filter((file) => file.endsWith('.txt')))('%s', async (file) => {
  const steps = stepsFrom(await readFile(join(transcripts, file), 'utf8'))

  test('has something to say', () => {
    expect(steps.length).toBeGreaterThan(0)
  })

  test.each(steps.map(({ typed, expected }) => [typed, expected] as const))('%s', async (typed, expected) => {
    expect(await run(typed)).toBe(expected)
  })
})
