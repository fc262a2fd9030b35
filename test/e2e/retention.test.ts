// Old entries are removed as two people do it: the gateway runs seven years ago, then today; one admin proposes, another one confirms.
// And killed at each step of it, the gateway's next start has removed everything or nothing.
import { generateKeyPairSync } from 'node:crypto'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { openAuditLog } from '../../server/audit/log.ts'
import { paths, type PruneProposal } from '../../shared/api.ts'
import type { AuditEntry } from '../../shared/audit/entry.ts'
import { sessionKeyPath } from '../../shared/audit/session-key.ts'
import { firstVerdict, secondVerdict, type Given } from '../audit/verdicts.ts'
import { TestGateway } from '../support/gateway.ts'
import { TestPostgres } from '../support/postgres.ts'
import { Strace } from '../support/strace.ts'
import { until } from '../support/until.ts'
import { WireClient } from '../support/wire.ts'

const day = 24 * 3_600_000
const sevenYears = 7 * 365 * day
const daysAgo = (days: number) => new Date(Date.now() - days * day).toISOString().slice(0, 10)
const users = [
  { username: 'alice', password: 'alice-password', email: 'alice@example.com', groups: ['engineers'] },
  { username: 'root', password: 'root-password', email: 'root@example.com', groups: ['hoop-admins'] },
  { username: 'other', password: 'other-password', email: 'other@example.com', groups: ['hoop-admins'] }
]

/** What a kill comes before, and how often at most. `npm run test:prune` takes every one; that is minutes. */
const steps = ['fsync', 'fdatasync', 'rename', 'unlink'].map((call) => [call, Infinity] as const)
const someSteps = [['rename', 4], ['unlink', 1]] as const
const everyStep = process.env.HOOP_TEST_EVERY_STEP === '1'

let noStrace: string | undefined
beforeAll(async () => { noStrace = await Strace.unfit() })

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hoop-retention-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Both verifiers' verdict, which has to be the same. */
async function verified(directory: string, given: Given) {
  const [first, second] = await Promise.all([firstVerdict(directory, given), secondVerdict(directory, given)])
  expect(second).toEqual(first)
  return first
}

