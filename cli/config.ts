// What the command line is told: flags beat the environment, which beats the profile file. The only reader of the environment here.
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { GatewayError } from '../shared/errors.ts'
import { checkedName, noSuchProfile, readProfile, usualProfile, writeProfile, type Profile } from './profiles.ts'

export interface CliSettings {
  /** As given by flag, environment or profile; without a slash at the end. */
  readonly gatewayUrl: string | undefined
  /** Why there is none. */
  readonly gatewayMissing?: GatewayError
  /** HOOP_TOKEN, or what stood in HOOP_TOKEN_FILE at start; taken out of the environment. */
  readonly token: string | undefined
  /** Read again when the token has ended: platforms renew it in place. */
  readonly tokenFile?: string
  readonly profile: string
  /** Absolute. */
  readonly configDirectory: string
  /** Where sockets go; undefined where the system names no such folder. */
  readonly runtimeDirectory?: string
  /** Absolute path of a PEM bundle to trust instead of the system's; for which gateway: see `caFileFor`. */
  readonly caFile?: string
  /** The one gateway that bundle is for: the profile's own. Undefined: any. */
  readonly caGateway?: string
  readonly keychain: 'auto' | 'off'
  /** The environment without hoop's secrets: what a wrapped command gets. */
  readonly environment: Readonly<Record<string, string>>
}

/** Given on the command line, wherever they stood. */
export interface Flags {
  readonly gateway?: string
  readonly profile?: string
  readonly ca?: string
  readonly color?: boolean
}

export interface Environment {
  readonly token: string | undefined
  readonly mayColor: boolean
  readonly mayInteract: boolean
  /** tmux stands between us and the terminal, here or at the other end of an ssh. */
  readonly inTmux: boolean
  /** Without hoop's secrets. */
  readonly rest: Readonly<Record<string, string>>
}

/** Variables that hold a secret: deleted once read, so that no child and no crash report has them. */
const secrets = ['HOOP_TOKEN'] as const
const maxTokenBytes = 64 * 1024

/** Reads the environment once, and takes the secrets out of it. */
export function takeEnvironment(environment: NodeJS.ProcessEnv = process.env): Environment {
  const token = environment.HOOP_TOKEN?.trim()
  for (const name of secrets) delete environment[name]
  const rest = Object.fromEntries(Object.entries(environment).filter((pair): pair is [string, string] => pair[1] !== undefined))
  const dumb = rest.TERM === 'dumb'
  const ci = given(rest.CI) && rest.CI !== 'false'
  return {
    token: given(token) ? token : undefined,
    mayColor: !given(rest.NO_COLOR) && !dumb && !ci,
    mayInteract: !dumb && !ci,
    inTmux: given(rest.TMUX) || /^tmux/.test(rest.TERM ?? ''),
    rest
  }
}

/**
 * A profile that is typed is as good as a flag: its gateway is used even where HOOP_GATEWAY names another.
 * @throws GatewayError config_invalid | usage, naming the variable, flag or file that is wrong
 */
export async function loadSettings({ token, rest }: Environment, flags: Flags): Promise<CliSettings> {
  const configDirectory = configDirectoryFrom(rest)
  const profile = checkedName(flags.profile ?? value(rest.HOOP_PROFILE) ?? await usualProfile(configDirectory))
  const remembered = await readProfile(configDirectory, profile)
  const inherited = { gateway: value(rest.HOOP_GATEWAY), ca: value(rest.HOOP_CA) }
  const gateway = flags.gateway ?? (flags.profile === undefined ? inherited.gateway ?? remembered?.gateway : remembered?.gateway)
  const gatewayUrl = gateway === undefined ? undefined : gatewayUrlFrom(gateway)
  const tokenFile = value(rest.HOOP_TOKEN_FILE)
  return {
    gatewayUrl,
    ...(gatewayUrl === undefined ? { gatewayMissing: await noGateway(configDirectory, profile, remembered) } : {}),
    token: token ?? (tokenFile === undefined ? undefined : await readTokenFile(tokenFile)),
    ...(token === undefined && tokenFile !== undefined ? { tokenFile } : {}),
    profile,
    configDirectory,
    ...(given(rest.XDG_RUNTIME_DIR) ? { runtimeDirectory: rest.XDG_RUNTIME_DIR } : {}),
    ...trust(flags, inherited, remembered),
    keychain: rest.HOOP_KEYCHAIN === 'off' ? 'off' : 'auto',
    environment: rest
  }
}

