// Old segments are removed with two people's word: the rest verifies as before, every crash is survived, and no forgery passes.
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { proofFrom } from '../../cli/audit/prove.ts'
import type { AuditLog } from '../../server/audit/log.ts'
import type { PruneFacts } from '../../server/audit/pruning.ts'
import { createRetention } from '../../server/audit/retention.ts'
import { canonical } from '../../shared/audit/canonical.ts'
import { parseVerifierKey } from '../../shared/audit/checkpoint.ts'
import type { Actor, EntryFacts } from '../../shared/audit/entry.ts'
import { checkProof } from '../../shared/audit/tlog-proof.ts'
import { verifyLog } from '../../shared/audit/verify.ts'
import { beat, filesIn } from './sample.ts'
import { Copy } from './copy.ts'
import { copyingDisk, crashCopy, entriesOf, openIn, temporary } from './logs.ts'

const root: Actor = { issuer: 'https://id.example.com', subject: 'root', email: 'root@example.com', groups: ['hoop-admins'], kind: 'human' }
const other: Actor = { ...root, subject: 'other', email: 'other@example.com' }
const session = '01j8zq4v6ma8k0p2r5t7w9y1b3'
const future = '2100-01-01T00:00:00.000Z'

/** 700 entries in segments of about 5 KiB, with the keys of a session that ended early and of one that is open. */
async function logOf(count = 700): Promise<{ directory: string, log: AuditLog }> {
  const directory = await temporary()
  const log = await openIn(directory, { segmentBytes: 5_000 })
  const keys = join(directory, 'keys')
  for (const id of [session, session.replace('01', '02')]) {
    await mkdir(join(keys, id.slice(0, 4)), { recursive: true, mode: 0o700 })
    await writeFile(join(keys, id.slice(0, 4), id), '{}', { mode: 0o600 })
  }
  await log.append([{ kind: 'session.end', session, actor: root, reason: 'done', connections: 1 }])
  while (log.size < count) await log.append(Array.from({ length: 10 }, (_, i) => beat(i)))
  await log.close()
  return { directory, log: await openIn(directory, { segmentBytes: 5_000 }) }
}

async function factsFor(log: AuditLog): Promise<PruneFacts> {
  const found = await log.prunable(future)
  return { kind: 'retention.prune', first: found!.first, root: Buffer.from(found!.root).toString('base64'), approvers: [root, other], reason: 'six years are over' }
}

const keyFiles = (directory: string) => readdir(join(directory, 'keys'), { recursive: true, withFileTypes: true })
  .then((found) => found.filter((file) => file.isFile()).map(({ name }) => name))

