// argv -> command -> exit code. The only place that ends the process, and the only one that listens to signals.
import { Command, CommanderError } from 'commander'
import { GatewayError } from '../shared/errors.ts'
import { version } from '../shared/version.ts'
import { loadSettings, takeEnvironment, type Flags } from './config.ts'
import { createContext, type Context } from './context.ts'
import { exitCodes, failureFrom } from './failure.ts'
import { createTerminal, type Terminal } from './terminal.ts'
import { topics } from './topics.ts'

/** A command's module adds the command to `program`; nothing else happens until it is run. */
interface CommandModule {
  readonly register: (program: Command, context: () => Promise<Context>) => void
}

/** One line of the help, and where the rest is: only the module of the command that was typed is loaded. */
interface Row {
  readonly name: string
  readonly summary: string
  /** Absent for a word that only groups others. */
  readonly load?: () => Promise<CommandModule>
  readonly children?: readonly Row[]
}

const table: readonly Row[] = [
  { name: 'demo', summary: 'try everything on this machine, with a made-up clinic', load: () => import('./commands/demo.ts') },
  { name: 'login', summary: 'log in to a gateway', load: () => import('./commands/login.ts') },
  { name: 'logout', summary: 'end the login, here and at the gateway', load: () => import('./commands/logout.ts') },
  { name: 'whoami', summary: 'show who you are to the gateway', load: () => import('./commands/whoami.ts') },
  {
    name: 'profiles',
    summary: 'list the gateways you have logged in to, by name',
    load: () => import('./commands/profiles.ts'),
    children: [
      { name: 'use', summary: 'use another one from now on', load: () => import('./commands/profiles/use.ts') },
      { name: 'remove', summary: 'forget one', load: () => import('./commands/profiles/remove.ts') }
    ]
  },
  { name: 'targets', summary: 'list what you may open', load: () => import('./commands/targets.ts') },
  { name: 'connect', summary: 'open a local port to a target, or run a command inside it', load: () => import('./commands/connect.ts') },
  {
    name: 'sessions',
    summary: 'list who opened what, and when',
    load: () => import('./commands/sessions.ts'),
    children: [
      { name: 'show', summary: 'show one session, statement by statement', load: () => import('./commands/sessions/show.ts') },
      { name: 'replay', summary: 'show again what its client was shown', load: () => import('./commands/sessions/replay.ts') },
      { name: 'follow', summary: 'show what its client is shown, as it happens', load: () => import('./commands/sessions/follow.ts') },
      { name: 'kill', summary: 'end a session, with a reason its client is told', load: () => import('./commands/sessions/kill.ts') }
    ]
  },
  { name: 'query', summary: 'run one statement and print its result', load: () => import('./commands/query.ts') },
  {
    name: 'reviews',
    summary: 'list and decide what waits for a decision',
    load: () => import('./commands/reviews.ts'),
    children: [
      { name: 'watch', summary: 'the screen to decide on, as things come in', load: () => import('./commands/reviews/watch.ts') },
      { name: 'show', summary: 'show one review, the exact statement first', load: () => import('./commands/reviews/show.ts') },
      { name: 'approve', summary: 'let what is held run, once', load: () => import('./commands/reviews/approve.ts') },
      { name: 'reject', summary: 'say no, with a reason', load: () => import('./commands/reviews/reject.ts') },
      { name: 'reason', summary: 'say why you want it', load: () => import('./commands/reviews/reason.ts') },
      { name: 'withdraw', summary: 'take back what you asked for', load: () => import('./commands/reviews/withdraw.ts') },
      { name: 'expire', summary: 'end the wait, for admins', load: () => import('./commands/reviews/expire.ts') }
    ]
  },
  {
    name: 'audit',
    summary: 'check and read the audit log, find things in it, and see where else it goes',
    children: [
      { name: 'verify', summary: 'prove from files and a public key that the log is whole', load: () => import('./commands/audit/verify.ts') },
      { name: 'prove', summary: 'write a file that proves one entry', load: () => import('./commands/audit/prove.ts') },
      { name: 'check', summary: 'check such a file, and show the entry', load: () => import('./commands/audit/check.ts') },
      { name: 'search', summary: 'find statements by person, relation, column, time or decision', load: () => import('./commands/audit/search.ts') },
      { name: 'reconcile', summary: 'compare it with the database\'s own log', load: () => import('./commands/audit/reconcile.ts') },
      { name: 'report', summary: 'tell of a period what an auditor wants to know', load: () => import('./commands/audit/report.ts') },
      { name: 'open', summary: 'show the exact text and parameters of one statement', load: () => import('./commands/audit/open.ts') },
      { name: 'identity', summary: 'make the key pair that statements are sealed to', load: () => import('./commands/audit/identity.ts') },
      { name: 'redact', summary: 'make what one session sealed unreadable for good', load: () => import('./commands/audit/redact.ts') },
      { name: 'prune', summary: 'remove the oldest entries, with two admins', load: () => import('./commands/audit/prune.ts') },
      {
        name: 'export',
        summary: 'who else gets each entry',
        children: [{ name: 'status', summary: 'show how far each sink is behind', load: () => import('./commands/audit/export/status.ts') }]
      }
    ]
  },
  {
    name: 'witness',
    summary: 'vouch, on another machine, that a gateway\'s audit log only grows',
    children: [
      { name: 'init', summary: 'make a witness\'s folder and key', load: () => import('./commands/witness/init.ts') },
      { name: 'start', summary: 'run a witness', load: () => import('./commands/witness/start.ts') }
    ]
  },
  {
    name: 'policy',
    summary: 'what is allowed, what is masked, and what should be',
    children: [
      { name: 'explain', summary: 'say what would happen to a statement, without running it', load: () => import('./commands/policy/explain.ts') },
      { name: 'test', summary: 'compare what a policy says with what it should say, beside the gateway', load: () => import('./commands/policy/test.ts') },
      { name: 'diff', summary: 'list the decisions in an audit log that another policy would change', load: () => import('./commands/policy/diff.ts') },
      { name: 'check', summary: 'compare what is protected with the targets\' catalogs, beside the gateway', load: () => import('./commands/policy/check.ts') },
      { name: 'suggest', summary: 'propose what to protect, beside the gateway', load: () => import('./commands/policy/suggest.ts') }
    ]
  },
  {
    name: 'tokens',
    summary: 'service tokens for CI jobs and agents',
    children: [
      { name: 'create', summary: 'make a service token', load: () => import('./commands/tokens/create.ts') },
      { name: 'list', summary: 'list service tokens', load: () => import('./commands/tokens/list.ts') },
      { name: 'revoke', summary: 'end a service token at once', load: () => import('./commands/tokens/revoke.ts') }
    ]
  },
  {
    name: 'users',
    summary: 'people, for admins',
    children: [
      { name: 'list', summary: 'list who has logged in', load: () => import('./commands/users/list.ts') },
      { name: 'disable', summary: 'shut a person out: logins, sessions and tokens end at once', load: () => import('./commands/users/disable.ts') },
      { name: 'enable', summary: 'let a disabled person in again', load: () => import('./commands/users/enable.ts') }
    ]
  },
  { name: 'gateway', summary: 'run the gateway, check or write its configuration', load: () => import('./commands/gateway.ts') },
  { name: 'doctor', summary: 'say what is wrong between here and a target', load: () => import('./commands/doctor.ts') },
  { name: 'completion', summary: 'print the script that completes words in your shell', load: () => import('./commands/completion.ts') }
]

