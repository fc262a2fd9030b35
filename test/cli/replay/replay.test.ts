// `hoop sessions replay` in a real terminal, with keys pressed: what a person sees, and what is left when they go.
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { connectPg } from '../../support/connect-pg.ts'
import { TestGateway } from '../../support/gateway.ts'
import type { TestPerson } from '../../support/person.ts'
import { TestPostgres } from '../../support/postgres.ts'
import type { Tmux, TmuxOptions } from '../../support/tmux.ts'

let postgres: TestPostgres
let gateway: TestGateway
let alice: TestPerson
let session: string
const terminals: Tmux[] = []

beforeAll(async () => {
  postgres = await TestPostgres.start()
  await postgres.query('CREATE DATABASE clinic')
  await postgres.query('CREATE TABLE patients AS SELECT n AS id, \'731-82-\' || 4000 + n AS ssn FROM generate_series(1, 60) n', { database: 'clinic' })
  const target = { address: postgres.address, database: 'clinic', credential: { user: postgres.superuser, password: postgres.password } }
  gateway = await TestGateway.start({
    targets: { 'prod-db': target },
    env: { RECORDING_KEY: randomBytes(32).toString('base64') },
    sections: { recording: { directory: 'recordings', key: 'env:RECORDING_KEY' } }
  })
  alice = await gateway.person('alice')
  const port = await alice.connect('prod-db')
  const client = await connectPg(port)
  await client.query('SELECT * FROM patients WHERE id < 4')
  await client.query('SELECT 1/0').catch(() => undefined)
  await client.query('SELECT * FROM patients')
  await client.end()
  await port.close()
  session = port.session
})
afterEach(() => Promise.all(terminals.splice(0).map((terminal) => terminal.close())))
afterAll(async () => {
  await gateway?.stop()
  await postgres?.stop()
})

async function replayed(flags: readonly string[] = [], options: Omit<TmuxOptions, 'cwd'> = {}): Promise<Tmux> {
  const terminal = await alice.terminal(['sessions', 'replay', session, ...flags], options)
  terminals.push(terminal)
  return terminal
}

test('plays by itself to the end, jumps, and leaves the terminal as it was', async () => {
  const terminal = await replayed()
  const text = await terminal.see(/the end 1x {2}statement 3\/3 {2}error 1\/1/)
  expect(text.split('\n')[0]).toMatch(new RegExp(`^hoop replay ${session}: alice@example.com on prod-db`))
  expect(text.split('\n')[1]).toBe('matches the audit log: yes')
  await terminal.press('e')
  await terminal.see(/there is no further error/)
  await terminal.press('E')
  await terminal.see(/paused 1x {2}statement 2\/3 {2}error 1\/1/)
  await terminal.press('p', 'p')
  await terminal.see(/statement 1\/3/)
  expect(await terminal.screen()).toMatch(/> SELECT \* FROM patients WHERE id < 4\n\S+ {2}id {2}ssn\n {14}1 {3}731-82-4001\n/)
  await terminal.press('q')
  expect(await terminal.see(/ended with 0/)).toBe('ended with 0\n')
})

test('fits 40 columns, follows another size, and wants no colour where none is wanted', async () => {
  const terminal = await replayed(['--speed', '100'], { columns: 40, rows: 15, env: { NO_COLOR: '1' } })
  await terminal.see(/the end 100x/)
  expect(await terminal.painted()).not.toMatch(/\u001B\[[\d;]*3\d/)
  await terminal.press('n')
  await terminal.see(/there is no further statement/)
  await terminal.press('p', 'p')
  await terminal.see(/ERROR 22012: division by zero/)
  await terminal.resize(100, 30)
  await terminal.see(/^\S+ {2}> SELECT 1\/0\n\S+ {2}ERROR 22012: division by zero$/m)
  await terminal.press('C-c')
  await terminal.see(/ended with 0/)
})

test('prints it where the terminal can show no screen, and where nobody sits', async () => {
  const terminal = await replayed([], { rows: 100, env: { TERM: 'dumb' } })
  const text = await terminal.see(/ended with 0/)
  expect(text).toMatch(/^matches the audit log {2}yes\n[^]*731-82-4060\n[^]*the session ended: [^]*ended with 0\n$/m)
  const { code, stdout, stderr } = await alice.finish(['sessions', 'replay', session])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toBe((await alice.finish(['sessions', 'replay', session, '--text'])).stdout)
})

test('a file that was changed is shown in red, up to the damage, and is a failure', async () => {
  const path = join(gateway.folder, 'recordings', session)
  const whole = await readFile(path)
  const changed = Buffer.from(whole)
  changed[changed.length - 20]! ^= 1
  await writeFile(path, changed)
  try {
    const terminal = await replayed()
    await terminal.see(/^matches the audit log: NO: the file is not the one that was written\nDAMAGED: [^]*behind this is shown$/m)
    expect(await terminal.painted()).toMatch(/\u001B\[31m(?:\u001B\[49m)?matches the audit log: NO/)
    await terminal.press('q')
    await terminal.see(/ended with 1/)
  } finally {
    await writeFile(path, whole)
  }
})

test('what there is not is told before a screen covers it', async () => {
  const terminal = await alice.terminal(['sessions', 'replay', '01k5b2y8v4s0q9m3t7x6c1n0ad'])
  terminals.push(terminal)
  await terminal.see(/hoop: error: there is no such session\n[^]*ended with 1/)
})
