// Every command that prints what comes from elsewhere, with a gateway that answers with 500 texts that act on a terminal, one after the
// other, in every field that is text; and, of logs, with such entries in their files. What a terminal makes of the bytes is looked at.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openedLines } from '../../../cli/audit/shown.ts'
import { register as auditReport } from '../../../cli/commands/audit/report.ts'
import { register as auditSearch } from '../../../cli/commands/audit/search.ts'
import { register as auditVerify } from '../../../cli/commands/audit/verify.ts'
import { register as exportStatus } from '../../../cli/commands/audit/export/status.ts'
import { register as explain } from '../../../cli/commands/policy/explain.ts'
import { register as reviews } from '../../../cli/commands/reviews.ts'
import { register as reviewsShow } from '../../../cli/commands/reviews/show.ts'
import { register as reviewsWatch } from '../../../cli/commands/reviews/watch.ts'
import { register as sessions } from '../../../cli/commands/sessions.ts'
import { register as sessionsFollow } from '../../../cli/commands/sessions/follow.ts'
import { register as sessionsReplay } from '../../../cli/commands/sessions/replay.ts'
import { register as sessionsShow } from '../../../cli/commands/sessions/show.ts'
import { register as targets } from '../../../cli/commands/targets.ts'
import { register as tokens } from '../../../cli/commands/tokens/list.ts'
import { register as users } from '../../../cli/commands/users/list.ts'
import { register as whoami } from '../../../cli/commands/whoami.ts'
import type { Context } from '../../../cli/context.ts'
import { stepsTo } from '../../../cli/doctor/steps.ts'
import { failureFrom } from '../../../cli/failure.ts'
import { answerFrom } from '../../../cli/http.ts'
import { suggestionLines } from '../../../cli/policy/suggestions.ts'
import { surveyLines } from '../../../cli/policy/survey.ts'
import { createTerminal, type Terminal } from '../../../cli/terminal.ts'
import type { EntryFacts } from '../../../shared/audit/entry.ts'
import type { Survey } from '../../../shared/explain.ts'
import { openAuditLog } from '../../../server/audit/log.ts'
import { intent, outcome } from '../../audit/sample.ts'
import { Emulator } from '../../support/emulator.ts'
import { hostiles } from '../../support/hostile.ts'
import type { detail} from '../../support/reviews.ts'
import { hostileDetail, summary } from '../../support/reviews.ts'

const id = '01k5b2y8v4s0q9m3t7x6c1n0ad'
const time = '2026-11-25T12:00:00.000Z'
/** Stands where the hostile text is to be. */
const here = '@'

let folder: string
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'hoop-hostile-')) })
afterAll(() => rm(folder, { recursive: true, force: true }))

/** The same, with the text wherever a sample says so. */
function filled<T>(sample: T, text: string): T {
  if (typeof sample === 'string') return (sample === here ? text : sample) as T
  if (Array.isArray(sample)) return sample.map((one: unknown) => filled(one, text)) as T
  if (typeof sample !== 'object' || sample === null) return sample
  const members = Object.entries(sample).map(([name, value]) => [name === here ? text : name, filled(value as unknown, text)])
  return Object.fromEntries(members) as T
}