describe('a log whose oldest segments were removed', () => {
  test('verifies as before, is read, proven and goes on, and has lost what it was to lose', { timeout: 30_000 }, async () => {
    const { directory, log } = await logOf()
    const facts = await factsFor(log)
    // Whole segments, none beyond the full tiles, whose hashes the rest is verified with; and not at a tile's edge.
    expect(facts.first).toBeGreaterThan(256)
    expect(facts.first).toBeLessThanOrEqual(512)
    expect(facts.first % 256).not.toBe(0)
    expect(await log.prunable('2000-01-01T00:00:00.000Z')).toBeUndefined()
    const size = log.size
    expect(await log.prune(facts)).toBe(size)
    expect(log.first).toBe(facts.first)
    await expect(log.prune(facts)).rejects.toMatchObject({ code: 'conflict' })
    expect((await entriesOf(log))[0]!.index).toBe(facts.first)
    expect(await keyFiles(directory)).toEqual([session.replace('01', '02')])
    await log.append([beat(1)])
    await log.close()

    const report = await verifyLog(filesIn(directory), log.verifierKey)
    expect(report).toMatchObject({ ok: true, problems: [], entries: size + 2, prunedBefore: facts.first, checkpointSize: size + 2 })
    expect(report.notes).toContainEqual(`entries 0 to ${facts.first - 1} were removed by retention (entry ${size}, approved by root@example.com and other@example.com): their hashes are checked, what they said is gone`)
    const again = await openIn(directory)
    expect(again.first).toBe(facts.first)
    await again.append([beat(2)])
    await again.close()
    expect(await verifyLog(filesIn(directory), log.verifierKey)).toMatchObject({ ok: true, entries: size + 3 })
    const proof = await proofFrom(filesIn(directory), facts.first + 3)
    expect(checkProof(proof, parseVerifierKey(log.verifierKey), [])).toMatchObject({ index: facts.first + 3 })
    await expect(proofFrom(filesIn(directory), 3)).rejects.toThrow(/entry 3 is gone: retention has removed the entries before/)
  })

  test('can lose more later; with its end it loses the entry about the removal, and is refused', { timeout: 30_000 }, async () => {
    const { directory, log } = await logOf()
    await log.prune(await factsFor(log))
    while (log.size < 1_300) await log.append(Array.from({ length: 10 }, (_, i) => beat(i)))
    await log.close()
    const next = await openIn(directory, { segmentBytes: 5_000 })
    const facts = await factsFor(next)
    expect(facts.first).toBeGreaterThan(700)
    await next.prune(facts)
    await next.close()
    expect(await verifyLog(filesIn(directory), log.verifierKey)).toMatchObject({ ok: true, prunedBefore: facts.first })
    const segments = (await readdir(join(directory, 'segments'))).sort()
    await rm(join(directory, 'segments', segments.at(-1)!))
    await expect(openIn(directory)).rejects.toMatchObject({ code: 'audit_unavailable' })
    // Had the entry about the removal been in it, nothing would help; here the tree is built anew from tiles and what is left.
    const lost = await openIn(directory, { acceptLoss: true }).catch((error: Error) => error)
    expect(lost).toMatchObject({ message: expect.stringContaining('pruned') })
  })

  test('keeps the key rotations that went with it', { timeout: 30_000 }, async () => {
    const { directory, log } = await logOf(50)
    await log.close()
    const rotated = await openIn(directory, { segmentBytes: 5_000, rotateKey: true })
    while (rotated.size < 700) await rotated.append(Array.from({ length: 10 }, (_, i) => beat(i)))
    await rotated.close()
    const last = await openIn(directory, { segmentBytes: 5_000 })
    const found = await last.prunable(future)
    expect(found!.keys).toHaveLength(1)
    await last.prune({ ...await factsFor(last), keys: found!.keys })
    await last.close()
    for (const key of [log.verifierKey, last.verifierKey]) {
      expect(await verifyLog(filesIn(directory), key)).toMatchObject({ ok: true, keys: [expect.anything(), expect.anything()] })
    }
  })

  test('survives a crash at any step: it goes on, and what has its entry is finished', { timeout: 120_000 }, async () => {
    const { directory, log } = await logOf()
    await log.close()
    const { disk, copies } = copyingDisk(directory)
    const writing = await openIn(directory, { segmentBytes: 5_000, disk })
    const facts = await factsFor(writing)
    const before = copies.length
    await writing.prune(facts)
    await writing.close()
    const crashes = copies.slice(before)
    const outcomes = new Set<number>()
    for (const copy of crashes) {
      const again = await openIn(copy, { segmentBytes: 5_000 })
      outcomes.add(again.first)
      await again.append([beat(9)])
      await again.close()
      expect(await readdir(copy)).not.toContain('prune.next')
      const report = await verifyLog(filesIn(copy), log.verifierKey)
      expect(report).toMatchObject({ ok: true, problems: [], ...(again.first === 0 ? {} : { prunedBefore: facts.first }) })
      expect((await keyFiles(copy)).length).toBe(again.first === 0 ? 2 : 1)
    }
    expect(outcomes).toEqual(new Set([0, facts.first]))
  })

  test('that lost only some of its segments loses the others at the next start', async () => {
    const { directory, log } = await logOf()
    const whole = await crashCopy(directory)
    const facts = await factsFor(log)
    await log.prune(facts)
    await log.close()
    const gone = (await readdir(join(whole, 'segments'))).sort().filter((name) => Number(name) < facts.first)
    for (const name of gone.slice(1)) await cp(join(whole, 'segments', name), join(directory, 'segments', name))
    expect((await verifyLog(filesIn(directory), log.verifierKey)).ok).toBe(false)
    const again = await openIn(directory)
    expect(again.first).toBe(facts.first)
    await again.close()
    expect((await verifyLog(filesIn(directory), log.verifierKey)).ok).toBe(true)
  })
})