test('entries of seven years ago go when two admins want it; what is left verifies, and the export has lost nothing', { timeout: 120_000 }, async () => {
  const folder = await temporary()
  const clock = join(folder, 'clock')
  await writeFile(clock, String(-sevenYears))
  await writeFile(join(folder, 'auditor.pub'), generateKeyPairSync('x25519').publicKey.export({ format: 'pem', type: 'spki' }))
  const postgres = await TestPostgres.start()
  onTestFinished(() => postgres.stop())
  const gateway = await TestGateway.start({
    users,
    env: { NODE_OPTIONS: `--import ${join(import.meta.dirname, '..', 'support', 'jumping-clock.mjs')}`, HOOP_TEST_CLOCK: clock },
    targets: { 'prod-db': { address: postgres.address, database: 'postgres', credential: { user: postgres.superuser, password: postgres.password } } },
    sections: {
      audit: {
        directory: 'audit',
        origin: 'test.example/log',
        sealTo: [{ name: 'auditor', key: `file:${join(folder, 'auditor.pub')}` }],
        export: [{ name: 'lines', kind: 'file', path: 'lines.jsonl', from: 'beginning' }]
      }
    }
  })
  onTestFinished(() => gateway.stop())
  const directory = gateway.auditDirectory
  const segments = async () => (await readdir(join(directory, 'segments'))).sort()
  const visit = async (who: string, work: (client: WireClient) => Promise<void>) => {
    const { id } = await gateway.openSession(who, 'prod-db')
    const client = await WireClient.open(await gateway.tunnel(who, id), { user: 'x', database: 'postgres' })
    await work(client)
    await client.close()
    await gateway.delete(who, paths.session(id))
    return id
  }

  // A session that ends in the first segment; statements of a mebibyte, sealed, fill that; small ones a tile.
  const ended = await visit('alice', async (client) => { await client.ask('SELECT 1') })
  const stillWanted = await visit('alice', async (client) => {
    for (let i = 0; (await segments()).length < 2; i++) expect((await client.ask(`SELECT ${i}, length('${'x'.repeat(2 ** 20)}')`)).error).toBeUndefined()
    while ((await gateway.audit()).length < 280) await client.ask('SELECT 1')
  })
  const [, second] = await segments()
  const first = Number(second)
  expect(first).toBeGreaterThan(20)
  const keyFiles = () => readdir(join(directory, 'keys'), { recursive: true })
  expect(await keyFiles()).toEqual(expect.arrayContaining([ended, stillWanted].map((id) => sessionKeyPath(id).slice('keys/'.length))))

  // Today.
  await writeFile(clock, '0')
  process.kill(await gateway.pid, 'SIGUSR2')
  await until('the clock to be set', async () => (await gateway.audit()).some((entry) => entry.kind === 'clock.jump'))
  const [alice, root, other] = [await gateway.person('alice'), await gateway.person('root'), await gateway.person('other')]
  await cp(join(directory, 'log.pub'), join(folder, 'log.pub'))
  const sizeOf = async (file: string) => Number((await readFile(file, 'utf8')).split('\n')[1])
  await until('a checkpoint of a full tile', async () => await sizeOf(join(directory, 'checkpoint')) >= 256)
  await cp(join(directory, 'checkpoint'), join(folder, 'kept'))
  const before = await gateway.audit()

  const prune = (...words: string[]) => ['audit', 'prune', ...words]
  const old = ['--before', daysAgo(6 * 366), '--reason', 'six years are over']
  expect(await alice.finish(prune(...old))).toMatchObject({ code: 1, stderr: expect.stringContaining('you may not do that') as string })
  expect(await root.finish(prune('--before', daysAgo(100), '--reason', 'space'))).toMatchObject({ code: 1, stderr: expect.stringMatching(/entries are kept for 2196 days: only those before/) as string })
  const proposed = await root.finish(prune(...old))
  expect(proposed).toMatchObject({ code: 0, stdout: expect.stringMatching(new RegExp(`^proposed: ${first} entries before ${first} go, 6[3-6] MiB, the newest of `)) as string })
  const [, id] = /--confirm (\S+)/.exec(proposed.stdout) as unknown as [string, string]
  expect((await root.finish(prune())).stdout).toContain('root@example.com')
  expect(await root.finish(prune('--confirm', id))).toMatchObject({ code: 1, stderr: expect.stringContaining('you proposed this yourself: another admin has to confirm it') as string })
  expect(await alice.finish(prune('--confirm', id))).toMatchObject({ code: 1 })
  expect((await segments())[0]).toBe('0000000000000000')
  const confirmed = await other.finish(prune('--confirm', id))
  expect(confirmed).toMatchObject({ code: 0, stdout: expect.stringContaining(`entries before ${first} are removed`) as string })
  expect(await other.finish(prune('--confirm', id))).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no such proposal') as string })

  expect((await segments())[0]).toBe(second)
  expect((await keyFiles()).join()).not.toContain(ended)
  expect((await keyFiles()).join()).toContain(stillWanted)
  const told = (await gateway.audit()).find((entry) => entry.kind === 'retention.prune')
  expect(told).toMatchObject({ first, reason: 'six years are over', approvers: [{ email: 'root@example.com' }, { email: 'other@example.com' }] })

  // The log goes on, through a restart, and what was kept elsewhere before still vouches for it.
  const { accessToken } = await gateway.logInAnew('alice')
  await visit(accessToken, async (client) => { expect((await client.ask('SELECT 2')).rows).toEqual([['2']]) })
  await gateway.halt()
  await gateway.resume()
  await visit(accessToken, async (client) => { await client.ask('SELECT 3') })
  await gateway.halt()
  const given = { key: join(folder, 'log.pub'), checkpoint: [join(folder, 'kept')] }
  const kept = await sizeOf(join(folder, 'kept'))
  expect(await verified(directory, given)).toMatchObject({ ok: true, prunedBefore: first, notAnchoredAfter: kept, problems: [] })
  const { code, stdout } = await root.finish(['audit', 'verify', directory, '--key', given.key, '--checkpoint', join(folder, 'kept')])
  expect(code).toBe(0)
  expect(stdout).toContain(`entries 0 to ${first - 1} were removed by retention (entry ${told!.index}, approved by root@example.com and other@example.com)`)

  const lines = (await readFile(join(gateway.folder, 'lines.jsonl'), 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line) as AuditEntry | { checkpoint: string })
  const sent = lines.filter((line): line is AuditEntry => 'index' in line)
  expect(sent.map(({ index }) => index)).toEqual(sent.map((_, i) => i))
  expect(sent.slice(0, before.length)).toEqual(before)
  expect(sent.slice(first)).toEqual(await gateway.audit())
})

