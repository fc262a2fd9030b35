// Through the real gateway: how many protected values one may ask for, over all sessions; and what is found in columns nobody has marked.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { paths, type ReviewDetail, type ReviewSummary } from '../../shared/api.ts'
import type { AuditEntry } from '../../shared/audit/entry.ts'
import { connectPg } from '../support/connect-pg.ts'
import { TestGateway } from '../support/gateway.ts'
import * as m from '../support/messages.ts'
import type { TestPort } from '../support/person.ts'
import { TestPostgres } from '../support/postgres.ts'
import { until } from '../support/until.ts'
import { WireClient } from '../support/wire.ts'

const users = ['alice', 'bob', 'carol', 'dave', 'erin'].map((username) =>
  ({ username, password: `${username}-password`, email: `${username}@example.com`, groups: username === 'bob' ? ['privacy'] : ['engineers'] }))

let postgres: TestPostgres
let gateway: TestGateway

beforeAll(async () => {
  postgres = await TestPostgres.start()
  await postgres.query('CREATE ROLE hoop_app LOGIN PASSWORD \'app-password\'')
  await postgres.query('CREATE DATABASE clinic OWNER hoop_app')
  await postgres.query(`SET ROLE hoop_app; CREATE TABLE patients (id int PRIMARY KEY, mrn int, email text UNIQUE, city text);
    INSERT INTO patients SELECT n, n, 'p' || n || '@example.com', 'Oslo' FROM generate_series(1, 100) AS n;
    CREATE TABLE notes (id int, body text); INSERT INTO notes SELECT n, 'her ssn is 123-45-67' || n FROM generate_series(10, 41) AS n`, { database: 'clinic' })
  const target = { address: postgres.address, database: 'clinic', credential: { user: 'hoop_app', password: 'app-password' } }
  gateway = await TestGateway.start({
    users,
    targets: { 'prod-db': target, 'no-one-asked': { ...target, labels: { asked: 'no' } } },
    sections: {
      protect: [{ name: 'PHI', columns: ['public.patients.email', 'public.patients.mrn'] }],
      masking: { approvers: { group: 'privacy' }, detect: { kinds: ['ssn'], action: 'mask', targets: { name: 'prod-db' } } }
    }
  })
}, 60_000)
afterAll(async () => {
  await gateway?.stop()
  await postgres?.stop()
})

const open = (port: TestPort) => WireClient.open({ host: port.host, port: port.port }, { user: 'x', database: 'clinic' })
const lookUp = 'SELECT city FROM patients WHERE email = $1'
const pending = async () => (await gateway.get<ReviewSummary[]>('bob', `${paths.reviews}?state=pending`)).body

type Asked = Extract<AuditEntry, { kind: 'statement.intent' | 'decision' }>
async function flagsOf(who: string, text: RegExp): Promise<readonly string[][]> {
  const subject = (entry: Asked) => entry.actor.email === `${who}@example.com`
  const entries = (await gateway.audit()).filter((entry): entry is Asked => entry.kind === 'statement.intent' || entry.kind === 'decision')
  const statements = entries.filter(subject).map(({ statement }) => statement)
  return statements.filter(({ step, redacted = '' }) => step === 'execute' && text.test(redacted)).map(({ exposure }) => [...exposure?.flags ?? []])
}

