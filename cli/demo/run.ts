// `hoop demo` from beginning to end: each step starts or does the real thing and is printed as one line with the time it took.
// Database, gateway and files live in one temporary folder and end with the demo, however it ends.
// Long because it is the one place where the steps stand in their order.
import { mkdirSync, rmSync } from 'node:fs'
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ReviewSummary, SessionDetail, TokenResponse } from '../../shared/api.ts'
import type { AuditEntry } from '../../shared/audit/entry.ts'
import { asGatewayError, GatewayError } from '../../shared/errors.ts'
import { createBearer } from '../bearer.ts'
import type { Context } from '../context.ts'
import { exchange, health, discover, openGateway, type Gateway } from '../gateway.ts'
import { logIn } from '../login/flow.ts'
import type { TokenStore } from '../login/tokens.ts'
import { room } from '../table.ts'
import { openPort, type OpenPort } from '../tunnel/port.ts'
import { logInByForm } from './browser.ts'
import { Children } from './children.ts'
import { startDatabase } from './database.ts'
import { startGateway, target, type DemoGateway } from './gateway.ts'
import { entryLines } from './entries.ts'
import { hung } from '../hung.ts'
import { openClient, type DemoClient } from './statements.ts'

const pollMilliseconds = 50
/** How far what a step shows is set in. */
const set = 4
const patienceMilliseconds = 15_000

export interface DemoOptions {
  /** Leave the temporary folder: configuration, audit log, the gateway's state. */
  readonly keep: boolean
  /** Path of `bin/hoop`, to run the gateway and the verifier with. */
  readonly program: string
}

/** What this process was started with; the gateway and the verifier are other commands of the same program. */
export function ownProgram(): string {
  return process.argv[1]!
}

/** @throws GatewayError internal naming the step that failed, cancelled on Ctrl-C before it was done */
export async function runDemo(context: Context, { keep, program }: DemoOptions): Promise<void> {
  const { terminal } = context
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'hoop-demo-')))
  const children = new Children()
  const sweep = () => { if (!keep) rmSync(folder, { recursive: true, force: true }) }
  process.once('exit', sweep)
  const undo: (() => Promise<unknown>)[] = [
    async () => {
      if (!keep) await rm(folder, { recursive: true, force: true, maxRetries: 3 })
      process.off('exit', sweep)
    },
    () => children.end()
  ]
  try {
    await demonstrate({ ...context, folder, program, children, undo, environment: inherited(context.settings.environment) })
  } finally {
    for (const end of undo.reverse()) await end().catch((error: unknown) => terminal.say(`warning: ${asGatewayError(error).message}`))
    if (keep) terminal.say(`everything it wrote is in ${folder}`)
    else terminal.say('the demo has ended; nothing of it is left')
  }
}

interface Stage extends Context {
  readonly folder: string
  readonly program: string
  readonly children: Children
  /** What has to be ended, in order of its beginning. */
  readonly undo: (() => Promise<unknown>)[]
  readonly environment: Readonly<Record<string, string>>
}

async function demonstrate(stage: Stage): Promise<void> {
  const { terminal, folder, program, children, undo, environment, signal, now } = stage
  const step = stepper(stage)
  terminal.out('hoop demo: a database, a gateway and you, all on this machine')
  terminal.out('')

  const database = await step('database', () => startDatabase(folder, environment, children), ({ version, rows }) =>
    `PostgreSQL ${version}, ${rows} rows of a clinic that does not exist; only the gateway knows its password`)
  const gateway = await step('gateway', async () => {
    const started = await startGateway({ folder, program, database, environment, children })
    await healthy(started.url, signal)
    return started
  }, ({ url }) => `hoop gateway start, at ${url}, with its own identity provider`)
  const login = await step('login', () => logInAs('alice', gateway, stage), ({ principal }) =>
    `${principal.email ?? principal.subject} (${principal.groups.join(', ')}), authorization code + PKCE, through the provider's own login form`)
  const api = apiFor(login, gateway, stage)
  const port = await step('port', async () => {
    const opened = await openPort({
      target,
      port: 0,
      gatewayUrl: gateway.url,
      gateway: async () => api,
      now,
      settings: { configDirectory: ownFolder(folder, 'cli'), token: undefined },
      tell: () => undefined,
      onFailure: () => undefined
    })
    undo.push(() => opened.close(0))
    return opened
  }, ({ host, port }) => `${target} is open on ${host}:${port}, for you alone, without a password`)

  const client = await step('client', () => openClient(port.usage.url, room(terminal) - set), () => 'an ordinary PostgreSQL client, connected to that port')
  undo.push(() => client.end())
  await step('statements', () => converse(client, terminal.out), () => 'three ran, one of them masked, and two were refused; the connection lives on')
  await step('review', async () => reviewed(client, apiFor(await logInAs('bob', gateway, stage), gateway, stage), stage), (approver) =>
    `one waited until ${approver} approved it, and then ran`)
  await client.end()

  const session = await step('record', () => recorded(api, port), ({ entries }) => `${entries.length} entries of this session in the audit log`)
  for (const line of entryLines(session.entries, room(terminal) - set)) terminal.out(`    ${line}`)
  terminal.out('')
  if (terminal.interactive) await stay(stage, gateway, port, database.died)

  // After Ctrl-C too, which a second one cuts short.
  const lastStep = stepper({ terminal, signal: new AbortController().signal })
  const report = await lastStep('proof', async () => {
    await port.close(0)
    await gateway.end()
    return verified(stage, gateway)
  }, () => 'the gateway has stopped; hoop audit verify, on the files of its log')
  for (const line of report.flatMap((told) => hung(`    ${told}`, room(terminal), set + 4))) terminal.out(line)
}