const environment = takeEnvironment()
const argv = process.argv.slice(2)
const ownWords = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv
const flagged = (flag: string) => ownWords.includes(flag)
const terminal = createTerminal({
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  mayColor: environment.mayColor && !flagged('--no-color'),
  mayInteract: environment.mayInteract,
  inTmux: environment.inTmux
})

process.exit(await main())

async function main(): Promise<number> {
  let code: number = exitCodes.done
  const { signal, divertSignals, interrupt } = listenToSignals(terminal)
  try {
    const topic = argv[0] === 'help' && argv.length === 2 ? topics[argv[1]!] : undefined
    if (topic !== undefined) terminal.out(topic)
    else {
      const program = createProgram()
      const context = once(async () => createContext({
        terminal,
        signal,
        divertSignals,
        interrupt,
        settings: await loadSettings(environment, program.opts<Flags>()),
        exitWith: (wanted) => { code = wanted }
      }))
      await addCommands(program, table, argv.filter((word) => !word.startsWith('-')), context)
      if (argv[0] === '__complete') {
        const { complete } = await import('./completion/complete.ts')
        await complete({ program, words: argv.slice(1), topics: Object.keys(topics), terminal, environment })
      } else await program.parseAsync(argv.length === 0 ? ['--help'] : argv, { from: 'user' })
    }
  } catch (error) {
    const { lines, exitCode } = failureFrom(explained(error), flagged('--debug') || environment.rest.HOOP_DEBUG !== undefined)
    if (!(error instanceof CommanderError && error.exitCode === 0)) {
      for (const line of lines) terminal.say(line)
      code = exitCode
    }
  }
  await terminal.flush()
  return code
}

