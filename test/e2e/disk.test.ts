// Disks that are full, that fail and that hang, under the real gateway: nothing runs that is not written down, and everybody is told why.
import { execFile } from 'node:child_process'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { paths, type Health } from '../../shared/api.ts'
import { readEntries } from '../support/audit-files.ts'
import { compare } from '../support/audited.ts'
import { TestGateway } from '../support/gateway.ts'
import * as m from '../support/messages.ts'
import { TestPostgres } from '../support/postgres.ts'
import { SmallDisk } from '../support/small-disk.ts'
import { Strace } from '../support/strace.ts'
import { reportFields } from '../support/trace.ts'
import { until } from '../support/until.ts'
import { WireClient } from '../support/wire.ts'

let postgres: TestPostgres
let gateway: TestGateway
let noStrace: string | undefined

beforeAll(async () => {
  noStrace = await Strace.unfit()
  postgres = await TestPostgres.start()
  await postgres.query('CREATE ROLE hoop_app LOGIN PASSWORD \'app-password\'')
  await postgres.query('CREATE DATABASE clinic OWNER hoop_app')
  await postgres.query('SET ROLE hoop_app; CREATE TABLE visits (n int, what text)', { database: 'clinic' })
  return () => postgres.stop()
})
beforeEach(() => postgres.query('TRUNCATE visits', { database: 'clinic' }))
afterEach(() => gateway?.stop())

const start = (sections = {}) => TestGateway.start({
  sections,
  targets: { 'prod-db': { address: postgres.address, database: 'clinic', credential: { user: 'hoop_app', password: 'app-password' } } }
})
const rows = async () => (await postgres.query('SELECT n FROM visits ORDER BY n', { database: 'clinic' })).map(({ n }) => n as number)
const health = () => gateway.get<Health & { reason?: string }>(undefined, paths.health)
const running = async () => (await postgres.query('SELECT query FROM pg_stat_activity WHERE usename = \'hoop_app\' AND state = \'active\'')).map(({ query }) => query as string)

async function open(session: string): Promise<WireClient> {
  return WireClient.open(await gateway.tunnel('alice', session), { user: 'x', database: 'clinic' })
}
const newSession = async () => (await gateway.openSession('alice', 'prod-db')).id

/** The gateway stays up and says why it takes nothing, at each door. */
async function expectRefusing(reason: RegExp): Promise<void> {
  for (let i = 0; i < 3; i++) {
    expect(await health()).toMatchObject({ status: 503, body: { status: 'refusing', reason: expect.stringMatching(reason) as string } })
  }
  await expect(gateway.openSession('alice', 'prod-db')).rejects.toThrow(reason)
  await expect(gateway.logInAnew('alice')).rejects.toThrow(reason)
  expect(gateway.log).toMatch(reason)
}

async function expectVerified(directory: string): Promise<void> {
  const { code, stdout, stderr } = await (await gateway.person('alice')).finish(['audit', 'verify', directory, '--key', join(directory, 'log.pub')])
  expect(stdout + stderr).toMatch(/entries/)
  expect(code).toBe(0)
}

describe.each([['of the log', 1], ['of the log and the state file', 2]])('a disk %s', (of, mebibytes) => {
  test('is full: what is not written down does not run, clients are told 58000, and space and a restart make it good again', async ({ skip }) => {
    const disk = SmallDisk.mount(mebibytes) ?? skip(SmallDisk.unfit)
    onTestFinished(() => disk.unmount())
    const directory = join(disk.folder, 'audit')
    gateway = await start({
      audit: { directory, origin: 'test.example/log' },
      ...(of === 'of the log' ? {} : { state: { sqlite: join(disk.folder, 'state.db') } })
    })
    const before = (await postgres.statements()).length
    // Logging in writes the state file, too.
    await gateway.logIn('alice')
    const local = await gateway.openPort('alice', 'prod-db')
    const psql = (file: string) => new Promise<string>((resolve) => {
      execFile('psql', ['-h', local.host, '-p', String(local.port), '-U', 'x', '-v', 'VERBOSITY=verbose', '-q', '-f', file, 'clinic'], (_, stdout, stderr) => resolve(stdout + stderr))
    })
    const columns = Array.from({ length: 12 }, (_, i) => `what AS "${'long name '.repeat(5)}${i}"`).join(', ')
    const files = await Promise.all([0, 1, 2].map(async (client) => {
      const file = join(gateway.folder, `${client}.sql`)
      await writeFile(file, Array.from({ length: 1000 }, (_, i) => `INSERT INTO visits VALUES (${client * 1000 + i});\nSELECT ${columns} FROM visits WHERE n = -${i};\n`).join(''))
      return file
    }))
    for (const told of await Promise.all(files.map(psql))) {
      expect(told).toMatch(/FATAL: {2}58000: the audit log cannot be written: ENOSPC \(no space left on device\)/)
    }
    await expectRefusing(/ENOSPC \(no space left on device\)/)

    const statements = (await postgres.statements()).slice(before)
    const { ran, unaudited } = compare(statements, await readEntries(directory), 'hoop_app')
    expect(unaudited).toEqual([])
    expect(ran).toBeGreaterThan(100)

    // Space alone is not enough: nobody knows what the disk has of the last write.
    disk.resize(16)
    await expectRefusing(/ENOSPC/)
    expect((await postgres.statements()).length).toBe(before + statements.length)
    await gateway.halt()
    await gateway.resume()
    expect((await health()).status).toBe(200)
    const client = await open(await newSession())
    expect((await client.ask('SELECT 1')).rows).toEqual([['1']])
    await client.close()
    await expectVerified(directory)
    await local.close()
  }, 120_000)
})

