// What is wrong with the words that were typed, in this surface's own terms, and what would be right. Pure.
import { CommanderError } from 'commander'
import { GatewayError } from '../shared/errors.ts'
import { didYouMean, nearest } from '../shared/nearest.ts'

export interface Typed {
  /** All words up to "--". */
  readonly words: readonly string[]
  /** Those that name a command, as far as they do. */
  readonly path: readonly string[]
  /** Commands below it. */
  readonly below: readonly string[]
}

/** @returns what commander threw as a usage error; anything else as it is */
export function explained(error: unknown, { words, path, below }: Typed): unknown {
  if (!(error instanceof CommanderError)) return error
  const command = ['hoop', ...path].join(' ')
  const wrong = (message: string, hint = `${command} --help`) => new GatewayError('usage', message, { hint })
  // A word that only groups others was typed alone, and its help has been shown.
  if (error.code === 'commander.help') return new GatewayError('usage', 'name one of the commands above')
  const [, message = '', meant] = /^(?:error: )?([^]*?)(?:\n\(Did you mean (?:one of )?(.*)\?\))?$/.exec(error.message) ?? []
  if (error.code === 'commander.excessArguments') {
    // A listing that has commands below it takes their names for its arguments, and has none.
    if (below.length > 0) return wrong(`${command} has no such command`, meantBelow(command, words, below))
    return message.includes(' Expected 0 ') ? wrong(message) : wrong(message, `words that belong together go in quotes: ${command} --help`)
  }
  if (error.code === 'commander.invalidArgument') {
    const { value, taker, takes } = invalid(message)
    return wrong(`"${value}" is no value for ${taker}: it takes ${takes}`)
  }
  if (error.code === 'commander.unknownOption') {
    const option = /^unknown option '(.*)'$/s.exec(message)?.[1] ?? ''
    if (/\s/.test(option)) return wrong(message, `what begins with "-" and is no flag goes after "--", in quotes: ${command} ... -- "..."`)
  }
  if (error.code === 'commander.unknownCommand' && path.length === 0 && words.includes('version')) return wrong(message, 'hoop --version')
  const prefix = error.code === 'commander.unknownCommand' ? `${command} ` : ''
  return wrong(message, meant === undefined ? undefined : didYouMean(meant.split(', ').map((word) => prefix + word)))
}

/**
 * `hoop help WORD ...` where a word names nothing.
 * @param path what the words before it name
 * @param names what may stand there
 */
export function noHelp(word: string, path: readonly string[], names: readonly string[]): GatewayError {
  const command = ['hoop', ...path].join(' ')
  const meant = nearest(word, names)
  return new GatewayError('usage', path.length === 0 ? `there is no command and no topic "${word}"` : `${command} has no command "${word}"`, {
    hint: meant.length === 0 ? `${command} --help` : didYouMean(meant.map((name) => ['hoop help', ...path, name].join(' ')))
  })
}

function meantBelow(command: string, words: readonly string[], below: readonly string[]): string {
  const [meant] = words.filter((word) => !command.split(' ').includes(word)).flatMap((word) => nearest(word, below))
  return meant === undefined ? `it has ${below.join(', ')}: ${command} --help` : didYouMean([`${command} ${meant}`])
}

/** Commander: "option '--days <count>' argument '0' is invalid. a number from 1 to 90.", and likewise of an argument. */
function invalid(message: string): { readonly value: string, readonly taker: string, readonly takes: string } {
  const option = /^option '(.+?)' argument '(.*)' is invalid\. (.*?)\.?$/s.exec(message)
  const argument = /^command-argument value '(.*)' is invalid for argument '(.+?)'\. (.*?)\.?$/s.exec(message)
  const [taker, value, rest] = option !== null ? option.slice(1) : argument !== null ? [argument[2], argument[1], argument[3]] : []
  if (taker === undefined || value === undefined || rest === undefined) return { value: '', taker: 'this', takes: message }
  const choices = /^Allowed choices are (.*)$/.exec(rest)?.[1]?.split(', ')
  return {
    value,
    // "-f, --file <file>", or the name of an argument
    taker: option !== null ? taker.replace(/^-\w, /, '').replace(/ .*$/, '') : taker,
    takes: choices === undefined ? rest : choices.length < 2 ? choices.join() : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`
  }
}
