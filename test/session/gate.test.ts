import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { openAuditLog, type AuditLog } from '../../server/audit/log.ts'
import type { Reviews } from '../../server/review/reviews.ts'
import { createGate, type Visit } from '../../server/session/gate.ts'
import type { AuditEntry, EntryFacts } from '../../shared/audit/entry.ts'
import { Denied, GatewayError } from '../../shared/errors.ts'
import type { Decision, Operation, Outcome, ReviewTerms, StatementOperation } from '../../shared/model.ts'

const allow: Decision = { action: 'allow', rule: 'reads', masks: [] }
const deny: Decision = { action: 'deny', rule: 'no drops', reason: 'not by hand' }
const terms: ReviewTerms = {
  places: [{ group: 'dba', count: 1 }],
  timeoutSeconds: 900,
  requesterReason: false,
  approverReason: false,
  breakGlass: []
}
const hold: Decision = { action: 'hold', rule: 'writes wait', masks: [], terms }

function statement(text: string): StatementOperation {
  return {
    kind: 'statement',
    step: 'execute',
    text,
    redacted: text,
    sha256: '0'.repeat(64),
    parameters: [],
    effects: ['read'],
    relations: [],
    functions: [],
    flags: [],
    verb: text.split(' ')[0]!
  }
}

/** A log whose disk answers when the test says so. */
class HeldLog {
  readonly written: EntryFacts[] = []
  readonly waiting: (() => void)[] = []
  broken: GatewayError | undefined
  append(facts: readonly EntryFacts[]): Promise<readonly number[]> {
    const from = this.written.length
    this.written.push(...facts)
    return new Promise((resolve, reject) => this.waiting.push(() =>
      this.broken === undefined ? resolve(facts.map((_, i) => from + i)) : reject(this.broken)))
  }

  note(facts: EntryFacts): void { this.written.push(facts) }
  sync(): void { this.waiting.splice(0).forEach((done) => done()) }
}

interface Setup {
  readonly log: HeldLog
  readonly controller: AbortController
  readonly permitted: number[]
  readonly denied: string[]
  readonly decisions: Map<string, Decision>
  readonly visit: Visit
}

function setup(): Setup {
  const controller = new AbortController()
  const decisions = new Map<string, Decision>([['DROP', deny], ['UPDATE', hold]])
  const visit: Visit = {
    session: 's'.repeat(26),
    connection: 1,
    actor: { issuer: 'https://idp.example', subject: 'ada', groups: [], kind: 'human' },
    target: { name: 'db', protocol: 'echo', address: 'localhost:1' },
    signal: controller.signal,
    decide: (operation: Operation) => operation.kind === 'cancel' ? allow : decisions.get(operation.verb) ?? allow,
    policyVersion: 'v1',
    protection: () => undefined,
    requester: { principal: { issuer: 'https://idp.example', subject: 'ada', groups: [], kind: 'human' }, login: 'l'.repeat(26), loginEndsAt: Infinity },
    earlier: [],
    alive: () => Promise.resolve(true),
    recheck: () => {},
    tell: () => {}
  }
  return { log: new HeldLog(), controller, permitted: [], denied: [], decisions, visit }
}

let time = 0
function gateOf({ log, visit, permitted, denied }: Setup, audit = log as unknown as AuditLog) {
  // Nothing here waits for people; hold.test.ts does.
  const parts = { audit, reviews: undefined as unknown as Reviews }
  return createGate(parts, visit, {
    permitted: (operations) => permitted.push(operations.length),
    denied: (_, { rule }) => denied.push(rule),
    settled: () => {}
  }, () => time)
}

