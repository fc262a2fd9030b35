// What may stand at the place where somebody types, from the commands as they are declared. Pure: names that only the gateway knows are
// asked for by their kind.
import type { Argument, Command, Option } from 'commander'

export interface Candidate {
  readonly word: string
  /** What it is, in a few words; may be empty. */
  readonly about: string
}

/** Names that are not in the program. */
export type NameKind = 'targets' | 'sessions' | 'reviews' | 'profiles'

export interface Asked {
  /** What stands before the name on the same word, such as `--target=`. */
  readonly before: string
  /** What has been typed of it. */
  readonly partial: string
  readonly words: readonly Candidate[]
  readonly names?: NameKind
}

/**
 * @param words what was typed after `hoop`; the last one is being typed, and may be empty
 * @param topics of `hoop help`
 */
export function askedFor(program: Command, words: readonly string[], topics: readonly string[]): Asked {
  const typed = rejoined(words)
  const partial = typed.words.at(-1) ?? ''
  let command = program
  let place = 0
  let value: Option | undefined
  for (const [i, word] of typed.words.slice(0, -1).entries()) {
    if (value !== undefined) value = undefined
    // What follows is another program's.
    else if (word === '--') return { before: '', partial, words: [] }
    else if (i === 0 && word === 'help') return { before: '', partial, words: [...commandsOf(program), ...topics.map((topic) => ({ word: topic, about: 'topic' }))] }
    else if (word.startsWith('-')) value = word.includes('=') ? undefined : takingValue(command, word)
    else {
      const below: Command | undefined = place === 0 ? command.commands.find((child) => child.name() === word) : undefined
      if (below === undefined) place++
      else command = below
    }
  }
  if (value !== undefined) return { before: '', partial, ...valuesOf(command, value) }
  const [, flag, begun] = /^(--[\w-]+)=(.*)$/.exec(partial) ?? []
  if (flag !== undefined) {
    const option = takingValue(command, flag)
    return { before: typed.split ? '' : `${flag}=`, partial: begun!, ...(option === undefined ? { words: [] } : valuesOf(command, option)) }
  }
  if (partial.startsWith('-')) return { before: '', partial, words: flagsOf(command) }
  const below = place === 0 ? commandsOf(command) : []
  const argument = command.registeredArguments[place] ?? command.registeredArguments.findLast(({ variadic }) => variadic)
  const own = argument === undefined ? { words: [] } : argumentsOf(command, argument)
  return { before: '', partial, ...own, words: [...below, ...own.words] }
}

/** bash takes "=" for a word of its own. */
function rejoined(words: readonly string[]): { readonly words: readonly string[], readonly split: boolean } {
  const joined: string[] = []
  for (let i = 0; i < words.length; i++) {
    const flag = joined.at(-1)
    if (words[i] === '=' && flag?.startsWith('--') === true && !flag.includes('=')) joined[joined.length - 1] = `${flag}=${words[++i] ?? ''}`
    else joined.push(words[i]!)
  }
  return { words: joined, split: words.slice(-2).includes('=') }
}

function takingValue(command: Command, flag: string): Option | undefined {
  const found = optionsOf(command).find(({ long, short }) => long === flag || short === flag)
  return found !== undefined && (found.required || found.optional) ? found : undefined
}

/** Its own and those of every command above it. */
function optionsOf(command: Command): Option[] {
  return [...command.options, ...(command.parent === null ? [] : optionsOf(command.parent))]
}

function flagsOf(command: Command): Candidate[] {
  const flags = optionsOf(command).filter(({ hidden }) => !hidden)
    .flatMap(({ long, description }) => long == null ? [] : [{ word: long, about: description }])
  return [...flags, { word: '--help', about: 'show help' }]
}

function commandsOf(command: Command): Candidate[] {
  const below = command.commands.map((child) => ({ word: child.name(), about: child.summary() || child.description() }))
  return command.parent === null ? [...below, { word: 'help', about: 'show help for a command or a topic' }] : below
}

/** A flag that means something else on each command, behind its command. */
const namesByFlag: Readonly<Record<string, NameKind>> = { '--target': 'targets', '--profile': 'profiles', 'sessions --before': 'sessions' }

function valuesOf(command: Command, { long, argChoices, description }: Option): Pick<Asked, 'words' | 'names'> {
  if (argChoices !== undefined) return { words: argChoices.map((word) => ({ word, about: description })) }
  const names = namesByFlag[long ?? ''] ?? namesByFlag[`${command.name()} ${long ?? ''}`]
  return { words: [], ...(names === undefined ? {} : { names }) }
}

const namesByArgument: Readonly<Record<string, NameKind>> = { target: 'targets', profile: 'profiles', 'sessions id': 'sessions', 'reviews id': 'reviews' }

function argumentsOf(command: Command, argument: Argument): Pick<Asked, 'words' | 'names'> {
  if (argument.argChoices !== undefined) return { words: argument.argChoices.map((word) => ({ word, about: '' })) }
  const names = namesByArgument[argument.name()] ?? namesByArgument[`${command.parent?.name() ?? ''} ${argument.name()}`]
  return { words: [], ...(names === undefined ? {} : { names }) }
}
