// Exemptions that want a reason and end, through the real gateway: clear values to whoever asked, for as long as they may, and to nobody
// and at no time besides; and all of it in the audit log.
import { readFile, writeFile } from 'node:fs/promises'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { paths, type ApiProblem, type OpenedSession, type ReviewSummary } from '../../shared/api.ts'
import type { AuditEntry } from '../../shared/audit/entry.ts'
import type { Explanation } from '../../shared/explain.ts'
import { connectPg } from '../support/connect-pg.ts'
import { allowEverything, TestGateway, testUsers } from '../support/gateway.ts'
import type { TestPerson, TestPort } from '../support/person.ts'
import { TestPostgres } from '../support/postgres.ts'
import { Recorder } from '../support/recorder.ts'
import { until } from '../support/until.ts'

const ssn = '731-82-4695'
const address = 'ada.kwyjibo@zqxgh.uvwk'
const protect = [
  { name: 'numbers', columns: ['public.patients.ssn'], mask: 'last4', except: { group: 'privacy', reason: 'required', for: '1h' } },
  { name: 'addresses', columns: ['public.patients.email'], except: { group: 'privacy', for: '10s' } },
  { name: 'notes', columns: ['public.patients.note'], except: { group: 'privacy', until: '2001-01-01' } }
]
const held = { name: 'changes wait', effects: ['write'], then: 'hold', approvers: { group: 'hoop-admins' } }

let postgres: TestPostgres
let gateway: TestGateway
let dana: TestPerson
const ports: TestPort[] = []
const clients: pg.Client[] = []

beforeAll(async () => {
  postgres = await TestPostgres.start()
  await postgres.query('CREATE ROLE hoop_app LOGIN PASSWORD \'app-password\'')
  await postgres.query('CREATE DATABASE clinic OWNER hoop_app')
  await postgres.query(`SET ROLE hoop_app; CREATE TABLE patients (id int PRIMARY KEY, name text, ssn text, email text, note text);
    INSERT INTO patients VALUES (1, 'Ada', '${ssn}', '${address}', 'Jabberwock'), (2, 'Bob', '682-17-9354', NULL, NULL)`, { database: 'clinic' })
  gateway = await TestGateway.start({
    targets: { 'prod-db': { address: postgres.address, database: 'clinic', credential: { user: 'hoop_app', password: 'app-password' } } },
    users: [...testUsers, { username: 'dana', password: 'dana-password', email: 'dana@example.com', groups: ['engineers', 'privacy'] }],
    policy: [...allowEverything, held],
    sections: { protect }
  })
  dana = await gateway.person('dana')
})
afterAll(async () => {
  await gateway?.stop()
  await postgres?.stop()
})
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end().catch(() => undefined)))
  await Promise.all(ports.splice(0).map((port) => port.close()))
})

async function port(...flags: string[]): Promise<TestPort> {
  const opened = await dana.connect('prod-db', {}, flags)
  ports.push(opened)
  return opened
}

async function client(to: Pick<TestPort, 'port'>): Promise<pg.Client> {
  const opened = await connectPg(to)
  clients.push(opened)
  return opened
}

const both = 'SELECT ssn, email FROM patients WHERE id = 1'
const masked = [{ ssn: '***4695', email: '***' }]
const clear = [{ ssn, email: address }]
const entriesOf = async (session: string) => (await gateway.audit()).filter((entry) => 'session' in entry && entry.session === session)
const started = (entries: readonly AuditEntry[]) => entries.find((entry) => entry.kind === 'session.start')
const warnings = (opened: TestPort) => opened.events().flatMap(({ type, message }) => type === 'warning' ? [message as string] : [])
const ended = (opened: TestPort) => until('the end to be told', () => warnings(opened).some((message) => message.includes('"addresses"')))

/** Replaces the section, as an operator would, and waits until it is in force. */
async function reload(section: unknown): Promise<void> {
  const changes = async () => (await gateway.audit()).filter(({ kind }) => kind === 'policy.change').length
  const before = await changes()
  const written = parse(await readFile(gateway.configFile, 'utf8')) as Record<string, unknown>
  await writeFile(gateway.configFile, stringify({ ...written, protect: section }))
  gateway.signal('HUP')
  await until('the policy to be in force', async () => await changes() > before)
}

