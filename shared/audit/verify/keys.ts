// Which key signs for a log, from the key an auditor kept and the rotations the log tells of. Pure.
import { keyNameOf, parseVerifierKey, type Verifier } from '../checkpoint.ts'
import { flawOfRotation, type KeyRotation } from '../rotation.ts'
import type { Findings } from './findings.ts'

interface Link {
  /** Index of the entry that tells of it: trees with more entries are signed by the next key. */
  readonly at: number
  readonly previous: string
  readonly next: string
}

export class KeyChain {
  readonly #given: Verifier
  readonly #givenLine: string
  readonly #findings: Findings
  readonly #links: Link[] = []

  /** @param line the verifier key that was kept: any one of the log's */
  constructor(line: string, findings: Findings) {
    this.#given = parseVerifierKey(line)
    this.#givenLine = line.trim()
    this.#findings = findings
  }

  get origin(): string { return this.#given.name }

  /** A rotation, in the order of the log. One that both keys did not sign, or that begins with another key than the last, leads nowhere. */
  add(at: number, rotation: KeyRotation, file?: string): void {
    const last = this.#links.at(-1)
    const flaw = flawOfRotation(this.origin, rotation)
      ?? (last !== undefined && last.next !== rotation.previous ? 'does not begin with the key that was in force' : undefined)
    if (flaw === undefined) this.#links.push({ at, previous: rotation.previous, next: rotation.next })
    else this.#findings.problem({ entry: at, ...(file === undefined ? {} : { file }), message: `this key rotation ${flaw}` })
  }

  /** The key that was in force for a tree of `size`. Where the kept key is not of this chain, it is that one, whatever the chain says. */
  at(size: number): Verifier {
    if (!this.#known) return this.#given
    const link = this.#links.findLast(({ at }) => at < size)
    return link === undefined ? this.#first : parseVerifierKey(link.next)
  }

  /** `name+keyid` of all, in order. */
  get names(): string[] {
    if (!this.#known) return [keyNameOf(this.#given)]
    return [this.#first, ...this.#links.map(({ next }) => parseVerifierKey(next))].map(keyNameOf)
  }

  /** Why a checkpoint that the kept key did not sign may still be right. */
  get hint(): string {
    return this.#known ? '' : `; the log tells of ${this.#links.length} key rotations, and none of them has to do with the key that was given`
  }

  get #known(): boolean {
    return this.#links.length === 0 || this.#links.some(({ previous, next }) => previous === this.#givenLine || next === this.#givenLine)
  }

  get #first(): Verifier {
    const [link] = this.#links
    return link === undefined ? this.#given : parseVerifierKey(link.previous)
  }
}
