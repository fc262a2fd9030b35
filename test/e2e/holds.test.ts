// Held statements on the wire: told, approved, rejected, expired, cancelled, abandoned; with the real gateway, database and clients.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import pg from 'pg'
import postgresJs from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { paths, type ReviewDetail, type ReviewSummary } from '../../shared/api.ts'
import { TestGateway } from '../support/gateway.ts'
import { Kept } from '../support/kept.ts'
import * as m from '../support/messages.ts'
import type { TestPort } from '../support/person.ts'
import { TestPostgres } from '../support/postgres.ts'
import { reportFields } from '../support/trace.ts'
import { until } from '../support/until.ts'
import { WireClient } from '../support/wire.ts'

const run = promisify(execFile)

let postgres: TestPostgres
let gateway: TestGateway
let local: TestPort

/** How often a requester goes away, of each kind; more with HOOP_TEST_TRIES. */
const tries = Number(process.env.HOOP_TEST_TRIES ?? 10)

const policy = [
  { name: 'engineers read', who: { group: 'engineers' }, effects: ['read', 'session'], then: 'allow' },
  { name: 'writes wait', who: { group: 'engineers' }, effects: ['write'], then: 'hold', approvers: { group: 'dba' }, timeout: '5m', breakGlass: ['oncall'] },
  { name: 'short waits', who: { group: 'engineers' }, effects: ['write'], relations: 'hurried', then: 'hold', approvers: { group: 'dba' }, timeout: '10s' },
  { name: 'many rows', who: { group: 'engineers' }, effects: ['read'], relations: 'many', then: 'hold', approvers: { group: 'dba' }, rowsAbove: 1000 }
]
const users = [
  { username: 'alice', password: 'alice-password', email: 'alice@example.com', groups: ['engineers', 'dba', 'oncall'] },
  { username: 'bob', password: 'bob-password', email: 'bob@example.com', groups: ['dba'] },
  { username: 'carol', password: 'carol-password', email: 'carol@example.com', groups: ['engineers'] },
  { username: 'root', password: 'root-password', email: 'root@example.com', groups: ['hoop-admins'] }
]

beforeAll(async () => {
  postgres = await TestPostgres.start()
  await postgres.query('CREATE ROLE hoop_app LOGIN PASSWORD \'app-password\'')
  await postgres.query('CREATE DATABASE clinic OWNER hoop_app')
  await postgres.query(`SET ROLE hoop_app; CREATE TABLE visits (n int, who text); CREATE TABLE hurried (n int); CREATE TABLE many (n int);
    INSERT INTO many SELECT generate_series(1, 5000); ANALYZE many`, { database: 'clinic' })
  gateway = await TestGateway.start({
    users,
    policy,
    targets: { 'prod-db': { address: postgres.address, database: 'clinic', credential: { user: 'hoop_app', password: 'app-password' } } }
  })
  local = await gateway.openPort('alice', 'prod-db')
})
afterAll(async () => {
  await gateway?.stop()
  await postgres?.stop()
})
beforeEach(() => postgres.query('TRUNCATE visits, hurried', { database: 'clinic' }))

const open = (to: TestPort = local) => WireClient.open({ host: to.host, port: to.port }, { user: 'x', database: 'clinic' })
const rows = async () => Number((await postgres.query('SELECT count(*) FROM visits', { database: 'clinic' }))[0]!.count)
const pending = async (who = 'bob') => (await gateway.get<ReviewSummary[]>(who, `${paths.reviews}?state=pending`)).body
const theOne = () => until('one pending review', async () => (await pending())[0])
async function detail(id: string, who = 'bob'): Promise<ReviewDetail> {
  const { status, body } = await gateway.get<ReviewDetail>(who, paths.review(id))
  expect({ status, body }).toMatchObject({ status: 200 })
  return body
}