const someone = { issuer: here, subject: here, email: here }
const person = { ...someone, name: here, groups: [here], kind: 'agent', onBehalfOf: someone }
const session = {
  id, principal: person, target: here, startedAt: time,
  endedAt: time, endReason: here, statements: 1, denied: 1, connections: 1
}
const statement = {
  step: 'execute', verb: here, redacted: here, sha256: 'ab', length: 9, parameters: 1, effects: ['write'], relations: [here], flags: ['no_where'],
  exposure: { why: [here], flags: [here], masked: [here], clear: [{ rule: here, columns: [here] }] }
}
const target = { name: here, protocol: here, database: here, address: here }
const entryHead = {
  version: 1, origin: 'o', time, monotonic: '0', boot: 'b', session: id, connection: 1, actor: person, target
}
const entries = [
  { ...entryHead, index: 0, kind: 'session.start', source: here, exemption: { reason: here, rules: [{ rule: here, until: time }] } },
  { ...entryHead, index: 1, kind: 'statement.intent', statement, decision: { action: 'allow', rule: here, policy: 'p' } },
  { ...entryHead, index: 2, kind: 'outcome', intent: 1, outcome: { status: 'error', errorClass: here, durationMilliseconds: 1 } },
  { ...entryHead, index: 3, kind: 'decision', statement, decision: { action: 'deny', rule: here, policy: 'p', reason: here } },
  { ...entryHead, index: 4, kind: 'session.end', reason: here, connections: 1 }
]
const explanation = {
  target: here,
  protected: true,
  statements: [{
    verb: here, effects: ['read'], relations: [here], functions: [here], flags: ['no_where'], unproven: [here],
    columns: [{ name: here, shown: 'masked', mask: here, tells: here, from: [here], path: [here, here], mayAsk: [here], exemptions: [{ rule: here }] }],
    flows: [{ kind: here, action: 'hold', columns: [here], into: here, why: here }],
    decision: { action: 'deny', rule: here, reason: here }
  }]
}
const at = { at: 1, connection: 1 }
const report = { severity: here, sqlState: here, message: here, detail: here, hint: here, context: here }
const recording = [
  { type: 'recording', matches: false, session },
  { ...at, type: 'statement', entry: 1, step: 'execute', verb: here, text: here, parameters: [here] },
  { ...at, type: 'held', review: here, rule: here, asked: [here], text: here },
  { ...at, type: 'decided', review: here, state: here, by: here, reason: here },
  { ...at, type: 'denied', rule: here, reason: here, text: here },
  { ...at, type: 'columns', columns: [{ name: here, type: 25, masked: true }] },
  { ...at, type: 'rows', rows: [[here, here]] },
  { ...at, type: 'copy', text: here, lines: 1 },
  { ...at, type: 'notice', ...report },
  { ...at, type: 'error', ...report },
  { ...at, type: 'cut', what: 'result', rows: 1, bytes: 1, sha256: here },
  { ...at, type: 'done', tag: here },
  { ...at, type: 'warning', message: here },
  { ...at, type: 'connection.end', error: here },
  { ...at, type: 'end', code: here, reason: here },
  { type: 'damaged', reason: here }
]

async function* each<T>(all: readonly T[], then = () => {}): AsyncGenerator<T> {
  for (const one of all) yield one
  then()
}

const token = {
  id, name: here, owner: person, targets: [here], kind: here, createdAt: time, expiresAt: time, lastUsedAt: here, revokedAt: here
}
const sink = {
  name: here, kind: here, state: here, next: 1, lagEntries: 1, lagSeconds: 1, deadLetters: 1, strict: false, blocking: false,
  lastError: { at: here, reason: here }
}

/** What the gateway answers, by method. */
const answers = (text: string, stop: () => void): Record<string, unknown> => ({
  sessions: [filled(session, text)],
  session: filled({ ...session, entries }, text),
  targets: [filled({ name: here, protocol: here, database: here, labels: { [here]: here } }, text)],
  whoami: filled({ principal: person, expiresAt: here, loginEndsAt: here, admin: true }, text),
  reviews: [{ ...summary(), ...pick(hostileDetail(text)) }, summary({ kind: 'access', target: text })],
  review: hostileDetail(text),
  reviewEvents: each([{ type: 'review', review: summary(pick(hostileDetail(text))) }], stop),
  serviceTokens: [filled(token, text)],
  users: [filled({ id, ...person, lastLoginAt: here, disabledAt: here }, text)],
  auditExports: [filled(sink, text)],
  explain: filled(explanation, text),
  recording: each(filled(recording, text)),
  follow: each(filled(recording.slice(1, -1), text))
})

function pick({ target, rule, statement, asked, requester, requesterReason }: ReturnType<typeof detail>) {
  return {
    target,
    rule,
    asked,
    requester,
    ...(statement === undefined ? {} : { statement }),
    ...(requesterReason === undefined ? {} : { requesterReason })
  }
}

/** A terminal's two ends: what commands write to as to a person's, and what came of it once all of it has been written. */
function opened() {
  const written: string[] = []
  const stream = () => Object.assign(new Writable({
    write: (chunk: Buffer, _, done) => {
      written.push(chunk.toString('utf8'))
      done()
    }
  }), { isTTY: true, columns: 200, rows: 50 })
  const terminal = createTerminal({ stdin: process.stdin, stdout: stream(), stderr: stream(), mayColor: true, mayInteract: false })
  return { terminal, written: () => written.join('') }
}