describe('values of a protected column', () => {
  test('may be asked for twenty times, on all connections and sessions together; then somebody is asked, and one look more is not counted twice', async () => {
    const [first, second] = [await gateway.openPort('alice', 'prod-db'), await gateway.openPort('alice', 'prod-db')]
    const clients = [await connectPg(first), await connectPg(first), await connectPg(second)]
    for (let n = 1; n <= 20; n++) expect((await clients[n % 3]!.query(lookUp, [`p${n}@example.com`])).rows).toEqual([{ city: 'Oslo' }])
    // What was asked for before is free.
    expect((await clients[0]!.query(lookUp, ['p7@example.com'])).rows).toHaveLength(1)

    const held = clients[2]!.query(lookUp, ['p21@example.com'])
    const review = await until('a review', async () => (await pending())[0])
    const { binding } = (await gateway.get<ReviewDetail>('bob', paths.review(review.id))).body
    expect((await gateway.post('bob', paths.approveReview(review.id), { binding })).status).toBe(200)
    expect((await held).rows).toEqual([{ city: 'Oslo' }])
    const flags = await until('the entries', async () => {
      const found = await flagsOf('alice', /email/)
      return found.length >= 22 ? found : undefined
    })
    expect(flags.slice(0, 3)).toEqual([['lookup public.patients.email (1 of 20)'], ['lookup public.patients.email (2 of 20)'], ['lookup public.patients.email (3 of 20)']])
    expect(flags.slice(-2)).toEqual([['lookup public.patients.email (20 of 20)'], ['lookup public.patients.email (over 20)']])
    for (const client of clients) await client.end()
  })

  test('are everybody\'s own to ask for; a list, an array and constants count value by value', async () => {
    const client = await connectPg(await gateway.openPort('carol', 'no-one-asked'))
    const some = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `p${from + i}@example.com`)
    expect((await client.query('SELECT id FROM patients WHERE email = ANY($1)', [some(1, 11)])).rows).toHaveLength(10)
    expect((await client.query(`SELECT id FROM patients WHERE email IN (${some(1, 16).map((one) => `'${one}'`).join(', ')})`)).rows).toHaveLength(15)
    await client.query('PREPARE p AS SELECT id FROM patients WHERE email = $1')
    for (const one of some(16, 21)) expect((await client.query(`EXECUTE p('${one}')`)).rows).toHaveLength(1)
    await client.end()
    const flags = await flagsOf('carol', /email|EXECUTE/)
    expect(flags.flat().filter((flag) => /of 20/.test(flag)).map((flag) => /\d+ of/.exec(flag)![0])).toEqual(['10 of', '15 of', '16 of', '17 of', '18 of', '19 of', '20 of'])
  })

  test('in binary count as well, by Execute and not by Parse or Bind', async () => {
    const client = await open(await gateway.openPort('dave', 'no-one-asked'))
    const int4 = (value: number) => { const bytes = Buffer.alloc(4); bytes.writeInt32BE(value); return bytes }
    await client.exchange([m.parse('SELECT city FROM patients WHERE mrn = $1', 's'), m.sync()])
    for (let n = 1; n <= 20; n++) {
      await client.exchange([m.bind({ statement: 's', parameters: [int4(100 + n)], formats: [1] }), m.sync()])
      const frames = await client.exchange([m.bind({ statement: 's', parameters: [int4(n)], formats: [1] }), m.execute(), m.sync()])
      expect(frames.filter(({ type }) => type === 'D')).toHaveLength(1)
    }
    client.send(m.bind({ statement: 's', parameters: [int4(21)], formats: [1] }), m.execute(), m.sync())
    const review = await until('a review', async () => (await pending())[0])
    const { binding } = (await gateway.get<ReviewDetail>('bob', paths.review(review.id))).body
    await gateway.post('bob', paths.rejectReview(review.id), { binding, reason: 'enough' })
    expect((await client.until('Z')).map(({ type }) => type).filter((type) => type !== 'N').join('')).toBe('EZ')
    client.destroy()
  })

  test('are spent by statements that fail', async () => {
    const client = await open(await gateway.openPort('erin', 'no-one-asked'))
    const add = (n: number) => `INSERT INTO patients (id, email) VALUES (1, 'p${n}@example.com')`
    for (let n = 1; n <= 20; n++) expect((await client.ask(add(n))).error).toMatchObject({ C: '23505' })
    client.send(m.query(add(21)))
    const { id } = await until('a review', async () => (await pending())[0])
    client.destroy()
    await until('its end', async () => (await pending()).every((review) => review.id !== id))
    expect(await flagsOf('erin', /INSERT/)).toHaveLength(20)
  })
})

test('what is found where nothing is marked is told to the person, and stands in the outcome', async () => {
  const port = await gateway.openPort('carol', 'prod-db')
  const client = await connectPg(port)
  expect((await client.query('SELECT body FROM notes ORDER BY id LIMIT 1')).rows).toEqual([{ body: 'her ssn is [ssn]' }])
  expect((await client.query('SELECT body FROM notes')).rows).toHaveLength(32)
  const warnings = () => port.events().filter(({ type }) => type === 'warning')
  await until('the warning', () => warnings()[0])
  await client.end()
  expect(warnings()).toEqual([expect.objectContaining({ message: 'public.notes.body looks like it holds SSNs: 1 hit', hint: 'hoop policy suggest prod-db' })])
  const outcomes = await until('the outcomes', async () => {
    const found = (await gateway.audit()).flatMap((entry) => entry.kind === 'outcome' ? entry.outcome.detected ?? [] : [])
    return found.length === 2 ? found : undefined
  })
  expect(outcomes).toEqual([{ column: 'public.notes.body', kind: 'ssn', hits: 1 }, { column: 'public.notes.body', kind: 'ssn', hits: 32 }])
  const plain = await connectPg(await gateway.openPort('carol', 'no-one-asked'))
  expect((await plain.query('SELECT body FROM notes ORDER BY id LIMIT 1')).rows).toEqual([{ body: 'her ssn is 123-45-6710' }])
  await plain.end()
})
