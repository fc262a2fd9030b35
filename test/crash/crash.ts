// A gateway that is killed under load again and again on one log, and what has to hold after each time.
import { generateKeyPairSync } from 'node:crypto'
import { appendFile, readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { verifyLog } from '../../shared/audit/verify.ts'
import type { AuditEntry } from '../../shared/audit/entry.ts'
import { filesIn } from '../audit/sample.ts'
import { readEntries } from '../support/audit-files.ts'
import { compare } from '../support/audited.ts'
import { TestGateway } from '../support/gateway.ts'
import { statementsIn, TestPostgres } from '../support/postgres.ts'
import { until } from '../support/until.ts'
import { Random } from '../support/random.ts'
import { kinds, Load, policy, tables, users, type Kind } from './load.ts'

const role = 'hoop_app'
const longestLoadMilliseconds = 2_000

export interface Cycle {
  /** After how much load it was killed. */
  readonly loadMilliseconds: number
  /** Pieces of work finished until then. */
  readonly done: Readonly<Record<Kind, number>>
  /** Lines of the database's log that were compared, those of them that ran something, and the gateway's own questions. */
  readonly compared: number
  readonly ran: number
  readonly own: number
  /** From the start of the process to the first connection it takes. */
  readonly restartMilliseconds: number
  readonly entries: number
  /** Of the write that was made to look torn; 0 where none was. */
  readonly tornBytes: number
  /** The gateway was also killed while it started. */
  readonly faltered: boolean
  /** What must not be; nothing, if all is well. */
  readonly wrong: readonly string[]
}

/** Of somebody who is not asked here: the private half is thrown away. */
function auditorKey(): string {
  return generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
}

export class CrashTest {
  readonly postgres: TestPostgres
  readonly gateway: TestGateway
  readonly #random: Random
  /** Of the database's log, what was compared already. */
  #logged = 0
  /** Of the audit log, how many entries were looked at already. */
  #seen = 0
  #number = 1
  readonly #open = new Set<number>()

  private constructor(postgres: TestPostgres, gateway: TestGateway, random: Random) {
    this.postgres = postgres
    this.gateway = gateway
    this.#random = random
  }

  static async start(seed: number): Promise<CrashTest> {
    const postgres = await TestPostgres.start({ settings: { log_destination: 'jsonlog,csvlog' } })
    try {
      await postgres.query(`CREATE ROLE ${role} LOGIN PASSWORD 'app-password'`)
      await postgres.query(`CREATE DATABASE clinic OWNER ${role}`)
      await postgres.query(`SET ROLE ${role}; ${tables}`, { database: 'clinic' })
      const gateway = await TestGateway.start({
        users,
        policy,
        // With it every statement has an attachment, which is torn and compared with the rest.
        sections: { audit: { directory: 'audit', origin: 'test.example/log', sealTo: [{ name: 'auditor', key: auditorKey() }] } },
        targets: { 'prod-db': { address: postgres.address, database: 'clinic', credential: { user: role, password: 'app-password' } } }
      })
      return new CrashTest(postgres, gateway, new Random(seed))
    } catch (error) {
      await postgres.stop()
      throw error
    }
  }

  /** Load, kill -9, comparison, restart, verification. The gateway runs before and after. @param verify reads the whole log */
  async cycle(verify = true): Promise<Cycle> {
    const random = this.#random
    const load = new Load(this.gateway, random, this.#number)
    await load.begin()
    const after = random.below(random.chance(0.3) ? 10 : 300)
    const begun = performance.now()
    await until('the load', () => load.finished >= after || performance.now() - begun > longestLoadMilliseconds)
    // A point in time, and not one between two pieces of work: whatever is under way then is what the kill hits.
    await new Promise((resolve) => setTimeout(resolve, random.below(25)))
    const loadMilliseconds = Math.round(performance.now() - begun)
    await load.end(() => this.gateway.halt('KILL'))
    this.#number = load.number

    // The bytes as the killed process left them: nobody writes there now.
    const left = await readEntries(this.gateway.auditDirectory, this.#seen)
    const { wrong, ...compared } = await this.#compare(left)
    this.#see(left)
    const tornBytes = random.chance(0.2) ? await this.#tear() : 0
    const faltered = random.chance(0.1)
    if (faltered) await this.gateway.falter(random.below(500))
    const restarted = performance.now()
    await this.gateway.resume()
    const restartMilliseconds = Math.round(performance.now() - restarted)
    wrong.push(...await this.#afterRestart(faltered ? 0 : tornBytes, verify))
    return { ...compared, wrong, loadMilliseconds, done: load.done, restartMilliseconds, tornBytes, faltered, entries: this.#seen }
  }

  /** What the database was asked, once it has nothing of the killed gateway's left to do, against what the log says. */
  async #compare(entries: readonly AuditEntry[]) {
    await until('the upstream connections to end', async () =>
      (await this.postgres.query(`SELECT 1 FROM pg_stat_activity WHERE usename = '${role}'`)).length === 0)
    const log = await this.postgres.log()
    const { unaudited, ...counts } = compare(statementsIn(log.slice(this.#logged)), entries, role)
    this.#logged = log.length
    return { ...counts, wrong: unaudited.map((line) => `reached the database and no entry said so before: ${line}`) }
  }

  /** Keeps which statements have no outcome. */
  #see(entries: readonly AuditEntry[]): void {
    for (const entry of entries) {
      if (entry.kind === 'statement.intent') this.#open.add(entry.index)
      if (entry.kind === 'outcome') this.#open.delete(entry.intent)
    }
    this.#seen += entries.length
  }

  /** As a machine that stops in the middle of a write leaves it: the front of a batch, longer than what is there. */
  async #tear(): Promise<number> {
    const segments = join(this.gateway.auditDirectory, 'segments')
    const [name] = (await readdir(segments)).sort().slice(-1)
    const frame = Buffer.alloc(8 + this.#random.below(700))
    frame.writeUInt32BE(0x8000_0000 + frame.length)
    await appendFile(join(segments, name!), frame)
    return frame.length
  }

  async #afterRestart(tornBytes: number, verify: boolean): Promise<string[]> {
    const { auditDirectory } = this.gateway
    const recovered = await readEntries(auditDirectory, this.#seen)
    this.#see(recovered)
    const wrong: string[] = []
    const dropped = recovered.reduce((sum, entry) => sum + (entry.kind === 'recovery' ? entry.droppedBytes : 0), 0)
    if (dropped < tornBytes) wrong.push(`the recovery says ${dropped} bytes were dropped, of a torn write of ${tornBytes}`)
    if (this.#open.size > 0) wrong.push(`${this.#open.size} statements have no outcome after the restart, the first is entry ${[...this.#open][0]}`)
    if (!verify) return wrong
    const key = await readFile(join(auditDirectory, 'log.pub'), 'utf8')
    const { problems } = await verifyLog(filesIn(auditDirectory), key)
    return [...wrong, ...problems.map(({ entry, file, message }) => `the log does not verify: ${file ?? ''} ${entry ?? ''} ${message}`)]
  }

  /** Both logs as an auditor compares them, with the program's own commands. @returns what must not be */
  async audit(): Promise<{ matched: number, wrong: string[] }> {
    const person = await this.gateway.person('alice')
    const { auditDirectory } = this.gateway
    const verified = await person.finish(['audit', 'verify', auditDirectory, '--key', join(auditDirectory, 'log.pub')])
    const reconciled = await person.finish(['audit', 'reconcile', auditDirectory, ...await this.postgres.csvLogs(), '--json'])
    const wrong = verified.code === 0 ? [] : [`hoop audit verify: ${verified.stdout}${verified.stderr}`]
    if (reconciled.code !== 0) wrong.push(`hoop audit reconcile: ${reconciled.stdout.slice(0, 2_000)}${reconciled.stderr}`)
    const { matched = 0 } = reconciled.stdout === '' ? {} : JSON.parse(reconciled.stdout) as { matched?: number }
    return { matched, wrong }
  }

  async stop(): Promise<void> {
    await this.gateway.stop()
    await this.postgres.stop()
  }
}

/** Pieces of work of several cycles, of each kind. */
export function sumOf(cycles: readonly Cycle[]): Record<Kind, number> {
  return Object.fromEntries(kinds.map((kind) => [kind, cycles.reduce((sum, { done }) => sum + done[kind], 0)])) as Record<Kind, number>
}