describe('the state file', () => {
  beforeEach(async ({ skip }) => {
    if (noStrace !== undefined) skip(noStrace)
    gateway = await start()
    await gateway.logIn('alice')
  })

  const trace = async (fault: string) => {
    const strace = await Strace.attach(await gateway.pid, join(gateway.folder, 'state.db-wal'), 'fdatasync', fault)
    onTestFinished(() => strace.detach())
    return strace
  }
  const exchange = async () => {
    const token = await gateway.idToken('alice')
    return { begin: () => gateway.post(undefined, paths.tokens, { grant: 'id_token', ...token }) }
  }

  test('whose sync hangs: whoever logs in waits for it, and nobody else', async () => {
    const client = await open(await newSession())
    const login = await exchange()
    const strace = await trace('delay_enter=6s')
    const began = performance.now()
    let answered = false
    const answer = login.begin().finally(() => { answered = true })
    await until('a sync to hang', () => strace.waiting)
    for (let i = 0; i < 5; i++) {
      const asked = performance.now()
      expect((await health()).status).toBe(200)
      expect((await client.ask(`INSERT INTO visits VALUES (${i})`)).error).toBeUndefined()
      expect(performance.now() - asked).toBeLessThan(1_000)
    }
    expect(answered).toBe(false)
    expect((await answer).status).toBe(200)
    expect(performance.now() - began).toBeGreaterThan(5_900)
    await strace.detach()
    await client.close()
    expect(await rows()).toEqual([0, 1, 2, 3, 4])
  }, 60_000)

  test('whose sync hangs when the gateway is killed: nobody was told of what it held, and the next start has it or not', async () => {
    const login = await exchange()
    const strace = await trace('delay_enter=3s')
    const answer = login.begin().then(() => 'answered', () => 'none')
    await until('a sync to hang', () => strace.waiting)
    await gateway.halt('KILL')
    expect(await answer).toBe('none')
    await gateway.resume()
    // The kernel has what was written: the token was exchanged, though nobody knows what for.
    expect(await login.begin()).toMatchObject({ status: 401 })
    await gateway.logInAnew('alice')
  }, 60_000)

  test('whose sync fails once: that login and all later ones are refused, what runs goes on, and a restart makes it good', async () => {
    const client = await open(await newSession())
    const login = await exchange()
    const strace = await trace('error=EIO:when=1')
    const reason = /state file cannot be written: EIO/
    expect(await login.begin()).toMatchObject({ status: 503, body: { code: 'state_unavailable', detail: expect.stringMatching(reason) as string } })
    await expect(gateway.logInAnew('alice')).rejects.toThrow(reason)
    await expect(newSession()).rejects.toThrow(reason)
    expect((await client.ask('INSERT INTO visits VALUES (1)')).error).toBeUndefined()
    expect(strace.calls.map(({ result }) => result)).toEqual([expect.stringContaining('EIO')])
    expect(gateway.log).toMatch(/state file cannot be written: EIO.*nobody logs in and no session begins until the gateway is restarted/)
    await strace.detach()
    await client.close()
    await gateway.halt()
    await gateway.resume()
    await gateway.logInAnew('alice')
    expect(await rows()).toEqual([1])
    await expectVerified(gateway.auditDirectory)
  }, 60_000)
})

