// The command line over folders and files as auditors have them: right ones, mixed-up ones, and none. No wrong one is ever told as fine.
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openAuditLog } from '../../../server/audit/log.ts'
import { builtHoop } from '../../support/built.ts'
import { freePort } from '../../support/ports.ts'
import { Kept } from '../../support/kept.ts'
import { openWitnesses } from '../../../server/audit/witnesses.ts'
import { until } from '../../support/until.ts'
import { beat, intent } from '../../audit/sample.ts'

interface Told {
  readonly code: number
  readonly out: string
  readonly err: string
}

let hoop: string
let folder: string
const at = (...names: string[]) => join(folder, ...names)

/** Two logs, `ours` (700 entries, cosigned by a real witness) and `theirs`; keys and checkpoints as an auditor keeps them. */
beforeAll(async () => {
  hoop = await builtHoop()
  folder = await mkdtemp(join(tmpdir(), 'hoop-prove-'))
  for (const [name, count] of [['ours', 700], ['theirs', 20]] as const) {
    const log = await openAuditLog({ directory: at(name), origin: `${name}.example`, now: Date.now, heartbeat: () => ({ sessions: 0 }) })
    await log.append([intent('SELECT \u001b[31mred'), beat(1)])
    if (name === 'ours') await cosigned(log)
    while (log.size < count) await log.append(Array.from({ length: 10 }, (_, i) => beat(i)))
    await log.close()
    await cp(at(name, 'log.pub'), at(`${name}.pub`))
    await cp(at(name, 'checkpoint'), at(`${name}.checkpoint`))
  }
  await mkdir(at('empty'))
  await mkdir(at('photos'))
  await writeFile(at('photos', 'holiday.jpg'), 'x')
  await writeFile(at('nonsense'), 'nonsense\n')
  expect(await run('audit', 'prove', '0', '--dir', at('ours'), '-o', at('zero.tlog-proof'))).toMatchObject({ code: 0 })
  expect(await run('audit', 'prove', '3', '--dir', at('theirs'), '-o', at('theirs.tlog-proof'))).toMatchObject({ code: 0 })
}, 120_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

/** `hoop witness` as its operator runs it, and the gateway's side of it. */
async function cosigned(log: Awaited<ReturnType<typeof openAuditLog>>): Promise<void> {
  const made = await run('witness', 'init', '--state', at('witness'), '--name', 'w.example')
  expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^w\.example\+[0-9a-f]{8}\+/) })
  await cp(at('witness', 'witness.pub'), at('witness.pub'))
  const port = await freePort()
  const words = ['witness', 'start', '--state', at('witness'), '--log', at('ours', 'log.pub'), '--listen', `127.0.0.1:${port}`]
  const child = new Kept(process.execPath, [hoop, ...words])
  await child.line(/listening on/)
  const quiet = { error: () => undefined, info: () => undefined }
  const witnesses = await openWitnesses({
    witnesses: [{ name: 'w', url: `http://127.0.0.1:${port}`, key: made.out.trim() }], directory: at('ours'), audit: log, note: () => undefined, log: quiet, random: () => 0
  })
  while (log.size < 300) await log.append([beat(2)])
  await until('a cosignature', () => witnesses.status()[0]!.time !== undefined)
  await log.append(Array.from({ length: 1_000 - log.size % 1_000 }, () => beat(3)))
  await until('the checkpoint at a thousand to be cosigned', () => witnesses.status()[0]!.entries >= 1_000)
  await witnesses.close()
  expect(await child.end('TERM')).toBe(0)
}

function run(...words: string[]): Promise<Told> {
  const env = { PATH: process.env.PATH, HOME: folder, HOOP_CONFIG_DIR: folder, HOOP_KEYCHAIN: 'off' }
  return new Promise((resolve) => {
    execFile(process.execPath, [hoop, ...words], { env, timeout: 30_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), out: stdout, err: stderr })
    })
  })
}