test('killed at any step, the next start has removed all of it or nothing', { timeout: 300_000 }, async ({ skip }) => {
  if (noStrace !== undefined) skip(noStrace)
  const folder = await temporary()
  const pristine = join(folder, 'pristine')
  const origin = 'test.example/log'
  const session = '01j8zq4v6ma8k0p2r5t7w9y1b3'
  const actor = { issuer: 'https://id.example.com', subject: 'u-1', groups: [], kind: 'human' } as const
  const now = () => Date.now() - sevenYears
  const log = await openAuditLog({ directory: pristine, origin, now, heartbeat: () => ({ sessions: 0 }), segmentBytes: 40_000 })
  await mkdir(join(pristine, 'keys', session.slice(0, 4)), { recursive: true, mode: 0o700 })
  await writeFile(join(pristine, sessionKeyPath(session)), '{}', { mode: 0o600 })
  await log.append([{ kind: 'session.end', session, actor, reason: 'done', connections: 1 }])
  while (log.size < 700) await log.append(Array.from({ length: 20 }, (_, i) => ({ kind: 'heartbeat', sessions: i })))
  await log.close()

  const directory = join(folder, 'audit')
  const restore = async () => {
    await rm(directory, { recursive: true, force: true })
    await cp(pristine, directory, { recursive: true })
  }
  await restore()
  const gateway = await TestGateway.start({
    users,
    // One thread for files: then a step is the same call each time.
    env: { UV_THREADPOOL_SIZE: '1' },
    targets: { 'prod-db': { address: '127.0.0.1:1', credential: { user: 'x' } } },
    sections: { audit: { directory, origin } }
  })
  onTestFinished(() => gateway.stop())
  // Tokens are in the state file, which stays.
  await Promise.all([gateway.logIn('root'), gateway.logIn('other')])

  /** Killed as it is about to do this for the time that is `count`. @returns whether the gateway came to that */
  const killAt = async (call: string, count: number): Promise<boolean> => {
    await restore()
    await gateway.resume()
    const before = new Date(Date.now() - sevenYears + day).toISOString()
    const { status, body } = await gateway.post<PruneProposal>('root', paths.auditPrunes, { before, reason: 'old' })
    expect(status).toBe(201)
    const strace = await Strace.attachTo(await gateway.pid, { trace: call, inject: `${call}:signal=SIGKILL:when=${count}` })
    const answer = await gateway.post('other', paths.confirmPrune(body.id)).catch(() => undefined)
    await strace.detach()
    if (answer === undefined) await gateway.exited
    else expect(answer.status).toBe(200)
    return answer === undefined
  }

  await gateway.halt('KILL')
  const outcomes: Record<string, string> = {}
  for (const [call, most] of everyStep ? steps : someSteps) {
    for (let count = 1, died = true; died && count <= most; count++) {
      died = await killAt(call, count)
      if (!died) await gateway.halt('KILL')
      await gateway.resume()
      await gateway.halt('KILL')
      const report = await verified(directory, { key: join(pristine, 'log.pub'), checkpoint: [join(pristine, 'checkpoint')] })
      expect(report).toMatchObject({ ok: true, problems: [], notAnchoredAfter: log.size })
      const gone = 'prunedBefore' in report && report.prunedBefore !== undefined
      const names = await readdir(directory)
      const keys = (await readdir(join(directory, 'keys'), { recursive: true })).join()
      expect({ call, count, plan: names.includes('prune.next'), pruned: names.includes('pruned'), key: keys.includes(session) })
        .toEqual({ call, count, plan: false, pruned: gone, key: !gone })
      outcomes[call] = `${outcomes[call] ?? ''}${gone ? 'gone ' : 'whole '}`
    }
  }
  await gateway.resume()
  // Before the entry is written nothing has happened, from then on it is all gone: what was not synced yet, the kernel has.
  if (!everyStep) return expect(outcomes).toEqual({ rename: 'whole gone gone ', unlink: 'gone ' })
  expect(outcomes).toEqual({
    fsync: expect.stringMatching(/^whole whole (gone ){4,}$/) as string,
    fdatasync: expect.stringMatching(/^gone gone $/) as string,
    rename: expect.stringMatching(/^whole gone gone $/) as string,
    unlink: expect.stringMatching(/^(gone ){5,}$/) as string
  })
})
