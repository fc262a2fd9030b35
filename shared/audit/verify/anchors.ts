// Checkpoints, wherever they are found, and who vouches for them: the log's key, and witnesses. Compared with the roots rebuilt from the
// entries. Pure.
import { GatewayError } from '../../errors.ts'
import { keyNameOf, openNote, parseCheckpoint, parseNote, type Checkpoint, type Note, type Verifier } from '../checkpoint.ts'
import { cosignedAt, parseWitnessKey } from '../cosignature.ts'
import { equal, type Hash } from '../merkle.ts'
import type { LogFiles } from './files.ts'
import type { Findings, Problem } from './findings.ts'
import type { KeyChain } from './keys.ts'

/** A signed note that speaks of a tree; whose signatures it carries is not known yet. */
interface Found {
  readonly checkpoint: Checkpoint
  readonly bytes: Uint8Array
  readonly note: Note
  /** Path below the log's folder; absent for one that was kept elsewhere. */
  readonly file?: string
  /** Number of those kept elsewhere. */
  readonly kept?: number
}

/** The first `entries` entries are as somebody else than the log's owner saw them. */
export interface Anchor {
  readonly entries: number
  /** Name of the witness; absent for a checkpoint that was kept elsewhere. */
  readonly witness?: string
  /** RFC 3339; when the witness cosigned it, by its clock. */
  readonly time?: string
}

/** Paths of what each witness cosigned last, in order; not one that is being replaced. */
export async function cosignedFiles(files: LogFiles): Promise<string[]> {
  return (await files.list('cosigned')).filter((name) => !name.endsWith('.tmp')).sort().map((name) => `cosigned/${name}`)
}

export class Anchors {
  readonly #findings: Findings
  readonly #witnesses: readonly Verifier[]
  readonly #all: Found[] = []
  /** What stands in `checkpoint`. */
  #own: Found | undefined

  /** @throws GatewayError bad_request for a witness key that is none */
  constructor(witnessKeys: readonly string[], findings: Findings) {
    this.#findings = findings
    this.#witnesses = witnessKeys.map(witnessKey)
  }

  /** Reads all there are. @throws GatewayError bad_request when one of `kept` is no checkpoint */
  async read(files: LogFiles, kept: readonly Uint8Array[]): Promise<void> {
    for (const [i, bytes] of kept.entries()) {
      try {
        this.#all.push({ ...parsed(bytes), kept: i + 1 })
      } catch (error) {
        throw new GatewayError('bad_request', `kept checkpoint ${i + 1} ${(error as Error).message}`)
      }
    }
    for (const file of ['checkpoint', ...await cosignedFiles(files)]) {
      const bytes = await files.read(file)
      if (bytes === undefined) {
        this.#findings.problem({ file, message: 'is missing: nothing says how many entries there were' })
        continue
      }
      try {
        this.#all.push({ ...parsed(bytes), file })
      } catch (error) {
        this.#findings.problem({ file, message: (error as Error).message })
      }
    }
    this.#own = this.#all.find(({ file }) => file === 'checkpoint')
  }

