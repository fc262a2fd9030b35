// The screens in a real terminal, with keys pressed and psql beside it: what a person sees.
import { readdirSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import pg from 'pg'
import { paths, type UserSummary } from '../../../shared/api.ts'
import { TestBrowser } from '../../support/browser.ts'
import { TestGateway, testUsers } from '../../support/gateway.ts'
import type { TestPerson, TestPort } from '../../support/person.ts'
import { TestPostgres } from '../../support/postgres.ts'
import type { Tmux } from '../../support/tmux.ts'
import { stepsOf, steady } from '../../support/screen-transcript.ts'
import { until } from '../../support/until.ts'

const transcripts = join(import.meta.dirname, '..', '..', 'transcripts', 'screens')

/** On call: may break the glass. */
const onCall = { username: 'olga', password: 'olga-password', email: 'olga@example.com', groups: ['engineers', 'oncall'] }

let postgres: TestPostgres
let gateway: TestGateway
let alice: TestPerson
let dora: TestPerson
let olga: TestPerson
let port: TestPort
const terminals: Tmux[] = []
const clients: pg.Client[] = []

beforeAll(async () => {
  postgres = await TestPostgres.start()
  await postgres.query('CREATE TABLE visits (id int); INSERT INTO visits SELECT generate_series(1, 20)')
  await postgres.query('CREATE TABLE people (name text, ssn text); INSERT INTO people VALUES (\'Ada\', \'123-45-6789\')')
  const target = { address: postgres.address, database: 'postgres', credential: { user: postgres.superuser, password: postgres.password } }
  gateway = await TestGateway.start({
    targets: { 'prod-db': target, 'vault-db': { ...target, labels: { env: 'vault' } } },
    users: [...testUsers, { username: 'dora', password: 'dora-password', email: 'dora@example.com', groups: ['dba'] }, onCall],
    policy: [
      { name: 'engineers may work', who: { group: 'engineers' }, effects: ['read', 'write', 'session', 'unknown'], then: 'allow' },
      { name: 'writes need the DBAs', effects: ['write'], then: 'hold', approvers: { group: 'dba' }, timeout: '10m', breakGlass: ['oncall'] },
      { name: 'the vault needs the DBAs', targets: { env: 'vault' }, on: 'open', then: 'hold', approvers: { group: 'dba' }, window: '1h' }
    ],
    sections: { protect: [{ name: 'PHI', columns: ['public.people.name', 'public.people.ssn'] }] }
  })
  ;[alice, dora, olga] = await Promise.all([gateway.person('alice'), gateway.person('dora'), gateway.person('olga')])
  port = await alice.connect('prod-db')
})
afterEach(async () => {
  await Promise.all(terminals.splice(0).map((terminal) => terminal.close()))
  await Promise.all(clients.splice(0).map((client) => client.end().catch(() => undefined)))
})
afterAll(async () => {
  await port?.close()
  await gateway?.stop()
  await postgres?.stop()
})

async function opened(terminal: Promise<Tmux>): Promise<Tmux> {
  terminals.push(await terminal)
  return terminal
}

/** A statement from a client of alice's; settles when it has run, or has been refused. */
async function asked(sql: string, at: { host: string, port: number } = port): Promise<{ result: Promise<string> }> {
  const client = new pg.Client({ host: at.host, port: at.port, user: 'hoop', database: 'postgres', application_name: 'worker' })
  client.on('error', () => undefined)
  clients.push(client)
  await client.connect()
  return { result: client.query(sql).then(({ rowCount }) => `${rowCount} rows`, (error: Error) => error.message) }
}

function portOn(screen: string): { host: string, port: number } {
  const [, host, at] = /postgresql:\/\/[^@]*@([\d.]+):(\d+)\//.exec(screen)!
  return { host: host!, port: Number(at) }
}

describe('hoop reviews watch', () => {
  test('shows what comes in, lets one read it and approve it, and leaves the terminal as it was', async () => {
    const terminal = await opened(dora.terminal(['reviews', 'watch']))
    await terminal.see(/nothing waits for a decision/)
    const { result } = await asked('DELETE FROM visits WHERE id = 1')
    await terminal.see(/^> +9:\d\d +\d+ s +alice@example\.com +prod-db +DELETE FROM visits/m)
    await terminal.press('Enter')
    const text = await terminal.see(/a approves, r rejects, Esc/)
    expect(text).toMatch(/^alice@example.com wants to run this on prod-db\n9:\d\d left\n\n1 \| DELETE FROM visits WHERE id = 1\n/)
    await terminal.press('a')
    await terminal.see(/Approve it, as shown\? {2}y approves/)
    await terminal.press('y')
    await terminal.see(/is approved: it may run now, once/)
    expect(await result).toBe('1 rows')
    await terminal.see(/nothing waits/)
    await terminal.press('q')
    expect(await terminal.see(/ended with 0/)).toBe('ended with 0\n')
  })

  test('rejects with a reason that the client gets to read', async () => {
    const { result } = await asked('DELETE FROM visits')
    const terminal = await opened(dora.terminal(['reviews', 'watch']))
    await terminal.see(/1 waits/)
    await terminal.press('r')
    await terminal.see(/Reason \(may stay empty\)/)
    await terminal.type('name the rows')
    await terminal.see(/name the rows_/)
    await terminal.press('Enter')
    expect(await result).toMatch(/name the rows/)
    await terminal.press('C-c')
    await terminal.see(/ended with 0/)
  })

  test('fits 40 columns, follows another size, and wants no colour where none is wanted', async () => {
    const ids = Array.from({ length: 100 }, (_, i) => i + 100).join(', ')
    const { result } = await asked(`DELETE FROM visits WHERE id IN (${ids}) -- \u001B[2K\u001B[1Ginvisible`)
    const terminal = await opened(dora.terminal(['reviews', 'watch'], { columns: 40, rows: 15, env: { NO_COLOR: '1' } }))
    await terminal.see(/^> +9:\d\d prod-db alice@example\.com\n {3}DELETE FROM visits/m)
    await terminal.press('Enter')
    const text = await terminal.see(/more lines below/)
    expect(text.split('\n').slice(0, 2)).toEqual(['alice@example.com wants to run this on', 'prod-db'])
    await terminal.press('G')
    await terminal.see(/-- the end/)
    // One after the other: several keys that arrive together are taken for a paste, which decides nothing here.
    await terminal.press('g')
    await terminal.see(/more lines below/)
    await terminal.press('Space')
    await terminal.see(/<U\+001B>\[2K/)
    await terminal.resize(100, 30)
    await terminal.see(/^alice@example.com wants to run this on prod-db$/m)
    // Bold is no colour, but nothing of it is needed either.
    expect(await terminal.painted()).not.toMatch(/\u001B\[[\d;]*3\d/)
    // Escape and a letter that arrive together are one key, Alt and the letter.
    await terminal.press('Escape')
    await terminal.see(/r rejects, q quits$/m)
    await terminal.press('r')
    // What comes before the statement is there decides nothing.
    await terminal.see(/Reason \(may stay empty\)/)
    await terminal.press('Enter')
    expect(await result).not.toMatch(/rows$/)
  })

  test('says that the gateway is gone, and finds it again', async () => {
    const terminal = await opened(dora.terminal(['reviews', 'watch']))
    await terminal.see(/nothing waits/)
    await gateway.halt('KILL')
    try {
      await terminal.see(/trying again/)
    } finally {
      await gateway.resume()
    }
    await until('it to be back', async () => !/trying again/.test(await terminal.screen()))
    await until('the port to be back', () => port.events().some(({ type }) => type === 'gateway.back'))
  })
})

describe('hoop connect on a terminal', () => {
  test('shows a hold with its clock below what was printed, takes a reason, and withdraws', async () => {
    const terminal = await opened(alice.terminal(['connect', 'prod-db', '--port', '0'], { columns: 100 }))
    const text = await terminal.see(/0 connections {2}\| {2}c copies the URL, q quits/)
    const { host, port: at } = portOn(text)
    const { result } = await asked('DELETE FROM visits WHERE id = 2', { host, port: at })
    const seen = await terminal.see(/held, 9:\d\d left: connection 1, asked dba, rule "writes need the DBAs"\n {4}DELETE FROM visits WHERE id = /)
    expect(seen).toContain(`@${host}:${at}/`)
    await terminal.press('r')
    await terminal.see(/Reason: _/)
    await terminal.type('INC-4711')
    await terminal.see(/INC-4711_/)
    await terminal.press('Enter')
    await terminal.see(/those who decide see your reason now/)
    expect((await dora.finish(['reviews', '--json'])).stdout).toContain('"requesterReason":"INC-4711"')
    await terminal.press('w')
    expect(await result).toMatch(/withdr/)
    await terminal.see(/1 connection {2}\| {2}c copies the URL, q quits/)
    await terminal.press('q')
    const end = await terminal.see(/ended with 0/)
    expect(end).toMatch(/^hoop: also on the Unix socket [\s\S]*hoop: connection 1: \w{26} is withdrawn[\s\S]*hoop: closed\nended with 0/)
    expect(end).not.toMatch(/q quits/)
  })

  test('counts rows and masked cells up while a statement runs, and says how old it is', async () => {
    const terminal = await opened(alice.terminal(['connect', 'prod-db', '--port', '0'], { columns: 100 }))
    const at = portOn(await terminal.see(/0 connections/))
    const { result } = await asked('SELECT v.id, p.ssn, p.name, repeat(v.id::text, 9000), pg_sleep(0.1) FROM visits v, people p WHERE v.id > 0', at)
    const rowsSeen = async () => Number(/worker: running 0:0\d, (\d+) rows?, \d+ cells of 2 columns masked/.exec(await terminal.screen())?.[1] ?? 0)
    const first = await until('the first rows', async () => await rowsSeen() > 0 && rowsSeen())
    await until('more of them', async () => await rowsSeen() > first)
    expect(await terminal.screen()).toMatch(/SELECT v\.id, p\.ssn, p\.name, repeat\(v\.id::text, \?\), pg_sleep/)
    expect(await result).toMatch(/^\d+ rows$/)
    const count = Number((await result).split(' ')[0])
    await terminal.see(new RegExp(`worker: idle 0:0\\d, ${count} rows, ${2 * count} cells of 2 columns masked\\n +${count} rows, \\d`))
  })

  test('puts the URL into tmux\'s buffer', async () => {
    const terminal = await opened(alice.terminal(['connect', 'prod-db', '--port', '0'], { columns: 100 }))
    const text = await terminal.see(/q quits/)
    await terminal.press('c')
    await terminal.see(/copied: it is in tmux's buffer/)
    expect(await terminal.buffer()).toBe(/^postgresql:.*$/m.exec(text)![0])
  })

  /** Shuts olga out and in again: her login is gone for good. */
  async function endLogin(): Promise<void> {
    const root = await gateway.person('root')
    expect((await root.finish(['users', 'disable', 'olga@example.com'])).code).toBe(0)
    const { body } = await gateway.get<UserSummary[]>('root', paths.users)
    expect((await root.finish(['users', 'enable', body.find(({ email }) => email === 'olga@example.com')!.id])).code).toBe(0)
  }

  test('says that the login has ended, makes another with a code, and keeps the port', async () => {
    const terminal = await opened(olga.terminal(['connect', 'prod-db', '--port', '0'], { columns: 100 }))
    const at = portOn(await terminal.see(/0 connections/))
    await endLogin()
    await terminal.see(/the port stays open, and clients are told to log in\n.*hoop login http/)
    expect(await asked('SELECT 1', at).catch((error: Error) => error.message)).toBe('your login has ended; sign in: hoop login')
    await terminal.press('d')
    const asking = await terminal.see(/enter the code\n.*?([A-Z0-9-]+)\n[\s\S]*logging in: enter the code elsewhere\nEsc gives up/)
    const [, page, code] = /open (http\S+) on any device and enter the code\n.* ([A-Z0-9-]+)\n/.exec(asking)!
    await new TestBrowser().confirmDevice(page!, code!, onCall)
    await terminal.see(/logged in to http:\S+ as olga@example\.com[\s\S]*0 connections {2}\| {2}c copies/)
    expect(await (await asked('SELECT 1', at)).result).toBe('1 rows')
  })

  test('makes another login with the browser', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hoop-browser-'))
    await writeFile(join(folder, 'xdg-open'), `#!/bin/sh\nprintf %s "$1" > ${join(folder, 'part')} && mv ${join(folder, 'part')} ${join(folder, 'url')}\n`, { mode: 0o700 })
    try {
      const terminal = await opened(olga.terminal(['connect', 'prod-db', '--port', '0'], { columns: 100, env: { PATH: `${folder}:${process.env.PATH}` } }))
      const at = portOn(await terminal.see(/0 connections/))
      await endLogin()
      await terminal.see(/l logs in with the browser/)
      await terminal.press('l')
      await terminal.see(/logging in: go on in the browser/)
      const url = await until('the browser to be opened', () => readFile(join(folder, 'url'), 'utf8').catch(() => undefined))
      const browser = new TestBrowser()
      expect((await browser.visit(await browser.logIn(url, onCall))).body).toContain('You are logged in')
      await terminal.see(/logged in to http:\S+ as olga@example\.com[\s\S]*0 connections {2}\| {2}c copies/)
      expect(await (await asked('SELECT 1', at)).result).toBe('1 rows')
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('waits for the review of a target that wants one, with a clock, and opens it then', async () => {
    const terminal = await opened(alice.terminal(['connect', 'vault-db', '--port', '0']))
    await terminal.see(/waiting for dba, (14:\d\d|15:00) left/)
    const [{ id }] = (await dora.finish(['reviews', '--json'])).stdout.trim().split('\n').map((line) => JSON.parse(line) as { id: string }) as [{ id: string }]
    const deciding = await opened(dora.terminal(['reviews', 'approve', id.slice(-8)]))
    await deciding.see(/wants to open vault-db[\s\S]*Approve it\? Type y:/)
    await deciding.type('y')
    await deciding.press('Enter')
    await deciding.see(/is approved/)
    await terminal.see(/q quits/)
    await terminal.press('C-c')
    await terminal.see(/hoop: closed\nended with 0/)
  })

  test('is left at once by a second Ctrl-C', async () => {
    const terminal = await opened(alice.terminal(['connect', 'prod-db', '--port', '0']))
    const text = await terminal.see(/q quits/)
    await asked('SELECT pg_sleep(30)', portOn(text))
    await terminal.see(/1 connection {2}\|/)
    await terminal.press('C-c')
    await terminal.see(/closing; what is running has 2 s/)
    await terminal.press('C-c')
    await terminal.see(/cut short\nended with 130/)
  })
})

describe.each(readdirSync(transcripts))('the transcript %s', (file) => {
  test('is what a person sees', async () => {
    const steps = stepsOf(await readFile(join(transcripts, file), 'utf8'))
    expect(steps.filter(({ type }) => type === 'screen').length).toBeGreaterThan(0)
    let terminal: Tmux | undefined
    let answer: Promise<string> | undefined
    for (const step of steps) {
      switch (step.type) {
        case 'hoop': terminal = await opened((await gateway.person(step.who)).terminal(step.words, { columns: 120 })); break
        case 'press': await terminal!.press(...step.keys); break
        case 'type': await terminal!.type(step.text); break
        case 'ask': answer = asked(step.text, portOn(await terminal!.screen())).then(({ result }) => result, (error: Error) => error.message); break
        case 'answer': expect(await answer).toBe(step.text); break
        case 'gateway': await (step.does === 'stops' ? gateway.halt('TERM') : gateway.resume()); break
        case 'screen': {
          let seen = ''
          const wanted = step.lines.join('\n')
          await until('the screen', async () => (seen = steady(await terminal!.screen())) === wanted).catch(() => expect(seen).toBe(wanted))
        }
      }
    }
  })
})

test('hoop query --wait on a terminal shows the clock, and Ctrl-C withdraws', async () => {
  const visits = () => postgres.query('SELECT id FROM visits')
  const before = await visits()
  const terminal = await opened(alice.terminal(['query', 'prod-db', '--wait', 'DELETE FROM visits']))
  await terminal.see(/waiting for dba, 9:\d\d left \(Ctrl-C withdraws it\)/)
  await terminal.press('C-c')
  await terminal.see(/error: cancelled while it waited for a review, which is withdrawn\n[\s\S]*ended with 2/)
  expect(await visits()).toEqual(before)
})
