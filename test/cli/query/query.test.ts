// `hoop query` with a terminal and without: the pager, several files, results larger than memory should hold.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestGateway } from '../../support/gateway.ts'
import type { TestPerson } from '../../support/person.ts'
import { TestPostgres } from '../../support/postgres.ts'

let postgres: TestPostgres
let gateway: TestGateway
let alice: TestPerson

beforeAll(async () => {
  postgres = await TestPostgres.start()
  gateway = await TestGateway.start({
    targets: { 'prod-db': { address: postgres.address, database: 'postgres', credential: { user: postgres.superuser, password: postgres.password } } }
  })
  alice = await gateway.person('alice')
})
afterAll(async () => {
  await gateway?.stop()
  await postgres?.stop()
})

const many = 'SELECT n AS number FROM generate_series(1, 400) n'

describe('the pager', () => {
  type Look = (see: (pattern: RegExp) => Promise<string>, press: (key: string) => Promise<void>) => Promise<void>

  async function onScreen(words: readonly string[], env: Readonly<Record<string, string>>, look: Look) {
    const screen = await alice.terminal(['query', 'prod-db', ...words], { rows: 12, env })
    try {
      await look((pattern) => screen.see(pattern), (key) => screen.press(key))
    } finally {
      await screen.close()
    }
  }

  test('that is not there costs nothing of the result', () => onScreen([many], { PAGER: 'no-such-pager' }, async (see) => {
    expect(await see(/ended with 0/)).toMatch(/399\n *400\nhoop: 400 rows/)
  }))

  test.each([['--no-pager', {}], ['PAGER=cat', { PAGER: 'cat' }]])('is not used with %s', (name, env) =>
    onScreen([...(name.startsWith('--') ? [name] : []), many], { PAGER: 'false', ...env }, async (see) => {
      expect(await see(/ended with 0/)).toMatch(/400\nhoop: 400 rows/)
    }))

  test('is not used for what fits on the screen', () => onScreen(['SELECT 1'], { PAGER: 'echo paged; cat' }, async (see) => {
    expect(await see(/ended with 0/)).not.toContain('paged')
  }))

  test('has the beginning of what is longer; leaving it early ends well', () => onScreen([many], { PAGER: 'less' }, async (see, press) => {
    await see(/number\n-+\n +1\n +2\n[\s\S]*:$/m)
    await press('q')
    await see(/hoop: 400 rows[\s\S]*ended with 0/)
  }))

  test('keeps Ctrl-C to itself', () => onScreen([many], { PAGER: 'less' }, async (see, press) => {
    await see(/number\n-+\n +1\n/)
    await press('C-c')
    await press('q')
    await see(/ended with 0/)
  }))

  test('is none where nobody looks: a pipe', async () => {
    const { code, stdout } = await alice.finish(['query', 'prod-db', many], { PAGER: 'false' })
    expect({ code, lines: stdout.split('\n').length }).toEqual({ code: 0, lines: 403 })
  })
})

test('on a terminal each count stands below its own rows, where they fit and where they do not', async () => {
  const screen = await alice.terminal(['query', 'prod-db', 'SELECT 1 AS one; SELECT 2 AS two; SELECT n FROM generate_series(1, 40) n'], { rows: 30, env: { PAGER: 'tail -2' } })
  try {
    const text = await screen.see(/ended with 0/)
    expect(text.replace(/ +$/gm, '')).toMatch(/one\n---\n +1\nhoop: 1 row\ntwo\n---\n +2\nhoop: 1 row\n39\n40\nhoop: 40 rows\nended with 0/)
  } finally {
    await screen.close()
  }
})

test('what is sent to a pager is safe to look at', async () => {
  const screen = await alice.terminal(['query', 'prod-db', 'SELECT chr(27) || \'[2J\' || n FROM generate_series(1, 100) n'], { rows: 10, env: { PAGER: 'cat > paged' } })
  try {
    await screen.see(/ended with 0/)
  } finally {
    await screen.close()
  }
  const paged = await readFile(join(alice.configDirectory, 'paged'), 'utf8')
  expect(paged).toContain('<U+001B>[2J100')
  expect(paged).not.toContain('\u001B')
})

describe('several files', () => {
  test('run in order, up to the first that fails, each on its own', async () => {
    const file = async (name: string, text: string) => {
      await writeFile(join(alice.configDirectory, name), text)
      return ['-f', join(alice.configDirectory, name)]
    }
    const [one, bad, three] = [await file('1.sql', 'CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)'), await file('2.sql', 'SELECT 1/0'), await file('3.sql', 'DROP TABLE kept')]
    const { code, stderr } = await alice.finish(['query', 'prod-db', ...one, ...bad, ...three])
    expect(code).toBe(1)
    expect(stderr).toContain('division by zero (22012)')
    expect(await postgres.query('SELECT n FROM kept')).toEqual([{ n: 7 }])
    expect((await alice.finish(['query', 'prod-db', '--csv', ...await file('4.sql', 'SELECT n FROM kept'), ...three])).stdout).toBe('n\n7\n')
  })
})

test('a result of 100 MB passes through a heap of 48', async () => {
  const script = `"$NODE" "$HOOP" query prod-db --csv "SELECT n, repeat('x', 1000) FROM generate_series(1, 100000) n" | { sleep 1; wc -c; }`
  const { execFile } = await import('node:child_process')
  const env = { ...process.env, ...alice.environment, NODE: process.execPath, HOOP: gateway.hoop, NODE_OPTIONS: '--max-old-space-size=48' }
  const told = await new Promise<string>((resolve) => { execFile('sh', ['-c', script], { env, timeout: 60_000 }, (_, stdout, stderr) => resolve(stdout + stderr)) })
  expect(told).toContain('hoop: 100000 rows')
  expect(Number(/^\d+$/m.exec(told)![0])).toBeGreaterThan(100_000_000)
})
