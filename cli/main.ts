// argv -> command -> exit code. The only place that ends the process, and the only one that listens to signals.
import { Command, CommanderError, Help, type Option } from 'commander'
import { GatewayError } from '../shared/errors.ts'
import { version } from '../shared/version.ts'
import { table, type Row } from './commands.ts'
import { loadSettings, takeEnvironment, type Flags } from './config.ts'
import { createContext, type Context } from './context.ts'
import { exitCodes, failureFrom } from './failure.ts'
import { createTerminal, type Terminal } from './terminal.ts'
import { topics } from './topics.ts'
import { explained, noHelp, type Typed } from './wrong-words.ts'

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
      const words = withHelp(argv)
      const program = createProgram()
      const context = once(async () => createContext({
        terminal,
        signal,
        divertSignals,
        interrupt,
        settings: await loadSettings(environment, program.opts<Flags>()),
        exitWith: (wanted) => { code = wanted }
      }))
      await addCommands(program, table, words.filter((word) => !word.startsWith('-')), context)
      if (argv[0] === '__complete') {
        const { complete } = await import('./completion/complete.ts')
        await complete({ program, words: argv.slice(1), topics: Object.keys(topics), terminal, environment })
      } else await program.parseAsync(words.length === 0 ? ['--help'] : words, { from: 'user' })
    }
  } catch (error) {
    const { lines, exitCode } = failureFrom(explained(error, typed()), flagged('--debug') || environment.rest.HOOP_DEBUG !== undefined)
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
    .configureHelp({
      // Commands whose modules are loaded look like the others.
      subcommandTerm: (command) => command.name() === 'help' ? 'help [command]' : command.name(),
      // Of what may be given several times, nothing is no default to tell.
      optionDescription: (option: Option) =>
        Array.isArray(option.defaultValue) ? option.description : Help.prototype.optionDescription(option)
    })
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

function childrenOf(path: readonly string[]): string[] {
  let rows: readonly Row[] = table
  for (const word of path) rows = rows.find(({ name }) => name === word)?.children ?? []
  return rows.map(({ name }) => name)
}

function typed(): Typed {
  const path: string[] = []
  let rows: readonly Row[] = table
  for (const word of ownWords) {
    const row = rows.find(({ name }) => name === word)
    if (row === undefined) continue
    path.push(word)
    rows = row.children ?? []
  }
  return { words: ownWords, path, below: childrenOf(path) }
}

/**
 * `hoop help sessions show` is `hoop sessions show --help`; commander's own knows one word. Other words are as they are.
 * @throws GatewayError usage where a word names no command
 */
function withHelp(words: readonly string[]): readonly string[] {
  if (words[0] !== 'help' || words.some((word) => word.startsWith('-'))) return words
  const path = words.slice(words[1] === 'help' ? 2 : 1)
  path.forEach((word, i) => {
    const names = childrenOf(path.slice(0, i))
    if (!names.includes(word)) throw noHelp(word, path.slice(0, i), i === 0 ? [...names, ...Object.keys(topics)] : names)
  })
  return [...path, '--help']
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
