// Reviews as people meet them at the shell: one asks with hoop query, another decides; the shipped program, a real gateway and database.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ReviewDetail, ReviewSummary } from '../../shared/api.ts'
import { TestGateway, testUsers } from '../support/gateway.ts'
import type { Kept } from '../support/kept.ts'
import type { TestPerson } from '../support/person.ts'
import { TestPostgres } from '../support/postgres.ts'
import { hostileText } from '../support/reviews.ts'
import { until } from '../support/until.ts'

let postgres: TestPostgres
let gateway: TestGateway
/** Asks. */
let alice: TestPerson
/** Decides. */
let dora: TestPerson
let root: TestPerson

beforeAll(async () => {
  postgres = await TestPostgres.start()
  const target = { address: postgres.address, database: 'postgres', credential: { user: postgres.superuser, password: postgres.password } }
  gateway = await TestGateway.start({
    targets: { 'prod-db': target, 'vault-db': { ...target, labels: { env: 'vault' } } },
    users: [...testUsers, { username: 'dora', password: 'dora-password', email: 'dora@example.com', groups: ['dba'] }],
    policy: [
      { name: 'engineers may work', who: { group: 'engineers' }, effects: ['read', 'write', 'session', 'unknown', 'schema'], then: 'allow' },
      { name: 'dbas may read', who: { group: 'dba' }, effects: ['read'], then: 'allow' },
      { name: 'writes need the DBAs', relations: ['visits'], effects: ['write'], then: 'hold', approvers: { group: 'dba' }, timeout: '5m' },
      { name: 'drops need reasons', relations: ['secrets'], effects: ['write'], then: 'hold', approvers: { group: 'dba' }, requesterReason: true, approverReason: true },
      { name: 'short', relations: ['hasty'], effects: ['write'], then: 'hold', approvers: { group: 'dba' }, timeout: '10s' },
      { name: 'the vault needs the DBAs', targets: { env: 'vault' }, on: 'open', then: 'hold', approvers: { group: 'dba' }, window: '1h' }
    ]
  })
  for (const table of ['visits', 'secrets', 'hasty']) await postgres.query(`CREATE TABLE ${table} (id int, note text); INSERT INTO ${table} SELECT i, 'n' || i FROM generate_series(1, 20) i`)
  ;[alice, dora, root] = await Promise.all([gateway.person('alice'), gateway.person('dora'), gateway.person('root')])
})
afterAll(async () => {
  await gateway?.stop()
  await postgres?.stop()
})

const count = async (table = 'visits') => Number((await postgres.query(`SELECT count(*) AS n FROM ${table}`))[0]!.n)
const listed = (text: string) => text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as ReviewSummary)

/** The review that a waiting `hoop query` said it waits for. */
async function heldBy(asking: Kept): Promise<string> {
  const [, id] = await asking.line(/hoop: held: review ([a-z0-9]{26}), rule "[^"]+", asked: dba/, { of: 'stderr' })
  return id!
}

