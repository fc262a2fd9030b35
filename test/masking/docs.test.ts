// docs/masking.md and the code say the same, as far as a table can be compared with a table.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { defaultFlows } from '../../server/masking/postgres/judge.ts'
import { systemSecrets } from '../../server/masking/postgres/system-secrets.ts'
import { tells } from '../../server/masking/postgres/tells.ts'
import { maskingSchema, protectSchema } from '../../server/policy/protect.ts'

const root = join(import.meta.dirname, '..', '..')
const text = readFileSync(join(root, 'docs', 'masking.md'), 'utf8')
const section = (heading: string) => text.slice(text.indexOf(`\n## ${heading}\n`)).split(/\n## /)[1]!
const rows = (of: string) => [...of.matchAll(/^\| `([^`]+)` \| ([^|]+) \|/gm)].map(([, first, second]) => [first!, second!.trim()] as const)

test('every kind of flow is explained, with its default', () => {
  expect(Object.fromEntries(rows(section('Flows')))).toEqual(defaultFlows)
})

test('every mask is explained, and what it tells', () => {
  expect(rows(section('Masks')).map(([name]) => name).sort()).toEqual(Object.keys(tells).sort())
  for (const [name, told] of Object.entries(tells)) {
    const row = section('Masks').split('\n').find((line) => line.startsWith(`| \`${name}\` |`))!
    if (told !== undefined) expect(row).toMatch(/Tells (?!nothing)/)
  }
})

test('every relation of PostgreSQL\'s own that is protected is named', () => {
  for (const [relation] of systemSecrets) {
    const [schema, name] = relation.split('.')
    if (schema !== 'information_schema') expect(text).toContain(name)
  }
})

test('the fields of both sections are those of the schema, and the example is one', () => {
  const example = /```yaml\n(protect:[\s\S]*?)```/.exec(text)![1]!.replace('3f0c...', 'a'.repeat(64))
  const { protect, masking } = parse(example) as { protect: unknown, masking: unknown }
  expect(protectSchema.parse(protect)).toHaveLength(2)
  expect(maskingSchema.parse(masking)).toMatchObject({ flows: { lookup: 'hold', order: 'allow' } })
  expect(() => protectSchema.parse([{ name: 'x', columns: ['a.b.c'], nothing: 1 }])).toThrow()
  const fields = rows(section('For policy authors')).map(([name]) => name.split('.')[0]!)
  for (const name of Object.keys(protectSchema.element.shape)) expect(fields).toContain(name)
})

test('every file it names is there', () => {
  const named = [...text.matchAll(/`([a-z-]+\.ts)`/g)].map(([, file]) => file!)
  expect(named.length).toBeGreaterThan(20)
  for (const file of named) {
    const places = ['server/masking/postgres', 'server/protocols/postgres'].map((folder) => join(root, folder, file))
    expect(places.some(existsSync), file).toBe(true)
  }
})