/** Runs steps and prints them; a failed one is named. Ctrl-C does not wait for a step's end: what it started is ended by `undo`. */
function stepper({ terminal, signal }: Pick<Stage, 'terminal' | 'signal'>) {
  return async <T>(name: string, work: () => Promise<T>, describe: (result: T) => string): Promise<T> => {
    signal.throwIfAborted()
    const begun = performance.now()
    const spinner = terminal.progress(name)
    try {
      const result = await untilAborted(work(), signal)
      spinner.done()
      const head = `${`${((performance.now() - begun) / 1000).toFixed(1)} s`.padStart(7)}  ${name.padEnd(10)}  `
      for (const line of hung(`${head}${describe(result)}`, room(terminal), head.length)) terminal.out(line)
      return result
    } catch (error) {
      spinner.done()
      if (signal.aborted) throw signal.reason
      const { code, message, hint } = asGatewayError(error)
      const why = code === 'internal' && !(error instanceof GatewayError) && error instanceof Error ? error.message : message
      throw new GatewayError('internal', `the step "${name}" failed: ${why}`, {
        hint: hint ?? 'to look at what it left: hoop demo --keep',
        cause: error
      })
    }
  }
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error)
    signal.addEventListener('abort', stop, { once: true })
  })
  // Whichever loses has nobody to tell.
  work.catch(() => undefined)
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** Without hoop's and libpq's own variables, which would steer children elsewhere. */
function inherited(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !/^(HOOP_|PG|DEMO_)/.test(name)))
}

function ownFolder(folder: string, name: string): string {
  const path = join(folder, name)
  mkdirSync(path, { mode: 0o700 })
  return path
}

async function healthy(url: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + patienceMilliseconds
  for (;;) {
    const found = await health({ url, signal }).catch((error: unknown) => asGatewayError(error))
    if (!(found instanceof GatewayError) && found.status === 'ok') return
    if (performance.now() > deadline) throw found instanceof GatewayError ? found : new GatewayError('gateway_unreachable', found.reason ?? 'the gateway refuses statements')
    await new Promise((resolve) => setTimeout(resolve, pollMilliseconds))
  }
}

/** The real login of `hoop login`; only the browser is stood in for. */
async function logInAs(username: 'alice' | 'bob', { url, passwords }: DemoGateway, { signal, now }: Stage): Promise<TokenResponse> {
  const person = { username, password: passwords[username] }
  let failed: (error: unknown) => void = () => undefined
  const stuck = new Promise<never>((_, reject) => { failed = reject })
  const login = logIn({
    discovery: await discover({ url, signal }),
    exchange: (request) => exchange({ url, signal }, request),
    openBrowser: async (page) => {
      void logInByForm(page, person, signal).catch((error: unknown) => failed(error))
      return true
    },
    say: () => undefined,
    signal,
    now,
    timeoutMilliseconds: patienceMilliseconds
  })
  login.catch(() => undefined)
  return Promise.race([login, stuck])
}

/** The client of every other command; its tokens rest in memory, away from the keychain of whoever runs the demo. */
function apiFor(login: TokenResponse, { url }: DemoGateway, { signal, now, folder }: Stage): Gateway {
  let kept: Parameters<TokenStore['save']>[1] | undefined = { ...login, expiresAt: now() + login.expiresInSeconds * 1000 }
  const tokens: TokenStore = {
    where: 'file',
    load: async () => kept,
    save: async (_, next) => { kept = next },
    remove: async () => { kept = undefined }
  }
  const bearer = createBearer({
    settings: { token: undefined, configDirectory: folder },
    gatewayUrl: url,
    tokens,
    exchange: (request) => exchange({ url, signal }, request),
    now
  })
  return openGateway({ url, signal, bearer })
}

