// A log and its witnesses: what is cosigned, what is told when one is down or refuses, and that no entry ever waits for one.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cp, mkdir, readFile, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { witnessedLogs } from '../../cli/witness/judge.ts'
import { startWitness, type WitnessListener } from '../../cli/witness/listener.ts'
import { makeWitness, loadWitness } from '../../cli/witness/state.ts'
import { openWitnesses, type Witnesses, type WitnessesParts } from '../../server/audit/witnesses.ts'
import type { AuditLog } from '../../server/audit/log.ts'
import { openCheckpoint, parseNote, parseVerifierKey } from '../../shared/audit/checkpoint.ts'
import { cosignedAt, parseWitnessKey } from '../../shared/audit/cosignature.ts'
import type { EntryFacts } from '../../shared/audit/entry.ts'
import { TestAuthority } from '../support/certificates.ts'
import { until } from '../support/until.ts'
import { openIn, temporary } from './logs.ts'
import { beat } from './sample.ts'

const seconds = 1_700_000_000

/** A witness of one log, which can be stopped and started again on its folder and port. */
class TestWitness {
  port = 0
  verifierKey = ''
  readonly #folder: string
  readonly #line: string
  readonly #tls: { cert: string, key: string } | undefined
  #listener: WitnessListener | undefined

  private constructor(folder: string, line: string, tls: { cert: string, key: string } | undefined) {
    this.#folder = folder
    this.#line = line
    this.#tls = tls
  }

  static async start(log: AuditLog, tls?: { cert: string, key: string }): Promise<TestWitness> {
    const folder = join(await temporary(), 'witness')
    const witness = new TestWitness(folder, log.verifierKey, tls)
    witness.verifierKey = (await makeWitness(folder, 'w.example')).verifierKey
    await witness.run()
    onTestFinished(() => witness.stop())
    return witness
  }

