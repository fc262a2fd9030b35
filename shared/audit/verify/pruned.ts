// Entries that retention has removed: their hashes are still in the tiles, and an entry says who approved. Pure.
import type { Actor, AuditEntry } from '../entry.ts'
import { segmentFile } from '../frame.ts'
import { hashBytes, type Hash } from '../merkle.ts'
import { hashInTile, tileBytes, tilePath, tileWidth } from '../tiles.ts'
import type { KeyRotation } from '../rotation.ts'
import type { LogFiles } from './files.ts'
import type { Findings } from './findings.ts'
import type { KeyChain } from './keys.ts'
import { isSegmentName } from './segments.ts'

type Prune = Extract<AuditEntry, { kind: 'retention.prune' }>

/** Index of the first entry that is still there, as the first segment's name says. */
export async function firstEntry(files: LogFiles): Promise<number> {
  const [name] = [...await files.list('segments')].filter(isSegmentName).sort()
  return Number(name ?? 0)
}

/**
 * The leaf hashes [0, first), from the tiles. They are believed by nobody until the root is compared.
 * @returns false when a tile is missing, which is a problem
 */
export async function prunedLeaves(files: LogFiles, first: number, findings: Findings, leaf: (hash: Hash) => void): Promise<boolean> {
  for (let index = 0; index < first; index++) {
    const file = tilePath(0, Math.floor(index / tileWidth))
    const tile = await files.read(file)
    if (tile?.length !== tileBytes) {
      findings.problem({ entry: index, file, message: 'is missing or short, and the entries whose hashes it holds are gone too; what follows cannot be compared with the signed root' })
      return false
    }
    const end = Math.min(first, index + tileWidth)
    for (; index < end; index++) leaf(Uint8Array.from(hashInTile(tile, index % tileWidth)))
    index--
  }
  return true
}

export class PruneCheck {
  readonly #findings: Findings
  readonly #first: number
  readonly #file: string
  readonly #all: Prune[] = []

  constructor(first: number, findings: Findings) {
    this.#findings = findings
    this.#first = first
    this.#file = segmentFile(first)
  }

  add(prune: Prune, file: string): void {
    const { index, first, approvers, root } = prune
    const wrong = (message: string) => this.#findings.problem({ entry: index, file, message: `this removal by retention ${message}` })
    if (!(Number.isSafeInteger(first) && first > (this.#all.at(-1)?.first ?? 0) && first <= index)) return wrong('names no entries that it could have removed')
    if (typeof root !== 'string' || Buffer.from(root, 'base64').length !== hashBytes) return wrong('does not name the root of what was removed')
    if (!areTwoPeople(approvers)) return wrong('was not approved by two different people')
    this.#all.push(prune)
  }

  /** The entry that says why the log begins where it does. Its older keys, if it names any, are told to the chain. */
  settle(keys: KeyChain): void {
    const own = this.#all.find(({ first }) => first === this.#first)
    // Whoever wrote it may have written anything: what is no rotation has its flaw found.
    for (const carried of [own?.keys ?? []].flat() as (Partial<NonNullable<Prune['keys']>[number]> | null)[]) {
      const { at, ...rotation } = carried ?? {}
      keys.add(at!, rotation as KeyRotation, this.#file)
    }
  }

  /** @param root rebuilt over what was removed; undefined when it could not be */
  compare(root: Hash | undefined): void {
    const own = this.#all.find(({ first }) => first === this.#first)
    if (this.#first > 0 && own === undefined) {
      const message = `begins with entry ${this.#first}: entries 0 to ${this.#first - 1} are missing, and no entry says that retention removed them`
      this.#findings.problem({ entry: 0, file: this.#file, message })
    }
    if (own !== undefined && root !== undefined && Buffer.from(root).toString('base64') !== own.root) {
      this.#findings.problem({ entry: own.index, message: `this removal by retention is of other entries than the first ${this.#first} of this log` })
    }
    if (own !== undefined) {
      const [one, other] = own.approvers.map(({ email, subject }) => email ?? subject)
      this.#findings.note(`entries 0 to ${this.#first - 1} were removed by retention (entry ${own.index}, approved by ${one} and ${other}): their hashes are checked, what they said is gone`)
    }
    const later = this.#all.at(-1)
    if (later !== undefined && later.first > this.#first) {
      this.#findings.note(`entry ${later.index} says that entries before ${later.first} are removed; they are still here, and go when the gateway starts`)
    }
  }
}

function areTwoPeople(approvers: unknown): boolean {
  if (!Array.isArray(approvers) || approvers.length !== 2) return false
  const [one, other] = approvers as (Partial<Actor> | null)[]
  return [one, other].every((actor) => actor?.kind === 'human' && typeof actor.issuer === 'string' && typeof actor.subject === 'string')
    && !(one!.issuer === other!.issuer && one!.subject === other!.subject)
}
