// Profiles: gateways by name, a small private file each, and which of them is used where none is named. Holds no login: logins belong to
// gateways, not to names.
import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { GatewayError } from '../shared/errors.ts'
import { didYouMean, nearest } from '../shared/nearest.ts'
import { readPrivateFile, writePrivateFile } from './private-file.ts'

export interface Profile {
  readonly gateway?: string
  /** Absolute path of the PEM bundle trusted for that gateway, and for no other. */
  readonly ca?: string
}

const first = 'default'
const maxFileBytes = 16 * 1024
const namePattern = /^[a-z0-9][a-z0-9_-]{0,62}$/

/** @throws GatewayError usage */
export function checkedName(name: string): string {
  if (namePattern.test(name)) return name
  throw new GatewayError('usage', `"${name}" cannot name a profile`, { hint: 'lower-case letters, digits, "_" and "-": hoop --profile staging ...' })
}

/** @returns undefined where there is none of that name. @throws GatewayError config_invalid */
export async function readProfile(configDirectory: string, name: string): Promise<Profile | undefined> {
  const path = fileOf(configDirectory, name)
  const text = await readPrivateFile(path, maxFileBytes)
  return text === undefined ? undefined : profileFrom(path, text)
}

export async function writeProfile(configDirectory: string, name: string, profile: Profile): Promise<void> {
  await writePrivateFile(fileOf(configDirectory, name), JSON.stringify(profile, undefined, 2) + '\n')
}

export async function removeProfile(configDirectory: string, name: string): Promise<void> {
  await rm(fileOf(configDirectory, name), { force: true })
}

/** Sorted. */
export async function profileNames(configDirectory: string): Promise<string[]> {
  const files = await readdir(join(configDirectory, 'profiles')).catch(() => [])
  return files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length)).filter((name) => namePattern.test(name)).sort()
}

/** The one used where none is named. @throws GatewayError config_invalid */
export async function usualProfile(configDirectory: string): Promise<string> {
  const path = usualFile(configDirectory)
  const name = (await readPrivateFile(path, maxFileBytes))?.trim() ?? first
  if (namePattern.test(name)) return name
  throw new GatewayError('config_invalid', `${path} names no profile`, { hint: `remove it; "default" is used then: rm ${path}` })
}

/** Undefined: the one that is used before anybody chose. */
export async function setUsualProfile(configDirectory: string, name: string | undefined): Promise<void> {
  if (name === undefined) await rm(usualFile(configDirectory), { force: true })
  else await writePrivateFile(usualFile(configDirectory), `${name}\n`)
}

/** The error for a name that none has: with those that are near it, or how one comes to be. */
export async function noSuchProfile(configDirectory: string, name: string): Promise<GatewayError> {
  const meant = nearest(name, await profileNames(configDirectory))
  return new GatewayError('usage', `there is no profile "${name}"`, {
    hint: meant.length > 0
      ? `${didYouMean(meant)} hoop profiles lists them`
      : `hoop profiles lists those there are; to make it: hoop --profile ${name} login https://hoop.example.com`
  })
}

export async function profileExists(configDirectory: string, name: string): Promise<boolean> {
  return lstat(fileOf(configDirectory, name)).then(() => true, () => false)
}

function profileFrom(path: string, text: string): Profile {
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

function fileOf(configDirectory: string, name: string): string {
  return join(configDirectory, 'profiles', `${name}.json`)
}

function usualFile(configDirectory: string): string {
  return join(configDirectory, 'usual-profile')
}
