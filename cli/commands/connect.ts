// `hoop connect TARGET`: opens the local port and stays, or runs a command inside it.
import { Option, type Command } from 'commander'
import type { Context } from '../context.ts'
import { clearLines, clearOption, clearWish } from '../clear.ts'
import { helpTail } from '../help.ts'
import { withAccess } from '../reviews/access.ts'
import { createLines, type LinesFor } from '../tunnel/lines.ts'
import type { LiveStore } from '../tunnel/live.ts'
import type { PortFacts } from '../screens/connect-view.ts'
import type { OpenPort } from '../tunnel/port.ts'
import { printedAs, printForms, type PrintForm } from '../tunnel/printed.ts'
import type { VisitEvent } from '../tunnel/visit.ts'
import { GatewayError } from '../../shared/errors.ts'
import type { Exemption } from '../../shared/model.ts'
import { TunnelClosed } from '../../shared/tunnel.ts'
import { wholeNumber } from '../whole-number.ts'

interface Flags {
  readonly port?: number
  readonly json?: boolean
  readonly wait?: boolean
  readonly clear?: string
  readonly psql?: boolean
  readonly print?: PrintForm
}

/** What --json prints besides a session's events, one object a line: first `ready`, then what happens, last `closed`. */
type OwnEvent =
  | { readonly type: 'ready', readonly target: string, readonly protocol: string, readonly session: string, readonly host: string, readonly port: number, readonly socket?: string, readonly url: string, readonly command: string, readonly clear?: readonly Exemption[] }
  | { readonly type: 'failure', readonly code: string, readonly reason: string }
  | { readonly type: 'closed' }

/** After Ctrl-C: how long what is running may take to finish. */
const graceMilliseconds = 2_000

export function register(program: Command, context: () => Promise<Context>): void {
  program.command('connect')
    .description('Open a local port to a target and keep it open, or run a command inside it.')
    .usage('TARGET [flags] [-- COMMAND ...]')
    .argument('<target>', 'as hoop targets lists it')
    .argument('[command...]', 'after --: run with the port in its environment (PGHOST, PGPORT, DATABASE_URL ...)')
    .option('--port <port>', 'the local port; 0 for any free one (default: the same each time, any free one for a command)', wholeNumber(0, 65_535))
    .option('--psql', 'run psql on it, with the words after -- as its own, and end with its exit code')
    .addOption(new Option('--print <form>', 'print only how to reach it, as a client\'s configuration has it, then stay open').choices(printForms))
    .option('--json', 'print events only, one JSON object a line')
    .option(...clearOption)
    .option('--wait', 'where opening it needs a review: wait for the decision; on a terminal it is waited for anyway')
    .addHelpText('after', helpTail([
      ['hoop connect prod-db', 'open the port; Ctrl-C closes it'],
      ['hoop connect prod-db --psql', 'open it, and psql on it'],
      ['hoop connect prod-db -- npm run migrate', 'open it for a command, and end with its exit code'],
      ['hoop connect prod-db --port 6543 --print jdbc', 'for the settings of a GUI tool; --json for programs']
    ], ['hoop targets', 'hoop sessions', 'hoop help exit-codes']))
    .action(async (target: string, words: readonly string[], flags: Flags, command: Command) => {
      refuseMixed(words, flags, command)
      await connect(await context(), target, flags.psql === true ? ['psql', ...words] : words, flags)
    })
}