  /** Of the trees that are spoken of: roots to remember while rebuilding. */
  get sizes(): number[] { return this.#all.map(({ checkpoint }) => checkpoint.size) }

  /** Of the tree that the log's own checkpoint claims. */
  get ownSize(): number { return this.#own?.checkpoint.size ?? 0 }

  get witnessed(): boolean { return this.#witnesses.length > 0 }
  get files(): number { return this.#all.filter(({ file }) => file !== undefined && file !== 'checkpoint').length }

  /**
   * Whether the log's own checkpoint is signed by the key in force, as far as the log goes.
   * @param entries it has
   * @throws GatewayError bad_request when one that was kept elsewhere is not, while nothing else is wrong
   */
  checkSignatures(keys: KeyChain, entries: number): boolean {
    let own = false
    for (const found of this.#all.splice(0)) {
      try {
        if (found.checkpoint.origin !== keys.origin) {
          throw new GatewayError('bad_request', `is of the log "${found.checkpoint.origin}", not of "${keys.origin}"`)
        }
        openNote(found.bytes, keys.at(found.checkpoint.size))
        this.#all.push(found)
        own ||= found === this.#own
      } catch (error) {
        const { checkpoint: { size }, kept, file } = found
        const message = `${kept === undefined ? '' : `kept checkpoint ${kept} `}${(error as Error).message}${keys.hint}`
        // Of a damaged log the rotation that leads to its key may be what is lost: then the damage is what has to be told.
        if (kept !== undefined && this.#findings.problems.length === 0) throw new GatewayError('bad_request', message)
        const short = size > entries ? `; it says ${size} entries and the log ends after ${entries}: a rotation of its key may be among what is missing` : ''
        this.#findings.problem({ ...at(size, entries), ...(file === undefined ? {} : { file }), message: message + short })
      }
    }
    return own
  }

  /** @param roots by size, as rebuilt; undefined where the log is shorter. @returns those that hold */
  compare(entries: number, roots: ReadonlyMap<number, Hash | undefined>): Anchor[] {
    const anchors: Anchor[] = []
    for (const found of this.#all) {
      const cosigned = this.#witnesses.flatMap((witness) => this.#cosignature(found, witness, entries))
      if (found === this.#own) this.#compareOwn(found.checkpoint, entries, roots)
      else if (found.kept === undefined && cosigned.length === 0) continue
      const { size } = found.checkpoint
      const holds = found === this.#own
        ? agrees(found.checkpoint, roots)
        : this.#holds(found, entries, roots, cosigned.map(({ witness }) => witness!))
      if (!holds) continue
      anchors.push(...cosigned)
      if (found.kept !== undefined) anchors.push({ entries: size })
    }
    for (const witness of this.#witnesses) {
      if (anchors.some((anchor) => anchor.witness === witness.name) || this.#findings.unread) continue
      this.#findings.problem({ message: `nothing in it is cosigned by the witness ${keyNameOf(witness)}: it says nothing about this log as it is` })
    }
    return anchors
  }

  #cosignature({ checkpoint, note, file }: Found, witness: Verifier, entries: number): Anchor[] {
    try {
      const time = cosignedAt(note, witness)
      return time === undefined ? [] : [{ entries: checkpoint.size, witness: witness.name, time: new Date(time * 1000).toISOString() }]
    } catch (error) {
      const place = { ...at(checkpoint.size, entries), ...(file === undefined ? {} : { file }) }
      this.#findings.problem({ ...place, message: (error as Error).message })
      return []
    }
  }

  #compareOwn({ size, rootHash }: Checkpoint, entries: number, roots: ReadonlyMap<number, Hash | undefined>): void {
    if (this.#findings.unread) return
    const rebuilt = roots.get(size)
    if (rebuilt === undefined) {
      this.#findings.problem({ entry: entries, file: 'checkpoint', message: `the log ends after ${entries} entries, its signed checkpoint says ${size}` })
    } else if (!equal(rebuilt, rootHash)) {
      this.#findings.problem({ file: 'checkpoint', message: `the first ${size} entries do not have the signed root: some were changed, removed, added or moved` })
    }
  }

  #holds(found: Found, entries: number, roots: ReadonlyMap<number, Hash | undefined>, witnesses: readonly string[]): boolean {
    const { size } = found.checkpoint
    const whose = found.kept === undefined ? `what the witness ${witnesses.join(', ')} cosigned` : 'a checkpoint kept elsewhere'
    const problem = (problem: Problem) => this.#findings.problem({ ...(found.file === undefined ? {} : { file: found.file }), ...problem })
    if (agrees(found.checkpoint, roots)) return true
    if (this.#findings.unread) return false
    if (roots.get(size) === undefined) problem({ entry: entries, message: `the log ends after ${entries} entries, ${whose} says ${size}` })
    else problem({ message: `the first ${size} entries are not those of ${whose}: the log was rewritten and signed again` })
    return false
  }
}

/** The first entry that a log of so many lacks of what a checkpoint speaks for. */
function at(size: number, entries: number): Pick<Problem, 'entry'> {
  return size > entries ? { entry: entries } : {}
}

function parsed(bytes: Uint8Array): Pick<Found, 'checkpoint' | 'bytes' | 'note'> {
  const note = parseNote(bytes)
  return { checkpoint: parseCheckpoint(note.text), bytes, note }
}

function agrees({ size, rootHash }: Checkpoint, roots: ReadonlyMap<number, Hash | undefined>): boolean {
  const rebuilt = roots.get(size)
  return rebuilt !== undefined && equal(rebuilt, rootHash)
}

function witnessKey(line: string): Verifier {
  try {
    return parseWitnessKey(line)
  } catch (error) {
    throw new GatewayError('bad_request', `the witness's key cannot be used: ${(error as Error).message}`, { hint: 'the line that hoop witness init printed' })
  }
}