describe('what is right', () => {
  test('is whole, anchored by the witness that cosigned it, and not anchored where nobody\'s key is given', async () => {
    const told = await run('audit', 'verify', at('ours'), '--key', at('ours.pub'), '--witness', at('witness.pub'))
    expect(told).toMatchObject({ code: 0, out: expect.stringMatching(/^whole: [\s\S]*anchored through entry \d+ by the witness w\.example at \d{4}-/m) })
    const alone = await run('audit', 'verify', at('ours'), '--key', at('ours.pub'))
    expect(alone.out).toMatch(/not anchored \(no checkpoint kept elsewhere and no witness's key was given\)/)
    expect(alone.out).toMatch(/witnesses have cosigned this log: give their keys/)
    expect(await run('audit', 'verify', at('ours'), '--key', at('ours.pub'), '--checkpoint', at('ours.checkpoint'))).toMatchObject({ code: 0 })
  })

  test('a proof shows its entry, harmless on a terminal, and who vouches', async () => {
    const told = await run('audit', 'check', at('zero.tlog-proof'), '--key', at('ours.pub'), '--witness', at('witness.pub'))
    expect(told).toMatchObject({ code: 0, err: '' })
    expect(told.out).toMatch(/^proven: entry 0 of the log ours\.example, as it stands below, is in the tree of \d+ entries signed by ours\.example\+/)
    expect(told.out).toMatch(/anchored by the witness w\.example at/)
    expect(told.out).toContain('"kind": "statement.intent"')
    expect(told.out).not.toContain('\u001b')
    const { out } = await run('audit', 'prove', '5', '--dir', at('ours'))
    await writeFile(at('five'), out)
    expect(await run('audit', 'check', at('five'), '--key', at('ours.pub'), '--json')).toMatchObject({ code: 0, out: expect.stringContaining('"index":5') })
  })
})

test('a search that has found enough reads no further', async () => {
  const log = await openAuditLog({ directory: at('several'), origin: 'several.example', now: Date.now, heartbeat: () => ({ sessions: 0 }), segmentBytes: 2_000 })
  while (log.size < 40) await log.append([beat(1)])
  await log.close()
  const names = (await readdir(at('several', 'segments'))).sort()
  const file = at('several', 'segments', names[1]!)
  await writeFile(file, (await readFile(file)).fill(0, 0, 100))
  const search = (limit: number) => run('audit', 'search', at('several'), '--kind', 'heartbeat', '--limit', String(limit))
  expect(await search(1_000)).toMatchObject({ code: 1, err: expect.stringContaining('cannot be read') })
  expect(await search(2)).toMatchObject({ code: 0, err: expect.stringContaining('there are more than these 2') })
})

describe('what is wrong is said, with what it is, and never told as fine:', () => {
  const wrong: [string, () => string[], RegExp][] = [
    ['no folder', () => ['verify', at('none'), '--key', at('ours.pub')], /none does not exist/],
    ['a file for a folder', () => ['verify', at('nonsense'), '--key', at('ours.pub')], /not a folder/],
    ['an empty folder', () => ['verify', at('empty'), '--key', at('ours.pub')], /there is no audit log in/],
    ['a folder of something else', () => ['verify', at('photos'), '--key', at('ours.pub')], /there is no audit log in/],
    ['the folder of a witness', () => ['verify', at('witness'), '--key', at('ours.pub')], /there is no audit log in/],
    ['another log', () => ['verify', at('theirs'), '--key', at('ours.pub')], /of the log "theirs\.example"/],
    ['another log\'s key', () => ['verify', at('ours'), '--key', at('theirs.pub')], /of the log "ours\.example"/],
    ['a witness\'s key for the log\'s', () => ['verify', at('ours'), '--key', at('witness.pub')], /a witness's, not a log's/],
    ['the log\'s key for a witness\'s', () => ['verify', at('ours'), '--key', at('ours.pub'), '--witness', at('ours.pub')], /a log's, not a witness's/],
    ['a private key', () => ['verify', at('ours'), '--key', at('ours', 'log.key')], /is a private key/],
    ['nonsense for a key', () => ['verify', at('ours'), '--key', at('nonsense')], /not of the form name\+hash\+base64/],
    ['a cut key', () => ['verify', at('ours'), '--key', 'ours.example+00000000+AAAA'], /no Ed25519 key/],
    ['another log\'s checkpoint', () => ['verify', at('ours'), '--key', at('ours.pub'), '--checkpoint', at('theirs.checkpoint')], /kept checkpoint 1 is of the log "theirs/],
    ['nonsense for a checkpoint', () => ['verify', at('ours'), '--key', at('ours.pub'), '--checkpoint', at('nonsense')], /kept checkpoint 1 is no signed note/],
    ['a witness that has not cosigned', () => ['verify', at('theirs'), '--key', at('theirs.pub'), '--witness', at('witness.pub')], /nothing in it is cosigned by the witness w\.example/],
    ['a proof of another log', () => ['check', at('theirs.tlog-proof'), '--key', at('ours.pub')], /about the log "theirs\.example"/],
    ['a proof and another key of the name', () => ['check', at('zero.tlog-proof'), '--key', at('theirs.pub')], /about the log "ours\.example"/],
    ['a proof nobody cosigned', () => ['check', at('theirs.tlog-proof'), '--key', at('theirs.pub'), '--witness', at('witness.pub')], /no cosignature of the witness/],
    ['no proof', () => ['check', at('nonsense'), '--key', at('ours.pub')], /is no proof/],
    ['a proof of an entry there is not', () => ['prove', '99999', '--dir', at('ours')], /entry 99999 is not covered/],
    ['a proof from an empty folder', () => ['prove', '1', '--dir', at('empty')], /there is no audit log in/],
    ['a proof over a file that is there', () => ['prove', '1', '--dir', at('ours'), '-o', at('nonsense')], /exists already/]
  ]
  test.each(wrong)('%s', async (_, words, says) => {
    const { code, out, err } = await run('audit', ...words())
    expect(code).toBe(1)
    expect(out + err).toMatch(says)
    expect(out).not.toMatch(/^(whole|proven)/m)
  })

  const usage: [string, () => string[], RegExp][] = [
    ['an index that is none', () => ['audit', 'prove', 'x', '--dir', at('ours')], /the index of an entry/],
    ['no key', () => ['audit', 'check', at('zero.tlog-proof')], /--key/],
    ['removing and confirming at once', () => ['audit', 'prune', '--before', '2020-01-01', '--confirm', 'x'], /two people's/],
    ['removing without a reason', () => ['audit', 'prune', '--before', '2020-01-01'], /--reason/],
    ['a witness for others without TLS', () => ['witness', 'start', '--state', at('witness'), '--log', at('ours.pub'), '--listen', '0.0.0.0:0'], /without TLS/],
    ['a witness without a log', () => ['witness', 'start', '--state', at('witness')], /--log/]
  ]
  test.each(usage)('%s', async (_, words, says) => {
    const { code, err } = await run(...words())
    expect({ code, says: says.test(err) ? true : err }).toEqual({ code: 64, says: true })
  })

  test('a second witness in the same folder, and one whose log has no key', async () => {
    expect(await run('witness', 'init', '--state', at('witness'), '--name', 'w.example')).toMatchObject({ code: 1, err: expect.stringContaining('already') })
    expect(await run('witness', 'start', '--state', at('empty'), '--log', at('ours.pub'))).toMatchObject({ code: 1, err: expect.stringContaining('there is no witness in') })
    expect(await run('witness', 'start', '--state', at('witness'), '--log', at('nonsense'))).toMatchObject({ code: 1, err: expect.stringContaining('nonsense') })
  })

  test('a log of which one entry was changed proves nothing, and the folder is left as it was', async () => {
    await cp(at('ours'), at('changed'), { recursive: true })
    const segment = at('changed', 'segments', '0000000000000000')
    const bytes = await readFile(segment)
    bytes[bytes.indexOf('heartbeat') + 2]! ^= 1
    await writeFile(segment, bytes)
    expect(await run('audit', 'prove', '1', '--dir', at('changed'))).toMatchObject({ code: 1, err: expect.stringContaining('entry 1') })
    expect(await run('audit', 'verify', at('changed'), '--key', at('ours.pub'))).toMatchObject({ code: 1, out: expect.stringMatching(/DAMAGED:\n {2}segments\/0000000000000000, entry 1: /) })
  })
})
