// What the command line is told: flags beat the environment, which beats the profile file. The only reader of the environment here.
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { GatewayError } from '../shared/errors.ts'
import { readPrivateFile, writePrivateFile } from './private-file.ts'

export interface CliSettings {
  /** As given by flag, environment or profile; without a slash at the end. */
  readonly gatewayUrl: string | undefined
  /** HOOP_TOKEN, or what stood in HOOP_TOKEN_FILE at start; taken out of the environment. */
  readonly token: string | undefined
  /** Read again when the token has ended: platforms renew it in place. */
  readonly tokenFile?: string
  readonly profile: string
  /** Absolute. */
  readonly configDirectory: string
  /** Where sockets go; undefined where the system names no such folder. */
  readonly runtimeDirectory?: string
  /** Absolute path of a PEM bundle to trust instead of the system's. */
  readonly caFile?: string
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
  /** Without hoop's secrets. */
  readonly rest: Readonly<Record<string, string>>
}

/** Variables that hold a secret: deleted once read, so that no child and no crash report has them. */
const secrets = ['HOOP_TOKEN'] as const
const maxProfileBytes = 16 * 1024
const maxTokenBytes = 64 * 1024
const profileName = /^[a-z0-9][a-z0-9_-]{0,62}$/

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
    rest
  }
}

/** @throws GatewayError config_invalid | usage, naming the variable, flag or file that is wrong */
export async function loadSettings({ token, rest }: Environment, flags: Flags): Promise<CliSettings> {
  const profile = flags.profile ?? value(rest.HOOP_PROFILE) ?? 'default'
  if (!profileName.test(profile)) {
    throw new GatewayError('usage', `"${profile}" cannot name a profile`, { hint: 'lower-case letters, digits, "_" and "-": hoop --profile staging ...' })
  }
  const configDirectory = configDirectoryFrom(rest)
  const remembered = await readProfile(profileFile(configDirectory, profile))
  const gateway = flags.gateway ?? value(rest.HOOP_GATEWAY) ?? remembered.gateway
  const ca = flags.ca ?? value(rest.HOOP_CA) ?? remembered.ca
  const tokenFile = value(rest.HOOP_TOKEN_FILE)
  return {
    gatewayUrl: gateway === undefined ? undefined : gatewayUrlFrom(gateway),
    token: token ?? (tokenFile === undefined ? undefined : await readTokenFile(tokenFile)),
    ...(token === undefined && tokenFile !== undefined ? { tokenFile } : {}),
    profile,
    configDirectory,
    ...(given(rest.XDG_RUNTIME_DIR) ? { runtimeDirectory: rest.XDG_RUNTIME_DIR } : {}),
    ...(ca === undefined ? {} : { caFile: resolve(ca) }),
    keychain: rest.HOOP_KEYCHAIN === 'off' ? 'off' : 'auto',
    environment: rest
  }
}

/** Writes the profile, so that later commands know the gateway. */
export async function rememberGateway(settings: CliSettings, gatewayUrl: string): Promise<void> {
  const profile = { gateway: gatewayUrl, ...(settings.caFile === undefined ? {} : { ca: settings.caFile }) }
  await writePrivateFile(profileFile(settings.configDirectory, settings.profile), JSON.stringify(profile, undefined, 2) + '\n')
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

async function readProfile(path: string): Promise<{ gateway?: string, ca?: string }> {
  const text = await readPrivateFile(path, maxProfileBytes)
  if (text === undefined) return {}
  const wrong = (what: string) => new GatewayError('config_invalid', `${path} ${what}`, { hint: 'hoop login GATEWAY writes it anew; remove it first' })
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch {
    throw wrong('is not JSON')
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw wrong('is not a JSON object')
  const found: { gateway?: string, ca?: string } = {}
  for (const [field, content] of Object.entries(raw)) {
    if (field !== 'gateway' && field !== 'ca') throw wrong(`has an unknown field "${field}"`)
    if (typeof content !== 'string') throw wrong(`has a "${field}" that is not a string`)
    found[field] = content
  }
  return found
}

function profileFile(configDirectory: string, profile: string): string {
  return join(configDirectory, 'profiles', `${profile}.json`)
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