describe('removals that nobody approved', () => {
  async function removedByHand() {
    const { directory, log } = await logOf()
    await log.close()
    const segments = (await readdir(join(directory, 'segments'))).sort()
    for (const name of segments.slice(0, 3)) await rm(join(directory, 'segments', name))
    return { directory, key: log.verifierKey, first: Number(segments[3]) }
  }

  test('are refused at start and told by the verification', async () => {
    const { directory, key, first } = await removedByHand()
    await expect(openIn(directory)).rejects.toMatchObject({ code: 'audit_unavailable', message: expect.stringContaining(`the first segment begins with entry ${first}`) })
    expect((await verifyLog(filesIn(directory), key)).problems).toEqual([
      expect.objectContaining({ entry: 0, message: expect.stringContaining(`entries 0 to ${first - 1} are missing, and no entry says that retention removed them`) })
    ])
    // A file that says so is not enough.
    const [entry] = (await Copy.of(directory)).entries()
    const forged = { ...JSON.parse(entry!.toString()) as object, kind: 'retention.prune', first, root: '', approvers: [root, other], reason: '' }
    await writeFile(join(directory, 'pruned'), canonical(forged), { mode: 0o600 })
    await expect(openIn(directory)).rejects.toMatchObject({ code: 'audit_unavailable', message: expect.stringContaining('pruned') })
    await writeFile(join(directory, 'pruned'), '{}')
    await expect(openIn(directory)).rejects.toMatchObject({ code: 'audit_unavailable', message: expect.stringContaining('pruned') })
  })
})

describe('retention', () => {
  const day = 24 * 3_600_000

  async function retained() {
    const { directory, log } = await logOf()
    const noted: EntryFacts[] = []
    let [now, standing] = [Date.now() + 100 * day, true]
    let unsent: { readonly sink: string, readonly entry: number } | undefined
    const retention = createRetention({
      audit: log,
      note: (facts) => noted.push(facts),
      days: 30,
      now: () => now,
      randomBytes: (n) => Buffer.alloc(n, noted.length),
      unsent: () => unsent,
      standing: () => standing
    })
    const before = new Date(now - 31 * day).toISOString()
    const later = (milliseconds: number) => { now += milliseconds }
    return { directory, log, noted, retention, before, later, dismiss: () => { standing = false }, behind: (entry: number) => { unsent = { sink: 'siem', entry } } }
  }

  test('needs another admin than the one who proposed, and then removes', async () => {
    const { directory, log, retention, before, noted } = await retained()
    const proposal = await retention.propose(root, { before, reason: 'old' })
    expect(retention.proposals()).toEqual([proposal])
    expect(noted).toMatchObject([{ kind: 'admin', action: 'retention.proposed', actor: root }])
    await expect(retention.confirm(root, proposal.id)).rejects.toMatchObject({ code: 'forbidden', message: expect.stringContaining('another admin') })
    await expect(retention.confirm({ ...root, email: 'alias@example.com' }, proposal.id)).rejects.toMatchObject({ code: 'forbidden' })
    const { entry, first } = await retention.confirm(other, proposal.id)
    expect({ first, now: log.first }).toEqual({ first: proposal.first, now: proposal.first })
    expect((await entriesOf(log, { from: entry }))[0]).toMatchObject({ kind: 'retention.prune', approvers: [root, other], reason: 'old', root: proposal.root })
    expect(retention.proposals()).toEqual([])
    await log.close()
    expect((await verifyLog(filesIn(directory), log.verifierKey)).ok).toBe(true)
  })

  test('waits for every sink of the export', async () => {
    const { retention, before, behind, log } = await retained()
    const { first, id } = await retention.propose(root, { before, reason: 'old' })
    behind(first - 1)
    await expect(retention.propose(root, { before, reason: 'old' })).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('"siem" has not sent') })
    await expect(retention.confirm(other, id)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('"siem" has not sent') })
    behind(first)
    await retention.confirm(other, id)
    expect(log.first).toBe(first)
  })

  test('keeps what is younger than it says, and refuses what nobody proposed, or somebody who is gone', async () => {
    const { log, retention, before, later, dismiss } = await retained()
    await expect(retention.propose(root, { before: new Date(Date.now() + 99 * day).toISOString(), reason: 'x' })).rejects.toMatchObject({ code: 'bad_request', message: expect.stringContaining('kept for 30 days') })
    await expect(retention.propose(root, { before: '2000-01-01T00:00:00Z', reason: 'x' })).rejects.toMatchObject({ code: 'not_found' })
    await expect(retention.confirm(other, session)).rejects.toMatchObject({ code: 'not_found' })
    const stale = await retention.propose(root, { before, reason: 'x' })
    later(8 * day)
    await expect(retention.confirm(other, stale.id)).rejects.toMatchObject({ code: 'not_found' })
    const mine = await retention.propose(root, { before, reason: 'x' })
    dismiss()
    await expect(retention.confirm(other, mine.id)).rejects.toMatchObject({ code: 'forbidden', message: expect.stringContaining('no admin any more') })
    expect(log.first).toBe(0)
  })
})