/** Whether a promise has settled by now, everything already queued done. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false
  promise.then(() => { done = true }, () => { done = true })
  await new Promise(setImmediate)
  return done
}

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

describe('the gate refuses', () => {
  test('a statement whose entry could not be written, with audit_unavailable', async () => {
    const parts = setup()
    parts.log.broken = new GatewayError('audit_unavailable', 'no space left')
    const asked = gateOf(parts).authorize([statement('SELECT 1')])
    parts.log.sync()
    await expect(asked).rejects.toMatchObject({ code: 'audit_unavailable' })
    expect(parts.permitted).toEqual([])
  })

  test('a denied statement only after the refusal itself is durable', async () => {
    const parts = setup()
    const asked = gateOf(parts).authorize([statement('DROP TABLE t')])
    expect(await settled(asked)).toBe(false)
    expect(parts.denied).toEqual([])
    parts.log.sync()
    await expect(asked).rejects.toMatchObject({ code: 'denied', rule: 'no drops', reason: 'not by hand', operation: 0 })
    expect(parts.denied).toEqual(['no drops'])
    expect(parts.log.written).toMatchObject([{ kind: 'decision', decision: { action: 'deny', rule: 'no drops', policy: 'v1', reason: 'not by hand' } }])
  })

  test('a denial that cannot be written down, with audit_unavailable: it is a refusal all the same', async () => {
    const parts = setup()
    parts.log.broken = new GatewayError('audit_unavailable', 'no space left')
    const asked = gateOf(parts).authorize([statement('DROP TABLE t')])
    parts.log.sync()
    await expect(asked).rejects.toMatchObject({ code: 'audit_unavailable' })
  })

  test('the whole batch for one denied statement, naming it, and writes an entry for each', async () => {
    const parts = setup()
    const asked = gateOf(parts).authorize([statement('SELECT 1'), statement('INSERT x'), statement('DROP TABLE t'), statement('SELECT 2')])
    parts.log.sync()
    const error = await asked.catch((refusal: unknown) => refusal)
    expect(error).toBeInstanceOf(Denied)
    expect(error).toMatchObject({ operation: 2, rule: 'no drops' })
    expect(parts.log.written.map((entry) => entry.kind)).toEqual(['decision', 'decision', 'decision', 'decision'])
    expect(parts.log.written.map((entry) => entry.kind === 'decision' && entry.decision.rule))
      .toEqual(['built-in: one batch', 'built-in: one batch', 'no drops', 'built-in: one batch'])
  })

  test('a held statement, since nobody can be asked yet', async () => {
    const parts = setup()
    const asked = gateOf(parts).authorize([statement('UPDATE t')])
    parts.log.sync()
    await expect(asked).rejects.toMatchObject({ code: 'denied', rule: 'writes wait' })
    expect(parts.log.written).toMatchObject([{ kind: 'decision', decision: { action: 'hold' } }])
  })

  test('everything once the session has ended, with its reason, and writes nothing', async () => {
    const parts = setup()
    const reason = new GatewayError('unauthenticated', 'disabled')
    parts.controller.abort(reason)
    await expect(gateOf(parts).authorize([statement('SELECT 1')])).rejects.toBe(reason)
    expect(parts.log.written).toEqual([])
  })

  test('who was revoked while the entry was being written; the log says that nothing ran', async () => {
    const parts = setup()
    const asked = gateOf(parts).authorize([statement('SELECT 1'), statement('SELECT 2')])
    const reason = new GatewayError('unauthenticated', 'disabled')
    parts.controller.abort(reason)
    parts.log.sync()
    await expect(asked).rejects.toBe(reason)
    expect(parts.permitted).toEqual([])
    expect(parts.log.written.slice(2)).toMatchObject([
      { kind: 'outcome', intent: 0, outcome: { status: 'cancelled' } },
      { kind: 'outcome', intent: 1, outcome: { status: 'cancelled' } }
    ])
  })
})

describe('the outcome of a statement that reached protected columns', () => {
  const exposure = { action: 'allow', why: [], flags: ['lookup a.b.c'], masked: ['a.b.d'], clear: [{ rule: 'PHI', columns: ['a.b.c'] }] } as const
  const shown = { flags: exposure.flags, masked: exposure.masked, clear: exposure.clear }
  const outcomeOf = async (operation: Operation, outcome: Outcome) => {
    const parts = setup()
    const asked = gateOf(parts).authorize([operation])
    parts.log.sync()
    const [permit] = await asked
    permit!.settle(outcome)
    const last = parts.log.written.at(-1)
    return last?.kind === 'outcome' ? last.outcome : undefined
  }
  const select: StatementOperation = { ...statement('SELECT 1'), exposure }

  test.each<[string, Outcome]>([
    ['ran', { status: 'ok', rows: 3 }],
    ['failed in the middle', { status: 'error', rows: 1, errorClass: '22012' }],
    ['was cancelled in the middle', { status: 'cancelled', rows: 1 }],
    ['may have run', { status: 'unknown' }]
  ])('says what was masked, what was clear and what depended on it, where it %s', async (_, outcome) => {
    expect(await outcomeOf(select, outcome)).toEqual({ ...outcome, exposure: shown, durationMilliseconds: 0 })
  })

  test('says nothing where nothing was shown: it never ran, or was only prepared, or reached nothing', async () => {
    expect(await outcomeOf(select, { status: 'cancelled' })).not.toHaveProperty('exposure')
    expect(await outcomeOf({ ...select, step: 'bind' }, { status: 'ok', rows: 0 })).not.toHaveProperty('exposure')
    expect(await outcomeOf(statement('SELECT 1'), { status: 'ok', rows: 0 })).not.toHaveProperty('exposure')
    const nothing = { ...exposure, flags: [], masked: [], clear: [] }
    expect(await outcomeOf({ ...select, exposure: nothing }, { status: 'ok', rows: 0 })).not.toHaveProperty('exposure')
  })
})

describe('the gate permits', () => {
  test('only once the intent is durable', async () => {
    const parts = setup()
    const asked = gateOf(parts).authorize([statement('SELECT 1')])
    expect(await settled(asked)).toBe(false)
    expect(parts.log.written).toMatchObject([{ kind: 'statement.intent', statement: { verb: 'SELECT', length: 8 }, decision: { action: 'allow' } }])
    parts.log.sync()
    expect(await asked).toMatchObject([{ entry: 0, decision: allow }])
    expect(parts.permitted).toEqual([1])
  })

  test('by the time a permit exists a real log can read its entry back from disk', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hoop-gate-'))
    folders.push(directory)
    const audit = await openAuditLog({ directory, origin: 'gate.test', now: Date.now, heartbeat: () => ({ sessions: 0 }) })
    const permits = await gateOf(setup(), audit).authorize([statement('SELECT 1'), statement('SELECT 2')])
    const entries: AuditEntry[] = []
    for await (const entry of audit.read({ from: permits[0]!.entry })) entries.push(entry)
    expect(entries).toMatchObject(permits.map(({ entry }) => ({ index: entry, kind: 'statement.intent' })))
    await audit.close()
  })

  test('by the policy of the moment: a reload between two statements counts for the second', async () => {
    const parts = setup()
    const gate = gateOf(parts)
    const first = gate.authorize([statement('SELECT 1')])
    parts.log.sync()
    await first
    parts.decisions.set('SELECT', deny)
    const second = gate.authorize([statement('SELECT 1')])
    parts.log.sync()
    await expect(second).rejects.toMatchObject({ code: 'denied' })
  })

  test('settling once: a second word is ignored, and the duration is between permit and word', async () => {
    const parts = setup()
    time = 1000
    const asked = gateOf(parts).authorize([statement('SELECT 1')])
    parts.log.sync()
    const [permit] = await asked
    time = 1012.3456
    permit!.settle({ status: 'ok', rows: 3 })
    permit!.settle({ status: 'error', errorClass: '42601' })
    expect(parts.log.written.slice(1)).toMatchObject([{ kind: 'outcome', intent: 0, outcome: { status: 'ok', rows: 3, durationMilliseconds: 12.346 } }])
    expect(parts.log.written).toHaveLength(2)
  })

  test('a cancel request as an entry of its own kind', async () => {
    const parts = setup()
    const asked = gateOf(parts).authorize([{ kind: 'cancel', connection: 7 }])
    parts.log.sync()
    await asked
    expect(parts.log.written).toMatchObject([{ kind: 'cancel', cancels: 7, decision: { action: 'allow' } }])
  })

  test('a statement of any length: what is kept of it for reading fits an entry, the hash stands for the rest', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hoop-gate-'))
    folders.push(directory)
    const audit = await openAuditLog({ directory, origin: 'gate.test', now: Date.now, heartbeat: () => ({ sessions: 0 }) })
    const gate = gateOf(setup(), audit)
    for (const text of ['SELECT x'.repeat(100_000), `SELECT ${'\u0001'.repeat(100_000)}`, `SELECT ${'語'.repeat(100_000)}`]) {
      const [permit] = await gate.authorize([statement(text)])
      for await (const entry of audit.read({ from: permit!.entry, to: permit!.entry + 1 })) {
        expect(entry).toMatchObject({ kind: 'statement.intent', statement: { length: Buffer.byteLength(text) } })
      }
    }
    await audit.close()
  })
})
