// What a way of lying is: which log, what is done to it, what the auditor holds, and what has to be said. Types, and the few ways to
// change a log that all lists use.
import { canonical } from '../../../shared/audit/canonical.ts'
import type { Copy } from '../copy.ts'
import { lineOf, keys, partsIn, put, witnessLine, type Kind, type LogPart, type Sample } from './sample.ts'

export interface Lie {
  /** Its folder. */
  readonly name: string
  /** What was changed, for people. */
  readonly changed: string
  readonly of: Kind
  readonly lie: (sample: Sample) => void
  /** What the auditor holds; the first key and the witness's where left out. */
  readonly holds?: Partial<Holds>
  readonly verdict: Verdict
}

export interface Holds {
  readonly key: string
  readonly witnesses: readonly string[]
  /** The checkpoint kept elsewhere is given, too; or another in its place. */
  readonly kept: boolean | Buffer
}

/** What both verifiers have to say. The words are part of the first problem's message, the second verifier's where they differ. */
export type Verdict =
  | { readonly damaged: Place, readonly says: string, readonly second?: string }
  /** Nothing can be verified with what was given. */
  | { readonly refused: string, readonly second?: string }
  /** Nothing is wrong, or nothing that anybody could see: then this is as far as somebody else vouches for it. */
  | { readonly whole: { readonly notAnchoredAfter: number } }

/** What the first problem names. */
export interface Place {
  readonly entry?: number
  readonly file?: string
}

export const alone: Partial<Holds> = { witnesses: [] }
export const withKept: Partial<Holds> = { witnesses: [], kept: true }
export const given = (holds: Partial<Holds> = {}): Holds => ({ key: lineOf(keys.first), witnesses: [witnessLine], kept: false, ...holds })

/** Other parts in the same segments, frames and checksums as they should be. */
export function edit(change: (parts: LogPart[]) => readonly LogPart[]): Lie['lie'] {
  return ({ copy }) => {
    const segments = segmentsOf(copy)
    const parts = change(partsIn(copy))
    put(copy, parts, segments.filter((begin) => begin < segments[0]! + Math.max(1, parts.length)))
  }
}

/** One entry with other members, in canonical form. */
export function change(index: number, members: Record<string, unknown>): Lie['lie'] {
  return edit((parts) => parts.map((part) => indexOf(part) === index ? withMembers(part, members) : part))
}

/** One entry's text, spelled otherwise. */
export function respell(index: number, spell: (text: string) => string | Buffer): Lie['lie'] {
  return edit((parts) => parts.with(index, { ...parts[index]!, entry: Buffer.from(spell(parts[index]!.entry.toString()) as string) }))
}

export function withMembers(part: LogPart, members: Record<string, unknown>): LogPart {
  return { ...part, entry: Buffer.from(canonical({ ...JSON.parse(part.entry.toString()) as object, ...members })) }
}

/** Each says that it is where it now stands. */
export function renumbered(parts: readonly LogPart[]): LogPart[] {
  return parts.map((part, index) => withMembers(part, { index }))
}

/** Then whoever holds the key in force signs what there is. */
export function signed(lie: Lie['lie'], key = keys.second): Lie['lie'] {
  return (sample) => {
    lie(sample)
    sample.copy.signAgain(key)
  }
}

export function segmentsOf(copy: Copy): number[] {
  return copy.segments.map((path) => Number(path.slice('segments/'.length)))
}

function indexOf({ entry }: LogPart): number {
  return (JSON.parse(entry.toString()) as { index: number }).index
}