test('without a reason a member sees what everybody sees, and the log has no clear read', async () => {
  const opened = await port()
  expect((await (await client(opened)).query(both)).rows).toEqual(masked)
  const outcome = await until('the outcome', async () => (await entriesOf(opened.session)).find((entry) => entry.kind === 'outcome'))
  expect(outcome).toMatchObject({ outcome: { exposure: { masked: ['public.patients.email', 'public.patients.ssn'], clear: [] } } })
  const entries = await entriesOf(opened.session)
  expect(started(entries)).not.toHaveProperty('exemption')
  expect(JSON.stringify(entries)).not.toMatch(/"clear":\[[^\]]/)
})

test('with a reason the values are clear, until each end: what is prepared by then is masked, and so is the rest of a portal', async () => {
  const opened = await port('--clear', 'INC-4711: duplicate')
  const ready = opened.events().find(({ type }) => type === 'ready')!
  const [numbers, addresses] = ready.clear as { rule: string, until: string }[]
  expect([numbers!.rule, addresses!.rule]).toEqual(['numbers', 'addresses'])
  const recorder = await Recorder.start(opened)
  const connection = await client(recorder)
  const prepared = { name: 's', text: both }
  expect((await connection.query(prepared)).rows).toEqual(clear)
  const partly = await client(opened)
  const other = await port()
  expect((await (await client(other)).query(both)).rows).toEqual(masked)

  await partly.query('BEGIN')
  await partly.query('DECLARE c CURSOR FOR SELECT id, email, ssn FROM patients ORDER BY id')
  expect((await partly.query('FETCH 1 FROM c')).rows).toEqual([{ id: 1, email: address, ssn }])
  await ended(opened)
  const sent = recorder.received.length
  expect((await partly.query('FETCH BACKWARD 0 FROM c')).rows).toEqual([{ id: 1, email: '***', ssn }])
  expect((await connection.query(prepared)).rows).toEqual([{ ssn, email: '***' }])
  expect((await connection.query(both)).rows).toEqual([{ ssn, email: '***' }])
  expect(recorder.received.subarray(sent).toString('latin1')).not.toContain('kwyjibo')
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(addresses!.until))
  expect(warnings(opened)).toEqual(['values are masked from now on: the exemption from "addresses" has ended'])
  await recorder.stop()

  const entries = await until('all outcomes', async () => {
    const found = await entriesOf(opened.session)
    return found.filter(({ kind }) => kind === 'outcome').length === found.filter(({ kind }) => kind === 'statement.intent').length ? found : undefined
  })
  expect(started(entries)).toMatchObject({ actor: { email: 'dana@example.com' }, exemption: { reason: 'INC-4711: duplicate', rules: [numbers, addresses] } })
  expect(Date.parse(addresses!.until) - Date.parse(started(entries)!.time)).toBeLessThanOrEqual(10_000)
  const shown = entries.flatMap((entry) => entry.kind === 'outcome' && entry.outcome.exposure !== undefined ? [entry.outcome.exposure] : [])
  const used = (...rules: string[]) => rules.map((rule) => ({ rule, columns: [rule === 'numbers' ? 'public.patients.ssn' : 'public.patients.email'] }))
  expect(shown.at(0)).toEqual({ masked: [], clear: used('addresses', 'numbers'), flags: [] })
  expect(shown.at(-1)).toEqual({ masked: ['public.patients.email'], clear: used('numbers'), flags: [] })
  const intents = entries.flatMap((entry) => entry.kind === 'statement.intent' && entry.statement.exposure !== undefined ? [entry.statement.exposure.clear] : [])
  expect(intents).toContainEqual(used('addresses', 'numbers'))
  expect(JSON.stringify(await gateway.audit())).not.toContain('kwyjibo')
})