async function connect(context: Context, target: string, words: readonly string[], flags: Flags): Promise<void> {
  const { port: wanted, json, wait, clear, psql = false, print } = flags
  const { terminal, settings, signal, now, exitWith } = context
  const { openPort } = await import('../tunnel/port.ts')
  const wish = clearWish(clear)
  const wrapped = words.length > 0
  const linesOf = createLines()
  const live = terminal.interactive && !wrapped && json !== true ? await liveStore(context) : undefined
  let reader: LinesFor = wrapped ? 'command' : 'all'
  const tell = (event: VisitEvent) => {
    live?.take(event)
    // What connections do is told again soon.
    if (json === true) terminal.event(event, event.type === 'activity')
    else for (const line of linesOf(event, reader)) terminal.say(line)
  }
  const own = (event: OwnEvent) => { if (json === true) terminal.event(event, false) }
  const waits = wait === true || (terminal.interactive && (!wrapped || psql) && json !== true)
  const opened = await withAccess(context, { wait: waits }, () => openPort({
    target,
    ...wish,
    // A command finds the port in its environment, so it needs no sticky one, which an open hoop connect may be using.
    ...(wanted !== undefined ? { port: wanted } : wrapped ? { port: 0 } : {}),
    gatewayUrl: context.gatewayUrl(),
    gateway: () => context.gateway(),
    settings,
    tell,
    onFailure: (error) => {
      // What went wrong at the gateway, or on the way there, is told by its events.
      if (error instanceof TunnelClosed || error.code === 'gateway_unreachable') return
      own({ type: 'failure', code: error.code, reason: error.message })
      if (json !== true) terminal.say(`warning: ${error.message}`)
    },
    now
  }))
  if (json !== true) for (const line of clearLines(opened)) terminal.say(line)
  try {
    if (psql) refuseOthers(opened)
    if (wrapped) exitWith(await run(context, opened, words, psql))
    else await stay(context, opened, { own, tell, json: json === true, print, live, reads: (by) => { reader = by } })
  } finally {
    if (!wrapped && opened.connections > 0 && json !== true) terminal.say('closing; what is running has 2 s to finish (Ctrl-C again: at once)')
    await opened.close(wrapped ? 0 : graceMilliseconds)
    if (!wrapped) own({ type: 'closed' })
    if (!wrapped && json !== true) terminal.say('closed')
  }
  // The visit's end is told only where it was not asked for.
  const why = await opened.over
  if (why !== undefined && !wrapped && !signal.aborted) throw why
}

async function run(context: Context, { usage }: OpenPort, words: readonly string[], psql: boolean): Promise<number> {
  const { terminal, settings, divertSignals } = context
  const { runWrapped } = await import('../tunnel/wrapped.ts')
  const [command, ...args] = words
  const { code, error } = await runWrapped({
    command: command!,
    args,
    divertSignals,
    environment: { ...settings.environment, ...usage.environment },
    onTerminal: terminal.interactive
  })
  if (error !== undefined) terminal.say(`error: ${error.message}`)
  if (psql && code === 127) terminal.say('hint: install PostgreSQL\'s client (postgresql-client), or leave --psql out and use another client')
  return code
}

interface Staying {
  readonly own: (event: OwnEvent) => void
  readonly tell: (event: VisitEvent) => void
  readonly json: boolean
  readonly print: PrintForm | undefined
  /** Where there is a terminal. */
  readonly live: LiveStore | undefined
  /** Who reads the lines from now on. */
  readonly reads: (reader: LinesFor) => void
}

/** Until Ctrl-C, or until the session is over. */
async function stay(context: Context, opened: OpenPort, { own, tell, json, print, live, reads }: Staying): Promise<void> {
  const { terminal, signal } = context
  const { target, session, host, port, socket, usage, password } = opened
  const screen = live === undefined ? undefined : await import('../screens/connect-view.ts')
  if (json) {
    own({
      type: 'ready',
      target: target.name,
      protocol: target.protocol,
      session,
      host,
      port,
      ...(socket === undefined ? {} : { socket: socket.path }),
      url: usage.url,
      command: usage.command,
      ...(opened.clear === undefined ? {} : { clear: opened.clear })
    })
  } else {
    // What the screen goes on showing need not stand above it too; a script takes it from stdout, and an eye needs all of it.
    const size = { columns: terminal.columns, rows: terminal.rows - 1 }
    const shown = print === undefined && terminal.onTerminal && screen?.showsUsage(portFacts(opened), size) === true
    if (!shown) {
      if (screen === undefined) terminal.say(`${target.name} (${target.protocol}) is open on ${host}:${port}, for you alone`)
      for (const line of print === undefined ? [usage.url, usage.command] : [printedAs(print, opened)]) terminal.out(line)
    }
    if (socket !== undefined) terminal.say(`also on the Unix socket ${socket.path}`)
    if (password !== undefined && print === undefined) terminal.say('the password in the URL is this session\'s own, and good for nothing else')
    if (screen === undefined) terminal.say('Ctrl-C closes it')
  }
  if (opened.warning !== undefined) tell(opened.warning)
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
  const over = Promise.race([stopped, opened.over])
  if (live === undefined) return void await over
  reads('screen')
  await showUntil(over, context, opened, live)
  reads('all')
}