async function approve(id: string, who = 'bob', more: object = {}) {
  const { binding } = await detail(id, who)
  return gateway.post<ReviewDetail>(who, paths.approveReview(id), { binding, ...more })
}
async function reject(id: string, reason: string) {
  return gateway.post(`bob`, paths.rejectReview(id), { binding: (await detail(id)).binding, reason })
}

/** Runs something beside somebody who approves whatever comes. @returns how often that was */
async function withApprover(act: () => Promise<unknown>): Promise<number> {
  let going = true
  let approved = 0
  const approving = (async () => {
    while (going) {
      for (const { id } of await pending()) if ((await approve(id)).status === 200) approved++
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  })()
  try {
    await act()
  } finally {
    going = false
    await approving
  }
  return approved
}

describe('a held statement', () => {
  test('is told with a notice, runs once when approved, and its result comes as if nothing had happened', async () => {
    const client = await open()
    client.send(m.query('INSERT INTO visits VALUES (1, \'secret\')'))
    const notice = reportFields((await client.until('N')).at(-1)!)
    const review = await theOne()
    expect(notice).toMatchObject({ S: 'NOTICE', M: `waiting for a review by dba: ${review.id}` })
    expect(notice.D).toMatch(/Held by rule "writes wait" for at most 5 min/)
    expect(review).toMatchObject({ state: 'pending', target: 'prod-db', rule: 'writes wait', asked: ['dba'], needed: 1, given: 0, mayDecide: true, mine: false })
    expect(review.statement).toBe('INSERT INTO visits VALUES (?, ?)')
    const shown = await until('the context', async () => { const one = await detail(review.id); return one.context !== undefined && one })
    expect(shown.statements).toMatchObject([{ text: 'INSERT INTO visits VALUES (1, \'secret\')', effects: ['write'], verb: 'INSERT' }])
    expect(shown.context).toEqual({ transaction: 'none', locks: [], estimatedRows: 1 })
    expect(await rows()).toBe(0)
    expect((await approve(review.id)).status).toBe(200)
    expect((await client.until('Z')).map(({ type }) => type).join('')).toBe('CZ')
    expect(await rows()).toBe(1)
    await client.close()
    const kinds = (await gateway.audit()).filter((entry) => JSON.stringify(entry).includes(review.id)).map(({ kind }) => kind)
    expect(kinds).toEqual(expect.arrayContaining(['review.held', 'review.seen', 'review.vote', 'review.release', 'statement.intent']))
    expect(kinds.indexOf('review.release')).toBeLessThan(kinds.indexOf('statement.intent'))
    expect(JSON.stringify((await gateway.audit()).filter(({ kind }) => kind.startsWith('review')))).not.toContain('secret')
  })

  test('inside a transaction keeps its status, shows its locks, and a rejection leaves it open', async () => {
    const client = await open()
    await client.ask('BEGIN')
    client.send(m.query('DELETE FROM visits'))
    const first = await theOne()
    await approve(first.id)
    await client.until('Z')
    client.send(m.query('DELETE FROM visits'))
    const second = await theOne()
    const { context } = await until('the context', async () => { const one = await detail(second.id); return one.context !== undefined && one })
    expect(context).toMatchObject({ transaction: 'open', locks: ['RowExclusiveLock on visits'] })
    await reject(second.id, 'not on a Friday')
    const frames = await client.until('Z')
    expect(reportFields(frames.find(({ type }) => type === 'E')!)).toMatchObject({ S: 'ERROR', C: '42501', M: 'rejected by bob@example.com: not on a Friday' })
    expect(frames.at(-1)!.body.toString()).toBe('T')
    expect((await client.ask('COMMIT')).error).toBeUndefined()
    await client.close()
  })

  test('expires with 57014 where nobody decides', async () => {
    const client = await open()
    const { error, frames } = await client.ask('INSERT INTO hurried VALUES (1)')
    expect(error).toMatchObject({ C: '57014', M: 'nobody decided in time, so it was not run' })
    expect(frames.at(-1)!.body.toString()).toBe('I')
    await client.close()
  }, 20_000)

  test('is withdrawn by a cancel request: 57014, and an approval comes too late', async () => {
    const client = await open()
    client.send(m.query('INSERT INTO visits VALUES (1)'))
    const review = await theOne()
    const { binding } = await detail(review.id)
    const key = client.frames.find(({ type }) => type === 'K')!.body
    const other = WireClient.raw({ host: local.host, port: local.port })
    other.sendRaw(m.cancelRequest(key.readInt32BE(0), key.subarray(4)))
    const frames = await client.until('Z')
    expect(reportFields(frames.find(({ type }) => type === 'E')!)).toMatchObject({ C: '57014' })
    expect(await gateway.post('bob', paths.approveReview(review.id), { binding })).toMatchObject({ status: 409 })
    expect((await client.ask('SELECT 1')).rows).toEqual([['1']])
    expect(await rows()).toBe(0)
    await client.close()
    other.destroy()
  })

  test('is held by an estimate only: few rows pass, many wait', async () => {
    const client = await open()
    expect((await client.ask('SELECT n FROM many LIMIT 3')).rows).toHaveLength(3)
    client.send(m.query('SELECT n FROM many'))
    const review = await theOne()
    expect((await detail(review.id)).context).toMatchObject({ estimatedRows: 5000 })
    await approve(review.id)
    expect((await client.until('Z')).filter(({ type }) => type === 'D')).toHaveLength(5000)
    await client.close()
  })

  test('is void when the policy changes while it waits, and says so', async () => {
    const client = await open()
    client.send(m.query('INSERT INTO visits VALUES (1)'))
    const review = await theOne()
    await gateway.writePolicy([...policy, { name: 'one more', effects: ['schema'], then: 'deny' }])
    gateway.signal('HUP')
    await until('the new policy', async () => (await gateway.audit()).filter(({ kind }) => kind === 'policy.change').length > 1)
    await approve(review.id)
    const frames = await client.until('Z')
    expect(reportFields(frames.find(({ type }) => type === 'E')!)).toMatchObject({ C: '57014', M: 'it was approved, but the policy has changed, so it was not run' })
    expect(await rows()).toBe(0)
    await gateway.writePolicy(policy)
    gateway.signal('HUP')
    await client.close()
  })

  test('with nothing behind it forwarded, in a pipeline; what follows runs after it in order', async () => {
    const client = await open()
    client.send(
      m.parse('INSERT INTO visits VALUES ($1, \'a\')'),
      m.bind({ parameters: ['1'] }),
      m.execute(),
      m.sync(),
      m.parse('SELECT count(*) FROM visits'),
      m.bind(),
      m.execute(),
      m.sync()
    )
    const review = await theOne()
    expect((await detail(review.id)).statements).toMatchObject([{ parameters: ['1'] }])
    expect((await postgres.statements()).filter(({ text }) => text.startsWith('SELECT count(*) FROM visits'))).toEqual([])
    await approve(review.id)
    const frames = await client.until('Z', 2)
    expect(frames.filter(({ type }) => type !== 'N').map(({ type }) => type).join('')).toBe('12CZ12DCZ')
    await client.close()
  })
})

describe('four eyes', () => {
  test('the requester does not count though in the group; a person outside it neither; the glass may be broken with a reason', async () => {
    const client = await open()
    client.send(m.query('INSERT INTO visits VALUES (1)'))
    const review = await theOne()
    const { binding } = await detail(review.id)
    expect((await gateway.post('alice', paths.approveReview(review.id), { binding })).status).toBe(403)
    expect((await gateway.post('carol', paths.approveReview(review.id), { binding })).status).toBe(404)
    expect((await gateway.post('alice', paths.approveReview(review.id), { binding, breakGlass: true })).status).toBe(400)
    expect((await gateway.post('alice', paths.approveReview(review.id), { binding, breakGlass: true, reason: 'the ward is waiting' })).status).toBe(200)
    await client.until('Z')
    expect(await rows()).toBe(1)
    await client.close()
  })

  test('an approval of something else than was shown is refused', async () => {
    const client = await open()
    client.send(m.query('INSERT INTO visits VALUES (1)'))
    const review = await theOne()
    expect((await gateway.post('bob', paths.approveReview(review.id), { binding: '0'.repeat(64) })).status).toBe(409)
    await reject(review.id, 'no')
    await client.until('Z')
    await client.close()
  })

  test('two hundred approvals at once release it once', async () => {
    const client = await open()
    client.send(m.query('INSERT INTO visits VALUES (1)'))
    const review = await theOne()
    const { binding } = await detail(review.id)
    await Promise.all(Array.from({ length: 200 }, () => gateway.post('bob', paths.approveReview(review.id), { binding })))
    await client.until('Z')
    expect(await rows()).toBe(1)
    await client.close()
  })
})

describe('a requester who is gone', () => {
  test.each([
    ['at once', false],
    ['while it waits', true]
  ])('who says goodbye behind the statement, %s, has withdrawn it, though the connection is still there', async (_, later) => {
    const client = await open()
    client.send(Buffer.concat([m.query('INSERT INTO visits VALUES (1, \'gone\')'), ...later ? [] : [m.terminate()]]))
    if (later) {
      await theOne()
      client.send(m.terminate())
    }
    await until('nothing pending', async () => (await pending()).length === 0)
    expect(await rows()).toBe(0)
    client.destroy()
  })

  test.each<[string, (client: WireClient) => void]>([
    ['closed', (client) => void client.close()],
    ['cut off', (client) => client.destroy()]
  ])('%s: never runs, though it is approved in the next moment', async (_, leave) => {
    for (let i = 0; i < tries; i++) {
      const client = await open()
      client.send(m.query(`INSERT INTO visits VALUES (${i}, 'gone')`))
      const review = await theOne()
      const { binding } = await detail(review.id)
      leave(client)
      if (i % 2 === 1) await until('the end', async () => (await pending()).length === 0)
      const { status } = await gateway.post('bob', paths.approveReview(review.id), { binding })
      if (i % 2 === 1) expect(status).toBe(409)
      await until('nothing pending', async () => (await pending()).length === 0)
    }
    expect(await rows()).toBe(0)
  }, 60_000 + tries * 1_000)

  test.each<NodeJS.Signals>(['SIGKILL', 'SIGSTOP'])('with its command line gone by %s: never runs', async (signal) => {
    for (let i = 0; i < Math.ceil(tries / 10); i++) {
      const person = await gateway.stranger()
      await person.keep(await gateway.logInAnew('alice'))
      const port = await person.connect('prod-db')
      const client = await open(port)
      client.send(m.query('INSERT INTO visits VALUES (1, \'gone\')'))
      const review = await theOne()
      const { binding } = await detail(review.id)
      process.kill(port.pid, signal)
      await gateway.post('bob', paths.approveReview(review.id), { binding })
      await until('an end that is none', async () => ['void', 'withdrawn'].includes((await detail(review.id)).state))
      expect(await rows()).toBe(0)
      if (signal === 'SIGSTOP') process.kill(port.pid, 'SIGKILL')
      client.destroy()
      await person.leave()
    }
  }, 30_000 + tries * 1_000)

  test('disabled: the statement ends, and so does the session', async () => {
    const person = await gateway.stranger()
    await person.keep(await gateway.logInAnew('carol'))
    const port = await person.connect('prod-db')
    const client = await open(port)
    client.send(m.query('INSERT INTO visits VALUES (1)'))
    const review = await theOne()
    const carol = (await gateway.get<{ id: string, email: string }[]>('root', paths.users)).body.find(({ email }) => email === 'carol@example.com')!
    await gateway.post('root', paths.disableUser(carol.id))
    await client.closed
    expect((await detail(review.id)).state).toBe('withdrawn')
    await gateway.post('root', paths.enableUser(carol.id))
    await person.leave()
  })
})

describe('the clients people have, with somebody who approves', () => {
  const toLocal = () => ['-h', local.host, '-p', String(local.port), '-U', 'x']

  test('psql shows the notice and then the result', async () => {
    await withApprover(async () => {
      const { stdout, stderr } = await run('psql', [...toLocal(), 'clinic', '-c', 'INSERT INTO visits VALUES (1)', '-c', 'SELECT count(*) FROM visits'])
      expect(stderr).toMatch(/NOTICE: {2}waiting for a review by dba: [a-z0-9]{26}/)
      expect(stdout).toMatch(/INSERT 0 1[\s\S]*\b1\b/)
    })
  })

  test('Ctrl-C in psql withdraws', async () => {
    const psql = new Kept('psql', [...toLocal(), 'clinic', '-c', 'INSERT INTO visits VALUES (1)'], {})
    const review = await theOne()
    psql.signal('INT')
    await psql.exited
    expect(psql.stderr).toMatch(/ERROR: {2}cancelled while it waited for a review/)
    expect((await detail(review.id)).state).toBe('withdrawn')
    expect(await rows()).toBe(0)
  })

  test('node-postgres and postgres.js, pooled and pipelined: preparing waits for nobody, running does', async () => {
    expect(await withApprover(async () => {
      const pool = new pg.Pool({ host: local.host, port: local.port, user: 'x', database: 'clinic', max: 3 })
      await Promise.all(Array.from({ length: 6 }, (_, i) => pool.query({ name: 'put', text: 'INSERT INTO visits VALUES ($1)', values: [i] })))
      await pool.end()
      const sql = postgresJs({ host: local.host, port: local.port, user: 'x', database: 'clinic', max: 1, onnotice: () => undefined })
      await Promise.all(Array.from({ length: 6 }, (_, i) => sql`INSERT INTO visits VALUES (${i})`))
      await sql.end()
    })).toBe(12)
    expect(await rows()).toBe(12)
  })

  test('psycopg, in pipeline mode', async () => {
    const script = [
      'import psycopg',
      `with psycopg.connect(host="${local.host}", port=${local.port}, user="x", dbname="clinic", autocommit=True) as c:`,
      '    with c.pipeline():',
      '        for i in range(3):',
      '            c.execute("INSERT INTO visits VALUES (%s)", (i,))',
      '        print(c.execute("SELECT count(*) FROM visits").fetchone()[0])'
    ].join('\n')
    await withApprover(async () => {
      expect((await run('/usr/bin/python3', ['-c', script])).stdout.trim()).toBe('3')
    })
  })

  test.each(['simple', 'extended', 'prepared'])('pgbench, %s', async (mode) => {
    expect(await withApprover(async () => {
      const pgbench = ['pgbench', ...toLocal(), '-n', '-M', mode, '-c', '2', '-t', '3', '-f', '-', 'clinic'].join(' ')
      const { stdout } = await run('bash', ['-c', `echo 'INSERT INTO visits VALUES (1);' | ${pgbench}`])
      expect(stdout).toMatch(/transactions actually processed: 6\/6/)
    })).toBe(6)
    expect(await rows()).toBe(6)
  })
})

test('a gateway that is killed while something is held: the client gets an error, nothing runs, the review is void', async () => {
  const client = await open()
  client.send(m.query('INSERT INTO visits VALUES (1)'))
  const review = await theOne()
  await gateway.halt('KILL')
  await client.closed
  await gateway.resume()
  expect(await rows()).toBe(0)
  expect(await detail(review.id)).toMatchObject({ state: 'void', endReason: expect.stringContaining('restarted') as string })
  const { binding } = await detail(review.id)
  expect((await gateway.post('bob', paths.approveReview(review.id), { binding })).status).toBe(409)
})