/** What a profile trusts it trusts for its own gateway. */
function trust(flags: Flags, inherited: Profile, remembered: Profile | undefined): Pick<CliSettings, 'caFile' | 'caGateway'> {
  const { gateway, ca } = remembered ?? {}
  const own = gateway === undefined || ca === undefined ? undefined : { caFile: resolve(ca), caGateway: gatewayUrlFrom(gateway) }
  const anywhere = flags.ca ?? (flags.profile !== undefined && own !== undefined ? undefined : inherited.ca)
  return anywhere === undefined ? own ?? {} : { caFile: resolve(anywhere) }
}

async function noGateway(configDirectory: string, profile: string, remembered: Profile | undefined): Promise<GatewayError> {
  // Before the first login there is no profile, and nobody has named one.
  if (remembered === undefined && profile !== 'default') return noSuchProfile(configDirectory, profile)
  return new GatewayError('usage', 'no gateway is named', { hint: 'hoop login https://hoop.example.com, or set HOOP_GATEWAY, or give --gateway URL' })
}

/** The bundle to trust at a gateway, as `Way` has it. */
export function caFileFor({ caFile, caGateway }: Pick<CliSettings, 'caFile' | 'caGateway'>, gatewayUrl: string | undefined): { readonly caFile?: string } {
  return caFile === undefined || (caGateway !== undefined && caGateway !== gatewayUrl) ? {} : { caFile }
}

/** Writes the profile, so that later commands know the gateway. @returns the gateway it had before, where that is another */
export async function rememberGateway(settings: CliSettings, gatewayUrl: string): Promise<string | undefined> {
  const { configDirectory, profile } = settings
  const { caFile } = caFileFor(settings, gatewayUrl)
  const before = (await readProfile(configDirectory, profile))?.gateway
  await writeProfile(configDirectory, profile, { gateway: gatewayUrl, ...(caFile === undefined ? {} : { ca: caFile }) })
  return before === gatewayUrl ? undefined : before
}

/**
 * `gw.example` and `127.0.0.1:8443` are completed to https:// and http:// (loopback).
 * @throws GatewayError usage when it is no URL, holds a password or parameters, or would send tokens over a network in clear text
 */
export function gatewayUrlFrom(text: string): string {
  const hint = 'such as https://hoop.example.com'
  const complete = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `${isLoopback(text) ? 'http' : 'https'}://${text}`
  const url = URL.canParse(complete) ? new URL(complete) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw new GatewayError('usage', `"${text}" is not the address of a gateway`, { hint })
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new GatewayError('usage', 'the address of a gateway holds no user, password or parameters', { hint })
  }
  if (url.protocol === 'http:' && !isLoopback(url.host)) {
    throw new GatewayError('usage', `${url.origin} would send tokens over the network in clear text`, { hint: `use https://${url.host}` })
  }
  return (url.origin + url.pathname).replace(/\/+$/, '')
}

function isLoopback(host: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?(\/.*)?$/.test(host)
}

/** A token from a file, such as the one a CI platform mounts. @throws GatewayError config_invalid */
export async function readTokenFile(path: string): Promise<string> {
  const { readFile, stat } = await import('node:fs/promises')
  // Platforms mount tokens as links into a read-only folder, so links are followed here.
  const text = await stat(path).then(({ size }) => size > maxTokenBytes ? '' : readFile(path, 'utf8')).catch((error: NodeJS.ErrnoException) => {
    throw new GatewayError('config_invalid', `HOOP_TOKEN_FILE names ${path}, which cannot be read (${error.code ?? 'unknown error'})`)
  })
  if (text.trim() === '') throw new GatewayError('config_invalid', `HOOP_TOKEN_FILE names ${path}, which holds no token`)
  return text.trim()
}

function configDirectoryFrom(rest: Readonly<Record<string, string>>): string {
  const named = value(rest.HOOP_CONFIG_DIR)
  if (named !== undefined) return resolve(named)
  const base = value(rest.XDG_CONFIG_HOME)
  // The XDG base directory specification says relative paths are to be ignored.
  return base?.startsWith('/') === true ? join(base, 'hoop') : join(homedir(), '.config', 'hoop')
}

function given(text: string | undefined): boolean {
  return text !== undefined && text !== ''
}

function value(text: string | undefined): string | undefined {
  return given(text) ? text : undefined
}
