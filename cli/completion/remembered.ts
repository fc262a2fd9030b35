// Names that listings have shown, kept for completion: what a keychain guards cannot be asked for while somebody types.
import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readPrivateFile, writePrivateFile } from '../private-file.ts'
import type { Candidate } from './words.ts'

const maxBytes = 64 * 1024
const maxNames = 200
type Kind = 'targets' | 'sessions'
type Kept = Partial<Record<Kind, readonly Candidate[]>>

interface Where {
  readonly configDirectory: string
  readonly gatewayUrl: string
}

/** A listing is worth more than what is remembered of it: where that cannot be written, it goes on without. */
export async function rememberNames(where: Where, kind: Kind, names: readonly Candidate[]): Promise<void> {
  const before = await read(where)
  const after = { ...before, [kind]: names.slice(0, maxNames).map(({ word, about }) => ({ word, about: about.slice(0, 100) })) }
  if (JSON.stringify(after) !== JSON.stringify(before)) await writePrivateFile(fileOf(where), JSON.stringify(after)).catch(() => undefined)
}

export async function rememberedNames(where: Where, kind: Kind): Promise<readonly Candidate[]> {
  const kept = (await read(where))[kind]
  return Array.isArray(kept) ? kept.filter((one): one is Candidate => typeof one?.word === 'string' && typeof one?.about === 'string') : []
}

export async function forgetNames(where: Where): Promise<void> {
  await rm(fileOf(where), { force: true }).catch(() => undefined)
}

async function read(where: Where): Promise<Kept> {
  try {
    return (JSON.parse(await readPrivateFile(fileOf(where), maxBytes) ?? '{}') ?? {}) as Kept
  } catch {
    return {}
  }
}

function fileOf({ configDirectory, gatewayUrl }: Where): string {
  return join(configDirectory, 'completion', `${createHash('sha256').update(gatewayUrl).digest('hex').slice(0, 16)}.json`)
}