describe('hoop query', () => {
  test('prints a table, CSV, JSON, and one column a line', async () => {
    const sql = 'SELECT id, CASE id WHEN 1 THEN NULL ELSE note END AS note, id > 1 AS more FROM visits WHERE id < 3 ORDER BY id'
    expect(await alice.finish(['query', 'prod-db', sql])).toEqual({ code: 0, stdout: 'id  note  more\n--  ----  ----\n 1  NULL  f\n 2  n2    t\n', stderr: 'hoop: 2 rows\n' })
    expect((await alice.finish(['query', 'prod-db', sql, '--csv'])).stdout).toBe('id,note,more\n1,,f\n2,n2,t\n')
    expect((await alice.finish(['query', 'prod-db', sql, '--json'])).stdout).toBe('{"id":1,"note":null,"more":false}\n{"id":2,"note":"n2","more":true}\n')
    expect((await alice.finish(['query', 'prod-db', sql, '-x'])).stdout).toContain('--- 2 ---\nid    2\nnote  n2\n')
  })

  test('takes the statement from stdin and from a file; several are one string', async () => {
    const file = join(alice.configDirectory, 'two.sql')
    await writeFile(file, '\uFEFFSELECT 1 AS a; SELECT 2 AS b, 3 AS c')
    expect((await alice.finish(['query', 'prod-db', '-f', file])).stdout).toBe('a\n-\n1\nb  c\n-  -\n2  3\n')
    // A job's stdin is empty, which is no statement.
    expect(await alice.finish(['query', 'prod-db'])).toMatchObject({ code: 64, stderr: expect.stringContaining('the statement is empty') as string })
  })

  test('of several files says in which the error is, and which is empty', async () => {
    const [good, bad, empty] = ['good', 'bad', 'empty'].map((name) => join(alice.configDirectory, `${name}.sql`)) as [string, string, string]
    await writeFile(good, 'SELECT 1 AS a')
    await writeFile(bad, 'selec 2')
    await writeFile(empty, '\n')
    expect(await alice.finish(['query', 'prod-db', '-f', good, '-f', bad, '-f', good])).toMatchObject({ code: 1, stdout: 'a\n-\n1\n', stderr: expect.stringContaining(`error: ${bad}: syntax error at or near "selec" (42601)`) as string })
    expect(await alice.finish(['query', 'prod-db', '-f', bad])).toMatchObject({ code: 1, stderr: expect.stringContaining('error: syntax error') as string })
    expect(await alice.finish(['query', 'prod-db', '-f', good, '-f', empty])).toMatchObject({ code: 64, stdout: '', stderr: expect.stringContaining(`error: ${empty} is empty`) as string })
  })

  test('tells the database\'s error with its SQLSTATE, and a denial with its rule\'s reason', async () => {
    expect(await alice.finish(['query', 'prod-db', 'SELECT * FROM nowhere'])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'hoop: error: relation "nowhere" does not exist (42P01)\nhoop:   LINE 1: SELECT * FROM nowhere\nhoop:                         ^\n'
    })
    expect(await alice.finish(['query', 'prod-db', 'GRANT ALL ON visits TO public'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/error: .*\(42501\)/) as string })
    expect(await alice.finish(['query', 'no-such-db', 'SELECT 1'])).toMatchObject({ code: 1 })
  })

  test('refuses COPY from nowhere, and prints COPY TO STDOUT as it is', async () => {
    expect(await alice.finish(['query', 'prod-db', 'COPY (SELECT 1, NULL) TO STDOUT'])).toMatchObject({ code: 0, stdout: '1\t\\N\n', stderr: 'hoop: COPY 1\n' })
    expect(await alice.finish(['query', 'prod-db', 'COPY hasty2 FROM STDIN'])).toMatchObject({ code: 1 })
  })

  test('streams what is large', async () => {
    const sql = 'SELECT i, repeat(\'x\', 200) AS x FROM generate_series(1, 200000) i'
    const { code, stdout } = await alice.finish(['query', 'prod-db', sql, '--csv'])
    expect(code).toBe(0)
    expect(stdout.split('\n')).toHaveLength(200_002)
  })

  test('shows hostile values, names and errors without an effect; in CSV and JSON they are whole', async () => {
    const literal = `U&'${[...hostileText.replaceAll('\0', '').replaceAll('\uD83D', '')].slice(0, 2000).map((c) => `\\+${c.codePointAt(0)!.toString(16).padStart(6, '0')}`).join('')}'`
    const value = [...hostileText.replaceAll('\0', '').replaceAll('\uD83D', '')].slice(0, 2000).join('')
    const table = await alice.finish(['query', 'prod-db', `SELECT ${literal} AS "a\u001B[2K"`])
    expect(table.stdout).toMatch(/^[^\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E\u200B]*$/)
    expect(table.stdout.split('\n')).toHaveLength(4)
    const json = await alice.finish(['query', 'prod-db', `SELECT ${literal} AS a`, '--json'])
    expect(JSON.parse(json.stdout)).toEqual({ a: value })
    expect(json.stdout).toMatch(/^[^\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E\u200B]*\n$/)
    const failed = await alice.finish(['query', 'prod-db', `SELECT "x\u001B[2K\r" FROM visits`])
    expect(failed.stderr).toMatch(/^[^\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E\u200B]*$/)
  })
})

