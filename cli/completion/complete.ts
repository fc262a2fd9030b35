// `hoop __complete`: what a shell asks on each Tab. Never asks anybody anything, opens no keychain, says nothing on stderr, and whatever
// fails is an empty answer.
import type { Command } from 'commander'
import { asGatewayError } from '../../shared/errors.ts'
import { safeLine } from '../../shared/text.ts'
import { caFileFor, loadSettings, type CliSettings, type Environment, type Flags } from '../config.ts'
import { createContext, type Context } from '../context.ts'
import { profileNames, readProfile } from '../profiles.ts'
import type { Terminal } from '../terminal.ts'
import { rememberedNames } from './remembered.ts'
import { askedFor, type Asked, type Candidate, type NameKind } from './words.ts'

export interface CompleteOptions {
  readonly program: Command
  readonly words: readonly string[]
  readonly topics: readonly string[]
  readonly terminal: Terminal
  readonly environment: Environment
}

const patienceMilliseconds = 1_500
const maxCandidates = 200
/** A shell puts it on the command line as it stands, so nothing that means something to one may be in it. */
const harmless = /^[A-Za-z0-9_@%+:.,/=-]+$/

export async function complete({ program, words, topics, terminal, environment }: CompleteOptions): Promise<void> {
  const asked = askedFor(program, words, topics)
  const names = asked.names === undefined ? [] : await namesOf(asked.names, words, terminal, environment).catch(() => [])
  const matching = [...asked.words, ...names].filter(({ word }) => word.startsWith(asked.partial) && harmless.test(asked.before + word))
  for (const candidate of matching.slice(0, maxCandidates)) terminal.out(lineOf(asked, candidate))
}

function lineOf({ before }: Asked, { word, about }: Candidate): string {
  return `${before}${word}\t${safeLine(about)}`
}

async function namesOf(
  kind: NameKind,
  words: readonly string[],
  terminal: Terminal,
  environment: Environment
): Promise<readonly Candidate[]> {
  const settings = await loadSettings(environment, flagsIn(words))
  if (kind === 'profiles') return profilesIn(settings)
  const { gatewayUrl } = settings
  if (gatewayUrl === undefined) return []
  const context = await createContext({
    terminal: { ...terminal, say: () => undefined },
    settings: { ...settings, keychain: 'off' },
    // A renewed login that nobody stored would be lost: Ctrl-C and impatience end the listing, never that.
    signal: new AbortController().signal
  })
  const live = await liveNames(context, gatewayUrl, kind)
  return live ?? (kind === 'reviews' ? [] : rememberedNames({ configDirectory: settings.configDirectory, gatewayUrl }, kind))
}

/** @returns undefined where the gateway cannot be asked; nothing at all where it was, and the login has ended */
async function liveNames(context: Context, url: string, kind: Exclude<NameKind, 'profiles'>): Promise<readonly Candidate[] | undefined> {
  const { settings, tokens } = context
  if (settings.token === undefined && await tokens.load(url) === undefined) return undefined
  try {
    const { health } = await import('../gateway.ts')
    const patience = AbortSignal.timeout(patienceMilliseconds)
    // Nothing is renewed at a gateway that does not answer.
    await health({ url, ...caFileFor(settings, url), signal: patience })
    const gateway = await context.gateway()
    const late = new Promise<undefined>((resolve) => patience.addEventListener('abort', () => resolve(undefined), { once: true }))
    return await Promise.race([late, listing[kind](gateway)])
  } catch (error) {
    return asGatewayError(error).code === 'unauthenticated' ? [] : undefined
  }
}

const listing: Readonly<Record<Exclude<NameKind, 'profiles'>, (gateway: Awaited<ReturnType<Context['gateway']>>) => Promise<Candidate[]>>> = {
  targets: async (gateway) => (await gateway.targets()).map(({ name, protocol }) => ({ word: name, about: protocol })),
  sessions: async (gateway) => (await gateway.sessions({ limit: 50 })).map(({ id, target, principal, startedAt }) =>
    ({ word: id, about: `${target}, ${principal.email ?? principal.subject}, ${startedAt}` })),
  reviews: async (gateway) => (await gateway.reviews({ state: 'pending', limit: 50 })).map(({ id, target }) => ({ word: id, about: target }))
}

async function profilesIn({ configDirectory }: CliSettings): Promise<Candidate[]> {
  const names = await profileNames(configDirectory)
  return Promise.all(names.map(async (word) => {
    const profile = await readProfile(configDirectory, word).catch(() => undefined)
    return { word, about: profile?.gateway ?? 'profile' }
  }))
}

/** Which gateway, where the words say so. */
function flagsIn(words: readonly string[]): Flags {
  const value = (flag: string) => {
    const at = words.indexOf(flag)
    const next = at < 0 ? words.find((word) => word.startsWith(`${flag}=`))?.slice(flag.length + 1) : words[words[at + 1] === '=' ? at + 2 : at + 1]
    return next === undefined || next === '' ? {} : { [flag.slice(2)]: next }
  }
  return { ...value('--gateway'), ...value('--profile'), ...value('--ca') }
}