async function liveStore(context: Context): Promise<LiveStore> {
  const { createLive } = await import('../tunnel/live.ts')
  return createLive({ now: context.now, look: async (review) => (await context.gateway()).review(review) })
}

async function showUntil(over: Promise<unknown>, context: Context, opened: OpenPort, store: LiveStore): Promise<void> {
  const { terminal, settings, now, interrupt, signal } = context
  const [{ showConnect }, { toClipboard }, { logInAnew }] = await Promise.all([
    import('../screens/connect-screen.tsx'),
    import('../screens/clipboard.ts'),
    import('../login/anew.ts')
  ])
  store.begin(opened.session)
  const screen = showConnect(terminal, {
    store,
    now,
    port: () => portFacts(opened),
    withdraw: async (review) => (await context.gateway()).withdrawReview(review),
    giveReason: async (review, reason) => (await context.gateway()).giveReason(review, reason),
    review: async (review) => (await context.gateway()).review(review),
    approve: async (review, vote) => (await context.gateway()).approveReview(review, vote),
    copy: (text, ask) => toClipboard(text, ask, settings.environment),
    // A token from the environment is not ours to make.
    ...(settings.token === undefined
      ? {
          logIn: async (way, stop) => {
            await logInAnew(context, context.gatewayUrl(), way, AbortSignal.any([signal, stop]))
            opened.retry()
          }
        }
      : {}),
    quit: interrupt
  })
  try {
    await over
  } finally {
    await screen.close()
  }
}

function portFacts({ target, host, port, usage }: OpenPort): PortFacts {
  return { target: target.name, protocol: target.protocol, host, port, url: usage.url, command: usage.command }
}

/** @throws GatewayError usage */
function refuseOthers({ target: { name, protocol } }: OpenPort): void {
  if (protocol !== 'postgres') throw new GatewayError('usage', `psql speaks PostgreSQL, and ${name} is ${protocol}`, { hint: `hoop connect ${name}` })
}

/** @throws GatewayError usage */
function refuseMixed(words: readonly string[], { json, psql, print }: Flags, command: Command): void {
  if (print !== undefined && (json === true || psql === true || words.length > 0)) {
    throw new GatewayError('usage', '--print says how to reach a port that stays open, and goes with neither --json, --psql nor a command', { hint: 'leave --print out' })
  }
  if (psql === true && json === true) throw new GatewayError('usage', '--json and --psql do not go together', { hint: 'leave --json out' })
  if (words.length > 0 && json === true) {
    throw new GatewayError('usage', '--json and a command do not go together: its output would mix with the events', { hint: 'leave --json out' })
  }
  let root = command
  while (root.parent !== null) root = root.parent
  const typed = (root as Command & { rawArgs: readonly string[] }).rawArgs
  if (words.length > 0 && !typed.includes('--')) {
    throw new GatewayError('usage', `"${words[0]}" stands where nothing is expected`, { hint: `to run a command: hoop connect TARGET -- ${words.join(' ')}` })
  }
  if (words.length === 0 && psql !== true && typed.at(-1) === '--') {
    throw new GatewayError('usage', 'nothing stands after --', { hint: 'hoop connect TARGET -- COMMAND ...' })
  }
}