test('a predicate under an exemption is in the log, too', async () => {
  const opened = await port('--clear', 'INC-1')
  expect((await (await client(opened)).query('SELECT id FROM patients WHERE ssn LIKE \'731%\'')).rows).toEqual([{ id: 1 }])
  await until('the outcome', async () => (await entriesOf(opened.session)).some((entry) => entry.kind === 'outcome'
    && JSON.stringify(entry.outcome.exposure?.clear) === '[{"columns":["public.patients.ssn"],"rule":"numbers"}]'))
})

test('a statement held while the exemption ends does not run, whoever approves it: it was judged with values in clear', async () => {
  const opened = await port('--clear', 'INC-2')
  const waiting = (await client(opened)).query('UPDATE patients SET name = \'Ada\' WHERE email LIKE \'ada%\' RETURNING email')
  const failure = waiting.then(() => undefined, (error: unknown) => error as { code: string, message: string })
  const review = await until('the review', async () => (await gateway.get<ReviewSummary[]>('root', `${paths.reviews}?state=pending`)).body[0])
  await ended(opened)
  const { body } = await gateway.get<{ binding: string }>('root', paths.review(review.id))
  await gateway.post('root', paths.approveReview(review.id), { binding: body.binding })
  expect(await failure).toMatchObject({ code: '57014', message: expect.stringMatching(/an exemption from masking has ended/) as string })
})

test('hoop query says what is clear, shows it, and is masked without the reason', async () => {
  const asked = await dana.finish(['query', 'prod-db', '--csv', '--clear', 'INC-3', both])
  expect(asked).toMatchObject({ code: 0, stdout: `ssn,email\n${ssn},${address}\n` })
  expect(asked.stderr).toMatch(/^hoop: in clear: what "numbers" protects, until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/m)
  expect((await dana.finish(['query', 'prod-db', '--csv', both])).stdout).toBe('ssn,email\n***4695,***\n')
  const wrapped = await dana.finish(['connect', 'prod-db', '--clear', 'INC-3', '--', 'psql', '-X', '-A', '-t', '-U', 'whoever', '-d', 'clinic', '-c', both])
  expect(wrapped).toMatchObject({ code: 0, stdout: `${ssn}|${address}\n` })
})

describe('whoever may not', () => {
  test('is told so, with who may, and no session is opened masked instead', async () => {
    const alice = await gateway.person('alice')
    const before = (await gateway.audit()).filter(({ kind }) => kind === 'session.start').length
    for (const command of [['query', 'prod-db', '--clear', 'INC-4', both], ['connect', 'prod-db', '--port', '0', '--clear', 'INC-4']]) {
      const { code, stdout, stderr } = await alice.finish(command)
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toMatch(/error: you are in no group that may see protected values of "prod-db" in clear, so the session was not opened/)
      expect(stderr).toMatch(/hint: members of privacy may/)
    }
    expect((await gateway.audit()).filter(({ kind }) => kind === 'session.start')).toHaveLength(before)
  })

  test('is an agent of a member', async () => {
    const created = await gateway.post<{ secret: string }>('dana', paths.serviceTokens, { name: 'bot', targets: ['prod-db'], expiresInDays: 1, kind: 'agent' })
    expect((await gateway.post<ApiProblem>(created.body.secret, paths.sessions, { target: 'prod-db', clear: 'INC-5' })).body)
      .toMatchObject({ code: 'denied', detail: expect.stringMatching(/only people/) as string })
  })
})