describe('a held statement', () => {
  test('that nobody waits for is taken back: exit code 8, and the review\'s id', async () => {
    const { code, stdout, stderr } = await alice.finish(['query', 'prod-db', 'DELETE FROM visits'])
    expect({ code, stdout }).toEqual({ code: 8, stdout: expect.stringMatching(/^[a-z0-9]{26}\n$/) as string })
    expect(stderr).toContain(`${stdout.trim()} was opened and taken back`)
    expect(stderr).toContain('hint: to wait for the decision: --wait')
    const json = await alice.finish(['query', 'prod-db', 'DELETE FROM visits', '--json'])
    expect(json).toMatchObject({ code: 8, stdout: expect.stringMatching(/^\{"review":"[a-z0-9]{26}","state":"withdrawn"\}\n$/) as string })
    const review = JSON.parse((await alice.finish(['reviews', 'show', stdout.trim(), '--json'])).stdout) as ReviewDetail
    expect(review.state).toBe('withdrawn')
    expect(await count()).toBe(20)
  })

  test('is approved by somebody else and runs, once, as it was', async () => {
    const asking = alice.run(['query', 'prod-db', '--wait', '--reason', 'INC-4711', 'DELETE FROM visits WHERE id = 20 RETURNING id'])
    const id = await heldBy(asking)
    expect(asking.stderr).toContain(`hoop reviews approve ${id}`)
    const shown = await dora.finish(['reviews', 'show', id.slice(-6)])
    expect(shown.stdout).toMatch(/^alice@example.com wants to run this on prod-db\n[45]:\d\d left\n\n1 \| DELETE FROM visits WHERE id = 20 RETURNING id\n/)
    expect(shown.stdout).toContain('reason      INC-4711\n')
    expect((await alice.finish(['reviews', 'approve', id])).stderr).toContain('somebody else has to decide')
    const approved = await dora.finish(['reviews', 'approve', id.slice(-8), '--reason', 'looks right'])
    expect(approved).toEqual({ code: 0, stdout: '', stderr: `hoop: ${id} is approved: it may run now, once\n` })
    expect(await asking.exited).toBe(0)
    expect(asking.stdout).toBe('id\n--\n20\n')
    expect(asking.stderr).toContain('hoop: approved by dora@example.com: looks right\n')
    expect(asking.stderr).not.toContain('notice')
    expect(await dora.finish(['reviews', 'approve', id])).toMatchObject({ code: 1, stderr: expect.stringContaining('nothing is left to decide') as string })
  })

  test('is rejected: exit code 1 and the reason', async () => {
    const asking = alice.run(['query', 'prod-db', '--wait', 'DELETE FROM visits'])
    const id = await heldBy(asking)
    await dora.finish(['reviews', 'reject', id, '--reason', 'use a\u001B[2K WHERE'])
    expect(await asking.exited).toBe(1)
    expect(asking.stderr).toMatch(/hoop: error: rejected by dora@example.com: use a<U\+001B>\[2K WHERE\nhoop: hint: it did not run; hoop reviews show/)
  })

  test('that nobody decides ends with 2: by its rule, and by --timeout', async () => {
    expect(await alice.finish(['query', 'prod-db', '--wait', 'DELETE FROM hasty'])).toMatchObject({ code: 2, stderr: expect.stringContaining('nobody decided in time') as string })
    expect(await alice.finish(['query', 'prod-db', '--wait', '--timeout', '1s', 'DELETE FROM visits'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/nobody decided within 1 s; [a-z0-9]{26} is withdrawn/) as string
    })
    expect(await count('hasty')).toBe(20)
  })

  test('whose hoop query is ended by Ctrl-C, or killed, is withdrawn', async () => {
    for (const signal of ['INT', 'KILL'] as const) {
      const asking = alice.run(['query', 'prod-db', '--wait', 'DELETE FROM visits'])
      const id = await heldBy(asking)
      asking.signal(signal)
      await asking.exited
      await until('it to be withdrawn', async () => (JSON.parse((await alice.finish(['reviews', 'show', id, '--json'])).stdout) as ReviewDetail).state === 'withdrawn')
      expect((await dora.finish(['reviews', 'approve', id])).code).toBe(1)
    }
    expect(await count()).toBe(19)
  })

  test('whose rule wants reasons has them, or names the flag', async () => {
    expect(await alice.finish(['query', 'prod-db', '--wait', 'DELETE FROM secrets'])).toMatchObject({ code: 64, stderr: expect.stringMatching(/wants a reason[\s\S]*hint: --reason/) as string })
    const asking = alice.run(['query', 'prod-db', '--wait', '--reason', 'clean-up', 'DELETE FROM secrets WHERE id = 1'])
    const id = await heldBy(asking)
    expect(await dora.finish(['reviews', 'approve', id])).toMatchObject({ code: 64, stderr: expect.stringContaining(`hoop reviews approve ${id} --reason "..."`) as string })
    expect((await dora.finish(['reviews', 'approve', id, '--reason', 'ok', '--json'])).stdout).toContain('"state":"approved"')
    expect(await asking.exited).toBe(0)
  })

  test('is listed, given a reason, withdrawn by the one who asked, expired by an admin', async () => {
    const first = alice.run(['query', 'prod-db', '--wait', 'DELETE FROM visits WHERE id = 1'])
    const second = alice.run(['query', 'prod-db', '--wait', 'DELETE FROM visits WHERE id = 2'])
    const [one, two] = await Promise.all([heldBy(first), heldBy(second)])
    const { stdout } = await dora.finish(['reviews'])
    expect(stdout).toMatch(/^REVIEW +STATE +WHO +TARGET +DECIDE +STATEMENT\n/)
    expect(stdout).toMatch(new RegExp(`^${one} +[45]:\\d\\d left +alice@example.com +prod-db +you \\(0/1\\) +DELETE FROM visits WHERE id = `, 'm'))
    expect(listed((await alice.finish(['reviews', '--mine', '--json', '--since', '1h'])).stdout).map(({ id }) => id)).toEqual(expect.arrayContaining([one, two]))
    expect((await alice.finish(['reviews', 'reason', one, 'why not'])).code).toBe(0)
    expect((await dora.finish(['reviews', 'show', one])).stdout).toContain('reason      why not\n')
    expect((await dora.finish(['reviews', 'withdraw', one])).code).toBe(1)
    expect((await alice.finish(['reviews', 'withdraw', one])).code).toBe(0)
    expect(await first.exited).toBe(2)
    expect((await alice.finish(['reviews', 'expire', two])).code).toBe(1)
    expect((await root.finish(['reviews', 'expire', two])).code).toBe(0)
    expect(await second.exited).toBe(2)
    expect((await dora.finish(['reviews'])).stderr).toBe('hoop: nothing waits for a decision\n')
    const states = listed((await root.finish(['reviews', '--state', 'all', '--limit', '2', '--json'])).stdout).map(({ state }) => state)
    expect(states.sort()).toEqual(['expired', 'withdrawn'])
  })

  test('comes in at hoop reviews watch, as lines and as JSON', async () => {
    const lines = dora.run(['reviews', 'watch'])
    const json = dora.run(['reviews', 'watch', '--json'])
    const { stdout } = await until('both to listen', async () => {
      const asked = await alice.finish(['query', 'prod-db', 'DELETE FROM visits'])
      return lines.stdout.includes(asked.stdout.trim()) && json.stdout.includes(asked.stdout.trim()) ? asked : undefined
    })
    await lines.line(new RegExp(`${stdout.trim()} {2}4:59 left, 0/1 {2}alice@example.com {2}prod-db {2}DELETE FROM visits|${stdout.trim()} {2}5:00`))
    await lines.line(new RegExp(`${stdout.trim()} {2}withdrawn`))
    await json.line(new RegExp(`"id":"${stdout.trim()}".*"state":"withdrawn"`))
    for (const line of listed(json.stdout)) expect(line.kind).toBe('statement')
    expect(await lines.end('INT')).toBe(0)
    expect(await json.end('INT')).toBe(0)
  })

  test('is told by hoop connect, in lines and as events', async () => {
    const port = await alice.connect('prod-db')
    const inside = alice.run(['connect', 'prod-db', '--', 'psql', '-X', '-At', '-c', 'DELETE FROM visits WHERE id = 3'])
    const [, id] = await inside.line(/held by rule "writes need the DBAs", asked: dba\nhoop: {3}DELETE FROM visits WHERE id = \S+\nhoop: {3}to decide: hoop reviews approve ([a-z0-9]{26})/, { of: 'stderr' })
    await dora.finish(['reviews', 'reject', id!, '--reason', 'not today'])
    await inside.line(new RegExp(`${id} is rejected by dora@example.com: not today`), { of: 'stderr' })
    expect(await inside.exited).toBe(1)
    await port.close()
  })
})

describe('opening a target that needs a review', () => {
  test('ends with 8 and the id where nobody waits, the same one again', async () => {
    const first = await alice.finish(['query', 'vault-db', 'SELECT 1'])
    expect({ code: first.code, stdout: first.stdout }).toEqual({ code: 8, stdout: expect.stringMatching(/^[a-z0-9]{26}\n$/) as string })
    const again = await alice.finish(['connect', 'vault-db', '--', 'true'])
    expect(again).toMatchObject({ code: 8, stderr: expect.stringContaining(first.stdout.trim()) as string })
    expect(await alice.finish(['query', 'vault-db', '--wait', '--timeout', '1s', 'SELECT 1'])).toMatchObject({ code: 8 })
  })

  test('goes on once it is approved, and is open for its window', async () => {
    const asking = alice.run(['query', 'vault-db', '--wait', 'SELECT 42 AS answer'])
    const [, id] = await asking.line(/opening vault-db waits for a review: ([a-z0-9]{26})/, { of: 'stderr' })
    expect((await dora.finish(['reviews', 'show', id!])).stdout).toMatch(/alice@example.com wants to open vault-db[\s\S]*window {6}1 h from the approval on/)
    await dora.finish(['reviews', 'approve', id!])
    expect(await asking.exited).toBe(0)
    expect(asking.stdout).toBe('answer\n------\n    42\n')
    expect((await alice.finish(['query', 'vault-db', 'SELECT 1'])).code).toBe(0)
  })
})

test('wrong words are told before anything is asked', async () => {
  const wrong = (...args: string[]) => alice.finish(args)
  expect(await wrong('reviews', 'show', '../x')).toMatchObject({ code: 64 })
  expect(await wrong('reviews', '--state', 'open')).toMatchObject({ code: 64 })
  expect(await wrong('query', 'prod-db', '--timeout', '5m', 'SELECT 1')).toMatchObject({ code: 64, stderr: expect.stringContaining('--wait') as string })
  expect(await wrong('query', 'prod-db', '--csv', '--json', 'SELECT 1')).toMatchObject({ code: 64 })
  expect(await wrong('query', 'prod-db', '-f', 'x.sql', 'SELECT 1')).toMatchObject({ code: 64 })
  expect(await wrong('reviews', 'reason', 'abcdef', ' ')).toMatchObject({ code: 64 })
})