async function converse(client: DemoClient, out: (line: string) => void): Promise<void> {
  out('')
  const told = async (statement: string, values: readonly string[] = []) => {
    for (const line of await client.lines(statement, values)) out(`    ${line}`)
    out('')
  }
  await told('select department, count(*) as visits, round(avg(charge), 2) as average from visits group by 1 order by 2 desc limit 3')
  await told('select given_name, family_name, ssn, dob, phone, visited_at::date as visited, diagnosis from patients p join visits v on v.patient_id = p.id where mrn = $1 order by visited_at desc limit 3', ['MRN-100294'])
  await told('select count(*) from patients where ssn like \'9%\'')
  await told('delete from prescriptions')
  await told('select count(*) as still_there from prescriptions')
  if (client.refused !== 2) throw new GatewayError('internal', `${client.refused} statements were refused, not two`)
}

/** A statement that waits, and somebody else who looks at it and approves. @returns who that was */
async function reviewed(client: DemoClient, bob: Gateway, { terminal, signal }: Stage): Promise<string> {
  const asked = client.lines('update visits set charge = 0 where id = $1', ['7'])
  asked.catch(() => undefined)
  const { id, statement, requester, asked: groups } = await onePending(bob, signal)
  const { binding } = await bob.review(id)
  const { votes } = await bob.approveReview(id, { binding, reason: 'the invoice was written twice' })
  const { by, reason } = votes[0]!
  const wish = `    review ${id}: ${requester.email ?? requester.subject} asks ${groups.join(', ')} for: ${statement ?? ''}`
  terminal.out('')
  for (const line of hung(wish, room(terminal), set + 2)) terminal.out(line)
  terminal.out(`    ${by} approves: ${reason ?? ''}`)
  for (const line of await asked) terminal.out(`    ${line}`)
  terminal.out('')
  return by
}

async function onePending(approver: Gateway, signal: AbortSignal): Promise<ReviewSummary> {
  const deadline = performance.now() + patienceMilliseconds
  for (;;) {
    const [found] = await approver.reviews({ state: 'pending' })
    if (found !== undefined) return found
    signal.throwIfAborted()
    if (performance.now() > deadline) throw new GatewayError('internal', 'the statement that should wait is not among the pending reviews')
    await new Promise((resolve) => setTimeout(resolve, pollMilliseconds))
  }
}

/** Outcomes are written behind the answers; the session's detail shows what is on disk. */
async function recorded(api: Gateway, { session }: OpenPort): Promise<SessionDetail> {
  const deadline = performance.now() + patienceMilliseconds
  for (;;) {
    const found = await api.session(session)
    const count = (kind: AuditEntry['kind']) => found.entries.filter((entry) => entry.kind === kind).length
    const open = [count('statement.intent') - count('outcome'), count('connection.start') - count('connection.end')]
    if (open.every((left) => left === 0)) return found
    if (performance.now() > deadline) throw new GatewayError('internal', `the audit log has no end of ${open[0]} statements and ${open[1]} connections`)
    await new Promise((resolve) => setTimeout(resolve, pollMilliseconds))
  }
}

async function verified({ children, program, folder, environment }: Stage, { auditDirectory }: DemoGateway): Promise<string[]> {
  const report = await children.output(process.execPath, [program, 'audit', 'verify', auditDirectory], {
    cwd: folder,
    env: { ...environment, HOOP_CONFIG_DIR: join(folder, 'cli') }
  })
  return report.trimEnd().split('\n')
}

/** On a terminal: everything stays up for whoever wants to try it, until Ctrl-C. */
async function stay(stage: Stage, gateway: DemoGateway, port: OpenPort, databaseDied: Promise<never>): Promise<void> {
  const { terminal, signal, folder } = stage
  const passwords = join(folder, 'passwords')
  await writeFile(passwords, Object.entries(gateway.passwords).map(([name, password]) => `${name} ${password}\n`).join(''), { mode: 0o600 })
  const { usage } = port
  for (const line of [
    'It stays open. As alice, from another terminal:',
    '',
    `    ${usage.command}`,
    `    ${usage.url}`,
    '',
    'Or log in yourself, as alice or as bob, who may write:',
    '',
    `    cat ${passwords}`,
    `    hoop --profile demo login ${gateway.url}`,
    `    hoop --profile demo connect ${target}`,
    '',
    'Ctrl-C ends it all, and checks the log.'
  ]) terminal.out(line)
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
  const ended = await Promise.race([stopped, port.over, gateway.died, databaseDied])
  if (ended !== undefined) throw ended
}
