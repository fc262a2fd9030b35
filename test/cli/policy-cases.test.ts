// `hoop policy test` and `hoop policy diff`: the shipped program, a real configuration, a real database's catalog, a real log.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import type { TestedCase } from '../../shared/policy-check.ts'
import { TestGateway } from '../support/gateway.ts'
import type { TestPerson } from '../support/person.ts'
import { TestPostgres } from '../support/postgres.ts'

let postgres: TestPostgres
let gateway: TestGateway
let alice: TestPerson

beforeAll(async () => {
  postgres = await TestPostgres.start()
  await postgres.query('CREATE TABLE patients (id int, name text, ssn text)')
  const reached = { address: postgres.address, database: 'postgres', credential: { user: postgres.superuser, password: postgres.password } }
  gateway = await TestGateway.start({
    targets: { 'prod-db': reached, 'plain-db': { ...reached, labels: { env: 'plain' } } },
    policy: [
      { name: 'engineers read', who: { group: 'engineers' }, effects: ['read', 'session'], then: 'allow' },
      { name: 'writes wait', who: { group: 'engineers' }, effects: ['write'], then: 'hold', approvers: { group: 'dba' } },
      { name: 'no schema by hand', effects: ['schema'], then: 'deny' }
    ],
    sections: { protect: [{ name: 'numbers', targets: { env: 'test' }, columns: ['patients.ssn'], mask: 'redact' }] }
  })
  alice = await gateway.person('alice')
})
afterAll(async () => {
  await gateway?.stop()
  await postgres?.stop()
})

const engineer = { groups: 'engineers' }

async function tested(cases: readonly unknown[], ...words: string[]): Promise<{ code: number, cases: TestedCase[], stderr: string }> {
  const file = join(alice.configDirectory, 'cases.yaml')
  await writeFile(file, stringify({ cases }))
  const { code, stdout, stderr } = await alice.finish(['policy', 'test', file, '--config', gateway.configFile, '--json', ...words])
  return { code, cases: stdout.split('\n').slice(0, -1).map((line) => JSON.parse(line) as TestedCase), stderr }
}

describe('a case fails', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['by another action', { target: 'plain-db', statement: 'DELETE FROM t', expect: 'allow' }, 'expected allow, found hold (rule "writes wait")'],
    ['by another rule', { target: 'plain-db', statement: 'SELECT 1 FROM t', expect: 'allow', rule: 'x' }, 'expected the rule "x" to decide, found "engineers read"'],
    ['for somebody else', { who: { groups: ['interns'] }, target: 'plain-db', statement: 'SELECT 1 FROM t', expect: 'allow' }, 'expected allow, found deny'],
    ['where the catalog has a say', { target: 'prod-db', statement: 'SELECT id FROM patients', expect: 'allow' }, 'columns of prod-db are protected, so its catalog has a say: --connect'],
    ['on a target that is none', { target: 'prod', statement: 'SELECT 1', expect: 'allow' }, 'there is no target "prod"'],
    ['on a text that is no SQL', { target: 'plain-db', statement: 'SELEC 1', expect: 'deny' }, 'the statement does not parse']
  ])('%s', async (_, one, problem) => {
    const { code, cases } = await tested([{ who: engineer, ...one }])
    expect(code).toBe(1)
    expect(cases).toHaveLength(1)
    expect(cases[0]).toMatchObject({ ok: false, name: 'case 1' })
    expect(cases[0]!.problem).toContain(problem)
  })

  test('a file that says something else is refused whole, naming the place', async () => {
    const { code, cases, stderr } = await tested([{ target: 'plain-db', statement: 'SELECT 1', expects: 'allow' }])
    expect({ code, cases }).toEqual({ code: 1, cases: [] })
    expect(stderr).toMatch(/cases\.yaml is wrong in\nhoop: {3}cases\.0\.expect/)
  })
})

describe('cases hold', () => {
  test('without any target being asked', async () => {
    const asked = await postgres.statements()
    const { code, cases } = await tested([
      { name: 'reading', who: engineer, target: 'plain-db', statement: 'SELECT * FROM t', expect: 'allow', rule: 'engineers read' },
      { name: 'two statements, the stricter', who: engineer, target: 'plain-db', statement: 'SELECT 1; DELETE FROM t', expect: 'hold' },
      { name: 'a refusal, whatever is protected', who: engineer, target: 'prod-db', statement: 'DROP TABLE patients', expect: 'deny', rule: 'no schema by hand' },
      { name: 'opening', who: { groups: 'engineers', kind: 'agent' }, target: 'prod-db', expect: 'allow' }
    ])
    const names = ['reading', 'two statements, the stricter', 'a refusal, whatever is protected', 'opening']
    expect(cases.map(({ name, ok, problem }) => [name, ok, problem])).toEqual(names.map((name) => [name, true, undefined]))
    expect(code).toBe(0)
    expect(await postgres.statements()).toEqual(asked)
  })

  test('with masked columns, by the catalog', async () => {
    const { code, cases } = await tested([
      { who: engineer, target: 'prod-db', statement: 'SELECT id, ssn FROM patients', expect: 'allow', masked: 'ssn' },
      { who: engineer, target: 'prod-db', statement: 'SELECT id FROM patients', expect: 'allow', masked: [] },
      { who: engineer, target: 'prod-db', statement: 'SELECT ssn FROM patients', expect: 'allow', masked: ['name'] }
    ], '--connect')
    expect(cases.map(({ ok, problem }) => ok ? 'ok' : problem)).toEqual(['ok', 'ok', 'expected name masked, found ssn'])
    expect(code).toBe(1)
  })
})

test('a real log, by another policy', async () => {
  expect((await alice.finish(['query', 'plain-db', 'SELECT id FROM patients'])).code).toBe(0)
  expect((await alice.finish(['query', 'plain-db', 'CREATE TABLE no (n int)'])).code).toBe(1)
  const changed = join(alice.configDirectory, 'new.yaml')
  const text = await readFile(gateway.configFile, 'utf8')
  await writeFile(changed, text.replace('- read\n', ''))
  expect(await readFile(changed, 'utf8')).not.toBe(text)
  const { code, stdout, stderr } = await alice.finish(['policy', 'diff', gateway.configFile, changed, '--audit', gateway.auditDirectory])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^COUNT {2}WHO {16}TARGET {4}DECISION {7}NEW RULE/)
  expect(stdout).toMatch(/^1 {6}alice@example\.com {2}plain-db {2}allow -> deny {2}built-in: nothing allows it {2}SELECT id FROM patients$/m)
  expect(stdout).not.toContain('CREATE')
  expect(stderr).toMatch(/^hoop: \d+ statements, 1 decision would change\n$/)
})
