// What `hoop help TOPIC` says, held against what the command line does.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exitCodes } from '../../cli/failure.ts'
import { topics } from '../../cli/topics.ts'

const folder = join(import.meta.dirname, '..', '..', 'cli')
const source = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && file !== 'topics.ts').map((file) => readFileSync(join(folder, file), 'utf8')).join('\n')

/** Read from the environment: `rest.NAME` in config.ts, `environment.NAME` where it is handed on. */
const read = [...new Set([...source.matchAll(/\b(?:rest|environment)\??\.([A-Z][A-Z_]+)\b/g)].map(([, name]) => name!))]

test('the scan sees variables', () => {
  expect(read.length).toBeGreaterThan(10)
})

/** What a target's usage sets, and hoop only passes on. */
const notOurs = /^PG(USER|DATABASE|HOST|PORT)$/

test.each(read.filter((name) => !notOurs.test(name)))('%s stands in hoop help environment', (name) => {
  expect(topics.environment).toMatch(new RegExp(`\\b${name}\\b`))
})

test.each(Object.entries(exitCodes))('%s, %i, stands in hoop help exit-codes', (_, code) => {
  expect(topics['exit-codes']).toMatch(new RegExp(`^ {2}${code} {2,}\\S`, 'm'))
})

test('no topic is wider than a terminal people have', () => {
  for (const text of Object.values(topics)) for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(130)
})