describe('a segment', () => {
  let segment: string
  beforeEach(async ({ skip }) => {
    if (noStrace !== undefined) skip(noStrace)
    gateway = await start()
    const folder = join(gateway.auditDirectory, 'segments')
    segment = join(folder, (await readdir(folder))[0]!)
  })

  const trace = async (fault: string) => {
    const strace = await Strace.attach(await gateway.pid, segment, 'fdatasync', fault)
    onTestFinished(() => strace.detach())
    return strace
  }

  test('whose sync fails once: nothing of that write runs, the sync is not tried again, and nothing passes until a restart', async () => {
    const [one, other] = [await open(await newSession()), await open(await newSession())]
    await one.ask('INSERT INTO visits VALUES (1)')
    const strace = await trace('error=EIO:when=1')
    one.send(m.query('INSERT INTO visits VALUES (2)'))
    other.send(m.query('INSERT INTO visits VALUES (3)'))
    for (const client of [one, other]) {
      const [error] = await client.until('E')
      expect(reportFields(error!)).toMatchObject({ S: 'FATAL', C: '58000', M: expect.stringMatching(/EIO \(i\/o error\) while writing entries/) as string })
      await client.closed
    }
    await expectRefusing(/EIO \(i\/o error\)/)
    // A heartbeat or a checkpoint would be due by now if anything still wrote.
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(strace.calls.map(({ result }) => result)).toEqual([expect.stringContaining('EIO')])
    expect(await rows()).toEqual([1])

    await strace.detach()
    await expectRefusing(/EIO/)
    await gateway.halt()
    await gateway.resume()
    const client = await open(await newSession())
    expect((await client.ask('INSERT INTO visits VALUES (4)')).error).toBeUndefined()
    await client.close()
    expect(await rows()).toEqual([1, 4])
    await expectVerified(gateway.auditDirectory)
  }, 60_000)

  test('whose sync hangs: nothing runs before it returns, health answers, who gives up leaves nothing running, and service resumes', async () => {
    const [session, idle] = [await newSession(), await open(await newSession())]
    const [patient, leaver, canceller] = [await open(session), await open(session), await open(session)]
    const side = new WireClient(await gateway.tunnel('alice', session))
    const strace = await trace('delay_enter=6s')
    patient.send(m.query('INSERT INTO visits VALUES (1)'))
    await until('a sync to hang', () => strace.waiting)
    leaver.send(m.query('INSERT INTO visits VALUES (2)'))
    canceller.send(m.query('SELECT pg_sleep(60)'))
    // Connections are read in any order, and one that is cut takes what was not read with it: by now, all of them have been.
    for (let i = 0; i < 5; i++) await health()
    const key = canceller.frames.find(({ type }) => type === 'K')!.body
    side.sendRaw(m.cancelRequest(key.readInt32BE(0), key.subarray(4)))
    await health()
    leaver.destroy()

    let answers = 0
    while (strace.calls.length === 0) {
      const asked = performance.now()
      expect((await health()).status).toBe(200)
      const took = performance.now() - asked
      // Asked and answered while the sync hung, then.
      if (strace.calls.length === 0) {
        expect(took).toBeLessThan(1_000)
        answers++
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    expect(answers).toBeGreaterThan(3)

    expect((await patient.until('Z')).map(({ type }) => type).join('')).toBe('CZ')
    const refused = (await canceller.until('Z')).find(({ type }) => type === 'E')
    expect(reportFields(refused!)).toMatchObject({ C: '57014' })
    await strace.detach()
    expect((await idle.ask('SELECT 2')).rows).toEqual([['2']])
    expect((await patient.ask('INSERT INTO visits VALUES (3)')).error).toBeUndefined()
    expect(await rows()).toEqual([1, 3])
    expect(await running()).toEqual([])
    for (const client of [idle, patient, canceller]) await client.close()

    // The database was asked once the first sync had returned, and of those who gave up, nothing.
    const [{ began, ended }] = strace.calls as [Strace['calls'][number]]
    const reached = (await postgres.statements()).filter(({ user, time }) => user === 'hoop_app' && time >= Math.floor(began))
    expect(ended - began).toBeGreaterThanOrEqual(6_000)
    expect(reached.map(({ text }) => text).filter((text) => !text.startsWith('/* hoop */'))).toEqual(['INSERT INTO visits VALUES (1)', 'SELECT 2', 'INSERT INTO visits VALUES (3)'])
    expect(reached.find(({ text }) => text.startsWith('INSERT'))!.time).toBeGreaterThanOrEqual(Math.floor(ended))
    const entries = await gateway.audit()
    const given = entries.filter((entry) => entry.kind === 'outcome' && entry.outcome.status === 'cancelled')
    expect(given).toHaveLength(2)
    await expectVerified(gateway.auditDirectory)
  }, 60_000)

  test('whose sync hangs when the gateway is killed: nothing of that write has run', async () => {
    const client = await open(await newSession())
    const strace = await trace('delay_enter=3s')
    client.send(m.query('INSERT INTO visits VALUES (1)'))
    await until('a sync to hang', () => strace.waiting)
    await gateway.halt('KILL')
    await client.closed
    await until('the upstream connection to end', async () =>
      (await postgres.query('SELECT 1 FROM pg_stat_activity WHERE usename = \'hoop_app\'')).length === 0)
    expect(await rows()).toEqual([])
    await gateway.resume()
    await expectVerified(gateway.auditDirectory)
  }, 60_000)
})
