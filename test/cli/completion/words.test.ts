import { Argument, Command, Option } from 'commander'
import { describe, expect, test } from 'vitest'
import { scripts } from '../../../cli/completion/scripts.ts'
import { askedFor } from '../../../cli/completion/words.ts'

function program(): Command {
  const root = new Command('hoop').option('--profile <name>', 'which').option('--debug', 'more')
  root.command('connect').description('open').argument('<target>').argument('[command...]').option('--port <port>', 'which port')
  const sessions = root.command('sessions').option('--target <target>', 'on it').addOption(new Option('--status <status>', 's').choices(['open', 'ended']))
  sessions.command('show').argument('<id>')
  root.command('reviews').command('show').argument('<id>')
  root.command('tokens').command('revoke').argument('<id>')
  root.command('completion').addArgument(new Argument('<shell>').choices(['bash', 'zsh']))
  return root
}
const asked = (...words: string[]) => askedFor(program(), words, ['exit-codes'])
const words = (...typed: string[]) => asked(...typed).words.map(({ word }) => word)

describe('what may stand there', () => {
  test.each([
    ['nothing after a command of another program', ['connect', 'prod-db', '--', '']],
    ['nothing for a port', ['connect', '--port', '']],
    ['nothing for a second target', ['connect', 'prod-db', '']],
    ['nothing for a flag that takes no value', ['connect', '--debug=']],
    ['nothing for an id nobody listed', ['tokens', 'revoke', '']]
  ])('%s', (_, typed) => expect(asked(...typed)).toMatchObject({ words: [] }))

  test('commands, and those below a command', () => {
    expect(words('')).toEqual(['connect', 'sessions', 'reviews', 'tokens', 'completion', 'help'])
    expect(words('sessions', '')).toEqual(['show'])
    expect(words('help', '')).toContain('exit-codes')
  })

  test('the flags of a command and of all commands', () => {
    expect(words('connect', 'prod-db', '--')).toEqual(['--port', '--profile', '--debug', '--help'])
  })

  test('the words a flag or an argument may have', () => {
    expect(words('sessions', '--status', '')).toEqual(['open', 'ended'])
    expect(words('completion', '')).toEqual(['bash', 'zsh'])
  })

  test.each([
    [['connect', 'p'], 'targets'],
    [['--profile', 'staging', 'connect', '--port', '1', ''], 'targets'],
    [['sessions', '--target', ''], 'targets'],
    [['sessions', 'show', ''], 'sessions'],
    [['reviews', 'show', ''], 'reviews'],
    [['--profile', ''], 'profiles']
  ])('%j: names of %s', (typed, names) => expect(asked(...typed).names).toBe(names))

  test('a value behind "=", whether the shell cuts there or not', () => {
    expect(asked('sessions', '--target=pr')).toMatchObject({ before: '--target=', partial: 'pr', names: 'targets' })
    expect(asked('sessions', '--target', '=', 'pr')).toMatchObject({ before: '', partial: 'pr', names: 'targets' })
    expect(asked('sessions', '--target', '=')).toMatchObject({ before: '', partial: '', names: 'targets' })
    expect(asked('sessions', '--status=open', '--target', '').names).toBe('targets')
  })
})

test('names of sessions are offered where --before takes one, and not where it takes a date', () => {
  const root = new Command('hoop')
  root.command('sessions').option('--before <id>', 'the next page')
  root.command('audit').command('prune').option('--before <date>', 'older than this')
  for (const [typed, names] of [[['sessions'], 'sessions'], [['audit', 'prune'], undefined]] as const) {
    expect(askedFor(root, [...typed, '--before', ''], []).names).toBe(names)
    expect(askedFor(root, [...typed, '--before='], []).names).toBe(names)
  }
})

test('the scripts ask hoop, with its messages and its questions shut off', () => {
  for (const script of Object.values(scripts)) expect(script).toMatch(/command hoop __complete .*2>\/dev\/null <\/dev\/null/)
})