function createProgram(): Command {
  return new Command('hoop')
    .description('Work on production databases without holding a credential.')
    .usage('COMMAND [flags]')
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command or a topic')
    .option('--gateway <url>', 'the gateway (HOOP_GATEWAY, or the one you logged in to)')
    .option('--profile <name>', 'which remembered gateway (HOOP_PROFILE)')
    .option('--ca <file>', 'trust the certificates in this PEM file instead of the system\'s (HOOP_CA)')
    .option('--no-color', 'no colour (NO_COLOR)')
    .option('--debug', 'show causes and stacks of failures')
    .addHelpText('after', `\nTopics: ${Object.keys(topics).map((topic) => `hoop help ${topic}`).join(', ')}`)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.out(text.trimEnd()),
      // Failures are told in one place, below.
      outputError: () => undefined
    })
}

/** `words` are what was typed without flags: they say which modules are needed; the others only lend a line to the help. */
async function addCommands(
  parent: Command,
  rows: readonly Row[],
  words: readonly string[],
  context: () => Promise<Context>
): Promise<void> {
  for (const { name, summary, load, children = [] } of rows) {
    const wanted = words.includes(name)
    if (wanted && load !== undefined) (await load()).register(parent, context)
    else parent.command(name).description(`${summary[0]!.toUpperCase()}${summary.slice(1)}.`)
    const command = parent.commands.find((found) => found.name() === name)!
    command.summary(summary)
    if (children.length > 0) {
      command.helpCommand(false)
      if (load === undefined) command.usage('COMMAND [flags]')
      await addCommands(command, children, wanted ? words : [], context)
    }
  }
}

/** What commander found wrong with the words, in this surface's own terms. */
function explained(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error
  // A word that only groups others was typed alone, and its help has been shown.
  if (error.code === 'commander.help') return new GatewayError('usage', 'name one of the commands above')
  const typed = commandTyped()
  // A listing that has commands below it takes their names for its arguments, and has none.
  const below = childrenOf(typed)
  if (error.code === 'commander.excessArguments' && below.length > 0) {
    return new GatewayError('usage', `hoop ${typed.join(' ')} has no such command`, { hint: `it has ${below.join(', ')}: hoop ${typed.join(' ')} --help` })
  }
  const [message, suggestion] = error.message.replace(/^error: /, '').split('\n')
  const meant = /^\(Did you mean (?:one of )?(.*)\?\)$/.exec(suggestion ?? '')?.[1]
  const prefix = error.code === 'commander.unknownCommand' ? ['hoop', ...typed, ''].join(' ') : ''
  return new GatewayError('usage', message!, {
    hint: meant === undefined ? ['hoop', ...typed, '--help'].join(' ') : `did you mean ${prefix}${meant.split(', ').join(` or ${prefix}`)}?`
  })
}

function childrenOf(path: readonly string[]): string[] {
  let rows: readonly Row[] = table
  for (const word of path) rows = rows.find(({ name }) => name === word)?.children ?? []
  return rows.map(({ name }) => name)
}

/** The words that name a command, as far as they do. */
function commandTyped(): string[] {
  const path: string[] = []
  let rows: readonly Row[] = table
  for (const word of ownWords) {
    const row = rows.find(({ name }) => name === word)
    if (row === undefined) continue
    path.push(word)
    rows = row.children ?? []
  }
  return path
}

/**
 * The first Ctrl-C (or SIGTERM, SIGHUP) asks the command to come to its end, the second ends the process.
 * SIGUSR1 gets a listener because Node would otherwise open its inspector to every local user.
 */
function listenToSignals({ say }: Terminal): Pick<Context, 'signal' | 'divertSignals' | 'interrupt'> {
  const controller = new AbortController()
  const diverted: ((signal: NodeJS.Signals) => void)[] = []
  process.on('SIGUSR1', () => undefined)
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      const listener = diverted.at(-1)
      if (listener !== undefined) return listener(name)
      if (controller.signal.aborted) {
        say('cut short')
        process.exit(exitCodes.interrupted)
      }
      controller.abort(new GatewayError('cancelled', name === 'SIGINT' ? 'cancelled' : `ended by ${name}`))
    })
  }
  return {
    signal: controller.signal,
    interrupt: () => controller.abort(new GatewayError('cancelled', 'cancelled')),
    divertSignals(listener) {
      diverted.push(listener)
      return () => {
        const at = diverted.indexOf(listener)
        if (at >= 0) diverted.splice(at, 1)
      }
    }
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => made ??= make()
}