  async run(): Promise<void> {
    this.#listener = await startWitness({
      address: { host: '127.0.0.1', port: this.port },
      ...(this.#tls === undefined ? {} : { tls: this.#tls }),
      folder: this.#folder,
      key: await loadWitness(this.#folder),
      logs: async () => witnessedLogs([{ path: 'log.pub', text: this.#line }]),
      now: () => seconds * 1000,
      say: () => undefined,
      requestMilliseconds: 500
    })
    this.port = this.#listener.port
  }

  async stop(): Promise<void> { await this.#listener?.close() }

  config(name = 'w') { return { name, url: `http${this.#tls === undefined ? '' : 's'}://127.0.0.1:${this.port}`, key: this.verifierKey } }
}

async function opened(log: AuditLog, directory: string, witnesses: WitnessesParts['witnesses'], parts: Partial<WitnessesParts> = {}) {
  const told: string[] = []
  const noted: EntryFacts[] = []
  const say = (facts: object, message: string) => told.push(`${message} ${JSON.stringify(facts)}`)
  const followed = await openWitnesses({
    witnesses,
    directory,
    audit: log,
    note: (facts) => noted.push(facts),
    log: { error: say, info: say },
    random: () => 0,
    timeoutMilliseconds: 1_000,
    retryMilliseconds: 20,
    ...parts
  })
  onTestFinished(() => followed.close())
  return { followed, told, noted }
}

/** Every thousand entries a checkpoint is signed. */
async function grow(log: AuditLog, count = 1_000): Promise<void> {
  await log.append(Array.from({ length: count }, (_, i) => beat(i)))
}

const cosigns = (followed: Witnesses, entries: number) => until(`${entries} cosigned entries`, () => {
  const [status] = followed.status()
  return status!.entries === entries && status!.problem === undefined && status!.time !== undefined
})

const complains = (followed: Witnesses, says: RegExp) => until(`${says}`, () => says.test(followed.status()[0]!.problem ?? ''))

describe('a witness', () => {
  test('gets each checkpoint with its proof, and what it cosigned lies beside the log', async () => {
    const directory = await temporary()
    const log = await openIn(directory)
    const witness = await TestWitness.start(log)
    const { followed, told } = await opened(log, directory, [witness.config()])
    await cosigns(followed, 0)
    for (const size of [1_000, 2_000, 3_300]) {
      await grow(log, size - log.size)
      await until('a checkpoint', () => log.checkpoint?.size === size)
      await cosigns(followed, size)
      const note = await readFile(join(directory, 'cosigned', 'w'))
      expect(openCheckpoint(note, parseVerifierKey(log.verifierKey)).size).toBe(size)
      expect(cosignedAt(parseNote(note), parseWitnessKey(witness.verifierKey))).toBe(seconds)
    }
    expect(followed.status()).toEqual([{ name: 'w', entries: 3_300, time: '2023-11-14T22:13:20.000Z' }])
    expect(told).toEqual([])
    // The last entries of an orderly stop are cosigned too.
    await log.append([beat(1), beat(2)])
    await log.close()
    await followed.close()
    expect(followed.status()).toMatchObject([{ entries: 3_302 }])
    // The next start knows how far it was, and the witness goes on.
    const again = await openIn(directory)
    const next = await opened(again, directory, [witness.config()])
    expect(next.followed.status()).toMatchObject([{ entries: 3_302 }])
    await grow(again)
    await cosigns(next.followed, 4_302)
  })

  test('that is down, slow or stopped costs no entry anything, and is caught up with later', async () => {
    const directory = await temporary()
    const log = await openIn(directory)
    const witness = await TestWitness.start(log)
    await witness.stop()
    const { followed, told, noted } = await opened(log, directory, [witness.config()])
    await complains(followed, /cannot be reached \(ECONNREFUSED\)/)
    await grow(log, 2_500)
    await witness.run()
    await until('it has caught up', () => followed.status()[0]!.entries >= 2_000)
    expect(told).toEqual([expect.stringContaining('the witness does not cosign'), expect.stringContaining('the witness cosigns again')])
    expect(noted).toEqual([])

    const silent = createServer(() => undefined).listen(0, '127.0.0.1')
    onTestFinished(() => { silent.close(); silent.closeAllConnections() })
    await until('a port', () => silent.listening)
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
    const slow = await opened(log, directory, [{ ...witness.config('slow'), url }], { timeoutMilliseconds: 100 })
    await complains(slow.followed, /ETIMEDOUT/)
    await grow(log)
    expect(log.size).toBe(3_500)
  })

  test('that knows the log further or less far than its file says is asked from where it stands', async () => {
    const directory = await temporary()
    const log = await openIn(directory)
    const witness = await TestWitness.start(log)
    const first = await opened(log, directory, [witness.config()])
    await grow(log)
    await cosigns(first.followed, 1_000)
    await first.followed.close()
    await rm(join(directory, 'cosigned', 'w'))
    const second = await opened(log, directory, [witness.config()])
    await cosigns(second.followed, 1_000)
    expect(second.told).toEqual([])
  })

  test('that says the log was rewritten is an alarm, to the operator and in the log itself', async () => {
    const directory = await temporary()
    const log = await openIn(directory)
    const witness = await TestWitness.start(log)
    const { followed } = await opened(log, directory, [witness.config()])
    await grow(log)
    await cosigns(followed, 1_000)
    await followed.close()
    await log.close()
    const copy = join(await temporary(), 'audit')
    // The same key and name, another past.
    await mkdir(copy, { mode: 0o700 })
    for (const file of ['log.key', 'log.pub', 'cosigned']) await cp(join(directory, file), join(copy, file), { recursive: true })
    const forged = await openIn(copy)
    await forged.append([beat(99)])
    await grow(forged, 999)
    const same = await opened(forged, copy, [witness.config()])
    await complains(same.followed, /another tree of 1000 entries: this log was rewritten/)
    await grow(forged)
    await complains(same.followed, /1000 entries that this log does not continue/)
    expect(same.told.join()).toContain('ALARM')
    expect(same.noted).toContainEqual({ kind: 'admin', action: 'witness.refused', detail: expect.stringContaining('w: it has cosigned') })
  })

  test('that knows more entries than the log has is an alarm: it was restored from an old copy', async () => {
    const directory = await temporary()
    const log = await openIn(directory)
    const witness = await TestWitness.start(log)
    await grow(log)
    const old = join(await temporary(), 'audit')
    await until('a checkpoint', () => log.checkpoint?.size === 1_000)
    await cp(directory, old, { recursive: true, filter: (path) => !basename(path).startsWith('lock-') })
    const { followed } = await opened(log, directory, [witness.config()])
    await grow(log)
    await cosigns(followed, 2_000)
    const restored = await openIn(old)
    const { followed: late } = await opened(restored, old, [witness.config()])
    await complains(late, /2000 entries and this log has 1000: the log was cut, or restored from an old copy/)
  })

  test('with another key than configured, or that does not know the log, is told with what to do', async () => {
    const directory = await temporary()
    const log = await openIn(directory)
    const other = await TestWitness.start(await openIn(await temporary()))
    const witness = await TestWitness.start(log)
    const unknown = await opened(log, directory, [other.config()])
    await complains(unknown.followed, /does not know this log's key \(HTTP 403\): give its operator the line in log.pub/)
    const mixed = await opened(log, directory, [{ ...witness.config(), key: other.verifierKey }])
    await complains(mixed.followed, /no cosignature of the configured key/)
    await expect(opened(log, directory, [{ ...witness.config(), key: log.verifierKey }])).rejects.toMatchObject({ code: 'config_invalid', message: expect.stringContaining('the key is a log\'s, not a witness\'s') })
  })

  test('is reached over TLS with the authority named, and not without', async () => {
    const authority = new TestAuthority(await temporary())
    const { cert, key } = authority.issue('localhost', 'IP:127.0.0.1')
    const directory = await temporary()
    const log = await openIn(directory)
    const witness = await TestWitness.start(log, { cert, key })
    const { followed } = await opened(log, directory, [{ ...witness.config(), ca: authority.ca }])
    await cosigns(followed, 0)
    const strange = await opened(log, directory, [witness.config('x')])
    await complains(strange.followed, /cannot be reached \((UNABLE|SELF|DEPTH)/)
    expect((await stat(join(directory, 'cosigned'))).mode & 0o777).toBe(0o700)
  })
})