function contextOf(terminal: Terminal, gateway: () => Promise<unknown>, text: string, signal = new AbortController().signal): Context {
  return {
    terminal,
    settings: { gatewayUrl: 'http://127.0.0.1:9', token: undefined, profile: text, configDirectory: join(folder, 'config'), keychain: 'off', environment: {} },
    signal,
    tokens: { where: 'file', load: async () => undefined },
    gatewayUrl: () => 'http://127.0.0.1:9',
    discover: async () => ({ version: text }),
    health: async () => ({ status: 'refusing', reason: text }),
    gateway,
    now: () => Date.parse(time),
    exitWith: () => undefined
  } as unknown as Context
}

type Register = (parent: Command, context: () => Promise<Context>) => void

/** Runs a command to its end, and tells its failure as main does. */
async function run(register: Register, words: readonly string[], context: Context): Promise<void> {
  const program = new Command().exitOverride()
  register(program, async () => context)
  await told(context.terminal, () => program.parseAsync([...words], { from: 'user' }))
}

async function told(terminal: Terminal, act: () => Promise<unknown>): Promise<void> {
  try {
    await act()
  } catch (error) {
    for (const line of failureFrom(error, false).lines) terminal.say(line)
  }
  await terminal.flush()
}

/** The prefix of what is said, in colour. */
const own = /^\u001B\[(?:0|31|33|36)m$/

async function expectUnharmed(written: string): Promise<void> {
  const emulator = new Emulator({ columns: 200, rows: 50 })
  // A terminal's driver makes a line end of each newline.
  await emulator.write(written.replaceAll('\n', '\r\n'))
  expect([...emulator.acts].filter((act) => !own.test(act))).toEqual([])
  const { replies, titles, clipboard, links, leftBehind, cursor } = emulator
  emulator.close()
  expect({ replies, titles, clipboard, links, leftBehind, column: cursor.column })
    .toEqual({ replies: [], titles: [], clipboard: [], links: [], leftBehind: [], column: 0 })
}

const missing = (written: string) => hostiles.filter(({ visible }) => !written.includes(visible)).map(({ visible }) => visible)

/** Whatever is asked of it, it answers so. */
function gatewayOf(answer: (method: string) => unknown): () => Promise<unknown> {
  return async () => new Proxy({}, { get: (_, method: string) => method === 'then' ? undefined : async () => answer(method) })
}

const commands: readonly (readonly [string, Register, readonly string[]])[] = [
  ['sessions', sessions, ['sessions']],
  ['sessions show', sessionsShow, ['show', id]],
  ['sessions replay', sessionsReplay, ['replay', id]],
  ['sessions follow', sessionsFollow, ['follow', id]],
  ['reviews', reviews, ['reviews', '--state', 'all']],
  ['reviews show', reviewsShow, ['show', id]],
  ['reviews watch', reviewsWatch, ['watch']],
  ['targets', targets, ['targets']],
  ['whoami', whoami, ['whoami']],
  ['tokens list', tokens, ['list']],
  ['users list', users, ['list']],
  ['audit export status', exportStatus, ['status']],
  ['policy explain', explain, ['explain', 'prod-db', 'SELECT 1']]
]

describe.each(commands)('hoop %s', (_, register, words) => {
  test.each([[[], hostiles], [['--json'], hostiles.slice(0, 80)]] as const)('%j shows each, and none acts', async (flags, all) => {
    const { terminal, written } = opened()
    for (const { text } of all) {
      const stop = new AbortController()
      const found = answers(text, () => stop.abort())
      await run(register, [...words, ...flags], contextOf(terminal, gatewayOf((method) => found[method]), text, stop.signal))
    }
    await expectUnharmed(written())
    if (flags.length === 0) expect(missing(written())).toEqual([])
    else for (const { text } of all) expect(written()).toContain(text.slice(0, text.search(/[^ -~]|["\\]/)))
  })

  test('shows what the gateway says is wrong, and none of that acts', async () => {
    const { terminal, written } = opened()
    for (const { text } of hostiles) {
      const problem = JSON.stringify({ type: 'about:blank', title: text, status: 403, code: 'forbidden', detail: text, nearest: [text] })
      const gateway = gatewayOf(() => answerFrom({ url: 'http://127.0.0.1:9' }, {
        statusCode: 403, headers: { 'content-type': 'application/problem+json' }
      }, problem))
      await run(register, words, contextOf(terminal, gateway, text))
    }
    await expectUnharmed(written())
    expect(missing(written())).toEqual([])
  })
})

test('the steps of hoop doctor show each, and none acts', async () => {
  const { terminal, written } = opened()
  for (const { text } of hostiles) {
    const found = answers(text, () => undefined)
    const context = contextOf(terminal, gatewayOf((method) => found[method]), text)
    // The clock's step asks the network, and prints numbers.
    for (const [name, step] of stepsTo(undefined)) if (name !== 'clock') await told(terminal, async () => terminal.out(await step(context)))
  }
  await expectUnharmed(written())
  expect(missing(written())).toEqual([])
})

test('what is opened, surveyed and suggested shows each, and none acts', async () => {
  const survey: Survey = {
    target: here, database: here, problems: [here],
    columns: [{ column: here, mask: here, rule: here, follows: here }],
    views: [{ view: here, columns: [{ column: here, from: [here] }], unproven: [here], sha256: here }],
    functions: [{ function: here, why: here, sha256: here }],
    indexes: [{ relation: here, off: [here] }],
    lookAlikes: [{ column: here, holds: here }]
  }
  const suggestions = {
    target: here, database: here, relations: 1, sampledColumns: 1, unread: [{ relation: here, errorClass: here }],
    suggestions: [{ column: here, holds: here, mask: here, because: ['values' as const], hits: 1, sampled: 1 }]
  }
  const { terminal, written } = opened()
  for (const { text } of hostiles) {
    const bytes = Buffer.from(text)
    const lines = [
      ...surveyLines(filled(survey, text)),
      ...suggestionLines(filled(suggestions, text)),
      ...openedLines({ entry: filled(entries[1], text) as never, statements: [{ sha256: 'ab', text: bytes, parameters: [bytes, null], formats: [] }] })
    ]
    for (const line of lines) terminal.out(line)
    await terminal.flush()
  }
  await expectUnharmed(written())
  expect(missing(written())).toEqual([])
})

describe('an audit log full of them', () => {
  let directory: string
  beforeAll(async () => {
    directory = join(folder, 'audit')
    const log = await openAuditLog({ directory, origin: 'test.example/log', now: Date.now, heartbeat: () => ({ sessions: 0 }) })
    // An entry has an end; what they begin with is what they are found by.
    for (const text of hostiles.map((one) => one.text.slice(0, 1_000))) {
      const asked = intent(text) as Extract<EntryFacts, { kind: 'statement.intent' }>
      const facts = [
        { ...asked, actor: person, target, statement },
        outcome(0),
        { ...asked, kind: 'decision', actor: person, statement, decision: { action: 'deny', rule: here, policy: here, reason: here } },
        { kind: 'login', actor: person, source: here, method: here, accepted: false, reason: here },
        { kind: 'review.vote', review: id, actor: person, approve: true, breakGlass: true, reason: here },
        { kind: 'admin', actor: person, action: here, detail: here }
      ] as unknown as EntryFacts[]
      await log.append(filled(facts, text))
    }
    await log.close()
  })

  const none = async () => { throw new Error('no gateway is needed') }

  test.each([[[]], [['--kind', 'login', '--kind', 'review.vote', '--kind', 'admin']]])('hoop audit search %j shows each, and none acts', async (more) => {
    const { terminal, written } = opened()
    await run(auditSearch, ['search', directory, '--limit', '9999', ...more], contextOf(terminal, none, ''))
    await expectUnharmed(written())
    expect(missing(written())).toEqual([])
  })

  test.each([[auditSearch, ['search', '--json', '--limit', '9999']], [auditReport, ['report', '--from', '2020-01-01']],
    [auditReport, ['report', '--from', '2020-01-01', '--json']], [auditReport, ['report', '--from', '2020-01-01', '--html']],
    [auditVerify, ['verify']]] as const)('nothing acts in %o %j', async (register, words) => {
    const { terminal, written } = opened()
    const [command, ...flags] = words
    await run(register, [command, directory, ...flags], contextOf(terminal, none, ''))
    await expectUnharmed(written())
    expect(written().length).toBeGreaterThan(50)
  })

  test('nor where the files beside the entries are full of them', async () => {
    const { terminal, written } = opened()
    const checkpoint = join(directory, 'checkpoint')
    for (const { text } of hostiles.filter((_, i) => i % 25 === 0)) {
      await writeFile(checkpoint, `${text}\n${text}\n${text}\n\n\u2014 ${text} ${text}\n`)
      await run(auditVerify, ['verify', directory], contextOf(terminal, none, ''))
      await run(auditVerify, ['verify', join(folder, text.slice(0, 60).replaceAll('/', ''))], contextOf(terminal, none, ''))
    }
    await expectUnharmed(written())
  }, 60_000)
})