describe('a hostile reason', () => {
  const ask = (clear: unknown) => gateway.post<ApiProblem & OpenedSession>('dana', paths.sessions, { target: 'prod-db', clear })

  test.each<[string, unknown, number]>([
    ['of a megabyte', 'x'.repeat(1024 * 1024), 413],
    ['longer than a reason is', 'x'.repeat(1001), 400],
    ['that is blank', ' \n ', 400],
    ['that is no text', 7, 400],
    ['that is half a character', 'x\ud83d', 400]
  ])('%s is refused', async (_, reason, status) => {
    const { body, status: answered } = await ask(reason)
    expect(answered).toBe(status)
    expect(body).not.toHaveProperty('id')
  })

  test('with controls is kept as it is, and shown so that it cannot act on a terminal', async () => {
    const reason = 'INC-6 \u001b]0;owned\u0007 \u202egnp\nhoop: error: forged'
    const { body } = await ask(reason)
    const entries = await until('the start', async () => {
      const found = await entriesOf(body.id)
      return found.length > 0 ? found : undefined
    })
    expect(started(entries)).toMatchObject({ exemption: { reason } })
    const root = await gateway.person('root')
    const { stdout } = await root.finish(['sessions', 'show', body.id])
    expect(stdout).toMatch(/^asked to see in clear +"numbers" until .*"addresses" until .*: INC-6 <U\+001B>\]0;owned<U\+0007> <U\+202E>gnp<U\+000A>hoop: error: forged$/m)
    await gateway.delete('dana', paths.session(body.id))
  })

  test('at the command line, too, is refused before it is sent', async () => {
    expect(await dana.finish(['query', 'prod-db', '--clear', ' ', both])).toMatchObject({ code: 64, stderr: expect.stringMatching(/this one is empty/) as string })
    expect(await dana.finish(['connect', 'prod-db', '--clear', 'x'.repeat(1001)])).toMatchObject({ code: 64, stderr: expect.stringMatching(/at most 1000 characters/) as string })
  })
})

test('hoop policy explain says what is clear because of which exemption, and who may ask for what is masked', async () => {
  const columnsOf = async (who: string) => (await gateway.post<Explanation>(who, paths.explain('prod-db'), { statement: 'SELECT ssn, note FROM patients' })).body.statements[0]!.columns
  expect(await columnsOf('dana')).toMatchObject([{ name: 'ssn', shown: 'masked', mayAsk: ['privacy'] }, { name: 'note', shown: 'masked' }])
  expect((await columnsOf('dana'))![1]).not.toHaveProperty('mayAsk')
  const { stdout } = await dana.finish(['policy', 'explain', 'prod-db', 'SELECT ssn, substr(email, 1, 2) AS part FROM patients'])
  expect(stdout).toMatch(/^ {2}ssn +masked: last4 \(tells .*\); members of privacy may ask with --clear/m)
  expect(stdout).toMatch(/^ {2}part +redacted; members of privacy may ask with --clear/m)
  await reload([{ ...protect[0], except: { group: 'privacy', until: '2999-12-31' } }, ...protect.slice(1)])
  expect((await dana.finish(['policy', 'explain', 'prod-db', 'SELECT ssn FROM patients'])).stdout)
    .toMatch(/^ {2}ssn +clear, because of the exemption from "numbers" until 3000-01-01 00:00:00 UTC/m)
  await reload(protect)
})

test('a policy that takes the exemption away ends it at once, and giving it back does not give it back to an open session', async () => {
  const opened = await port('--clear', 'INC-7')
  const connection = await client(opened)
  const prepared = { name: 's', text: 'SELECT ssn FROM patients WHERE id = 1' }
  expect((await connection.query(prepared)).rows).toEqual([{ ssn }])
  await reload(protect.map(({ except: _, ...rule }) => rule))
  expect((await connection.query(prepared)).rows).toEqual([{ ssn: '***4695' }])
  await until('it to be told', () => warnings(opened).some((message) => message.includes('"numbers"')))
  await reload(protect)
  expect((await connection.query(prepared)).rows).toEqual([{ ssn: '***4695' }])
  const { stdout } = await dana.finish(['query', 'prod-db', '--csv', '--clear', 'INC-8', prepared.text])
  expect(stdout).toBe(`ssn\n${ssn}\n`)
})

test('a person who is disabled loses the session, and what is in clear with it', async () => {
  const opened = await port('--clear', 'INC-9')
  const connection = await client(opened)
  expect((await connection.query('SELECT ssn FROM patients WHERE id = 1')).rows).toEqual([{ ssn }])
  const root = await gateway.person('root')
  expect((await root.finish(['users', 'disable', 'dana@example.com'])).code).toBe(0)
  await expect(connection.query('SELECT ssn FROM patients WHERE id = 1')).rejects.toThrow()
  expect((await entriesOf(opened.session)).at(-1)).toMatchObject({ kind: 'session.end', reason: 'unauthenticated' })
})
